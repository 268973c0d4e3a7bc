"""From what a user gave to the inputs of a run, or one line that names the input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import inputs
from analysis.errors import AnalysisError
from tests.models import TINY

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}


def test_what_is_not_given_has_its_default_or_is_none() -> None:
    checked = inputs.check(TINY, {"rain": 3, "wet": None})
    assert (checked["rain"], checked["wet"], checked["area"]) == (3.0, True, None)
    assert list(checked) == [p.name for p in TINY.parameters]
    assert isinstance(checked["rain"], float)


def test_numbers_become_what_was_declared() -> None:
    checked = inputs.check(TINY, {"steps": 4.0, "gauges": [1, 2]})
    assert (checked["steps"], checked["gauges"]) == (4, [1.0, 2.0])
    assert isinstance(checked["steps"], int)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rain", "10", r"^rain: '10' is not of type 'number' \[mm\]$"),
        ("rain", True, "^rain: True is not"),
        ("rain", -1, r"^rain: -1 is less than the minimum of 0 \[mm\]$"),
        ("rain", 1001, r"greater than the maximum of 1000"),
        ("rain", float("nan"), "not a finite number"),
        ("rain", 10**400, "^rain: "),
        ("rain", object(), "^rain: "),
        ("steps", 1.5, "^steps: 1.5 is not of type 'integer'$"),
        ("ending", "bad", "^ending: 'bad' is not one of"),
        ("area", {"type": "Polygon"}, "^area: 'coordinates' is a required property"),
        ("area", {"type": "Circle", "coordinates": []}, r"^area\['type'\]: 'Circle' is not one of"),
        ("box", [1, 2, 3], "^box: "),
        ("box", [1, 2, 3, 4, 5], "^box: "),
        ("box", [1, 2, 3, 91], r"^box\[3\]: 91 is greater"),
        ("box", [2, 2, 1, 3], "a box with an area"),
        ("gauges", 1, "^gauges: 1 is not of type 'array'"),
        ("gauges", [1, "a"], r"^gauges\[1\]: 'a' is not of type 'number' \[m\]$"),
        ("options", [], "^options: "),
        ("snow", 1, "^tiny has no input 'snow'; it has rain, steps"),
    ],
)
def test_a_wrong_input_is_named(name: str, value: Any, message: str) -> None:
    with pytest.raises(AnalysisError, match=message) as caught:
        inputs.check(TINY, {name: value})
    assert "\n" not in str(caught.value)


@given(
    st.dictionaries(
        st.sampled_from([p.name for p in TINY.parameters]), st.from_type(type).flatmap(st.from_type)
    )
)
def test_anything_is_checked_or_refused(values: dict[str, Any]) -> None:
    try:
        checked = inputs.check(TINY, values)
    except AnalysisError:
        return
    assert inputs.check(TINY, checked) == checked


def test_files_are_found_and_digested(tmp_path: Path) -> None:
    city, elsewhere = tmp_path / "x.twin", tmp_path / "rain.csv"
    (city / "inputs").mkdir(parents=True)
    (city / "inputs" / "rain.csv").write_text("1")
    elsewhere.write_text("1")
    one = located(city, str(elsewhere), True)
    two = located(city, "inputs/rain.csv", False)
    assert (one[0], two[0]) == (str(elsewhere), str(city / "inputs" / "rain.csv"))
    assert one[1] == two[1]
    elsewhere.write_text("2")
    assert located(city, str(elsewhere), True)[1] != one[1]


@pytest.mark.parametrize(
    "name",
    [
        "access.db",
        "inputs/../access.db",
        "../secret",
        "inputs/../../secret",
        "inputs/link",
        "inputs/.hidden",
        "inputs",
        "inputs/\0",
        "/etc/passwd",
        "inputs/" + "a" * 5000,
        "http://example.org/rain.csv",
    ],
)
def test_a_client_names_no_file_that_is_not_for_it(tmp_path: Path, name: str) -> None:
    city = tmp_path / "x.twin"
    (city / "inputs").mkdir(parents=True)
    (tmp_path / "secret").write_text("")
    (city / "access.db").write_text("")
    (city / "inputs" / ".hidden").write_text("")
    (city / "inputs" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(AnalysisError, match=r"^table: there is no file"):
        located(city, name, False)


def located(city: Path, name: str, anywhere: bool) -> tuple[str, dict[str, str]]:
    checked = inputs.check(TINY, {"table": name})
    found, digests = inputs.locate_references(TINY, checked, city, anywhere)
    return found["table"], digests


def test_a_geometry_and_an_object_pass_as_they_are() -> None:
    checked = inputs.check(TINY, {"area": SQUARE, "options": {"a": [1]}, "box": [0, 0, 1, 1]})
    assert (checked["area"], checked["options"], checked["box"]) == (SQUARE, {"a": [1]}, [0, 0, 1, 1])
