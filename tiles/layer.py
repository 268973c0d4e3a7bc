"""A layer's attributes: gathered from the store, made a schema, and described for viewers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from citygml.model import CityObject
from tiles.attributes import AttributeSummary, Summary
from tiles.metadata import Property, Schema
from twin.store import City
from twin.store.codec import decode_attributes

_KINDS = {"SCALAR": "number", "ENUM": "enum", "STRING": "string", "BOOLEAN": "boolean"}


def summarize(city: City, layer: str, known: dict[str, Any] | None = None) -> tuple[Summary, dict[str, Any]]:
    """The attributes of all objects of a layer that have geometry, and what to pass as `known` next time.

    With `known`, only what has come and gone since then is looked at: numbers of objects stay exact,
    values and ranges that are no longer in use are kept.
    """
    if known is None:
        summary = _summary(city.attributes(layer))
    else:
        summary = Summary.from_dict(known["summary"])
        summary.merge(_summary(city.attributes_since(layer, known["row"])))
        summary.forget(_summary(city.ended_attributes(layer, known["row"], known["run"])))
    return summary, {"row": city.last_row(), "run": city.last_run(), "summary": summary.to_dict()}


def _summary(rows: Iterable[tuple[str, str]]) -> Summary:
    summary = Summary()
    summary.add(CityObject("", kind, attributes=decode_attributes(text)) for kind, text in rows)
    return summary


def signature(schema: Schema) -> str:
    """What of a schema goes into every tile: names and types, without the values that are in use."""
    columns = [[p.id, p.name, p.definition] for p in schema.properties.values()]
    return json.dumps([schema.layer, columns], sort_keys=True, default=str)


def attribute_list(schema: Schema, summary: Summary) -> list[dict[str, Any]]:
    """The properties of the tiles for a viewer: id, name, type, unit, range or values with labels."""
    return [_describe(p, summary.attributes[name]) for name, p in sorted(schema.properties.items())]


def _describe(p: Property, summary: AttributeSummary) -> dict[str, Any]:
    kind = p.definition["type"]
    described: dict[str, Any] = {"id": p.id, "name": p.name, "type": _KINDS[kind], "count": summary.count}
    unit = p.definition.get("extras", {}).get("unit")
    if unit:
        described["unit"] = unit
    if kind == "SCALAR" and summary.low <= summary.high:
        described |= {"min": summary.low, "max": summary.high}
    if p.labels is not None:
        described["values"] = [
            {"value": entry["name"], "label": entry["name"]} for entry in p.labels.values()
        ]
    return described
