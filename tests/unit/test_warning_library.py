"""The scenario library with an analytic stand-in for a flood run, and the surrogate's answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.warning.batch import on_dask, on_processes
from analysis.warning.library import (
    DEEPEST_M,
    Axis,
    Library,
    compute_library,
    keep_held_out,
    open_library,
    save_library,
    scenarios,
)
from analysis.warning.surrogate import answer, envelope, held_out_points, strongest_rain, verify

AXES = (
    Axis("rain", "mm/h", (20.0, 40.0, 60.0, 80.0, 100.0)),
    Axis("duration", "h", (1.0, 2.0, 6.0)),
    Axis("level", "m", (0.0, 1.0, 2.0)),
)
GROUND = np.linspace(0.0, 1.5, 12)[:, None] + np.linspace(0.0, 0.5, 16)[None, :]


def bowl(parameters) -> np.ndarray:
    """Water that fills a slope: a level that grows with the volume of rain and the stream, less the
    ground."""
    volume = parameters["rain"] * parameters["duration"] / 300.0
    depth = np.maximum(0.6 * volume**0.7 + 0.4 * parameters["level"] - GROUND, 0.0)
    depth[0, 0] = np.nan
    return depth


def linear(parameters) -> np.ndarray:
    return np.full((2, 3), parameters["rain"] / 100 + parameters["duration"] / 10 + parameters["level"])


@pytest.fixture(scope="module")
def library() -> Library:
    return compute_library(bowl, AXES)


def test_at_the_scenarios_it_is_the_run_to_half_a_millimetre(library: Library) -> None:
    for one in list(scenarios(AXES))[::7]:
        told = answer(library, one)
        assert told.within
        assert np.nanmax(np.abs(told.depth - bowl(one))) <= 0.00051
        assert np.isnan(told.depth[0, 0])


def test_linear_runs_are_met_everywhere() -> None:
    library = compute_library(linear, AXES)
    told = answer(library, {"rain": 73.0, "duration": 4.3, "level": 0.35})
    assert told.depth == pytest.approx(0.73 + 0.43 + 0.35, abs=0.0005)


inside = st.tuples(st.floats(20, 100), st.floats(1, 6), st.floats(0, 2))


@settings(max_examples=60, deadline=None)
@given(inside, inside)
def test_more_of_everything_is_never_less_water(a, b) -> None:
    library = compute_library(bowl, AXES)
    low = dict(zip(("rain", "duration", "level"), map(min, a, b), strict=True))
    high = dict(zip(("rain", "duration", "level"), map(max, a, b), strict=True))
    less, more = answer(library, low).depth, answer(library, high).depth
    assert np.nanmin(more - less) >= -1e-6


def test_beyond_the_library_it_says_so(library: Library) -> None:
    told = answer(library, {"rain": 140.0, "duration": 3.0, "level": -0.5})
    assert not told.within
    assert told.beyond == {"rain": (140.0, 100.0), "level": (-0.5, 0.0)}
    assert np.array_equal(
        told.depth, answer(library, {"rain": 100.0, "duration": 3.0, "level": 0.0}).depth, equal_nan=True
    )
    with pytest.raises(AnalysisError, match=r"level \[m\]"):
        answer(library, {"rain": 50.0, "duration": 3.0})
    with pytest.raises(AnalysisError, match="no axis 'tide'"):
        answer(library, {"rain": 50.0, "duration": 3.0, "level": 0.0, "tide": 1.0})


def test_error_against_held_out_runs_is_measured_and_returned() -> None:
    library = compute_library(bowl, AXES)
    points = held_out_points(AXES, 12, seed=1)
    measured = verify(library, bowl, points)
    truth = np.concatenate([(answer(library, p).depth - bowl(p)).ravel() for p in points])
    assert measured.worst == pytest.approx(np.nanmax(np.abs(truth)))
    assert 0.001 < measured.rmse < 0.05 and measured.rmse <= measured.worst
    assert 0.8 < measured.hit_rate <= 1.0 and measured.count == 12
    assert answer(library, points[0]).held_out == measured
    finer = [Axis(a.name, a.unit, tuple(np.linspace(a.values[0], a.values[-1], 9).tolist())) for a in AXES]
    assert verify(compute_library(bowl, finer), bowl, points).rmse < 0.3 * measured.rmse
    with pytest.raises(AnalysisError, match="outside"):
        verify(library, bowl, [{"rain": 500.0, "duration": 1.0, "level": 0.0}])


def test_held_out_points_fill_the_library() -> None:
    points = held_out_points(AXES, 10, seed=3)
    for axis in AXES:
        values = np.array([p[axis.name] for p in points])
        cells = (values - axis.values[0]) / (axis.values[-1] - axis.values[0]) * 10
        assert sorted(cells.astype(int).tolist()) == list(range(10))  # one in every tenth


def test_file_and_back(tmp_path: Path, library: Library) -> None:
    path = tmp_path / "library.nc"
    seen: list[float] = []
    kept = compute_library(
        bowl, AXES, path=path, about={"model": "bowl"}, progress=lambda f, _: seen.append(f)
    )
    assert seen[-1] == 1.0 and len(seen) == 45
    question = {"rain": 47.0, "duration": 1.5, "level": 1.2}
    assert np.array_equal(answer(kept, question).depth, answer(library, question).depth, equal_nan=True)
    measured = verify(kept, bowl, held_out_points(AXES, 3))
    kept.close()
    keep_held_out(path, measured)
    again = open_library(path)
    assert again.axes == AXES and again.about == {"model": "bowl"} and again.held_out == measured
    again.close()
    save_library(library, tmp_path / "other.nc")
    other = open_library(tmp_path / "other.nc")
    assert np.array_equal(answer(other, question).depth, answer(library, question).depth, equal_nan=True)
    other.close()


def test_the_file_is_cf_that_others_read(tmp_path: Path) -> None:
    import xarray

    compute_library(bowl, AXES, path=tmp_path / "library.nc").close()
    with xarray.open_dataset(tmp_path / "library.nc", engine="h5netcdf") as dataset:
        depth = dataset["max_depth"]
        assert depth.dims == ("rain", "duration", "level", "y", "x") and depth.attrs["units"] == "m"
        assert dataset["rain"].attrs["units"] == "mm/h"
        got = depth.sel(rain=60.0, duration=2.0, level=1.0).values
    assert np.nanmax(np.abs(got - bowl({"rain": 60.0, "duration": 2.0, "level": 1.0}))) <= 0.00051
    assert np.isnan(got[0, 0])


def test_a_broken_run_leaves_no_file(tmp_path: Path) -> None:
    def breaks(parameters):
        if parameters["rain"] > 50:
            return np.zeros((3, 3))
        return bowl(parameters)

    path = tmp_path / "library.nc"
    with pytest.raises(AnalysisError, match=r"60\.0.*\(3, 3\)"):
        compute_library(breaks, AXES, path=path)
    assert not path.exists()
    with pytest.raises(AnalysisError, match="below 0 m"):
        compute_library(lambda p: np.full(3, -0.1), AXES)
    deep = compute_library(lambda p: np.full(3, 80.0), AXES[:1])
    assert answer(deep, {"rain": 20.0}).depth == pytest.approx(DEEPEST_M)
    with pytest.raises(AnalysisError, match="increasing"):
        Axis("rain", "mm/h", (20.0, 10.0))
    (tmp_path / "no.nc").write_text("x")
    with pytest.raises(AnalysisError, match=r"no\.nc"):
        open_library(tmp_path / "no.nc")


def test_runs_that_say_more_rain_is_less_water_are_raised(tmp_path: Path) -> None:
    def odd(parameters):
        told = bowl({**parameters, "level": 1.0})
        if parameters["rain"] == 60.0:
            told[-1] = 0.0
        return told

    library = compute_library(odd, AXES[:2], path=tmp_path / "odd.nc")
    drop = max(bowl({"rain": 40.0, "duration": d, "level": 1.0})[-1].max() for d in AXES[1].values)
    assert library.raised == pytest.approx(drop, abs=0.001)
    for duration in AXES[1].values:
        depths = [answer(library, {"rain": r, "duration": duration}).depth for r in (40.0, 60.0)]
        assert np.nanmin(depths[1] - depths[0]) >= 0.0
    free = Axis("rain", "mm/h", AXES[0].values, rising=False)
    as_run = compute_library(odd, (free, AXES[1]))
    assert as_run.raised == 0.0
    assert (answer(as_run, {"rain": 60.0, "duration": 1.0}).depth[-1] == 0.0).all()


def test_zones_instead_of_cells() -> None:
    library = compute_library(lambda p: np.array([p["rain"], 2 * p["rain"]]) / 100, AXES[:1])
    assert answer(library, {"rain": 50.0}).depth.tolist() == pytest.approx([0.5, 1.0], abs=1e-3)


def test_processes_and_dask_give_the_same(library: Library) -> None:
    axes = (AXES[0], AXES[1])

    with on_processes(2) as spread:
        pooled = compute_library(_two, axes, map_=spread)
    alone = compute_library(_two, axes)
    assert np.array_equal(pooled.depths, alone.depths)
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        on_dask(cluster.scheduler_address) as spread,
    ):
        assert np.array_equal(compute_library(_two, axes, map_=spread).depths, alone.depths)


def _two(parameters) -> np.ndarray:
    return bowl({**parameters, "level": 0.0})


def test_strongest_rain_of_windows() -> None:
    rates = [0, 0, 30, 60, 90, 0, 0, 10, 0, 0, 0, 0]  # every half hour
    told = dict(strongest_rain(rates, 0.5, [0.5, 1.0, 1.5, 6.0, 12.0]))
    assert told == pytest.approx({0.5: 90.0, 1.0: 75.0, 1.5: 60.0, 6.0: 190 / 12, 12.0: 190 / 24})
    # a window between the steps: 45 minutes hold all of the 90 and half of the 60
    assert strongest_rain(rates, 0.5, [0.75])[0][1] == pytest.approx((90 + 30) / 1.5)
    with pytest.raises(AnalysisError, match="gaps"):
        strongest_rain([1.0, np.nan], 0.5, [1.0])


def test_envelope_takes_the_worst_duration_for_each_cell(library: Library) -> None:
    questions = [
        {"rain": intensity, "duration": duration, "level": 0.5}
        for duration, intensity in strongest_rain([80.0] * 2 + [25.0] * 10, 0.5, [1.0, 2.0, 6.0])
    ]
    told = envelope(library, questions)
    each = np.stack([answer(library, q).depth for q in questions])
    assert np.array_equal(told.depth, each.max(axis=0), equal_nan=True)
    assert told.scenario in questions and told.within
