"""The AR page in a real browser: a phone with a fake pose at street level in the sample district; a desk."""

from __future__ import annotations

import json
import math
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page import Viewer, barriers
from tests.e2e.sensors import Devices, token

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
MOTION = ["accelerometer", "gyroscope", "magnetometer"]
PATIENCE_MS = 30_000
METRE = 1 / 111_320
"""[degrees of latitude]"""

FAKE_DEVICE = """
([heading, pitch]) => {
  const feed = document.createElement('canvas');
  [feed.width, feed.height] = [480, 640];
  const pen = feed.getContext('2d');
  const sky = pen.createLinearGradient(0, 0, 0, 640);
  sky.addColorStop(0, '#8fa6bb');
  sky.addColorStop(0.5, '#c3ccd2');
  sky.addColorStop(0.5, '#77786f');
  sky.addColorStop(1, '#55564f');
  pen.fillStyle = sky;
  navigator.mediaDevices.getUserMedia = async () => feed.captureStream(5);
  window.pose = { heading, pitch };
  setInterval(() => {
    pen.fillRect(0, 0, 480, 640);
    dispatchEvent(new DeviceOrientationEvent('deviceorientationabsolute', {
      alpha: (720 - window.pose.heading) % 360, beta: 90 + window.pose.pitch, gamma: 0, absolute: true,
    }));
  }, 50);
}
"""


@dataclass
class Stand:
    """A place from which a building with a sensor is seen. stream: of the sensor."""

    lon: float
    lat: float
    heading: float
    building: str
    name: str
    stream: int

    @property
    def link(self) -> str:
        return f"#lat={self.lat:.8f}&lon={self.lon:.8f}&heading={self.heading:.2f}&pitch=5"


def answer(server: str, path: str, **asked: Any) -> Any:
    with urllib.request.urlopen(f"{server}{path}?{urlencode(asked)}") as found:
        return json.load(found)


@pytest.fixture(scope="module")
def stand(demo_server: str) -> Stand:
    """30 to 60 m from a building with a sensor, in the open, with nothing between."""
    sensors = answer(demo_server, "/sensors", limit=100)["sensors"]
    for sensor in sensors:
        id = sensor["object_id"] or ""
        if not id.startswith("building") or sensor["kind"] != "meter":
            continue
        lon, lat, _ = answer(demo_server, f"/objects/{id}")["position"]
        for away in (30, 45, 60):
            for turn in range(0, 360, 45):
                east, north = away * math.sin(math.radians(turn)), away * math.cos(math.radians(turn))
                at = {
                    "lat": lat - north * METRE,
                    "lon": lon - east * METRE / math.cos(math.radians(lat)),
                }
                seen = answer(demo_server, "/ar/pick", **at, heading=turn, pitch=5)["hits"]
                above = answer(demo_server, "/ar/pick", **at, heading=0, pitch=90)["hits"]
                if seen and seen[0]["id"] == id and seen[0]["distance"] > 12 and not above:
                    stream = sensor["datastreams"][0]["id"]
                    return Stand(at["lon"], at["lat"], turn, id, seen[0]["name"], stream)
    raise AssertionError("no building with a sensor is to be seen from the street")


@pytest.fixture(scope="module")
def devices(demo_city: Path, demo_server: str) -> Devices:
    return Devices(demo_server, token(demo_city, "sta:write"))


@pytest.fixture(scope="module")
def phone(browser: Browser, demo_server: str, stand: Stand) -> Iterator[Viewer]:
    """At the place, with a position known to 5 m, facing the building; not started yet."""
    at = {"latitude": stand.lat, "longitude": stand.lon, "accuracy": 5}
    context: dict[str, Any] = {"geolocation": at, "permissions": ["geolocation", *MOTION], **PHONE}
    with Viewer(browser, demo_server, path="ar/", **context) as opened:
        opened.page.set_default_timeout(PATIENCE_MS)
        opened.page.evaluate(FAKE_DEVICE, [stand.heading, 5])
        yield opened


