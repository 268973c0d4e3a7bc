"""What the kernel knows of each zone and element, as columns by the names of the layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.energy.constructions import INSIDE_RESISTANCE, OUTSIDE_RESISTANCE, Glazing, Opaque
from analysis.energy.detailed.glazing import DEGREE
from analysis.energy.detailed.ground import Ground
from analysis.energy.irradiance import Views
from analysis.energy.problem import KELVIN, STEFAN_BOLTZMANN
from analysis.energy.zones import Boundary, Elements, Float64, Part, Zones

if TYPE_CHECKING:
    from analysis.energy.detailed.pack import Packer

Columns = dict[str, Float64]

_EMISSIVITY_INSIDE = 0.9
"""Of opaque surfaces, for long waves (ISO 52016-1:2017, table 13)."""
_ROOM = 20.0
"""[°C] At which radiation between inner surfaces is linearised, and from which the start is sought."""
_ROUNDS = 20
"""Of finding what inner surfaces see of each other; it settles to 1e-6 in fewer."""


@dataclass(frozen=True)
class Fields:
    """zone: by name, (z,); opaque, window: by name, of the opaque elements and of the windows in their
    order."""

    zone: Columns
    opaque: Columns
    window: Columns

    @classmethod
    def of(cls, packer: Packer, zones: Zones, owner: npt.NDArray[np.int64], ground: Ground) -> Fields:
        """owner: (e,) number of each element's zone."""
        e = zones.elements
        glass = packer.glass[e.construction]
        every = _surfaces(packer, zones, owner) | {"of_light": _light_inside(packer, zones, owner)}
        opaque = {name: column[~glass] for name, column in every.items()}
        window = {name: column[glass] for name, column in every.items()}
        opaque |= _solid(packer, zones, owner, ground, ~glass)
        window |= _glazed(packer, e, glass)
        own = owner[~glass]
        heat = sum((opaque[f"c{k}"] * opaque[f"t{k}"] for k in range(1, 6)), np.zeros(len(own)))
        z = len(zones)
        zone = _zone(packer, zones)
        zone["stored"] = zone["mass"] * _ROOM + np.bincount(own, heat * opaque["area"], z)
        return cls(zone, opaque, window)


def _zone(packer: Packer, zones: Zones) -> Columns:
    uses = [zones.uses[k] for k in zones.use]
    heat = packer.climate.density_heat / 3600.0
    z = len(zones)
    return {
        "mass": zones.heat_capacity / packer.climate.step,
        "infiltration": heat * zones.volume * zones.infiltration,
        "ventilation": heat * zones.floor_area * zones.ventilation_factor,
        "night": heat * zones.volume,
        "recovery": np.array([use.heat_recovery for use in uses]),
        "night_above": np.array([use.night_above for use in uses]),
        "gains": zones.floor_area * zones.gain_factor,
        "gains_radiant": np.array([use.gains_radiant for use in uses]),
        "heating_radiant": np.array([zones.systems[k].emission_radiant for k in zones.system]),
        "heating_most": zones.heating_capacity,
        "cooling_most": zones.cooling_capacity,
        "shift": zones.set_point_shift,
        "use": zones.use.astype(float),
        "air": np.full(z, _ROOM),
        "radiant": np.full(z, _ROOM),
    }


def _surfaces(packer: Packer, zones: Zones, owner: npt.NDArray[np.int64]) -> Columns:
    """What opaque elements and windows have in common."""
    e, z = zones.elements, len(zones)
    views = Views.of(e)
    out = (e.boundary == Boundary.OUTSIDE).astype(float)
    glass = packer.glass[e.construction]
    shade = np.zeros(len(e), np.int32) if e.shade is None else np.where(glass, e.shade + 1, 0)
    past_sky, past_ground = packer.diffuse[shade].T
    kinds = zones.constructions
    outer = np.array([c.emissivity for c in kinds])[e.construction]
    # the sky is the warmer the nearer the horizon: Walton 1983, "Thermal Analysis Research Program
    # Reference Manual" (NBSSIR 83-2655)
    height = np.sqrt(0.5 * (1.0 + np.cos(np.radians(e.tilt))))
    black = STEFAN_BOLTZMANN * outer * out
    seen = views.sky * past_sky * height
    inner = np.array([c.emissivity if isinstance(c, Glazing) else _EMISSIVITY_INSIDE for c in kinds])
    inner = inner[e.construction]
    # Walton 1983: heat that rises from or to a surface stirs the air, heat that would sink does not
    level = np.where(e.part == Part.INNER, 0.0, np.cos(np.radians(e.tilt)))
    stirred, still = 9.482 / (7.283 - np.abs(level)), 1.810 / (1.382 + np.abs(level))
    return {
        "air": np.full(len(e), _ROOM),
        "area": e.area,
        "east": views.normal[:, 0] * out,
        "north": views.normal[:, 1] * out,
        "up": views.normal[:, 2] * out,
        "sky": views.sky * past_sky * out,
        "band": views.band * past_sky * out,
        "ground": views.ground * past_ground * out,
        "to_sky": black * seen,
        "to_air": black * (1.0 - seen),
        "radiant": _radiant(e, owner, z, inner),
        "warmer": np.where(level > 0, still, stirred),
        "colder": np.where(level > 0, stirred, still),
    }


