"""Land use on the grid, and what it means for water: roughness and what the ground takes up.

The table (`analysis/data/landuse_hydraulics.csv`, or a city's own in the same form) has a row for each kind
of ground: `key`, its names, the `layer` whose objects are of that kind unless something says otherwise, the
`words` (in names of codes) and `codes` (LIST:CODE) that mean it, separated by `|`, Manning's n [s/m^(1/3)]
with a range, curve numbers of the soil groups A to D, the `impervious` share (0 to 1), and the source of each
number. Rows are tried in their order, codes before words.

Buildings stand in the grid by themselves, so that n is that of the ground between them, not of a district.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.flood.inputs import CurveNumber, GreenAmpt
from analysis.scene.burn import values
from analysis.scene.grid import Grid, Plane
from analysis.scene.outlines import Outline, Shape, areas, codes
from analysis.tables import Row, rows
from twin.store import City

Int16: TypeAlias = npt.NDArray[np.int16]
Float32: TypeAlias = npt.NDArray[np.float32]
SoilGroup = Literal["A", "B", "C", "D"]

_TABLE = "landuse_hydraulics.csv"
_SOILS = "soil_green_ampt.csv"
_ATTRIBUTES = ("function", "usage", "class", "orgLandUse")
_LAYERS = ("landuse", "vegetation", "roads", "water")
"""From the bottom up; buildings come last. Water lies over the roads, since what crosses it are bridges."""
_COLUMNS = ("key", "layer", "words", "codes", "manning", "cn_a", "cn_b", "cn_c", "cn_d", "impervious")
_CM_PER_HOUR = 0.01 / 3600.0


@dataclass(frozen=True)
class Ground:
    """One kind of ground. curve_numbers: of the soil groups A to D. sources: of manning and of those."""

    key: str
    names: dict[str, str]
    layer: str
    words: tuple[str, ...]
    codes: tuple[str, ...]
    manning: float
    range: tuple[float, float]
    curve_numbers: tuple[float, float, float, float]
    impervious: float
    sources: tuple[str, str]


@dataclass(frozen=True)
class LanduseTable:
    """The kinds of ground, by the index that a raster of them has."""

    grounds: tuple[Ground, ...]

    @cached_property
    def keys(self) -> list[str]:
        return [g.key for g in self.grounds]

    def index(self, key: str) -> int:
        """Raises AnalysisError for a key that is not in the table."""
        if key not in self.keys:
            raise AnalysisError(f"the land use table has no row {key!r}; it has {', '.join(self.keys)}")
        return self.keys.index(key)

    def of_layer(self, layer: str) -> int:
        """The kind of a layer's objects unless something says otherwise; else the one called `other`."""
        for i, ground in enumerate(self.grounds):
            if ground.layer == layer:
                return i
        return self.index("other")

    def of(self, outline: Outline, layer: str) -> int:
        """The kind of ground of an object of a layer."""
        known = [code for name in _ATTRIBUTES for code in codes(outline.attributes.get(name))]
        for code in known:
            name = f"{PurePosixPath(code.codeSpace or '').stem}:{code.code}"
            for i, ground in enumerate(self.grounds):
                if name in ground.codes:
                    return i
        text = " ".join(code.name or "" for code in known).casefold()
        for i, ground in enumerate(self.grounds):
            if any(word in text for word in ground.words):
                return i
        return self.of_layer(layer)

    def manning(self, classes: Int16) -> Float32:
        """(rows, columns) float32 Manning's n [s/m^(1/3)]."""
        return np.array([g.manning for g in self.grounds], np.float32)[classes]

    def impervious(self, classes: Int16) -> Float32:
        """(rows, columns) float32 impervious share (0 to 1)."""
        return np.array([g.impervious for g in self.grounds], np.float32)[classes]

    def curve_number(self, classes: Int16, soil: SoilGroup | npt.NDArray[Any] = "C") -> CurveNumber:
        """Losses of rain by curve numbers. soil: the hydrologic soil group, one or (rows, columns) of them as
        0 to 3 for A to D."""
        table = np.array([g.curve_numbers for g in self.grounds], np.float32)
        group = "ABCD".index(soil) if isinstance(soil, str) else np.asarray(soil, np.intp)
        return CurveNumber(table[classes, group])

    def green_ampt(
        self, classes: Int16, texture: str | npt.NDArray[Any] = "clay loam", saturation: float = 0.5
    ) -> GreenAmpt:
        """Infiltration into the pervious share of each cell.

        texture: of the soil, a name in `soil_textures`, or (rows, columns) of indices into it. saturation:
        share of the effective porosity that is full at the start (0 to 1); 0.5 is a guess for moist ground,
        not a measured value. The impervious share of a cell takes nothing, so that its conductivity is less.
        """
        if not 0 <= saturation <= 1:
            raise AnalysisError(f"the soil's initial saturation must be from 0 to 1, not {saturation:g}")
        soils = soil_textures()
        if isinstance(texture, str):
            if texture not in soils:
                raise AnalysisError(f"no soil texture {texture!r}; there are {', '.join(soils)}")
            index: Any = list(soils).index(texture)
        else:
            index = np.asarray(texture, np.intp)
        table = np.array(list(soils.values()))
        porosity, suction, conductivity = (table[index, column] for column in range(3))
        open_share = (1 - self.impervious(classes)).astype(np.float64)
        return GreenAmpt(conductivity * open_share, suction, porosity * (1 - saturation))


