"""A server killed while alerts come and go: each is raised, cleared and put out for delivery once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.unit.alert_models import S, add_thing
from twin.alerts.engine import AlertEngine
from twin.alerts.rules import parse_rule
from twin.alerts.webhooks import Webhook, new_secret, write_webhooks
from twin.observations.changes import Append
from twin.observations.store import open_observations

ROUNDS = 6
RULE = parse_rule(
    "high",
    {
        "title": {"ko": "높음", "en": "High"},
        "select": {"property": "water level"},
        "condition": {"kind": "threshold", "operator": ">", "value": 2, "duration_s": 0.008},
    },
)


def work(folder: Path, datastream: int) -> None:
    """Append values that rise and fall, a millisecond apart, with the engine at work, until killed."""
    chance = random.Random(5)
    with open_observations(folder) as obs:
        engine = AlertEngine(obs, folder)
        engine.start()
        latest = obs.latest([datastream])
        time_us = latest[0].time if latest else time.time_ns() // 1000 - 3600 * S
        print("ready", flush=True)
        while True:
            count = chance.randint(1, 20)
            times = time_us + 1000 * np.arange(1, count + 1)
            time_us = int(times[-1])
            values = [3 if chance.random() < 0.93 else 1 for _ in range(count)]
            obs.writer.submit(Append(datastream, times, values)).result()


def test_killed_again_and_again(tmp_path: Path) -> None:
    with open_observations(tmp_path) as obs:
        (a,) = add_thing(obs, "gauge")
        write_webhooks(tmp_path, [Webhook(name="w", url="http://192.0.2.1/", secret=new_secret())])
        engine = AlertEngine(obs, tmp_path)
        engine.set_rule(RULE)
        engine.step()
    chance = random.Random(7)
    for _ in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.test_alerts_killed", str(tmp_path), str(a)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.1, 0.6))
        process.kill()
        process.wait()
    with open_observations(tmp_path) as obs:
        AlertEngine(obs, tmp_path).step()
        with obs.connection() as connection:
            readings = connection.execute(
                "SELECT time, result FROM observations WHERE datastream = ? ORDER BY time", (a,)
            ).fetchall()
            events = connection.execute("SELECT state, time FROM alert_events ORDER BY id").fetchall()
            queued = connection.execute("SELECT count(*), count(DISTINCT event) FROM alert_outbox").fetchone()
    assert len(readings) > 100
    assert events == expected(readings)
    assert sum(state == "raised" for state, _ in events) > 10
    assert queued == (len(events), len(events))


def expected(readings: list[tuple[int, float]]) -> list[tuple[str, int]]:
    """What the rule says, written down once more: above 2 for 8 ms, until not above 2."""
    events: list[tuple[str, int]] = []
    since, open_ = None, False
    for moment, value in readings:
        if value <= 2:
            if open_:
                events.append(("cleared", moment))
            since, open_ = None, False
            continue
        since = moment if since is None else since
        if not open_ and moment - since >= 8000:
            open_ = True
            events.append(("raised", moment))
    return events


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
