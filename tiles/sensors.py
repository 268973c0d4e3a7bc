"""Stations as glTF: small octahedra in the colour of their state, each with a row of the property table.

The columns are id, name, kind, property, value, unit, state, age_s, time and object_id, the city object
that the station belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.encode import write_plain, write_table
from tiles.gltf import Glb, Json
from tiles.materials import linear
from tiles.mesh import TRIANGLES, Primitive, y_up
from tiles.metadata import Column, Property, Table, strings
from twin.link.stations import KINDS, STATES, Station

Float64 = npt.NDArray[np.float64]

LAYER = "sensors"
FORMAT = 1
RADIUS = 1.5
"""Of the symbol [m]."""
_NOTHING = float(np.finfo(np.float32).min)
# P. Tol (2021), Colour schemes, SRON/EPS/TN/09-002: "bright", its grey for what is silent.
_COLOURS = {
    "ok": "228833",
    "late": "ccbb44",
    "silent": "bbbbbb",
    "flagged": "4477aa",
    "alert": "ee6677",
}


def _enum(name: str, values: Sequence[str]) -> Property:
    labels = {text: {"name": text, "value": number} for number, text in enumerate(values)}
    numbers = {text: number for number, text in enumerate(values)}
    return Property(name, name, {"type": "ENUM", "enumType": name}, numbers, labels, np.uint8)


def _number(name: str, kind: type[np.generic], unit: str | None = None) -> Property:
    definition: Json = {"type": "SCALAR", "componentType": kind.__name__.upper(), "noData": _NOTHING}
    if unit:
        definition |= {"description": f"[{unit}]", "extras": {"unit": unit}}
    return Property(name, name, definition, dtype=kind, no_data=_NOTHING)


def _text(name: str) -> Property:
    return Property(name, name, {"type": "STRING", "noData": ""})


_ID = Property("id", "id", {"type": "STRING", "required": True})
_NAME, _PROPERTY, _UNIT, _OBJECT = (_text(name) for name in ("name", "property", "unit", "object_id"))
_KIND, _STATE = _enum("kind", KINDS), _enum("state", STATES)
_VALUE, _AGE, _TIME = (
    _number("value", np.float64),
    _number("age_s", np.float32, "s"),
    _number("time", np.float64, "ms since 1970-01-01T00:00:00Z"),
)
FACES = 8
_PROPERTIES = (_ID, _NAME, _KIND, _PROPERTY, _VALUE, _UNIT, _STATE, _AGE, _TIME, _OBJECT)
_SCHEMA: Json = {
    "id": LAYER,
    "classes": {LAYER: {"properties": {p.id: p.definition for p in _PROPERTIES}}},
    "enums": {
        p.id: {"valueType": "UINT8", "values": list(p.labels.values())} for p in _PROPERTIES if p.labels
    },
}


def attributes(count: int) -> list[Json]:
    """The columns for a viewer, as other layers describe theirs."""
    described: list[Json] = []
    for p in _PROPERTIES:
        kind = {"SCALAR": "number", "ENUM": "enum", "STRING": "string"}[p.definition["type"]]
        entry: Json = {"id": p.id, "name": p.name, "type": kind, "count": count}
        if "extras" in p.definition:
            entry |= p.definition["extras"]
        if p.labels is not None:
            entry["values"] = [{"value": text, "label": text} for text in p.labels]
        described.append(entry)
    return described


def row(s: Station) -> tuple[Any, ...]:
    """What of a station goes into its content, all but the age."""
    main = s.main
    about = (
        (None, None, None, None)
        if main is None
        else (main.observed_property, main.number, main.unit, main.time)
    )
    return (s.id, s.name, s.kind, s.state, s.object_id, *about)


def content(stations: Sequence[Station], local: Float64, now: float) -> bytes:
    """The GLB of stations at (n, 3) local positions [m, east, north, up]; now: [s since 1970]."""
    n = len(stations)
    glb = Glb()
    shape, normals = _octahedron()
    positions = (local[:, None] + shape[None] * RADIUS).reshape(-1, 3)
    colours = np.array([_linear_rgba(s.state) for s in stations], np.uint8)
    primitive = Primitive(
        TRIANGLES,
        y_up(positions),
        np.arange(n * len(shape), dtype=np.uint32),
        np.repeat(np.arange(n, dtype=np.uint32), len(shape)),
        normals=y_up(np.tile(normals, (n, 1))),
        colours=np.repeat(colours, len(shape), axis=0),
    )
    written, _ = write_plain(glb, primitive)
    written["material"] = glb.add(
        "materials", {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0}}
    )
    glb.use("EXT_mesh_features")
    written["extensions"] = {
        "EXT_mesh_features": {"featureIds": [{"featureCount": n, "attribute": 0, "propertyTable": 0}]}
    }
    glb.add("nodes", {"mesh": glb.add("meshes", {"primitives": [written]})})
    write_table(glb, _table(stations, now))
    return glb.to_bytes()


def _table(stations: Sequence[Station], now: float) -> Table:
    mains = [s.main for s in stations]
    times = [None if m is None or m.time is None else m.time / 1000 for m in mains]
    columns = [
        strings(_ID, [str(s.id) for s in stations]),
        strings(_NAME, [s.name for s in stations]),
        _codes(_KIND, [s.kind for s in stations]),
        strings(_PROPERTY, ["" if m is None else m.observed_property for m in mains]),
        _numbers(_VALUE, [None if m is None else m.number for m in mains]),
        strings(_UNIT, ["" if m is None else m.unit for m in mains]),
        _codes(_STATE, [s.state for s in stations]),
        _numbers(_AGE, [None if t is None else max(now - t / 1000, 0.0) for t in times]),
        _numbers(_TIME, times),
        strings(_OBJECT, [s.object_id or "" for s in stations]),
    ]
    return Table(_SCHEMA, LAYER, len(stations), [c for c in columns if c is not None])


def _codes(held: Property, texts: list[str]) -> Column:
    assert held.enum is not None
    return Column(held, np.array([held.enum.get(text, 0) for text in texts], np.uint8))


def _numbers(held: Property, values: list[float | None]) -> Column:
    known = [_NOTHING if v is None or not math.isfinite(v) else v for v in values]
    return Column(held, np.array(known, held.dtype))


def _octahedron() -> tuple[Float64, Float64]:
    """(24, 3) corners of eight faces about the origin, and the normal of each."""
    faces = [
        [(sx, 0.0, 0.0), (0.0, sy, 0.0), (0.0, 0.0, sz)][:: 1 if sx * sy * sz > 0 else -1]
        for sx in (1.0, -1.0)
        for sy in (1.0, -1.0)
        for sz in (1.0, -1.0)
    ]
    corners = np.array(faces)
    normals = corners.sum(axis=1) / np.sqrt(3)
    return corners.reshape(-1, 3), np.repeat(normals, 3, axis=0)


def _linear_rgba(state: str) -> list[int]:
    colour = bytes.fromhex(_COLOURS.get(state, _COLOURS["ok"]))
    return [*(round(255 * c) for c in linear(tuple(c / 255 for c in colour))), 255]
