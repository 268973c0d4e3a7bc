"""The rate limit with a real client: slower, but everything that it publishes with QoS 1 is there."""

from __future__ import annotations

from pathlib import Path

from tests.integration.mqtt import WAIT, running


def test_a_fast_client_is_slowed_and_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "x.twin", rate_limit=100.0) as server, server.client("fast") as client:
        sent = [
            client.paho.publish("v1.1/Datastreams(1)/Observations", f'{{"result": {n}}}', 1)
            for n in range(250)
        ]
        for message in sent:
            message.wait_for_publish(WAIT)
        assert server.results() == list(range(250))
        assert server.server.status()["slowed messages"] > 0
