"""A flood in a real browser: run from the panel, shown as water, clicked, and what it does to buildings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page import PATIENCE_MS, Viewer, barriers, map_part
from tests.e2e.serving import serving, twin

pytestmark = pytest.mark.browser

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


RAINY = ("RAINGAGES", "SUBCATCHMENTS", "SUBAREAS", "INFILTRATION", "POLYGONS", "TIMESERIES")


def write_drains(folder: Path) -> Path:
    """The district's storm drains without rain of their own, two of them given more water than they hold."""
    sections = (folder / "source" / "drainage.inp").read_text().split("\n[")
    kept = "\n[".join(part for part in sections if not part.startswith(RAINY))
    water = "[INFLOWS]\nM0-1-0 FLOW q\nM0-2-1 FLOW q\n\n[TIMESERIES]\nq 0:00 0\nq 0:15 1.2\nq 0:30 0.3\n"
    path = folder.parent / "drains.inp"
    path.write_text(f"{kept}\n{water}")
    return path


@pytest.fixture(scope="module")
def flooded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """A page on which a flood has been run and is shown."""
    folder: Path = tmp_path_factory.mktemp("flood") / "demo.twin"
    twin("demo", "--dir", folder, "--buildings", "40", "--no-serve")
    drains = write_drains(folder)
    with serving(folder) as address, Viewer(browser, address, query="#n=0~0&lang=en&t=htc0w") as viewer:
        viewer.wait()
        page = viewer.page
        page.get_by_role("button", name="Simulate").click()
        page.get_by_label("time simulated").fill("30")
        page.get_by_label("rain intensity").fill("150")
        page.get_by_label("cell size").fill("10")
        page.get_by_text("More settings").click()
        sewers = page.locator(".run-field", has=page.get_by_label("storm drains"))
        sewers.locator("input[type=file]").set_input_files(drains)
        expect(page.get_by_label("storm drains")).to_have_value(
            re.compile(r"^inputs/drains-[0-9a-f]{8}\.inp$")
        )
        expect(page.locator(".estimate")).to_have_text(
            re.compile(r"^About \d+ sec, by usual figures\. [\d.]+ GB of memory\.$")
        )
        expect(page.get_by_label("scheme").locator("option")).to_have_text(
            [re.compile("first order"), re.compile("fast preview"), re.compile("second order")]
        )
        viewer.picture("flood-form")
        page.get_by_label("depths at which the warning levels begin").fill("0.02, 0.1, 0.2, 0.5")
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
    dry = map_part(flooded.picture("flood-start")).astype(int)
    slider.press("End")
    flooded.sees("flood-end", lambda wet: bool((np.abs(wet - dry).max(axis=-1) > 20).mean() > 0.02))
    page.get_by_label("Shown").select_option(label="Greatest depth")
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
    expect(panel.locator(".run-chart canvas")).to_be_visible()
    shown = float(panel.locator("dd").first.inner_text().split()[0])
    assert shown >= 0.02
    assert shown == pytest.approx(depth, abs=0.15)
    expect(panel.locator(".grade")).to_have_text(
        re.compile("very low hazard: caution|danger for some|danger for most|danger for all")
    )
    expect(panel).to_contain_text("Time until 0.05 m deep")
    flooded.picture("flood-click")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_water_is_coloured_by_hazard_in_its_grades(flooded: Viewer) -> None:
    page = flooded.page
    depth = map_part(flooded.picture("flood-greatest")).astype(int)
    page.get_by_label("Shown").select_option(label="Hazard rating d(v+0.5)+DF")
    legend = page.locator(".layer-details .legend").first
    expect(legend.locator("li")).to_have_count(4)
    expect(legend).to_contain_text("danger for all (rescuers as well) (2 and more)")
    yellow = np.array([254, 204, 92])
    flooded.sees("flood-hazard", lambda now: bool((np.abs(now - yellow).max(axis=-1) < 40).mean() > 0.01))
    assert (np.abs(depth - yellow).max(axis=-1) < 40).mean() < 0.005
    for other in ("Time until 0.05 m deep", "Time deeper than 0.3 m", "Greatest speed"):
        page.get_by_label("Shown").select_option(label=other)
        expect(legend).to_contain_text(other)
        flooded.settle()
    flooded.picture("flood-speed")
    page.wait_for_function("location.hash.includes('~speed~')")
    page.get_by_label("Shown").select_option(label="Greatest depth")


