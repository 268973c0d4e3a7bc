"""A small city for the tests of the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.integration.command_line import make_city


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_city(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A city of three buildings that a test may change."""
    shutil.copytree(made, tmp_path / "x.twin")
    return tmp_path / "x.twin"
