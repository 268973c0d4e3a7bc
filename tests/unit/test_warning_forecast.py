"""From a rain forecast to the depths of sub-basins and buildings, over a library of which all is known."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.warning.forecast import expect
from analysis.warning.levels import Levels
from analysis.warning.library import Axis, Library, compute_library

AXES = (
    Axis("rain", "mm/h", (0.0, 50.0, 100.0)),
    Axis("duration", "h", (1.0, 3.0)),
    Axis("level", "m", (0.0, 1.0)),
)
BASINS = np.repeat(np.array([[1, 1, 2, 2]], np.int32), 4, axis=0)
BUILDINGS = np.zeros((4, 4), np.int32)
BUILDINGS[1, 0], BUILDINGS[2, 3] = 1, 2
LEVELS = Levels((0.2, 0.6), (("주의", "Caution"), ("심각", "Serious")))


def gutter_and_hollow(p) -> np.ndarray:
    """The western half answers to intensity, the eastern to volume; the stream adds to both."""
    depth = np.empty((4, 4))
    depth[:, :2] = p["rain"] / 200
    depth[:, 2:] = p["rain"] * p["duration"] / 300
    return depth + 0.1 * p["level"]


@pytest.fixture
def library() -> Library:
    return compute_library(gutter_and_hollow, AXES)


def test_a_burst_and_a_long_rain_flood_different_places(library: Library) -> None:
    rates = [80.0] * 2 + [30.0] * 4  # half hours: 80 mm/h for one hour, 140 mm in three
    told = expect(library, rates, 1800.0, {"level": 0.5}, basins=BASINS, buildings=BUILDINGS, levels=LEVELS)
    # gutter: 80 / 200 + 0.05; hollow: 46.67 x 3 / 300 + 0.05
    assert told.basins == pytest.approx([0.45, 0.5167], abs=0.001)
    assert told.buildings == pytest.approx(told.basins, abs=1e-6)
    assert told.basin_levels.tolist() == [1, 1] and told.answer.within


def test_more_rain_than_the_library_has_is_flagged(library: Library) -> None:
    told = expect(
        library, [160.0] * 6, 1800.0, {"level": 0.0}, basins=BASINS, buildings=BUILDINGS, levels=LEVELS
    )
    assert told.answer.beyond == {"rain": (160.0, 100.0)}
    assert told.basins == pytest.approx([0.5, 1.0], abs=0.001) and told.basin_levels.tolist() == [1, 2]


def test_windows_weaker_than_the_library_do_not_overstate() -> None:
    axes = (Axis("rain", "mm/h", (40.0, 100.0)), *AXES[1:])
    library = compute_library(gutter_and_hollow, axes)
    burst = [60.0] * 2 + [0.0] * 4  # 20 mm/h over three hours
    told = expect(library, burst, 1800.0, {"level": 0.0}, basins=BASINS, buildings=BUILDINGS)
    assert told.answer.within
    assert told.basins == pytest.approx([0.3, 0.2], abs=0.001)
    drizzle = expect(library, [5.0] * 6, 1800.0, {"level": 0.0}, basins=BASINS, buildings=BUILDINGS)
    assert drizzle.answer.beyond == {"rain": (5.0, 40.0)}


def test_streams_do_not_speak_for_a_basin(library: Library) -> None:
    ground = np.ones((4, 4), bool)
    ground[:, 2:] = False
    told = expect(
        library, [80.0] * 2, 1800.0, {"level": 0.0}, basins=BASINS, buildings=BUILDINGS, open_ground=ground
    )
    assert told.basins[0] == pytest.approx(0.4, abs=0.001) and np.isnan(told.basins[1])
    assert told.basin_levels.tolist() == [0, -1] and np.isfinite(told.buildings).all()


def test_what_does_not_fit(library: Library) -> None:
    with pytest.raises(AnalysisError, match=r"sub-basins are of a grid of \(2, 2\)"):
        expect(library, [1.0], 600.0, {"level": 0.0}, basins=BASINS[:2, :2], buildings=BUILDINGS)
    with pytest.raises(AnalysisError, match="'storm'"):
        expect(library, [1.0], 600.0, {"level": 0.0}, basins=BASINS, buildings=BUILDINGS, rain_axis="storm")
    with pytest.raises(AnalysisError, match=r"level \[m\]"):
        expect(library, [1.0], 600.0, {}, basins=BASINS, buildings=BUILDINGS)
