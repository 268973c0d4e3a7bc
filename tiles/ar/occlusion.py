"""What hides virtual things behind real ones: the surfaces around a position as one bare mesh.

An app draws it to the depth buffer alone. It has no textures, normals, features or attributes; corners that
meet are one vertex, so that no gaps open between faces. The ground is part of it where there is a terrain
model.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from citygml.crs import frame_matrix
from citygml.model import Float64
from tiles.ar.neighbourhood import LAYERS, Neighbourhood
from tiles.ar.origin import Origin
from tiles.ar.scene import Scene
from tiles.content import Compression, primitives_of
from tiles.draco import write_draco
from tiles.drawing import Painter
from tiles.encode import write_plain
from tiles.gltf import Glb
from tiles.library import Library
from tiles.mesh import TRIANGLES, Primitive, to_frame, y_up
from tiles.surfaces import gather
from twin.store import City

_WELD = 1e-3
"""Corners nearer than this become one [m]."""
_ERROR = 0.009
"""[m] of a coordinate, by quantization."""
_STEPS = 60
"""Cells of the ground across the radius, at most."""
_FINEST = 2.0
"""[m] of such a cell."""
Index = npt.NDArray[np.int64]


def occlusion(
    city: City,
    around: Neighbourhood,
    origin: Origin,
    radius: float,
    *,
    layers: Collection[str] = LAYERS,
    lod: str | None = None,
    ground: bool = True,
    compression: Compression = "draco",
) -> Scene:
    """What stands at most radius [m] from the origin, and the ground there. compression: draco or none."""
    near = around.near(city, origin.longitude, origin.latitude, radius, layers)
    frame = frame_matrix(np.array([origin.longitude, origin.latitude, origin.height]))
    parts: list[tuple[Float64, Index]] = []
    if near.objects:
        drawn = gather(near.objects, lod, textures=False)
        painter = Painter(Glb(), None, None, 0)
        templates = Library(city).templates(near.objects)
        to_local = to_frame(around.place.fitted_frame(*near.box), frame)
        primitives, _ = primitives_of(painter, drawn, to_local, templates, instances=False)
        parts += [(p.positions, p.indices.astype(np.int64)) for p in primitives if p.mode == TRIANGLES]
    if ground:
        parts += _ground(city, around, origin, radius, frame)
    positions, triangles = welded(parts)
    glb = Glb()
    about: dict[str, Any] = {
        "origin": origin.describe(),
        "radius": radius,
        "layers": list(layers),
        "triangles": len(triangles),
        "left_out": near.left_out,
    }
    if len(triangles):
        mesh = Primitive(
            TRIANGLES,
            positions,
            triangles.ravel().astype(np.uint32),
            np.zeros(len(positions), np.uint32),
        )
        write = write_plain if compression == "none" else _packed
        written, _ = write(glb, mesh, features=False)
        glb.add("nodes", {"mesh": glb.add("meshes", {"primitives": [written]})})
    else:
        about["empty"] = True
    glb.extras, glb.copyright = about, around.copyright(city, layers, terrain=ground)
    return Scene(glb.to_bytes(), origin, about, [])


def _packed(glb: Glb, mesh: Primitive, features: bool) -> Any:
    return write_draco(glb, mesh, _ERROR, features=features)


def welded(parts: list[tuple[Float64, Index]]) -> tuple[Float64, Index]:
    """Positions (n, 3) and triangles (t, 3) of several meshes, corners in one place made one, triangles that
    collapse or come twice left out."""
    if not parts:
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    starts = np.cumsum([0, *(len(p) for p, _ in parts[:-1])])
    corners = np.concatenate([i + start for (_, i), start in zip(parts, starts, strict=True)])
    every = np.concatenate([p for p, _ in parts])
    grid = np.round(every / _WELD).astype(np.int64)
    _, first, place = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    triangles = place.ravel()[corners].reshape(-1, 3)
    whole = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
    triangles = triangles[whole]
    turned = np.take_along_axis(triangles, (np.argmin(triangles, axis=1)[:, None] + np.arange(3)) % 3, axis=1)
    return every[first], np.unique(turned, axis=0)


def _ground(
    city: City, around: Neighbourhood, origin: Origin, radius: float, frame: Float64
) -> list[tuple[Float64, Index]]:
    """A grid of the terrain model; nothing where there is none."""
    half = max(1, min(_STEPS, round(radius / _FINEST)))
    steps = np.linspace(-radius, radius, 2 * half + 1)
    east, north = np.meshgrid(steps, steps)
    at = around.place.from_geographic(np.array([[origin.longitude, origin.latitude, origin.height]]))
    xy = at[:, :2] + np.column_stack([east.ravel(), north.ravel()]) / np.array(around.scale)
    heights = around.terrain(city, xy)
    if not np.isfinite(heights).any():
        return []
    known = np.isfinite(heights)
    points = np.column_stack([xy, np.where(known, heights, 0.0)])
    low, high = points[known].min(axis=0), points[known].max(axis=0)
    local = to_frame(around.place.fitted_frame(low, high), frame)(points)
    side = len(steps)
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    quads = np.stack([corner, corner + 1, corner + side + 1, corner + side], axis=1)
    near = (np.hypot(east, north).ravel() <= radius * (1 + 1 / half)) & known
    quads = quads[near[quads].all(axis=1)]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return [(y_up(local), triangles.ravel())]
