"""A small city for the tests of the command line, and a server that runs processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis import models
from api.app import create_app
from api.settings import Settings
from tests.integration.command_line import make_city
from tests.integration.live_server import serving
from tests.models import ENTRY
from twin.store import create_city


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_city(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A city of three buildings that a test may change."""
    shutil.copytree(made, tmp_path / "x.twin")
    return tmp_path / "x.twin"


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server that knows the tiny model, and its city."""
    folder = tmp_path_factory.mktemp("processes") / "x.twin"
    create_city(folder, crs="EPSG:5187+5193").close()
    app = create_app(Settings(city=folder, mqtt="off", workers=2))
    with pytest.MonkeyPatch.context() as patch, serving(app) as address:
        patch.setitem(models.ENTRIES, "tiny", ENTRY)
        yield address, folder