def soil_textures() -> dict[str, tuple[float, float, float]]:
    """(effective porosity [-], suction [m], conductivity [m/s]) of USDA soil textures.

    Rawls, Brakensiek and Miller (1983), doi:10.1061/(ASCE)0733-9429(1983)109:1(62), table 2.
    """
    columns = ("effective_porosity", "suction_cm", "conductivity_cm_h")
    found = {}
    for row in rows(None, _SOILS, ("texture", *columns)):
        porosity, suction, conductivity = (row.number(column, 0) for column in columns)
        found[row.text("texture")] = (porosity, suction / 100, conductivity * _CM_PER_HOUR)
    return found


def landuse_table(path: Path | None = None) -> LanduseTable:
    """The table of kinds of ground: the one that comes with CityTwin, or a file in the same form.

    Raises AnalysisError for a missing column, row `other` or `roof`, or a number out of its range.
    """
    table = LanduseTable(tuple(_ground(row) for row in rows(path, _TABLE, _COLUMNS)))
    for needed in ("other", "roof"):
        table.index(needed)
    return table


def _ground(row: Row) -> Ground:
    key, manning = row.text("key"), row.number("manning", 0.005, 1.0)
    a, b, c, d = (row.number(f"cn_{group}", 1, 100) for group in "abcd")
    return Ground(
        key,
        {"en": row.text("name_en") or key, "ko": row.text("name_ko") or key},
        row.text("layer"),
        tuple(word.casefold() for word in row.words("words")),
        row.words("codes"),
        manning,
        (row.number("manning_low", 0.005, 1.0, manning), row.number("manning_high", 0.005, 1.0, manning)),
        (a, b, c, d),
        row.number("impervious", 0, 1),
        (row.text("manning_source"), row.text("cn_source")),
    )


def landuse(city: City, grid: Grid, plane: Plane, table: LanduseTable, roofs: Sequence[Shape] = ()) -> Int16:
    """(rows, columns) int16 index into `table.grounds` of each cell's middle: land use below plants, roads,
    water and roofs; `other` where the city has nothing."""
    classes = np.full(grid.shape, table.index("other"), np.int32)
    there = {layer.name for layer in city.layers()}
    for layer in _LAYERS:
        if layer in there:
            found = [(o.shape, table.of(o, layer)) for o in areas(city, plane, layer, grid.bounds)]
            values([shape for shape, _ in found], [kind for _, kind in found], grid, classes)
    values(roofs, [table.index("roof")] * len(roofs), grid, classes)
    return classes.astype(np.int16)
