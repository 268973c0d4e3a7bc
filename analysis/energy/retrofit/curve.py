"""Which measures first, and which of them reach a goal at the least cost.

The curve is built step by step: each step simulates every measure that is left upon those already chosen, and
takes the one whose saving costs least, so that measures which weaken one another (a heat pump after
insulation) are counted with what is left for them. Measures of unknown cost come after all others, by what
they save.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias

import numpy as np

from analysis.energy.grades.scheme import Scheme
from analysis.energy.retrofit.apply import applied
from analysis.energy.retrofit.assess import amounts_of
from analysis.energy.retrofit.economics import DISCOUNT_RATE, Cost, Investment, cost_of_saving, investment
from analysis.energy.retrofit.figures import Evaluate, Figures, building_numbers, copies
from analysis.energy.retrofit.measures import Measure
from analysis.energy.zones import Zones

By = Literal["final", "primary", "co2"]
_BY: tuple[By, ...] = ("final", "primary", "co2")
Met: TypeAlias = Callable[[Figures], bool]
"""Whether the figures (1,) of some buildings together reach a goal."""
_LEAST = 1e-4
"""A measure that saves less than this share of what is used is not worth a step."""
MOST_TRIED = 600
"""Packages that are tried at most: some seconds for a building."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A measure upon those before it, on all buildings together. saved_final, saved_primary [kWh/a],
    saved_co2 [kg/a]: by it alone, net of what own modules make. investment [currency]: of it, less what it
    spares in those before of known cost; NaN unknown. cost: of a unit saved (kWh, or kg CO₂) [currency], NaN
    unknown. after: (1,) figures."""

    measure: Measure
    saved_final: float
    saved_primary: float
    saved_co2: float
    investment: float
    cost: float
    after: Figures


@dataclass(frozen=True, kw_only=True)
class Curve:
    """before: (1,) figures. left_out: measures that save nothing, or that a better one of the same kind
    stands for."""

    before: Figures
    steps: list[Step]
    left_out: list[Measure]


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A package that reaches a goal. all_tried: whether every combination was tried, so that it is known to
    be the cheapest (by yearly cost; of those with unknown costs, the one of fewest measures)."""

    measures: list[Measure]
    investment: float
    after: Figures
    all_tried: bool


def to_grade(scheme: Scheme, grade: int) -> Met:
    """The goal of a grade by self-sufficiency, or a better one."""
    return lambda figures: 1 <= int(scheme.grade(figures.self_sufficiency)[0]) <= grade


def curve(
    zones: Zones,
    measures: Sequence[Measure],
    evaluate: Evaluate,
    costs: Mapping[str, Cost] | None = None,
    *,
    by: By = "final",
    has_pv: bool = False,
    discount_rate: float = DISCOUNT_RATE,
) -> Curve:
    """The steps for all buildings of some zones together. by: what a unit saved is of. has_pv: they have the
    modules of a `pv` measure already."""
    costs = costs or {}
    priced = {m.id for m in measures if m.id in costs and not np.isnan(m.lifetime)}
    left = list(measures)
    chosen: list[Measure] = []
    steps: list[Step] = []
    before: Figures | None = None
    while left or before is None:
        packages = [chosen, *([*chosen, one] for one in left)]
        tried = _tried(zones, packages, evaluate, costs, has_pv, discount_rate, priced)
        now = tried[0]
        before = before or now[0]
        found = [
            _step(one, now, then, by, one.id in priced) for one, then in zip(left, tried[1:], strict=True)
        ]
        some = [s for s in found if _saved(s, by) > _LEAST * abs(_used(before, by))]
        if not some:
            break
        best = min(some, key=lambda s: (np.isnan(s.cost), s.cost if s.cost == s.cost else -_saved(s, by)))
        steps.append(best)
        chosen = [*chosen, best.measure]
        left = [m for m in left if m.slot != best.measure.slot]
    taken = {step.measure.id for step in steps}
    return Curve(before=before, steps=steps, left_out=[m for m in measures if m.id not in taken])


