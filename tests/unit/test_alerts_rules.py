"""Rules of alerts: what is taken, what is refused and why, and which datastreams a rule picks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.alert_models import add_thing
from twin.alerts import records
from twin.alerts.demo import demo_rules, install
from twin.alerts.rules import Rule, Select, parse_rule
from twin.alerts.streams import load_streams, select
from twin.errors import QueryError
from twin.observations.changes import Call
from twin.observations.store import open_observations

TITLE = {"ko": "수위", "en": "Level"}
HIGH = {"kind": "threshold", "operator": ">", "value": 2}
LEVEL = {"property": "water level"}


def rule(condition=HIGH, select=LEVEL, **more) -> Rule:
    return parse_rule("r", {"title": TITLE, "condition": condition, "select": select, **more})


def test_a_rule_comes_back_from_its_json_as_it_was() -> None:
    parts = [{"select": {"area": {"bbox": [0, 0, 1, 1]}}, "condition": HIGH, "at_least": 3}]
    for given in (
        rule(max_age_s=None, ignore=["stuck"], severity="critical", source="a book"),
        rule({"kind": "missing", "after_s": 60}),
        rule({"kind": "rate", "operator": "<=", "value": -1, "per_s": 60, "clear": 0}),
        rule({"kind": "combination", "parts": parts}, None),
        *demo_rules(),
    ):
        assert Rule.model_validate_json(given.model_dump_json()) == given


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": {"ko": "수위"}}, "title.en: Field required"),
        ({"condition": {"kind": "odd"}}, "condition"),
        ({"condition": {**HIGH, "clear": 3}}, "clear lies behind"),
        ({"condition": {**HIGH, "operator": "<", "clear": 1}}, "clear lies behind"),
        ({"condition": {**HIGH, "duration_s": -1}}, "duration_s"),
        ({"condition": {**HIGH, "value": float("nan")}}, "value"),
        ({"condition": {"kind": "rate", "operator": ">", "value": 1, "per_s": 0}}, "per_s"),
        ({"select": None}, "a rule has a select"),
        ({"select": {}}, "say which datastreams"),
        ({"select": {"property": None}}, "say which datastreams"),
        ({"select": {"area": {}}}, "an area is one of"),
        ({"select": {"area": {"bbox": [1, 0, 0, 1]}}}, "west < east"),
        ({"select": {"area": {"polygon": [[[0, 0], [1, 1]]]}}}, "closed rings"),
        ({"condition": {"kind": "combination", "parts": []}, "select": None}, "parts"),
        (
            {"condition": {"kind": "combination", "parts": [{"select": LEVEL, "condition": HIGH}]}},
            "has it in",
        ),
        ({"severity": "dire"}, "severity"),
        ({"ignore": ["odd"]}, "ignore"),
        ({"extra": 1}, "extra"),
        ({"name": "other"}, "called 'other'"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(changes, message) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        parse_rule("r", {"title": TITLE, "condition": HIGH, "select": LEVEL, **changes})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "../x", "수위", "x" * 65])
def test_names_fit_into_addresses_and_topics(name: str) -> None:
    with pytest.raises(QueryError, match="name"):
        parse_rule(name, {"title": TITLE, "condition": HIGH, "select": LEVEL})


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_a_rule_is_an_object(data) -> None:
    with pytest.raises(QueryError, match="JSON object"):
        parse_rule("r", data)


def test_selections(tmp_path: Path) -> None:
    def area(**given):
        return Select.model_validate({"area": given})

    with open_observations(tmp_path) as obs:
        (a,) = add_thing(obs, "gauge", place=(127.0, 37.5))
        (b,) = add_thing(obs, "hydrant 1", "Water pressure", "MPa", place=(127.2, 37.5))
        (c,) = add_thing(obs, "x", "Water pressure", "bar", (127.4, 37.5), {"kind": "meter"})
        with obs.connection() as connection:
            thing = connection.execute("SELECT thing FROM datastreams WHERE id = ?", (b,)).fetchone()[0]
        obs.writer.submit(
            Call(
                lambda connection: connection.execute(
                    "INSERT INTO thing_objects VALUES (?, 'H1', 'given', NULL, 'furniture')", (thing,)
                )
            )
        ).result()
        with obs.connection() as connection:
            streams = load_streams(connection)

    def chosen(wanted: Select) -> list[int]:
        return [s.id for s in select(streams.values(), wanted)]

    assert chosen(Select(datastreams=[a, c, 99])) == [a, c]
    assert chosen(Select(things=[thing])) == [b]
    assert chosen(Select(property="WATER pressure")) == [b, c]
    assert chosen(Select(property="urn:water-pressure", unit="bar")) == [c]
    assert chosen(Select(kind="meter")) == [c]
    assert chosen(Select(kind="stream-level")) == [a]
    assert chosen(area(bbox=[126.9, 37, 127.2, 38])) == [a, b], "the border belongs to the box"
    triangle = [[127.1, 37], [127.5, 37], [127.3, 40], [127.1, 37]]
    assert chosen(area(polygon=[triangle])) == [b, c]
    hole = [[127.15, 37.4], [127.25, 37.4], [127.2, 37.6], [127.15, 37.4]]
    assert chosen(area(polygon=[triangle, hole])) == [c]
    assert chosen(area(layer="furniture")) == [b]
    assert chosen(Select(property="nothing")) == []


def test_demo_rules_are_stored_once(tmp_path: Path) -> None:
    with open_observations(tmp_path) as obs:
        install(obs, 60)
        with obs.connection() as connection:
            first = records.rules_mark(connection)
        install(obs, 60)
        with obs.connection() as connection:
            assert records.rules_mark(connection) == first
            assert list(records.rules(connection).values()) == sorted(demo_rules(60), key=lambda r: r.name)


def test_demo_rules_are_the_law_s_and_shorten_with_the_replay() -> None:
    rules = {r.name: r for r in demo_rules()}
    dust = rules["pm25-advisory"].condition
    assert (dust.value, dust.clear, dust.mean_s, dust.duration_s) == (75, 35, 3600, 7200)
    limits = {
        name: (r.condition.value, r.condition.clear) for name, r in rules.items() if name.startswith("pm")
    }
    assert limits == {
        "pm25-advisory": (75, 35),
        "pm25-warning": (150, 75),
        "pm10-advisory": (150, 100),
        "pm10-warning": (300, 150),
    }
    fast = {r.name: r for r in demo_rules(60)}
    assert (fast["pm25-advisory"].condition.mean_s, fast["pm25-advisory"].condition.duration_s) == (60, 120)
    assert fast["sensor-silent"].condition.after_s == 120
    assert all(r.title.ko != r.title.en and r.source for r in rules.values())
