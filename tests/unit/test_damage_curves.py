"""The JRC's curves and costs as shipped, and tables in the same form."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.damage import Prices, Vulnerability, construction_costs, damage_curves, use_table
from analysis.errors import AnalysisError
from analysis.tables import rows
from citygml.model import Code

DEPTHS = [0.5, 1, 1.5, 2, 3, 4, 5, 6]

# Huizinga, de Moel and Szewczyk (2017), EUR 28552 EN, doi:10.2760/16510: mean curves of Asia and Europe.
ASIA = {
    "residential": [0.327, 0.494, 0.617, 0.721, 0.870, 0.931, 0.984, 1],
    "commercial": [0.377, 0.538, 0.659, 0.763, 0.883, 0.942, 0.981, 1],
    "industrial": [0.283, 0.482, 0.629, 0.717, 0.857, 0.909, 0.955, 1],
    "transport": [0.358, 0.572, 0.733, 0.847, 1, 1, 1, 1],
    "infrastructure": [0.214, 0.373, 0.604, 0.710, 0.808, 0.887, 0.969, 1],
    "agriculture": [0.135, 0.370, 0.524, 0.558, 0.660, 0.834, 0.988, 1],
}
EUROPE_RESIDENTIAL = [0.25, 0.40, 0.50, 0.60, 0.75, 0.85, 0.95, 1]


@pytest.mark.parametrize(("sector", "fractions"), ASIA.items())
def test_curves_of_asia(sector: str, fractions: list[float]) -> None:
    assert damage_curves("Asia")[sector].at(DEPTHS) == pytest.approx(fractions)


def test_curves_of_europe_and_between_the_points() -> None:
    curve = damage_curves("Europe")["residential"]
    assert curve.at(DEPTHS) == pytest.approx(EUROPE_RESIDENTIAL)
    assert curve.at([-1, 0, 0.25, 2.5, 9]) == pytest.approx([0, 0, 0.125, 0.675, 1])


def test_shipped_curves_agree_with_another_copy(data: Path) -> None:
    """`JRC_damage_functions.csv` has the curves of houses to two digits; Oceania's to 0.005."""
    with (data / "damage" / "JRC_damage_functions.csv").open(encoding="utf-8-sig") as file:
        others = {(r["continent"], r["type"]): r for r in csv.DictReader(file)}
    for region in ("Asia", "Europe", "Africa", "Oceania"):
        curve = damage_curves(region)["residential"]
        other = [float(others[region.lower(), "residential"][f"{d:.2f}m"]) for d in DEPTHS]
        assert np.abs(curve.at(DEPTHS) - other).max() <= 0.0065


@pytest.mark.parametrize(
    "region", ["Africa", "Asia", "Europe", "North America", "Oceania", "Central and South America"]
)
def test_every_region_has_every_sector_with_a_low_and_a_high(region: str) -> None:
    curves = damage_curves(region)
    assert set(curves) == set(ASIA)
    for curve in curves.values():
        assert (curve.low <= curve.central).all() and (curve.central <= curve.high).all()
        assert (np.diff(curve.central) >= 0).all()
        assert curve.central[-1] == 1


def test_a_missing_sector_is_the_mean_of_the_others_and_says_so() -> None:
    curve = damage_curves("Africa")["commercial"]
    assert curve.note == (
        "no commercial curve for Africa: the mean of Asia, Europe, North America, Oceania,"
        " Central and South America"
    )
    assert curve.at([1.0]) == pytest.approx((0.538 + 0.300 + 0.374 + 0.481 + 0.840) / 5)


def test_a_house_with_a_basement_loses_nothing_while_it_is_dry() -> None:
    curve = damage_curves("North America")["residential"]
    assert curve.at([0.0, 1e-9]) == pytest.approx([0, 0.202])


@given(st.floats(0, 12), st.floats(0, 12))
def test_deeper_is_never_cheaper(a: float, b: float) -> None:
    for curve in damage_curves("Asia").values():
        for case in ("low", "central", "high"):
            shallow, deep = curve.at(sorted((a, b)), case)
            assert shallow <= deep + 1e-12


