"""The schema of a layer and the property table of a tile (EXT_structural_metadata, 3D Metadata 1.0).

A layer has one schema, made from a `Summary` of the attributes of all its objects, so that a value
means the same in every tile. A tile carries the part of it that its objects use.

Columns are kept small: texts with few distinct values that repeat are enums of one byte, whole numbers
take the smallest type that holds them, other numbers are FLOAT32. Texts with many values are left out;
the full attributes of an object are served by its id.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from citygml.model import CityObject, Measure
from tiles.attributes import AttributeSummary, Flat, Summary, flatten, text_of

NO_VALUE = "∅"  # the enum value that stands for an absent attribute
# what the register notes of its entry rather than of the object: not for styling
_LEFT_OUT = frozenset({"externalReferences", "creationDate", "terminationDate"})
_FEW = 24  # texts that hardly repeat are enums only up to this many
_LOWEST = float(np.finfo(np.float32).min)
_EXACT = 2**24  # whole numbers above it are not exact in float32


@dataclass(slots=True)
class Property:
    """One column: its definition in the schema and how its values are encoded.

    enum: the number of each text, labels: its entry in the schema.
    """

    id: str
    name: str
    definition: dict[str, Any]
    enum: dict[str, int] | None = None
    labels: dict[str, dict[str, Any]] | None = None
    dtype: type[np.generic] | None = None
    no_data: float | int | None = None


_ID = Property("id", "id", {"type": "STRING", "required": True})


@dataclass(slots=True)
class Schema:
    """The schema of one layer: `id` and `class` of each object, then its attributes by dotted name."""

    layer: str
    kinds: Property
    properties: dict[str, Property]

    @classmethod
    def from_summary(cls, layer: str, summary: Summary) -> Schema:
        """Enum values are numbered in the order of the summary, so that a summary that has only grown gives
        the old values their old numbers."""
        total = sum(summary.classes.values())
        used = {"id", "class"}
        properties = {}
        for name in sorted(summary.attributes):
            if name.split(".")[0] in _LEFT_OUT:
                continue
            made = _property(identifier(name, used), name, summary.attributes[name], total)
            if made is not None:
                properties[name] = made
                used.add(made.id)
        classes = {name: number for number, name in enumerate(summary.classes)}
        kinds = Property(
            "class",
            "class",
            {"type": "ENUM", "enumType": "class"},
            classes,
            {name: {"name": name, "value": number} for name, number in classes.items()},
            np.uint8 if len(classes) <= 256 else np.uint16,
        )
        return cls(identifier(layer, set()), kinds, properties)

    @classmethod
    def from_objects(cls, layer: str, objects: Iterable[CityObject]) -> Schema:
        summary = Summary()
        summary.add(objects)
        return cls.from_summary(layer, summary)


def identifier(name: str, used: set[str]) -> str:
    """An id of letters, digits and underscores for any name, the same on every run, not in `used`."""
    text = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    if not name.isascii():
        text = f"{text}_{zlib.crc32(name.encode()):08x}".strip("_")
    if not text or not text[0].isalpha():
        text = f"p_{text}"
    unique, number = text, 1
    while unique in used:
        number += 1
        unique = f"{text}_{number}"
    return unique


def unit_name(unit: str) -> str:
    """The short form of a unit written as a URN or a reference (`urn:adv:uom:m` → `m`)."""
    return re.split(r"[#:]", unit)[-1] if unit.startswith(("urn:", "http", "#")) else unit


def _property(key: str, name: str, summary: AttributeSummary, total: int) -> Property | None:
    definition: dict[str, Any] = {} if key == name else {"name": name}
    everywhere = summary.count >= total
    numeric = summary.kinds <= {"int", "float"} and len(summary.units) <= 1
    if numeric:
        unit = unit_name(next(iter(summary.units), ""))
        if unit:
            definition |= {"description": f"[{unit}]", "extras": {"unit": unit}}
        return _number(key, name, definition, summary)
    if summary.kinds == {"bool"} and everywhere:
        return Property(key, name, {"type": "BOOLEAN", **definition})
    if summary.values is None or len(summary.values) > max(_FEW, summary.count / 4):
        return None
    labels: dict[str, dict[str, Any]] = {}
    taken = {NO_VALUE}
    for number, text in enumerate(summary.values):
        label = summary.values[text] or text
        label = (label if label not in taken else f"{label} ({text})") or "(empty)"
        taken.add(label)
        labels[text] = {"name": label, "value": number + 1}
        if label != text and text:
            labels[text]["description"] = text
    codes = {text: int(entry["value"]) for text, entry in labels.items()}
    definition = {"type": "ENUM", "enumType": key, **definition}
    if everywhere and len(labels) == 1:
        definition["default"] = next(iter(labels.values()))["name"]
    return Property(key, name, definition, codes, labels, np.uint8)


def _number(key: str, name: str, definition: dict[str, Any], summary: AttributeSummary) -> Property:
    scalar: dict[str, Any] = {"type": "SCALAR"}
    low, high = summary.low, summary.high
    if summary.kinds == {"int"} and low <= high:
        for dtype in (np.uint8, np.int8, np.uint16, np.int16, np.int32):
            bounds = np.iinfo(dtype)
            # unsigned types keep their highest, signed ones their lowest value for "absent"
            absent = int(bounds.max if bounds.min == 0 else bounds.min)
            if bounds.min <= low and high <= bounds.max and not low <= absent <= high:
                scalar |= {"componentType": dtype.__name__.upper(), **definition, "noData": absent}
                return Property(key, name, scalar, dtype=dtype, no_data=absent)
    wide = low <= high and max(abs(low), abs(high)) > _EXACT
    kind: type[np.generic] = np.float64 if wide else np.float32
    scalar |= {"componentType": kind.__name__.upper(), **definition, "noData": _LOWEST}
    return Property(key, name, scalar, dtype=kind, no_data=_LOWEST)


@dataclass(slots=True)
class Column:
    """One encoded column: `values` and, for strings, `offsets`, as little-endian arrays.

    same: the value that all rows share, if they do; it is written once, as the property's default.
    """

    property: Property
    values: npt.NDArray[np.generic]
    offsets: npt.NDArray[np.generic] | None = None
    same: Any = None


@dataclass(slots=True)
class Table:
    """A tile's rows: the part of the schema that it uses, and its columns; `id` comes first."""

    schema: dict[str, Any]
    layer: str
    count: int
    columns: list[Column]