def show(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.locator(".status")).to_be_visible()
    page.wait_for_function("window.ar.scene()")


def test_the_first_step_asks_what_to_see_and_why_it_needs_a_place(phone: Viewer) -> None:
    page = phone.page
    expect(page.get_by_role("heading", name="The city around you")).to_be_visible()
    expect(page.get_by_label("Buildings")).to_be_checked()
    expect(page.get_by_label("Underground utilities")).not_to_be_checked()
    expect(page.get_by_label("Remember what I look at")).not_to_be_checked()
    expect(page.locator(".choose")).to_contain_text("Your position is needed")
    assert barriers(page) == {}
    phone.picture("ar-choose")


def test_a_tap_on_the_building_ahead_tells_its_name_and_a_live_value(
    phone: Viewer, stand: Stand, devices: Devices
) -> None:
    page = phone.page
    show(page, "Start here")
    page.wait_for_function("window.ar.mode() === 'camera'")
    page.evaluate("window.ar.ready()")
    assert phone.page.evaluate("window.ar.scene().features") > 5
    expect(page.get_by_role("status").first).to_contain_text("Position ± 5 m")
    pose = page.evaluate("window.ar.pose()")
    assert abs((pose["heading"] - stand.heading + 180) % 360 - 180) < 0.1
    assert pose["pitch"] == pytest.approx(5, abs=0.1)

    devices.read(stand.stream, 432.1, datetime.now(UTC))
    page.touchscreen.tap(195, 400)
    card = page.get_by_role("complementary", name="What you look at")
    expect(card.get_by_role("heading", level=2)).to_have_text(stand.name)
    expect(card.locator(".reading").first).to_contain_text("432.1 kWh")
    assert page.evaluate("window.ar.picked()")[0] == stand.building
    page.wait_for_function("window.ar.marked() > 0")

    devices.read(stand.stream, 434.5, datetime.now(UTC))
    expect(card.locator(".reading").first).to_contain_text("434.5 kWh")
    expect(card.get_by_role("img", name="Last 24 hours").first).to_be_visible()
    assert barriers(page) == {}
    phone.picture("ar-phone")


def test_korean(phone: Viewer, stand: Stand) -> None:
    page = phone.page
    page.get_by_role("button", name="Switch to Korean").tap()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    card = page.get_by_role("complementary", name="보고 있는 것")
    expect(card).to_contain_text(stand.name)
    expect(card).to_contain_text("전력량")
    expect(page.get_by_role("status").first).to_contain_text("위치 오차 ± 5m")
    phone.picture("ar-phone-ko")
    page.get_by_role("button", name="영어로 바꾸기").tap()


def test_the_picture_turns_with_the_device_and_lines_up_by_hand(phone: Viewer, stand: Stand) -> None:
    page = phone.page
    page.evaluate("h => { window.pose.heading = h }", stand.heading + 90)
    turned = (stand.heading + 90) % 360
    page.wait_for_function(
        "h => Math.abs((window.ar.pose().heading - h + 540) % 360 - 180) < 0.1", arg=turned
    )
    page.get_by_role("button", name="Turn the scene to the left").tap()
    page.wait_for_function(
        "h => Math.abs((window.ar.pose().heading - h + 540) % 360 - 180) < 0.1", arg=turned + 1
    )
    assert phone.errors == []
    assert phone.outside() == []


@pytest.fixture(scope="module")
def desk(browser: Browser, demo_server: str, stand: Stand) -> Iterator[Viewer]:
    """A link to the place, on a device that tells no orientation, in the dark."""
    context: dict[str, Any] = {
        "color_scheme": "dark",
        "geolocation": {"latitude": 0, "longitude": 0},
        "permissions": MOTION,
    }
    with Viewer(browser, demo_server, path="ar/", query=stand.link, **context) as opened:
        opened.page.set_default_timeout(PATIENCE_MS)
        yield opened