def test_costs_of_korea() -> None:
    """Huizinga et al. (2017), base values of 2010: 1136, 1202, 796 EUR/m²."""
    costs = construction_costs("kor")
    assert [round(costs.cost[s]) for s in ("residential", "commercial", "industrial")] == [1136, 1202, 796]
    assert (costs.region, costs.currency, costs.price_year) == ("Asia", "EUR", 2010)


def test_costs_follow_the_published_regression_on_income() -> None:
    """Huizinga et al. (2017): cost = a GDP^b of 2010 (EUR, USD), a and b by sector."""
    published = {
        "residential": (24.078, 0.3852),
        "commercial": (33.642, 0.3574),
        "industrial": (30.824, 0.3249),
    }
    count = 0
    for row in rows(None, "jrc_construction_cost.csv", ("country", "gdp_per_capita_usd")):
        gdp = row.number("gdp_per_capita_usd")
        for sector, (a, b) in published.items():
            assert row.number(sector) == pytest.approx(a * gdp**b, abs=0.01)
        assert row.text("region") in {
            "Africa",
            "Asia",
            "Europe",
            "North America",
            "Oceania",
            "Central and South America",
        }
        count += 1
    assert count > 190


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "region,sector,depth_m,fraction,fraction_low,fraction_high\n"
        "Here,residential,0,0,0,0\nHere,residential,1,0.5,0.4,0.7\n"
    )
    curve = damage_curves("Here", path)["residential"]
    found = [curve.at([0.5], case)[0] for case in ("low", "central", "high")]
    assert found == pytest.approx([0.2, 0.25, 0.35])
    with pytest.raises(AnalysisError, match="no damage curves for 'Asia'; there are Here"):
        damage_curves("Asia", path)
    path.write_text("region,sector,depth_m,fraction\nHere,residential,1,1.5\n")
    with pytest.raises(AnalysisError, match=r"own\.csv, row 2: fraction must be from 0 to 1, not 1\.5"):
        damage_curves("Here", path)
    with pytest.raises(AnalysisError, match="no construction costs for 'XXX'"):
        construction_costs("XXX")


@pytest.mark.parametrize(
    "prices",
    [
        Prices(index=1.3),
        Prices(year=2024),
        Prices(exchange=1450.0),
        Prices(currency="KRW"),
        Prices(index=0.0),
    ],
)
def test_no_price_is_converted_by_halves(prices: Prices) -> None:
    with pytest.raises(AnalysisError, match=r"index|exchange"):
        prices.check(construction_costs("KOR"))


def test_vulnerability_has_its_bounds() -> None:
    for wrong in ({"undamageable": 1.2}, {"depreciation": -0.1}, {"storeys": 0.0}, {"depth_error": -1.0}):
        with pytest.raises(AnalysisError):
            Vulnerability(**wrong)


@pytest.mark.parametrize(
    ("code", "sector", "told"),
    [
        (
            Code("01001", "codelists/Building_function.xml", "단독주택 (Detached house)"),
            "residential",
            "code",
        ),
        (Code("02001", "codelists/Building_function.xml", "아파트 (Apartments)"), "residential", "code"),
        (Code("14000", "codelists/Building_function.xml", "업무시설 (Offices)"), "commercial", "code"),
        (
            Code("18000", "codelists/Building_function.xml", "창고시설 (Warehouse and logistics)"),
            "industrial",
            "code",
        ),
        (Code("411", "../../codelists/Building_usage.xml", "住宅"), "residential", "code"),
        (Code("441", "../../codelists/Building_usage.xml"), "industrial", "code"),
        (Code("31001_1010"), "residential", "code"),
        (Code("31001_2723"), "industrial", "code"),
        (Code("51009_1610"), "none", "code"),
        (Code("x", None, "Warehouse"), "industrial", "word"),
        (Code("x", None, "초등학교 교육시설"), "commercial", "word"),
        (Code("461", "../../codelists/Building_usage.xml", "不明"), "commercial", "default"),
    ],
)
def test_sectors_of_uses(code: Code, sector: str, told: str) -> None:
    use = use_table().of({"function": code}, default="commercial")
    assert (use.sector, use.told) == (sector, told)


def test_what_it_is_used_for_goes_before_what_it_was_built_for() -> None:
    held = {"function": Code("17000"), "usage": [Code("01001")]}
    assert use_table().of(held).sector == "residential"
