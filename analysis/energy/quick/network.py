"""Zones as networks of five resistances and a capacity (ISO 13790:2008, annex C), and their sunlit elements.

    outside ──ventilation── air ──inside── surfaces ──windows── outside
                                              │
                                             mass ──opaque── outside and ground, and the capacity

U-values are those of ISO 6946, the capacity within reach of a day that of ISO 13786:2017, annex C (10 cm,
or up to the insulation). Beyond the standard, the sky has the weather's temperature instead of one 11 K
below the air, the soil below floors is that of ISO 13370, and windows let light through by its angle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.constructions import INSIDE_RESISTANCE, OUTSIDE_RESISTANCE, Construction, Glazing, Layer
from analysis.energy.detailed.glazing import DEGREE, Optics, optics
from analysis.energy.detailed.ground import Ground
from analysis.energy.irradiance import Views, diffuse_shares
from analysis.energy.problem import Climate
from analysis.energy.zones import Boundary, Float64, Int32, Zones

Int64: TypeAlias = npt.NDArray[np.int64]

INSIDE = 3.45
"""[W/(m²K)] Between air and surfaces (ISO 13790:2008, 7.2.2.2)."""
MASS = 9.1
"""[W/(m²K)] Between surfaces and mass (ISO 13790:2008, 12.2.2)."""
RADIATIVE = 5.0
"""[W/(m²K)] Long-wave coefficient outside of a black surface at 10 °C (ISO 13790:2008, 11.4.6)."""
REACH = 0.1
"""[m] From the inside, that a day's heat gets to (ISO 13786:2017, annex C)."""
INSULATING = 0.08
"""[W/(m K)] Up to this, a layer counts as insulation; the standard has no figure, and no masonry or timber
has as little (ISO 10456:2007, table 3)."""
LEAST_MASS_AREA = 2.5
"""Effective mass area per floor area of light and medium buildings (ISO 13790:2008, table 12), where
constructions have no mass at all."""


@dataclass(frozen=True)
class Network:
    """Of z zones, each (z,). windows, opaque: conductances through glass, and through all else [W/K]; ground:
    share of `opaque` that leads to the ground [1]; inside: between air and surfaces, mass: between surfaces
    and mass [W/K]; capacity [J/K]. to_mass, to_surfaces: shares of radiant gains and of sunlight [1].
    to_sky: heat lost per kelvin between air and sky [W/K]. below: (z, 12) temperature of the ground [°C]."""

    windows: Float64
    opaque: Float64
    ground: Float64
    inside: Float64
    mass: Float64
    capacity: Float64
    to_mass: Float64
    to_surfaces: Float64
    to_sky: Float64
    below: Float64

    @classmethod
    def of(cls, zones: Zones, climate: Climate) -> Network:
        """By the zones' constructions and areas."""
        e, z = zones.elements, len(zones)
        glass = np.array([isinstance(c, Glazing) for c in zones.constructions], bool)[e.construction]
        resistance = np.array([0.0 if isinstance(c, Glazing) else c.resistance for c in zones.constructions])
        u_value = np.array([c.u_value for c in zones.constructions])[e.construction]
        emissivity = np.array([c.emissivity for c in zones.constructions])[e.construction]
        outside, grounded = e.boundary == Boundary.OUTSIDE, e.boundary == Boundary.GROUND
        owner = np.repeat(np.arange(z), np.diff(zones.first))

        def of_zones(values: Float64) -> Float64:
            return np.asarray(np.bincount(owner, values, z), np.float64)

        soil = Ground.of(zones, climate, resistance[e.construction])
        under = INSIDE_RESISTANCE + resistance[e.construction] + 1.0 / soil.conductance[owner]
        under = under + (0.0 if soil.soil is None else soil.soil.resistance)
        u_value = np.where(grounded, 1.0 / under, u_value)
        windows = of_zones(u_value * e.area * (outside & glass))
        to_ground = of_zones(e.area * grounded * u_value)
        opaque = of_zones(u_value * e.area * (outside & ~glass)) + to_ground
        reach = np.array([within_reach(c) for c in zones.constructions])[e.construction]
        capacity, squares = of_zones(reach * e.area), of_zones(reach**2 * e.area)
        total = of_zones(e.area)
        some = squares > 0
        mass_area = np.where(
            some, capacity**2 / np.where(some, squares, 1.0), LEAST_MASS_AREA * zones.floor_area
        )
        return cls.with_areas(
            windows,
            opaque,
            total,
            mass_area,
            capacity + zones.heat_capacity,
            ground=to_ground / np.maximum(opaque, 1e-9),
            to_sky=of_zones(
                OUTSIDE_RESISTANCE * RADIATIVE * emissivity * u_value * e.area * outside * _sky(zones)
            ),
            below=soil.temperature,
        )

    @classmethod
    def with_areas(
        cls,
        windows: Float64,
        opaque: Float64,
        total: Float64,
        mass_area: Float64,
        capacity: Float64,
        *,
        ground: Float64,
        to_sky: Float64,
        below: Float64,
        inside: float = INSIDE,
    ) -> Network:
        """total: of all surfaces that face the zone, mass_area: effective area of the mass [m²]; inside:
        between air and surfaces [W/(m²K)]; the rest as the fields. The mass area is kept within what the
        network allows: it lets more through than all opaque elements, and leaves the surfaces a share."""
        total = np.maximum(total, 1e-6)
        most = np.maximum(total - windows / MASS, 1e-9)
        area = np.clip(mass_area, np.minimum(1.05 * opaque / MASS, most), most)
        mass = np.maximum(MASS * area, 1.05 * opaque)
        return cls(
            windows=windows,
            opaque=opaque,
            ground=ground,
            inside=inside * total,
            mass=mass,
            capacity=capacity,
            to_mass=area / total,
            to_surfaces=1.0 - area / total - windows / (MASS * total),
            to_sky=to_sky,
            below=below,
        )


