"""Things find their objects and their places, and keep up with what changes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from citygml.geoid import undulation
from tests.unit.models import city, write
from tests.unit.sensor_models import BOXES, ORIGIN, add, box_city, degrees, thing
from twin.errors import TwinError
from twin.footprints import footprint
from twin.ingest import add_files
from twin.link.finder import Finder
from twin.link.linker import Linker
from twin.link.places import position
from twin.link.stations import kind_of
from twin.link.things import Linked, link_things
from twin.observations import model
from twin.observations.changes import Delete, SetLinks, Update
from twin.observations.query import Route, Step
from twin.observations.store import Observations, open_observations
from twin.store import open_city
from twin.synth.sensors import write_sensors
from twin.synth.write import make_district, make_ground


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return box_city(tmp_path)


@pytest.fixture
def obs(folder: Path) -> Iterator[Observations]:
    with open_observations(folder) as opened:
        yield opened


def links(obs: Observations) -> dict[int, tuple[Any, ...]]:
    with obs.connection() as connection:
        rows = connection.execute("SELECT thing, object_id, how, distance_m, layer FROM thing_objects")
        return {r[0]: r[1:] for r in rows}


def places(obs: Observations) -> dict[int, tuple[float, float, float]]:
    with obs.connection() as connection:
        return {r[0]: r[1:] for r in connection.execute("SELECT * FROM thing_places")}


@pytest.mark.parametrize(
    ("x", "y", "link"),
    [
        (5, 4, ("a", "inside", 0.0, "buildings")),
        (10.5, 4, ("a", "nearest", 0.5, "buildings")),
        (30, 4, ("a", "nearest", 20.0, "buildings")),
        (-12, -5, ("a", "nearest", 13.0, "buildings")),
        (50, 4, ("b", "nearest", 10.0, "buildings")),
        (35.5, 4, ("b", "nearest", 24.5, "buildings")),
        (5, 100, None),
        (1e6, 4, None),
    ],
)
def test_the_object_is_the_one_around_or_the_nearest_within_reach(
    folder: Path, obs: Observations, x: float, y: float, link: tuple[Any, ...] | None
) -> None:
    id = add(obs, thing(position=degrees(folder, x, y)[:2]))
    done = link_things(folder, obs)
    assert (done.things, done.with_object) == (1, int(link is not None))
    found = links(obs).get(id)
    if link is None:
        assert found is None
    else:
        assert found is not None
        assert found == (*link[:2], pytest.approx(link[2], abs=0.01), link[3])


def test_a_given_object_stands_whatever_the_location_says(folder: Path, obs: Observations) -> None:
    given = add(obs, thing(position=degrees(folder, 5, 4), properties={"objectId": "c"}))
    unknown = add(obs, thing(properties={"gmlId": "nowhere"}))
    link_things(folder, obs)
    assert links(obs) == {given: ("c", "given", None, "buildings"), unknown: ("nowhere", "given", None, None)}
    assert set(places(obs)) == {given}


def test_a_given_object_lends_its_place(folder: Path, obs: Observations) -> None:
    id = add(obs, thing(properties={"cityObjectId": "b", "height": 2.5}))
    link_things(folder, obs)
    expected = degrees(folder, 65, 4, 3.0)
    assert places(obs)[id] == pytest.approx((expected[0], expected[1], expected[2] + 2.5), abs=1e-3)


def test_furniture_beside_goes_before_a_building_further_off(tmp_path: Path) -> None:
    document = city({"house": (0.0, 0.0, 5.0), "hydrant": (14.0, 0.0, 1.0), "bench": (24.5, 0.0, 1.0)})
    for id in ("hydrant", "bench"):
        document["CityObjects"][id]["type"] = "CityFurniture"
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", document)])
    folder = tmp_path / "x.twin"
    with open_observations(folder) as obs:
        beside = add(obs, thing(position=degrees(folder, 13.5, 4)[:2]))
        between = add(obs, thing(position=degrees(folder, 12, 4)[:2]))
        far = add(obs, thing(position=degrees(folder, 57, 4)[:2]))
        link_things(folder, obs)
        found = links(obs)
    assert found[beside][0] == "hydrant"
    assert found[between][0] == "house", "2 m from both: buildings go first"
    assert found[far][0] == "bench"


def test_found_is_the_building_and_not_its_part(tmp_path: Path) -> None:
    document = city({"whole": (0.0, 0.0, 5.0), "part": (100.0, 0.0, 5.0)})
    part = document["CityObjects"]["part"]
    part |= {"type": "BuildingPart", "parents": ["whole"]}
    document["CityObjects"]["whole"] |= {"children": ["part"], "geometry": []}
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", document)])
    with open_observations(tmp_path / "x.twin") as obs:
        id = add(obs, thing(position=degrees(tmp_path / "x.twin", 105, 4)[:2]))
        link_things(tmp_path / "x.twin", obs)
        assert links(obs)[id] == ("whole", "inside", 0.0, "buildings")


def test_many_positions_agree_with_a_search_of_everything(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    corners = rng.uniform(0, 400, (60, 2)).tolist()
    folder = box_city(tmp_path, {f"b{i}": (x, y, 5.0) for i, (x, y) in enumerate(corners)})
    with open_city(folder) as opened:
        finder = Finder(opened)
        shapes = {
            o.id: shapely.geometry.shape(footprint(o.decode(), lambda p: p[:, :2]))
            for o in opened.all_objects()
        }
        xy = rng.uniform(-50, 450, (300, 2)) + ORIGIN
        degrees = finder.place.to_geographic(np.column_stack([xy, np.zeros(300)]))
        found = finder.find(degrees[:, 0], degrees[:, 1])
    for place, got in zip(xy.tolist(), found, strict=True):
        distances = {id: shape.distance(shapely.Point(place)) for id, shape in shapes.items()}
        least = min(distances.values())
        if got is None:
            assert least > 25 - 1e-6
        else:
            assert distances[got.object_id] == pytest.approx(least, abs=1e-3)
            assert got.distance == pytest.approx(least, abs=2e-3)
    assert sum(f is not None for f in found) > 100


def test_height_of_its_own_else_the_ground_and_height_above_it(tmp_path: Path) -> None:
    folder = box_city(tmp_path)
    heights = np.full((200, 300), 12.0, np.float32)
    transform = from_origin(ORIGIN[0] - 100, ORIGIN[1] + 300, 2, 2)
    path = tmp_path / "ground.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=300, height=200, count=1, dtype="float32", crs="EPSG:5187",
        transform=transform,
    ) as file:  # fmt: skip
        file.write(heights, 1)
    add_files(folder, [path])
    at = degrees(folder, 40, 4)
    expected = degrees(folder, 40, 4, 12.0)[2]
    with open_observations(folder) as obs:
        own = add(obs, thing(position=[*at[:2], 77.0], properties={"height": 3}))
        ground = add(obs, thing(position=at[:2]))
        mast = add(obs, thing(position=at[:2], properties={"height": 10}))
        away = add(obs, thing(position=[127.0, 37.5], properties={"height": 10}))
        link_things(folder, obs)
        found = places(obs)
    assert found[own][2] == 77.0
    assert found[ground][2] == pytest.approx(expected, abs=0.01)
    assert found[mast][2] == pytest.approx(expected + 10, abs=0.01)
    assert found[away] == pytest.approx((127.0, 37.5, undulation([127.0], [37.5])[0] + 10), abs=1e-3)


def test_without_terrain_a_thing_stands_at_the_foot_of_its_object(folder: Path, obs: Observations) -> None:
    id = add(obs, thing(position=degrees(folder, 5, 4)[:2]))
    link_things(folder, obs)
    assert places(obs)[id][2] == pytest.approx(degrees(folder, 5, 4, 3.0)[2], abs=0.01)


def test_only_what_is_different_is_written(folder: Path, obs: Observations) -> None:
    ids = [add(obs, thing(position=degrees(folder, x, 4)[:2])) for x in (5, 65, 100)]
    assert link_things(folder, obs).changed == 3
    assert link_things(folder, obs).changed == 0
    obs.writer.submit(Update(Route(model.THING, ids[0]), {"properties": {"objectId": "c"}})).result()
    assert link_things(folder, obs, [ids[1]]).changed == 0
    assert link_things(folder, obs, ids[:1]).changed == 1
    obs.writer.submit(Delete(Route(model.THING, ids[1]))).result()
    link_things(folder, obs)
    assert set(links(obs)) == {ids[0]} and set(places(obs)) == {ids[0], ids[2]}


def test_links_follow_things_locations_and_the_city(tmp_path: Path, folder: Path, obs: Observations) -> None:
    linker = Linker(folder, obs)
    id = add(obs, thing(position=degrees(folder, 5, 4)[:2]))
    assert linker.step().things == 1
    assert links(obs)[id][0] == "a"
    assert linker.step().things == 0
    with obs.connection() as connection:
        (location,) = connection.execute("SELECT location FROM thing_locations").fetchone()
    moved = {"location": {"type": "Point", "coordinates": degrees(folder, 65, 4)[:2]}}
    obs.writer.submit(Update(Route(model.LOCATION, location), moved)).result()
    assert linker.step().things == 1
    assert links(obs)[id][0] == "b"
    obs.writer.submit(Update(Route(model.THING, id), {"properties": {"objectId": "c"}})).result()
    linker.step()
    assert links(obs)[id][:2] == ("c", "given")
    obs.writer.submit(Update(Route(model.THING, id), {"properties": {}})).result()
    linker.step()
    write(tmp_path / "source.json", city({k: v for k, v in BOXES.items() if k != "b"}))
    add_files(folder, [tmp_path / "source.json"])
    linker.step()
    assert links(obs) == {}


def test_what_another_process_adds_is_noticed(folder: Path, obs: Observations) -> None:
    linker = Linker(folder, obs)
    first = add(obs, thing(position=degrees(folder, 5, 4)[:2]))
    linker.step()
    with open_observations(folder) as other:
        second = add(other, thing(position=degrees(folder, 65, 4)[:2]))
        add(other, thing(position=degrees(folder, 1000, 4)[:2]))
        assert linker.step() == Linked(things=2, with_object=1, changed=2)
        with other.connection() as connection:
            (location,) = connection.execute(
                "SELECT location FROM thing_locations WHERE thing = 1"
            ).fetchone()
        links_of = Route(model.THING, second, (Step("Locations"),))
        other.writer.submit(SetLinks(links_of, (location,), "set")).result()
    linker.step()
    assert links(obs)[first][0] == links(obs)[second][0] == "a"


def test_what_could_not_be_done_is_done_later(
    folder: Path, obs: Observations, monkeypatch: pytest.MonkeyPatch
) -> None:
    linker = Linker(folder, obs)
    linker.step()
    id = add(obs, thing(position=degrees(folder, 5, 4)[:2]))
    obs.writer.submit(Update(Route(model.THING, id), {"properties": {"objectId": "b"}})).result()

    def busy(*_: object) -> Linked:
        raise TwinError("another process is writing")

    with monkeypatch.context() as patched, pytest.raises(TwinError):
        patched.setattr("twin.link.linker.link_things", busy)
        linker.step()
    assert linker.step().things == 1
    assert links(obs)[id][0] == "b"


def test_the_background_thread_links_and_stops(folder: Path, obs: Observations) -> None:
    linker = Linker(folder, obs, every=0.02)
    linker.start()
    try:
        id = add(obs, thing(position=degrees(folder, 5, 4)[:2]))
        for _ in range(500):
            if id in links(obs):
                break
            linker._thread.join(0.02)
        assert links(obs)[id][0] == "a"
    finally:
        linker.stop()
    assert not linker._thread.is_alive()


def test_readings_need_no_city(tmp_path: Path) -> None:
    with open_observations(tmp_path) as obs:
        id = add(obs, thing(position=[129.0, 35.0], properties={"objectId": "x"}))
        link_things(tmp_path, obs)
        assert links(obs)[id] == ("x", "given", None, None)
        assert places(obs)[id][:2] == (129.0, 35.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "Point", "coordinates": [1, 2]}', (1, 2, None)),
        ('{"type": "Point", "coordinates": [1, 2, 3.5]}', (1, 2, 3.5)),
        ('{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}', (1, 2, None)),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}', (1, 1, None)),
        ('{"type": "LineString", "coordinates": [[0, 0, 5], [2, 2, 5]]}', (1, 1, None)),
        ('{"type": "Point", "coordinates": [200, 2]}', None),
        ('{"type": "Point", "coordinates": ["1", 2]}', None),
        ('{"type": "Point", "coordinates": []}', None),
        ('{"type": "Polygon", "coordinates": "here"}', None),
        ('{"type": "Feature"}', None),
        ('"Seoul"', None),
        ("[1, 2]", None),
        ("somewhere", None),
    ],
)
def test_positions_of_locations(text: str, expected: tuple[float, ...] | None) -> None:
    assert position(text) == expected


@pytest.mark.parametrize(
    ("properties", "observed", "kind"),
    [
        ({"kind": "hydrant"}, ["air temperature"], "hydrant"),
        ({"kind": "spaceship"}, ["PM2.5"], "air"),
        ({}, ["하천 수위"], "stream-level"),
        ({}, ["rainfall"], "rain"),
        ({}, ["train arrivals"], "other"),
        ({}, ["CO", "mole_fraction_of_carbon_monoxide_in_air"], "air"),
        ({}, ["electric energy"], "meter"),
        ({}, ["industrial noise"], "other"),
        ({}, ["battery", "wind speed"], "weather"),
        ({}, ["window state"], "other"),
        ({}, ["water pressure"], "hydrant"),
    ],
)
def test_the_kind_is_given_or_told_by_what_is_observed(
    properties: dict[str, Any], observed: list[str], kind: str
) -> None:
    assert kind_of(properties, observed) == kind


def test_in_the_sample_district_each_sensor_finds_what_it_stands_at(tmp_path: Path) -> None:
    district = make_district(tmp_path / "district", buildings=30)
    add_files(
        tmp_path / "x.twin", [district.files[n] for n in ("buildings", "furniture", "water", "terrain")]
    )
    stations, _ = write_sensors(make_ground(30, district.seed), tmp_path / "sensors")
    with stations.open(encoding="utf-8") as file, open_observations(tmp_path / "x.twin") as obs:
        given = {}
        for row in csv.DictReader(file):
            place = [float(row[c]) for c in ("longitude", "latitude", "height")]
            given[add(obs, thing(row["station"], place))] = row["objectId"]
        link_things(tmp_path / "x.twin", obs)
        assert {t: link[0] for t, link in links(obs).items()} == given
        assert {link[1] for link in links(obs).values()} == {"inside", "nearest"}
