"""Pages of the viewer opened in ways of their own: by a link, on a phone, with troubles, with textures."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page import Viewer
from tests.e2e.serving import free_port, serving

pytestmark = pytest.mark.browser

SMALL = {"width": 820, "height": 520}
"""Enough where the panels count and not the picture; a processor draws it in half the time [CSS px]."""


def test_a_link_brings_back_the_view(browser: Browser, demo_server: str) -> None:
    id = "building-000001"
    link = f"#c=128.93,35.125,400,10,-30&t=htc0w&l=buildings~1~0.5&o={id}&lang=ko&theme=dark"
    with Viewer(browser, demo_server, query=link, viewport=SMALL) as viewer:
        viewer.wait()
        expected = {"lon": 128.93, "lat": 35.125, "height": 400, "heading": 10, "pitch": -30}
        assert viewer.twin("camera()") == pytest.approx(expected, rel=1e-3)
        assert viewer.twin("picked()") == id
        expect(viewer.page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(viewer.page.locator("html")).to_have_attribute("lang", "ko")


@pytest.mark.parametrize(("link", "shown"), [("#u=1", "true"), ("#u=1&l=utilities~0~1", "false")])
def test_a_link_keeps_which_layers_show_underground(
    browser: Browser, demo_server: str, link: str, shown: str
) -> None:
    with Viewer(browser, demo_server, query=link, viewport=SMALL) as viewer:
        eye = viewer.page.get_by_role("switch", name="Show Underground utilities")
        expect(eye).to_have_attribute("aria-checked", shown)


def test_phone_has_sheets(browser: Browser, demo_server: str) -> None:
    with Viewer(browser, demo_server, viewport={"width": 390, "height": 780}, has_touch=True) as viewer:
        viewer.wait()
        page = viewer.page
        viewer.picture("phone")
        page.get_by_role("button", name="Layers", exact=True).click()
        expect(page.get_by_role("navigation")).to_be_visible()
        viewer.picture("phone-layers")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Escape")
        expect(page.get_by_role("navigation")).to_be_hidden()


def test_a_lost_server_is_noticed_and_its_return_too(browser: Browser, demo_city: Path) -> None:
    port = free_port()
    with serving(demo_city, port) as address:
        viewer = Viewer(browser, address, viewport=SMALL)
        viewer.wait()
    with viewer:
        viewer.page.get_by_role("combobox").fill("building")
        expect(viewer.page.get_by_role("alert").first).to_contain_text("does not answer")
        viewer.page.get_by_role("switch", name="Show Land use").click()
        trouble = viewer.page.locator(".layer-trouble.problem")
        land_use = viewer.page.locator(".layer", has_text="Land use")
        expect(land_use.locator(".layer-trouble.problem")).to_have_count(1)
        with serving(demo_city, port):
            expect(viewer.page.locator(".toast")).to_contain_text("The server is back")
            expect(trouble).to_have_count(0)
            viewer.settle()


def test_a_broken_layer_says_why(browser: Browser, demo_server: str) -> None:
    with Viewer(browser, "about:blank", viewport=SMALL) as viewer:
        viewer.server = demo_server
        viewer.page.route(
            "**/tiles/buildings/tileset.json", lambda route: route.fulfill(status=500, body="broken")
        )
        viewer.page.goto(f"{demo_server}/viewer/")
        trouble = viewer.page.locator(".layer-trouble.problem")
        expect(trouble).to_contain_text("could not be shown")
        viewer.page.unroute("**/tiles/buildings/tileset.json")
        trouble.get_by_role("button", name="Try again").click()
        expect(trouble).to_have_count(0)
        viewer.page.wait_for_function("window.twin?.loaded()")


def test_a_textured_file_shows_its_textures(browser: Browser, textured_server: str) -> None:
    with Viewer(browser, textured_server, query="#t=htc0w") as viewer:
        viewer.wait()
        viewer.sees("textured", lambda seen: seen.std() > 12)
        id, x, y = viewer.find_on_screen(viewer.building_ids())
        viewer.page.mouse.click(x, y)
        expect(viewer.page.locator(".object-id")).to_have_text(id)
        expect(viewer.page.locator(".attribute").first).to_be_visible()
        assert viewer.outside() == []
        assert viewer.errors == []
