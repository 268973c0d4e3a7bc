"""What commands print: aligned tables, JSON that keeps its characters, progress on terminals only."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from api.commands.output import emit, progress, table


def test_tables_are_aligned_with_numbers_to_the_right() -> None:
    assert list(table([("buildings", 7, "LoD 1"), ("roads", 12_345, "")])) == [
        "  buildings       7  LoD 1",
        "  roads      12,345",
    ]
    assert list(table([])) == []


def test_json_keeps_characters_and_takes_paths(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"name": "부산", "path": Path("a/b")}, True, iter(["a line"]))
    output = capsys.readouterr().out
    assert "부산" in output
    assert json.loads(output) == {"name": "부산", "path": "a/b"}


def test_people_get_lines(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"name": "x"}, False, iter(["one", "two"]))
    assert capsys.readouterr().out == "one\ntwo\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_written_over_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("Tiling") as step:
        step("buildings 1/2", 0.5)
    written = terminal.getvalue()
    assert "Tiling" in written
    assert "50%" in written
    assert "\n" not in written
    assert written.endswith("\r\x1b[K")


def test_progress_is_silent_elsewhere_and_cleared_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    silent, terminal = io.StringIO(), Terminal()
    for stream in (silent, terminal):
        monkeypatch.setattr(sys, "stderr", stream)
        with pytest.raises(ValueError, match="stop"), progress("Reading") as step:
            step("1 object")
            raise ValueError("stop")
    assert silent.getvalue() == ""
    assert terminal.getvalue().endswith("\r\x1b[K")
