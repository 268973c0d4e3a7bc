"""Addresses as xAL 2 (CityGML 2.0) and xAL 3 (CityGML 3.0), from the keys of `CityObject.addresses`."""

from __future__ import annotations

from citygml.gml_writer.text import attribute, content, element, gml_id
from citygml.model import Attributes, Value


def address(property_: str, values: Attributes, version: str, swap_axes: bool) -> str:
    """One address property. swap_axes: write the north of its `location` before the east."""
    texts = {key: content(value) for key, value in values.items() if isinstance(value, str | int | float)}
    id = values.get("id")
    named = attribute("gml:id", gml_id(id)) if isinstance(id, str) else ""
    inner = element("core:xalAddress", _xal3(texts) if version == "3.0" else _xal2(texts))
    members = "".join(element("gml:pointMember", point) for point in _points(values, swap_axes))
    if members:
        inner += element("core:multiPoint", element("gml:MultiPoint", members))
    return element(property_, element("core:Address", inner, named))


def _points(values: Attributes, swap_axes: bool) -> list[str]:
    """Its `position`, numbers as they were written, else its `location`, points in the CRS of the model."""
    position, location = values.get("position"), values.get("location")
    if isinstance(position, list) and len(position) in (2, 3):
        crs = values.get("position_crs")
        return [_point(position, attribute("srsName", crs) if crs else "")]
    points = location if isinstance(location, list) else []
    order = [1, 0, 2] if swap_axes else [0, 1, 2]
    return [_point([p[i] for i in order]) for p in points if isinstance(p, list) and len(p) == 3]


def _point(coordinates: list[Value], named_crs: str = "") -> str:
    dimension = attribute("srsDimension", len(coordinates))
    position = element("gml:pos", content(" ".join(str(v) for v in coordinates)), dimension)
    return element("gml:Point", position, named_crs)


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
