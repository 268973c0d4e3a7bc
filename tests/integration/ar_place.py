"""Where a city's middle is, and the meshes that `/ar/...` gives, as trimesh opens them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from twin.place import georeference
from twin.store import open_city


def here(folder: Path) -> tuple[float, float, np.ndarray[Any, Any]]:
    """longitude and latitude of the middle of a city's buildings, and their vertices in ECEF."""
    with open_city(folder) as opened:
        place = georeference(opened)
        objects = [stored.decode() for stored in opened.fetch(opened.index("buildings").rows)]
        points = np.concatenate([g.vertices for obj in objects for g in obj.geometries if len(g.vertices)])
    longitude, latitude, _ = place.to_geographic(points.mean(axis=0)[None])[0]
    return float(longitude), float(latitude), place.to_ecef(points)


def mesh_of(glb: bytes) -> trimesh.Trimesh:
    """All meshes of an asset as one, in its axes."""
    opened: trimesh.Scene = trimesh.load_scene(io.BytesIO(glb), file_type="glb")
    return opened.to_mesh()
