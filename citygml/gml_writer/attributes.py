"""Attributes as XML: standard ones by the schema's property, all others as generic attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import cast

from citygml.gml_writer.schema import ClassSchema, Schema
from citygml.gml_writer.text import attribute, content, element
from citygml.model import Attributes, Code, Measure, Uri, Value

Slots = dict[str, list[str]]


def _text(name: str, value: Value) -> str | None:
    return element(name, content(value)) if isinstance(value, str) else None


def _code(name: str, value: Value) -> str | None:
    if isinstance(value, Code):
        space = attribute("codeSpace", value.codeSpace) if value.codeSpace else ""
        return element(name, content(value.code), space)
    return _text(name, value)


def _date(name: str, value: Value) -> str | None:
    if isinstance(value, datetime):
        value = value.date()
    return element(name, value.isoformat()) if isinstance(value, date) else None


def _datetime(name: str, value: Value) -> str | None:
    if isinstance(value, datetime):
        return element(name, value.isoformat())
    return element(name, f"{value.isoformat()}T00:00:00") if isinstance(value, date) else None


def _year(name: str, value: Value) -> str | None:
    plain = isinstance(value, int) and not isinstance(value, bool)
    return element(name, f"{value:04d}") if plain else None


def _count(name: str, value: Value) -> str | None:
    plain = isinstance(value, int) and not isinstance(value, bool)
    return element(name, str(value)) if plain and cast(int, value) >= 0 else None


def _float(name: str, value: Value) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return element(name, repr(float(value)))


def _length(name: str, value: Value) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Measure):
        return None
    measure = value if isinstance(value, Measure) else Measure(value, "m")
    return element(name, repr(float(measure.value)), attribute("uom", measure.unit))


def _lengths(name: str, value: Value) -> str | None:
    """A list of lengths of one unit in one element."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, Measure) for v in values):
        return None
    measures = cast("list[Measure]", values)
    if len({m.unit for m in measures}) > 1:
        return None
    return element(name, " ".join(repr(float(m.value)) for m in measures), attribute("uom", measures[0].unit))


def _bool(name: str, value: Value) -> str | None:
    return element(name, str(value).lower()) if isinstance(value, bool) else None


def _reference2(name: str, value: Value) -> str | None:
    """An external reference: the system, and the name or URI of the object there."""
    if not isinstance(value, dict) or not {"name", "uri", "targetResource"} & value.keys():
        return None
    uri = value.get("uri", value.get("targetResource"))
    inner = element("core:uri", content(uri)) if uri else element("core:name", content(value["name"]))
    system = value.get("informationSystem")
    text = element("core:informationSystem", content(system)) if system else ""
    return element(name, text + element("core:externalObject", inner))


def _reference3(name: str, value: Value) -> str | None:
    if not isinstance(value, dict):
        return None
    target = value.get("targetResource", value.get("uri", value.get("name")))
    if target is None:
        return None
    inner = element("core:targetResource", content(target))
    for key in ("informationSystem", "relationType"):
        if key in value:
            inner += element(f"core:{key}", content(value[key]))
    return element(name, element("core:ExternalReference", inner))


def _structure(name: str, value: Value) -> str | None:
    """A data type of 3.0: all its properties in the schema's order, or nothing when it has others."""
    type_, members = STRUCTURES[name]
    if not isinstance(value, dict) or not value.keys() <= {m.split(":")[1] for m in members}:
        return None
    inner = ""
    for member, kind in members.items():
        one = value.get(member.split(":")[1])
        text = "" if one is None else KINDS[kind](member, one)
        if text is None:
            return None
        inner += text
    return element(name, element(type_, inner))


_HEIGHT = {"highReference": "code", "lowReference": "code", "status": "text", "value": "length"}
STRUCTURES: dict[str, tuple[str, dict[str, str]]] = {
    "con:height": ("con:Height", {f"con:{k}": v for k, v in _HEIGHT.items()}),
    "bldg:roomHeight": ("bldg:RoomHeight", {f"bldg:{k}": v for k, v in _HEIGHT.items()}),
    "con:elevation": ("con:Elevation", {"con:elevationReference": "code", "con:elevationValue": "text"}),
    "con:constructionEvent": (
        "con:ConstructionEvent",
        {"con:event": "code", "con:dateOfEvent": "date", "con:description": "text"},
    ),
    "con:occupancy": (
        "core:Occupancy",
        {"core:numberOfOccupants": "count", "core:interval": "code", "core:occupantType": "code"},
    ),
    "core:volume": ("core:QualifiedVolume", {"core:volume": "length", "core:typeOfVolume": "code"}),
    "core:area": ("core:QualifiedArea", {"core:area": "length", "core:typeOfArea": "code"}),
}
"""Property -> its data type in CityGML 3.0 and the properties of that, each with its kind."""

