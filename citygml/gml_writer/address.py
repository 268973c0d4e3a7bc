"""Addresses as xAL 2 (CityGML 2.0) and xAL 3 (CityGML 3.0), from the keys of `CityObject.addresses`."""

from __future__ import annotations

from citygml.gml_writer.text import attribute, content, element, gml_id
from citygml.model import Attributes


def address(property_: str, values: Attributes, version: str) -> str:
    """One address property."""
    texts = {key: content(value) for key, value in values.items() if isinstance(value, str | int | float)}
    id = values.get("id")
    named = attribute("gml:id", gml_id(id)) if isinstance(id, str) else ""
    inner = element("core:xalAddress", _xal3(texts) if version == "3.0" else _xal2(texts))
    position = values.get("position")
    if isinstance(position, list) and len(position) in (2, 3):
        crs = values.get("position_crs")
        named_crs = attribute("srsName", crs) if crs else ""
        numbers = " ".join(str(v) for v in position)
        point = element(
            "gml:Point", element("gml:pos", numbers, f' srsDimension="{len(position)}"'), named_crs
        )
        inner += element("core:multiPoint", element("gml:MultiPoint", element("gml:pointMember", point)))
    return element(property_, element("core:Address", inner, named))


def _wrap(name: str, inner: str, attributes: str = "") -> str:
    """The element, or nothing when it would be empty."""
    return element(name, inner, attributes) if inner else ""


def _xal2(texts: dict[str, str]) -> str:
    def one(name: str, key: str) -> str:
        return _wrap(f"xAL:{name}", texts.get(key, ""))

    span = _wrap("xAL:ThoroughfareNumberFrom", one("ThoroughfareNumber", "number_from"))
    span += _wrap("xAL:ThoroughfareNumberTo", one("ThoroughfareNumber", "number_to"))
    street = one("ThoroughfareNumber", "number") + _wrap("xAL:ThoroughfareNumberRange", span)
    street += one("ThoroughfareName", "thoroughfare")
    street += _wrap("xAL:DependentThoroughfare", one("ThoroughfareName", "dependent_thoroughfare"))
    building = _wrap("xAL:Premise", one("PremiseName", "premise") + one("BuildingName", "building"))
    street = _wrap("xAL:Thoroughfare", street, ' Type="Street"')
    inner = one("LocalityName", "locality")
    inner += _wrap("xAL:PostBox", one("PostBoxNumber", "post_box"))
    inner += street + building
    inner += _wrap("xAL:DependentLocality", one("DependentLocalityName", "dependent_locality"))
    inner += _wrap("xAL:PostalCode", one("PostalCodeNumber", "postal_code"))
    inner = _wrap("xAL:Locality", inner, ' Type="Town"')
    part = one("SubAdministrativeAreaName", "sub_administrative_area")
    area = one("AdministrativeAreaName", "administrative_area")
    if part:
        inner = element("xAL:SubAdministrativeArea", part + inner)
    if area or part:
        inner = element("xAL:AdministrativeArea", area + inner)
    country = one("CountryNameCode", "country_code") + one("CountryName", "country")
    free = texts.get("text", "")
    if not country and not inner:
        return element("xAL:AddressDetails", element("xAL:Address", free))
    lines = _wrap("xAL:AddressLine", free)
    return element("xAL:AddressDetails", element("xAL:Country", lines + country + inner))


def _xal3(texts: dict[str, str]) -> str:
    def named(element_name: str, key: str, below: str = "") -> str:
        return _wrap(f"xAL:{element_name}", _wrap("xAL:NameElement", texts.get(key, "")) + below)

    number = texts.get("number") or "-".join(
        texts[key] for key in ("number_from", "number_to") if key in texts
    )
    street = _wrap("xAL:Number", number) + named("SubThoroughfare", "dependent_thoroughfare")
    inner = _wrap("xAL:FreeTextAddress", _wrap("xAL:AddressLine", texts.get("text", "")))
    inner += named("Country", "country")
    inner += named(
        "AdministrativeArea", "administrative_area", named("SubAdministrativeArea", "sub_administrative_area")
    )
    inner += named("Locality", "locality", named("SubLocality", "dependent_locality"))
    inner += named("Thoroughfare", "thoroughfare", street)
    inner += named("Premises", "premise")
    inner += _wrap("xAL:PostCode", _wrap("xAL:Identifier", texts.get("postal_code", "")))
    return element("xAL:Address", inner)
