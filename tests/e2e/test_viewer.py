"""The viewer in a real browser, against a real server: what a person sees, clicks and reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page import Viewer
from tests.e2e.serving import ROOT, free_port, serving

pytestmark = pytest.mark.browser

AXE = ROOT / "viewer" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def opened(browser: Browser, demo_server: str) -> Iterator[Viewer]:
    """The sample district, opened once for the tests that only look."""
    with Viewer(browser, demo_server) as viewer:
        viewer.wait()
        yield viewer


def map_part(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The part of a picture that panels leave free."""
    height, width = pixels.shape[:2]
    return pixels[height // 4 : height * 3 // 4, width * 35 // 100 : width * 90 // 100]


def building_ids(viewer: Viewer) -> list[str]:
    return [
        feature["id"]
        for feature in viewer.get("/collections/buildings/items?limit=400")["features"]
        if feature["geometry"] is not None
    ]


def test_first_view_shows_the_city(opened: Viewer) -> None:
    middle = map_part(opened.picture("first-view")).astype(float)
    colours = {tuple(pixel) for pixel in (middle // 16).reshape(-1, 3).astype(int).tolist()}
    assert middle.std() > 12, "the picture is almost one colour"
    assert len(colours) > 12
    assert opened.twin("errors()") == {}
    assert opened.errors == []
    expect(opened.page.get_by_role("heading", level=1)).to_be_visible()


def test_buildings_stand_on_the_terrain(opened: Viewer) -> None:
    """With the building layer hidden, the middle of the picture changes, and ground is left."""
    page = opened.page
    before = map_part(opened.picture("with-buildings")).astype(int)
    eye = page.get_by_role("switch", name="Show Buildings")
    eye.click()
    opened.settle()
    without = map_part(opened.picture("without-buildings")).astype(int)
    eye.click()
    opened.settle()
    assert (np.abs(before - without).sum(axis=2) > 30).mean() > 0.02
    assert without.std() > 3, "no ground is to be seen"


def test_clicking_a_building_shows_its_attributes(opened: Viewer) -> None:
    page = opened.page
    id, x, y = opened.find_on_screen(building_ids(opened))
    page.mouse.click(x, y)
    panel = page.get_by_role("complementary", name="Picked object")
    expect(panel.locator(".object-id")).to_have_text(id)
    assert opened.twin("picked()") == id
    known = opened.get(f"/objects/{id}")["attributes"]
    measured = next(v for v in known.values() if isinstance(v, dict) and v.get("unit") == "m")
    expect(panel.locator(".attributes").first).to_contain_text(f"{measured['value']:g} m")
    opened.settle()
    picture = map_part(opened.picture("picked-building")).astype(int)
    amber = (picture[..., 0] > 150) & (picture[..., 0] - picture[..., 2] > 90)
    assert amber.sum() > 30, "the picked building does not stand out"
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert opened.twin("picked()") is None


def test_search_finds_an_object_and_flies_there(opened: Viewer) -> None:
    page = opened.page
    id = building_ids(opened)[3]
    before = opened.twin("camera()")
    page.keyboard.press("Control+k")
    page.keyboard.type(id)
    expect(page.get_by_role("option").first).to_contain_text("Building")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".object-id")).to_contain_text(id)
    page.wait_for_function(
        "before => Math.abs(window.twin.camera().height - before) > 1", arg=before["height"]
    )
    place = opened.get(f"/objects/{id}")["position"]
    page.wait_for_function(
        "([lon, lat]) => Math.hypot(window.twin.camera().lon - lon, window.twin.camera().lat - lat) < 0.01",
        arg=place[:2],
    )
    page.keyboard.press("Escape")


def test_search_knows_places_and_commands(opened: Viewer) -> None:
    page = opened.page
    box = page.get_by_role("combobox")
    box.fill("35.13, 128.93")
    expect(page.get_by_role("option").first).to_contain_text("35.13000, 128.93000")
    box.fill("zzzz no such thing")
    expect(page.locator(".search-results")).to_contain_text("Nothing found")
    box.fill("dark")
    page.get_by_role("option", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    opened.settle()
    assert map_part(opened.picture("dark")).mean() < 120
    box.fill("light theme")
    page.get_by_role("option", name="Light theme").click()
    box.fill("")
    box.blur()


def test_language_switches(opened: Viewer) -> None:
    page = opened.page
    page.get_by_role("button", name="Switch to Korean").click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.get_by_role("heading", name="레이어")).to_be_visible()
    expect(page.get_by_role("navigation")).to_contain_text("건물")
    opened.picture("korean")
    page.get_by_role("button", name="영어로 바꾸기").click()
    expect(page.get_by_role("heading", name="Layers")).to_be_visible()


def test_colour_by_attribute_has_a_legend(opened: Viewer) -> None:
    page = opened.page
    page.get_by_role("button", name="Details of Buildings").click()
    page.get_by_label("Colour by").select_option("measuredHeight")
    legend = page.locator("figure.legend").first
    expect(legend).to_contain_text("Height [m]")
    expect(legend).to_contain_text("no data")
    opened.settle()
    picture = map_part(opened.picture("colour-by-height")).astype(int)
    saturated = picture.max(axis=2) - picture.min(axis=2) > 60
    assert saturated.mean() > 0.01
    assert "measuredHeight~batlow" in page.evaluate("location.hash")
    page.get_by_label("Colour by").select_option("")
    page.get_by_role("button", name="Details of Buildings").click()


def test_the_sun_follows_the_slider(opened: Viewer) -> None:
    page = opened.page
    slider = page.get_by_label("Time of day")
    slider.fill("540")
    opened.settle()
    morning = map_part(opened.picture("morning")).astype(int)
    slider.fill("960")
    opened.settle()
    evening = map_part(opened.picture("evening")).astype(int)
    expect(page.locator(".clock")).to_contain_text("16:00")
    assert (np.abs(morning - evening).sum(axis=2) > 24).mean() > 0.01


def test_measuring_gives_a_distance_and_escape_leaves(opened: Viewer) -> None:
    page = opened.page
    page.get_by_role("button", name="Distance").click()
    page.mouse.click(560, 420)
    page.mouse.click(660, 460)
    readout = page.locator(".readout")
    expect(readout).to_contain_text("Along the line")
    expect(readout.locator("b").first).to_contain_text("m")
    page.keyboard.press("Escape")
    expect(readout).to_be_hidden()


def test_a_section_cuts_the_city(opened: Viewer) -> None:
    page = opened.page
    before = map_part(opened.picture("before-section")).astype(int)
    page.get_by_role("button", name="Section").click()
    page.mouse.click(480, 400)
    page.mouse.click(860, 400)
    expect(page.locator(".readout")).to_contain_text("another cut")
    opened.settle()
    cut = map_part(opened.picture("section")).astype(int)
    page.keyboard.press("Escape")
    opened.settle()
    mended = map_part(opened.picture("after-section")).astype(int)
    assert (np.abs(before - cut).sum(axis=2) > 30).mean() > 0.05
    assert (np.abs(before - mended).sum(axis=2) > 30).mean() < 0.02


def test_nothing_is_asked_of_the_outside(opened: Viewer) -> None:
    assert any("/tiles/" in url for url in opened.requests)
    assert any("/terrain/" in url for url in opened.requests)
    assert opened.outside() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier(opened: Viewer, theme: str) -> None:
    page = opened.page
    page.evaluate("document.activeElement.blur()")
    box = page.get_by_role("combobox")
    box.fill(f"{theme} theme")
    page.get_by_role("option", name=f"{theme.capitalize()} theme").click()
    box.fill("")
    box.blur()
    page.wait_for_timeout(300)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
    serious = {v["id"]: [n["html"] for n in v["nodes"]] for v in found["violations"]}
    assert serious == {}


def test_a_link_brings_back_the_view(browser: Browser, demo_server: str, opened: Viewer) -> None:
    id = building_ids(opened)[0]
    link = f"#c=128.93,35.125,400,10,-30&t=htc0w&l=buildings~1~0.5&o={id}&lang=ko&theme=dark"
    with Viewer(browser, demo_server, query=link) as viewer:
        viewer.wait()
        expected = {"lon": 128.93, "lat": 35.125, "height": 400, "heading": 10, "pitch": -30}
        assert viewer.twin("camera()") == pytest.approx(expected, rel=1e-3)
        assert viewer.twin("picked()") == id
        expect(viewer.page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(viewer.page.locator("html")).to_have_attribute("lang", "ko")


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
        viewer = Viewer(browser, address)
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
    with Viewer(browser, "about:blank") as viewer:
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
    with Viewer(browser, textured_server) as viewer:
        viewer.wait()
        picture = map_part(viewer.picture("textured")).astype(int)
        assert picture.std() > 12
        id, x, y = viewer.find_on_screen(building_ids(viewer))
        viewer.page.mouse.click(x, y)
        expect(viewer.page.locator(".object-id")).to_have_text(id)
        expect(viewer.page.locator(".attribute").first).to_be_visible()
        assert viewer.outside() == []
        assert viewer.errors == []
