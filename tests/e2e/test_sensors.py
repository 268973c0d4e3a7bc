"""Sensors in a real browser, against a real server that devices write to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page import Viewer, barriers, is_colourful
from tests.e2e.sensors import LIMIT, PAST, Devices, sensor_city, token
from tests.e2e.serving import free_port, serving

pytestmark = pytest.mark.browser

SEEN_MS = 3000
"""Within which a reading has to be everywhere [ms]."""

EVERYWHERE = """
([thing, datastream, value, text]) => {
  const on = (selector) => document.querySelector(selector)?.textContent ?? '';
  return window.twin.symbols().some(s => s.id === thing && s.state === 'alert')
    && on('.stream b').includes(text)
    && (window.twin.charted()[datastream] ?? []).at(-1) === value
    && on('.bell .count') === '1'
    && on('[role=log]').includes('Stream is high');
}
"""


@dataclass
class Gauged:
    """A city with a gauge and two meters. thing, stream: of the gauge."""

    folder: Path
    devices: Devices
    thing: int
    stream: int
    meters: list[int]


@pytest.fixture(scope="module")
def gauged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gauged]:
    folder = sensor_city(tmp_path_factory.mktemp("sensors"))
    writing = token(folder, "sta:write", "alerts:write")
    broker = free_port()
    with serving(folder, TWIN_MQTT="embedded", TWIN_MQTT_PORT=str(broker)) as address:
        devices = Devices(address, writing, broker)
        thing, stream = devices.add("Gauge at the bridge", "stream-level", 0, "water level", "m")
        devices.read(stream, 0.75, PAST)
        devices.read(stream, 1.25)
        meters = []
        for house, power in ((1, 4.0), (2, 40.0)):
            meters.append(devices.add(f"Meter {house}", "meter", house, "electric energy", "kWh")[1])
            devices.read(meters[-1], power)
        devices.watch_levels()
        yield Gauged(folder, devices, thing, stream, meters)


@pytest.fixture(scope="module")
def opened(browser: Browser, gauged: Gauged) -> Iterator[Viewer]:
    home = gauged.devices.send("GET", "/city")["home"]
    # from the south: the first view would turn with the sun
    link = f"#c={home['lon']},{home['lat'] - 0.001},{home['height'] + 80},0,-35"
    with Viewer(browser, gauged.devices.server, query=link) as viewer:
        viewer.wait()
        viewer.page.wait_for_function("window.twin.streaming() && window.twin.symbols().length > 0")
        yield viewer


def pick_gauge(viewer: Viewer) -> None:
    """Picks the gauge by the search box."""
    viewer.page.get_by_role("combobox").first.fill("Gauge")
    viewer.page.get_by_role("option").first.click()
    expect(viewer.page.locator(".stream b").first).to_be_visible()


def chart_gauge(viewer: Viewer) -> None:
    """Picks the gauge and has its readings in the chart."""
    pick_gauge(viewer)
    button = viewer.page.locator(".stream button").first
    if button.get_attribute("aria-pressed") != "true":
        button.click()
    expect(viewer.page.locator(".chart-canvas canvas")).to_be_visible()
    viewer.page.wait_for_function(
        "document.querySelector('.chart-canvas canvas')?.getBoundingClientRect().height > 120"
    )


def test_sensors_are_drawn_and_picked(opened: Viewer, gauged: Gauged) -> None:
    page = opened.page
    drawn = opened.still("symbols()")
    stood_for = {id for symbol in drawn for id in [symbol["id"], *symbol["hidden"]]}
    assert gauged.thing in stood_for
    symbol = next(s for s in drawn if s["id"] == gauged.thing)
    page.mouse.click(symbol["x"], symbol["y"])
    panel = page.get_by_role("complementary", name="Picked sensor")
    expect(panel).to_contain_text("Gauge at the bridge")
    expect(panel).to_contain_text("1.25 m")
    expect(panel).to_contain_text("last heard")
    assert opened.twin("pickedSensor()") == gauged.thing
    panel.get_by_role("button", name="Its object").click()
    expect(page.locator(".object-id")).to_have_text("house-0")
    page.locator(".object-sensors").get_by_role("button", name="Gauge at the bridge").click()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_search_finds_a_sensor_by_name_and_by_what_it_measures(opened: Viewer, gauged: Gauged) -> None:
    page = opened.page
    page.keyboard.press("Control+k")
    page.keyboard.type("water lev")
    expect(page.get_by_role("option").first).to_contain_text("Gauge at the bridge")
    page.keyboard.press("Enter")
    page.wait_for_function("id => window.twin.pickedSensor() === id", arg=gauged.thing)
    page.keyboard.press("Escape")


def test_the_slider_moves_the_readings(opened: Viewer, gauged: Gauged) -> None:
    page = opened.page
    pick_gauge(opened)
    value = page.locator(".stream b").first
    expect(value).to_have_text("1.25 m")
    seoul = PAST.timestamp() + 9 * 3600
    page.get_by_label("Date").fill(str(np.datetime64(int(seoul), "s"))[:10])
    page.get_by_label("Time of day").fill(str(min(1439, int(seoul % 86400) // 60 + 2)))
    expect(value).to_have_text("0.75 m")
    expect(page.get_by_role("button", name="Now", exact=True)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Now", exact=True).click()
    expect(value).to_have_text("1.25 m")
    page.keyboard.press("Escape")


def test_buildings_take_the_colours_of_their_readings(opened: Viewer, gauged: Gauged) -> None:
    page = opened.page
    page.get_by_role("button", name="Details of Buildings").click()
    page.get_by_label("Colour by").select_option(label="Electric energy")
    legend = page.locator("figure.legend").first
    expect(legend).to_contain_text("Electric energy [kWh]")
    expect(legend.locator(".ramp-ends")).to_have_text("42240")
    expect(legend).to_contain_text("2 objects")
    gauged.devices.read(gauged.meters[0], 76.0)
    expect(legend.locator(".ramp-ends")).to_have_text("44076")
    opened.sees("coloured-by-readings", is_colourful)
    page.get_by_label("Colour by").select_option("")
    page.get_by_role("button", name="Details of Buildings").click()


def test_a_value_published_by_mqtt_is_on_the_map_in_the_chart_and_in_an_alert(
    browser: Browser, gauged: Gauged
) -> None:
    id36 = np.base_repr(gauged.thing, 36).lower()
    link = f"#s={id36}&k=6~{gauged.stream}"
    with Viewer(browser, gauged.devices.server, query=link) as viewer:
        viewer.wait()
        page = viewer.page
        page.wait_for_function(
            "id => window.twin.streaming() && (window.twin.charted()[id] ?? []).length > 0",
            arg=gauged.stream,
        )
        value = LIMIT + 0.34
        gauged.devices.publish(gauged.stream, value)
        page.wait_for_function(
            EVERYWHERE, arg=[gauged.thing, gauged.stream, value, f"{value:g} m"], timeout=SEEN_MS
        )
        viewer.picture("sensor-alert")
        page.get_by_role("button", name="1 open alert").click()
        alert = page.locator(".alert-item").first
        expect(alert).to_contain_text("Stream is high")
        expect(alert).to_contain_text(f"{value:g} m")
        expect(alert).to_contain_text(f"limit {LIMIT:g} m")
        viewer.picture("alerts")
        assert viewer.outside() == []
        assert viewer.errors == []


def test_an_alert_is_acknowledged_with_a_token_that_is_kept_for_the_tab_alone(
    opened: Viewer, gauged: Gauged
) -> None:
    page = opened.page
    count = page.locator(".bell .count")
    gauged.devices.read(gauged.stream, 1.0)
    expect(count).to_have_count(0)
    gauged.devices.read(gauged.stream, LIMIT + 1)
    expect(count).to_have_text("1")
    page.get_by_role("button", name="open alert").click()
    alert = page.locator(".alert-item.raised").first
    alert.get_by_role("button", name="Acknowledge").click()
    for given, said in (
        ("nonsense", "does not know this token"),
        (token(gauged.folder, "sta:write"), "alerts:write"),
    ):
        alert.get_by_label("Token").fill(given)
        alert.get_by_role("button", name="Use it").click()
        expect(alert.get_by_role("alert")).to_contain_text(said)
    alert.get_by_label("Token").fill(gauged.devices.token)
    alert.get_by_role("button", name="Use it").click()
    expect(page.locator(".alert-item.acknowledged")).to_have_count(1)
    assert page.evaluate("Object.values(localStorage).join()").find(gauged.devices.token) == -1
    page.keyboard.press("Escape")
    gauged.devices.read(gauged.stream, 1.0)
    expect(count).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier_in_panels_of_sensors(opened: Viewer, gauged: Gauged, theme: str) -> None:
    page = opened.page
    box = page.get_by_role("combobox").first
    box.fill(f"{theme} theme")
    page.get_by_role("option", name=f"{theme.capitalize()} theme").click()
    chart_gauge(opened)
    page.get_by_role("switch", name="Show Sensors").focus()
    for panel in ("Picked sensor", "Alerts, devices, quality"):
        if panel != "Picked sensor":
            page.locator(".bell").click()
        expect(page.get_by_role("complementary", name=panel)).to_be_visible()
        page.wait_for_timeout(400)
        assert barriers(page) == {}
    opened.picture(f"sensors-{theme}")
    page.keyboard.press("Escape")


def test_an_unusual_hour_is_listed_and_brings_the_chart_to_its_time(opened: Viewer, gauged: Gauged) -> None:
    """Eight days of about 10 kWh an hour, and 400 in one hour of yesterday."""
    page = opened.page
    meter = gauged.meters[1]
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=h) for h in range(1, 9 * 24)]
    odd = now - timedelta(hours=20)
    gauged.devices.read_many(meter, [(at, 400.0 if at == odd else 10 + at.day % 3) for at in hours])
    page.locator(".bell").click()
    page.get_by_role("tab", name="Quality").click()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Anomalies")).to_have_attribute("aria-selected", "true")
    entry = page.locator(".anomaly").first
    expect(entry).to_contain_text("Meter 2 · Electric energy")
    expect(entry).to_contain_text("400 kWh expected")
    expect(entry).to_contain_text("above the same hour of the day")
    page.wait_for_function("location.hash.includes('p=anomalies')")
    assert barriers(page) == {}
    opened.picture("anomalies")
    page.route("**/anomalies?**", lambda route: route.fulfill(status=503, json={"detail": "too busy"}))
    page.get_by_label("Away from the usual").select_option("12")
    expect(page.locator(".side-panel [role=alert]")).to_contain_text("too busy")
    page.unroute("**/anomalies?**")
    page.get_by_label("Period").select_option("7")
    entry.get_by_role("button").click()
    page.wait_for_function("window.twin.pickedSensor() !== null")
    expect(page.get_by_role("complementary", name="Picked sensor")).to_contain_text("Meter 2")
    page.wait_for_function("id => window.twin.charted()[id]?.includes(400)", arg=meter)
    opened.picture("anomaly-in-chart")
    page.get_by_role("button", name="Whole time").click()
    page.get_by_role("button", name="Take out of the chart: Meter 2").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("tab", name="Anomalies")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".side-panel")).to_be_hidden()


def test_the_chart_is_zoomed_by_keys_and_saved(opened: Viewer, gauged: Gauged) -> None:
    page = opened.page
    chart_gauge(opened)
    chart = page.get_by_role("application", name="Chart.")
    page.get_by_label("Time shown").select_option(label="7 days")
    page.wait_for_function("id => window.twin.charted()[id]?.includes(0.75)", arg=gauged.stream)
    for _ in range(20):  # a chart that is drawn anew meanwhile does not hear the key
        chart.press("ArrowRight")
        page.wait_for_timeout(500)
        if page.locator(".chart-time").is_visible():
            break
    expect(page.locator(".chart-legend b").first).to_have_text("0.75 m")
    page.keyboard.press("+")
    expect(page.get_by_role("button", name="Whole time")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name="Whole time")).to_be_hidden()
    with page.expect_download() as picture:
        page.get_by_role("button", name="Save the chart as a PNG picture").click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as csv:
        page.get_by_role("link", name="Save the shown series as CSV").click()
    rows = Path(csv.value.path()).read_text().splitlines()
    assert rows[0].startswith("time,datastream,name,unit,value")
    assert any(",0.75," in row for row in rows)
    page.get_by_role("button", name="Close the chart").click()


def test_nothing_is_asked_of_the_outside(opened: Viewer) -> None:
    assert any("/events" in url for url in opened.requests)
    assert opened.outside() == []


def test_a_link_brings_back_sensors_chart_and_panel(browser: Browser, gauged: Gauged) -> None:
    link = f"#n=1~0~meter&k=24~{gauged.stream}&p=devices&lang=ko&theme=dark"
    with Viewer(browser, gauged.devices.server, query=link) as viewer:
        viewer.wait()
        page = viewer.page
        page.wait_for_function("window.twin.symbols().length > 0")
        assert [symbol["id"] for symbol in viewer.twin("symbols()")] == [gauged.thing]
        expect(page.locator(".chart-legend")).to_contain_text("Gauge at the bridge · 수위")
        expect(page.get_by_role("tab", name="장치")).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("button", name="실시간")).to_be_visible()
        viewer.picture("sensors-korean-dark")
        page.wait_for_function("location.hash.includes('k=24~') && location.hash.includes('p=devices')")
        assert "n=1~0~meter" in page.evaluate("location.hash")


def test_a_phone_shows_sensors_in_sheets(browser: Browser, gauged: Gauged) -> None:
    server = gauged.devices.server
    with Viewer(browser, server, viewport={"width": 390, "height": 780}, has_touch=True) as viewer:
        viewer.wait()
        page = viewer.page
        pick_gauge(viewer)
        viewer.picture("phone-sensor")
        chart_gauge(viewer)
        viewer.picture("phone-chart")
        page.get_by_role("button", name="Close the chart").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_lost_server_is_noticed_and_readings_go_on_after_it_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    folder = sensor_city(tmp_path)
    writing = token(folder, "sta:write")
    port = free_port()
    with serving(folder, port) as address:
        devices = Devices(address, writing)
        thing, stream = devices.add("Gauge", "stream-level", 0, "water level", "m")
        devices.read(stream, 1.0)
        viewer = Viewer(browser, address, query=f"#s={np.base_repr(thing, 36).lower()}")
        viewer.wait()
        expect(viewer.page.locator(".stream b")).to_have_text("1 m")
    with viewer:
        expect(viewer.page.get_by_role("alert").first).to_contain_text("does not answer")
        with serving(folder, port):
            expect(viewer.page.locator(".toast")).to_contain_text("The server is back")
            viewer.page.wait_for_function("window.twin.streaming()")
            devices.read(stream, 3.5)
            expect(viewer.page.locator(".stream b")).to_have_text("3.5 m")
