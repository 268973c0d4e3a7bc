"""`twin run sun` with plans from files, weather of the city's sensors, glare, the height limit in print."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pypdf
import pytest
import trimesh

from analysis.errors import AnalysisError
from analysis.run import prepare
from analysis.run import run as run_here
from tests.unit.models import city as document
from tests.unit.models import write
from tests.unit.observation_models import datastream, make, thing
from twin.ingest import add_files
from twin.observations.store import Observations, open_observations
from twin.place import georeference
from twin.scenario import Scenarios
from twin.store import open_city

BOXES = {"a": (0.0, 0.0, 9.0), "b": (40.0, 0.0, 9.0), "c": (40.0, 40.0, 9.0), "d": (0.0, 40.0, 9.0)}
QUICK: dict[str, Any] = {
    "energy": False, "rule": "none", "cell_size": 2.0, "spacing": 4.0, "step": 60, "interval": 720,
    "date": "2026-12-22", "engine": "sweep",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four houses of 10 x 8 x 9 m, of which d stands 32 m north of a."""
    path = tmp_path_factory.mktemp("sun") / "x.twin"
    add_files(path, [write(path.parent / "source.json", document(BOXES))])
    return path


def read(folder: Path, run: Any, name: str) -> Any:
    path = folder / "runs" / run.id / str(run.results[name]["file"])
    return pd.read_parquet(path) if path.suffix == ".parquet" else json.loads(path.read_bytes())


def on_globe(folder: Path, *points: tuple[float, float, float]) -> list[list[float]]:
    """Longitude, latitude, height of points [m] from the origin of the boxes."""
    with open_city(folder) as city:
        found: list[list[float]] = (
            georeference(city).to_geographic(np.array(points) + [176_000, 282_000, 0]).tolist()
        )
        return found


def test_a_plan_of_a_file_is_that_of_its_outline(folder: Path, tmp_path: Path) -> None:
    """A tower of 10 x 8 x 30 m south of d, as an outline, CityJSON and GLB."""
    plan_file = write(tmp_path / "tower.city.json", document({"tower": (0.0, 24.0, 30.0)}))
    middle = on_globe(folder, (5.0, 28.0, 3.0))[0]
    # a GLB's y points up; a fifth of its size to be scaled
    box = trimesh.creation.box((2.0, 6.0, 1.6), trimesh.transformations.translation_matrix([0, 3.0, 0]))
    glb = tmp_path / "tower.glb"
    glb.write_bytes(trimesh.Scene(box).export(file_type="glb"))
    with open_city(folder) as city:
        heading = grid_bearing(georeference(city), middle)
    place = {"longitude": middle[0], "latitude": middle[1], "height": middle[2], "scale": 5.0}
    corners = on_globe(folder, (0, 24, 3), (10, 24, 3), (10, 32, 3), (0, 32, 3), (0, 24, 3))
    outline = {"type": "Polygon", "coordinates": [[corner[:2] for corner in corners]]}
    hours = {}
    for name, given in {
        "outline": {"plan": {"footprint": outline, "height": 30.0, "base": 3.0}},
        "CityJSON": {"plan_file": str(plan_file)},
        "GLB": {"plan_file": str(glb), "plan_place": place | {"heading": heading}},
    }.items():
        done = run_here(folder, "sun", **QUICK, **given)
        points = read(folder, done, "points")
        new = "tower" if name == "CityJSON" else "planned"
        assert new in set(points.building) and points[points.building == new].height.max() > 30
        hours[name] = points[points.building == "d"].reset_index()
    assert hours["outline"].sun_hours_change.min() < -2
    for name in ("CityJSON", "GLB"):
        for column in ("sun_hours", "sun_hours_change"):
            assert hours[name][column].to_numpy() == pytest.approx(hours["outline"][column].to_numpy()), name
    with open_city(folder) as city:
        assert Scenarios(city).all() == []


def grid_bearing(globe: Any, middle: list[float]) -> float:
    """Of the grid's north from true north at a place [degrees]."""
    x, y, _ = globe.from_geographic(np.array([middle]))[0]
    west, south, north = globe.to_geographic([[x, y, 0.0], [x, y - 50, 0.0], [x, y + 50, 0.0]])
    east = (north[0] - south[0]) * np.cos(np.radians(west[1]))
    return float(np.degrees(np.arctan2(east, north[1] - south[1])))


def test_a_building_of_a_file_takes_the_place_of_its_namesake(folder: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "lower.city.json", document({"a": (0.0, 0.0, 3.0)}))
    done = run_here(folder, "sun", **QUICK, plan_file=str(path))
    points = read(folder, done, "points")
    assert points[points.building == "a"].height.max() < points[points.building == "b"].height.max() - 5
    assert points["sun_hours_change"].min() > -0.01
    assert read(folder, done, "summary")["buildings"] >= 4


