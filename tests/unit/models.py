"""Small city models for tests, made in memory and written as CityJSON, the simplest to write by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BOX_FACES = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
BOX_SURFACES = ["GroundSurface", "RoofSurface", *["WallSurface"] * 4]


def box(x: float, y: float, z: float, width: float, depth: float, height: float) -> list[list[float]]:
    """The eight corners of a box."""
    ground = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
    return [[a, b, z] for a, b in ground] + [[a, b, z + height] for a, b in ground]


def city(
    boxes: dict[str, tuple[float, float, float]],
    crs: str | None = "EPSG:5187+5193",
    attributes: dict[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """CityJSON with one 10 x 8 m building per entry: id to (x, y, height), metres from an origin in Busan."""
    vertices: list[list[float]] = []
    objects = {}
    for id, (x, y, height) in boxes.items():
        first = len(vertices)
        vertices += box(176_000 + x, 282_000 + y, 3.0, 10, 8, height)
        boundaries = [[[[first + k for k in face]] for face in BOX_FACES]]
        objects[id] = {
            "type": "Building",
            "attributes": {"measuredHeight": height, **(attributes or {}).get(id, {})},
            "geometry": [
                {
                    "type": "Solid",
                    "lod": "2",
                    "boundaries": boundaries,
                    "semantics": {
                        "surfaces": [{"type": name} for name in BOX_SURFACES],
                        "values": [list(range(6))],
                    },
                }
            ],
        }
    metadata = {}
    if crs is not None:
        metadata["referenceSystem"] = crs
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001] * 3, "translate": [0, 0, 0]},
        "metadata": metadata,
        "CityObjects": objects,
        "vertices": [[round(v * 1000) for v in vertex] for vertex in vertices],
    }


def write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path
