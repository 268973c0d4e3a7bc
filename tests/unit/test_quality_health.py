"""Health of devices: states by the interval, where the interval comes from, and clocks that are wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.unit.alert_models import S, add_thing, append
from twin.health import devices, state_of
from twin.observations.store import Observations, open_observations

NOW = 1_800_000_000 * S


@pytest.fixture
def obs(tmp_path: Path):
    with open_observations(tmp_path) as observations:
        yield observations


@pytest.mark.parametrize(
    ("age", "interval", "state"),
    [
        (0, 60, "ok"),
        (120, 60, "ok"),
        (121, 60, "late"),
        (600, 60, "late"),
        (601, 60, "silent"),
        (86_401, 20_000, "silent"),
        (86_401, 86_400, "ok"),
        (2 * 86_400 + 1, 86_400, "silent"),
        (86_400, None, "ok"),
        (86_401, None, "silent"),
        (-3600, 60, "ok"),
    ],
)
def test_states(age: int, interval: float | None, state: str) -> None:
    assert state_of(NOW - age * S, interval, NOW) == state


def test_never_heard_of_is_silent() -> None:
    assert state_of(None, 60, NOW) == "silent"


def only(obs: Observations, later_s: float = 0):
    total, found = devices(obs, now=time.time_ns() // 1000 + round(later_s * S))
    assert total == 1
    return found[0]


def test_interval_given_by_the_datastream_then_by_the_thing_then_by_the_readings(obs: Observations) -> None:
    (a,) = add_thing(obs, "a", datastream={"expectedInterval": 300}, properties={"expectedInterval": 60})
    (b,) = add_thing(obs, "b", properties={"expectedInterval": 60})
    (c,) = add_thing(obs, "c")
    (d,) = add_thing(obs, "d")
    for stream in (a, b, c):
        append(obs, stream, [(1_700_000_000 + s, s) for s in (0, 10, 20, 25, 35, 1000)])
    append(obs, d, [(1_700_000_000, 1), (1_700_000_010, 1)])
    assert [x.expected_interval_s for x in devices(obs)[1]] == [300, 60, 10, None]


def test_the_time_of_arrival_counts_and_not_the_sensors_clock(obs: Observations) -> None:
    (a,) = add_thing(obs, "a", datastream={"expectedInterval": 60})
    append(obs, a, [(time.time() + 10**8, 1)])
    assert only(obs).state == "ok"
    assert only(obs, 121).state == "late", "a clock that runs ahead does not keep a device alive"
    assert only(obs, 700).state == "silent"
    append(obs, a, [(0, 1)])
    assert only(obs, 10).state == "ok", "one that was reset does not make it dead"


def test_a_clock_that_stands_still_gives_no_interval(obs: Observations) -> None:
    (a,) = add_thing(obs, "a")
    for value in range(5):
        append(obs, a, [(1_700_000_000, value)])
    assert only(obs).expected_interval_s is None
    assert only(obs, 90_000).state == "silent"


def test_a_device_lives_while_one_of_its_datastreams_does(obs: Observations) -> None:
    a, b = add_thing(obs, "a", properties={"expectedInterval": 60}, more=[("Air temperature", "°C")])
    append(obs, b, [(time.time(), 1)])
    device = only(obs)
    assert (device.state, [s.state for s in device.streams]) == ("ok", ["silent", "ok"])
    assert [s.id for s in device.streams] == [a, b]


def test_battery_from_a_datastream_or_from_the_thing(obs: Observations) -> None:
    _, level = add_thing(obs, "a", properties={"battery": 12}, more=[("Battery", "%")])
    assert only(obs).battery == 12
    append(obs, level, [(time.time(), 77.5)])
    assert only(obs).battery == 77.5


def test_pages_and_choice(obs: Observations) -> None:
    for name in "abc":
        add_thing(obs, name)
    total, page = devices(obs, limit=1, offset=1)
    assert (total, [d.name for d in page]) == (3, ["b"])
    total, page = devices(obs, things=[page[0].thing, 99])
    assert (total, [d.name for d in page]) == (1, ["b"])


@pytest.mark.parametrize("text", ["inf", "nan", "-Infinity", "1e999", "", "often"])
def test_text_that_is_no_finite_number_tells_nothing(obs: Observations, text: str) -> None:
    add_thing(obs, "a", properties={"expectedInterval": text, "battery": text})
    found = only(obs)
    assert (found.expected_interval_s, found.battery) == (None, None)


def test_text_that_is_a_number_is_one(obs: Observations) -> None:
    add_thing(obs, "a", properties={"expectedInterval": "300", "battery": "87.5"})
    found = only(obs)
    assert (found.expected_interval_s, found.battery) == (300.0, 87.5)
