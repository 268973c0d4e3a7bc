"""The viewer in a real browser, against a real server: what a person sees, clicks and reads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page import Viewer, barriers, is_colourful, map_part

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(browser: Browser, demo_server: str) -> Iterator[Viewer]:
    """The sample district, opened once, at a set time, as the first view turns with the sun; without its
    sensors, whose symbols stand before the buildings."""
    with Viewer(browser, demo_server, query="#n=0~0&t=htc0w") as viewer:
        viewer.wait()
        yield viewer


def differs(before: npt.NDArray[np.int_], after: npt.NDArray[np.int_], by: int = 30) -> float:
    """The share of pixels whose colours differ by more than `by`."""
    return float((np.abs(before - after).sum(axis=2) > by).mean())


def test_first_view_shows_the_city(opened: Viewer) -> None:
    middle = opened.sees("first-view", lambda seen: seen.std() > 12)
    colours = {tuple(pixel) for pixel in (middle // 16).reshape(-1, 3).tolist()}
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
    without = opened.sees("without-buildings", lambda seen: differs(before, seen) > 0.02)
    assert without.std() > 3, "no ground is to be seen"
    eye.click()
    opened.settle()


def stands_out(seen: npt.NDArray[np.int_]) -> bool:
    """Whether something has the colour of picked objects."""
    amber = (seen[..., 0] > 150) & (seen[..., 0] - seen[..., 2] > 90)
    return bool(amber.sum() > 30)


def test_clicking_a_building_shows_its_attributes(opened: Viewer) -> None:
    page = opened.page
    id, x, y = opened.find_on_screen(opened.building_ids())
    page.mouse.click(x, y)
    panel = page.get_by_role("complementary", name="Picked object")
    expect(panel.locator(".object-id")).to_have_text(id)
    assert opened.twin("picked()") == id
    known = opened.get(f"/objects/{id}")["attributes"]
    measured = next(v for v in known.values() if isinstance(v, dict) and v.get("unit") == "m")
    expect(panel.locator(".attributes").first).to_contain_text(f"{measured['value']:g} m")
    opened.sees("picked-building", stands_out)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert opened.twin("picked()") is None


def test_search_finds_an_object_and_flies_there(opened: Viewer) -> None:
    page = opened.page
    id = opened.building_ids()[3]
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
    opened.sees("dark", lambda seen: seen.mean() < 120)
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
    opened.sees("colour-by-height", is_colourful)
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
    expect(page.locator(".clock")).to_contain_text("16:00")
    opened.sees("evening", lambda seen: differs(morning, seen, by=24) > 0.01)


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
    opened.sees("section", lambda seen: differs(before, seen) > 0.05)
    page.keyboard.press("Escape")
    opened.sees("after-section", lambda seen: differs(before, seen) < 0.02)


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
    assert barriers(page) == {}


def test_an_answer_that_is_no_json_is_told(opened: Viewer) -> None:
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


def test_a_link_pasted_into_the_open_page_is_followed(opened: Viewer) -> None:
    page = opened.page
    page.evaluate("location.hash = '#c=128.93,35.125,400,10,-30&theme=dark&n=0~0'")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.wait_for_function("window.twin && Math.abs(window.twin.camera().height - 400) < 1")
