"""Radar rain adjusted by gauges whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.warning.gauges import FACTORS, Gauges, adjust, city_gauges, summary
from analysis.warning.rain_grid import at_points
from citygml.crs import parse
from tests.unit.alert_models import S, add_thing, append
from tests.unit.warning_models import PROJDEF, TRANSFORM, WEST, plane_points, shower
from twin.observations.store import open_observations

RADAR = parse(PROJDEF)
POINTS = np.random.default_rng(7).uniform([-26_000, -6000], [-2000, 16_000], (30, 2))


def _at(field: np.ndarray) -> np.ndarray:
    return at_points(field, TRANSFORM, RADAR, POINTS, RADAR).astype(float)


def test_a_radar_that_sees_half_is_doubled_by_the_mean_field() -> None:
    rain = shower(7)
    truth = rain.amount()
    low = rain.times_scaled(0.5)
    adjusted, told = adjust(low, Gauges(POINTS, _at(truth), RADAR))
    assert told.mean_field == pytest.approx(2.0, rel=1e-5)
    assert np.allclose(adjusted.amount(), truth, rtol=1e-4)
    errors = {e.method: e for e in told.errors}
    assert errors["mean-field"].rmse < 1e-4 < errors["none"].rmse
    assert errors["none"].bias < 0
    assert len(summary(told)) == 4


def test_a_bias_that_varies_in_space_wants_the_distance_field() -> None:
    rain = shower(7)
    truth = rain.amount()
    columns = np.arange(truth.shape[1]) / truth.shape[1]
    wrong = (0.4 + 1.2 * columns)[None, :]  # too low in the west, too high in the east
    _, told = adjust(rain.times_scaled(wrong), Gauges(POINTS, _at(truth), RADAR))
    errors = {e.method: e.rmse for e in told.errors}
    assert told.method == "distance" == min(errors, key=errors.get)
    assert errors["distance"] < 0.7 * errors["mean-field"]
    adjusted, _ = adjust(rain.times_scaled(wrong), Gauges(POINTS, _at(truth), RADAR), "distance")
    counted = _at(truth) > 1.0  # [mm]
    assert np.allclose(
        _at(adjusted.amount())[counted], _at(truth)[counted], rtol=0.02
    )  # theirs at the gauges


def test_nothing_to_do_where_nothing_fell() -> None:
    dry = shower(3, peak=0.0)
    same, told = adjust(dry, Gauges(POINTS, np.zeros(len(POINTS)), RADAR))
    assert told.method == "none" and told.used == 0 and (told.factor == 1).all() and (same.rates == 0).all()
    with pytest.raises(AnalysisError, match="nothing can be adjusted"):
        adjust(dry, Gauges(POINTS, np.zeros(len(POINTS)), RADAR), "mean-field")


def test_a_gauge_that_is_out_of_all_bounds_is_cut() -> None:
    rain = shower(7)
    amounts = _at(rain.amount())
    amounts[0] *= 1000
    _, told = adjust(rain, Gauges(POINTS, amounts, RADAR), "distance")
    assert told.factor.max() <= FACTORS[1] * (1 + 1e-6)


def test_gauges_of_a_city(tmp_path: Path) -> None:
    start = 1_790_000_000
    with open_observations(tmp_path) as obs:
        (steady,) = add_thing(obs, "steady", "Rain intensity", "mm/h", (128.9, 35.1))
        (tipping,) = add_thing(obs, "tipping", "Rainfall", "mm", (128.95, 35.12))
        (short,) = add_thing(obs, "short", "Rain intensity", "mm/h", (128.9, 35.2))
        (foreign,) = add_thing(obs, "inches", "Rain intensity", "in/h", (128.9, 35.2))
        times = [start + 600 * k for k in range(6)]
        append(obs, steady, [(t, 12.0) for t in times], received=times[-1] * S)
        append(obs, tipping, [(t, 0.5) for t in times], received=times[-1] * S)
        append(obs, short, [(t, 12.0) for t in times[:2]], received=times[-1] * S)
        append(obs, foreign, [(t, 12.0) for t in times], received=times[-1] * S)
    gauges = city_gauges(tmp_path, start * S, (start + 3600) * S, RADAR)
    assert sorted(gauges.amounts.tolist()) == pytest.approx([3.0, 12.0])
    assert gauges.names == (str(steady), str(tipping))
    assert np.allclose(gauges.points, plane_points(np.array([[128.9, 35.1], [128.95, 35.12]])), atol=1e-6)
    assert (gauges.points[:, 0] > WEST).all()
