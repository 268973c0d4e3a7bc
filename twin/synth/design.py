"""What a block's design consists of: buildings as masses, lawns, paved places, paths and trees.

Footprints and outlines are (m, 2) float64 in the local frame, counter-clockwise; heights of masses are
metres above the building's own ground.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from citygml.model import Float64
from twin.synth.plan import Block
from twin.synth.shapes import CLOSURE, GROUND

PARAPET = 1.1  # height of a parapet above the roof [m]

# Species, by their place in the code list SolitaryVegetationObject_species.
ZELKOVA, PINE, CHERRY, SHRUB, FRINGE, REDWOOD = "1000", "1010", "1020", "1030", "1040", "1050"


@dataclass(slots=True)
class Mass:
    """One solid of a building.

    kind: `flat` (behind a parapet), `plain`, `gabled`, `hipped`, `shed`, `pyramid`, `barrel`, `sawtooth`;
        all but flat, plain and pyramid have four corners, and their ridge runs along the first edge.
    low, eaves, top: bottom, eaves (or flat roof) and highest point (or parapet) [m].
    hole: footprint of the mass that stands on this one's roof.
    """

    kind: str
    footprint: Float64
    low: float
    eaves: float
    top: float
    hole: Float64 | None = None

    @property
    def bottom(self) -> str:
        return CLOSURE if self.low > 0 else GROUND


@dataclass(slots=True)
class RoofBox:
    """A plant room or crown on a roof: footprint (m, 2), bottom and top [m], a code of its function."""

    footprint: Float64
    low: float
    high: float
    function: str = "1040"


@dataclass(slots=True)
class Spec:
    """A building before it has an id, a ground height and attributes."""

    use: str
    masses: list[Mass]
    storeys: int
    storey_height: float
    name: str
    name_en: str
    boxes: list[RoofBox] = field(default_factory=list)
    below: int = 0
    households: int = 0
    year: int = 2024


@dataclass(slots=True)
class Design:
    """A block with all that stands and grows on it. trees: (x, y, species)."""

    block: Block
    buildings: list[Spec] = field(default_factory=list)
    lawns: list[Float64] = field(default_factory=list)
    plazas: list[Float64] = field(default_factory=list)
    fields: list[Float64] = field(default_factory=list)
    paths: list[Float64] = field(default_factory=list)
    trees: list[tuple[float, float, str]] = field(default_factory=list)
    benches: list[tuple[float, float, float]] = field(default_factory=list)
    alley: bool = False


def flat(footprint: Float64, low: float, roof: float, parapet: float = PARAPET) -> Mass:
    return Mass("flat", footprint, low, roof, roof + parapet)
