"""Picking in the sample district: the right building comes first, and probabilities are what they say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from analysis.views.pick import pick
from api.app import create_app
from api.ar_desk import ArDesk
from api.settings import Settings
from tests.integration.ar_place import here
from tests.integration.live_server import serving
from tests.unit.ar_models import at, street
from tests.unit.sensor_models import add, datastreams_of, degrees, read, thing
from tiles.ar.neighbourhood import Neighbourhood
from tiles.ar.origin import Origin
from twin.ingest import add_files
from twin.link.things import link_things
from twin.observations.store import open_observations
from twin.store import City, open_city
from twin.synth import make_district

POSES = 1000
POSITION, HEADING = 3.0, 5.0
"""Error of the position, the radius that holds 68 % [m], and standard deviation of the heading [degrees]."""
SIGMA = POSITION / np.sqrt(-2 * np.log(0.32))


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("ar")
    made = make_district(base / "source", buildings=60, seed=5)
    names = ("terrain", "buildings", "furniture")
    add_files(base / "x.twin", [made.files[name] for name in names])
    return base / "x.twin"


@dataclass
class Street:
    """The district from the ground: whole buildings by what is met."""

    city: City
    around: Any
    whole: dict[int, str]

    @classmethod
    def of(cls, city: City, folder: Path) -> Street:
        longitude, latitude, _ = here(folder)
        known = Neighbourhood(city)
        ground = known.ground(city, longitude, latitude)
        assert ground is not None
        origin = Origin(longitude, latitude, ground, 0.0, "")
        pieces = ArDesk(folder).surroundings(city, known, ("buildings",), origin, 600.0)
        index = city.index("buildings")
        whole = {}
        for row, stored in zip(index.rows.tolist(), city.fetch(index.rows), strict=True):
            while stored.parent is not None:
                above = city.object(stored.parent)
                assert above is not None
                stored = above
            whole[row] = stored.id
        return cls(city, (pieces, frame_of(origin)), whole)

    def looked_at(self, eye: Any, heading: float, **errors: Any) -> dict[str, float]:
        pieces, frame = self.around
        found = pick(pieces, eye, heading, 5.0, frame=frame, reach=150.0, **errors)
        shares: dict[str, float] = {}
        for hit in found.hits:
            id = self.whole[hit.thing]
            shares[id] = shares.get(id, 0.0) + hit.probability
        return shares

    def within(self, eye: Any) -> bool:
        """Whether somebody stands inside of a building: straight up its roof is met from inside."""
        pieces, frame = self.around
        east, north = eye[:2]
        for piece in pieces:
            if (piece.box[0] <= [east, north]).all() and (piece.box[1] >= [east, north]).all():
                solids = piece.load()
                matrix = np.linalg.inv(solids.frame) @ frame
                if solids.inside((matrix[:3, :3] @ eye + matrix[:3, 3])[None])[0]:
                    return True
        return False


def frame_of(origin: Origin) -> Any:
    from citygml.crs import frame_matrix

    return frame_matrix(np.array([origin.longitude, origin.latitude, origin.height]))


def test_the_right_building_comes_first_and_its_probability_is_calibrated(district: Path) -> None:
    """Poses anywhere in the streets, in any direction; the phone errs as it says."""
    random = np.random.default_rng(11)
    looking, first = 0, 0
    stated: list[float] = []
    right: list[bool] = []
    with open_city(district) as city:
        street = Street.of(city, district)
        while looking < POSES:
            eye = np.array([*random.uniform(-150, 150, 2), 1.6])
            heading = random.uniform(0, 360)
            if street.within(eye):
                continue
            truth = street.looked_at(eye, heading)
            told = eye + [*random.normal(0, SIGMA, 2), 0.0]
            shares = street.looked_at(
                told,
                heading + random.normal(0, HEADING),
                position_error=POSITION,
                heading_error=HEADING,
            )
            stated += list(shares.values())
            right += [id in truth for id in shares]
            if truth:
                looking += 1
                first += bool(shares) and max(shares, key=lambda id: shares[id]) in truth
    print(f"the right building first: {first / looking:.1%} of {looking:,} poses")
    assert first / looking >= 0.8
    said, met = np.array(stated), np.array(right)
    for low in np.arange(0.0, 1.0, 0.2):
        group = (said > low) & (said <= low + 0.2)
        print(f"said {said[group].mean():.2f}, right {met[group].mean():.2f}")
        assert group.sum() > 50
        assert abs(said[group].mean() - met[group].mean()) <= 0.1


@pytest.fixture(scope="module")
def client(district: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=district, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def test_a_pick_over_http(client: httpx.Client, district: Path) -> None:
    longitude, latitude, _ = here(district)
    asked: dict[str, Any] = {"lon": longitude, "lat": latitude, "position_error": 3, "heading_error": 5}
    found = [client.get("/ar/pick", params={**asked, "heading": h}).json() for h in range(0, 360, 45)]
    hits = [answer["hits"][0] for answer in found if answer["hits"]]
    assert hits
    for hit in hits:
        one = client.get(hit["object"]).json()
        assert one["id"] == hit["id"]
        assert one["attributes"] == hit["attributes"]
        assert 0 < hit["probability"] <= 1
        assert hit["sensors"] == []
        east = (hit["position"][0] - longitude) * 111_320 * np.cos(np.radians(latitude))
        north = (hit["position"][1] - latitude) * 111_000
        assert np.hypot(east, north) == pytest.approx(hit["distance"], abs=8)
    assert found[0]["origin"]["on_ground"] is True


def test_a_hit_has_the_course_of_its_sensors(tmp_path: Path) -> None:
    city = street(tmp_path)
    last = int(time.time()) - 60
    with open_observations(city) as obs:
        made = add(obs, thing("meter", degrees(city, 44.0, 0.0), {"objectId": "wall", "kind": "meter"}))
        stream = datastreams_of(obs, made)[0]
        hours = range(47, -1, -1)
        read(obs, stream, [last - 3600 * h for h in hours], [float(h) for h in hours])
        link_things(city, obs)
    settings = Settings(city=city, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
        asked: dict[str, Any] = {**at(city, 0.0, 0.0), "heading": 90}
        (hit,) = client.get("/ar/pick", params=asked).json()["hits"]
        assert hit["id"] == "wall"
        assert hit["sensors"][0]["datastreams"][0]["value"] == 0.0
        (day,) = hit["history"]["series"]
        assert (day["datastream"], day["values"]) == (stream, [float(h) for h in range(23, -1, -1)])
        (longer,) = client.get("/ar/pick", params={**asked, "history": 36}).json()["hits"]
        assert len(longer["history"]["series"][0]["values"]) == 36
        (bare,) = client.get("/ar/pick", params={**asked, "history": 0}).json()["hits"]
        assert bare["history"] is None
        assert client.get("/ar/pick", params={**asked, "history": 1000}).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"heading": "nan"}, 400),
        ({"heading": 0, "pitch": 100}, 400),
        ({"heading": 0, "position_error": -3}, 400),
        ({"heading": 0, "reach": 50_000}, 400),
        ({"heading": 0, "lon": 0.0, "lat": 0.0}, 404),
        ({}, 400),
    ],
)
def test_what_is_refused(client: httpx.Client, district: Path, wrong: dict[str, Any], status: int) -> None:
    longitude, latitude, _ = here(district)
    answer = client.get("/ar/pick", params={"lon": longitude, "lat": latitude, **wrong})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