@dataclass(frozen=True)
class Sunny:
    """The s elements that the sun heats, those of a zone next to one another.

    first: (z + 1,). numbers: (s,) of the elements in the zones. gain: (s,) area that takes up all light,
    through opaque elements or the clear part of glass at normal incidence [m²]; what: (s,) -1 of opaque
    elements, else the row of `angles`. normal: (s, 3); views: (s, 3) of the even sky, the band along the
    horizon and the ground, past fixed shading. shaded: (s,) column of the sunlit shares, 0 for none.
    angles: (k, 1 + DEGREE): of a glazing what gets through of even light, and the polynomial in the cosine
    of incidence. blind: (s, 2) what a blind lets through, and the light that it is closed above [W/m²].
    """

    first: Int32
    numbers: Int64
    gain: Float64
    what: Int64
    normal: Float64
    views: Float64
    shaded: Int64
    angles: Float64
    blind: Float64
    pairs: tuple[tuple[int, float], ...]

    @classmethod
    def of(cls, zones: Zones) -> Sunny:
        """pairs: fixed shading and azimuth of each column of the sunlit shares but the first."""
        e = zones.elements
        glass = np.array([isinstance(c, Glazing) for c in zones.constructions], bool)[e.construction]
        chosen = np.flatnonzero((e.boundary == Boundary.OUTSIDE) & (e.area > 0))
        owner = np.repeat(np.arange(len(zones)), np.diff(zones.first))[chosen]
        first = np.searchsorted(owner, np.arange(len(zones) + 1)).astype(np.int32)
        of_opaque = np.array([_opaque_gain(c) for c in zones.constructions])
        of_glass = np.array([_clear(c) for c in zones.constructions])
        kind = e.construction[chosen]
        gain = e.area[chosen] * np.where(glass[chosen], of_glass[kind], of_opaque[kind])
        views = Views.of(e)
        seen = np.column_stack([views.sky, views.band, views.ground])[chosen]
        shaded = np.zeros(len(chosen), np.int64)
        pairs: dict[tuple[int, float], int] = {}
        if e.shade is not None:
            shares = [diffuse_shares(shade) for shade in zones.shades]
            for k in np.flatnonzero((e.shade[chosen] >= 0) & glass[chosen]):
                key = (int(e.shade[chosen[k]]), float(e.azimuth[chosen[k]]))
                shaded[k] = pairs.setdefault(key, len(pairs) + 1)
                sky, ground = shares[key[0]]
                seen[k] *= (sky, sky, ground)
        angles = np.zeros((len(zones.constructions), 1 + DEGREE))
        blind = np.tile([1.0, np.inf], (len(zones.constructions), 1))
        for k, construction in enumerate(zones.constructions):
            if isinstance(construction, Glazing):
                angles[k] = total_transmittance(construction, optics(construction))
                blind[k] = construction.shade_factor, construction.shade_above
        return cls(
            first=first,
            numbers=chosen,
            gain=gain,
            what=np.where(glass[chosen], kind, -1),
            normal=np.ascontiguousarray(views.normal[chosen]),
            views=seen,
            shaded=shaded,
            angles=angles,
            blind=blind[kind],
            pairs=tuple(pairs),
        )


def within_reach(construction: Construction) -> float:
    """[J/(m²K)] Capacity from the inside up to `REACH`, the first layer of insulation or, where there is no
    insulation, the middle."""
    if isinstance(construction, Glazing):
        return 0.0
    layers = construction.layers
    insulated = any(_insulates(layer) for layer in layers)
    left = REACH if insulated else min(REACH, sum(layer.thickness for layer in layers) / 2)
    total = 0.0
    for layer in reversed(layers):
        if left <= 0 or _insulates(layer):
            break
        total += layer.capacity * min(1.0, left / layer.thickness)
        left -= layer.thickness
    return total


def total_transmittance(glazing: Glazing, found: Optics) -> Float64:
    """(1 + DEGREE,) of even light, and the polynomial in the cosine of incidence: what of the light becomes
    heat inside, relative to the area of the glass."""
    resistance = found.resistance + INSIDE_RESISTANCE + OUTSIDE_RESISTANCE
    inward = np.array(
        [1.0, OUTSIDE_RESISTANCE / resistance, (OUTSIDE_RESISTANCE + found.resistance) / resistance]
    )
    return np.concatenate([[inward @ found.diffuse], inward @ found.beam])


def _insulates(layer: Layer) -> bool:
    return layer.conductivity <= INSULATING


def _opaque_gain(construction: Construction) -> float:
    if isinstance(construction, Glazing):
        return 0.0
    return construction.solar_absorptance * OUTSIDE_RESISTANCE * construction.u_value


def _clear(construction: Construction) -> float:
    return 1.0 - construction.frame_share if isinstance(construction, Glazing) else 0.0


def _sky(zones: Zones) -> Float64:
    """(e,) share of the hemisphere before an element that is sky."""
    return Views.of(zones.elements).sky
