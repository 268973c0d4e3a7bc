"""Drainage parameters fitted to the levels of a gauge, of which the truth is known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.scene.series import streams
from analysis.sewers import inp
from analysis.sewers.parameters import invert, levels, scaled, with_rain
from tests.integration.command_line import twin
from tests.integration.flood_city import result, run
from twin.ingest import add_files
from twin.observations.store import open_observations
from twin.sources.readings import Quantity, Series, Station
from twin.sources.sink import Sink
from twin.store import create_city
from twin.synth import make_ground
from twin.synth.drainage import make_network, swmm_input
from twin.synth.sensors import write_sensors
from twin.synth.write import make_district

NODE = "M0-0-0"
TRUTH = {"roughness": 1.5, "imperviousness": 0.7}
START = datetime(2026, 7, 1, tzinfo=UTC)
TIMES = np.arange(0.0, 4 * 3600.0, 300.0, np.float64)
LEVEL = Quantity("level", "water level", "urn:test:level", "metre", "m")
RAIN = Quantity("rain", "rain intensity", "urn:test:rain", "millimetre per hour", "mm/h")
STEADY = 45.0  # [mm/h]


@pytest.fixture(scope="module")
def drains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_district(tmp_path_factory.mktemp("drains") / "source", buildings=24, seed=7)
    return made.files["drainage"]


@pytest.fixture(scope="module")
def city(drains: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Levels of a gauge whose zero is the datum, of a network of other parameters than the file's, with the
    noise of a gauge; and a rain sensor that reads the same all the time, with levels of that rain."""
    folder = tmp_path_factory.mktemp("calibration") / "x.twin"
    create_city(folder, crs="EPSG:5187+5193").close()
    scratch = tmp_path_factory.mktemp("scratch")
    truth = scaled(inp.read(drains), TRUTH)
    micros = round(START.timestamp() * 1e6) + (TIMES * 1e6).astype(np.int64)
    noise = np.random.default_rng(3).normal(0, 0.005, (2, len(TIMES)))
    above = invert(truth, scratch, NODE)
    edges = np.arange(0.0, TIMES[-1] + 601.0, 600.0)
    steady = with_rain(truth, edges, np.full(len(edges) - 1, STEADY))
    storm, even = (levels(model, scratch, NODE, TIMES) + above for model in (truth, steady))
    with open_observations(folder) as observations:
        parts = (
            (_station("storm"), LEVEL, storm + noise[0]),
            (_station("steady"), LEVEL, even + noise[1]),
            (_station("rain"), RAIN, np.full(len(TIMES), STEADY)),
        )
        Sink(observations, "test").write(
            Series(station, quantity, micros, values.tolist()) for station, quantity, values in parts
        )
    return folder


def _station(name: str) -> Station:
    return Station(name, f"{name} gauge", "", 128.93, 35.13, properties={"gauge_zero": 0.0})


def stream(city: Path, name: str) -> str:
    with open_observations(city) as observations, observations.connection() as connection:
        row = connection.execute("SELECT id FROM datastreams WHERE name LIKE ?", (f"{name} gauge%",))
        return str(row.fetchone()[0])


def calibrate(city: Path, drains: Path, gauge: str, *options: str) -> dict[str, Any]:
    given = ("--sewers", str(drains), "--node", NODE, "--datastream", stream(city, gauge), "--duration", "4")
    return run("sewer-calibration", city, *given, "--search", "local", "--most-runs", "60", *options)


def test_the_parameters_of_the_truth_are_found(city: Path, drains: Path) -> None:
    done = calibrate(city, drains, "storm")
    told = result(done, "summary")
    for name, value in TRUTH.items():
        assert told["factors"][name] == pytest.approx(value, rel=0.1)
        assert told["deviation"][name] > 0
    assert told["before"]["nse"] < told["after"]["nse"]
    assert told["after"]["rmse"] < 0.01 < told["before"]["rmse"]
    assert told["after_held_out"]["rmse"] < told["before_held_out"]["rmse"]
    assert told["at_bound"] == []
    series = pd.read_parquet(Path(done["folder"], "series.parquet"))
    assert list(series.columns) == ["time", "measured", "before", "after"]
    assert series["time"].iloc[0] == START
    assert len(series) == len(TIMES)
    fitted = inp.read(Path(done["folder"], "calibrated.inp"))
    before, after = (float(f.table("CONDUITS")["CM0-0-0"][3]) for f in (inp.read(drains), fitted))
    assert after == pytest.approx(before * told["factors"]["roughness"], rel=1e-4)
    shares = [float(f.table("SUBCATCHMENTS")["S0-0-0"][3]) for f in (inp.read(drains), fitted)]
    assert shares[1] == pytest.approx(shares[0] * told["factors"]["imperviousness"], rel=1e-4)


def test_rain_of_the_sensors_stands_in_for_that_of_the_file(city: Path, drains: Path) -> None:
    told = result(calibrate(city, drains, "steady", "--rain", "sensors", "--held-out", "0"), "summary")
    assert told["factors"]["imperviousness"] == pytest.approx(TRUTH["imperviousness"], rel=0.1)
    assert told["after"]["rmse"] < 0.01
    assert told["notes"] == ["rain: rain gauge rain intensity"]
    assert told["after_held_out"] is None


def test_the_gauge_of_the_sample_district_can_be_fitted(tmp_path: Path) -> None:
    """To what SWMM makes of the rain that its sensors measured."""
    ground = make_ground(60, 7)
    drains = tmp_path / "drainage.inp"
    drains.write_text(swmm_input(make_network(ground), ground.plan), encoding="utf-8")
    folder = tmp_path / "x.twin"
    create_city(folder, crs="EPSG:5187+5193").close()
    write_sensors(ground, tmp_path / "sensors")
    add_files(folder, [tmp_path / "sensors"])
    with open_observations(folder) as observations:
        (gauge,) = streams(observations, "drain level")
    node = next(word for word in gauge.name.split() if word.startswith("J0-"))
    given = ("--sewers", str(drains), "--node", node, "--datastream", str(gauge.id), "--rain", "sensors")
    when = ("--start", "2026-05-19T12:00+09:00", "--duration", "8", "--held-out", "0")
    how = ("--search", "local", "--fit", "roughness", "--most-runs", "20")
    told = result(run("sewer-calibration", folder, *given, *when, *how), "summary")
    assert told["at_bound"] == []
    assert 0.9 < told["before"]["nse"] <= told["after"]["nse"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--node", "nix"], "drainage.inp: has no node 'nix'"),
        (["--datastream", "9999"], "datastream: there is no datastream 9999"),
        (["--start", "soon"], "start: soon is no time as in 2026-07-01T00:00+09:00"),
        (["--start", "2020-01-01T00:00Z"], "has no sound readings in the 4 h of the run"),
        (["--fit", "slope"], "'slope' is not one of"),
    ],
)
def test_what_cannot_be_fitted_is_one_line(
    city: Path, drains: Path, options: list[str], message: str
) -> None:
    given = [
        "--sewers",
        str(drains),
        "--node",
        NODE,
        "--datastream",
        stream(city, "storm"),
        "--duration",
        "4",
    ]
    done = twin("run", "sewer-calibration", city, *given, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
