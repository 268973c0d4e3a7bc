"""Calibration against a truth that is known: a reservoir that drains through an orifice."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import AnalysisError, SimulationFailed
from analysis.warning.calibration import Bounds, calibrate, fit

RAIN = np.interp(np.arange(120), [0, 10, 25, 40, 70, 80, 95, 119], [0, 0, 60, 5, 0, 35, 0, 0])  # [mm/h]
TRUTH = {"roughness": 0.016, "runoff": 0.72}
BOUNDS = [
    Bounds("roughness", "s/m^(1/3)", 0.008, 0.05, 0.03, log=True),
    Bounds("runoff", "1", 0.2, 1.0, 0.4),
]


def sewer(parameters) -> np.ndarray:
    """Levels [m] by the minute in a manhole that rain fills and a pipe of Manning's law empties."""
    level, levels = 0.0, np.empty(len(RAIN))
    for i, rain in enumerate(RAIN):
        inflow = parameters["runoff"] * rain / 1000 * 8000 / 60  # m³ a minute from 8000 m²
        outflow = 60 * 0.05 * level ** (2 / 3) * 0.1 / parameters["roughness"] * 0.02 if level > 0 else 0.0
        level = max(level + (inflow - outflow) / 12.0, 0.0)
        levels[i] = level
    return levels


def measured(noise: float = 0.01) -> np.ndarray:
    levels = sewer(TRUTH) + np.random.default_rng(5).normal(0, noise, len(RAIN))
    levels[33:37] = np.nan
    return levels


@pytest.mark.parametrize(("search", "most"), [("global", 300), ("local", 100)])
def test_the_truth_is_found_again(search, most) -> None:
    told = calibrate(sewer, measured(), BOUNDS, search=search, most_runs=most, held_out=0.3)
    assert told.parameters["roughness"] == pytest.approx(0.016, rel=0.03)
    assert told.parameters["runoff"] == pytest.approx(0.72, rel=0.03)
    assert told.after.nse > 0.99 > told.before.nse and told.after.rmse < 0.013 < told.before.rmse
    assert told.after_held_out.rmse < 0.02 < told.before_held_out.rmse
    assert told.after.count + told.after_held_out.count == len(RAIN) - 4
    for name, value in TRUTH.items():
        assert abs(told.parameters[name] - value) < 4 * told.deviation[name]
    assert told.at_bound == () and told.failed == 0
    assert told.runs <= most * 1.2
    assert np.array_equal(told.simulated_before, sewer({b.name: b.initial for b in BOUNDS}))


def test_a_truth_beyond_the_bounds_is_said_to_be_at_one() -> None:
    narrow = [Bounds("roughness", "s/m^(1/3)", 0.02, 0.05, 0.03), BOUNDS[1]]
    told = calibrate(sewer, measured(), narrow, search="local")
    assert told.at_bound == ("roughness",)


def test_runs_that_fail_are_passed_by() -> None:
    def fragile(parameters):
        if parameters["runoff"] > 0.9:
            raise SimulationFailed("blew up")
        return sewer(parameters)

    told = calibrate(fragile, measured(), BOUNDS, most_runs=200)
    assert told.failed > 0 and told.parameters["runoff"] == pytest.approx(0.72, rel=0.05)


def test_a_parameter_without_effect_has_no_deviation() -> None:
    told = calibrate(sewer, measured(), [*BOUNDS, Bounds("idle", "1", 0.0, 1.0, 0.5)], search="local")
    assert np.isnan(told.deviation["idle"])
    assert told.parameters["runoff"] == pytest.approx(0.72, rel=0.05)


def test_never_worse_than_before() -> None:
    exact = [Bounds(b.name, b.unit, b.low, b.high, TRUTH[b.name], b.log) for b in BOUNDS]
    told = calibrate(sewer, sewer(TRUTH), exact, most_runs=60)
    assert told.after.rmse <= told.before.rmse == 0.0 and told.after.nse == 1.0


def test_measures_by_hand() -> None:
    told = fit([1.0, 2.0, 4.0, np.nan], [1.0, 3.0, 2.0, 9.0])
    # errors 0, -1, 2; the measurements' spread about 2 is 2
    assert told.nse == pytest.approx(1 - 5 / 2) and told.rmse == pytest.approx((5 / 3) ** 0.5)
    assert told.bias == pytest.approx(1 / 3) and told.peak_error == 1.0 and told.count == 3


def test_refusals() -> None:
    with pytest.raises(AnalysisError, match="too few"):
        calibrate(sewer, np.full(len(RAIN), np.nan), BOUNDS)
    with pytest.raises(AnalysisError, match="runoff"):
        Bounds("runoff", "1", 0.2, 1.0, 1.4)
    with pytest.raises(AnalysisError, match=r"\(3,\)"):
        calibrate(lambda p: np.zeros(3), measured(), BOUNDS)
