"""The bridge against a real Mosquitto: nothing is lost while either of the two is away."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.mqtt import WAIT, Client, Running, running
from twin.errors import TwinError
from twin.observations.changes import Append, Update
from twin.observations.model import THING
from twin.observations.query import Route

OF_1 = "v1.1/Datastreams(1)/Observations"
BINARY = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """A broker that keeps what it has when it is killed."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._log = folder / "mosquitto.log"
        self._configuration = folder / "mosquitto.conf"
        passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "bridge", "secret"], check=True)
        passwords.chmod(0o600)
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
            f"persistence true\npersistence_location {folder}/\nmax_queued_messages 0\n"
            f"log_dest file {self._log}\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert BINARY
        self._process = subprocess.Popen([BINARY, "-c", self._configuration])
        eventually(self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def stop(self) -> None:
        """Saves what it keeps, as a restart of the service does."""
        if self._process:
            self._process.terminate()
            self._process.wait(WAIT)
            self._process = None

    def client(self, name: str = "device", **more: Any) -> Client:
        return Client(self.port, name, user="bridge", password="secret", **more)


def eventually(condition: Callable[[], Any], seconds: float = WAIT) -> Any:
    """What the condition gives once it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
    return found


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    if not BINARY:
        if os.environ.get("CI"):
            pytest.fail("Mosquitto (Debian package mosquitto) is absent, and in CI it must not be")
        pytest.skip("Mosquitto (Debian package mosquitto) is not installed")
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.stop()


@contextlib.contextmanager
def bridged(folder: Path, mosquitto: Mosquitto) -> Iterator[Running]:
    with running(
        folder / "c.twin", mode="bridge", port=mosquitto.port, user="bridge", password="secret"
    ) as server:
        eventually(lambda: server.server.status()["connected"])
        yield server


def test_readings_come_in_and_changes_go_out(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with bridged(tmp_path, mosquitto) as server, mosquitto.client() as client:
        client.subscribe("citytwin/#")
        client.publish(OF_1, {"result": 1})
        told = dict(client.received() for _ in range(2))
        assert set(told) == {"citytwin/v1.1/FeaturesOfInterest(1)", f"citytwin/{OF_1}"}
        assert told[f"citytwin/{OF_1}"]["result"] == 1
        client.publish("sta/v1.1/Observations", {"result": 2, "Datastream": {"@iot.id": 2}})
        assert client.received()[0] == "citytwin/v1.1/Datastreams(2)/Observations"
        server.observations.writer.submit(Append(3, [1], [3])).result(WAIT)
        assert client.received()[1]["result"] == 3
        server.observations.writer.submit(Update(Route(THING, 1), {"name": "new"})).result(WAIT)
        topic, entity = client.received()
        assert (topic, entity["name"]) == ("citytwin/v1.1/Things(1)", "new")
        server.server.publish("alerts/flood", {"state": "raised"})
        assert client.received() == ("citytwin/alerts/flood", {"state": "raised"})
        assert server.results() == [1, 2, 3]


def test_a_message_that_is_no_reading_does_not_hold_up_the_others(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with bridged(tmp_path, mosquitto) as server, mosquitto.client() as client:
        client.publish(OF_1, b"no json")
        client.publish("v1.1/Datastreams(55)/Observations", {"result": 1})
        client.publish(OF_1, {"result": 2})
        eventually(lambda: server.results() == [2])
        assert server.server.status()["refused"] == 2


def test_readings_survive_a_broker_that_is_gone_for_a_while(tmp_path: Path, mosquitto: Mosquitto) -> None:
    def reading(n: int) -> dict[str, Any]:
        return {"phenomenonTime": f"2024-05-01T{n // 60:02}:{n % 60:02}:00Z", "result": n}

    with bridged(tmp_path, mosquitto) as server, mosquitto.client() as client:
        for n in range(50):
            client.publish(OF_1, reading(n))
        mosquitto.stop()
        eventually(lambda: not server.server.status()["connected"])
        for n in range(50, 60):
            client.paho.publish(OF_1, json.dumps(reading(n)), 1)
        mosquitto.start()
        eventually(lambda: len(server.results()) >= 60)
        with mosquitto.client("late") as late:
            late.publish(OF_1, reading(60))
        eventually(lambda: server.results()[-1] == 60)
        assert sorted(server.results()) == list(range(61))


def test_the_broker_keeps_readings_while_the_server_is_away_and_each_is_stored_once(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with bridged(tmp_path, mosquitto) as server:
        assert server.results() == []
    with mosquitto.client() as client:
        for n in range(200):
            client.publish(OF_1, {"result": n})
    with bridged(tmp_path, mosquitto) as server:
        eventually(lambda: len(server.results()) >= 200)
        assert server.results() == list(range(200))


def test_observations_of_while_the_broker_was_away_are_told_later(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with bridged(tmp_path, mosquitto):
        pass
    with mosquitto.client("listener", clean=False) as client:
        client.subscribe("citytwin/#")
    mosquitto.stop()
    settings = {"mode": "bridge", "port": mosquitto.port, "user": "bridge", "password": "secret"}
    with running(tmp_path / "c.twin", **settings) as server:
        server.observations.writer.submit(Append(1, list(range(1200)), list(range(1200)))).result(WAIT)
    mosquitto.start()
    with running(tmp_path / "c.twin", **settings), mosquitto.client("listener", clean=False) as client:
        assert [client.received()[1]["result"] for _ in range(1200)] == list(range(1200))


def test_a_prefix_that_would_make_a_circle_is_refused(tmp_path: Path) -> None:
    for prefix in ("", "sta/"):
        with (
            pytest.raises(TwinError, match="prefix"),
            running(tmp_path / "c.twin", mode="bridge", port=1, publish_prefix=prefix),
        ):
            pass
