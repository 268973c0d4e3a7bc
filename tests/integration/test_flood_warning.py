"""A scenario library and warnings from it: by the command line, Python and HTTP, on a small district."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.crs import CRS

from analysis.run import run as run_python
from analysis.warning.library import open_library
from analysis.warning.planes import between, cells
from api.app import create_app
from api.settings import Settings
from citygml.crs import parse
from tests.integration.command_line import twin
from tests.integration.flood_city import (
    LEVELS,
    LIBRARY,
    RISES,
    SHARED,
    add_sensors,
    district,
    levels,
    result,
    run,
)
from tests.integration.live_server import serving
from tests.unit.warning_models import PROJDEF, TRANSFORM, rain_at
from twin.alerts import records
from twin.alerts.engine import AlertEngine
from twin.observations.store import Observations, open_observations
from twin.tokens import create

HARD_RAIN = ("--rain", "120", "--rain-duration", "30", *levels())


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return district(tmp_path_factory)


@pytest.fixture(scope="module")
def library(city: Path) -> dict[str, Any]:
    assert "make one first: twin run flood-library" in twin("run", "flood-warning", city).stderr
    return run("flood-library", city, *SHARED, *LIBRARY, *RISES)


@pytest.fixture(scope="module")
def simulated(city: Path, library: dict[str, Any]) -> dict[str, Any]:
    """The flood run of one of the library's scenarios."""
    return run("flood", city, *SHARED, *HARD_RAIN, "--duration", "40", "--interval", "40")


@pytest.fixture(scope="module")
def city_with_sensors(city: Path, simulated: dict[str, Any]) -> Path:
    """The same city; a flood run would now begin with the levels of its gauges."""
    add_sensors(city)
    return city


@pytest.fixture(scope="module")
def warned(city_with_sensors: Path, library: dict[str, Any]) -> dict[str, Any]:
    """A warning between the scenarios of the library."""
    return run(
        "flood-warning",
        city_with_sensors,
        "--rain",
        "90",
        "--rain-duration",
        "30",
        "--stream-rise",
        "0.5",
        *levels(),
    )


@pytest.fixture(scope="module")
def client(city_with_sensors: Path) -> Iterator[httpx.Client]:
    app = create_app(Settings(city=city_with_sensors, mqtt="off", workers=1))
    with serving(app) as address, httpx.Client(base_url=address, timeout=60.0) as client:
        yield client


def depths(run: dict[str, Any]) -> np.ndarray:
    with rasterio.open(Path(run["folder"], "depth_max.tif")) as dataset:
        assert dataset.units == ("m",)
        return dataset.read(1)


def test_the_library_holds_every_scenario_and_its_measured_error(city: Path, library: dict[str, Any]) -> None:
    summary = result(library, "summary")
    assert summary["scenarios"] == 6
    held_out = summary["held_out"]
    assert held_out["count"] == 2
    assert 0 < held_out["mae"] <= held_out["rmse"] <= held_out["worst"]
    known = open_library(Path(library["folder"], "library.nc"))
    assert known.held_out is not None and known.held_out.rmse == held_out["rmse"]
    assert known.scenario((2, 0, 1)).max() > known.scenario((0, 0, 0)).max()
    known.close()
    assert len(summary["basin_errors"]) == summary["sub_basins"] >= 3
    assert not any((city / "scenarios").iterdir()), "what was kept to go on from is not wanted any more"


def test_at_a_scenario_a_warning_is_what_the_flood_run_gives(
    city: Path, library: dict[str, Any], simulated: dict[str, Any]
) -> None:
    """To the half millimetre in which depths are kept, and to what was raised to keep more rain wetter."""
    close = 0.0006 + result(library, "summary")["raised"]
    assert close < 0.01
    told = run("flood-warning", city, *HARD_RAIN)
    assert np.abs(depths(told) - depths(simulated)).max() <= close
    warning, flood = result(told, "warnings"), result(simulated, "warnings")
    assert warning["levels"] == flood["levels"]
    assert [level["depth"] for level in flood["levels"]] == list(LEVELS)
    pairs = zip(warning["buildings"]["depth"], flood["buildings"]["depth"], strict=True)
    assert all(abs(a - b) <= close + 0.001 for a, b in pairs)
    basins = [[f["properties"] for f in result(one, "basins")["features"]] for one in (told, simulated)]
    for a, b in zip(*basins, strict=True):
        assert abs(a["depth"] - b["depth"]) <= close + 0.001
        assert (a["error"] is None, b["error"] is None) == (False, True)


