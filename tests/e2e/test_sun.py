"""The sun in a real browser: a run that colours surfaces, the day at a place, dwellings, and a moved plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.page import PATIENCE_MS, Viewer, barriers, is_colourful, map_part
from tests.e2e.serving import serving, twin

pytestmark = pytest.mark.browser

QUIET = "#n=0~0&lang=en&t=htc0w"
"""Without sensors, in English, on an afternoon."""


@pytest.fixture(scope="module")
def sunny(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """A page on which the sun has been run and is shown."""
    folder: Path = tmp_path_factory.mktemp("sun") / "demo.twin"
    twin("demo", "--dir", folder, "--buildings", "20", "--no-serve")
    with serving(folder) as address, Viewer(browser, address, query=QUIET) as viewer:
        viewer.wait()
        page = viewer.page
        page.get_by_role("button", name="Simulate").click()
        page.locator(".simulate .field select").select_option("sun")
        page.get_by_label("cell size").fill("2")
        page.get_by_label("minutes between positions").fill("20")
        if not page.get_by_label("irradiation of a year").is_visible():
            page.get_by_text("More settings").click()
        page.get_by_label("irradiation of a year").uncheck()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator(".layer-details .legend").first).to_be_visible(timeout=PATIENCE_MS)
        page.locator(".simulate").get_by_role("button", name="Close").click()
        viewer.settle()
        yield viewer


def solar(part: npt.NDArray[np.int_]) -> bool:
    """Whether more than a hundredth is in the warm colours of the ramp `solar`."""
    red, green, blue = part[..., 0], part[..., 1], part[..., 2]
    return bool(((red > 120) & (red - blue > 90) & (red - green > -20)).mean() > 0.01)


def test_a_run_colours_the_real_surfaces_by_itself(sunny: Viewer) -> None:
    page = sunny.page
    legend = page.locator(".layer-details .legend").first
    expect(legend).to_contain_text("Hours of sun [h]")
    sunny.sees("sun-hours", solar)
    run = re.search(r"[&#]y=([^~]+)~1", page.evaluate("location.hash"))
    assert run
    assert sunny.get(f"/jobs/{run[1]}/results?f=json")["surfaces"]["href"].endswith("tileset.json")
    page.get_by_role("switch", name="Show Sun").click()
    sunny.sees("sun-hidden", lambda part: not solar(part))
    page.get_by_role("switch", name="Show Sun").click()
    page.get_by_label("Shown").select_option(label="Sky view factor")
    expect(legend.locator(".ramp-ends span")).to_have_text(["0", "0.25", "0.5", "0.75", "1"])
    sunny.settle()
    page.get_by_label("Shown").select_option(label="Hours of sun")
    assert sunny.errors == []
    assert sunny.outside() == []


def test_a_click_gives_the_value_and_the_days_sun_past_what_stands_before(sunny: Viewer) -> None:
    page = sunny.page
    sunny.settle()
    _, x, y = sunny.find_on_screen(sunny.building_ids())
    page.mouse.click(x, y)
    panel = page.locator(".water-probe")
    chart = panel.locator(".sun-chart")
    expect(chart).to_be_visible()
    expect(chart.locator(".sun-lit, .sun-shaded").first).to_be_attached()
    expect(panel.locator("dt")).to_have_text(
        ["Hours of sun", "Longest spell", "Sunrise and sunset", "Hours of sun (run)"]
    )
    sunrise = panel.locator("dd").nth(2)
    expect(sunrise).to_have_text("07:29–17:16")
    hours, coloured = (float(panel.locator("dd").nth(k).inner_text().split()[0]) for k in (0, 3))
    # A texel is two metres wide, and the picture of the test coarse.
    assert coloured == pytest.approx(hours, abs=2.0)
    sunny.picture("sun-path")
    assert barriers(sunny.page) == {}
    page.get_by_label("Day", exact=True).last.select_option("summer")
    expect(sunrise).to_have_text(re.compile(r"05:[01]\d–19:4\d"))
    expect(panel.locator(".sun-spells li").first).to_be_visible()
    page.get_by_label("Day", exact=True).last.select_option("winter")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_dwellings_are_listed_and_flown_to(sunny: Viewer) -> None:
    page = sunny.page
    run = re.search(r"[&#]y=([^~]+)~", page.evaluate("location.hash"))
    assert run
    dwellings = sunny.get(f"/runs/{run[1]}/daylight.json")["dwellings"]
    failing = [d for d in dwellings if not d["passes_before"]]
    page.get_by_role("button", name="below the daylight right").click()
    panel = page.locator(".daylight")
    expect(panel).to_contain_text("Korean daylight right")
    choice = panel.get_by_label("Dwellings")
    expect(choice.locator("option")).to_have_text(
        [f"All ({len(dwellings)})", f"Below the limit ({len(failing)})"]
    )
    worst = panel.locator(".dwelling").first
    expect(worst).to_contain_text("below the limit" if failing else "kept")
    for name in ("Report (Korean)", "Report (English)"):
        expect(panel.get_by_role("link", name=name)).to_have_attribute("href", re.compile(r"\.pdf$"))
    sunny.picture("sun-daylight")
    before = sunny.twin("camera()")
    worst.click()
    expect(page.locator(".sun-chart")).to_be_visible()
    page.wait_for_timeout(1500)
    after = sunny.still("camera()")
    assert abs(after["lat"] - before["lat"]) + abs(after["lon"] - before["lon"]) > 1e-4
    sunny.settle()
    sunny.picture("sun-dwelling")
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="Close").click()
    page.keyboard.press("Escape")


def shadow_line(lon: float, lat: float, height: float, when: str) -> list[tuple[float, float]]:
    """Places [degrees] by pvlib, nine each: along the shadow of something so high [m] on flat ground, past
    its end, and on the other side."""
    from pvlib.solarposition import get_solarposition

    sun = get_solarposition(pd.DatetimeIndex([when]), lat, lon).iloc[0]
    length = height / np.tan(np.radians(sun["apparent_elevation"]))
    away = np.radians(sun["azimuth"] + 180.0)
    steps = (
        np.concatenate([np.linspace(*ends, 9) for ends in ((0.4, 0.8), (1.3, 1.7), (-0.4, -0.8))]) * length
    )
    east = steps * np.sin(away) / (111_320.0 * np.cos(np.radians(lat)))
    north = steps * np.cos(away) / 110_940.0
    return [(lon + float(e), lat + float(n)) for e, n in zip(east, north, strict=True)]


def test_a_building_casts_its_shadow_where_the_sun_says(browser: Browser, demo_server: str) -> None:
    # 24 by 14 m and 30 m high on a field without trees, seen from above.
    box = "&b=30~128.9290000,35.1266000~215.0~215.z2~0.z2&c=128.9291316,35.1266631,420,0,-89.9"
    lon, lat = 128.9290 + 12 / 91_150, 35.1266 + 7 / 110_940
    with Viewer(browser, demo_server, query=f"{QUIET}{box}") as viewer:
        viewer.wait()
        ground = viewer.get("/city")["home"]["height"]
        seen = viewer.picture("sun-shadow").astype(int)
        light = []
        for x, y in shadow_line(lon, lat, 30.0, "2026-11-22T14:20+09:00"):
            at = viewer.twin(f"project({x}, {y}, {ground})")
            light.append(float(seen[round(at[1]), round(at[0])].mean()))
        shaded, beyond = light[:9], light[9:]
        assert max(shaded) < min(beyond) - 15, light


def answered(panel: Locator) -> None:
    expect(panel.locator(".plan-state")).to_contain_text("Computed in", timeout=PATIENCE_MS)


def hours_of(panel: Locator) -> dict[str, str]:
    """Building → its hours of sun before and after, as the panel lists them."""
    items = panel.locator(".plan-affected li")
    texts = [item.inner_text().splitlines() for item in items.all()]
    return {lines[0]: lines[1] for lines in texts}


def test_a_moved_plan_changes_the_sun_of_its_neighbours(sunny: Viewer) -> None:
    page = sunny.page
    page.get_by_role("button", name="Whole city").click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Plan a building").click()
    panel = page.locator(".plan")
    panel.get_by_role("button", name="A box in the middle").click()
    answered(panel)
    panel.get_by_label("Height").fill("60")
    panel.get_by_label("Height").press("Enter")
    expect(page).to_have_url(re.compile(r"[&#]b=60~"))
    answered(panel)
    sunny.settle()
    first = hours_of(panel)
    assert first, "nobody's sun changes"
    there = map_part(sunny.picture("sun-plan")).astype(int)
    assert is_colourful(there)

    handle = page.get_by_role("button", name="Move the planned building")
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 10, steps=4)
    page.mouse.up()
    answered(panel)
    sunny.settle()
    second = hours_of(panel)
    assert second != first
    sunny.sees("sun-plan-moved", lambda now: bool((np.abs(now - there).max(axis=-1) > 20).mean() > 0.002))

    panel.get_by_label("Before", exact=True).check(force=True)
    expect(panel).to_contain_text("Hours of sun [h]")
    panel.get_by_label("Split", exact=True).check(force=True)
    sunny.settle()
    sunny.picture("sun-plan-split")
    expect(page.locator(".plan-split")).to_be_visible()
    assert "v=split" in page.evaluate("location.hash")
    assert sunny.errors == []
    panel.get_by_label("Change", exact=True).check(force=True)


def plan_in(link: str) -> str:
    found = re.search(r"[&#]b=([^&]+)", link)
    assert found, link
    return found[1]


def test_a_plan_is_kept_in_a_scenario_and_in_the_link(sunny: Viewer) -> None:
    page = sunny.page
    panel = page.locator(".plan")
    page.get_by_role("button", name="Turn the planned building").focus()
    page.keyboard.press("ArrowRight")
    answered(panel)
    page.wait_for_timeout(600)
    link = page.evaluate("location.hash")
    panel.get_by_label("Name of the plan").fill("Tower")
    panel.get_by_role("button", name="Save", exact=True).click()
    saved = panel.get_by_role("button", name="Tower", exact=True)
    expect(saved).to_be_visible()
    page.get_by_role("button", name="Delete the plan").click()
    expect(panel.get_by_role("button", name="Draw a footprint")).to_be_visible()
    page.wait_for_function("!location.hash.includes('b=60')")
    saved.click()
    expect(page).to_have_url(re.compile(r"[&#]b=60~"))
    answered(panel)
    page.evaluate("link => { location.hash = link }", link)
    page.wait_for_load_state()
    sunny.wait()
    answered(panel)
    assert plan_in(page.evaluate("location.hash")) == plan_in(link)


def test_panels_are_accessible_on_a_phone_in_korean_and_dark(sunny: Viewer, browser: Browser) -> None:
    assert barriers(sunny.page) == {}
    link = sunny.page.evaluate("location.hash").replace("lang=en", "lang=ko").replace("theme=light", "")
    size = {"width": 400, "height": 800}
    with Viewer(browser, sunny.server, query=f"{link}&theme=dark", viewport=size) as phone:
        phone.wait()
        panel = phone.page.locator(".plan")
        expect(panel.locator(".plan-state")).to_contain_text("계산했습니다", timeout=PATIENCE_MS)
        phone.settle()
        phone.picture("sun-phone-ko-dark")
        assert barriers(phone.page) == {}
        panel.get_by_role("button", name="닫기").click()
        phone.page.get_by_role("button", name="레이어").click()
        expect(phone.page.locator(".layer-details .legend").first).to_be_visible()
        phone.page.get_by_role("button", name="일조권").click()
        expect(phone.page.locator(".daylight .dwelling").first).to_be_visible()
        phone.page.wait_for_timeout(400)
        phone.picture("sun-daylight-ko-dark")
        assert barriers(phone.page) == {}
