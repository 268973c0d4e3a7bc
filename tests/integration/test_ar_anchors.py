"""Anchors and the nearest asset over HTTP: GeoPoses that conform and are right, ways that can be walked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import numpy as np
import pytest
import shapely

from api.app import create_app
from api.ar_nearest import candidates
from api.ar_things import stations_near
from api.routes.moments import now
from api.settings import Settings
from citygml.crs import frame_matrix, geographic_to_ecef
from tests.integration.live_server import serving
from tests.unit.ar_models import ACCURACY, BRIDGE, GROUND, HYDRANTS, RIVER, SURVEY, WALL, at, street
from tests.unit.sensor_models import ORIGIN, degrees
from tiles.ar.neighbourhood import Neighbourhood
from tiles.ar.origin import Origin
from twin.assets import Assets
from twin.observations.store import open_observations
from twin.place import georeference
from twin.store import open_city

BASIC_QUATERNION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "position": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}, "h": {"type": "number"}},
            "required": ["lat", "lon", "h"],
        },
        "quaternion": {
            "type": "object",
            "additionalProperties": False,
            "properties": {axis: {"type": "number"} for axis in "xyzw"},
            "required": ["x", "y", "z", "w"],
        },
    },
    "required": ["position", "quaternion"],
}
"""What OGC GeoPose 1.0 (21-056r11) asks of a Basic-Quaternion in JSON, with no more members than it names
(https://schemas.opengis.net/geopose/1.0/schemata/GeoPose.Basic.Quaternion.Schema.json)."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("ar"))


@pytest.fixture(scope="module")
def client(city: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=city, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def anchors(client: httpx.Client, city: Path, **asked: Any) -> dict[str, dict[str, Any]]:
    answer = client.get("/ar/anchors", params={**at(city, 0, 0), **asked})
    assert answer.status_code == 200, answer.text
    return {anchor["id"]: anchor for anchor in answer.json()["anchors"]}


def test_every_anchor_has_a_geopose_that_conforms(client: httpx.Client, city: Path) -> None:
    found = anchors(client, city, radius=200)
    assert {a["type"] for a in found.values()} == {"hydrant", "survey", "furniture", "sensor"}
    assert set(HYDRANTS) <= set(found)
    for anchor in found.values():
        jsonschema.validate(anchor["geopose"], BASIC_QUATERNION)
        assert sum(v * v for v in anchor["geopose"]["quaternion"].values()) == pytest.approx(1, abs=1e-8)
        if anchor["object"] is not None:
            assert client.get(anchor["object"]).status_code == 200
        for sensor in anchor["sensors"]:
            assert client.get(sensor["sensor"]).json()["name"] == sensor["name"]


def test_positions_are_those_of_the_source_and_of_the_frame(client: httpx.Client, city: Path) -> None:
    body = client.get("/ar/anchors", params={**at(city, 0, 0), "types": "survey", "radius": 50}).json()
    (anchor,) = body["anchors"]
    longitude, latitude, height = degrees(city, *SURVEY)
    assert anchor["placed"] == "point"
    assert anchor["accuracy"] == ACCURACY
    assert anchor["oriented"] is False
    assert anchor["geopose"]["quaternion"] == {"x": 0, "y": 0, "z": 0, "w": 1}
    position = anchor["geopose"]["position"]
    assert (position["lon"], position["lat"]) == pytest.approx((longitude, latitude), abs=1e-8)
    assert position["h"] == pytest.approx(height, abs=1e-3)
    origin = body["origin"]
    frame = frame_matrix(np.array([origin["longitude"], origin["latitude"], origin["height"]]))
    x, y, z = anchor["local"]
    there = frame[:3, :3] @ [x, -z, y] + frame[:3, 3]
    truth = geographic_to_ecef(np.array([[longitude, latitude, height]]))[0]
    assert np.linalg.norm(there - truth) < 0.005
    assert anchor["distance"] == pytest.approx(np.hypot(*SURVEY), rel=1e-3)


def test_a_thing_is_turned_against_true_north_and_not_against_the_map(
    client: httpx.Client, city: Path
) -> None:
    bench = anchors(client, city, types="furniture")["bench 1"]
    assert bench["oriented"] is True
    assert bench["placed"] == "reference point"
    q = bench["geopose"]["quaternion"]
    assert (q["x"], q["y"]) == pytest.approx((0, 0), abs=1e-9)
    with open_city(city) as opened:
        place = georeference(opened)
    foot = np.array([ORIGIN[0] + 5.0, ORIGIN[1] - 10.0, 3.0])
    # the bench's x axis was turned by a quarter: it points along the map's y axis
    along = place.to_ecef(np.array([foot, foot + [0.0, 10.0, 0.0]]))
    east, north, _ = (along[1] - along[0]) @ frame_matrix(place.to_geographic(foot[None])[0])[:3, :3]
    assert abs(np.degrees(np.arctan2(east, north))) > 0.1
    turned = 2 * np.arctan2(q["z"], q["w"])
    assert turned == pytest.approx(np.arctan2(north, east), abs=1e-5)


def test_sensors_are_told_with_their_objects_and_by_themselves(client: httpx.Client, city: Path) -> None:
    found = anchors(client, city, types="hydrant,sensor")
    states = {id: [s["state"] for s in found[id]["sensors"]] for id in ("h-dead", "h-open", "h-behind")}
    assert states == {"h-dead": ["silent"], "h-open": ["ok"], "h-behind": []}
    lone = next(a for a in found.values() if a["title"] == "weather")
    assert lone["object"] is None
    _, _, ground = degrees(city, 0.0, 30.0)
    assert lone["geopose"]["position"]["h"] == pytest.approx(ground, abs=0.1)


def test_the_nearest_come_first_and_the_rest_is_counted(client: httpx.Client, city: Path) -> None:
    whole = client.get("/ar/anchors", params={**at(city, 0, 0), "radius": 200}).json()
    away = [anchor["distance"] for anchor in whole["anchors"]]
    assert away == sorted(away)
    few = client.get("/ar/anchors", params={**at(city, 0, 0), "radius": 200, "limit": 2}).json()
    assert few["anchors"] == whole["anchors"][:2]
    assert few["left_out"] == len(away) - 2
    empty = client.get("/ar/anchors", params={**at(city, 70, -150), "radius": 5}).json()
    assert (empty["count"], empty["anchors"]) == (0, [])


def nearest(client: httpx.Client, city: Path, x: float, y: float, asset: str, **more: Any) -> dict[str, Any]:
    answer = client.get("/ar/nearest", params={**at(city, x, y), "asset": asset, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def on_map(city: Path, way: dict[str, Any]) -> shapely.LineString:
    """The line of a way in metres from the origin of the street; one to walk is level, also on the bridge."""
    with open_city(city) as opened:
        xyz = georeference(opened).from_geographic(np.array(way["geometry"]["coordinates"]))
    if way["properties"]["kind"] == "walk":
        assert np.abs(xyz[:, 2] - GROUND).max() < 0.05
    return shapely.LineString(xyz[:, :2] - ORIGIN)


def area(place: tuple[float, float, float, float]) -> shapely.Geometry:
    x, y, width, depth = place
    return shapely.box(x, y, x + width, y + depth)


def test_the_nearest_usable_one_is_the_first_to_walk_to(client: httpx.Client, city: Path) -> None:
    body = nearest(client, city, 0, 0, "hydrant")
    # h-dead is nearer but silent; h-behind is nearer by beeline but behind the wall
    assert body["found"]["id"] == "h-open"
    assert [p["id"] for p in body["passed_over"]] == ["h-dead"]
    assert "silent" in body["passed_over"][0]["why"]
    told = body["way"]["properties"]
    assert told["kind"] == "walk"
    assert told["length"] == pytest.approx(75, abs=0.5)
    assert told["time"] == pytest.approx(told["length"] / 1.2, abs=1)


def test_who_stands_there_already_has_a_line_to_it(client: httpx.Client, city: Path) -> None:
    body = nearest(client, city, *HYDRANTS["h-open"], "hydrant", radius=30)
    here, there = body["way"]["geometry"]["coordinates"]
    assert here == there
    assert (body["way"]["properties"]["length"], body["way"]["properties"]["time"]) == (0, 0)


def test_a_way_leads_around_a_wall(client: httpx.Client, city: Path) -> None:
    body = nearest(client, city, 30, 0, "hydrant", radius=40)
    assert body["found"]["id"] == "h-behind"
    line = on_map(city, body["way"])
    assert not line.intersects(shapely.buffer(area(WALL), -1.0))
    # from (30, 0) to the corner (40, 60), along the end of the wall to (48, 60), and to (60, 0)
    shortest = np.hypot(10, 60) + 8 + np.hypot(12, 60)
    assert shortest - 3 < line.length < shortest + 6
    assert line.length == pytest.approx(body["way"]["properties"]["length"], rel=0.01)


def test_a_way_leads_over_a_bridge(client: httpx.Client, city: Path) -> None:
    found = nearest(client, city, 128, 30, "survey", radius=300)
    line = on_map(city, found["way"])
    wet = shapely.intersection(line, area(RIVER))
    assert shapely.length(wet) > 9
    assert shapely.contains(shapely.buffer(area(BRIDGE), 1.0), wet)


def test_a_shelter_is_a_building_and_the_way_ends_at_its_wall(client: httpx.Client, city: Path) -> None:
    body = nearest(client, city, 0, 80, "shelter")
    assert body["found"]["id"] == "school"
    line = on_map(city, body["way"])
    school = shapely.box(-40, 90, -20, 110)
    assert school.exterior.distance(shapely.Point(line.coords[-1])) < 0.05
    assert line.length == pytest.approx(np.hypot(20, 10), abs=0.5)


def test_words_and_codes_find_furniture_and_the_list_says_what_there_is(
    client: httpx.Client, city: Path
) -> None:
    listed = {entry["asset"]: entry["count"] for entry in client.get("/ar/assets").json()["assets"]}
    assert listed["hydrant"] == 4
    assert listed["shelter"] == 1
    assert listed["bench"] == 1
    assert nearest(client, city, 0, 0, "Bench")["found"]["id"] == "bench 1"
    missing = client.get("/ar/nearest", params={**at(city, 0, 0), "asset": "castle"})
    assert missing.status_code == 404
    assert "hydrant" in missing.json()["detail"]


def test_a_station_without_an_object_can_be_looked_for(client: httpx.Client, city: Path) -> None:
    body = nearest(client, city, 0, 10, "weather")
    assert body["found"]["name"] == "weather"
    assert body["found"]["object"] is None
    assert [s["state"] for s in body["found"]["sensors"]] == ["ok"]
    assert body["way"]["properties"]["length"] == pytest.approx(20, abs=0.5)


def test_a_station_at_height_zero_stays_there(city: Path) -> None:
    place = at(city, 0, 10)
    origin = Origin(place["lon"], place["lat"], 35.0, 0.0, "")
    with open_city(city) as opened, open_observations(city) as obs:
        here = Neighbourhood(opened)
        (lone,) = [s for s in stations_near(obs, origin, 100.0, now()) if s.kind == "weather"]
        low = [replace(lone, height=0.0)]
        (found,) = candidates(here, Assets(opened), [], origin, low, "weather")
        assert here.place.to_geographic(found.at[None])[0, 2] == pytest.approx(0.0, abs=1e-3)


def test_where_no_way_leads_the_line_is_straight_and_says_so(client: httpx.Client, city: Path) -> None:
    body = nearest(client, city, 95, -100, "pump", radius=25)
    told = body["way"]["properties"]
    assert told["kind"] == "straight"
    assert "no way was found that keeps within 50 m" in told["why"]
    assert told["length"] == told["unchecked"] == pytest.approx(20, abs=0.1)
    line = on_map(city, body["way"])
    assert line.length == pytest.approx(20, abs=0.1)
    # with more room there is one, around the river's southern end
    around = nearest(client, city, 95, -100, "pump", radius=150)["way"]["properties"]
    assert around["kind"] == "walk"
    assert around["length"] == pytest.approx(2 * np.hypot(5, 100) + 10, rel=0.03)


def test_nothing_in_reach_is_said(client: httpx.Client, city: Path) -> None:
    body = nearest(client, city, 0, 30, "hydrant", radius=10)
    assert body["found"] is None
    assert "no hydrant within 10 m" in body["why"]
    only_dead = nearest(client, city, -20, 5, "hydrant", radius=10)
    assert only_dead["found"] is None
    assert [p["id"] for p in only_dead["passed_over"]] == ["h-dead"]


@pytest.mark.parametrize("door", ["/ar/anchors", "/ar/nearest?asset=hydrant", "/ar/indoor", "/ar/bundle"])
@pytest.mark.parametrize(
    ("wrong", "status", "why"),
    [
        ({"lat": 0.0, "lon": 0.0}, 404, "outside of the city"),
        ({"lat": "nan"}, 400, "lat"),
        ({"lon": 181}, 400, "lon"),
        ({"height": 3, "datum": "sea"}, 400, "'sea' is none of ellipsoid"),
    ],
)
def test_what_is_refused(
    client: httpx.Client, city: Path, door: str, wrong: dict[str, Any], status: int, why: str
) -> None:
    asked = {**at(city, 0, 0), **wrong}
    if "?" in door:
        door, asked = "/ar/nearest", {**asked, "asset": "hydrant"}
    answer = client.get(door, params=asked)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in answer.text


def test_unknown_types_and_large_radii_are_refused(client: httpx.Client, city: Path) -> None:
    unknown = client.get("/ar/anchors", params={**at(city, 0, 0), "types": "castle"})
    assert (unknown.status_code, "no anchors of type 'castle'" in unknown.text) == (404, True)
    for door in ("/ar/anchors", "/ar/nearest?asset=bench", "/ar/bundle"):
        join = "&" if "?" in door else "?"
        assert client.get(f"{door}{join}lon=129&lat=35&radius=50000").status_code == 400
