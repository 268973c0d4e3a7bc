"""The client `frost-sta-client` against a running server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import frost_sta_client as frost
import geojson
import pytest

from tests.integration.sensorthings_server import Server, served

CELSIUS = frost.UnitOfMeasurement("degree Celsius", "°C", "http://qudt.org/vocab/unit/DEG_C")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sta") / "x.twin") as running:
        yield running


@pytest.fixture
def service(server: Server) -> frost.SensorThingsService:
    """It knows no bearer tokens; a token goes as the password."""
    return frost.SensorThingsService(server.url, auth_handler=frost.AuthHandler("anyone", server.token))


def test_a_client_creates_asks_changes_and_deletes(service: frost.SensorThingsService) -> None:
    place = frost.Location(
        name="Bridge",
        description="over the stream",
        encoding_type="application/geo+json",
        location=geojson.Point((128.93, 35.13)),
    )
    station = frost.Thing(name="Gauge", description="stream level", properties={"river": "Pyeonggang"})
    station.locations = [place]
    service.create(station)
    assert isinstance(station.id, int)

    stream = frost.Datastream(
        name="Level",
        description="above the bed",
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        unit_of_measurement=CELSIUS,
        thing=frost.Thing(id=station.id),
        sensor=frost.Sensor(
            name="radar", description="radar", encoding_type="application/pdf", metadata="https://example.org"
        ),
        observed_property=frost.ObservedProperty(
            name="level", description="of water", definition="https://example.org/level"
        ),
    )
    service.create(stream)
    for hour in range(25):
        service.create(
            frost.Observation(
                result=hour / 10,
                phenomenon_time=datetime(2024, 5, 1 + hour // 24, hour % 24, tzinfo=UTC).isoformat(),
                datastream=frost.Datastream(id=stream.id),
            )
        )

    found = service.things().find(station.id)
    assert (found.name, found.properties) == ("Gauge", {"river": "Pyeonggang"})
    streams = found.get_datastreams().query().list()
    assert [s.name for s in streams] == ["Level"]
    observations = (
        service.observations().query().filter("result gt '1.05'").orderby("result", "desc").top(5).list()
    )
    assert [o.result for o in observations] == [n / 10 for n in range(24, 10, -1)]  # over three pages
    first = service.observations().query().expand("Datastream").top(1).list().entities[0]
    assert first.datastream.unit_of_measurement.symbol == "°C"
    assert service.locations().query().count().list().entities[0].location["type"] == "Point"

    found.name = "Gauge 1"
    service.update(found)
    assert service.things().find(station.id).name == "Gauge 1"
    service.delete(found)
    assert service.things().query().list().entities == []
    assert service.observations().query().list().entities == []


def test_many_observations_at_once(service: frost.SensorThingsService, server: Server) -> None:
    from tests.integration.sensorthings_samples import location, thing, whole_datastream

    id = server.create("/Things", thing(Locations=[location()], Datastreams=[whole_datastream()]))
    stream = server.get(f"/Things({id})/Datastreams")["value"][0]["@iot.id"]
    rows = frost.model.ext.data_array_value.DataArrayValue()
    properties = frost.model.ext.data_array_value.DataArrayValue.Property
    rows.components = {properties.PHENOMENON_TIME, properties.RESULT}
    rows.datastream = frost.Datastream(id=stream)
    for minute in range(10):
        time = f"2024-05-01T00:{minute:02}:00Z"
        rows.add_observation(
            frost.Observation(result=minute, phenomenon_time=time, datastream=rows.datastream)
        )
    document = frost.model.ext.data_array_document.DataArrayDocument()
    document.add_data_array_value(rows)
    made = service.observations().create(document)
    assert len(made) == 10
    assert server.get(f"/Datastreams({stream})/Observations", count="true", top="0")["@iot.count"] == 10
