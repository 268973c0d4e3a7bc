"""Grades and scopes of a city that was computed: from the energy its buildings buy and what it makes.

Pumps and controls count with heating. A zone whose carrier has no known primary energy factor has no primary
energy, and neither has a sum that it is part of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.energy.delivered import AUXILIARY, Delivered
from analysis.energy.grades.plan import PlanRow
from analysis.energy.grades.scheme import Scheme
from analysis.energy.grades.scopes import FIVE_USES, Scope, ScopeBalance, scope_balances
from analysis.energy.systems import Carrier
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError


def by_need(made: Delivered) -> tuple[dict[str, Float64], dict[str, Float64]]:
    """((z,) final, (z,) primary) energy of a year by need [kWh]; needs of which nothing is bought have 0."""
    final: dict[str, Float64] = {}
    primary: dict[str, Float64] = {}
    for carrier, needs in made.final.items():
        factor = made.factors.of(carrier).primary
        for need, months in needs.items():
            name = "heating" if need == AUXILIARY else need
            used = months.sum(axis=1)
            weighed = np.where(used > 0, used * (np.nan if factor is None else factor), 0.0)
            final[name] = final.get(name, 0.0) + used
            primary[name] = primary.get(name, 0.0) + weighed
    return final, primary


def five_uses(made: Delivered) -> tuple[Float64, Float64]:
    """((z,) final, (z,) primary) energy of a year [kWh] that the grade of a building counts: heating,
    cooling, hot water, lighting and ventilation, without appliances."""
    nothing = np.zeros(made.zones)
    final, primary = (np.sum([part.get(use, nothing) for use in FIVE_USES], axis=0) for part in by_need(made))
    return final, primary


def primary_of_electricity(made: Delivered) -> float:
    """Factor that own electricity counts with as primary energy. Raises AnalysisError where none is known."""
    factor = made.factors.of(Carrier.ELECTRICITY).primary
    if factor is None:
        raise AnalysisError(
            f"there is no primary energy factor of electricity in {made.factors.country}; give a table"
            " that has one"
        )
    return factor


def rows_of_city(kinds: Sequence[str], consumed: Float64, power: Float64, produced: Float64) -> list[PlanRow]:
    """A city that was computed as rows of a plan, for `plan_report`: one for each kind of building (such as
    its use, in the order in which they first come) under one for the city. kinds: (b,). consumed: (b,)
    primary energy of a year [kWh]; power: (b,) of modules [kW]; produced: (b,) by them on site [kWh]."""
    names = list(dict.fromkeys(kinds))
    place = {name: k for k, name in enumerate(names)}
    number = np.array([place[kind] for kind in kinds], np.int64)
    demand, modules, made = (np.bincount(number, v, len(names)) for v in (consumed, power, produced))
    city = PlanRow(id="city", title={"ko": "도시 전체", "en": "city"}, demand=float(demand.sum()) / 1000.0)
    return [
        city,
        *(
            PlanRow(
                id=f"city/{name}",
                parent="city",
                title={"ko": name, "en": name},
                demand=float(demand[k]) / 1000.0,
                pv_power=float(modules[k]),
                specific_yield=float(made[k] / modules[k]) if modules[k] > 0 else 0.0,
            )
            for k, name in enumerate(names)
        ),
    ]


def city_scopes(
    made: Delivered,
    produced: float,
    *,
    others: Mapping[str, float] | None = None,
    of: Sequence[Scope] | None = None,
    by: Scheme | None = None,
) -> list[ScopeBalance]:
    """Self-sufficiency of a city in each scope. produced: electricity of a year on site [kWh]. others:
    electricity of a year [kWh] of needs and public loads that were not computed, such as "cooking", "lifts",
    "street_lighting", "park_lighting"; those not given are named as missing. Raises AnalysisError for what is
    given twice."""
    factor = primary_of_electricity(made)
    final, primary = ({need: float(v.sum()) for need, v in part.items()} for part in by_need(made))
    computed = (*FIVE_USES, "appliances")
    final, primary = ({**dict.fromkeys(computed, 0.0), **part} for part in (final, primary))
    for name, energy in (others or {}).items():
        if name in final:
            raise AnalysisError(f"the energy of {name} was computed; it cannot be given as well")
        final[name], primary[name] = energy, energy * factor
    return scope_balances(final, primary, produced, produced * factor, of=of, by=by)