def test_a_warning_has_levels_errors_and_ways(library: dict[str, Any], warned: dict[str, Any]) -> None:
    told = result(warned, "warnings")
    assert told["library"]["run"] == library["id"]
    assert told["library"]["beyond"] == {}
    assert told["library"]["scenario"] == {"rain": 90.0, "duration": 0.5, "level": 0.5}
    assert told["forecast"]["amount"] == pytest.approx(45.0)
    assert told["seconds"] > 0
    features = result(warned, "basins")["features"]
    for feature in features:
        p = feature["properties"]
        assert p["level"] == sum(p["depth"] >= depth for depth in LEVELS)
        assert p["error"] >= 0
        assert shapely.geometry.shape(feature["geometry"]).contains(shapely.Point(p["point"]))
    counts = [sum(f["properties"]["level"] == n for f in features) for n in range(5)]
    assert told["counts"]["basins"] == counts
    assert sum(counts[1:]) > 0
    table = pd.read_parquet(Path(warned["folder"], "building_table.parquet"))
    assert list(table.columns) == ["id", "depth", "error", "level", "name_ko", "name_en"]
    assert table["level"].tolist() == told["buildings"]["level"]
    ways = result(warned, "routes")["features"]
    wet = set(table["id"][table["level"] > 0])
    assert {w["properties"]["building"] for w in ways} | {w["building"] for w in told["without_way"]} == wet
    for way in ways:
        assert way["properties"]["max_depth"] <= 0.3
        assert len(way["geometry"]["coordinates"]) >= 2
        shelter = told["buildings"]["ids"].index(way["properties"]["shelter"])
        assert told["buildings"]["depth"][shelter] <= 0.05


