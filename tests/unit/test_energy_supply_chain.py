"""From zones to grades: what is simulated, bought, made on roofs, stored and graded fits together."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.energy import simulate
from analysis.energy.delivered import Loads, delivered
from analysis.energy.factors import read_factors
from analysis.energy.grades import city_scopes, five_uses, grades, primary_of_electricity
from analysis.energy.supply import Battery, balance, lamps, pv_of_zones
from analysis.energy.systems import Carrier
from tests.energy_zones import SEOUL, box_zones, even_weather, plain_use


def test_two_weeks_of_four_boxes() -> None:
    zones = box_zones(4, use=plain_use(lighting=5.0, appliances=8.0, hot_water=2.0))
    weather = even_weather(SEOUL, hours=24 * 14, temperature=5.0, sun=True, start="2023-04-01")
    result = simulate(zones, weather)
    bought = delivered(result, weather, read_factors("KOR"))
    used = Loads(result, weather).power()[Carrier.ELECTRICITY]
    made = pv_of_zones(zones, weather)
    assert used.shape == made.power.shape == (4, len(weather))

    found = balance(used, made.power, battery=Battery(capacity=made.capacity), groups=[0, 0, 1, 1])
    assert found.district["demand"] == pytest.approx(bought.of(Carrier.ELECTRICITY).sum(), rel=1e-4)
    assert found.district["generation"] == pytest.approx(made.energy.sum(), rel=1e-6)
    # alike boxes have nothing to exchange
    assert found.buildings["bought"].to_numpy() == pytest.approx(0.0, abs=1e-9)
    assert np.ptp(found.buildings["autarky"]) < 1e-9
    bare = balance(used, made.power)
    assert found.district["autarky"] > bare.district["autarky"] + 0.05

    factor = primary_of_electricity(bought)
    final, primary = five_uses(bought)
    graded = grades(factor * made.energy, primary, floor_area=zones.floor_area, residential=np.ones(4, bool))
    assert graded.net == pytest.approx((primary - factor * made.energy) / 48.0)
    lights = lamps(weather, 2.0, 100.0).sum() / 1000.0
    found_scopes = city_scopes(bought, made.energy.sum(), others={"street_lighting": lights})
    assert found_scopes[0].final == pytest.approx(final.sum())
    assert found_scopes[0].share_primary == pytest.approx(graded.share.mean(), rel=1e-6)
    appliances = 8.0 * 48.0 * 4 * len(weather) / 1000.0
    assert found_scopes[2].final == pytest.approx(final.sum() + appliances + lights, rel=1e-6)
    assert found_scopes[2].missing == ("cooking", "lifts")
