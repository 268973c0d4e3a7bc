"""The envelopes of zones as tables: element by element, and put together by part and orientation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.energy.constructions import Glazing
from analysis.energy.zones import Boundary, Float64, Int32, Origin, Part, Zones

if TYPE_CHECKING:
    import pandas as pd

UNITS = {
    "azimuth": "deg", "tilt": "deg", "area": "m2", "u_value": "W/(m2.K)", "g_value": "1", "sky_view": "1",
}  # fmt: skip
DIRECTIONS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_FLAT, _DOWN = 10.0, 170.0
"""Tilts below and above which an element looks nowhere but up or down [degrees]."""
_OUTER = (Part.WALL, Part.ROOF, Part.FLOOR, Part.WINDOW, Part.DOOR)


def element_table(zones: Zones) -> pd.DataFrame:
    """A row for each element of the envelopes, in the units of `UNITS`; g_value of windows alone."""
    import pandas as pd

    e = zones.elements
    zone = np.repeat(np.arange(len(zones)), np.diff(zones.first))
    rows = np.flatnonzero(np.isin(e.part, _OUTER))
    u, g = _values(zones)
    constructions = pd.Index([f"{k}: {c.name}" for k, c in enumerate(zones.constructions)])
    return pd.DataFrame(
        {
            "zone": pd.Categorical.from_codes(zone[rows], pd.Index(zones.ids)),
            "building": np.array(zones.building, object)[zone[rows]],
            "part": pd.Categorical.from_codes(e.part[rows], pd.Index([p.name.lower() for p in Part])),
            "boundary": pd.Categorical.from_codes(
                e.boundary[rows], pd.Index([b.name.lower() for b in Boundary])
            ),
            "orientation": orientation(e.azimuth, e.tilt)[rows],
            "azimuth": e.azimuth[rows],
            "tilt": e.tilt[rows],
            "area": e.area[rows],
            "u_value": u[e.construction[rows]],
            "g_value": g[e.construction[rows]],
            "sky_view": e.sky_view[rows],
            "construction": pd.Categorical.from_codes(e.construction[rows], constructions),
            "origin": pd.Categorical.from_codes(e.origin[rows], pd.Index([o.name.lower() for o in Origin])),
        }
    )


def envelope_rows(zones: Zones) -> list[dict[str, Any]]:
    """What encloses some zones together: a row for each part, boundary, orientation and construction, the
    largest of each part first. loss: U·A to the outside or the ground [W/K], None where the neighbour is as
    warm."""
    table = element_table(zones)
    found = []
    keys = ["part", "boundary", "orientation", "construction"]
    for (part, boundary, towards, construction), rows in table.groupby(keys, observed=True, sort=False):
        area = float(rows["area"].sum())
        first = rows.iloc[0]
        found.append(
            {
                "part": part,
                "boundary": boundary,
                "orientation": towards,
                "azimuth": None if towards in ("flat", "down") else float(first["azimuth"]),
                "tilt": float(np.average(rows["tilt"], weights=rows["area"])) if area else 0.0,
                "area": area,
                "u_value": float(first["u_value"]),
                "g_value": None if np.isnan(first["g_value"]) else float(first["g_value"]),
                "construction": str(construction).partition(": ")[2],
                "origin": str(rows["origin"].iloc[0]),
                "loss": None if boundary == "adiabatic" else area * float(first["u_value"]),
            }
        )
    order = {p.name.lower(): k for k, p in enumerate(Part)}
    return sorted(found, key=lambda row: (order[row["part"]], -row["area"]))


def orientation(azimuth: Float64, tilt: Float64) -> npt.NDArray[np.object_]:
    """(e,) where elements look: one of `DIRECTIONS`, "flat" or "down"."""
    towards = np.array(DIRECTIONS, object)[np.round(azimuth / 45.0).astype(int) % 8]
    return np.where(tilt < _FLAT, "flat", np.where(tilt > _DOWN, "down", towards))


def means(zones: Zones, building: Int32, count: int) -> dict[str, Float64]:
    """(b,) figures of the envelopes of buildings: u_wall, u_roof, u_floor, u_window [W/(m²K)], means by area
    of what is exposed, NaN without any; window_share of the outer walls with their windows and doors [1];
    envelope_area [m²] that loses heat."""
    e = zones.elements
    owner = building[np.repeat(np.arange(len(zones)), np.diff(zones.first))]
    exposed = (e.boundary != Boundary.ADIABATIC) & np.isin(e.part, _OUTER)
    u = _values(zones)[0][e.construction]

    def total(of: npt.NDArray[np.bool_], values: Float64) -> Float64:
        return np.bincount(owner[of], values[of], count).astype(np.float64)

    found = {}
    for name in ("wall", "roof", "floor", "window"):
        of = exposed & (e.part == Part[name.upper()])
        area = total(of, e.area)
        found[f"u_{name}"] = _ratio(total(of, u * e.area), area)
    upright = (
        exposed & (e.boundary == Boundary.OUTSIDE) & np.isin(e.part, (Part.WALL, Part.WINDOW, Part.DOOR))
    )
    glass = upright & (e.part == Part.WINDOW)
    found["window_share"] = _ratio(total(glass, e.area), total(upright, e.area))
    found["envelope_area"] = total(exposed, e.area)
    return found


def _ratio(part: Float64, whole: Float64) -> Float64:
    found: Float64 = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return found


def _values(zones: Zones) -> tuple[Float64, Float64]:
    """(c,) U-value [W/(m²K)] and g-value [1] of each construction, NaN for opaque ones."""
    u = np.array([c.u_value for c in zones.constructions])
    g = np.array([c.g_value if isinstance(c, Glazing) else np.nan for c in zones.constructions])
    return u, g
