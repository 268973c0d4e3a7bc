"""Readings among what is added: files and folders, whole or nothing, never twice."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from citygml.errors import UnsupportedFormat
from tests.unit.models import city, write
from twin.errors import TwinError
from twin.ingest import Added, AddOptions, add_files
from twin.observations.model import DATASTREAM, FEATURE_OF_INTEREST, OBSERVATION, SENSOR, THING
from twin.observations.query import Query, Route, Step
from twin.observations.store import open_observations
from twin.sources.things import read_things
from twin.store import open_city

CSV = "time,station,PM10\n2024-05-01 00:00,a,1\n2024-05-01 01:00,a,2\n"
PLACES = "station,longitude,latitude\na,127.0,37.5\n"


def _file(path: Path, text: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def _count(folder: Path, *kinds: Any) -> list[int]:
    with open_observations(folder) as observations:
        return [observations.page(Route(kind), Query(count=True)).count or 0 for kind in kinds]


def _add(folder: Path, *paths: Path, **options: Any) -> Added:
    return add_files(folder / "x.twin", paths, AddOptions(**options))


def test_a_city_of_readings_alone(tmp_path: Path) -> None:
    done = _add(tmp_path, _file(tmp_path / "a.csv", CSV))
    assert done.readings.counts() == {
        "files": 1, "added": 2, "known": 0, "datastreams": 1, "empty": 0, "bad": 0,
    }  # fmt: skip
    assert done.readings.unlocated == 1
    again = _add(tmp_path, tmp_path / "a.csv", _file(tmp_path / "b.csv", CSV + "2024-05-01 02:00,a,3\n"))
    assert (again.readings.written.stored, again.readings.written.known) == (1, 4)


def test_a_folder_is_models_and_readings_and_a_table_of_places(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    write(source / "city.json", city({"b": (0.0, 0.0, 5.0)}))
    _file(source / "sensors" / "readings.csv", CSV)
    _file(source / "sensors" / "stations.csv", PLACES)
    _file(source / "codes.csv", "code,name\n1,house\n")
    _file(source / "calendar.csv", "date,holiday\n2024-05-01,yes\n")
    done = _add(tmp_path, source)
    assert (done.counts.added, done.readings.files, done.readings.unlocated) == (1, 1, 0)
    with open_observations(tmp_path / "x.twin") as observations:
        places = observations.page(Route(THING, 1, (Step("Locations"),))).entities
    assert places[0].values["location"]["coordinates"] == [127.0, 37.5]


def test_an_archive_of_readings(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("a/readings.csv", CSV)
        archive.writestr("a/stations.csv", PLACES)
    done = _add(tmp_path, tmp_path / "in.zip")
    assert (done.readings.written.stored, done.readings.unlocated) == (2, 0)


def test_the_zone_and_the_places_given(tmp_path: Path) -> None:
    places = _file(tmp_path / "places.csv", PLACES)
    _add(tmp_path, _file(tmp_path / "a.csv", CSV), stations=places, timezone="Asia/Seoul")
    with open_observations(tmp_path / "x.twin") as observations:
        first = observations.page(Route(OBSERVATION)).entities[0].values["phenomenonTime"]
        assert first.micros == 1_714_489_200_000_000  # 2024-04-30T15:00:00Z
        assert observations.page(Route(THING, 1, (Step("Locations"),))).entities


@pytest.mark.parametrize("bad", ["a.csv", "a.json"])
def test_a_bad_file_leaves_everything_as_it_was(tmp_path: Path, bad: str) -> None:
    good = _file(tmp_path / "good.csv", CSV)
    model = write(tmp_path / "city.json", city({"b": (0.0, 0.0, 5.0)}))
    wrong = _file(tmp_path / bad, '{"@iot.selfLink": 1}' if bad.endswith("json") else "x,y\n1,2\n")
    with pytest.raises(UnsupportedFormat, match=bad.replace(".", r"\.")):
        _add(tmp_path, model, good, wrong)
    assert not (tmp_path / "x.twin").exists()
    _add(tmp_path, good)
    with pytest.raises(UnsupportedFormat):
        _add(tmp_path, model, _file(tmp_path / "more.csv", CSV.replace("a,", "b,")), wrong)
    assert _count(tmp_path / "x.twin", THING, OBSERVATION) == [1, 2]
    with open_city(tmp_path / "x.twin") as opened:
        assert not opened.sources()


def test_an_unknown_zone_stores_nothing(tmp_path: Path) -> None:
    with pytest.raises(TwinError, match="no time zone"):
        _add(tmp_path, _file(tmp_path / "a.csv", CSV), timezone="Mars/Olympus")
    assert not (tmp_path / "x.twin").exists()


# Things of SensorThings


def _frost(data: Path) -> Path:
    return data / "iot" / "sensorthings-frost" / "entitiesDefault.json"


def test_a_thing_with_all_that_is_nested_in_it(data: Path, tmp_path: Path) -> None:
    _add(tmp_path, _frost(data))
    document = json.loads(_frost(data).read_text())
    with open_observations(tmp_path / "x.twin") as observations:
        (thing,) = observations.page(Route(THING)).entities
        assert thing.values["properties"] == document["properties"]
        streams = observations.page(Route(THING, thing.id, (Step("Datastreams"),))).entities
        for stream, said in zip(streams, document["Datastreams"], strict=True):
            assert stream.values["unitOfMeasurement"] == said["unitOfMeasurement"]
            sensor = observations.entity(Route(DATASTREAM, stream.id, (Step("Sensor"),)))
            assert sensor.values["metadata"] == said["Sensor"]["metadata"]
            route = Route(DATASTREAM, stream.id, (Step("Observations"),))
            results = [o.values["result"] for o in observations.page(route).entities]
            assert results == [o["result"] for o in said["Observations"]]


def test_things_without_names_are_called_as_they_are_described(data: Path, tmp_path: Path) -> None:
    """The file of the conformance tests for version 1.0, whose entities have no names."""
    path = data / "iot" / "sensorthings-ets10" / "JSON entities" / "thing" / "complete.json"
    assert _add(tmp_path, path).readings.counts()["added"] == 4
    assert _add(tmp_path, path).readings.counts()["known"] == 4
    with open_observations(tmp_path / "x.twin") as observations:
        assert observations.page(Route(THING)).entities[0].values["name"] == "Office Building"


def _stream(name: str = "s", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "m", "symbol": "m", "definition": "m"},
        "Sensor": {"name": "x", "description": "", "encodingType": "text/html", "metadata": {"a": [1]}},
        "ObservedProperty": {"name": "level", "description": "", "definition": "urn:level"},
        "Observations": [{"phenomenonTime": "2024-05-01T00:00:00Z", "result": 1}],
        **more,
    }


def _thing(name: str = "t", *streams: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "", "Datastreams": list(streams), **more}


def test_what_is_new_in_a_file_is_added_and_nothing_else(tmp_path: Path) -> None:
    path = _file(tmp_path / "t.json", [_thing("t", _stream()), _thing("t", _stream(), properties={"n": 2})])
    _add(tmp_path, path)
    assert _count(tmp_path / "x.twin", THING, DATASTREAM, SENSOR, OBSERVATION) == [2, 2, 1, 2]
    more = [
        {"phenomenonTime": "2024-05-01T09:00:00+09:00", "result": 1},
        {"phenomenonTime": "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z", "result": 2},
    ]
    feature = {"name": "f", "description": "", "encodingType": "application/geo+json",
               "feature": {"type": "Point", "coordinates": [1, 2]}}  # fmt: skip
    more += [{"phenomenonTime": f"2024-05-02T00:0{n}:00Z", "result": n, "FeatureOfInterest": feature}
             for n in range(3)]  # fmt: skip
    changed = _thing("t", _stream(Observations=more), _stream("new"))
    done = _add(tmp_path, _file(path, {"value": [changed]}))
    assert done.readings.counts() | {"empty": 0} == {
        "files": 1, "added": 5, "known": 1, "datastreams": 1, "empty": 0, "bad": 0,
    }  # fmt: skip
    assert _count(tmp_path / "x.twin", THING, DATASTREAM, SENSOR, FEATURE_OF_INTEREST) == [2, 3, 1, 1]
    assert _add(tmp_path, path).readings.counts()["added"] == 0


def test_things_and_streams_of_one_name_stay_several(tmp_path: Path) -> None:
    twins = [_thing("t", _stream(), _stream()), _thing("t", _stream())]
    path = _file(tmp_path / "t.json", twins)
    for added in (3, 0):
        assert _add(tmp_path, path).readings.counts()["added"] == added
        assert _count(tmp_path / "x.twin", THING, DATASTREAM, OBSERVATION) == [2, 3, 3]


def test_ids_and_links_of_the_other_server_are_left_out(tmp_path: Path) -> None:
    answer = _thing("t", _stream(**{"@iot.id": 77, "Observations@iot.nextLink": "http://x/y"}))
    path = _file(tmp_path / "t.json", {"value": [{**answer, "@iot.id": 99, "@iot.selfLink": "http://x"}]})
    done = _add(tmp_path, path)
    assert done.readings.examples == [f"{path}: 1 collections go on on another page"]
    with open_observations(tmp_path / "x.twin") as observations:
        assert [e.id for e in observations.page(Route(THING)).entities] == [1]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "no Thing"),
        ({"value": []}, "no Thing"),
        ([3], "Thing 1: a Thing is not a JSON object"),
        ([_thing(), {"description": 3}], "Thing 2"),
        ({"@iot.id": 3}, "only named"),
        (_thing("t", _stream(Sensor=None)), "Datastream 's' lacks Sensor"),
        (_thing("t", _stream(Sensor={"@iot.id": 1})), "only named"),
        (_thing("t", _stream(Observations={})), "must be an array"),
        (_thing("t", _stream(Observations=[{"result": 1}])), "lacks phenomenonTime"),
        (_thing("t", _stream(Observations=[{"phenomenonTime": "2024-05-01T00:00:00Z"}])), "lacks result"),
        (_thing("t", _stream(Observations=[{"phenomenonTime": "soon", "result": 1}])), "not a time"),
        (_thing("t", _stream(unitOfMeasurement="m")), "unitOfMeasurement"),
        (_thing(Locations=[{"name": "l", "description": "", "encodingType": "application/geo+json",
                            "location": {"type": "Point", "coordinates": ["a"]}}]), "location"),
    ],
)  # fmt: skip
def test_what_no_thing_can_be_made_from_is_refused(tmp_path: Path, document: Any, message: str) -> None:
    with pytest.raises(UnsupportedFormat, match=message) as caught:
        read_things(_file(tmp_path / "t.json", document))
    assert "t.json" in str(caught.value)
