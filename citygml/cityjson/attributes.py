"""Attribute values and addresses: JSON ↔ ours.

JSON has no type for a number with its unit, a code of a code list or a date, so they are written as plain
values with siblings, which any other program can ignore:

    "height": 12.5, "height_uom": "m"
    "usage": "401", "usage_codeSpace": "../codelists/usage.xml", "usage_codeName": "business"
    "creationDate": "2020-03-01"

A list has lists of the same shape as siblings. `_codeSpace` is written for every code, null if it has no
list. Strings that are an RFC 3339 full-date are dates, as the specification says dates are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from citygml.model import Attributes, Code, Measure

UNIT, CODE_SPACE, CODE_NAME = "_uom", "_codeSpace", "_codeName"
_SUFFIXES = (UNIT, CODE_SPACE, CODE_NAME)

_ADDRESS_KEYS = {
    "country": "country",
    "countryname": "country",
    "locality": "locality",
    "localityname": "locality",
    "city": "locality",
    "thoroughfare": "thoroughfare",
    "thoroughfarename": "thoroughfare",
    "street": "thoroughfare",
    "thoroughfarenumber": "number",
    "number": "number",
    "postcode": "postal_code",
    "postalcode": "postal_code",
    "postalcodenumber": "postal_code",
}
_ADDRESS_NAMES = {
    "thoroughfare": "thoroughfareName",
    "number": "thoroughfareNumber",
    "postal_code": "postcode",
}


def read_attributes(raw: dict[str, Any]) -> Attributes:
    """Attributes of the model from a JSON object."""
    taken: set[str] = set()
    out: Attributes = {}
    for key in raw:
        if key.endswith(_SUFFIXES):
            taken.update(_siblings(raw))
            break
    for key, value in raw.items():
        if key in taken:
            continue
        if taken and not taken.isdisjoint(key + s for s in _SUFFIXES):
            out[key] = _restore(
                value,
                raw.get(key + UNIT),
                key + CODE_SPACE in taken,
                raw.get(key + CODE_SPACE),
                raw.get(key + CODE_NAME),
            )
        else:
            out[key] = _plain(value)
    return out


def _siblings(raw: dict[str, Any]) -> Iterable[str]:
    """The keys of `raw` that tell the unit, list or name of another of its values."""
    for key in raw:
        base = next((key.removesuffix(s) for s in _SUFFIXES if key.endswith(s)), None)
        if not base or raw.get(base) is None:
            continue
        first = raw[base]
        while isinstance(first, list) and first:
            first = next((item for item in first if item is not None), None)
        number = isinstance(first, int | float) and not isinstance(first, bool)
        if (number and key.endswith(UNIT)) or (isinstance(first, str) and not key.endswith(UNIT)):
            yield key


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) == 10 and value[4] == value[7] == "-":
            try:
                return date.fromisoformat(value)
            except ValueError:
                return value
        return value
    if isinstance(value, dict):
        return read_attributes(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _restore(value: Any, unit: Any, coded: bool, space: Any, name: Any) -> Any:
    if isinstance(value, list):
        return [
            _restore(item, _item(unit, i), coded, _item(space, i), _item(name, i))
            for i, item in enumerate(value)
        ]
    if isinstance(value, int | float) and not isinstance(value, bool) and isinstance(unit, str):
        return Measure(float(value), unit)
    if isinstance(value, str) and (coded or isinstance(name, str)):
        return Code(value, space if isinstance(space, str) else None, name if isinstance(name, str) else None)
    return _plain(value)


def _item(sibling: Any, i: int) -> Any:
    if isinstance(sibling, list):
        return sibling[i] if i < len(sibling) else None
    return sibling


def write_attributes(attributes: Attributes) -> dict[str, Any]:
    """A JSON object from attributes of the model."""
    out: dict[str, Any] = {}
    for key, value in attributes.items():
        out[key] = _bare(value)
        for suffix, part in (
            (UNIT, _unit(value)),
            (CODE_SPACE, _code_space(value)),
            (CODE_NAME, _code_name(value)),
        ):
            if part is not _NOTHING and key + suffix not in attributes:
                out[key + suffix] = part
    return out


def _bare(value: Any) -> Any:
    if isinstance(value, Measure):
        return value.value
    if isinstance(value, Code):
        return value.code
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return write_attributes(value)
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value


_NOTHING = object()


def _sibling(value: Any, kind: type, field: str) -> Any:
    """The field of every `kind` in the value, in the shape of the value, or _NOTHING when it holds none."""
    if isinstance(value, kind):
        return getattr(value, field)
    if isinstance(value, list):
        parts = [_sibling(item, kind, field) for item in value]
        if any(p is not _NOTHING for p in parts):
            return [None if p is _NOTHING else p for p in parts]
    return _NOTHING


def _unit(value: Any) -> Any:
    return _sibling(value, Measure, "unit")


def _code_space(value: Any) -> Any:
    return _sibling(value, Code, "codeSpace")


def _code_name(value: Any) -> Any:
    names = _sibling(value, Code, "name")
    return _NOTHING if _all_none(names) else names


def _all_none(value: Any) -> bool:
    return all(map(_all_none, value)) if isinstance(value, list) else value is None


def read_addresses(raw: Any) -> list[Attributes]:
    """Addresses, one (1.x) or a list (2.0), with our names for their parts, all but their `location`."""
    found: list[Attributes] = []
    for item in raw if isinstance(raw, list) else [raw]:
        if isinstance(item, dict):
            parts: dict[str, Any] = {}
            for key, value in item.items():
                if key != "location":
                    parts[_ADDRESS_KEYS.get(str(key).lower(), str(key))] = value
            found.append(read_attributes(parts))
    return found


def write_address(address: Attributes) -> dict[str, Any]:
    """One address with CityJSON's names, all but its `location`."""
    renamed = {_ADDRESS_NAMES.get(k, k): v for k, v in address.items() if k != "location"}
    return write_attributes(renamed)
