"""What buildings and their contents are worth: costs by country, and what of them water can take.

The table that comes with CityTwin has the JRC's costs of 2010 (Huizinga et al. 2017, doi:10.2760/16510); any
table in the same form will do: `country, region, residential, commercial, industrial, currency, price_year`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.tables import rows

SECTORS = ("residential", "commercial", "industrial")
_TABLE = "jrc_construction_cost.csv"
_COLUMNS = ("country", "region", *SECTORS, "currency", "price_year")

CONTENTS = {"residential": 0.5, "commercial": 1.0, "industrial": 1.5}
"""Contents as a share of the structure's greatest damage: Huizinga et al. 2017, doi:10.2760/16510."""
UNDAMAGEABLE = 0.4
"""Share of a concrete or masonry building that no depth destroys: Huizinga et al. 2017, doi:10.2760/16510."""


@dataclass(frozen=True)
class Costs:
    """Construction costs [currency/m²] of floor area by sector, in prices of a year. region: of its
    curves."""

    country: str
    region: str
    cost: dict[str, float]
    currency: str
    price_year: int


def construction_costs(country: str, path: Path | None = None) -> Costs:
    """The costs of a country, by its ISO 3166 code of three letters ("KOR"). Raises AnalysisError for one
    that is not in the table."""
    for row in rows(path, _TABLE, _COLUMNS):
        if row.text("country").casefold() == country.casefold():
            return Costs(
                row.text("country"),
                row.text("region"),
                {sector: row.number(sector, 0) for sector in SECTORS},
                row.text("currency"),
                int(row.number("price_year", 1900, 2200)),
            )
    raise AnalysisError(f"there are no construction costs for {country!r}; give a table that has them")


@dataclass(frozen=True)
class Prices:
    """From the table's prices to those of the result.

    index: what prices have become since, as a factor, and year: of which year they then are. exchange:
    `currency` for one unit of the table's. Nothing is converted unless it is given.
    """

    index: float = 1.0
    year: int | None = None
    exchange: float = 1.0
    currency: str | None = None

    def check(self, costs: Costs) -> None:
        """Raise AnalysisError for a factor without its name, or a name without its factor."""
        if not (self.index > 0 and self.exchange > 0):
            raise AnalysisError("the price index and the exchange rate must be more than 0")
        other_year = self.year is not None and self.year != costs.price_year
        if (self.index != 1.0) != other_year:
            raise AnalysisError(
                f"costs are in prices of {costs.price_year}; a price index other than 1 needs its year,"
                " and another year needs its index"
            )
        other = self.currency is not None and self.currency != costs.currency
        if (self.exchange != 1.0) != other:
            raise AnalysisError(
                f"costs are in {costs.currency}; an exchange rate other than 1 needs its currency,"
                " and another currency needs its rate"
            )


@dataclass(frozen=True)
class Vulnerability:
    """How depth becomes damage.

    threshold: of the floor above the ground outside [m]. undamageable: share of a structure that no depth
    destroys. depreciation: what of its cost as new a structure is still worth; 1 counts replacement.
    contents: share of the structure's greatest damage, by sector. storeys: so many of the lowest storeys are
    at risk: the curves reach total loss at 6 m, about two storeys of a house, so that the floors above are
    left out. depth_error [m], cost_error (share): taken off for low, added for high.
    """

    threshold: float = 0.0
    undamageable: float = UNDAMAGEABLE
    depreciation: float = 1.0
    contents: dict[str, float] = field(default_factory=lambda: dict(CONTENTS))
    storeys: float = 2.0
    depth_error: float = 0.0
    cost_error: float = 0.0

    def __post_init__(self) -> None:
        shares = {
            "undamageable": self.undamageable,
            "depreciation": self.depreciation,
            "cost_error": self.cost_error,
        }
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise AnalysisError(f"{name} must be from 0 to 1, not {value:g}")
        if self.storeys <= 0 or self.depth_error < 0 or min(self.contents.values(), default=0.0) < 0:
            raise AnalysisError("storeys must be more than 0; depth_error and contents must not be negative")
