"""Vertices, texture coordinates, textures and materials of a document being written, each stored once."""

from __future__ import annotations

import shutil
from collections.abc import Hashable
from itertools import chain, count
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from citygml.model import Float64, Material, Texture

K = TypeVar("K", bound=Hashable)

_WRAPS = frozenset({"none", "wrap", "mirror", "clamp", "border"})
_TEXTURE_TYPES = frozenset({"unknown", "specific", "typical"})
_IMAGE_TYPES = {".png": "PNG", ".jpg": "JPG", ".jpeg": "JPG"}


class Numbered(dict[K, int], Generic[K]):
    """Keys numbered in the order in which they come."""

    def number(self, key: K) -> int:
        return self.setdefault(key, len(self))

    def rows(self, array: npt.NDArray[Any]) -> list[int]:
        """The number of each row; rows become tuples."""
        return [self.setdefault(key, len(self)) for key in map(tuple, array.tolist())]  # type: ignore[arg-type]


class Grid:
    """The grid that the vertices of a document are rounded to.

    scale: (3,) float64. The origin is the first lowest corner, rounded down to whole units, so that
    coordinates with few decimals stay exact. `low` and `high` are the extent of all that was rounded.
    """

    def __init__(self, scale: tuple[float, float, float]) -> None:
        self.scale = np.array(scale)
        self.translate: Float64 | None = None
        self.low = np.full(3, np.inf)
        self.high = np.full(3, -np.inf)

    def round(self, points: Float64) -> npt.NDArray[np.int64]:
        """(n, 3) int64 steps from the origin."""
        if self.translate is None:
            self.translate = np.floor(points.min(axis=0))
        self.low = np.minimum(self.low, points.min(axis=0))
        self.high = np.maximum(self.high, points.max(axis=0))
        steps: npt.NDArray[np.int64] = np.rint((points - self.translate) / self.scale).astype(np.int64)
        return steps

    def transform(self) -> dict[str, list[float]]:
        origin = [0.0, 0.0, 0.0] if self.translate is None else self.translate.tolist()
        return {"scale": self.scale.tolist(), "translate": origin}

    def extent(self) -> list[float] | None:
        if self.translate is None:
            return None
        digits = [int(d) for d in np.ceil(-np.log10(self.scale))]
        corners = [*self.low.tolist(), *self.high.tolist()]
        return [round(value, digit) for value, digit in zip(corners, digits * 2, strict=True)]


class Images:
    """What is written for each texture: its URI, or that of a copy beside the document."""

    def __init__(self, document: Path, copy: bool) -> None:
        self._folder = document.resolve().parent
        self._copies = self._folder / f"{document.name.split('.')[0]}_textures" if copy else None
        self._names: dict[str, str] = {}

    def uri(self, texture: Texture) -> str:
        if texture.path is None:
            return texture.uri
        path = Path(texture.path)
        if self._copies is not None:
            return self._copied(path, self._copies)
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else texture.uri

    def _copied(self, path: Path, copies: Path) -> str:
        if str(path) not in self._names:
            taken = set(self._names.values())
            names = chain([path.name], (f"{number}_{path.name}" for number in count(1)))
            name = next(name for name in names if name not in taken)
            copies.mkdir(exist_ok=True)
            shutil.copyfile(path, copies / name)
            self._names[str(path)] = name
        return f"{copies.name}/{self._names[str(path)]}"


class AppearanceTable:
    """The appearance of one document or feature."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self.textures: Numbered[Texture] = Numbered()
        self.materials: Numbered[Material] = Numbered()
        self.coordinates: Numbered[tuple[float, float]] = Numbered()

    def encode(self, themes: dict[str, Any]) -> dict[str, Any] | None:
        """The `appearance` member with the default themes, or None when nothing has one."""
        out: dict[str, Any] = {}
        if self.materials:
            out["materials"] = [_material(m) for m in self.materials]
        if self.textures:
            out["textures"] = [self._texture(t) for t in self.textures]
        if self.coordinates:
            out["vertices-texture"] = np.array(list(self.coordinates), dtype=np.float32)
        return out | themes if out else None

    def _texture(self, texture: Texture) -> dict[str, Any]:
        uri = self._images.uri(texture)
        out: dict[str, Any] = {"image": uri}
        image_type = _IMAGE_TYPES.get(Path(uri).suffix.lower())
        if image_type:
            out["type"] = image_type
        if texture.wrap and texture.wrap.lower() in _WRAPS:
            out["wrapMode"] = texture.wrap.lower()
        if texture.type in _TEXTURE_TYPES:
            out["textureType"] = texture.type
        if texture.border_color and 3 <= len(texture.border_color) <= 4:
            out["borderColor"] = list(texture.border_color)
        return out


def _material(material: Material) -> dict[str, Any]:
    members = {
        "name": material.name or "",
        "ambientIntensity": material.ambient,
        "diffuseColor": material.diffuse,
        "emissiveColor": material.emissive,
        "specularColor": material.specular,
        "shininess": material.shininess,
        "transparency": material.transparency,
        "isSmooth": material.smooth,
    }
    return {key: value for key, value in members.items() if value is not None}
