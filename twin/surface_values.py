"""Values on the real surfaces of a city, as arrays: what a simulation hands over to be drawn as 3D Tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Int32: TypeAlias = npt.NDArray[np.int32]
Int64: TypeAlias = npt.NDArray[np.int64]

_STOPS = 5


@dataclass(frozen=True)
class Quantity:
    """One quantity on all texels. property: its name in the tiles. title: by language, `ko` and `en`. unit:
    UCUM. minimum, maximum: of the colours; what lies beyond takes the colour of the end. ramp: the name of
    its colours, colours: "rrggbb", two or more at even steps. values: (texels,) float32, NaN for no data."""

    property: str
    title: dict[str, str]
    unit: str
    minimum: float
    maximum: float
    ramp: str
    colours: Sequence[str]
    values: Float32

    def describe(self) -> dict[str, Any]:
        """As an entry of a legend; stops: values to write beside the colours."""
        stops = np.linspace(self.minimum, self.maximum, _STOPS)
        return {
            "property": self.property,
            "title": self.title,
            "unit": self.unit,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "ramp": self.ramp,
            "stops": [round(float(stop), 6) for stop in stops],
            "colours": [f"#{colour}" for colour in self.colours],
        }


@dataclass(frozen=True)
class SurfaceValues:
    """s surfaces with n vertices and t triangles, and the texels on them.

    positions: (n, 3) float64 in the city's coordinate system. surface: (n,) int32 that each vertex is of;
    surfaces share no vertices. triangles: (t, 3) int32, counter-clockwise from outside. texel: (n, 2)
    float64, column and row of the vertex in its surface's grid of texels, 0 at the outer edge of the first.
    shape: (s, 2) int32 rows and columns of that grid, 0 for a surface without values. start: (s,) int64 index
    of its first texel among all; texels lie row by row. ids: of surfaces, all different. buildings: the
    building of each, "" for none. kinds: (s,) such as "roof". areas: (s,) float64 [m²].
    """

    positions: Float64
    surface: Int32
    triangles: Int32
    texel: Float64
    shape: Int32
    start: Int64
    ids: list[str]
    buildings: list[str]
    kinds: list[str]
    areas: Float64
    quantities: list[Quantity]

    def __len__(self) -> int:
        return len(self.ids)
