"""Scopes and the grade's uses from the energy that buildings buy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from analysis.energy.delivered import Delivered
from analysis.energy.factors import Factor, read_factors
from analysis.energy.grades import by_need, city_scopes, five_uses, plan_report, rows_of_city
from analysis.energy.systems import Carrier
from analysis.errors import AnalysisError


def year(*totals: float) -> npt.NDArray[np.float64]:
    """(z, 12) with these sums."""
    return np.repeat(np.array(totals)[:, None] / 12, 12, axis=1)


def bought() -> Delivered:
    """Two buildings, one heated with gas, one with district heat; factors of Korea."""
    return Delivered(
        final={
            Carrier.GAS: {"heating": year(1000, 0), "hot_water": year(300, 0)},
            Carrier.DISTRICT_HEAT: {"heating": year(0, 2000)},
            Carrier.ELECTRICITY: {
                "lighting": year(100, 200),
                "appliances": year(400, 500),
                "auxiliary": year(10, 20),
            },
        },
        factors=read_factors("KOR"),
        zones=2,
    )


def test_energy_by_need() -> None:
    """Gas 1.1, district heat 0.728, electricity 2.75; pumps with heating."""
    final, primary = by_need(bought())
    assert final["heating"] == pytest.approx([1010, 2020])
    assert primary["heating"] == pytest.approx([1100 + 27.5, 1456 + 55])
    assert set(final) == {"heating", "hot_water", "lighting", "appliances"}
    assert sum(primary.values()) == pytest.approx(bought().primary)


def test_the_grade_leaves_appliances_out() -> None:
    final, primary = five_uses(bought())
    assert final == pytest.approx([1410, 2220])
    assert primary == pytest.approx([1127.5 + 330 + 275, 1511 + 550])


def test_scopes_from_computed_energy() -> None:
    others = {"cooking": 100.0, "lifts": 50.0, "street_lighting": 30.0, "park_lighting": 20.0}
    found = city_scopes(bought(), 500.0, others=others)
    assert [s.final for s in found] == pytest.approx([3630, 4680, 4710, 4730])
    assert found[0].primary == pytest.approx(sum(five_uses(bought())[1]))
    assert found[3].primary - found[2].primary == pytest.approx(20 * 2.75)
    assert found[0].share_primary == pytest.approx(500 * 2.75 / found[0].primary)
    assert found[0].share_final == pytest.approx(500 / 3630)
    assert all(not s.missing for s in found)
    bare = city_scopes(bought(), 500.0)
    assert bare[0].missing == ()
    assert bare[2].missing == ("cooking", "lifts", "street_lighting")
    with pytest.raises(AnalysisError, match="energy of heating was computed"):
        city_scopes(bought(), 500.0, others={"heating": 1.0})


def test_an_unknown_factor_is_not_taken_for_none() -> None:
    made = bought()
    blind = dict(made.factors.by_carrier)
    del blind[Carrier.GAS]
    found = city_scopes(replace(made, factors=replace(made.factors, by_carrier=blind)), 500.0)
    assert np.isnan(found[0].primary) and np.isnan(found[0].share_primary)
    assert found[0].grade == 0
    assert found[0].share_final == pytest.approx(500 / 3630)
    blind[Carrier.ELECTRICITY] = Factor(None, None, None, "none")
    with pytest.raises(AnalysisError, match="no primary energy factor of electricity in KOR"):
        city_scopes(replace(made, factors=replace(made.factors, by_carrier=blind)), 500.0)


def test_a_computed_city_as_a_plan() -> None:
    """Three buildings of two kinds; the shaded one yields less for each kilowatt."""
    rows = rows_of_city(
        ["homes", "offices", "homes"],
        np.array([20_000.0, 50_000.0, 10_000.0]),
        np.array([5.0, 0.0, 5.0]),
        np.array([6500.0, 0.0, 4500.0]),
    )
    table = plan_report(rows).table.set_index("id")
    assert table["demand"].tolist() == pytest.approx([80.0, 30.0, 50.0])
    assert table["pv_site"].tolist() == pytest.approx([11.0, 11.0, 0.0])
    assert table.loc["city/homes", "self_sufficiency"] == pytest.approx(11 * 2.75 / 30)
    assert table.loc["city/offices", "grade"] == 0
    assert plan_report(rows).trap["specific_yield_site"] == pytest.approx(1100.0)
