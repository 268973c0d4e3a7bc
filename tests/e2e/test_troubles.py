"""What a person meets when a place, objects or WebGL are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page import Viewer
from tests.e2e.serving import serving, twin
from tests.unit.models import city, write

pytestmark = pytest.mark.browser

NO_WEBGL = """
const original = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith('webgl') ? null : original.call(this, kind, ...rest);
};
"""


def test_an_empty_city_says_so_and_opens_once_it_is_filled(browser: Browser, tmp_path: Path) -> None:
    twin("init", tmp_path / "x.twin", "--crs", "EPSG:5187+5193")
    with serving(tmp_path / "x.twin") as address, Viewer(browser, address) as viewer:
        notice = viewer.page.get_by_role("alert")
        expect(notice).to_contain_text("This city is empty")
        expect(notice).to_have_count(1)
        twin("add", tmp_path / "x.twin", write(tmp_path / "x.json", city({"a": (0.0, 0.0, 9.0)})))
        twin("tile", tmp_path / "x.twin")
        notice.get_by_role("button", name="Reload").click()
        viewer.wait()
        assert viewer.twin("errors()") == {}


def test_a_city_without_a_place_says_so(browser: Browser, tmp_path: Path) -> None:
    document = write(tmp_path / "x.json", city({"a": (0.0, 0.0, 9.0)}, crs=None))
    twin("add", tmp_path / "x.twin", document, "--crs", "local")
    with serving(tmp_path / "x.twin") as address, Viewer(browser, address) as viewer:
        notice = viewer.page.get_by_role("alert")
        expect(notice).to_contain_text("--anchor")
        expect(notice).to_have_count(1)


def test_a_browser_without_webgl_is_told_so(browser: Browser, demo_server: str) -> None:
    with Viewer(browser, "about:blank") as viewer:
        viewer.page.add_init_script(NO_WEBGL)
        viewer.page.goto(f"{demo_server}/viewer/")
        notice = viewer.page.get_by_role("alert")
        expect(notice).to_contain_text("WebGL 2")
        expect(notice).to_have_count(1)
        expect(notice).not_to_contain_text("terrain")
