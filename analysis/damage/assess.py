"""Damage: depths at buildings into money, by building, block and in all, with a low and a high beside it.

    structure = floor area at risk x cost x (1 - undamageable) x depreciation x curve(depth - threshold)
    contents  = structure x contents ratio

The floor area at risk is that of the lowest storeys, as many as `Vulnerability.storeys`. Method and limits:
docs/damage.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.damage.curves import Curve
from analysis.damage.uses import NONE
from analysis.damage.values import Costs, Prices, Vulnerability
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

Float64: TypeAlias = npt.NDArray[np.float64]

CASES = {"low": -1.0, "central": 0.0, "high": 1.0}
_MONEY = ("structure", "contents", "damage", "damage_low", "damage_high", "value")


@dataclass(frozen=True)
class Assessment:
    """buildings: a row each (see `assess`). blocks: sums by block. totals: of everything, numbers only.

    currency and price_year: of every amount of money. notes: what the numbers rest on.
    """

    buildings: pd.DataFrame
    blocks: pd.DataFrame
    totals: dict[str, float]
    currency: str
    price_year: int
    notes: list[str]

    def units(self, frame: pd.DataFrame) -> dict[str, str]:
        """The units of the columns of a table of this assessment."""
        fixed = {
            "footprint_area": "m2",
            "floor_area": "m2",
            "depth": "m",
            "storeys": "1",
            "fraction": "1",
            "households": "1",
            "people": "1",
            "people_exposed": "1",
            "people_on_wet_floors": "1",
        }
        money = dict.fromkeys(_MONEY, self.currency)
        return {name: unit for name, unit in {**fixed, **money}.items() if name in frame.columns}


def assess(
    exposure: pd.DataFrame,
    depth: npt.ArrayLike,
    curves: Mapping[str, Curve],
    costs: Costs,
    *,
    vulnerability: Vulnerability | None = None,
    prices: Prices | None = None,
    exposed_from: float = 0.1,
    storey_height: float = 3.0,
) -> Assessment:
    """The damage of water that stands at buildings.

    exposure: of `analysis.damage.exposure`. depth: (n,) [m] at its rows, above the ground outside.
    exposed_from: depth from which the people of a building count as exposed [m].

    The table of buildings is the exposure with depth [m]; value, the greatest damage to structure and
    contents at risk; fraction, the lost share; structure, contents and their sum damage, and that as
    damage_low and damage_high [currency]; people_exposed, all who live in a building with water at it;
    people_on_wet_floors, those on its storeys that the water reaches, as if they lived evenly over all.
    Raises AnalysisError for a depth that is no number or negative, or a sector without a curve or a cost.
    """
    vulnerability, prices = vulnerability or Vulnerability(), prices or Prices()
    prices.check(costs)
    water = np.asarray(depth, np.float64)
    if water.shape != (len(exposure),) or not np.isfinite(water).all() or (water < 0).any():
        raise AnalysisError(f"expected a depth of 0 m or more for each of {len(exposure)} buildings")
    frame = exposure.copy()
    frame["depth"] = water
    value, structure_share = _values(frame, costs, vulnerability, prices)
    frame["value"] = value
    damage = {}
    for case, side in CASES.items():
        fraction = _fractions(frame, curves, water, case, side, vulnerability)
        damage[case] = value * fraction * (1 + side * vulnerability.cost_error)
        if case == "central":
            frame["fraction"] = fraction
    frame["structure"] = damage["central"] * structure_share
    frame["contents"] = damage["central"] - frame["structure"]
    frame["damage"] = damage["central"]
    frame["damage_low"] = np.minimum(damage["low"], damage["central"])
    frame["damage_high"] = np.maximum(damage["high"], damage["central"])
    people = frame["people"].to_numpy(np.float64)
    wet = water >= exposed_from
    reached = np.ceil(np.maximum(water - vulnerability.threshold, 0) / storey_height)
    frame["people_exposed"] = np.where(wet, people, 0.0)
    share = np.minimum(reached / np.maximum(frame["storeys"].to_numpy(np.float64), 1), 1)
    frame["people_on_wet_floors"] = np.where(wet, people * share, 0.0)
    sums = ["value", "structure", "contents", "damage", "damage_low", "damage_high"]
    sums += ["people_exposed", "people_on_wet_floors"]
    frame["flooded"] = wet
    blocks = frame.groupby("block", sort=True).agg(
        buildings=("id", "size"),
        buildings_flooded=("flooded", "sum"),
        depth=("depth", "max"),
        **{name: (name, "sum") for name in sums},
    )
    totals = {"buildings": float(len(frame)), "buildings_flooded": float(wet.sum())}
    totals |= {name: float(frame[name].sum()) for name in sums}
    return Assessment(
        frame,
        blocks,
        totals,
        prices.currency or costs.currency,
        prices.year or costs.price_year,
        _notes(frame, curves, costs, prices, vulnerability),
    )


def _values(frame: pd.DataFrame, costs: Costs, v: Vulnerability, prices: Prices) -> tuple[Float64, Float64]:
    """((n,) greatest damage to structure and contents [currency], (n,) the structure's share of it)."""
    sector = frame["sector"].to_numpy(object)
    unit = np.zeros(len(frame))
    contents = np.zeros(len(frame))
    for name in sorted({str(s) for s in sector} - {NONE}):
        if name not in costs.cost or name not in v.contents:
            raise AnalysisError(f"there is no cost or contents ratio for the sector {name!r}")
        unit[sector == name] = costs.cost[name] * prices.index * prices.exchange
        contents[sector == name] = v.contents[name]
    storeys = np.maximum(frame["storeys"].to_numpy(np.float64), 1)
    at_risk = frame["floor_area"].to_numpy(np.float64) * np.minimum(1.0, v.storeys / storeys)
    structure = at_risk * unit * (1 - v.undamageable) * v.depreciation
    return structure * (1 + contents), 1 / (1 + contents)


def _fractions(
    frame: pd.DataFrame, curves: Mapping[str, Curve], water: Float64, case: str, side: float, v: Vulnerability
) -> Float64:
    """(n,) lost share; an error of the depth wets nothing that is dry."""
    sector = frame["sector"].to_numpy(object)
    inside = np.where(water > 0, water - v.threshold + side * v.depth_error, 0.0)
    fractions = np.zeros(len(frame))
    for name in sorted({str(s) for s in sector} - {NONE}):
        if name not in curves:
            raise AnalysisError(f"there is no damage curve for the sector {name!r}")
        fractions[sector == name] = curves[name].at(inside[sector == name], case)
    return fractions


def _notes(
    frame: pd.DataFrame, curves: Mapping[str, Curve], costs: Costs, prices: Prices, v: Vulnerability
) -> list[str]:
    money = f"{prices.currency or costs.currency} of {prices.year or costs.price_year}"
    notes = [f"costs of {costs.country} in {money}; curves of {costs.region}"]
    notes += [curves[s].note for s in sorted(set(frame["sector"]) & set(curves)) if curves[s].note]
    unknown = int((frame["use_from"] == "default").sum())
    if unknown:
        notes.append(f"{unknown} of {len(frame)} buildings do not say what they are used for")
    measured = int((frame["floor_area_from"] != "attribute").sum())
    if measured:
        notes.append(f"the floor area of {measured} of {len(frame)} buildings is their footprint by storeys")
    return notes


def summary(assessment: Assessment) -> dict[str, Any]:
    """The totals with their currency and price year, as JSON has them."""
    money = {name: round(value, 2) for name, value in assessment.totals.items()}
    return {
        "currency": assessment.currency,
        "price_year": assessment.price_year,
        **money,
        "notes": assessment.notes,
    }
