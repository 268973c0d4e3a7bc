"""Zones as the rows of numbers that the kernel runs on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.energy.constructions import Glazing, Opaque
from analysis.energy.detailed import layout as at
from analysis.energy.detailed.fields import Fields
from analysis.energy.detailed.glazing import optics
from analysis.energy.detailed.ground import SOIL, Ground
from analysis.energy.detailed.nodes import five_nodes
from analysis.energy.irradiance import diffuse_shares, sunlit
from analysis.energy.problem import Climate
from analysis.energy.uses import by_month
from analysis.energy.zones import Float32, Float64, Zones

Int64 = npt.NDArray[np.int64]
_OFF = 1e30
"""[K] A set point that is never met."""
_OPEN = -90.0
"""[degrees] A skyline that hides nothing."""


@dataclass(frozen=True)
class Rows:
    """What `march.run` takes of zones, under its names there."""

    blocks: Float64
    first: Int64
    counts: Int64
    lanes: Int64
    skyline: Float32
    rows: Int64


class Packer:
    """Makes `Rows` of parts of a set of zones, whose constructions and fixed shading it works out once."""

    def __init__(self, zones: Zones, climate: Climate) -> None:
        self.zones, self.climate = zones, climate
        self.glass = np.array([isinstance(c, Glazing) for c in zones.constructions], bool)
        solid = [c.layers if isinstance(c, Opaque) else (SOIL,) for c in zones.constructions]
        # the same again with soil below, for what stands on the ground
        nodes = [five_nodes(layers) for layers in solid] + [five_nodes((SOIL, *layers)) for layers in solid]
        self.conductance, self.capacity = (np.array([n[k] for n in nodes]) for k in (0, 1))
        self.optics = [optics(c) if isinstance(c, Glazing) else None for c in zones.constructions]
        self.resistance = np.array([sum(layer.resistance for layer in layers) for layers in solid])
        self.start = float(climate.air[: max(1, round(7 * 86400 / climate.step))].mean())
        self.pairs: dict[tuple[int, float], int] = {}
        self.diffuse = np.array([(1.0, 1.0), *(diffuse_shares(shade) for shade in zones.shades)])
        e = zones.elements
        if e.shade is not None:
            for k in np.flatnonzero((e.shade >= 0) & self.glass[e.construction]):
                self.pairs.setdefault((int(e.shade[k]), float(e.azimuth[k])), len(self.pairs) + 1)

    def sunlit(self) -> Float64:
        """(n, pairs) sunlit shares of windows with fixed shading; the first is of those without."""
        light = self.climate.light
        columns = [np.ones(len(light.direct))]
        columns += [sunlit(self.zones.shades[shade], azimuth, light.sun) for shade, azimuth in self.pairs]
        return np.ascontiguousarray(np.column_stack(columns))

    def rows(self, numbers: Int64) -> Rows:
        """Of the zones with these numbers, those of about as many elements side by side."""
        zones = self.zones
        glass = self.glass[zones.elements.construction]
        windows = np.concatenate([[0], np.cumsum(glass)])[zones.first]
        window_count = np.diff(windows)[numbers]
        opaque_count = np.diff(zones.first)[numbers] - window_count
        numbers = numbers[np.lexsort((window_count, opaque_count))]
        groups = -(-len(numbers) // at.LANES)
        lanes = np.full(groups * at.LANES, -1, np.int64)
        lanes[: len(numbers)] = numbers
        # the last group's lanes without a zone repeat its last one
        return self._laid_out(zones.some(np.where(lanes < 0, numbers[-1], lanes)), lanes.reshape(groups, -1))

    def _laid_out(self, zones: Zones, lanes: Int64) -> Rows:
        e, z = zones.elements, len(zones)
        owner = np.repeat(np.arange(z), np.diff(zones.first))
        glass = self.glass[e.construction]
        count = np.array([np.bincount(owner, ~glass, z), np.bincount(owner, glass, z)], np.int64)
        most = count.reshape(2, -1, at.LANES).max(axis=2)
        size = at.ZONE_SIZE + (1 + most.sum(axis=0)) * at.SIZE
        first = np.concatenate([[0], np.cumsum(size)])
        places = np.concatenate([[0], np.cumsum(most.sum(axis=0))])
        group, lane = owner // at.LANES, owner % at.LANES
        earlier = np.cumsum(glass) - glass
        earlier -= earlier[zones.first[:-1]][owner]
        slot = np.where(glass, earlier, np.arange(len(e)) - zones.first[:-1][owner] - earlier)
        slot = np.where(glass, most[0][group], 0) + slot
        start = first[group] + at.ZONE_SIZE + (1 + slot) * at.SIZE + lane
        blocks = np.zeros(first[-1])
        for g in range(len(lanes)):
            # slots without an element must have a finite temperature
            body = blocks[first[g] + at.ZONE_SIZE + at.SIZE : first[g + 1]].reshape(-1, at.SIZE)
            body[:, at.OPAQUE.radiant : at.OPAQUE.radiant + at.LANES] = 1.0
            body[: most[0, g], at.OPAQUE.k12 : at.OPAQUE.k45 + at.LANES] = 1.0
        ground = Ground.of(zones, self.climate, self.resistance[e.construction])
        fields = Fields.of(self, zones, owner, ground)
        for chosen, names, values in ((~glass, at.OPAQUE, fields.opaque), (glass, at.WINDOW, fields.window)):
            for name, column in values.items():
                blocks[start[chosen] + getattr(names, name)] = column
        whole = first[np.arange(z) // at.LANES] + np.arange(z) % at.LANES
        for name, column in fields.zone.items():
            blocks[whole + getattr(at.ZONE, name)] = column
        for month in range(at.MONTHS):
            blocks[whole + at.GROUND + month * at.LANES] = ground.temperature[:, month]
        steps = 1 if e.horizon is None else e.horizon.shape[1]
        skyline = np.full((places[-1], steps, at.LANES), _OPEN, np.float32)
        if e.horizon is not None:
            skyline[places[group] + slot, :, lane] = e.horizon
        return Rows(blocks, first, most.T.copy(), lanes, skyline, places[:-1])


def weeks_of(zones: Zones) -> Float64:
    """(uses, 12 × 168, at.WEEKS) by month; set points that are off are out of reach."""
    weeks = [
        [
            np.where(np.isnan(use.heating_set), -_OFF, use.heating_set),
            np.where(np.isnan(use.cooling_set), _OFF, use.cooling_set),
            use.people + use.appliances + use.lighting,
            use.ventilation,
            use.night_ventilation,
            use.occupied,
        ]
        for use in zones.uses
    ]
    return np.array([np.column_stack([by_month(week).ravel() for week in of_use]) for of_use in weeks])
