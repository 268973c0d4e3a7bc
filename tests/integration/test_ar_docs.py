"""The examples of docs/ar.md run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from api.settings import Settings
from tests.integration.live_server import serving
from tests.unit.ar_models import at, street

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "ar.md"
EXAMPLES = [
    block
    for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    if "$TWIN" in block
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the examples take as given."""
    city = street(tmp_path_factory.mktemp("docs"))
    here = at(city, 0.0, 0.0)
    with serving(create_app(Settings(city=city, mqtt="off"))) as url:
        yield {"TWIN": url, "LAT": str(here["lat"]), "LON": str(here["lon"])}


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example: str, place: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example],
        cwd=tmp_path,
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(tmp_path.iterdir())
