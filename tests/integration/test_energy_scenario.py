"""`twin run energy` of a scenario: its buildings come out as if the city had been built so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from analysis.scene.grid import plane_of
from analysis.scene.scenario import scenario_scene, touched_buildings
from analysis.scene.sun import sun_scene
from api.app import create_app
from api.settings import Settings
from tests.integration.command_line import twin
from tests.integration.energy_city import ATTRIBUTES, BOXES, Found, street
from tests.unit.models import city, write
from tests.unit.sensor_models import add, datastreams_of, degrees, read, thing
from twin.errors import EntityNotFound
from twin.ingest import add_files
from twin.observations.store import open_observations
from twin.scenario import Scenarios, objects_of_file
from twin.store import open_city

QUICK: dict[str, Any] = {"method": "5r1c", "meters": "none"}
CHANGED = {"home": (0.0, 0.0, 12.0), "annex": (140.0, 0.0, 9.0)}  # taller; wall to wall with pair-2
REMOVED = "shop"


def planned(folder: Path, boxes: dict[str, tuple[float, float, float]]) -> int:
    """A scenario of the street with these boxes, and without the shop."""
    file = write(folder.parent / "plan.json", city(boxes, attributes=ATTRIBUTES))
    with open_city(folder) as opened:
        scenarios = Scenarios(opened)
        made = scenarios.create("new street").id
        scenarios.put(made, objects_of_file(opened, file))
        scenarios.remove(made, [REMOVED])
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("street"))


@pytest.fixture(scope="module")
def scenario(folder: Path) -> int:
    return planned(folder, CHANGED)


def test_its_buildings_are_what_is_computed(folder: Path, scenario: int, tmp_path: Path) -> None:
    boxes = {id: box for id, box in (BOXES | CHANGED).items() if id != REMOVED}
    built = tmp_path / "built.twin"
    add_files(built, [write(tmp_path / "source.json", city(boxes, attributes=ATTRIBUTES))])
    found, expected = Found(folder, scenario=scenario, **QUICK), Found(built, **QUICK)
    one, other = (run.table("buildings").set_index("id").sort_index() for run in (found, expected))
    assert REMOVED not in one.index and "annex" in one.index
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, check_like=True)
    told = found.summary["scenario"]
    assert told == {"id": scenario, "name": "new street", "added": 1, "changed": 1, "removed": 1}
    assert expected.summary["scenario"] is None


def test_what_it_touches_is_seen_and_the_city_stays(folder: Path, scenario: int) -> None:
    before, after = (Found(folder, scenario=number, **QUICK).table("envelope") for number in (None, scenario))
    for table, shared in ((before, 1), (after, 2)):
        walls = table[(table["building"] == "pair-2") & (table["part"] == "wall")]
        assert walls.loc[walls["boundary"] == "adiabatic", "area"].sum() == pytest.approx(72.0 * shared)
    assert REMOVED in set(before["building"])


def test_a_part_that_is_added_to_a_building_is_of_it(folder: Path) -> None:
    wing = city({"wing": (50.0, 0.0, 6.0)})
    with open_city(folder) as opened:
        (made,) = objects_of_file(opened, write(folder.parent / "wing.json", wing))
        scenarios = Scenarios(opened)
        number = scenarios.create("wing").id
        scenarios.put(number, [replace(made, type="BuildingPart", parent="flats")])
        plane = plane_of(opened)
        scene = sun_scene(opened, 1.0)
        planned = scenario_scene(opened, plane, scene, number)
        changed = touched_buildings(opened, number)
    assert changed == {"flats"}
    assert scene.surfaces is not None and planned.surfaces is not None
    assert len(planned.surfaces) > len(scene.surfaces)
    assert set(planned.surfaces.buildings) == set(scene.surfaces.buildings) == set(BOXES)
    found = Found(folder, scenario=number, **QUICK)
    before = Found(folder, **QUICK).table("buildings").set_index("id")
    after = found.table("buildings").set_index("id")
    assert after.at["flats", "volume"] > before.at["flats", "volume"]
    assert not any("in the open" in note for note in found.summary["notes"])


def test_clients_are_told_of_it(folder: Path) -> None:
    described = TestClient(create_app(Settings(city=folder))).get("/processes/energy").json()
    assert described["inputs"]["scenario"]["schema"]["type"] == "integer"


def test_a_scenario_that_changes_is_run_anew_and_one_that_is_not_there_is_refused(
    folder: Path, scenario: int
) -> None:
    with open_city(folder) as opened:
        other = Scenarios(opened).create("less").id
    quick = QUICK | {"shading": False, "pv": False}
    first = Found(folder, scenario=other, **quick)
    assert Found(folder, scenario=other, **quick).id == first.id
    with open_city(folder) as opened:
        Scenarios(opened).remove(other, ["flats"])
    again = Found(folder, scenario=other, **quick)
    assert again.id != first.id and again.summary["buildings"] == first.summary["buildings"] - 1
    with pytest.raises(EntityNotFound, match="no scenario 99"):
        Found(folder, scenario=99, **quick)
    done = twin("run", "energy", folder, "--scenario", "99")
    assert done.returncode == 1 and "there is no scenario 99" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_meters_are_those_of_buildings_that_stand_and_are_asked_for(tmp_path: Path) -> None:
    folder = street(tmp_path)
    with open_observations(folder) as observations:
        for id in ("home", "pair-1", "flats"):
            held = {"objectId": id, "reading": "interval"}
            made = add(observations, thing(id, properties=held, observed="전력량", unit="kWh"))
            (stream,) = datastreams_of(observations, made)
            months = pd.date_range("2025-01-01", periods=13, freq="MS", tz="Asia/Seoul")
            read(observations, stream, [int(t.timestamp()) for t in months], [300.0] * 12 + [0.0])
    number = planned(folder, {"home": (0.0, 0.0, 12.0)})
    quick = QUICK | {"shading": False, "pv": False, "meters": "compare"}
    assert Found(folder, **quick).summary["measured"]["buildings"] == 3
    found = Found(folder, scenario=number, **quick).summary
    assert found["measured"]["buildings"] == 2
    assert any("1 buildings that the scenario changes" in note for note in found["notes"])
    around_home = [*degrees(folder, -5.0, -5.0)[:2], *degrees(folder, 15.0, 15.0)[:2]]
    assert Found(folder, area=around_home, **quick).summary["measured"]["buildings"] == 1
