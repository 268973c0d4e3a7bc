"""Attribute values and addresses: JSON ↔ ours.

JSON has no type for a number with its unit, a code of a code list, a date or a URI, so they are written as
plain values with siblings, which any other program can ignore:

    "height": 12.5, "height_uom": "m"
    "usage": "401", "usage_codeSpace": "../codelists/usage.xml", "usage_codeName": "business"
    "website": "https://example.org", "website_valueType": "uri"
    "creationDate": "2020-03-01"

A list has lists of the same shape as siblings. `_codeSpace` is written for every code, null if it has no
list. Strings that are an RFC 3339 full-date are dates, as the specification says dates are written, unless
their `_valueType` is `string`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from citygml.model import Attributes, Code, Measure, Uri

UNIT, CODE_SPACE, CODE_NAME, VALUE_TYPE = "_uom", "_codeSpace", "_codeName", "_valueType"
_SUFFIXES = (UNIT, CODE_SPACE, CODE_NAME, VALUE_TYPE)

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
    siblings: set[str] = set()
    for key in raw:
        if key.endswith(_SUFFIXES):
            siblings.update(_siblings(raw))
            break
    if not siblings:
        return {key: _plain(value) for key, value in raw.items()}
    out: Attributes = {}
    for key, value in raw.items():
        if key not in siblings:
            parts = {s: raw[key + s] for s in _SUFFIXES if key + s in siblings}
            out[key] = _restore(value, parts) if parts else _plain(value)
    return out


def _siblings(raw: dict[str, Any]) -> Iterator[str]:
    """The keys of `raw` that tell the unit, list, name or type of another of its values."""
    for key in raw:
        suffix = next((s for s in _SUFFIXES if key.endswith(s)), None)
        values = _leaves(raw.get(key.removesuffix(suffix))) if suffix and key != suffix else iter(())
        if suffix == UNIT:
            told = any(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        else:
            told = any(isinstance(v, str) for v in values)
        if told and suffix == VALUE_TYPE:
            told = all(v in ("uri", "string", None) for v in _leaves(raw[key]))
        if told:
            yield key


def _leaves(value: Any) -> Iterator[Any]:
    """The values in nested lists."""
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        found = _full_date(value)
        return value if found is None else found
    if isinstance(value, dict):
        return read_attributes(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _full_date(text: str) -> date | None:
    """The date if the text is an RFC 3339 full-date, `YYYY-MM-DD`."""
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    return None


def _restore(value: Any, parts: dict[str, Any]) -> Any:
    """The value of the model from a plain one and its siblings, by suffix."""
    if isinstance(value, list):
        return [_restore(item, {s: _item(p, i) for s, p in parts.items()}) for i, item in enumerate(value)]
    unit, space, name = parts.get(UNIT), parts.get(CODE_SPACE), parts.get(CODE_NAME)
    if isinstance(value, int | float) and not isinstance(value, bool) and isinstance(unit, str):
        return Measure(float(value), unit)
    if isinstance(value, str):
        if CODE_SPACE in parts or isinstance(name, str):
            return Code(
                value, space if isinstance(space, str) else None, name if isinstance(name, str) else None
            )
        if parts.get(VALUE_TYPE) == "uri":
            return Uri(value)
        if parts.get(VALUE_TYPE) == "string":
            return value
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
        if value is None or isinstance(value, bool | int | float | dict):
            continue
        for suffix, tell in _TELL.items():
            told = _told(value, tell)
            if told is not _NOTHING and key + suffix not in attributes:
                out[key + suffix] = told
    return out


def _bare(value: Any) -> Any:
    if isinstance(value, Measure):
        return value.value
    if isinstance(value, Code):
        return value.code
    if isinstance(value, Uri):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return write_attributes(value)
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value


_NOTHING = object()


def _value_type(value: Any) -> Any:
    if isinstance(value, Uri):
        return "uri"
    return "string" if isinstance(value, str) and _full_date(value) is not None else _NOTHING


_TELL: dict[str, Callable[[Any], Any]] = {
    UNIT: lambda v: v.unit if isinstance(v, Measure) else _NOTHING,
    CODE_SPACE: lambda v: v.codeSpace if isinstance(v, Code) else _NOTHING,
    CODE_NAME: lambda v: v.name if isinstance(v, Code) and v.name is not None else _NOTHING,
    VALUE_TYPE: _value_type,
}


def _told(value: Any, tell: Callable[[Any], Any]) -> Any:
    """What a sibling says of the value, in the shape of the value, or _NOTHING."""
    if not isinstance(value, list):
        return tell(value)
    parts = [_told(item, tell) for item in value]
    if all(part is _NOTHING for part in parts):
        return _NOTHING
    return [None if part is _NOTHING else part for part in parts]


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