def test_the_three_doors_give_one_run(city: Path, client: httpx.Client, warned: dict[str, Any]) -> None:
    inputs = {"rain": 90, "rain_duration": 30, "stream_rise": 0.5, "levels": list(LEVELS)}
    by_python = run_python(city, "flood-warning", **inputs)
    assert by_python.id == warned["id"]
    answer = client.post(
        "/processes/flood-warning/execution", json={"inputs": inputs, "response": "document"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["warnings"]["value"] == result(warned, "warnings")
    assert answer.json()["basins"]["mediaType"] == "application/geo+json"


def test_forecasts_beyond_the_library_and_levels_of_sensors_say_so(city_with_sensors: Path) -> None:
    city = city_with_sensors
    told = result(run("flood-warning", city, "--rain", "200", "--rain-duration", "30"), "warnings")
    assert told["library"]["beyond"]["rain"] == [200.0, 120.0]
    steps = ("--hyetograph", "10", "--hyetograph", "80", "--hyetograph", "40", "--step", "15")
    told = result(run("flood-warning", city, "--rain-source", "hyetograph", *steps), "warnings")
    assert told["library"]["scenario"]["rain"] == pytest.approx(60.0)  # the strongest half hour
    sensors = ("--rain-source", "sensors", "--stream-source", "sensors", "--rain-duration", "120")
    told = result(run("flood-warning", city, *sensors, "--ahead", "1"), "warnings")
    assert told["forecast"]["step"] == 600.0
    assert len(told["forecast"]["rates"]) == 12 + 6
    assert any("the gauge states no gauge_zero" in note for note in told["notes"])


def test_radar_rain_is_carried_on_into_the_warning(
    city: Path, library: dict[str, Any], tmp_path: Path
) -> None:
    """A shower that moves over the district, of which the radar has seen half an hour."""
    options = ["--rain-source", "files"]
    for minutes in (0, 10, 20, 30):
        path = tmp_path / f"rain_2026071509{minutes:02}.tif"
        field = rain_at(minutes * 60.0)
        with rasterio.open(
            path, "w", driver="GTiff", width=field.shape[1], height=field.shape[0], count=1, dtype="float32",
            crs=CRS.from_string(PROJDEF), transform=TRANSFORM,
        ) as made:  # fmt: skip
            made.write(field, 1)
            made.units = ("mm/h",)
        options += ["--rain-files", str(path)]
    with rasterio.open(Path(library["folder"], "elevation.tif")) as dataset:
        middle = dataset.xy(dataset.height // 2, dataset.width // 2)
    at = between(parse("EPSG:5187"), parse(PROJDEF), np.array([middle]))
    row, column = (int(v[0]) for v in cells(TRANSFORM, at))

    def over(minutes: range) -> Any:
        return pytest.approx([float(rain_at(m * 60.0)[row, column]) for m in minutes], abs=2.0)

    told = result(run("flood-warning", city, *options), "warnings")
    assert told["forecast"]["rates"] == over(range(0, 31, 10))
    told = result(run("flood-warning", city, *options, "--ahead", "0.5"), "warnings")
    assert told["forecast"]["rates"] == over(range(30, 61, 10))
    assert told["until"] >= told["issued"]
    assert any("carried on by translation" in note for note in told["notes"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--levels", "0.1"], "levels: 4 depths are needed, not 1"),
        (["--levels", "1", "--levels", "0.5", "--levels", "2", "--levels", "3"], "increasing depths"),
        (["--rain-source", "files"], "gridded rain needs files: rain_files"),
        (["--rain-source", "hyetograph"], "a hyetograph needs its intensities"),
        (["--library", "nix"], "there is no run nix of flood-library; there are "),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    city: Path, library: dict[str, Any], options: list[str], message: str
) -> None:
    done = twin("run", "flood-warning", city, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def judged(
    engine: AlertEngine, observations: Observations, done: Callable[[list[Any]], bool]
) -> list[dict[str, Any]]:
    """The raised alerts when they are as wanted, or as they are after a while: the server judges the same
    readings, and a step that it has overtaken begins anew."""
    end = time.monotonic() + 30
    while True:
        engine.step()
        with observations.connection() as connection:
            raised = records.list_alerts(connection, "raised")
        if done(raised) or time.monotonic() > end:
            return raised
        time.sleep(0.2)


def told_of(alerts: list[Any]) -> list[int]:
    """How many alerts each of the four levels has."""
    return [sum(alert["rule"] == f"flood-expected-{n}" for alert in alerts) for n in range(1, 5)]


def test_a_published_warning_raises_alerts_and_the_next_one_clears_them(
    city: Path, client: httpx.Client
) -> None:
    inputs = {"rain": 120, "rain_duration": 30, "levels": list(LEVELS), "publish": True}
    body = {"inputs": inputs, "response": "document"}
    refused = client.post("/processes/flood-warning/execution", json=body)
    assert refused.status_code == 401
    assert "sta:write" in refused.json()["detail"]
    token = create(city, ["run", "sta:write"], "warnings")
    headers = {"Authorization": f"Bearer {token}"}
    first, second = (
        client.post("/processes/flood-warning/execution", json=body, headers=headers).json() for _ in range(2)
    )
    assert first["warnings"]["value"]["about"]["run"] != second["warnings"]["value"]["about"]["run"]
    levels_of = {
        f["properties"]["basin"]: f["properties"]["level"] for f in second["basins"]["value"]["features"]
    }
    with open_observations(city) as observations:
        engine = AlertEngine(observations, city)
        expected = [sum(level >= n for level in levels_of.values()) for n in range(1, 5)]
        raised = judged(engine, observations, lambda alerts: told_of(alerts) == expected)
        with observations.connection() as connection:
            things = connection.execute("SELECT count(*) FROM things WHERE properties LIKE '%flood-basin%'")
            assert things.fetchone()[0] == len(levels_of)
        assert told_of(raised) == expected
        assert sum(expected) > 0
        run("flood-warning", city, "--rain", "0", "--publish", *levels())
        left = judged(engine, observations, lambda alerts: len(alerts) < len(raised))
        assert len(left) < len(raised)


def test_the_command_line_lists_what_can_be_asked() -> None:
    text = " ".join(twin("run", "flood-warning", "--help").stdout.split())
    assert "--rain-source design|hyetograph|files|sensors" in text
    assert "--levels <list[float]>" in text
    assert json.dumps([0.5, 1.0, 2.0, 5.0])[1:-1] in text
