"""The sample district and a textured file as cities, each served once for all tests, and one browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

import viewer
from tests.e2e.serving import ARTIFACTS, CHROMIUM_FLAGS, chromium, serving, twin

expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium()
    assert (viewer.STATIC / "index.html").exists(), "the viewer is not built; run `make viewer`"
    ARTIFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def demo_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "demo.twin"
    twin("demo", "--dir", folder, "--buildings", "40", "--no-serve")
    return folder


@pytest.fixture(scope="package")
def demo_server(demo_city: Path) -> Iterator[str]:
    with serving(demo_city) as address:
        yield address


@pytest.fixture(scope="package")
def textured_server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One building file of PLATEAU with all its textures."""
    folder = tmp_path_factory.mktemp("textured") / "textured.twin"
    twin("add", folder, data / "citygml" / "plateau-textured")
    twin("tile", folder)
    with serving(folder) as address:
        yield address
