"""What a person meets when a place, objects, WebGL or an answer is missing; tools and links in a row."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def opened(browser: Browser, demo_server: str) -> Iterator[Viewer]:
    with Viewer(browser, demo_server) as viewer:
        viewer.wait()
        yield viewer


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


def test_an_answer_that_is_no_json_is_told(browser: Browser, demo_server: str, opened: Viewer) -> None:
    page = opened.page
    page.route("**/search?**", lambda route: route.fulfill(body="<html>a proxy's page</html>"))
    page.get_by_role("combobox").fill("building")
    expect(page.locator(".search-results")).to_contain_text("The search failed")
    page.unroute("**/search?**")
    page.get_by_role("combobox").fill("")
    page.get_by_role("combobox").blur()


def test_one_tool_after_another_gets_the_clicks(opened: Viewer) -> None:
    page = opened.page
    for before in ("Section", "View from here"):
        page.get_by_role("button", name=before).click()
        page.get_by_role("button", name="Distance").click()
        page.mouse.click(560, 420)
        page.mouse.click(660, 460)
        expect(page.locator(".readout")).to_contain_text("Along the line")
        page.keyboard.press("Escape")


def test_a_link_pasted_into_the_open_page_is_followed(browser: Browser, demo_server: str) -> None:
    with Viewer(browser, demo_server) as viewer:
        viewer.wait()
        viewer.page.evaluate("location.hash = '#c=128.93,35.125,400,10,-30&theme=dark'")
        viewer.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        viewer.page.wait_for_function("window.twin && Math.abs(window.twin.camera().height - 400) < 1")


def test_a_link_keeps_which_layers_show_underground(browser: Browser, demo_server: str) -> None:
    for link, shown in (("#u=1", "true"), ("#u=1&l=utilities~0~1", "false")):
        with Viewer(browser, demo_server, query=link) as viewer:
            viewer.wait()
            eye = viewer.page.get_by_role("switch", name="Show Underground utilities")
            expect(eye).to_have_attribute("aria-checked", shown)
