"""Dynamizers of CityGML 3.0 become Things with Datastreams, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.ingest import AddOptions, add_files
from twin.link.dynamizers import datastreams_from_dynamizers
from twin.observations.changes import Append
from twin.observations.store import Observations, open_observations
from twin.observations.times import parse_instant

EXAMPLES = "citygml/ogc-citygml-3.0/Examples/Dynamizer"
BUILDING = "DEBY_LOD2_5744682"
INLINE = "Building_CityGML3.0_with_Dynamizer_and_inline_Timeseries.gml"
V1 = "Building_CityGML3.0_with_Dynamizer_and_SensorConnection_V1.gml"
V2 = "Building_CityGML3.0_with_Dynamizer_and_SensorConnection_V2.gml"


def rows(obs: Observations, query: str) -> list[tuple[object, ...]]:
    with obs.connection() as connection:
        return connection.execute(query).fetchall()


def twin_of(tmp_path: Path, path: Path) -> Path:
    add_files(tmp_path / "x.twin", [path], AddOptions(crs="EPSG:31468"))
    return tmp_path / "x.twin"


def test_a_series_in_the_model_becomes_observations(tmp_path: Path, data: Path) -> None:
    folder = twin_of(tmp_path, data / EXAMPLES / INLINE)
    with open_observations(folder) as obs:
        datastreams_from_dynamizers(folder, obs)
        assert rows(obs, "SELECT thing, object_id, how FROM thing_objects") == [(1, BUILDING, "given")]
        ((name, unit),) = rows(
            obs,
            "SELECT op.name, json_extract(unit_of_measurement, '$.symbol') FROM datastreams d"
            " JOIN observed_properties op ON op.id = d.observed_property",
        )
        assert (name, unit) == ("DiffuseIrradiationPerMonth", "kWh")
        stored = rows(obs, "SELECT time, time_end, result FROM observations ORDER BY time")
        ((longitude, latitude, height),) = rows(obs, "SELECT longitude, latitude, height FROM thing_places")
    assert len(stored) == 12
    start, february, march = (parse_instant(f"2019-0{m}-01T00:00:00Z") for m in (1, 2, 3))
    assert stored[0] == (start, february, 1454.63)
    assert stored[1] == (february, march, 1866.83)
    assert stored[11][:2] == (parse_instant("2019-12-01T00:00:00Z"), parse_instant("2020-01-01T00:00:00Z"))
    assert sum(float(str(r[2])) for r in stored) == pytest.approx(24242.80, abs=0.01)
    assert (longitude, latitude) == (pytest.approx(11.87, abs=0.02), pytest.approx(48.03, abs=0.02))
    assert 590 < float(str(height)) < 605


@pytest.mark.parametrize("name", [V1, V2])
def test_a_connection_is_kept_for_a_source_to_read(tmp_path: Path, data: Path, name: str) -> None:
    folder = twin_of(tmp_path, data / EXAMPLES / name)
    with open_observations(folder) as obs:
        datastreams_from_dynamizers(folder, obs)
        assert rows(obs, "SELECT object_id, how FROM thing_objects") == [(f"{BUILDING}_room1", "given")]
        ((base, link, unit, count),) = rows(
            obs,
            "SELECT json_extract(properties, '$.connection.baseURL'),"
            " json_extract(properties, '$.connection.linkToObservation'),"
            " json_extract(unit_of_measurement, '$.symbol'), count FROM datastreams",
        )
        ((metadata,),) = rows(obs, "SELECT metadata FROM sensors")
        assert len(rows(obs, "SELECT * FROM thing_places")) == 1, "the room lies where its building lies"
    assert base == "http://127.0.0.1:8080/FROST-Server/v1.0"
    assert link == (
        f"{base}/Datastreams(1)/Observations?$filter="
        "during(phenomenonTime, 2019-01-01T00:00:00Z/2020-01-01T00:00:00Z)"
    )
    assert f"{base}/Datastreams(1)/Sensor" in str(metadata)
    assert (unit, count) == ("Celsius", 0)


def test_a_second_run_changes_nothing_and_a_new_delivery_what_is_new(tmp_path: Path, data: Path) -> None:
    text = (data / EXAMPLES / INLINE).read_text()
    path = tmp_path / "model.gml"
    path.write_text(text)
    folder = twin_of(tmp_path, path)
    with open_observations(folder) as obs:
        datastreams_from_dynamizers(folder, obs)
        before = rows(obs, "SELECT * FROM observations")
        again = datastreams_from_dynamizers(folder, obs)
        assert (again.things, again.observations, again.unchanged) == ([], 0, 1)
        assert rows(obs, "SELECT * FROM observations") == before
        path.write_text(text.replace("1454.63", "1500.5"))
        twin_of(tmp_path, path)
        datastreams_from_dynamizers(folder, obs)
        assert rows(obs, "SELECT count(*) FROM things") == rows(obs, "SELECT count(*) FROM datastreams")
        assert rows(obs, "SELECT count(*), min(result), max(result) FROM observations") == [
            (12, 1391.29, 2511.77)
        ]
        assert rows(obs, "SELECT result FROM observations ORDER BY time LIMIT 1") == [(1500.5,)]


def test_a_connection_that_changes_keeps_what_a_source_has_brought(tmp_path: Path, data: Path) -> None:
    text = (data / EXAMPLES / V2).read_text()
    path = tmp_path / "model.gml"
    path.write_text(text)
    folder = twin_of(tmp_path, path)
    with open_observations(folder) as obs:
        obs.writer.submit(Append(1, [0], [21.5])).result()
    path.write_text(text.replace("127.0.0.1:8080", "127.0.0.1:8081").replace(">Celsius<", ">K<"))
    path.write_text(path.read_text().replace(">Temperature<", ">Air<"))
    twin_of(tmp_path, path)
    with open_observations(folder) as obs:
        assert rows(obs, "SELECT result FROM observations") == [(21.5,)]
        ((base, unit, observed),) = rows(
            obs,
            "SELECT d.properties ->> '$.connection.baseURL', unit_of_measurement ->> 'symbol', p.name"
            " FROM datastreams d JOIN observed_properties p ON p.id = d.observed_property",
        )
        assert (base, unit, observed) == ("http://127.0.0.1:8081/FROST-Server/v1.0", "K", "Air")
        assert rows(obs, "SELECT count(*) FROM things") == [(1,)]
    twin_of(tmp_path, path)
    with open_observations(folder) as obs:
        assert datastreams_from_dynamizers(folder, obs).unchanged == 1


def test_adding_a_model_makes_them(tmp_path: Path, data: Path) -> None:
    folder = twin_of(tmp_path, data / EXAMPLES / INLINE)
    with open_observations(folder) as obs:
        assert rows(obs, "SELECT count(*) FROM observations") == [(12,)]


COMPOSITE = """<dyn:dynamicData><dyn:CompositeTimeseries><dyn:component><dyn:TimeseriesComponent>
<dyn:repetitions>3</dyn:repetitions><dyn:additionalGap>PT1H</dyn:additionalGap><dyn:timeseries>
<dyn:GenericTimeseries><dyn:observationProperty>use</dyn:observationProperty><dyn:uom>kWh</dyn:uom>
<dyn:valueType>integer</dyn:valueType>
<dyn:timeValuePair><dyn:TimeValuePair><dyn:timestamp>2020-01-01T00:00:00Z</dyn:timestamp>
<dyn:intValue>1</dyn:intValue></dyn:TimeValuePair></dyn:timeValuePair>
<dyn:timeValuePair><dyn:TimeValuePair><dyn:timestamp>2020-01-01T01:00:00Z</dyn:timestamp>
<dyn:intValue>2</dyn:intValue></dyn:TimeValuePair></dyn:timeValuePair>
</dyn:GenericTimeseries></dyn:timeseries></dyn:TimeseriesComponent></dyn:component>
</dyn:CompositeTimeseries></dyn:dynamicData>"""


def with_data(path: Path, source: Path, text: str) -> Path:
    model = source.read_text()
    start, end = model.index("<dyn:dynamicData>"), model.index("</dyn:dynamicData>")
    path.write_text(model[:start] + text + model[end + len("</dyn:dynamicData>") :])
    return path


def test_a_composite_series_repeats_its_parts(tmp_path: Path, data: Path) -> None:
    folder = twin_of(tmp_path, with_data(tmp_path / "m.gml", data / EXAMPLES / INLINE, COMPOSITE))
    with open_observations(folder) as obs:
        datastreams_from_dynamizers(folder, obs)
        stored = rows(obs, "SELECT time, result FROM observations ORDER BY time")
        names = rows(obs, "SELECT name FROM observed_properties")
    hours = [(int(str(t)) - parse_instant("2020-01-01T00:00:00Z")) / 3.6e9 for t, _ in stored]
    assert hours == [0, 1, 2, 3, 4, 5]
    assert [r[1] for r in stored] == [1, 2] * 3
    assert names == [("use",)]


def test_a_bad_time_is_told_with_its_object(tmp_path: Path, data: Path) -> None:
    text = (data / EXAMPLES / INLINE).read_text().replace("2019-03<", "2019-13<")
    path = tmp_path / "m.gml"
    path.write_text(text)
    added = add_files(tmp_path / "x.twin", [path], AddOptions(crs="EPSG:31468"))
    assert [n for n in added.notes if n.startswith("roofsurface1_Dynamizer") and "2019-13" in n]


def test_a_city_without_them_has_no_observations(tmp_path: Path) -> None:
    from tests.unit.sensor_models import box_city

    folder = box_city(tmp_path)
    assert datastreams_from_dynamizers(folder).things == []
    assert not (folder / "observations.db").exists()