KINDS: dict[str, Callable[[str, Value], str | None]] = {
    "text": _text,
    "code": _code,
    "date": _date,
    "datetime": _datetime,
    "year": _year,
    "count": _count,
    "float": _float,
    "length": _length,
    "lengths": _lengths,
    "bool": _bool,
    "lod": _count,
    "structure": _structure,
    "reference2": _reference2,
    "reference3": _reference3,
}
"""How a value of each kind is written; None when it is of another type than the property's."""
REPEATED = {
    "texts": "text",
    "codes": "code",
    "structures": "structure",
    "references2": "reference2",
    "references3": "reference3",
}


def split(target: ClassSchema, attributes: Attributes) -> tuple[Slots, Attributes]:
    """The standard attributes of this class as property -> elements, and the attributes left over."""
    slots: Slots = {}
    rest: Attributes = {}
    for name, value in attributes.items():
        property_, kind = target.attributes.get(name, ("", ""))
        written = _standard(property_, kind, value) if kind else None
        if written:
            slots.setdefault(property_, []).extend(written)
        elif value is not None:
            rest[name] = value
    return slots, rest


def _standard(property_: str, kind: str, value: Value) -> list[str] | None:
    if kind in REPEATED:
        values = value if isinstance(value, list) else [value]
        texts = [KINDS[REPEATED[kind]](property_, v) for v in values]
    else:
        texts = [KINDS[kind](property_, value)]
    return None if any(t is None for t in texts) else cast("list[str]", texts)


def generic(schema: Schema, attributes: Attributes) -> list[str]:
    """Generic attributes as elements, in 3.0 each in its property; a list repeats its name.

    What is written as text and is none has siblings that say so, as in our CityJSON: `NAME_codeSpace` and
    `NAME_codeName` for a code in 2.0, `NAME_valueType` for a boolean or a moment.
    """
    if schema.version == "3.0":
        texts = _members(attributes, _generic3, _TOLD_IN_3)
        return [element("core:genericAttribute", text) for text in texts]
    return _members(attributes, _generic2, _TOLD)


def _value_type(value: Value) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    return "dateTime" if isinstance(value, datetime) else None


_Told = dict[str, Callable[[Value], str | None]]
_TOLD_IN_3: _Told = {
    "_codeName": lambda v: v.name if isinstance(v, Code) else None,
    "_valueType": _value_type,
}
_TOLD: _Told = {"_codeSpace": lambda v: v.codeSpace or "" if isinstance(v, Code) else None, **_TOLD_IN_3}
"""Suffix of a sibling -> what it tells of a value, None for nothing."""


def _plain(value: Value) -> tuple[str, str, str] | None:
    """(type of the generic attribute, its text, XML attributes of the value)."""
    if isinstance(value, Measure):
        return "measure", repr(float(value.value)), attribute("uom", value.unit)
    if isinstance(value, Code):
        return "code", content(value.code), attribute("codeSpace", value.codeSpace) if value.codeSpace else ""
    if isinstance(value, bool):
        return "string", str(value).lower(), ""
    if isinstance(value, int):
        return "int", str(int(value)), ""
    if isinstance(value, float):
        return "double", repr(float(value)), ""
    if isinstance(value, datetime):
        return "string", value.isoformat(), ""
    if isinstance(value, date):
        return "date", value.isoformat(), ""
    if isinstance(value, Uri):
        return "uri", content(value), ""
    return None if value is None else ("string", content(value), "")


def _generic2(name: str, value: Value) -> str:
    named = attribute("name", name)
    if isinstance(value, dict):
        inner = "".join(_members(value, _generic2, _TOLD))
        return element("gen:genericAttributeSet", inner, named) if inner else ""
    plain = _plain(value)
    if plain is None:
        return ""
    kind, text, extra = plain
    if kind == "code":
        kind, extra = "string", ""
    return element(f"gen:{kind}Attribute", element("gen:value", text, extra), named)


def _generic3(name: str, value: Value) -> str:
    """The attribute without the property that holds it, which differs between objects and sets."""
    named = element("gen:name", content(name))
    if isinstance(value, dict):
        inner = "".join(element("gen:genericAttribute", t) for t in _members(value, _generic3, _TOLD_IN_3))
        return element("gen:GenericAttributeSet", named + inner) if inner else ""
    plain = _plain(value)
    if plain is None:
        return ""
    kind, text, extra = plain
    return element(f"gen:{kind.capitalize()}Attribute", named + element("gen:value", text, extra))


def _members(values: Mapping[str, Value], write: Callable[[str, Value], str], told: _Told) -> list[str]:
    """Every value written that is not empty, with its siblings; a list repeats its name."""
    texts: list[str] = []
    for name, value in values.items():
        several = value if isinstance(value, list) else [value]
        texts += [write(name, one) for one in several]
        for suffix, tell in told.items():
            words = [tell(one) for one in several]
            if any(word is not None for word in words) and name + suffix not in values:
                texts += [write(name + suffix, word or "") for word in words]
    return [text for text in texts if text]
