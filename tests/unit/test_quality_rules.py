"""Rules of quality: as JSON, in the store, at work in the writer, and suggested."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.alert_models import add_thing, append
from twin.errors import QueryError
from twin.observations import quality_rules
from twin.observations.changes import Call
from twin.observations.flagged import flagged
from twin.observations.quality import DEFAULT, Flag, Rules
from twin.observations.store import open_observations

T = 1_700_000_000


def test_json_to_rules() -> None:
    assert quality_rules.parse({}).rules() == DEFAULT
    given = {"minimum": 0, "stuck_ignores": [0], "not_before": "2001-01-01T00:00:00Z", "clock_ahead_s": None}
    assert quality_rules.parse(given).rules() == Rules(
        minimum=0, stuck_ignores=(0.0,), not_before=978_307_200_000_000, clock_ahead_s=None
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"minimum": 2, "maximum": 1}, "minimum is above maximum"),
        ({"gap": 3}, "expected_interval_s"),
        ({"rate": -1}, "rate"),
        ({"odd": 1}, "odd"),
        ({"minimum": "x"}, "minimum"),
        ({"not_before": "yesterday"}, "yesterday"),
        ([1], "rules"),
    ],
)
def test_what_is_wrong_is_named(data, message) -> None:
    with pytest.raises(QueryError, match=message):
        quality_rules.parse(data)


def test_rules_are_at_work_from_the_moment_they_are_stored(tmp_path: Path) -> None:
    def save(connection):
        quality_rules.save(connection, a, quality_rules.parse({"minimum": 0, "maximum": 10, "rate": 1}))

    with open_observations(tmp_path) as obs:
        a, b = add_thing(obs, "a", more=[("Rain", "mm/h")])
        append(obs, a, [(T, 99)])
        obs.writer.submit(Call(save, rules=True)).result()
        for stream in (a, b):
            append(obs, stream, [(T + 1, 5), (T + 2, 11), (T + 3, 9.5)])
        append(obs, a, [(T + 4, 9.4)])
        append(obs, a, [(T + 4, 9.4)])
        with obs.connection() as connection:
            assert quality_rules.load(connection) == {a: quality_rules.load_one(connection, a)}
            assert quality_rules.load_one(connection, b) == DEFAULT
            found = [(f.datastream, f.time // 10**6 - T, f.value, f.flags) for f in flagged(connection)]
        assert found == [
            (a, 4, 9.4, Flag.DUPLICATE),
            (a, 3, 9.5, Flag.RATE),
            (a, 2, 11, Flag.RANGE),
            (a, 1, 5, Flag.RATE),
        ]
        obs.writer.submit(Call(lambda c: quality_rules.save(c, a, None), rules=True)).result()
        append(obs, a, [(T + 9, 99)])
        assert obs.latest([a])[0].flags == 0


def test_flagged_are_chosen_and_paged(tmp_path: Path) -> None:
    with open_observations(tmp_path) as obs:
        a, b = add_thing(obs, "a", more=[("Rain", "mm/h")])
        for stream in (a, b):
            append(obs, stream, [(T, 1), (T, 2), (1, 3), (T + 9, 4)])
        with obs.connection() as connection:
            everything = flagged(connection)
            assert [(f.datastream, f.flags) for f in everything] == [
                (b, Flag.CLOCK), (b, Flag.DUPLICATE), (a, Flag.CLOCK), (a, Flag.DUPLICATE)
            ]  # fmt: skip
            assert flagged(connection, limit=1) == everything[:1]
            assert flagged(connection, before=everything[0].id) == everything[1:]
            assert flagged(connection, datastream=a) == everything[2:]
            assert flagged(connection, flags=int(Flag.CLOCK)) == everything[::2]
            assert flagged(connection, start=T * 10**6) == everything[1::2]
            assert flagged(connection, datastream=b, end=T * 10**6) == everything[:1]
            assert everything[0].name == "a Rain"


@pytest.mark.parametrize(
    ("name", "definition", "unit", "within", "beyond"),
    [
        ("relative humidity", "", "%", 100, 101),
        ("PM2.5", "", "µg/m³", 0, -1),
        ("미세먼지", "", "㎍/㎥", 999, 1001),
        ("rain intensity", "", "mm/h", 2000, 2001),
        ("x", "https://vocab.nerc.ac.uk/standard_name/mole_fraction_of_ozone_in_air/", "ppm", 0.5, 0.6),
        ("air temperature", "", "°C", -80, -81),
        ("water pressure", "", "MPa", 1.6, 1.7),
    ],
)
def test_suggestions_have_limits_and_a_source(name, definition, unit, within, beyond) -> None:
    found = quality_rules.suggest(name, definition, unit)
    assert found is not None
    assert found.source
    rules = found.rules
    low = -float("inf") if rules.minimum is None else rules.minimum
    high = float("inf") if rules.maximum is None else rules.maximum
    assert low <= within <= high
    assert not low <= beyond <= high


def test_suggestions_are_taken_where_there_are_no_rules(tmp_path: Path) -> None:
    with open_observations(tmp_path) as obs:
        a, b, _ = add_thing(obs, "a", "PM10", "µg/m³", more=[("Relative humidity", "%"), ("Mood", "%")])
        own = quality_rules.parse({"maximum": 5})
        obs.writer.submit(Call(lambda c: quality_rules.save(c, a, own), rules=True)).result()
        done = obs.writer.submit(Call(lambda c: quality_rules.apply_suggestions(c, 60), rules=True)).result()
        assert done == 1
        with obs.connection() as connection:
            rules = quality_rules.load(connection)
        assert rules[a] == own.rules()
        assert (rules[b].maximum, rules[b].stuck_s) == (100, 12 * 60)
        assert set(rules) == {a, b}


def test_nothing_is_suggested_for_another_unit_or_an_unknown_property() -> None:
    assert quality_rules.suggest("relative humidity", "", "g/m³") is None
    assert quality_rules.suggest("mood", "", "%") is None