def test_plans_that_cannot_be_put_in_say_why(folder: Path, tmp_path: Path) -> None:
    far = write(tmp_path / "far.city.json", document({"tower": (900.0, 25.0, 30.0)}))
    near = write(tmp_path / "near.city.json", document({"tower": (0.0, 25.0, 30.0)}))
    glb = tmp_path / "t.glb"
    glb.write_bytes(trimesh.Scene(trimesh.creation.box((5, 5, 5))).export(file_type="glb"))
    where = {"longitude": 128.0, "latitude": 35.0}
    for given, message in (
        ({"plan_file": str(far)}, "far.city.json.* reach out of the city's area"),
        ({"plan_file": str(glb)}, "t.glb.*give plan_place with longitude and latitude"),
        ({"plan_file": str(near), "plan_place": where}, "plan_place is for a GLB"),
        ({"plan_place": where}, "plan_place.*plan_file"),
    ):
        with pytest.raises(AnalysisError, match=message):
            run_here(folder, "sun", **QUICK, **given)


def station(observations: Observations, observed: str, unit: str) -> int:
    stream = datastream(
        observed,
        unitOfMeasurement={"name": unit, "symbol": unit, "definition": ""},
        ObservedProperty={"name": observed, "description": "", "definition": f"urn:{observed}"},
    )
    make(observations, "Things", thing("roof", Datastreams=[stream]))
    with observations.connection() as connection:
        return int(connection.execute("SELECT max(id) FROM datastreams").fetchone()[0])


def read_out(observations: Observations, stream: int, at: datetime, value: float) -> None:
    time = at.isoformat().replace("+00:00", "Z")
    make(observations, f"Datastreams({stream})/Observations", {"phenomenonTime": time, "result": value})


def test_weather_of_sensors_and_a_run_of_new_readings(folder: Path) -> None:
    """A June day under an even sky of 300 W/m² by day, which level roofs in the open get."""
    options = QUICK | {"energy": True, "weather_source": "sensors", "spacing": 5.0}
    with pytest.raises(AnalysisError, match="no readings of sensors"):
        run_here(folder, "sun", **options)
    with open_observations(folder) as observations:
        stream = station(observations, "global horizontal irradiance", "W/m²")
        start = datetime(2026, 6, 10, 15, tzinfo=UTC)  # midnight in Korea
        for hour in range(25):
            read_out(observations, stream, start + timedelta(hours=hour), 300.0 if 6 <= hour < 19 else 0.0)
    before = prepare(folder, "sun", options)
    done = run_here(folder, "sun", **options)
    points, pv = read(folder, done, "points"), read(folder, done, "pv")
    roofs = points[points.kind == "roof"]
    assert roofs.irradiation.max() == pytest.approx(13 * 0.3, rel=0.02)
    assert pv["weather"].startswith("sensors") and pv["first"].startswith("2026-06-11T00:30")
    assert any("readings reach over 1.0 days" in note for note in read(folder, done, "summary")["notes"])
    assert prepare(folder, "sun", options).digest == before.digest
    other = prepare(folder, "sun", options | {"weather_source": "clear-sky"}).digest
    with open_observations(folder) as observations:
        read_out(observations, stream, start + timedelta(hours=26), 0.0)
    assert prepare(folder, "sun", options).digest != before.digest
    assert prepare(folder, "sun", options | {"weather_source": "clear-sky"}).digest == other
    with pytest.raises(AnalysisError, match="weather_source=sensors"):
        run_here(folder, "sun", **options, weather=str(folder / "twin.db"))


def test_glare_and_the_height_limit_of_a_plan(folder: Path, tmp_path: Path) -> None:
    """A tower of glass just north of d, on the boundaries of its plot."""
    corners = on_globe(folder, (0, 55, 3), (10, 55, 3), (10, 63, 3), (0, 63, 3), (0, 55, 3))
    outline = {"type": "Polygon", "coordinates": [[corner[:2] for corner in corners]]}
    options = QUICK | {"rule": "korea", "glare": True, "plot": outline}
    done = run_here(folder, "sun", **options, plan={"footprint": outline, "height": 24.0})
    table, summary = read(folder, done, "glare"), read(folder, done, "summary")["glare"]
    assert set(table.kind) == {"window"} and summary["windows_dazzled"] == len(table) > 0
    assert summary["road_points"] == 0 and summary["mirrors"] == 4
    # of the houses d stands before the tower's south face, 7 m off
    assert table[table.building == "d"].hours.max() > 30
    assert "planned" not in set(table.building)
    assert set(table.mirror).issubset({f"planned-{n}" for n in range(6)})
    begin, end = pd.to_datetime(table["from"]), pd.to_datetime(table["to"])
    assert ((end - begin).dt.total_seconds() / 3600 >= table.longest - 1e-6).all()
    assert table[table.longest > 0.5].exceeds.all()
    limit = read(folder, done, "height_limit")
    assert len(limit["parts"]) > 0  # walls on the very boundary
    for language, words in (("ko", "정북"), ("en", "northern boundary")):
        path = folder / "runs" / done.id / done.results[f"report_{language}"]["file"]
        text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
        assert words in text and "planned" in text