def _radiant(e: Elements, owner: npt.NDArray[np.int64], z: int, emissivity: Float64) -> Float64:
    """(e,) coefficients between inner surfaces and their zone's radiant node [W/(m²K)].

    Carroll 1980, "An MRT method of computing radiant energy exchange in rooms": a plane sees all but itself,
    so small surfaces see more of the others than large ones do. The factor is at most 2, that of one of two
    parallel planes.
    """
    factor = np.ones(len(e))
    for _ in range(_ROUNDS):
        total = np.maximum(np.bincount(owner, e.area * factor, z), 1e-9)
        factor = 1.0 / np.maximum(1.0 - e.area * factor / total[owner], 0.5)
    black = 4.0 * STEFAN_BOLTZMANN * (_ROOM + KELVIN) ** 3
    return np.asarray(black / ((1.0 - emissivity) / emissivity + 1.0 / factor))


def _light_inside(packer: Packer, zones: Zones, owner: npt.NDArray[np.int64]) -> Float64:
    """(e,) what each inner surface takes up of a watt of light that came in [1/m²].

    Light falls on all surfaces by area (ISO 52016-1:2017, 6.5.8.5), is taken up or thrown back evenly, and
    goes out again through windows where it meets them.
    """
    e, z = zones.elements, len(zones)
    kinds = zones.constructions
    inside = np.array([c.inside_absorptance if isinstance(c, Opaque) else 0.0 for c in kinds])
    back = np.array([(0.0, 0.0) if o is None else o.back for o in packer.optics])
    taken = (inside + back[:, 1])[e.construction]
    lost = back[:, 0][e.construction]
    met = np.maximum(np.bincount(owner, e.area * (taken + lost), z), 1e-9)
    return np.asarray(taken / met[owner])


def _solid(
    packer: Packer, zones: Zones, owner: npt.NDArray[np.int64], ground: Ground, own: npt.NDArray[np.bool_]
) -> Columns:
    """Of the opaque elements, `own`."""
    e = zones.elements
    index = e.construction[own]
    earth = e.boundary[own] == Boundary.GROUND
    out = e.boundary[own] == Boundary.OUTSIDE
    soiled = earth & (ground.soil is not None)
    row = index + soiled * len(zones.constructions)
    conductance = packer.conductance[row]
    capacity = packer.capacity[row] / packer.climate.step
    absorptance = np.array(
        [c.solar_absorptance if isinstance(c, Opaque) else 0.0 for c in zones.constructions]
    )
    below = ground.conductance[owner[own]]
    found = {
        "absorbed": absorptance[index] * out,
        "wind": out.astype(float),
        "soil": np.where(earth, below, 0.0),
    }
    # the start lies between the room and what is outside, as in a steady state
    beyond = np.where(earth, ground.temperature[owner[own]].mean(axis=1), _ROOM)
    beyond = np.where(out, packer.start, beyond)
    outer = np.where(earth, 1.0 / below, OUTSIDE_RESISTANCE)
    passed = np.cumsum(np.column_stack([outer, 1.0 / conductance]), axis=1)
    share = passed / (passed[:, -1] + INSIDE_RESISTANCE)[:, None]
    for k in range(5):
        found[f"c{k + 1}"] = capacity[:, k]
        found[f"t{k + 1}"] = beyond + (_ROOM - beyond) * share[:, k]
    for k in range(4):
        found[f"k{k + 1}{k + 2}"] = conductance[:, k]
    return found


def _glazed(packer: Packer, e: Elements, own: npt.NDArray[np.bool_]) -> Columns:
    """Of the windows, `own`."""
    index = e.construction[own]
    kinds = [(c, o) for c, o in zip(packer.zones.constructions, packer.optics, strict=True)]
    glazing = [c if isinstance(c, Glazing) else None for c, _ in kinds]

    def each(name: str) -> Float64:
        return np.array([0.0 if g is None else getattr(g, name) for g in glazing])[index]

    optics = [o for _, o in kinds]
    beam = np.array([np.zeros((3, DEGREE)) if o is None else o.beam for o in optics])[index]
    even = np.array([np.zeros(3) if o is None else o.diffuse for o in optics])[index]
    found = {
        "glass": 1.0 / np.array([1.0 if o is None else o.resistance for o in optics])[index],
        "open": 1.0 - each("frame_share"),
        "blind": each("shade_factor"),
        "blind_above": each("shade_above"),
        "shade": np.zeros(len(index)),
        "t1": np.full(len(index), packer.start),
        "t5": np.full(len(index), _ROOM),
    }
    for k, name in enumerate("boi"):
        found[f"{name}_even"] = even[:, k]
        for power in range(DEGREE):
            found[f"{name}{power + 1}"] = beam[:, k, power]
    if e.shade is not None:
        keys = zip(e.shade[own], e.azimuth[own], strict=True)
        found["shade"] = np.array([packer.pairs.get((int(s), float(a)), 0) for s, a in keys], float)
    return found
