"""The engine of alerts over a real store, step by step with clocks of the test's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.alert_models import S, add_thing, append
from twin.alerts import records
from twin.alerts.engine import AlertEngine, AlertEvent
from twin.alerts.rules import Rule, parse_rule
from twin.alerts.webhooks import Webhook, new_secret, write_webhooks
from twin.errors import Conflict, EntityNotFound, TwinError
from twin.observations.changes import Append, AppendMany, Create, Delete
from twin.observations.model import DATASTREAM, OBSERVATION
from twin.observations.query import Route
from twin.observations.store import Observations, open_observations
from twin.observations.times import format_instant

T = 1_790_000_000
HIGH = {"kind": "threshold", "operator": ">", "value": 2, "clear": 1.5}
LEVEL = {"property": "water level"}


def rule(name: str = "high", condition=HIGH, select=LEVEL, **more) -> Rule:
    return parse_rule(
        name, {"title": {"ko": "높음", "en": "High"}, "condition": condition, "select": select, **more}
    )


class Desk:
    """An engine whose time is set by the test: seconds after T."""

    def __init__(self, folder: Path, obs: Observations) -> None:
        self.folder, self.obs = folder, obs
        self.time = 0.0
        self.jump = 0.0
        self.told: list[AlertEvent] = []
        self.open()

    def open(self) -> None:
        """A new engine, as after a kill: nothing of the old one's memory is left."""
        self.engine = AlertEngine(
            self.obs, self.folder, clock=lambda: T + self.time + self.jump, ticks=lambda: self.time
        )
        self.engine.subscribe(self.told.append)

    def read(self, datastream: int, *readings: tuple[float, object]) -> list[str]:
        arrival = T + max(self.time, *(s for s, _ in readings), 0)
        append(self.obs, datastream, [(T + s, v) for s, v in readings], received=round(arrival * S))
        return self.step()

    def step(self) -> list[str]:
        """What happened: the states of the events."""
        before = len(self.told)
        self.engine.step()
        return [event.state for event in self.told[before:]]

    def alerts(self, state: str | None = None) -> list[dict]:
        with self.obs.connection() as connection:
            return records.list_alerts(connection, state)


@pytest.fixture
def obs(tmp_path: Path):
    with open_observations(tmp_path) as observations:
        yield observations


@pytest.fixture
def desk(tmp_path: Path, obs: Observations) -> Desk:
    return Desk(tmp_path, obs)


