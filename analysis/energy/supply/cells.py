"""Fuel cells: electricity and heat from gas, led by the one or by the other.

Led by heat, a cell runs as far as its heat is used and its electricity is what comes of it; led by power, as
far as electricity is lacking, and heat that nobody takes is let go; "always" runs at full power. Below its
least load it is off.

Limits. Efficiencies do not depend on the load; starts, which take a solid oxide cell most of a day, and
stores of heat are left out, so that a solid oxide cell is right with "always" alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.energy.supply.arrays import per_building, series
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError

Led = Literal["heat", "power", "always"]


@dataclass(frozen=True, kw_only=True)
class FuelCell:
    """power: (b,) or one for all, greatest of electricity [W]. electric, thermal: over the fuel's energy, by
    its lower heating value [1]. least: share of the power below which it is off [1]."""

    power: npt.ArrayLike
    electric: float
    thermal: float
    least: float = 0.3
    source: str = ""

    def __post_init__(self) -> None:
        if not (self.electric > 0 and self.thermal >= 0 and self.electric + self.thermal <= 1.1):
            raise AnalysisError(
                "a fuel cell's electric and thermal efficiency must be above 0 and not exceed 1.1 together"
            )
        if not 0 <= self.least <= 1:
            raise AnalysisError(f"the least load of a fuel cell must be from 0 to 1, not {self.least:g}")


def polymer_cell(power: npt.ArrayLike) -> FuelCell:
    """Polymer electrolyte, as in Korean houses of 1 kW."""
    return FuelCell(
        power=power,
        electric=0.35,
        thermal=0.55,
        source="1 kW cell of the Korean Green Home programme (2010-11), primeetech.com; least load assumed",
    )


def solid_oxide_cell(power: npt.ArrayLike) -> FuelCell:
    """Solid oxide."""
    return FuelCell(
        power=power,
        electric=0.60,
        thermal=0.25,
        source="60 % net electric: SOFT-PACT, CORDIS 278804; 85 % together: kharn.kr 22907; least load"
        " assumed",
    )


@dataclass(frozen=True)
class CellOutput:
    """(b, n) [W]: electricity, heat that is used, heat let go, fuel by its lower heating value."""

    electricity: Float64
    heat: Float64
    let_go: Float64
    fuel: Float64


def run_cells(
    cell: FuelCell, electricity: npt.ArrayLike, heat: npt.ArrayLike, *, led: Led = "heat"
) -> CellOutput:
    """What cells make where electricity and heat (b, n) [W] are wanted. Raises AnalysisError for demands that
    do not fit."""
    wanted = series("the demand for electricity", electricity)
    warm = series("the demand for heat", heat, wanted)
    most = per_building("the power of fuel cells", cell.power, len(wanted))[:, None]
    if led == "always":
        made = np.broadcast_to(most, wanted.shape).copy()
    elif led == "power":
        made = np.minimum(wanted, most)
    elif led == "heat" and cell.thermal > 0:
        made = np.minimum(warm * cell.electric / cell.thermal, most)
    else:
        raise AnalysisError(f"a fuel cell is led by heat, power or always; {led!r} does not fit it")
    made = np.where(made < cell.least * most, 0.0, made)
    fuel = made / cell.electric
    used = np.minimum(fuel * cell.thermal, warm)
    return CellOutput(made, used, fuel * cell.thermal - used, fuel)
