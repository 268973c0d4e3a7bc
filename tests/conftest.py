"""Shared fixtures: where the real data lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from analysis import models
from analysis.contract import Model
from tests.models import ENTRY


class BrowserTogether(LoadFileScheduling):
    """Files go to workers as they are, all browser tests to one, so that one browser draws at a time."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/e2e" if "tests/e2e/" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return BrowserTogether(config, log)


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
