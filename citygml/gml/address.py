"""Addresses: xAL 2.0 (CityGML 1.0, 2.0) and xAL 3 (CityGML 3.0), flattened to one mapping each."""

from __future__ import annotations

from lxml.etree import _Element as Element

from citygml.gml.names import GML_NAMESPACES, LOCAL, gml_id, split
from citygml.model import Attributes

_BY_ELEMENT = {
    "CountryName": "country",
    "CountryNameCode": "country_code",
    "AdministrativeAreaName": "administrative_area",
    "SubAdministrativeAreaName": "sub_administrative_area",
    "LocalityName": "locality",
    "DependentLocalityName": "dependent_locality",
    "ThoroughfareName": "thoroughfare",
    "DependentThoroughfareName": "dependent_thoroughfare",
    "ThoroughfareNumber": "number",
    "ThoroughfareNumberFrom": "number_from",
    "ThoroughfareNumberTo": "number_to",
    "PremiseName": "premise",
    "PremiseNumber": "number",
    "BuildingName": "building",
    "PostalCodeNumber": "postal_code",
    "PostBoxNumber": "post_box",
    "AddressLine": "text",
    "Address": "text",
}
_BY_PARENT = {
    "Country": "country",
    "AdministrativeArea": "administrative_area",
    "SubAdministrativeArea": "sub_administrative_area",
    "Locality": "locality",
    "SubLocality": "dependent_locality",
    "Thoroughfare": "thoroughfare",
    "SubThoroughfare": "dependent_thoroughfare",
    "Premises": "premise",
    "PostCode": "postal_code",
    "PostOffice": "post_office",
}


def read_address(element: Element) -> Attributes:
    """An Address feature as a flat mapping. Parts given twice are joined by a blank. Its point becomes
    `position`, the numbers as written, with `position_crs` where it declares a CRS of its own."""
    address: Attributes = {}
    address_id = gml_id(element)
    if address_id is not None:
        address["id"] = address_id
    for part in element.iter():
        namespace, local = split(part.tag)
        srs_name = part.get("srsName")
        if srs_name is not None:
            address["position_crs"] = srs_name
        text = " ".join((part.text or "").split())
        if not text:
            continue
        if namespace in GML_NAMESPACES:
            if local == "pos":
                address["position"] = [float(x) for x in text.split() if _is_number(x)]
            continue
        key = _key(part, local)
        if key is not None:
            old = address.get(key)
            address[key] = f"{old} {text}" if isinstance(old, str) else text
    return address


def _key(part: Element, local: str) -> str | None:
    if local in ("NameElement", "Number", "Identifier"):
        parent = part.getparent()
        above = LOCAL[parent.tag] if parent is not None else ""
        if local == "Number" and above in ("Thoroughfare", "SubThoroughfare", "Premises"):
            return "number"
        return _BY_PARENT.get(above)
    return _BY_ELEMENT.get(local)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
