"""`twin alerts`: what it lists, in lines and as JSON."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.integration.command_line import twin
from tests.unit.alert_models import add_thing, append
from twin.alerts.engine import AlertEngine
from twin.alerts.rules import parse_rule
from twin.observations.store import open_observations

RULE = {
    "title": {"ko": "하천 수위", "en": "Stream level"},
    "select": {"property": "water level"},
    "condition": {"kind": "threshold", "operator": ">", "value": 2},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("alerts") / "x.twin"
    with open_observations(made) as obs:
        a, b = (add_thing(obs, name)[0] for name in "ab")
        engine = AlertEngine(obs, made)
        engine.set_rule(parse_rule("level", RULE))
        engine.step()
        append(obs, a, [(time.time() - 3, 3), (time.time() - 2, 1)])
        append(obs, b, [(time.time() - 1, 4)])
        engine.step()
    return made


def test_lines(folder: Path) -> None:
    done = twin("alerts", folder)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert "raised" in first
    assert "하천 수위 / Stream level (4 m, datastream 2)" in first
    assert "cleared" in second


def test_json_and_states(folder: Path) -> None:
    def listed(*more: str) -> list[int]:
        done = twin("alerts", folder, "--json", *more)
        assert done.returncode == 0
        return [alert["id"] for alert in json.loads(done.stdout)["alerts"]]

    assert listed() == [2, 1]
    assert listed("--state", "open") == [2]
    assert listed("--state", "cleared") == [1]
    assert listed("--state", "acknowledged") == []
    assert listed("--limit", "1") == [2]


def test_no_alerts_and_no_readings(folder: Path, tmp_path: Path) -> None:
    assert twin("alerts", folder, "--state", "acknowledged").stdout == "no alerts\n"
    done = twin("alerts", tmp_path)
    assert done.returncode == 1
    assert "no readings" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert twin("alerts", folder, "--state", "odd").returncode == 2
