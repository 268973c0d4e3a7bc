"""Agreement by ASHRAE guideline 14, and meters against outdoor temperature."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.energy.measured.agreement import agreement
from analysis.energy.measured.normalise import degree_days, fit
from analysis.errors import AnalysisError

MONTH = np.repeat(np.arange(12), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
RNG = np.random.default_rng(5)
YEAR = 14.0 - 12.0 * np.cos(2 * np.pi * (np.arange(365) - 15) / 365) + RNG.normal(0, 2.5, 365)


def monthly(daily: np.ndarray) -> np.ndarray:
    return np.bincount(MONTH, daily)


def test_agreement_by_hand() -> None:
    measured, simulated = np.array([10.0, 20.0, 30.0]), np.array([11.0, 18.0, 30.0])
    found = agreement(measured, simulated, "month")
    assert found is not None and found.n == 3
    assert found.cv_rmse == pytest.approx(np.sqrt((1 + 4) / 2) / 20)
    assert found.nmbe == pytest.approx((-1 + 2) / (2 * 20))
    assert found.calibrated is True


def test_the_limits_are_those_of_the_interval() -> None:
    measured = np.tile([80.0, 120.0], 50)
    off = agreement(measured, np.full(100, 100.0), "hour")
    assert off is not None and off.cv_rmse == pytest.approx(0.2, rel=0.01) and off.calibrated is True
    off = agreement(measured, np.full(100, 100.0), "month")
    assert off is not None and off.calibrated is False
    off = agreement(measured, np.full(100, 88.0), "hour")
    assert off is not None and off.nmbe == pytest.approx(0.121, abs=1e-3) and off.calibrated is False
    assert agreement(measured, measured, "day").calibrated is None  # type: ignore[union-attr]


def test_what_is_unknown_does_not_count() -> None:
    measured = np.array([1.0, np.nan, 3.0, 5.0, 4.0])
    found = agreement(measured, np.array([1.0, 9.0, 3.0, np.nan, 4.0]), "month")
    assert found is not None and found.n == 3 and found.cv_rmse == 0.0
    assert agreement(measured[:2], measured[:2], "month") is None
    assert agreement(np.zeros(12), np.ones(12), "month") is None
    with pytest.raises(AnalysisError, match="5 measured intervals"):
        agreement(measured, np.ones(4), "month")


@pytest.mark.parametrize(
    ("form", "heating", "cooling"), [("heating", 8.0, 0.0), ("cooling", 0.0, 6.0), ("both", 8.0, 6.0)]
)
def test_change_points_of_a_made_meter_are_found_by_months(form: str, heating: float, cooling: float) -> None:
    daily = 20.0 + heating * np.maximum(15 - YEAR, 0) + cooling * np.maximum(YEAR - 21, 0)
    noisy = monthly(daily) * (1 + np.random.default_rng(2).normal(0, 0.01, 12))
    found = fit(noisy, MONTH, YEAR)
    assert found.form == form
    if heating:
        assert found.heating_point == pytest.approx(15.0, abs=1.0)
        assert found.heating == pytest.approx(8.0, rel=0.1)
    if cooling:
        assert found.cooling_point == pytest.approx(21.0, abs=1.0)
        assert found.cooling == pytest.approx(6.0, rel=0.2)
    assert found.daily(YEAR).sum() == pytest.approx(daily.sum(), rel=0.02)


def test_a_mild_year_is_brought_to_a_usual_one() -> None:
    mild = YEAR + 2.0
    use = monthly(30.0 + 9.0 * np.maximum(16 - mild, 0))
    usual = 365 * 30.0 + 9.0 * degree_days(YEAR, 16.0)
    found = fit(use, MONTH, mild)
    assert found.daily(YEAR).sum() == pytest.approx(usual, rel=0.01)
    assert use.sum() < 0.9 * usual


def test_days_are_fitted_as_well_as_months() -> None:
    daily = 5.0 + 2.0 * np.maximum(14 - YEAR, 0)
    found = fit(daily, np.arange(365), YEAR)
    assert (found.form, found.n) == ("heating", 365)
    assert (found.base, found.heating, found.heating_point) == pytest.approx((5.0, 2.0, 14.0))


def test_what_does_not_follow_the_weather_is_a_base_and_nothing_else() -> None:
    found = fit(monthly(np.full(365, 12.0)) * (1 + RNG.normal(0, 0.03, 12)), MONTH, YEAR)
    assert found.form == "base" and found.base == pytest.approx(12.0, rel=0.03)


def test_gaps_are_left_out_and_too_little_is_refused() -> None:
    use = monthly(5.0 + 2.0 * np.maximum(14 - YEAR, 0))
    use[[3, 7]] = np.nan
    assert fit(use, MONTH, YEAR).n == 10
    use[:7] = np.nan
    with pytest.raises(AnalysisError, match="4 intervals are too few"):
        fit(use, MONTH, YEAR)
