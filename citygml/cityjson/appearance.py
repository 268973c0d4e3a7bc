"""Reading the appearance of a document or feature: its textures, materials and texture coordinates.

Each object gets the images and materials that it uses, so that it can live without its file. Images are
looked for beside the file and never outside its folder; nothing is fetched from the network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from citygml.cityjson.boundaries import BadNesting, Flat, levels, spread
from citygml.findings import Finding
from citygml.model import Float64, GeometryType, Int32, Material, Texture, Texturing

T = TypeVar("T")


class Palette:
    """The textures and materials that one object uses, numbered from zero in order of first use."""

    def __init__(self, appearance: Appearance) -> None:
        self._appearance = appearance
        self.textures: list[Texture] = []
        self.materials: list[Material] = []
        self._texture_index: dict[int, int] = {}
        self._material_index: dict[int, int] = {}

    def texture(self, number: Any) -> int:
        return self._pick(number, self._appearance.textures, self._texture_index, self.textures)

    def material(self, number: Any) -> int:
        return self._pick(number, self._appearance.materials, self._material_index, self.materials)

    @staticmethod
    def _pick(number: Any, table: Sequence[T], index: dict[int, int], used: list[T]) -> int:
        if number is None:
            return -1
        if not isinstance(number, int) or not 0 <= number < len(table):
            raise BadNesting(f"{number!r} is not one of the file's textures or materials")
        if number not in index:
            index[number] = len(used)
            used.append(table[number])
        return index[number]


class Appearance:
    """The appearance of one document (or feature of a sequence)."""

    def __init__(self, raw: Any, folder: Path) -> None:
        raw = raw if isinstance(raw, dict) else {}
        self._folder = folder
        self.textures = [self._texture(t) for t in _dicts(raw.get("textures"))]
        self.materials = [_material(m) for m in _dicts(raw.get("materials"))]
        self._uv = _uv_table(raw.get("vertices-texture"))
        self._reported: set[str] = set()

    def _texture(self, raw: dict[str, Any]) -> Texture:
        uri = str(raw.get("image", ""))
        border = raw.get("borderColor")
        return Texture(
            uri=uri,
            path=image_path(uri, self._folder),
            wrap=_text(raw.get("wrapMode")),
            border_color=tuple(map(float, border)) if border and _numbers(border) else None,
            type=_text(raw.get("textureType")),
        )

    def missing(self, textures: list[Texture], object_id: str) -> list[Finding]:
        """A finding for each image that is not there, once per image, for the first object that uses it."""
        found = []
        for texture in textures:
            if texture.path is None and texture.uri not in self._reported:
                self._reported.add(texture.uri)
                remote = (
                    "is on the network, from where nothing is fetched"
                    if "://" in texture.uri
                    else "is not there"
                )
                text = f"the image {texture.uri!r} {remote}; put it into the folder of the file"
                found.append(Finding("missing-texture", text, object_id, severity="warning"))
        return found

    def texturing(
        self, kind: GeometryType, boundaries: Any, flat: Flat, values: Any, used: Palette
    ) -> Texturing:
        """One theme of one geometry. Raises BadNesting when it does not fit the boundaries."""
        images: list[int] = []
        picked: list[int] = []
        for surface, textured in zip(flat.surfaces, spread(values, boundaries, levels(kind)), strict=True):
            of_rings = textured if isinstance(textured, list) else []
            of_rings = of_rings + [None] * (len(surface) - len(of_rings))
            if len(of_rings) != len(surface):
                raise BadNesting("the texture does not match the rings of its surface")
            image = -1
            for place, (ring, texture) in enumerate(zip(surface, of_rings, strict=True)):
                if texture is None or texture[0] is None:
                    picked.extend([-1] * len(ring))
                    continue
                if len(texture) - 1 < len(ring):
                    raise BadNesting("a ring has fewer texture coordinates than vertices")
                picked.extend(texture[1 : len(ring) + 1])
                if place == 0:
                    image = used.texture(texture[0])
            images.append(image)
        return Texturing(np.array(images, dtype=np.int32), self._coordinates(picked))

    def _coordinates(self, picked: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        if set(map(type, picked)) - {int}:
            raise BadNesting("a texture coordinate is not an index")
        index = np.array(picked, dtype=np.int64)
        if len(index) and (index.min() < -1 or index.max() >= len(self._uv) - 1):
            raise BadNesting("a texture coordinate is not one of the file's vertices-texture")
        return self._uv[index].astype(np.float32)


def material_indices(kind: GeometryType, boundaries: Any, theme: Any, count: int, used: Palette) -> Int32:
    """(p,) int32, one theme of one geometry: `value` for all or `values` for each polygon."""
    if "value" in theme:
        return np.full(count, used.material(theme["value"]), dtype=np.int32)
    values = spread(theme.get("values"), boundaries, levels(kind))
    return np.array([used.material(v) for v in values], dtype=np.int32)


def image_path(uri: str, folder: Path) -> str | None:
    """The image beside the file, or None when it is absent, on the network or outside the folder."""
    if not uri or "://" in uri or "\x00" in uri:
        return None
    base = folder.resolve()
    try:
        path = (base / uri.replace("\\", "/")).resolve()
        return str(path) if path.is_relative_to(base) and path.is_file() else None
    except OSError:
        return None


def _material(raw: dict[str, Any]) -> Material:
    smooth = raw.get("isSmooth")
    return Material(
        name=_text(raw.get("name")),
        diffuse=_colour(raw.get("diffuseColor")),
        emissive=_colour(raw.get("emissiveColor")),
        specular=_colour(raw.get("specularColor")),
        ambient=_number(raw.get("ambientIntensity")),
        shininess=_number(raw.get("shininess")),
        transparency=_number(raw.get("transparency")),
        smooth=smooth if isinstance(smooth, bool) else None,
    )


def _uv_table(raw: Any) -> Float64:
    """(m + 1, 2) float64; the last row is NaN, so that index -1 means no coordinate."""
    table = np.full((len(raw) + 1 if isinstance(raw, list) else 1, 2), np.nan)
    if not isinstance(raw, list) or not raw:
        return table
    try:
        if set(map(len, raw)) == {2}:
            flat = np.fromiter(chain.from_iterable(raw), np.float64, 2 * len(raw))
            table[:-1] = flat.reshape(-1, 2)
            return table
    except (TypeError, ValueError):
        pass
    for row, uv in enumerate(raw):
        if _numbers(uv) and len(uv) == 2:
            table[row] = uv
    return table


def _dicts(raw: Any) -> list[dict[str, Any]]:
    return [item if isinstance(item, dict) else {} for item in raw] if isinstance(raw, list) else []


def _text(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def _numbers(raw: Any) -> bool:
    return isinstance(raw, list) and all(_number(n) is not None for n in raw)


def _number(raw: Any) -> float | None:
    usable = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
    return float(raw) if usable else None


def _colour(raw: Any) -> tuple[float, float, float] | None:
    if not _numbers(raw) or len(raw) != 3:
        return None
    return float(raw[0]), float(raw[1]), float(raw[2])