def test_raised_and_cleared_with_history(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    desk.step()
    assert desk.read(a, (0, 1), (1, 3)) == ["raised"]
    assert desk.read(a, (2, 4), (3, 1.6)) == []
    assert desk.read(a, (4, 1)) == ["cleared"]
    (alert,) = desk.alerts()
    assert alert["state"] == "cleared"
    assert (alert["datastream"], alert["value"], alert["unit"], alert["threshold"]) == (a, 3, "m", 2)
    assert alert["title"] == {"ko": "높음", "en": "High"}
    assert alert["time"] == (T + 1) * 1000
    assert [(h["state"], h["value"]) for h in alert["history"]] == [("raised", 3), ("cleared", 1)]
    assert [event.alert["state"] for event in desk.told] == ["raised", "cleared"]


def test_raised_and_cleared_within_one_batch_is_told_as_it_was(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    desk.step()
    assert desk.read(a, (0, 3), (1, 1), (2, 5)) == ["raised", "cleared", "raised"]
    assert [e.alert["state"] for e in desk.told] == ["raised", "cleared", "raised"]
    assert [e.id for e in desk.told] == [1, 2, 3]
    assert [alert["state"] for alert in desk.alerts()] == ["raised", "cleared"]


def test_what_was_there_before_the_first_start_is_not_judged(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    append(desk.obs, a, [(T, 9)])
    assert desk.step() == []
    assert desk.read(a, (1, 9)) == ["raised"]


def test_a_datastream_made_later_is_watched_from_its_first_reading(desk: Desk) -> None:
    desk.engine.set_rule(rule())
    desk.step()
    (a,) = add_thing(desk.obs, "gauge")
    append(desk.obs, a, [(T, 3)])
    desk.engine.step()
    assert [e.state for e in desk.told] == ["raised"]


def test_flagged_old_and_wordy_readings_raise_nothing(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule(max_age_s=100))
    desk.step()
    assert desk.read(a, (-101, 9), (-50, "9"), (-40, None), (-30, [9]), (-20, {"x": 9})) == []
    desk.obs.writer.submit(Append(a, np.array([(T + 10**8) * S]), [9])).result()
    assert desk.obs.latest([a])[0].flags, "its clock is ahead"
    assert desk.step() == []
    assert desk.read(a, (0, 9)) == ["raised"]


def test_a_restart_goes_on_where_it_was(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule(condition={**HIGH, "duration_s": 60}))
    desk.step()
    desk.read(a, (0, 3), (30, 3))
    desk.open()
    assert desk.read(a, (59, 3)) == []
    desk.open()
    assert desk.read(a, (60, 3)) == ["raised"], "since then it has held, through two restarts"
    desk.open()
    assert desk.step() == []
    assert desk.read(a, (61, 3)) == [], "not a second time"
    append(desk.obs, a, [(T + 62, 1)])
    desk.open()
    assert desk.step() == ["cleared"], "what came while it was away is judged"
    assert len(desk.alerts()) == 1


def test_killed_after_judging_but_before_storing_loses_nothing(desk: Desk, monkeypatch) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    desk.step()

    def killed(*_):
        raise TwinError("killed")

    monkeypatch.setattr(desk.engine, "_commit", killed)
    with pytest.raises(TwinError):
        desk.read(a, (0, 3))
    assert desk.alerts() == []
    desk.open()
    assert desk.step() == ["raised"]


def test_two_engines_on_one_city_raise_once(desk: Desk, tmp_path: Path) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    other = Desk(tmp_path, desk.obs)
    desk.step()
    other.step()
    append(desk.obs, a, [(T, 3)])
    seen = [*desk.step(), *other.step(), *other.step(), *desk.step(), *desk.step()]
    append(desk.obs, a, [(T + 1, 1)])
    seen += [*other.step(), *other.step(), *desk.step(), *desk.step()]
    assert seen == ["raised", "cleared"]


def test_windows_are_read_back_after_a_restart(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule("rise", {"kind": "rate", "operator": ">=", "value": 1, "per_s": 60}))
    desk.engine.set_rule(rule("mean", {"kind": "threshold", "operator": ">", "value": 2, "mean_s": 60}))
    desk.step()
    desk.read(a, (0, 1), (30, 1.2))
    desk.open()
    assert desk.read(a, (60, 2.1)) == ["raised"]
    assert desk.told[-1].alert["value"] == pytest.approx(1.1), "against the reading a minute before"
    desk.open()
    assert desk.read(a, (70, 9)) == ["raised"]
    assert desk.told[-1].alert["value"] == pytest.approx((1.2 + 2.1 + 9) / 3)


def test_missing_by_the_clock_that_does_not_jump(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule("silent", {"kind": "missing", "after_s": 60}))
    desk.step()
    desk.read(a, (0, 1))
    desk.time = 60
    assert desk.step() == []
    desk.jump = -3600.0
    desk.time = 61
    assert desk.step() == ["raised"], "although the time of day jumped back an hour"
    assert desk.told[0].alert["unit"] == "s"
    desk.jump = 7200.0
    assert desk.read(a, (-9999, 1)) == ["cleared"], "any reading is a sign of life, whatever its own clock"
    desk.time = 62
    assert desk.step() == []


def test_a_new_rule_knows_how_long_it_has_been_silent(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.read(a, (0, 1))
    desk.time = 100
    desk.engine.set_rule(rule("silent", {"kind": "missing", "after_s": 60}))
    assert desk.step() == ["raised"]


def test_the_servers_own_absence_is_nobodys_silence(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule("silent", {"kind": "missing", "after_s": 60}))
    desk.step()
    desk.read(a, (0, 1))
    desk.time = 40
    desk.read(add_thing(desk.obs, "other")[0], (40, 1))
    desk.time = 10_000
    desk.open()
    assert desk.step() == []
    desk.time = 10_000 + 21
    assert [e.alert["datastream"] for e in desk.told] == []
    assert desk.step() == ["raised"], "40 s before the stop and 21 s after it"
    assert desk.told[0].alert["datastream"] == a


def test_combination_of_rain_and_level(desk: Desk) -> None:
    parts = [
        {"select": LEVEL, "condition": HIGH},
        {"select": {"property": "rain"}, "condition": {"kind": "threshold", "operator": ">=", "value": 20}},
    ]
    (level,) = add_thing(desk.obs, "gauge")
    (rain,) = add_thing(desk.obs, "rain", "Rain", "mm/h")
    both = {"kind": "combination", "parts": parts, "within_s": 600}
    desk.engine.set_rule(rule("flood", both, None, severity="critical"))
    desk.step()
    assert desk.read(level, (0, 3)) == []
    assert desk.read(rain, (601, 25)) == [], "the level is too old by now"
    assert desk.read(level, (602, 3)) == ["raised"]
    desk.open()
    assert desk.read(level, (603, 3)) == []
    (alert,) = desk.alerts()
    assert (alert["datastream"], alert["thing"], alert["value"]) == (None, None, 2)
    assert desk.read(rain, (700, 0)) == ["cleared"]


def test_enough_sensors_of_an_area(desk: Desk) -> None:
    part = {
        "select": {"property": "water level", "area": {"bbox": [126, 37, 128, 38]}},
        "condition": HIGH,
        "at_least": 2,
    }
    inside = [add_thing(desk.obs, f"in {n}", place=(127.0, 37.5))[0] for n in range(3)]
    (outside,) = add_thing(desk.obs, "out", place=(120.0, 37.5))
    desk.engine.set_rule(rule("area", {"kind": "combination", "parts": [part]}, None))
    desk.step()
    assert desk.read(outside, (0, 3)) == []
    assert desk.read(inside[0], (1, 3)) == []
    assert desk.read(inside[2], (2, 3)) == ["raised"]
    assert desk.told[0].alert["threshold"] == 2
    assert desk.read(inside[0], (3, 1)) == ["cleared"]


def test_acknowledged_by_whom_then_cleared(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    desk.step()
    desk.read(a, (0, 3))
    desk.time = 5
    shown = desk.engine.acknowledge(1, "control room", "crew is on its way")
    assert (shown["state"], shown["acknowledged_at"]) == ("acknowledged", (T + 5) * 1000)
    assert desk.engine.acknowledge(1, "another")["history"] == shown["history"], "once is enough"
    assert [e.state for e in desk.told] == ["raised", "acknowledged"]
    assert [a["id"] for a in desk.alerts("open")] == [1]
    assert desk.read(a, (6, 3)) == []
    assert desk.read(a, (7, 0)) == ["cleared"]
    (alert,) = desk.alerts("cleared")
    who = [(h["state"], h["who"], h["note"]) for h in alert["history"]]
    assert who[1] == ("acknowledged", "control room", "crew is on its way")
    with pytest.raises(Conflict, match="cleared"):
        desk.engine.acknowledge(1, "late")
    with pytest.raises(EntityNotFound):
        desk.engine.acknowledge(99, "nobody")


def test_rules_that_change_or_go(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    desk.step()
    desk.read(a, (0, 3))
    desk.engine.set_rule(rule(severity="critical"))
    assert desk.step() == [], "the alert stays open while its rule is edited"
    assert desk.read(a, (1, 1.6)) == []
    desk.engine.set_rule(rule(enabled=False))
    assert desk.step() == ["cleared"]
    assert desk.told[-1].alert["history"][-1]["note"] == "no longer watched"
    desk.engine.set_rule(rule())
    desk.step()
    assert desk.read(a, (2, 3)) == ["raised"]
    desk.engine.delete_rule("high")
    assert desk.step() == ["cleared"]
    assert desk.read(a, (3, 1), (4, 3)) == []
    with pytest.raises(EntityNotFound, match="high"):
        desk.engine.delete_rule("high")


def test_a_deleted_datastream_takes_its_alert_along_and_leaves_no_standing(desk: Desk) -> None:
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    desk.step()
    desk.read(a, (0, 3))
    desk.obs.writer.submit(Delete(Route(DATASTREAM, a))).result()
    assert desk.step() == ["cleared"]
    with desk.obs.connection() as connection:
        assert connection.execute("SELECT count(*) FROM alert_standings").fetchone() == (0,)


def test_every_way_of_writing_is_seen(desk: Desk) -> None:
    a, b = (add_thing(desk.obs, name)[0] for name in "ab")
    desk.engine.set_rule(rule())
    desk.step()
    times = np.array([T * S])
    desk.obs.writer.submit(AppendMany([Append(a, times, [3]), Append(b, times, [3], ids=[777])])).result()
    assert desk.step() == ["raised", "raised"]
    body = {"result": 0, "phenomenonTime": format_instant((T + 1) * S), "Datastream": {"@iot.id": a}}
    desk.obs.writer.submit(Create(Route(OBSERVATION), body)).result()
    assert desk.step() == ["cleared"]


def test_the_outbox_is_filled_with_the_alert_as_it_was(desk: Desk, tmp_path: Path) -> None:
    hooks = [
        Webhook(name="all", url="https://example.org/a", secret=new_secret()),
        Webhook(name="none", url="https://example.org/b", secret=new_secret(), rules=["other"]),
        Webhook(name="off", url="https://example.org/c", secret=new_secret(), enabled=False),
    ]
    write_webhooks(tmp_path, hooks)
    desk.open()
    (a,) = add_thing(desk.obs, "gauge")
    desk.engine.set_rule(rule())
    desk.step()
    desk.read(a, (0, 3), (1, 0))
    with desk.obs.connection() as connection:
        rows = connection.execute(
            "SELECT webhook, json_extract(body, '$.type'), json_extract(body, '$.data.state')"
            " FROM alert_outbox"
        ).fetchall()
    assert rows == [("all", "alert.raised", "raised"), ("all", "alert.cleared", "cleared")]
    desk.engine.set_webhooks(hooks[1:])
    with desk.obs.connection() as connection:
        assert connection.execute("SELECT count(*) FROM alert_outbox").fetchone() == (0,)
