"""The examples of docs/energy*.md and docs/archetypes.md run as they stand there, one page after another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.integration.command_line import twin
from tests.integration.energy_city import BUSAN, street
from tests.unit.sensor_models import add, datastreams_of, read, thing
from twin.observations.store import open_observations
from twin.scenario import Scenarios
from twin.store import open_city

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = (
    "energy-zones",
    "archetypes",
    "energy",
    "energy-method",
    "energy-supply",
    "energy-measured",
    "energy-retrofit",
)


@pytest.fixture(scope="module")
def place(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples take as given: cities, a weather file, a city's own tables."""
    folder = tmp_path_factory.mktemp("docs")
    city = street(folder)
    with open_observations(city) as observations:
        held = {"objectId": "pair-1", "reading": "interval"}
        made = add(observations, thing("pair-1", properties=held, observed="전력량", unit="kWh"))
        months = pd.date_range("2025-01-01", periods=13, freq="MS", tz="Asia/Seoul")
        (stream,) = datastreams_of(observations, made)
        read(observations, stream, [int(t.timestamp()) for t in months], [1000.0] * 12 + [0.0])
    with open_city(city) as opened:
        assert Scenarios(opened).create("tower").id == 1
    for name in ("demo.twin", "busan.twin", "CITY"):
        (folder / name).symlink_to(city)
    (folder / "KOR_Busan.epw.gz").symlink_to(data.joinpath(*BUSAN))
    own = folder / "our-archetypes"
    own.mkdir()
    built_in = Path(__file__).resolve().parents[2] / "analysis" / "data" / "energy"
    for name in ("envelopes.csv", "uses.csv"):
        (folder / name).symlink_to(built_in / "archetypes" / name)
        (own / name).symlink_to(built_in / "archetypes" / name)
    (folder / "carriers.csv").symlink_to(built_in / "carrier_factors.csv")
    return folder


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_python_example_runs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    names: dict[str, Any] = {"folder": place / "CITY"}
    for page in PAGES:
        found = blocks(page, "python")
        assert found, page
        for text in found:
            exec(compile(text, f"{page}.md", "exec"), names)
        if page == "energy":  # what the pages after it take as given of this city
            zones = names["zones"]
            count = len(zones)
            names["block"] = names["block_of_each_building"] = np.zeros(count, np.int32)
            names["home"] = np.array([zones.uses[k].id in ("house", "apartment") for k in zones.use])
            names["energy"], names["floor_area"] = names["bought"].of().sum(axis=1), zones.floor_area
            names["uses"] = [zones.uses[k].id for k in zones.use]


def test_no_page_has_examples_that_nobody_runs() -> None:
    pages = {path.stem for path in [*DOCS.glob("energy*.md"), DOCS / "archetypes.md"]}
    assert {page for page in pages if blocks(page, "python")} == set(PAGES)


@pytest.mark.parametrize("line", [line for line in "".join(blocks("energy", "")).splitlines() if line])
def test_every_command_is_understood(line: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    program, *words = line.split()
    assert program == "twin"
    done = twin(*words, "--estimate")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Energy: about")
