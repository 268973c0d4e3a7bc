"""Fields from stations: exact where there is a reading, unsure away from it, honest about their errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pykrige.ok import OrdinaryKriging

from analysis.field import MOST, Errors, Surface, Variogram, merged, surface
from twin.errors import TwinError

METHODS = ("kriging", "idw")


def stations(n: int = 40, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 10_000, (n, 2)) + [193_000.0, 281_000.0]


def hill(points: np.ndarray) -> np.ndarray:
    """A smooth field: 20 to 30 over some kilometres."""
    return 25 + 5 * np.sin(points[:, 0] / 2500) * np.cos(points[:, 1] / 3000)


@pytest.mark.parametrize("method", METHODS)
def test_a_station_keeps_its_reading_and_is_sure_of_it(method: str) -> None:
    points = stations()
    field = surface(points, hill(points), method)
    values, deviations = field.at(points)
    np.testing.assert_allclose(values, hill(points), atol=1e-6)
    np.testing.assert_allclose(deviations, 0, atol=1e-3)


def test_kriging_grows_unsure_away_from_a_station_and_levels_off() -> None:
    points = stations(12)
    field = surface(points, hill(points), "kriging")
    away = points.mean(axis=0) + np.array([[1.0, 0.0]]) * np.array([6e3, 2e4, 6e4])[:, None]
    _, deviations = field.at(np.vstack([points[:1], points[:1] + [5.0, 0], points[:1] + [200.0, 0], away]))
    assert (np.diff(deviations) > -1e-9).all()
    assert deviations[-1] > deviations[1] > deviations[0]


def test_inverse_distance_is_unsure_where_stations_disagree() -> None:
    points = np.array([[0.0, 0], [100, 0], [0, 100], [100, 100]])
    agreed = surface(points, np.array([7.0, 7, 7, 7]), "idw").at([[50.0, 50]])
    split = surface(points, np.array([5.0, 5, 9, 9]), "idw").at([[50.0, 50]])
    assert agreed == (pytest.approx(7), pytest.approx(0, abs=1e-6))
    assert split == (pytest.approx(7), pytest.approx(2))


def test_inverse_distance_weights_by_the_square() -> None:
    """By hand: weights 1/1², 1/2², 1/4² of 10, 20 and 40 give (10 + 5 + 2.5) / 1.3125."""
    points = np.array([[10.0, 0], [0, 20], [-40, 0]])
    values, _ = surface(points, np.array([10.0, 20, 40]), "idw").at([[0.0, 0]])
    assert values[0] == pytest.approx(17.5 / 1.3125)


@pytest.mark.parametrize("method", METHODS)
def test_a_field_is_recovered_better_than_by_its_mean(method: str) -> None:
    points = stations(60)
    field = surface(points, hill(points), method)
    elsewhere = stations(500, seed=9)
    truth = hill(elsewhere)
    values, _ = field.at(elsewhere)
    wrong = np.sqrt(np.mean((values - truth) ** 2))
    assert wrong < 0.6 * np.sqrt(np.mean((hill(points).mean() - truth) ** 2))
    assert field.errors.rmse < field.errors.baseline
    assert wrong < 2 * field.errors.rmse


def test_kriging_deviations_cover_what_is_true() -> None:
    """Of a random field with the very variogram, 68 % lie within one deviation; somewhat wide bounds."""
    rng = np.random.default_rng(0)
    points = stations(160)
    distances = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    drawn = np.linalg.cholesky(4 * np.exp(-distances / 1500) + 1e-9 * np.eye(160)) @ rng.normal(size=160)
    field = surface(points[:100], 20 + drawn[:100], "kriging")
    values, deviations = field.at(points[100:])
    assert 0.45 < (np.abs(values - 20 - drawn[100:]) < deviations).mean() < 0.9


def test_left_out_errors_are_those_of_kriging_without_the_station() -> None:
    points = stations(14)
    values = hill(points) + np.random.default_rng(1).normal(0, 0.4, 14)
    field = surface(points, values, "kriging")
    assert isinstance(field.variogram, Variogram)
    estimates = np.empty(14)
    for i in range(14):
        keep = np.arange(14) != i
        kriging = OrdinaryKriging(
            *points[keep].T, values[keep], field.variogram.model, field.variogram.parameters
        )
        estimates[i] = kriging.execute("points", *points[i : i + 1].T)[0][0]
    assert field.errors.rmse == pytest.approx(np.sqrt(np.mean((estimates - values) ** 2)), rel=1e-6)
    assert field.errors.bias == pytest.approx(np.mean(estimates - values), abs=1e-6)
    others = [np.delete(values, i).mean() - values[i] for i in range(14)]
    assert field.errors.baseline == pytest.approx(np.sqrt(np.mean(np.square(others))))


@pytest.mark.parametrize(("method", "fewest"), [("kriging", 5), ("idw", 3)])
def test_too_few_stations_are_refused_with_their_number(method: str, fewest: int) -> None:
    points = stations(fewest)
    assert surface(points, np.arange(fewest), method).values.shape == (fewest,)
    values = np.arange(fewest, dtype=float)
    values[0] = np.nan
    with pytest.raises(
        TwinError, match=f"needs readings at {fewest} places at least; there are {fewest - 1}"
    ):
        surface(points, values, method)


def test_stations_on_one_spot_count_as_one() -> None:
    points = np.vstack([stations(8), stations(8)[:3]])
    values = np.concatenate([np.arange(8.0), [2, 3, 4]])
    field = surface(points, values, "kriging")
    assert len(field.points) == 8
    np.testing.assert_allclose(np.sort(field.values), np.sort([1, 2, 3, 3, 4, 5, 6, 7]))


def test_very_many_stations_are_thinned() -> None:
    rng = np.random.default_rng(5)
    points = rng.uniform(0, 1000, (5000, 2))
    few, values = merged(points, points[:, 0])
    assert MOST / 5 < len(few) <= MOST
    np.testing.assert_allclose(values, few[:, 0])


def test_a_constant_field_is_constant() -> None:
    values, deviations = surface(stations(6), np.full(6, 4.0), "kriging").at([[0.0, 0], [9e5, 9e5]])
    assert values.tolist() == [4, 4] and deviations.tolist() == [0, 0]


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 12), st.integers(0, 10_000), st.floats(-1e4, 1e4), st.floats(1e-3, 1e4))
def test_any_readings_give_finite_fields_that_move_and_scale_with_them(
    n: int, seed: int, shift: float, scale: float
) -> None:
    points = stations(n, seed)
    values = np.random.default_rng(seed).normal(0, 1, n)
    elsewhere = stations(20, seed + 1)
    for method in METHODS:
        base, spread = surface(points, values, method).at(elsewhere)
        other, wider = surface(points, shift + scale * values, method).at(elsewhere)
        assert np.isfinite(base).all() and np.isfinite(spread).all() and (spread >= 0).all()
        if method == "idw":
            np.testing.assert_allclose(other, shift + scale * base, rtol=1e-6, atol=1e-4 * scale)
            np.testing.assert_allclose(wider, scale * spread, rtol=1e-3, atol=1e-3 * max(scale, 1))


@pytest.mark.parametrize("model", ["spherical", "exponential"])
def test_kriging_with_a_nugget_solves_the_ordinary_system(model: str) -> None:
    """The textbook's system, solved by hand: a nugget above the sill is where the two sills differ most."""
    points = stations(15)
    values = hill(points)
    variogram = Variogram(model, sill=4.0, range=3000.0, nugget=7.0)
    field = Surface("kriging", points, values, Errors(0, 0, 0, 0), variogram)
    wanted = points.mean(axis=0)[None] + [[0.0, 0.0], [700.0, -300.0]]
    n = len(points)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = variogram(np.linalg.norm(points[:, None] - points[None], axis=2))
    system[n, n] = 0.0
    for place, value, deviation in zip(wanted, *field.at(wanted), strict=True):
        right = np.append(variogram(np.linalg.norm(points - place, axis=1)), 1.0)
        weights = np.linalg.solve(system, right)
        assert value == pytest.approx(weights[:n] @ values)
        assert deviation == pytest.approx(np.sqrt(weights @ right))
