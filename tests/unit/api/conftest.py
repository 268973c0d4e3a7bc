"""A small city, built and served once for the tests of a module."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.unit.api.served import ATTRIBUTES, BOXES
from tests.unit.models import city, write
from tiles.build import build
from twin.ingest import AddOptions, add_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("api")
    source = write(base / "source.json", city(BOXES, attributes=ATTRIBUTES))
    add_files(base / "x.twin", [source], AddOptions(at=datetime(2024, 1, 1, tzinfo=UTC)))
    write(source, city({**BOXES, "b/with/slashes": (30.0, 0.0, 12.0)}, attributes=ATTRIBUTES))
    add_files(base / "x.twin", [source], AddOptions(at=datetime(2025, 1, 1, tzinfo=UTC)))
    build(base / "x.twin")
    (base / "secret.txt").write_text("secret")
    (base / "x.twin" / "tiles" / "link.json").symlink_to(base / "secret.txt")
    (base / "x.twin" / "tiles" / ".hidden.json").write_text("{}")
    (base / "x.twin" / "tiles" / "large.bin").write_bytes(bytes(range(256)) * (9 << 12))
    return base / "x.twin"


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(create_app(Settings(city=folder)), follow_redirects=False)
