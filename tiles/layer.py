"""A layer's attributes: gathered from the store, made a schema, and described for viewers."""

from __future__ import annotations

import json
from typing import Any

from citygml.model import CityObject
from tiles.attributes import AttributeSummary, Summary
from tiles.metadata import Property, Schema
from twin.store import City
from twin.store.codec import decode_attributes

_KINDS = {"SCALAR": "number", "ENUM": "enum", "STRING": "string", "BOOLEAN": "boolean"}


def summarize(city: City, layer: str) -> Summary:
    """The attributes of all objects of a layer that have geometry."""
    summary = Summary()
    summary.add(
        CityObject("", class_name, attributes=decode_attributes(text))
        for class_name, text in city.attributes(layer)
    )
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
