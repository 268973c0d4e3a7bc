"""What covers the polygons of a batch, theme by theme, and how it gets into the arrays of a geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from citygml.findings import Finding
from citygml.gml.rings import BoolArray, Int, IntArray, parse_numbers
from citygml.model import CityObject, Float64, Geometry, Material, Template, Texture, Texturing

_Item = TypeVar("_Item", Material, Texture)


@dataclass(slots=True)
class Paint:
    """What one theme puts on one polygon: a material, or a texture with texture coordinates per ring.

    uv: by ring, in the polygon's order, numbers into `Painting.texts` (-1: that ring has none).
    world: (3, 4) float64, from homogeneous coordinates in the file's axis order to (s, t, q), in place of uv.
    """

    theme: str
    material: Material | None = None
    texture: Texture | None = None
    uv: list[int] | None = None
    world: Float64 | None = None


class Painting:
    """The appearance of one batch. polygons: what covers each; texts: texture coordinates as written."""

    def __init__(self, swap_axes: bool) -> None:
        self.polygons: dict[int, list[Paint]] = {}
        self.texts: list[str] = []
        self._swap = swap_axes
        self._values: Float64 = np.empty(0)
        self._counts: IntArray = np.empty(0, Int)
        self._starts: IntArray = np.empty(0, Int)

    def parse(self) -> None:
        """Parse all texture coordinates at once; before the first `apply`."""
        self._values, self._counts = parse_numbers(self.texts)
        read = np.maximum(self._counts, 0)
        self._starts = np.cumsum(read) - read

    def apply(
        self,
        target: CityObject | Template,
        geometry: Geometry,
        polygons: list[int],
        reverse: BoolArray,
        polygon_ids: list[str | None],
        findings: list[Finding],
    ) -> None:
        """Fill `textures` and `materials` of a geometry. polygons, reverse: (p,) its polygons in the batch,
        and whether it turns them round."""
        for i, polygon in enumerate(polygons):
            for paint in self.polygons.get(polygon, ()):
                if paint.material is not None:
                    materials = geometry.materials.get(paint.theme)
                    if materials is None:
                        materials = np.full(len(polygons), -1, np.int32)
                        geometry.materials[paint.theme] = materials
                    materials[i] = _index(target.materials, paint.material)
                if paint.texture is not None:
                    texturing = geometry.textures.get(paint.theme)
                    if texturing is None:
                        texturing = geometry.textures[paint.theme] = Texturing(
                            np.full(len(polygons), -1, np.int32),
                            np.full((len(geometry.vertices), 2), np.nan, np.float32),
                        )
                    if self._write(paint, texturing, geometry, i, bool(reverse[i])):
                        texturing.images[i] = _index(target.textures, paint.texture)
                    else:
                        part = polygon_ids[polygon]
                        message = (
                            f"polygon {part}: its texture coordinates do not match its rings; not textured"
                        )
                        findings.append(
                            Finding("bad-texture-coordinates", message, target.id, part, None, "warning")
                        )

    def _write(
        self, paint: Paint, texturing: Texturing, geometry: Geometry, polygon: int, reverse: bool
    ) -> bool:
        """Write the texture coordinates of one polygon; False when they do not fit."""
        first, last = geometry.polygons[polygon : polygon + 2].tolist()
        bounds = geometry.rings[first : last + 1].tolist()
        if paint.world is not None:
            xyz = geometry.vertices[bounds[0] : bounds[-1]]
            xyz = xyz[:, [1, 0, 2]] if self._swap else xyz
            texturing.uv[bounds[0] : bounds[-1]] = _project(paint.world, xyz)
            return True
        for number, start, end in zip(paint.uv or (), bounds, bounds[1:], strict=False):
            if number < 0:
                continue
            if self._counts[number] not in (2 * (end - start) + 2, 2 * (end - start)):
                return False
            at = self._starts[number]
            uv = self._values[at : at + 2 * (end - start)].reshape(-1, 2)
            texturing.uv[start:end] = uv[::-1] if reverse else uv
        return True


def _project(world: Float64, xyz: Float64) -> Float64:
    """(n, 2) texture coordinates s/q, t/q of (n, 3) positions by a (3, 4) matrix."""
    stq = np.column_stack([xyz, np.ones(len(xyz))]) @ world.T
    return np.asarray(stq[:, :2] / stq[:, 2:])


def _index(items: list[_Item], item: _Item) -> int:
    try:
        return items.index(item)
    except ValueError:
        items.append(item)
        return len(items) - 1
