"""Primary energy, CO₂ and price of carriers, by country (`analysis/data/energy/carrier_factors.csv`).

A city's own table has the same form: `country, carrier, primary, primary_kind, co2, price, currency,
price_year, source, verify`. What is unknown stays empty; nothing is made up for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.energy.systems import Carrier
from analysis.errors import AnalysisError
from analysis.tables import Row, rows

_TABLE = "energy/carrier_factors.csv"
_COLUMNS = ("country", "carrier", "primary", "co2", "price")
_KINDS = ("total", "non-renewable")
DEFAULT = "EU"
"""The country whose factors count where a table has none of a place: EN ISO 52000-1's defaults."""


@dataclass(frozen=True)
class Factor:
    """Of a carrier, None where unknown. primary: primary energy per energy [1]; co2 [kg/kWh]; price [per
    kWh]; verify: which of them have a source that is yet to be looked up."""

    primary: float | None
    co2: float | None
    price: float | None
    source: str
    verify: tuple[str, ...] = ()


@dataclass(frozen=True)
class Factors:
    """Of a country. primary_kind: whether primary energy is `total` or `non-renewable`. currency, price_year:
    of the prices, None where none is known."""

    country: str
    by_carrier: Mapping[Carrier, Factor]
    primary_kind: str = "total"
    currency: str | None = None
    price_year: int | None = None

    def of(self, carrier: Carrier) -> Factor:
        """Of a carrier; all unknown where the table has no row of it."""
        return self.by_carrier.get(carrier, Factor(None, None, None, "none"))


def read_factors(country: str = DEFAULT, path: Path | str | None = None) -> Factors:
    """The factors of a country (such as KR or DE) from the built-in table or a city's own.

    Raises AnalysisError for a bad table and a country that it lacks.
    """
    table = None if path is None else Path(path)
    found = [row for row in rows(table, _TABLE, _COLUMNS) if any(row.cells.values())]
    countries = sorted({row.text("country") for row in found})
    if country not in countries:
        raise AnalysisError(
            f"{path or _TABLE}: there are no factors of {country!r}; there are {', '.join(countries)}"
        )
    return _of_country(country, [row for row in found if row.text("country") == country])


def factors_of(country: str) -> Factors:
    """The built-in factors of a country, Europe's defaults where there are none of it."""
    known = {row.text("country") for row in rows(None, _TABLE, _COLUMNS)}
    return read_factors(country if country in known else DEFAULT)


def _of_country(country: str, found: list[Row]) -> Factors:
    by_carrier: dict[Carrier, Factor] = {}
    kinds, currencies, years = set(), set(), set()
    for row in found:
        carrier = row.text("carrier")
        if carrier not in list(Carrier) or carrier in by_carrier:
            known = ", ".join(Carrier)
            raise AnalysisError(f"{row.where}: carrier must be one of {known}, each once, not {carrier!r}")
        factor = Factor(
            primary=_number(row, "primary", 10.0),
            co2=_number(row, "co2", 3.0),
            price=_number(row, "price", 1e4),
            source=row.text("source"),
            verify=row.words("verify"),
        )
        by_carrier[Carrier(carrier)] = factor
        if factor.primary is not None:
            kinds.add(row.text("primary_kind") or _KINDS[0])
        if factor.price is not None:
            currencies.add(row.text("currency"))
            years.add(int(row.number("price_year", 1990, 2100)))
    if not kinds <= set(_KINDS) or len(kinds) > 1:
        raise AnalysisError(
            f"{found[0].where}: primary_kind of {country} must be total, or non-renewable, in all rows"
        )
    if len(currencies) > 1 or "" in currencies:
        raise AnalysisError(f"{found[0].where}: all prices of {country} must name one and the same currency")
    return Factors(
        country,
        by_carrier,
        next(iter(kinds), _KINDS[0]),
        next(iter(currencies), None),
        max(years, default=None),
    )


def _number(row: Row, name: str, most: float) -> float | None:
    return row.number(name, 0.0, most) if row.text(name) else None
