"""Money: what measures cost by a table, payback, and what a saved kilowatt hour costs.

Costs are those of the year in which the source gives them; they are not brought to one year, and a sum says
which years it is of. Where nothing is known of a cost, nothing is said of the payback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.energy.retrofit.measures import Measure
from analysis.energy.zones import Float64
from analysis.errors import AnalysisError
from analysis.tables import rows

_TABLE = "energy/measure_costs.csv"
_COLUMNS = ("measure", "regions", "base", "per_cm", "unit", "currency", "price_year", "source")
UNITS = ("m2", "m2_floor", "kW_heating", "kWp")
"""What a cost is for: area that the measure covers, floor area of the building, greatest hourly mean of its
need for heat, peak power of modules."""
DISCOUNT_RATE = 0.03
"""[1/a] real: one of those that Commission Delegated Regulation (EU) 244/2012, annex I, has calculated."""


@dataclass(frozen=True)
class Cost:
    """base, per_cm: [currency/unit], the latter for each centimetre of insulation. price_year: of both."""

    measure: str
    base: float
    per_cm: float
    unit: str
    currency: str
    price_year: int
    source: str

    def of(self, measure: Measure) -> float:
        """[currency/unit] of a measure."""
        return self.base + self.per_cm * 100.0 * measure.values.get("thickness", 0.0)


def read_costs(region: str, path: Path | None = None) -> dict[str, Cost]:
    """Costs by measure in a region (such as KOR or DEU), those of a city's own file over the built-in ones.

    A row without regions is of all; one without a base tells nothing. Raises AnalysisError for what is not of
    the form.
    """
    found: dict[str, Cost] = {}
    for source in (None, path) if path is not None else (None,):
        for row in rows(source, _TABLE, _COLUMNS):
            if row.text("unit") not in UNITS:
                raise AnalysisError(f"{row.where}: unit must be one of {', '.join(UNITS)}")
            regions = row.words("regions")
            if (regions and region not in regions) or not row.text("base"):
                continue
            if len(row.text("currency")) != 3:
                raise AnalysisError(f"{row.where}: currency must be its three letters, such as KRW")
            found[row.text("measure")] = Cost(
                row.text("measure"),
                row.number("base", 0.0),
                row.number("per_cm", 0.0, default=0.0),
                row.text("unit"),
                row.text("currency"),
                round(row.number("price_year", 1990, 2100)),
                row.text("source"),
            )
    return found


@dataclass(frozen=True, kw_only=True)
class Investment:
    """Of b buildings. total: (b,) [currency], NaN where the cost of a measure is not known. yearly: (b,)
    [currency/a], each measure as an annuity over its lifetime. unknown: measures without cost or lifetime.
    years: of the prices."""

    total: Float64
    yearly: Float64
    currency: str | None
    unknown: list[str]
    years: list[int]


def investment(
    measures: Sequence[Measure],
    amounts: Mapping[str, Mapping[str, Float64]],
    costs: Mapping[str, Cost],
    count: int,
    *,
    discount_rate: float = DISCOUNT_RATE,
) -> Investment:
    """What measures cost count buildings. amounts: by measure and unit of cost, (b,) how much of it.

    Raises AnalysisError for costs in several currencies.
    """
    total, yearly = np.zeros(count), np.zeros(count)
    unknown: list[str] = []
    used: list[Cost] = []
    for measure in measures:
        known = costs.get(measure.id)
        if known is None:
            unknown.append(measure.id)
            total, yearly = total + np.nan, yearly + np.nan
            continue
        used.append(known)
        spent = known.of(measure) * amounts[measure.id][known.unit]
        total = total + spent
        yearly = yearly + spent * annuity(measure.lifetime, discount_rate)
        if np.isnan(measure.lifetime):
            unknown.append(measure.id)
    currencies = {cost.currency for cost in used}
    if len(currencies) > 1:
        raise AnalysisError(f"costs in {' and '.join(sorted(currencies))} cannot be added; give all in one")
    return Investment(
        total=total,
        yearly=yearly,
        currency=next(iter(currencies), None),
        unknown=list(dict.fromkeys(unknown)),
        years=sorted({cost.price_year for cost in used}),
    )


def annuity(years: float, discount_rate: float = DISCOUNT_RATE) -> float:
    """Yearly share [1/a] that pays back 1 in so many years; NaN for years that are not known."""
    if discount_rate == 0:
        return 1.0 / years
    return discount_rate / (1.0 - float((1.0 + discount_rate) ** -years))


def simple_payback(cost: Float64, saved: Float64) -> Float64:
    """(b,) [a] until savings of so much a year make up for a cost; inf where they never do."""
    with np.errstate(divide="ignore", invalid="ignore"):
        years = np.where(saved > 0, cost / saved, np.inf)
    return np.asarray(np.where(np.isnan(cost) | np.isnan(saved), np.nan, years), np.float64)


def discounted_payback(cost: Float64, saved: Float64, discount_rate: float = DISCOUNT_RATE) -> Float64:
    """(b,) [a] until savings, discounted at the end of each year, make up for a cost: the n of cost =
    saved · (1 − (1 + r)⁻ⁿ) / r; inf where they never do."""
    if discount_rate == 0:
        return simple_payback(cost, saved)
    left = 1.0 - discount_rate * simple_payback(cost, saved)
    with np.errstate(divide="ignore", invalid="ignore"):
        years = -np.log(left) / np.log1p(discount_rate)
    return np.asarray(np.where(left > 0, years, np.where(np.isnan(left), np.nan, np.inf)), np.float64)


def cost_of_saving(yearly: Float64, saved: Float64) -> Float64:
    """(b,) [currency per unit saved]: the annuity over what is saved in a year (cost of conserved energy,
    Meier, Rosenfeld, Wright 1982, Energy 7(4)); inf where nothing is saved."""
    return simple_payback(yearly, saved)
