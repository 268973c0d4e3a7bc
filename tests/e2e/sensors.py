"""A small city with sensors, and what a device does: make itself known, publish, be watched by a rule."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from tests.e2e.serving import TWIN, twin
from tests.unit.models import city, write

LIMIT = 2.0
"""The water level at which the rule of the tests raises its alert [m]."""
PAST = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=26)


def sensor_city(folder: Path) -> Path:
    """Six buildings, tiled."""
    boxes = {f"house-{n}": (30.0 * (n % 3), 30.0 * (n // 3), 8.0 + 3 * n) for n in range(6)}
    twin("add", folder / "s.twin", write(folder / "s.json", city(boxes)))
    twin("tile", folder / "s.twin")
    return folder / "s.twin"


def token(folder: Path, *scopes: str) -> str:
    """A token of the city."""
    given = [part for scope in scopes for part in ("--scope", scope)]
    done = subprocess.run([TWIN, "token", "create", folder, *given], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(word for word in done.stdout.split() if len(word) > 30)


@dataclass
class Devices:
    """The devices of one server, with a token that may write."""

    server: str
    token: str
    mqtt_port: int = 0

    def send(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.server + path,
            None if body is None else json.dumps(body).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {self.token}"},
            method=method,
        )
        with urllib.request.urlopen(request) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def add(self, name: str, kind: str, house: int, observed: str, unit: str) -> tuple[int, int]:
        """A Thing with one Datastream, beside a building that it belongs to: the ids of both."""
        lon, lat, _ = self.send("GET", f"/objects/house-{house}")["position"]
        before = {sensor["id"] for sensor in self.sensors()}
        self.send(
            "POST",
            "/sta/v1.1/Things",
            {
                "name": name,
                "description": name,
                "properties": {"kind": kind, "objectId": f"house-{house}"},
                "Locations": [
                    {
                        "name": name,
                        "description": name,
                        "encodingType": "application/geo+json",
                        "location": {"type": "Point", "coordinates": [lon, lat]},
                    }
                ],
                "Datastreams": [
                    {
                        "name": f"{name} {observed}",
                        "description": observed,
                        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                        "unitOfMeasurement": {"name": unit, "symbol": unit, "definition": "urn:test"},
                        "ObservedProperty": {
                            "name": observed,
                            "description": observed,
                            "definition": "urn:test",
                        },
                        "Sensor": {
                            "name": "s",
                            "description": "s",
                            "encodingType": "text/plain",
                            "metadata": "m",
                        },
                    }
                ],
            },
        )
        made = next(sensor for sensor in self.sensors() if sensor["id"] not in before)
        return made["id"], made["datastreams"][0]["id"]

    def sensors(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send("GET", "/sensors")["sensors"]
        return found

    def read(self, datastream: int, value: float, at: datetime | None = None) -> None:
        """One reading by HTTP."""
        time = {} if at is None else {"phenomenonTime": at.isoformat()}
        self.send("POST", f"/sta/v1.1/Datastreams({datastream})/Observations", {"result": value, **time})

    def read_many(self, datastream: int, readings: list[tuple[datetime, float]]) -> None:
        """Readings of the past, all at once."""
        rows = [[at.isoformat(), value] for at, value in readings]
        self.send(
            "POST",
            "/sta/v1.1/CreateObservations",
            [
                {
                    "Datastream": {"@iot.id": datastream},
                    "components": ["phenomenonTime", "result"],
                    "dataArray@iot.count": len(rows),
                    "dataArray": rows,
                }
            ],
        )

    def publish(self, datastream: int, value: float) -> None:
        """One reading by MQTT, acknowledged."""
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.username_pw_set("token", self.token)
        client.connect("127.0.0.1", self.mqtt_port)
        client.loop_start()
        topic = f"v1.1/Datastreams({datastream})/Observations"
        client.publish(topic, json.dumps({"result": value}), qos=1).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()

    def watch_levels(self) -> None:
        """A rule that raises an alert at `LIMIT`."""
        rule = {
            "title": {"en": "Stream is high", "ko": "하천 수위 높음"},
            "severity": "critical",
            "select": {"property": "water level"},
            "condition": {"kind": "threshold", "operator": ">=", "value": LIMIT, "clear": 1.5},
        }
        self.send("PUT", "/alerts/rules/level", rule)
