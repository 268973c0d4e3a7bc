"""What clients see of messages: names of files, no paths of the server's machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.sensorthings.problems import problem_answer
from api.shown import for_clients
from twin.errors import QueryError, TwinError

CITY = Path("/tmp/my cities/demo.twin")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/tmp/my cities/demo.twin/inputs/rain.csv: no column", "inputs/rain.csv: no column"),
        ("/tmp/my cities/demo.twin: no city here", "demo.twin: no city here"),
        ("/tmp/my cities/demo.twin/", "demo.twin"),
        (
            "[Errno 2] No such file: '/tmp/my cities/demo.twin/runs/x/a.tif'",
            "[Errno 2] No such file: 'runs/x/a.tif'",
        ),
        ("/tmp/my cities/demo.twin2/twin.db is not a city", "twin.db is not a city"),
        ("/home/kim/My Files/a.csv: bad", "a.csv: bad"),
        ("/tmp/a.csv and /usr/share/b.csv differ", "a.csv and b.csv differ"),
        ("PosixPath('/usr/share/x.csv')", "PosixPath('x.csv')"),
        ("file:///tmp/q/z.tif", "z.tif"),
    ],
)
def test_files_are_named_as_clients_know_them(text: str, shown: str) -> None:
    assert for_clients(text, CITY) == shown


@pytest.mark.parametrize(
    "text",
    [
        "name at least one; /energy/measures lists them",
        "see https://example.org/tmp/a/b",
        "12 kWh/m²/a and/or none",
        "no object 'a/tmp/b'",
        f"/{'x' * 5000}/b",
    ],
)
def test_what_is_no_path_of_the_machine_stays(text: str) -> None:
    assert for_clients(text, CITY) == text


def test_the_client_s_own_words_stay() -> None:
    text = "there is no file '/etc/passwd' beside /etc/hosts"
    assert (
        for_clients(text, CITY, '{"table": "/etc/passwd"}') == "there is no file '/etc/passwd' beside hosts"
    )


def test_a_city_known_by_a_relative_path_is_named_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").mkdir()
    monkeypatch.chdir(tmp_path)
    city = Path("kept/demo.twin")
    assert for_clients(f"kept/demo.twin/a.csv, {city.absolute()}/b.csv", city) == "a.csv, b.csv"
    monkeypatch.chdir(tmp_path / "kept")
    assert for_clients(f"1.5 m . {Path.cwd()}/b.csv", Path()) == "1.5 m . b.csv"


def test_sensorthings_names_no_path_but_what_the_client_said() -> None:
    held = problem_answer(TwinError("/tmp/a b/observations.db cannot be used"), "GET /Things")
    assert json.loads(held.body)["detail"] == "observations.db cannot be used"
    said = problem_answer(QueryError("$filter: '/tmp/x/y' is no number"), "GET /Things")
    assert json.loads(said.body)["detail"] == "$filter: '/tmp/x/y' is no number"