def reach(
    zones: Zones,
    measures: Sequence[Measure],
    met: Met,
    evaluate: Evaluate,
    costs: Mapping[str, Cost] | None = None,
    *,
    by: By = "primary",
    has_pv: bool = False,
    discount_rate: float = DISCOUNT_RATE,
    most: int = MOST_TRIED,
) -> Reached | None:
    """The cheapest package with which all buildings of some zones together reach a goal; None where none was
    found that does. most: packages to try, all at once; with more, the goal is sought along the curve."""
    slots: dict[tuple[str, str], list[Measure | None]] = {}
    for measure in measures:
        slots.setdefault(measure.slot, [None]).append(measure)
    count = int(np.prod([len(choices) for choices in slots.values()])) if slots else 1
    known = costs or {}
    if count <= most:
        packages = [[m for m in package if m is not None] for package in product(*slots.values())]
        return _cheapest(zones, packages, met, evaluate, known, has_pv, discount_rate)
    found = curve(zones, measures, evaluate, costs, by=by, has_pv=has_pv, discount_rate=discount_rate)
    afterwards = [found.before, *(step.after for step in found.steps)]
    enough = next((k for k, after in enumerate(afterwards) if met(after)), None)
    if enough is None:
        return None
    package = [step.measure for step in found.steps[:enough]]
    while True:
        fewer = [[m for m in package if m is not one] for one in package]
        tried = _tried(zones, [package, *fewer], evaluate, known, has_pv, discount_rate)
        whole, spared = tried[0], [k for k, (figures, _) in enumerate(tried[1:]) if met(figures)]
        if not spared:
            return Reached(
                measures=package,
                investment=float(whole[1].total.sum()),
                after=whole[0],
                all_tried=False,
            )
        package = fewer[min(spared, key=lambda k: _price(tried[k + 1][1], fewer[k]))]


def _cheapest(
    zones: Zones,
    packages: Sequence[Sequence[Measure]],
    met: Met,
    evaluate: Evaluate,
    costs: Mapping[str, Cost],
    has_pv: bool,
    discount_rate: float,
) -> Reached | None:
    tried = _tried(zones, packages, evaluate, costs, has_pv, discount_rate)
    good = [k for k, (figures, _) in enumerate(tried) if met(figures)]
    if not good:
        return None
    best = min(good, key=lambda k: _price(tried[k][1], packages[k]))
    figures, money = tried[best]
    return Reached(
        measures=list(packages[best]), investment=float(money.total.sum()), after=figures, all_tried=True
    )


def _price(money: Investment, package: Sequence[Measure]) -> tuple[bool, float, int]:
    """For order: what is known to be cheap first, then what has few measures."""
    yearly = float(money.yearly.sum())
    return bool(np.isnan(yearly)), 0.0 if np.isnan(yearly) else yearly, len(package)


def _tried(
    zones: Zones,
    packages: Sequence[Sequence[Measure]],
    evaluate: Evaluate,
    costs: Mapping[str, Cost],
    has_pv: bool,
    discount_rate: float,
    priced: Collection[str] | None = None,
) -> list[tuple[Figures, Investment]]:
    """The figures (1,) and the money of each package on all zones, simulated together. priced: ids of the
    measures whose money counts; None for all."""
    names, owner = building_numbers(zones)
    z, b = len(zones), len(names)
    stacked = copies(zones, len(packages))
    modules = np.full(len(stacked), has_pv)
    areas: list[dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]] = []
    for k, package in enumerate(packages):
        own = np.arange(k * z, (k + 1) * z)
        stacked, covered = applied(stacked, package, own)
        areas.append({id: area[own] for id, area in covered.items()})
        modules[own] |= any(measure.kind == "pv" for measure in package)
    figures = evaluate(stacked, modules)
    found = []
    for k, package in enumerate(packages):
        own_figures = figures.some(slice(k * b, (k + 1) * b))
        amounts = amounts_of(zones, package, areas[k], owner, own_figures, has_pv)
        paid = [m for m in package if priced is None or m.id in priced]
        money = investment(paid, amounts, costs, b, discount_rate=discount_rate)
        found.append((own_figures.together(), money))
    return found


def _step(
    measure: Measure,
    now: tuple[Figures, Investment],
    then: tuple[Figures, Investment],
    by: By,
    priced: bool,
) -> Step:
    """priced: whether the money of the measure is known."""
    saved = {what: _used(now[0], what) - _used(then[0], what) for what in _BY}
    total, yearly = (
        float(after.sum() - before.sum()) if priced else np.nan
        for before, after in ((now[1].total, then[1].total), (now[1].yearly, then[1].yearly))
    )
    return Step(
        measure=measure,
        saved_final=saved["final"],
        saved_primary=saved["primary"],
        saved_co2=saved["co2"],
        investment=total,
        cost=float(cost_of_saving(np.array([yearly]), np.array([saved[by]]))[0]),
        after=then[0],
    )


def _used(figures: Figures, by: By) -> float:
    """Of all buildings, net of what own modules make: energy [kWh], or CO₂ [kg]."""
    if by == "final":
        return float((figures.final_total - figures.produced).sum())
    if by == "primary":
        return float((figures.primary - figures.produced_primary).sum())
    return float(figures.co2.sum())


def _saved(step: Step, by: By) -> float:
    return {"final": step.saved_final, "primary": step.saved_primary, "co2": step.saved_co2}[by]
