"""A flood in a real browser: run from the panel, shown as water, clicked, and what it does to buildings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page import PATIENCE_MS, Viewer
from tests.e2e.serving import ROOT, serving, twin

pytestmark = pytest.mark.browser

AXE = ROOT / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
WET_PLACE = """
async () => {
  const run = decodeURIComponent(/[&#]r=([^~]+)/.exec(location.hash)[1]);
  const file = await (await fetch(`/runs/${run}/water.json`)).json();
  const most = new Uint16Array(await (await fetch(`/runs/${run}/${file.maximum.href}`)).arrayBuffer());
  const ground = new Float32Array(await (await fetch(`/runs/${run}/${file.elevation.href}`)).arrayBuffer());
  const places = [...most.keys()].filter(i => most[i] >= 50).map(i => {
    const a = (i % file.width + 0.5) / file.width, d = (Math.floor(i / file.width) + 0.5) / file.height;
    const at = k => (file.corners[0][k] * (1 - a) + file.corners[1][k] * a) * (1 - d)
      + (file.corners[3][k] * (1 - a) + file.corners[2][k] * a) * d;
    return [...window.twin.project(at(0), at(1), at(2) + ground[i]) ?? [-1, -1], most[i] / 1000];
  });
  return places.find(([x, y]) => document.elementFromPoint(x, y)?.tagName === 'CANVAS'
    && window.twin.objectAt(x, y) === null);
}
"""
"""A place on the screen [CSS px] with nothing but deep enough water, and the greatest depth there [m]."""


@pytest.fixture(scope="module")
def flooded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """A page on which a flood has been run and is shown."""
    folder: Path = tmp_path_factory.mktemp("flood") / "demo.twin"
    twin("demo", "--dir", folder, "--buildings", "40", "--no-serve")
    with serving(folder) as address, Viewer(browser, address, query="#n=0~0&lang=en") as viewer:
        viewer.wait()
        page = viewer.page
        page.get_by_role("button", name="Simulate").click()
        page.get_by_label("time simulated").fill("30")
        page.get_by_label("rain intensity").fill("150")
        page.get_by_label("cell size").fill("10")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.locator(".damage")).to_be_visible(timeout=PATIENCE_MS)
        viewer.settle()
        yield viewer


def test_a_run_becomes_a_layer_with_a_legend_and_a_summary(flooded: Viewer) -> None:
    page = flooded.page
    legend = page.locator(".layer-details .legend").first
    expect(legend).to_contain_text("[m]")
    expect(legend.locator(".ramp-ends span")).to_have_text(["0.02", "0.1", "0.5", "1", "2", "5"])
    expect(page.locator(".damage")).to_contain_text("prices of 2010")
    expect(page.locator(".figures")).to_contain_text("Flooded area")
    assert flooded.errors == []
    assert flooded.outside() == []


def test_the_water_is_drawn_and_rises_with_time(flooded: Viewer) -> None:
    page = flooded.page
    pause = page.get_by_role("button", name="Pause the flood")
    if pause.is_visible():
        pause.click()
    slider = page.get_by_role("slider", name="Time since the start of the flood")
    slider.focus()
    slider.press("Home")
    flooded.settle()
    dry = flooded.picture("flood-start").astype(int)
    slider.press("End")
    flooded.settle()
    wet = flooded.picture("flood-end").astype(int)
    map_part = (slice(100, 680), slice(310, 750))
    changed = np.abs(wet - dry)[map_part].max(axis=-1) > 20
    assert changed.mean() > 0.02
    page.get_by_role("radio", name="Greatest depth").check()
    flooded.settle()
    assert "~max~" in page.evaluate("location.hash")


def test_a_click_on_water_gives_its_depth_in_time(flooded: Viewer) -> None:
    page = flooded.page
    page.locator(".simulate").get_by_role("button", name="Close").click()
    page.wait_for_timeout(500)
    x, y, depth = page.evaluate(WET_PLACE)
    page.mouse.click(x, y)
    panel = page.locator(".water-probe")
    expect(panel).to_contain_text("Greatest depth")
    expect(panel.locator(".depth-chart canvas")).to_be_visible()
    shown = float(panel.locator("dd").first.inner_text().split()[0])
    assert shown >= 0.02
    assert shown == pytest.approx(depth, abs=0.15)
    flooded.picture("flood-click")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_buildings_are_coloured_by_depth_and_it_stays_in_the_link(flooded: Viewer) -> None:
    page = flooded.page
    page.locator(".layer-details .field select").first.select_option("damage")
    expect(page.locator(".legend", has_text="Damage [EUR]")).to_be_visible()
    page.wait_for_function("location.hash.includes('run%3Adamage')")
    flooded.settle()
    flooded.picture("flood-buildings")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ko", "dark")])
def test_panels_are_accessible(flooded: Viewer, browser: Browser, language: str, theme: str) -> None:
    run = flooded.page.evaluate("/[&#]r=([^&]+)/.exec(location.hash)[1]")
    query = f"#n=0~0&r={run}&p=simulate&lang={language}&theme={theme}"
    with Viewer(browser, flooded.server, query=query, viewport={"width": 1100, "height": 900}) as viewer:
        viewer.wait()
        viewer.page.locator(".run-name[aria-expanded]").first.click()
        expect(viewer.page.locator(".damage")).to_be_visible(timeout=PATIENCE_MS)
        viewer.page.wait_for_timeout(600)
        viewer.picture(f"flood-{language}-{theme}")
        viewer.page.evaluate(AXE.read_text())
        found = viewer.page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
        assert {v["id"]: [n["html"] for n in v["nodes"]] for v in found["violations"]} == {}
