"""The whole server: what comes by HTTP is told by MQTT, and the other way round."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from tests.integration.live_server import serving
from tests.integration.mqtt import WAIT, Client
from tests.unit.sensor_models import box_city, thing
from twin import tokens


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[httpx.Client, int, str]]:
    """A client by HTTP, the port of MQTT and a token."""
    city = box_city(tmp_path)
    token = tokens.create(city, ["sta:write"], "device")
    app = create_app(Settings(city=city, mqtt_port=0, sensor_layer_seconds=0))
    with serving(app) as address:
        port = app.state.live.mqtt.port
        root = httpx.Client(
            base_url=f"{address}/sta/v1.1", headers={"Authorization": f"Bearer {token}"}, timeout=WAIT
        )
        with root:
            yield root, port, token


def test_each_door_sees_what_comes_by_the_other(server: tuple[httpx.Client, int, str]) -> None:
    http, port, token = server
    with Client(port, password=token) as client:
        client.subscribe("v1.1/Things")
        made = http.post("/Things", json=thing(position=[127.0, 37.0]))
        assert made.status_code == 201
        topic, told = client.received()
        assert (topic, told["name"]) == ("v1.1/Things", "station")
        client.subscribe("v1.1/Things(1)/name", "v1.1/Datastreams(1)/Observations")

        http.post("/Datastreams(1)/Observations", json={"result": 1}).raise_for_status()
        topic, told = client.received()
        answer = http.get(f"/Observations({told['@iot.id']})").json()
        names = lambda entity: {name: v for name, v in entity.items() if "Link" not in name}  # noqa: E731
        assert names(told) == names(answer)
        assert told.keys() == answer.keys()

        http.patch("/Things(1)", json={"name": "new"}).raise_for_status()
        assert client.by_topic(2)["v1.1/Things(1)/name"] == {"name": "new"}

        client.publish("v1.1/Datastreams(1)/Observations", {"result": 2})
        latest = http.get("/Datastreams(1)/Observations?$orderby=id desc&$top=1&$select=result").json()
        assert latest["value"] == [{"result": 2}]
