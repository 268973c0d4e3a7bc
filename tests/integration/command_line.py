"""The command line as tests run it, and what a city's folder holds before and after."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.cli import main
from tests.unit.models import city, write
from twin.ingest import add_files

CRS = "EPSG:5187+5193"
BOXES = {"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 9.0), "c d/한": (60.0, 0.0, 20.0)}


def make_city(folder: Path) -> Path:
    """A city of three buildings in `folder`."""
    add_files(folder / "x.twin", [write(folder / "source.json", city(BOXES))])
    return folder / "x.twin"


@dataclass(slots=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def twin(*arguments: str | Path) -> Done:
    """The command line in this process, which is much faster than `process`."""
    output, error, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(output), redirect_stderr(error), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["twin", *map(str, arguments)])
        try:
            main()
        except SystemExit as exit:
            assert exit.code is None or isinstance(exit.code, int)
            code = exit.code or 0
    return Done(code, output.getvalue(), error.getvalue())


TWIN = Path(sys.executable).with_name("twin")


def process(*arguments: str | Path) -> Done:
    done = subprocess.run([TWIN, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


def content(folder: Path) -> object:
    """Everything in the store, and the names of all files beside it."""
    with sqlite3.connect(folder / "twin.db") as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    beside = sorted(p.name for p in folder.rglob("*") if not p.name.startswith("twin.db"))
    return rows, beside


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}
