"""Energy in a real browser: buildings by grade, a building's charts and envelope, district and retrofit."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.page import PATIENCE_MS, Viewer, barriers
from tests.e2e.serving import TWIN, serving, twin

pytestmark = pytest.mark.browser

QUIET = "#n=0~0&lang=en&t=htc0w"
"""Without sensors, in English, on an afternoon."""
MEASURES = ["led", "ground_heat_pump"]


class Shown:
    """A page with a run of energy on the map."""

    def __init__(self, viewer: Viewer, run: str) -> None:
        self.viewer = viewer
        self.page = viewer.page
        self.run = run

    def get(self, path: str) -> Any:
        return self.viewer.get(f"/energy/runs/{self.run}/{path}")

    def legend(self) -> str:
        return self.page.locator(".energy-legend").first.inner_text()


@pytest.fixture(scope="module")
def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder: Path = tmp_path_factory.mktemp("energy") / "demo.twin"
    twin("demo", "--dir", folder, "--buildings", "40", "--no-serve")
    command: list[str | Path] = [
        TWIN,
        "run",
        "energy",
        folder,
        "--method",
        "5r1c",
        "--pv-share",
        "0.12",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = Path(json.loads(done.stdout)["folder"]).name
    with serving(folder) as address, Viewer(browser, address, query=QUIET) as viewer:
        viewer.wait()
        page = viewer.page
        page.get_by_role("button", name="Simulate").click()
        page.locator(f'.run[data-run="{run}"] .run-name').click()
        page.get_by_role("button", name="Show on the map").click()
        expect(page.locator(".energy-legend").first).to_be_visible(timeout=PATIENCE_MS)
        viewer.settle()
        yield Shown(viewer, run)


def teal(part: npt.NDArray[np.int_]) -> bool:
    """Whether more than five in a thousand are in the colours of the grades 4 and 5, which neither trees nor
    water have."""
    red, green, blue = part[..., 0], part[..., 1], part[..., 2]
    return bool(((green - red > 30) & (blue - red > 15) & (green - blue > 3)).mean() > 0.005)


def test_buildings_are_coloured_by_grade_with_counts_in_the_legend(shown: Shown) -> None:
    page, viewer = shown.page, shown.viewer
    summary = viewer.get(f"/jobs/{shown.run}/results?f=json")["summary"]["value"]
    results = page.locator(".run-results")
    expect(results).to_contain_text(f"{summary['buildings']}")
    page.locator(".simulate").get_by_role("button", name="Close").click()
    legend = shown.legend()
    for grade in "12345":
        assert f"Grade {grade} ({summary['grades'][grade]})" in legend
    assert f"No grade ({summary['grades']['none']})" in legend
    viewer.sees("energy-grades", teal)
    page.get_by_role("switch", name="Show Energy").click()
    viewer.sees("energy-hidden", lambda part: not teal(part))
    page.get_by_role("switch", name="Show Energy").click()
    shown_by = page.locator(".energy-layer select")
    shown_by.select_option(label="Primary energy")
    expect(page.locator(".energy-legend figcaption").first).to_have_text("Primary energy [kWh/(m²·a)]")
    viewer.settle()
    viewer.picture("energy-primary")
    shown_by.select_option(label="Zero-energy building grade")
    assert viewer.errors == []
    assert viewer.outside() == []


def graded(shown: Shown, grade: int) -> list[str]:
    """Buildings of a grade, those next to the better one first."""
    found = shown.get("buildings?limit=100&sort=self_sufficiency")["buildings"]
    return [building["id"] for building in found if building["grade"] == grade]


def test_a_picked_building_tells_its_months_hours_and_envelope(shown: Shown) -> None:
    page, viewer = shown.page, shown.viewer
    viewer.settle()
    id, x, y = viewer.find_on_screen(graded(shown, 5))
    page.mouse.click(x, y)
    panel = page.locator(".object-energy")
    expect(panel.locator(".energy-months").first).to_be_visible(timeout=PATIENCE_MS)
    found = shown.get(f"buildings/{id}")
    missing = 100 * (0.4 - found["self_sufficiency"])
    expect(panel.locator(".energy-badge")).to_contain_text("Grade 5")
    expect(panel.locator(".energy-badge")).to_contain_text(f"{missing:.1f}".removesuffix(".0"))
    year = panel.locator(".energy-lines").first.locator("li", has_text="Heating")
    expect(year).to_contain_text(f"{round(sum(found['monthly']['heating'])):,}")
    months = panel.locator(".energy-months").first
    months.focus()
    page.keyboard.press("ArrowRight")
    expect(panel.locator(".energy-foot").first).to_contain_text("January")
    expect(year).to_contain_text(f"{round(found['monthly']['heating'][0]):,}")
    viewer.picture("energy-building")
    panel.get_by_label("Time").select_option("week")
    place = panel.get_by_label("Part of the year")
    expect(place).to_be_visible(timeout=PATIENCE_MS)
    before = panel.locator(".energy-brush p").inner_text()
    place.focus()
    page.keyboard.press("ArrowLeft")
    expect(panel.locator(".energy-brush p")).not_to_have_text(before)
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Hours as a table").click()
    rows = saved.value.path().read_text().splitlines()
    assert len(rows) == 1 + 7 * 24
    panel.get_by_text("Envelope", exact=True).click()
    table = panel.locator(".energy-envelope tbody tr")
    expect(table).to_have_count(len(found["envelope"]))
    roof = next(row for row in found["envelope"] if row["part"] == "roof")
    expect(table.filter(has_text="Roof").first).to_contain_text(f"{roof['u_value']:g}")
    panel.locator(".energy-envelope").scroll_into_view_if_needed()
    viewer.picture("energy-envelope")
    assert barriers(viewer.page) == {}


def test_a_retrofit_changes_the_grade_at_once_and_on_the_map(shown: Shown) -> None:
    page, viewer = shown.page, shown.viewer
    id = viewer.twin("picked()")
    before = shown.legend()
    page.get_by_role("button", name="What would a retrofit change?").click()
    panel = page.locator(".retrofit")
    panel.get_by_label("LED lighting").check()
    panel.get_by_label("Ground-source heat pump").check()
    panel.get_by_label("Air-source heat pump").check()
    expect(panel.get_by_label("Ground-source heat pump")).not_to_be_checked()
    panel.get_by_label("Ground-source heat pump").check()
    grades = panel.locator(".energy-grades")
    expect(grades).to_have_attribute("data-after", "4", timeout=PATIENCE_MS)
    expect(grades).to_have_attribute("data-before", "5")
    told = ask(shown, {"run": shown.run, "buildings": [id], "measures": MEASURES})
    assert (told["before"]["grade"], told["after"]["grade"]) == (5, 4)
    expect(grades).to_contain_text(f"{100 * told['after']['self_sufficiency']:.0f} %")
    panel.get_by_label("After", exact=True).check(force=True)
    page.wait_for_function("text => document.querySelector('.energy-legend').innerText !== text", arg=before)
    of = {grade: int(re.search(rf"Grade {grade} \((\d+)\)", before)[1]) for grade in (4, 5)}  # type: ignore[index]
    assert f"Grade 4 ({of[4] + 1})" in shown.legend()
    assert f"Grade 5 ({of[5] - 1})" in shown.legend()
    viewer.settle()
    viewer.picture("energy-retrofit")
    expect(page).to_have_url(re.compile(rf"[&#]e={shown.run}~b{id}~led~ground_heat_pump"))
    assert barriers(viewer.page) == {}
    panel.get_by_role("button", name="Run for all buildings").click()
    page.get_by_text("More settings").click()
    expect(page.get_by_label("retrofit measures")).to_have_value("led, ground_heat_pump")
    page.locator(".simulate").get_by_role("button", name="Close").click()
    assert before == shown.legend(), "the map is as the run again"


def test_the_district_has_a_load_of_blocks_and_a_duration_curve(shown: Shown) -> None:
    page, viewer = shown.page, shown.viewer
    page.get_by_role("button", name="Energy of the district").click()
    panel = page.locator(".district")
    load = shown.get("load?step=month")
    peaks = panel.locator(".figures", has_text="Peak of electricity")
    expect(peaks).to_contain_text(f"{load['peak']['electricity']['kW']:,.0f} kW", timeout=PATIENCE_MS)
    viewer.picture("energy-district")
    choices = panel.locator(".field select")
    choices.last.select_option("duration")
    expect(panel.locator(".energy-brush")).to_be_hidden()
    choices.first.select_option("block")
    blocks = [group["id"] for group in shown.get("load?group=block&step=month")["groups"]]
    expect(panel.locator(".field select").nth(1).locator("option")).to_have_text(blocks)
    peak = shown.get(f"load?group=block&of={blocks[0]}&step=month")["peak"]["electricity"]["kW"]
    expect(peaks).to_contain_text(f"{peak:,.0f} kW")
    late: list[Route] = []
    page.route("**/load?group=block&step=month", lambda route: late.append(route))
    for group in ("district", "block", "use"):
        choices.first.select_option(group)
    uses = [group["title"]["en"] for group in shown.get("load?group=use&step=month")["groups"]]
    offered = panel.locator(".field select").nth(1).locator("option")
    expect(offered).to_have_text(uses)
    late[0].continue_()
    page.wait_for_timeout(500)
    page.unroute("**/load?group=block&step=month")
    expect(offered).to_have_text(uses)
    expect(panel.get_by_role("alert")).to_be_hidden()
    panel.locator("h3", has_text="Buildings by grade").scroll_into_view_if_needed()
    viewer.picture("energy-grades-by-block")
    assert barriers(viewer.page) == {}
    panel.get_by_role("button", name="Close").click()


def test_what_retrofits_cost_by_measure_and_by_block(shown: Shown) -> None:
    page, viewer = shown.page, shown.viewer
    page.get_by_role("button", name="What would retrofits cost?").first.click()
    panel = page.locator(".costs")
    measures, blocks = panel.locator(".energy-costs").first, panel.locator(".energy-costs").last
    panel.locator("select").select_option(label="All buildings (40)")
    everything = [building["id"] for building in shown.get("buildings?limit=100")["buildings"]]
    steps = ask(shown, {"run": shown.run, "buildings": everything}, "/curve")["steps"]
    rows = measures.locator("tbody tr")
    expect(rows).to_have_count(len(steps), timeout=PATIENCE_MS)
    for row, step in zip(rows.all(), steps, strict=True):
        expect(row).to_contain_text(step["title"]["en"], ignore_case=True)
        cost = step["cost_per_kwh"]
        expect(row).to_contain_text("unknown" if cost is None else f"₩{cost:,.0f}")
    expect(panel.locator(".energy-curve circle:not(.energy-hit)")).to_have_count(len(steps))

    panel.get_by_role("application").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(panel.get_by_text(re.compile(r"^2\. .+ saves .+ a year"))).to_be_visible()
    page.keyboard.press("Enter")
    taken = [step["measure"] for step in steps[:2]]
    expect(page).to_have_url(re.compile(rf"p=costs&e={shown.run}~~{'~'.join(taken)}&"))
    expect(measures.get_by_role("button", pressed=True)).to_have_count(2)
    ranked = ask(shown, {"run": shown.run, "measures": taken}, "/blocks")["blocks"]
    assert len(ranked) > 1
    for row, block in zip(blocks.locator("tbody tr").all(), ranked, strict=True):
        expect(row).to_contain_text(f"{block['id']}{block['buildings']} buildings")
        expect(row).to_contain_text(f"₩{block['cost_per_kwh']:,.0f}", timeout=PATIENCE_MS)
    assert barriers(viewer.page) == {}

    before = viewer.twin("camera()")
    last = ranked[-1]["id"]
    blocks.get_by_role("button", name=last).click()
    viewer.sees("energy-costs", amber)
    expect(page).to_have_url(re.compile(rf"e={shown.run}~k{last}~"))
    assert viewer.still("camera()") != before
    few = ask(shown, {"run": shown.run, "block": last}, "/curve")["steps"]
    expect(rows.first).to_contain_text(re.compile(few[0]["title"]["en"], re.IGNORECASE), timeout=PATIENCE_MS)
    panel.get_by_role("button", name="Close").click()
    viewer.sees("energy-costs-closed", lambda part: not amber(part))


def amber(part: npt.NDArray[np.int_]) -> bool:
    """Whether something stands out as picked."""
    red, green, blue = part[..., 0], part[..., 1], part[..., 2]
    return bool(((red - blue > 110) & (red - green > 50)).mean() > 0.003)


def ask(shown: Shown, body: dict[str, Any], door: str = "") -> Any:
    request = urllib.request.Request(
        f"{shown.viewer.server}/energy/retrofit{door}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def metered(shown: Shown) -> tuple[str, dict[str, Any]]:
    """The first building with a meter that can be compared, and what it says."""
    in_run = {building["id"] for building in shown.get("buildings?limit=100")["buildings"]}
    sensors = shown.viewer.get("/sensors?limit=100")["sensors"]
    for id in {s["object_id"]: None for s in sensors if s["kind"] == "meter" and s["object_id"] in in_run}:
        for found in (shown.get(f"buildings/{id}")["measured"] or {}).values():
            if found["nmbe"] is not None:
                return id, found
    raise AssertionError("no building of the sample district has a meter")


def test_a_link_brings_back_run_and_building_with_its_meters(shown: Shown) -> None:
    page, viewer = shown.page, shown.viewer
    id, found = metered(shown)
    link = page.evaluate("location.hash") + f"&o={id}"
    page.evaluate("link => { location.hash = link }", link)
    page.wait_for_load_state()
    viewer.wait()
    panel = page.locator(".energy-metered").first
    expect(panel).to_be_visible(timeout=PATIENCE_MS)
    expect(panel).to_contain_text("They agree." if found["meets"] else "They do not agree.")
    side = "below" if found["nmbe"] > 0 else "above"
    expect(panel).to_contain_text(re.compile(rf"The simulation is [\d.]+ % {side} the meter"))
    panel.scroll_into_view_if_needed()
    viewer.picture("energy-meters")
    assert "Grade 5" in shown.legend()
    assert viewer.errors == []
    assert viewer.outside() == []


def test_on_a_phone_in_korean_and_dark(shown: Shown, browser: Browser) -> None:
    id = graded(shown, 5)[0]
    link = f"#n=0~0&t=htc0w&lang=ko&theme=dark&p=retrofit&e={shown.run}~b{id}~{'~'.join(MEASURES)}"
    link += "&l=buildings~1~1~energy%3Agrade~batlow"
    size = {"width": 400, "height": 800}
    with Viewer(browser, shown.viewer.server, query=link, viewport=size) as phone:
        phone.wait()
        page = phone.page
        panel = page.locator(".retrofit")
        expect(panel.locator(".energy-grades")).to_contain_text("4등급", timeout=PATIENCE_MS)
        phone.settle()
        phone.picture("energy-retrofit-ko-dark")
        assert barriers(phone.page) == {}
        panel.get_by_role("button", name="건물 보기").click()
        badge = page.locator(".object-energy .energy-badge")
        expect(badge).to_contain_text(re.compile(r"4등급까지 [\d.]+% 부족"), timeout=PATIENCE_MS)
        badge.scroll_into_view_if_needed()
        page.wait_for_timeout(400)
        phone.picture("energy-building-ko-dark")
        assert barriers(phone.page) == {}
        page.get_by_role("button", name="닫기").first.click()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="레이어").click()
        legend = page.locator(".energy-legend").first
        expect(legend).to_be_visible()
        expect(legend).to_contain_text("5등급")
        page.wait_for_timeout(400)
        assert barriers(phone.page) == {}
        phone.picture("energy-legend-ko-dark")
        assert phone.errors == []
