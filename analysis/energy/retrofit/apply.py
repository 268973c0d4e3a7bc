"""Zones as a measure leaves them, and how much of it they take.

Every measure makes new zones and leaves the given ones as they are. It changes only what it betters: a window
that is as good as the new one stays, and is not paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.constructions import Construction, Glazing, Layer, Opaque
from analysis.energy.retrofit.measures import Measure
from analysis.energy.systems import System
from analysis.energy.uses import Use
from analysis.energy.zones import Boundary, Float64, Part, Shade, Zones

Bool: TypeAlias = npt.NDArray[np.bool_]

_INSULATED = {
    "wall": (Part.WALL, (Boundary.OUTSIDE,)),
    "roof": (Part.ROOF, (Boundary.OUTSIDE,)),
    "floor": (Part.FLOOR, (Boundary.OUTSIDE, Boundary.GROUND)),
}
_WINDOW = 1.5
"""Width and height of a window under an overhang [m]: assumption; the model knows its area alone."""
_NORTH = 45.0
"""Windows that face the nearer pole within so many degrees get no overhang."""
_PV_TILT = 60.0
"""Roofs that are steeper carry no modules [degrees]."""


def applied(
    zones: Zones, measures: Iterable[Measure], numbers: npt.ArrayLike | None = None
) -> tuple[Zones, dict[str, Float64]]:
    """(the zones after all measures on those with some numbers, by measure the area it covers).

    numbers: None for all. The area (z,) is of the elements that a measure changes [m²]; of what has no
    elements, the floor area of the zones that it changes.
    """
    mask = np.zeros(len(zones), bool)
    mask[slice(None) if numbers is None else np.asarray(numbers, np.int64)] = True
    areas: dict[str, Float64] = {}
    for measure in measures:
        zones, areas[measure.id] = _DO[measure.kind](zones, measure, mask)
    return zones, areas


def owner(zones: Zones) -> npt.NDArray[np.int64]:
    """(e,) number of the zone that each element is of."""
    return np.repeat(np.arange(len(zones)), np.diff(zones.first))


def _insulation(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    part, boundaries = _INSULATED[measure.part]
    layer = Layer(measure.values["thickness"], measure.values["conductivity"])
    e = zones.elements
    rows = mask[owner(zones)] & (e.part == part) & np.isin(e.boundary, boundaries)

    def insulated(old: Construction) -> Construction | None:
        if not isinstance(old, Opaque):
            return None
        return replace(old, name=f"{old.name} + {measure.id}", layers=(layer, *old.layers))

    return _rebuilt(zones, rows, insulated)


def _windows(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    u, g, panes = (measure.values[name] for name in ("u_value", "g_value", "panes"))
    rows = mask[owner(zones)] & (zones.elements.part == Part.WINDOW)

    def renewed(old: Construction) -> Construction | None:
        if not isinstance(old, Glazing) or old.u_value <= u:
            return None
        return replace(old, name=measure.id, u_value=u, g_value=g, panes=round(panes), source=measure.source)

    return _rebuilt(zones, rows, renewed)


def _blind(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    factor, above = measure.values["shade_factor"], measure.values["shade_above"]
    rows = mask[owner(zones)] & (zones.elements.part == Part.WINDOW)

    def shaded(old: Construction) -> Construction | None:
        if not isinstance(old, Glazing) or old.shade_factor <= factor:
            return None
        return replace(old, name=f"{old.name} + {measure.id}", shade_factor=factor, shade_above=above)

    return _rebuilt(zones, rows, shaded)


def _rebuilt(
    zones: Zones, rows: Bool, change: Callable[[Construction], Construction | None]
) -> tuple[Zones, Float64]:
    """Some elements with other constructions; `change` gives None for those that stay."""
    index = zones.elements.construction.copy()
    made = list(zones.constructions)
    changed = np.zeros(len(index), bool)
    for old in np.unique(index[rows]).tolist():
        new = change(zones.constructions[old])
        if new is not None:
            at = rows & (zones.elements.construction == old)
            index[at] = len(made)
            changed |= at
            made.append(new)
    elements = replace(zones.elements, construction=index)
    return replace(zones, elements=elements, constructions=made), _area(zones, changed)


def _area(zones: Zones, rows: Bool) -> Float64:
    """(z,) [m²] of some elements."""
    area = np.bincount(owner(zones)[rows], zones.elements.area[rows], len(zones))
    return area.astype(np.float64)


def _overhang(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    e = zones.elements
    shade = np.full(len(e), -1, np.int32) if e.shade is None else e.shade.copy()
    polewards = 0.0 if zones.place.latitude >= 0 else 180.0
    off = np.abs((e.azimuth - polewards + 180.0) % 360.0 - 180.0)
    upright = (e.tilt > 60.0) & (e.tilt < 120.0)
    rows = mask[owner(zones)] & (e.part == Part.WINDOW) & upright & (off > _NORTH) & (shade < 0)
    shade[rows] = len(zones.shades)
    over = Shade(_WINDOW, _WINDOW, depth=measure.values["depth"])
    changed = replace(zones, elements=replace(e, shade=shade), shades=(*zones.shades, over))
    return changed, _area(zones, rows)


def _airtightness(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    better = mask & (zones.infiltration > measure.values["infiltration"])
    infiltration = np.where(better, measure.values["infiltration"], zones.infiltration)
    return replace(zones, infiltration=infiltration), np.where(better, zones.floor_area, 0.0)


def _heat_recovery(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    efficiency, fans = measure.values["efficiency"], measure.values["fan_power"]

    def ventilated(old: Use) -> Use | None:
        if old.heat_recovery >= efficiency or not old.ventilation.any():
            return None
        return replace(old, heat_recovery=efficiency, fan_power=max(fans, old.fan_power))

    return _reused(zones, mask, ventilated)


def _dimmed(name: str) -> Callable[[Zones, Measure, Bool], tuple[Zones, Float64]]:
    def change(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
        def less(old: Use) -> Use | None:
            series = getattr(old, name)
            changes: dict[str, Any] = {name: series * measure.values["factor"]}
            return replace(old, **changes) if series.any() else None

        return _reused(zones, mask, less)

    return change


def _reused(zones: Zones, mask: Bool, change: Callable[[Use], Use | None]) -> tuple[Zones, Float64]:
    """Zones of `mask` with other uses of the same ids; `change` gives None for those that stay."""
    index, made = zones.use.copy(), list(zones.uses)
    changed = np.zeros(len(zones), bool)
    for old in np.unique(index[mask]).tolist():
        new = change(zones.uses[old])
        if new is not None:
            at = mask & (zones.use == old)
            index[at] = len(made)
            changed |= at
            made.append(new)
    return replace(zones, use=index, uses=made), np.where(changed, zones.floor_area, 0.0)


def _system(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    """Only plants that are there, and are others, are replaced: a building without cooling gets none."""
    index, made = zones.system.copy(), list(zones.systems)
    changed = np.zeros(len(zones), bool)
    for old in np.unique(index[mask]).tolist():
        new = _replaced(zones.systems[old], measure)
        if new is not None:
            at = mask & (zones.system == old)
            index[at] = len(made)
            changed |= at
            made.append(new)
    return replace(zones, system=index, systems=made), np.where(changed, zones.floor_area, 0.0)


def _replaced(old: System, measure: Measure) -> System | None:
    """None for a system that stays."""
    plants: dict[str, Any] = {
        name: plant
        for name, plant in measure.plants.items()
        if getattr(old, name) is not None and getattr(old, name) != plant
    }
    if not plants:
        return None
    title = {language: measure.title.get(language, text) for language, text in old.title.items()}
    return replace(old, id=f"{old.id}+{measure.id}", title=title, source=measure.source, **plants)


def _pv(zones: Zones, measure: Measure, mask: Bool) -> tuple[Zones, Float64]:
    """The zones stay as they are; the area is that of the modules."""
    e = zones.elements
    rows = mask[owner(zones)] & (e.part == Part.ROOF) & (e.boundary == Boundary.OUTSIDE)
    return zones, measure.values["share"] * _area(zones, rows & (e.tilt <= _PV_TILT))


_DO: dict[str, Callable[[Zones, Measure, Bool], tuple[Zones, Float64]]] = {
    "insulation": _insulation,
    "windows": _windows,
    "airtightness": _airtightness,
    "blind": _blind,
    "overhang": _overhang,
    "heat_recovery": _heat_recovery,
    "lighting": _dimmed("lighting"),
    "appliances": _dimmed("appliances"),
    "system": _system,
    "pv": _pv,
}
