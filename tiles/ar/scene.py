"""A scene for augmented reality: what stands within a radius as one GLB in the frame of a position."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from citygml.crs import frame_matrix
from tiles.ar.fit import fitted
from tiles.ar.neighbourhood import LAYERS, Neighbourhood
from tiles.ar.origin import Origin
from tiles.content import Compression
from tiles.gltf import Glb
from tiles.library import Library
from tiles.mesh import to_frame
from twin.store import City

MAX_BYTES = 2_000_000


@dataclass(frozen=True)
class Scene:
    """glb: the asset, without meshes where nothing stands. origin: of its frame. about: what its extras say:
    the origin, features, triangles, textures, tolerance [m], and objects left out."""

    glb: bytes
    origin: Origin
    about: dict[str, Any]
    features: list[str]


def scene(
    city: City,
    around: Neighbourhood,
    origin: Origin,
    radius: float,
    *,
    layers: Collection[str] = LAYERS,
    lod: str | None = None,
    max_bytes: int = MAX_BYTES,
    compression: Compression = "draco",
    textures: bool = True,
) -> Scene:
    """What stands at most radius [m] from the origin, in at most max_bytes.

    Feature ids lead to rows of a property table with the objects' ids and attributes. Positions are within
    5 cm of their source where the tolerance is 0.
    """
    near = around.near(city, origin.longitude, origin.latitude, radius, layers)
    told: dict[str, Any] = {"origin": origin.describe(), "radius": radius, "layers": list(layers)}
    left_out = near.left_out
    if near.objects:
        frame = frame_matrix(np.array([origin.longitude, origin.latitude, origin.height]))
        library = Library(city)
        made = fitted(
            near.objects,
            near.distances,
            to_frame(around.place.fitted_frame(*near.box), frame),
            max_bytes,
            scale=around.scale,
            lod=lod,
            compression=compression,
            templates=library.templates(near.objects),
            image_loader=library.image if textures else None,
            extras=told,
            copyright=around.copyright(city, layers),
        )
        left_out += made.lost["left_out"]
        if made.content is not None:
            about = told | made.lost | {"left_out": left_out}
            about |= {"features": len(made.content.features), "triangles": made.content.triangles}
            return Scene(made.content.glb, origin, about, made.content.features)
    empty = Glb()
    about = told | {"features": 0, "triangles": 0, "left_out": left_out, "empty": True}
    empty.extras = about
    return Scene(empty.to_bytes(), origin, about, [])