def encode_table(schema: Schema, objects: Sequence[CityObject]) -> Table:
    """The property table of a tile's objects, one row each, in their order."""
    count = len(objects)
    held: dict[str, dict[int, Flat]] = {}
    for row, item in enumerate(objects):
        for name, value in flatten(item.attributes):
            held.setdefault(name, {})[row] = value
    columns: list[Column] = []
    ids = strings(_ID, [item.id for item in objects])
    if ids is not None:
        columns.append(ids)
    columns.append(_codes(schema.kinds, {r: o.type for r, o in enumerate(objects)}, count))
    for name in sorted(held.keys() & schema.properties.keys()):
        column = _column(schema.properties[name], held[name], count)
        if column is not None:
            columns.append(column)
    for column in columns:
        column.same = _same(column)
    return Table(_used_schema(schema, columns), schema.layer, count, columns)


def _column(definition: Property, held: dict[int, Flat], count: int) -> Column | None:
    kind = definition.definition["type"]
    if kind == "ENUM":
        return _codes(definition, {row: text_of(value) for row, value in held.items()}, count)
    if kind == "STRING":
        return strings(definition, [text_of(held[row]) if row in held else "" for row in range(count)])
    if kind == "BOOLEAN":
        bits = np.zeros(count, bool)
        bits[list(held)] = [value is True for value in held.values()]
        return Column(definition, np.packbits(bits, bitorder="little"))
    assert definition.dtype is not None and definition.no_data is not None
    numbers = np.full(count, definition.no_data, np.float64)
    numbers[list(held)] = [_number_of(value) for value in held.values()]
    numbers[~np.isfinite(numbers)] = definition.no_data
    if np.issubdtype(definition.dtype, np.integer):
        bounds = np.iinfo(definition.dtype)  # type: ignore[type-var]
        numbers[(numbers < bounds.min) | (numbers > bounds.max)] = definition.no_data
    return Column(definition, numbers.astype(definition.dtype))


def _number_of(value: Flat) -> float:
    if isinstance(value, Measure):
        return value.value
    return float(value) if isinstance(value, int | float) else math.nan


def _codes(definition: Property, held: dict[int, str], count: int) -> Column:
    assert definition.enum is not None and definition.dtype is not None
    numbers = np.zeros(count, definition.dtype)
    numbers[list(held)] = [definition.enum.get(text, 0) for text in held.values()]
    return Column(definition, numbers)


def strings(definition: Property, texts: list[str]) -> Column | None:
    """A column of texts; None when all are empty."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)])
    if not ends[-1]:
        return None
    small = next(t for t in (np.uint8, np.uint16, np.uint32) if ends[-1] <= np.iinfo(t).max)
    return Column(definition, np.frombuffer(b"".join(encoded), np.uint8), ends.astype(small))


def _same(column: Column) -> Any:
    """The value that all rows have, as the schema writes it, or None."""
    held, values = column.property, column.values
    if column.offsets is not None or held.dtype is None or not (values == values[0]).all():
        return None
    if held.labels is None:
        return None if values[0] == held.no_data else values[0].item()
    return next((entry["name"] for entry in held.labels.values() if entry["value"] == values[0]), None)


def _used_schema(schema: Schema, columns: list[Column]) -> dict[str, Any]:
    """The part of the layer's schema that these columns need."""
    enums: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for column in columns:
        held = column.property
        definition = dict(held.definition)
        if column.offsets is None and definition["type"] != "BOOLEAN":
            present = sorted(set(column.values.tolist()))
            if held.labels is not None:
                values = [entry for entry in held.labels.values() if entry["value"] in present]
                if len(values) < len(present):
                    values.append({"name": NO_VALUE, "value": 0})
                    definition["noData"] = NO_VALUE
                enums[held.id] = {"valueType": column.values.dtype.name.upper(), "values": values}
            if column.same is not None:
                definition["default"] = column.same
        properties[held.id] = definition
    return {"id": schema.layer, "classes": {schema.layer: {"properties": properties}}, "enums": enums}
