"""The ground under a building as one layer of soil and a temperature below it that follows the seasons.

ISO 13370:2017: the steady loss of a slab on ground by its characteristic dimension, and how far the yearly
swing of the air comes through; put beside half a metre of soil with its mass (ISO 52016-1:2017, 6.5.8.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.energy.constructions import INSIDE_RESISTANCE, OUTSIDE_RESISTANCE, Layer
from analysis.energy.problem import Climate
from analysis.energy.zones import Boundary, Float64, Part, Zones

SOIL = Layer(0.5, 2.0, 2000.0, 1000.0)
"""Half a metre of sand or gravel (ISO 13370:2017, table 7: 2.0 W/(m K), 2·10⁶ J/(m³K))."""
_WALLS = 0.3
"""[m] Thickness of the walls around the slab, an assumption."""
_DEPTH = 3.2
"""[m] Periodic penetration depth of a year into such soil (ISO 13370:2017, table H.1)."""
_LAG = 1
"""[months] By which the loss follows the air outside (ISO 13370:2017, table H.2)."""
_BROADEST = 50.0
"""[m] Characteristic dimension that is not exceeded where nearly all of a zone's walls are shared."""
_CONTACT = 1e3
"""[W/(m²K)] Of the construction's outer face with ground whose temperature is given."""


@dataclass(frozen=True)
class Ground:
    """Of z zones. soil: between the construction and what is below, or None where the ground's temperature is
    given. conductance: (z,) below the soil [W/(m²K)]; temperature: (z, 12) below that, by month [°C]."""

    soil: Layer | None
    conductance: Float64
    temperature: Float64

    @classmethod
    def of(cls, zones: Zones, climate: Climate, resistance: Float64) -> Ground:
        """resistance: (e,) of each element's layers [m²K/W]."""
        z = len(zones)
        if zones.ground_temperature is not None:
            given = np.tile(np.asarray(zones.ground_temperature, float), (z, 1))
            return cls(None, np.full(z, _CONTACT), given)
        e = zones.elements
        owner = np.repeat(np.arange(z), np.diff(zones.first))
        floor = (e.boundary == Boundary.GROUND) & (e.part == Part.FLOOR)
        upright = (e.boundary == Boundary.OUTSIDE) & (np.abs(e.tilt - 90.0) < 30.0)
        area = np.bincount(owner, e.area * floor, z)
        walls = np.bincount(owner, e.area * upright, z)
        some = area > 0
        slab = np.where(some, area, 1.0)
        volume = zones.volume if zones.outer_volume is None else zones.outer_volume
        perimeter = np.maximum(walls / np.maximum(volume / slab, 1e-9), 1e-9)
        broad = np.minimum(slab / (0.5 * perimeter), _BROADEST)
        layers = np.bincount(owner, e.area * floor * resistance, z) / slab
        inward = INSIDE_RESISTANCE + layers + OUTSIDE_RESISTANCE
        thick = _WALLS + SOIL.conductivity * inward
        loose = 2.0 * SOIL.conductivity / (np.pi * broad + thick) * np.log(np.pi * broad / thick + 1.0)
        tight = SOIL.conductivity / (0.457 * broad + thick)
        steady = np.where(thick < broad, loose, tight)
        below = np.maximum(1.0 / steady - INSIDE_RESISTANCE - layers - SOIL.resistance, 1e-3)
        swing = 0.37 * SOIL.conductivity * np.log(_DEPTH / thick + 1.0) * 2.0 / broad / steady
        mean = float(climate.air.mean())
        counts = np.bincount(climate.month, minlength=12)
        monthly = np.bincount(climate.month, climate.air, 12) / np.maximum(counts, 1)
        departure = np.roll(np.where(counts > 0, monthly - mean, 0.0), _LAG)
        return cls(SOIL, 1.0 / below, mean + swing[:, None] * departure)
