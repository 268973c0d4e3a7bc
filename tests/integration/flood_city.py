"""A small district with a scenario library, made once for the tests of warnings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command_line import twin
from twin.ingest import add_files
from twin.synth.write import make_district

CELL = 20
SHARED = ("--cell-size", str(CELL), "--scheme", "inertial")
LIBRARY = ("--rains", "0", "--rains", "60", "--rains", "120", "--durations", "0.5")
RISES = ("--stream-rises", "0", "--stream-rises", "1", "--after", "10", "--held-out", "2")
LEVELS = (0.05, 0.1, 0.2, 0.4)


def levels() -> list[str]:
    return [part for depth in LEVELS for part in ("--levels", str(depth))]


def district(factory: pytest.TempPathFactory) -> Path:
    """24 buildings with terrain, streets, water and land use; their sensors' readings lie beside, unread."""
    folder = factory.mktemp("flood")
    made = make_district(folder / "source", buildings=24, seed=7)
    names = ("terrain", "buildings", "roads", "bridges", "water", "landuse")
    add_files(folder / "x.twin", [made.files[name] for name in names])
    return folder / "x.twin"


def add_sensors(city: Path) -> None:
    """The readings of the district's sensors."""
    add_files(city, [city.parent / "source" / "sensors"])


def run(model: str, folder: Path, *options: str) -> dict[str, Any]:
    """A run by the command line that ends well."""
    done = twin("run", model, folder, *options, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def result(run: dict[str, Any], name: str) -> dict[str, Any]:
    """A JSON result of a run."""
    found: dict[str, Any] = json.loads(Path(run["folder"], run["results"][name]["file"]).read_bytes())
    return found
