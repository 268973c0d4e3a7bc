"""Objects as one GLB that is no larger than it may be.

Detail is given up step by step until it fits: textures get smaller and go, then buildings become prisms, then
what stands farthest goes. What was given up is said in the asset's extras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from citygml.model import CityObject, Template
from tiles.coarse import simplify
from tiles.content import Compression, Content, ContentOptions, build_content
from tiles.drawing import ImageLoader
from tiles.mesh import ToLocal
from tiles.metadata import Schema

STEPS: tuple[tuple[int, float], ...] = ((1024, 0.0), (512, 0.0), (256, 0.0), (0, 0.0), (0, 0.5), (0, 2.0))
"""Largest edge of a texture [pixel], 0 for none, and what may be lost of shapes [m]."""
_SAFE = 0.9
"""Of the objects that ought to fit, how many are tried."""


@dataclass(frozen=True)
class Fitted:
    """content: None where nothing can be drawn, or not even the nearest object fits. lost: texture_size
    [pixel], 0 for none; tolerance, how far shapes may be from their source [m]; left_out, objects that did
    not fit."""

    content: Content | None
    lost: dict[str, Any]


def fitted(
    objects: Sequence[CityObject],
    distances: npt.ArrayLike,
    to_local: ToLocal,
    max_bytes: int,
    *,
    scale: tuple[float, float],
    lod: str | None = None,
    compression: Compression = "draco",
    templates: Mapping[str, Template] | None = None,
    image_loader: ImageLoader | None = None,
    extras: dict[str, Any] | None = None,
    copyright: str = "",
) -> Fitted:
    """A GLB of at most max_bytes.

    distances: (n,) of the objects [m]. to_local, templates, image_loader: as in `build_content`. scale:
    metres per unit of x and of y. extras: of the asset, to which what was lost is added. copyright:
    as in `ContentOptions`.
    """
    textured = image_loader is not None and any(o.textures for o in objects)
    steps = [step for step in STEPS if textured or not step[0]]
    schema = Schema.from_objects("scene", objects)
    nearest_first = np.argsort(np.asarray(distances), kind="stable")
    chosen: npt.NDArray[np.intp] = np.arange(len(objects))
    number = 0
    lost: dict[str, Any] = {"left_out": 0}
    while len(chosen):
        size, tolerance = steps[number]
        subjects, error = [objects[k] for k in chosen.tolist()], 0.0
        if tolerance:
            subjects, error = simplify(subjects, tolerance, scale)
        lost = {
            "texture_size": size,
            "tolerance": round(error, 3),
            "left_out": len(objects) - len(chosen),
        }
        content = build_content(
            subjects,
            to_local,
            schema,
            ContentOptions(
                compression=compression,
                textures="webp" if size else "none",
                texture_size=size or STEPS[0][0],
                lod=None if tolerance else lod,
                instances=False,
                copyright=copyright,
            ),
            templates=templates,
            image_loader=image_loader if size else None,
            extras={**(extras or {}), **lost},
        )
        if content is None or len(content.glb) <= max_bytes:
            return Fitted(content, lost)
        if number + 1 < len(steps):
            number += 1
        else:
            keep = min(int(len(chosen) * _SAFE * max_bytes / len(content.glb)), len(chosen) - 1)
            chosen = np.sort(nearest_first[:keep])
    return Fitted(None, lost | {"left_out": len(objects)})
