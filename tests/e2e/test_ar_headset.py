"""The AR page on a device with WebXR, which is emulated in the browser (IWER): it walks, turns and points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.page import Viewer
from tests.e2e.serving import ROOT
from tests.e2e.test_ar import FAKE_DEVICE, METRE, MOTION, PATIENCE_MS, Stand, show, stand

pytestmark = pytest.mark.browser

__all__ = ["stand"]

RUNTIME = ROOT / "viewer" / "node_modules" / "iwer" / "build" / "iwer.min.js"
YAW = 40.0
"""Of the device in its own space at the start, to the left [degrees]: its -z is not north."""
HEADSET = """
() => {
  window.headset = new IWER.XRDevice(IWER.metaQuest3, { stereoEnabled: false });
  headset.installRuntime({ forceInstall: true });
}
"""
POSE = """
([east, south, yaw, pitch]) => {
  const half = (degrees) => (degrees * Math.PI) / 360;
  const [ca, sa] = [Math.cos(half(yaw)), Math.sin(half(yaw))];
  const [cb, sb] = [Math.cos(half(pitch)), Math.sin(half(pitch))];
  const turn = [ca * sb, sa * cb, -sa * sb, ca * cb];
  for (const part of [headset, headset.controllers.right]) {
    part.position.set(east, 1.6, south);
    part.quaternion.set(...turn);
  }
}
"""


def pose(page: Page, forward: float = 0.0, yaw: float = YAW, pitch: float = 5.0) -> None:
    """Puts the device some metres along its first direction, turned to the left by yaw [degrees]."""
    turn = math.radians(YAW)
    page.evaluate(POSE, [-forward * math.sin(turn), -forward * math.cos(turn), yaw, pitch])


@pytest.fixture(scope="module")
def headset(browser: Browser, demo_server: str, stand: Stand) -> Iterator[Viewer]:
    at = {"latitude": stand.lat, "longitude": stand.lon, "accuracy": 5}
    context: dict[str, Any] = {"geolocation": at, "permissions": ["geolocation", *MOTION]}
    with Viewer(browser, demo_server, path="ar/", **context) as opened:
        opened.page.set_default_timeout(PATIENCE_MS)
        opened.page.evaluate(RUNTIME.read_text())
        opened.page.evaluate(HEADSET)
        opened.page.evaluate(FAKE_DEVICE, [stand.heading, 5])
        pose(opened.page)
        yield opened


def test_the_world_is_laid_on_the_compass_and_then_follows_the_device(headset: Viewer, stand: Stand) -> None:
    page = headset.page
    show(page, "Stand in the city")  # somewhere else before
    page.get_by_role("button", name="Choose again").click()
    page.get_by_role("button", name="Start here").click()
    page.wait_for_function("window.ar.mode() === 'xr'")
    page.wait_for_function("lat => window.ar.pose().lat === lat", arg=stand.lat)
    facing(page, stand.heading)
    pose(page, yaw=YAW - 90)
    facing(page, stand.heading + 90)

    pose(page, forward=6.0)
    page.wait_for_function("lat => Math.abs(window.ar.pose().lat - lat) > 1e-6", arg=stand.lat)
    facing(page, stand.heading)
    now = page.evaluate("window.ar.pose()")
    east = (now["lon"] - stand.lon) / METRE * math.cos(math.radians(stand.lat))
    north = (now["lat"] - stand.lat) / METRE
    assert math.hypot(east, north) == pytest.approx(6.0, abs=1.0)
    assert math.degrees(math.atan2(east, north)) % 360 == pytest.approx(stand.heading, abs=3)


def test_the_trigger_picks_what_the_hand_points_at(headset: Viewer, stand: Stand) -> None:
    page = headset.page
    pose(page, yaw=YAW)
    page.evaluate("headset.controllers.right.updateButtonValue('trigger', 1)")
    page.wait_for_timeout(200)
    page.evaluate("headset.controllers.right.updateButtonValue('trigger', 0)")
    card = page.get_by_role("complementary", name="What you look at")
    expect(card.get_by_role("heading", level=2)).to_have_text(stand.name)
    assert page.evaluate("window.ar.picked()")[0] == stand.building
    headset.picture("ar-headset")


def test_the_middle_of_the_picture_is_where_the_device_looks_in_the_city(
    headset: Viewer, stand: Stand
) -> None:
    page = headset.page
    press(page.get_by_role("complementary", name="What you look at").get_by_label("Close"))
    with page.expect_response(lambda r: "/ar/pick" in r.url) as asked:
        press(page.get_by_role("button", name="What is in the middle?"))
    heading = float(parse_qs(urlsplit(asked.value.url).query)["heading"][0])
    assert abs((heading - stand.heading + 180) % 360 - 180) < 1.5
    card = page.get_by_role("complementary", name="What you look at")
    expect(card.get_by_role("heading", level=2)).to_have_text(stand.name)


def test_a_finger_on_a_button_is_no_trigger(headset: Viewer) -> None:
    """The runtime asks by this event before it counts a touch as a trigger (WebXR DOM Overlays, 3.2)."""
    told = """
    () => document.querySelector('.card').dispatchEvent(
      new Event('beforexrselect', { bubbles: true, cancelable: true }))
    """
    assert headset.page.evaluate(told) is False


def test_leaving_the_session_leads_back_to_the_first_step(headset: Viewer) -> None:
    page = headset.page
    page.evaluate("headset.activeSession.end()")
    expect(page.get_by_role("heading", name="The city around you")).to_be_visible()
    assert headset.errors == []
    assert headset.outside() == []


def press(button: Locator) -> None:
    """As a finger does; the emulation lays its picture over the page, where a mouse would end."""
    button.evaluate("button => button.click()")


def facing(page: Page, heading: float) -> None:
    page.wait_for_function(
        "h => Math.abs((window.ar.pose().heading - h + 540) % 360 - 180) < 1.5", arg=heading % 360
    )
