"""Finding objects by a part of their id, name or any attribute value."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from citygml.errors import CityModelError
from twin.errors import TwinError
from twin.place import georeference
from twin.store import City

_NAMES = ("name", "gml:name", "title")


def search(city: City, text: str, limit: int = 20) -> list[dict[str, Any]]:
    """Objects that hold the text, exact ids first: id, class, layer, title, what matched, and where."""
    found = city.search(text, limit)
    try:
        place = georeference(city)
    except (TwinError, CityModelError):
        place = None
    results = []
    for id, class_name, layer, attributes_json, bounds in found:
        attributes = orjson.loads(attributes_json)
        entry: dict[str, Any] = {
            "id": id,
            "class": class_name,
            "layer": layer,
            "title": _title(attributes) or id,
            "matched": _matched(id, attributes, text.casefold()),
            "position": None,
            "range": None,
        }
        bounds = bounds or city.extent(id)
        if bounds is not None and place is not None:
            low, high = np.array(bounds[:3]), np.array(bounds[3:])
            middle = (low + high) / 2
            corners = place.to_ecef(np.array([low, high]))
            entry["position"] = place.to_geographic(middle[None])[0].tolist()
            entry["range"] = max(3 * float(np.linalg.norm(corners[1] - corners[0])), 60.0)
        results.append(entry)
    return results


def _title(attributes: dict[str, Any]) -> str | None:
    for name in _NAMES:
        value = attributes.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, dict):
            value = value.get("name") or value.get("code")
        if isinstance(value, str) and value:
            return value
    return None


def _matched(id: str, attributes: dict[str, Any], text: str) -> dict[str, str]:
    if text in id.casefold():
        return {"name": "id", "value": id}
    for name, value in _leaves(attributes):
        if text in value.casefold():
            return {"name": name, "value": value}
    return {"name": "", "value": ""}


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{name}.{key}".strip("."))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, name)]
    return [] if value is None else [(name, str(value))]
