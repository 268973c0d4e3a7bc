"""Roads that are under water: how deep, how much of each, and whether a car still gets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.damage.depth import over_areas
from analysis.errors import AnalysisError
from analysis.scene.burn import numbered
from analysis.scene.grid import Grid, Plane
from analysis.scene.outlines import Outline, areas, codes, number
from twin.store import City

if TYPE_CHECKING:
    import pandas as pd

CUT_FROM = 0.3
"""Depth at which a car comes to a stop [m]: Pregnolato et al. (2017), doi:10.1016/j.trd.2017.06.020."""
_CLEAR = 1.0
"""What lies higher above the ground than this is a bridge, and the water below it does not count [m]."""
_WALKED = ("보도", "foot", "sidewalk", "횡단", "crossing", "歩道", "cycl", "자전거", "verge", "녹지", "植樹")


def roads_cut(
    city: City,
    plane: Plane,
    grid: Grid,
    depth: npt.NDArray[Any],
    elevation: npt.NDArray[Any],
    limit: float = CUT_FROM,
) -> pd.DataFrame:
    """A row for each road of the city on the grid that has an area.

    id; name; area [m²], of its carriageways; flooded [m²], what of it is deeper than `limit` [m]; depth [m],
    the greatest; length [m], as the city states it (NaN: not stated); cut: whether any of it is deeper than
    the limit. Footways, cycleways and verges are left out where the surfaces say what they are. A road more
    than a metre above the ground is a bridge: only water above its own level counts.
    """
    import pandas as pd

    if depth.shape != grid.shape or elevation.shape != grid.shape:
        raise AnalysisError(f"depth {depth.shape} and elevation {elevation.shape} are not on {grid.shape}")
    found = [o for o in areas(city, plane, "roads", grid.bounds) if _driven(o)]
    numbers = numbered([o.shape for o in found], grid)
    water = _over(found, numbers, depth, elevation)
    greatest, cells, deep = over_areas(water, numbers, len(found), limit)
    frame = pd.DataFrame(
        {
            "id": [o.id for o in found],
            "name": [str(o.attributes.get("name") or "") for o in found],
            "area": [o.area for o in found],
            "flooded": np.array([o.area for o in found]) * deep / np.maximum(cells, 1),
            "depth": greatest,
            "length": [number(o.attributes, ("length",)) or np.nan for o in found],
        }
    )
    whole = frame.groupby("id", sort=False).agg(
        name=("name", "first"),
        area=("area", "sum"),
        flooded=("flooded", "sum"),
        depth=("depth", "max"),
        length=("length", "first"),
    )
    whole["cut"] = whole["depth"] > limit
    return whole.reset_index()


UNITS = {"area": "m2", "flooded": "m2", "depth": "m", "length": "m"}


def _driven(outline: Outline) -> bool:
    if outline.class_name in ("AuxiliaryTrafficArea", "TransportationMarking", "Track"):
        return False
    text = " ".join(code.name or "" for code in codes(outline.attributes.get("function"))).casefold()
    return not any(word in text for word in _WALKED)


def _over(
    found: list[Outline], numbers: npt.NDArray[Any], depth: npt.NDArray[Any], elevation: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """(rows, columns) depth over the roads [m]: over the ground, or over the deck of a bridge."""
    held = numbers > 0
    owner = numbers[held].astype(np.int64) - 1
    count = np.bincount(owner, minlength=len(found))
    ground = np.bincount(owner, elevation[held], minlength=len(found)) / np.maximum(count, 1)
    deck = np.array([(o.low + o.high) / 2 for o in found])
    bridge = (deck - ground > _CLEAR)[owner]
    water = depth.astype(np.float64)
    over_deck = elevation[held] + water[held] - deck[owner]
    water[held] = np.where(bridge, np.maximum(over_deck, 0.0), water[held])
    return water