def test_without_a_compass_there_is_the_street(desk: Viewer, stand: Stand) -> None:
    page = desk.page
    show(page, "Start at the linked place")
    page.evaluate("window.ar.ready()")
    status = page.get_by_role("status").first
    expect(status).to_contain_text("Street view · Place from the link")
    expect(status).to_contain_text("This device tells no orientation")
    expect(page.locator("#scene")).to_be_focused()
    page.keyboard.press("Enter")
    card = page.get_by_role("complementary", name="What you look at")
    expect(card.get_by_role("heading", level=2)).to_have_text(stand.name)
    expect(card.locator(".sure")).to_have_text("this one 100 %")
    picture = desk.picture("ar-street")
    amber = (picture[..., 0].astype(int) - picture[..., 2]) > 60
    assert amber.mean() > 0.01, "nothing stands out"
    assert picture[350:].std() > 5, "nothing is drawn"
    assert barriers(page) == {}
    page.keyboard.press("Escape")


def test_the_way_to_the_nearest_hydrant(desk: Viewer) -> None:
    page = desk.page
    page.get_by_label("Nearest").select_option("hydrant")
    expect(page.locator(".way-note")).to_contain_text("on foot")
    desk.picture("ar-way")
    page.get_by_role("button", name="Hide the way").click()
    expect(page.locator(".way-note")).to_be_hidden()


def test_nothing_is_remembered_without_consent(desk: Viewer, stand: Stand) -> None:
    page = desk.page
    assert not any("/ar/looks" in url for url in desk.requests)
    page.get_by_role("button", name="Choose again").click()
    page.get_by_label("Remember what I look at").check()
    show(page, "Start at the linked place")
    with page.expect_response(lambda r: r.request.method == "GET" and "/ar/looks/" in r.url) as read:
        page.get_by_role("button", name="What is in the middle?").click()
    assert [look["object"] for look in read.value.json()["looks"]] == [stand.building]
    page.get_by_role("button", name="Choose again").click()
    expect(page.locator(".kept")).to_contain_text("1 object is remembered")
    page.get_by_role("button", name="Delete all of it").click()
    expect(page.locator(".kept")).to_be_hidden()
    page.get_by_label("Remember what I look at").uncheck()


def test_walking_fetches_a_new_scene(desk: Viewer, stand: Stand) -> None:
    page = desk.page
    show(page, "Start at the linked place")
    page.locator("#scene").focus()
    before = page.evaluate("window.ar.scene().origin")
    for _ in range(36):
        page.keyboard.press("s")
    page.wait_for_function("lat => window.ar.scene().origin.lat !== lat", arg=before["lat"])
    pose = page.evaluate("window.ar.pose()")
    north = (stand.lat - pose["lat"]) / METRE
    east = (stand.lon - pose["lon"]) / METRE * math.cos(math.radians(stand.lat))
    assert math.hypot(east, north) == pytest.approx(54, abs=0.5)
    assert math.degrees(math.atan2(east, north)) % 360 == pytest.approx(stand.heading, abs=1)


def test_a_refused_position_and_a_place_outside_are_told(desk: Viewer) -> None:
    page = desk.page
    page.goto(f"{desk.server}/ar/#lang=en")
    page.reload()
    page.get_by_role("button", name="Start here").click()
    expect(page.locator(".choose .problem")).to_contain_text("Your position was not allowed")
    desk.context.grant_permissions(["geolocation", *MOTION])
    page.get_by_role("button", name="Start here").click()
    expect(page.locator(".status .problem")).to_contain_text("You are outside of this city")
    page.locator(".status").get_by_role("button", name="Stand in the city").click()
    page.wait_for_function("window.ar.scene()")
    expect(page.locator(".status")).to_contain_text("Chosen place")
    assert desk.outside() == []