def test_storm_drains_show_underground_and_tell_their_course(flooded: Viewer) -> None:
    page = flooded.page
    page.get_by_role("button", name="Look underground").click()
    expect(page.locator(".drain-trouble")).to_contain_text(
        re.compile(r"[1-9]\d* of 12 manholes over the rim")
    )
    flooded.settle()
    flooded.picture("flood-drains")
    drains = {drain["id"]: drain for drain in flooded.twin("drains()")}
    assert drains["M0-1-0"]["state"] == "over"
    panel = page.locator(".water-probe")
    for id, head in (("M0-1-0", "Manhole"), ("CM0-1-0", "Pipe")):
        x, y = flooded.twin("project({}, {}, {})".format(*drains[id]["place"]))
        page.mouse.click(x, y)
        expect(panel.get_by_role("heading", name=f"{head} {id}")).to_be_visible()
        expect(panel.locator(".run-chart canvas")).to_have_count(2)
        flooded.picture(f"flood-drain-{head}")
        assert barriers(page) == {}
        page.keyboard.press("Escape")
    page.get_by_role("checkbox", name="Storm drains").uncheck()
    assert flooded.twin("drains()") == []
    page.get_by_role("button", name="Underground", exact=True).click()


def test_sub_basins_warn_and_ways_lead_to_shelters(flooded: Viewer) -> None:
    page = flooded.page
    run = page.evaluate("decodeURIComponent(/[&#]r=([^~]+)/.exec(location.hash)[1])")
    basins = [f["properties"] for f in flooded.get(f"/runs/{run}/basins.json")["features"]]
    gravest = max(basins, key=lambda basin: (basin["level"], basin["depth"]))
    layer = page.locator(".warnings")
    expect(layer.locator(".legend li")).to_have_text(
        ["Attention: 0.02 m", "Caution: 0.1 m", "Alert: 0.2 m", "Serious: 0.5 m"]
    )
    expect(layer.locator(".warning-item").first).to_contain_text(f"Sub-basin {gravest['basin']} ·")
    without = map_part(flooded.picture("flood-no-warnings")).astype(int)
    layer.get_by_label("Warnings by sub-basin").check()
    flooded.sees("flood-warnings", lambda now: bool((np.abs(now - without).max(axis=-1) > 20).mean() > 0.05))
    page.wait_for_function("/[&#]r=[^&]*~1~1(&|$)/.test(location.hash)")
    layer.locator(".warning-item").first.click()
    panel = page.locator(".water-probe")
    expect(panel.get_by_role("heading", name=f"Sub-basin {gravest['basin']}")).to_be_visible()
    level = ["Attention", "Caution", "Alert", "Serious"][gravest["level"] - 1]
    expect(panel.locator("dd").nth(0)).to_have_text(level)
    expect(panel.locator("dd").nth(1)).to_have_text(f"{round(gravest['depth'], 2):g} m")
    flooded.settle()
    flooded.picture("flood-warning-basin")
    page.keyboard.press("Escape")
    ways = flooded.get(f"/runs/{run}/routes.json")["features"]
    assert ways
    expect(layer.get_by_label(f"{len(ways)} way")).to_be_checked()
    layer.get_by_label("Warnings by sub-basin").uncheck()


def test_buildings_are_coloured_by_depth_and_it_stays_in_the_link(flooded: Viewer) -> None:
    page = flooded.page
    page.locator(".layer-details .field", has_text="Buildings").locator("select").select_option("damage")
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
        assert barriers(viewer.page) == {}
