"""Shared fixtures: where the real data lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analysis import models
from analysis.contract import Model
from tests.models import ENTRY

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Model:
    """The tiny model of `tests.models`, which the product does not know otherwise."""
    monkeypatch.setitem(models.ENTRIES, "tiny", ENTRY)
    return models.model("tiny")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data sets; tests that need it are skipped only where it is absent, never in CI."""
    if not DATA.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{DATA} is absent, and in CI it must not be")
        pytest.skip("the folder of real data (../shared/data) is absent")
    return DATA
