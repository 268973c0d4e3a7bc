"""Extrapolation of a shower whose motion is known."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.warning.nowcast import displacement, nowcast, translate
from tests.unit.warning_models import CELL, rain_at, shower

HAS_PYSTEPS = all(importlib.util.find_spec(name) for name in ("pysteps", "cv2"))


def test_motion_to_a_fraction_of_a_cell() -> None:
    told = nowcast(shower(4), lead_s=1800)
    assert told.motion == pytest.approx((8.0, -3.0), abs=0.05)  # [m/s], a step is 9.6 cells
    assert told.rain.times[0] == shower(4).times[-1] and len(told.rain.times) == 4


@pytest.mark.parametrize("velocity", [(0.0, 0.0), (12.0, 9.0), (-6.5, 4.2)])
def test_motion_in_all_directions(velocity) -> None:
    rows, columns = displacement(shower(3, velocity=velocity).rates)
    assert (columns * CELL / 600, -rows * CELL / 600) == pytest.approx(velocity, abs=0.06)


def test_motion_with_a_part_that_is_not_seen() -> None:
    rates = shower(4).rates.copy()
    rates[:, :, :40] = np.nan
    rates[:, 100:] = np.nan
    rows, columns = displacement(rates)
    assert (columns * CELL / 600, -rows * CELL / 600) == pytest.approx((8.0, -3.0), abs=0.3)


def test_better_than_persistence() -> None:
    known = shower(5)
    told = nowcast(known, lead_s=3600)
    truth = np.stack([rain_at(2400.0 + t) for t in np.arange(7) * 600.0])
    seen = np.isfinite(told.rain.rates)
    error = np.sqrt(np.mean((told.rain.rates - truth)[seen] ** 2))
    stayed = np.sqrt(np.mean((known.rates[-1] - truth)[seen] ** 2))
    assert error < 0.05 * stayed
    assert told.skill is not None and told.skill.rmse < 0.05 * told.skill.persistence_rmse
    assert told.skill.lead_s == 1200.0


def test_rain_from_beyond_sight_is_not_known() -> None:
    told = nowcast(shower(3), lead_s=6 * 3600)
    assert told.known[0] == 1.0 and (np.diff(told.known) <= 0).all()
    # 8 m/s for an hour are 57.6 of 160 columns, 3 m/s 21.6 of 120 rows
    assert told.known[6] == pytest.approx((160 - 58) / 160 * (120 - 22) / 120, abs=0.02)
    assert len(told.rain.times) == 37


def test_dry_radar_stays_dry() -> None:
    dry = shower(3, peak=0.0)
    told = nowcast(dry, lead_s=3600)
    assert told.motion == (0.0, 0.0) and (told.rain.rates == 0).all()


def test_translate_keeps_the_rain_inside() -> None:
    field = np.zeros((40, 50), np.float32)
    field[10:14, 10:14] = 5.0
    moved = translate(field, (7.25, -3.5))
    assert np.nansum(moved) == pytest.approx(field.sum(), rel=1e-5)
    row, column = (np.nansum(moved * i) / np.nansum(moved) for i in np.indices(field.shape))
    assert (row, column) == pytest.approx((11.5 + 7.25, 11.5 - 3.5))


def test_six_hours_at_most() -> None:
    with pytest.raises(AnalysisError, match="7 h"):
        nowcast(shower(3), lead_s=7 * 3600)


@pytest.mark.skipif(HAS_PYSTEPS, reason="the extra is installed")
def test_without_the_extra_a_clear_message() -> None:
    with pytest.raises(AnalysisError, match=r"citytwin\[nowcast\]"):
        nowcast(shower(3), lead_s=3600, engine="pysteps")


@pytest.mark.skipif(not HAS_PYSTEPS, reason="needs the extra nowcast")
def test_pysteps_beats_persistence(capsys) -> None:
    known = shower(4)
    told = nowcast(known, lead_s=1800, engine="pysteps")
    truth = rain_at(1800.0 + 1800.0)
    seen = np.isfinite(told.rain.rates[-1])
    error = np.sqrt(np.mean((told.rain.rates[-1] - truth)[seen] ** 2))
    stayed = np.sqrt(np.mean((known.rates[-1] - truth)[seen] ** 2))
    assert error < 0.5 * stayed
    assert capsys.readouterr().out == ""
