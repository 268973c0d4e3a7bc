"""What a citizen may stumble over on the AR page of a phone: waiting, no north, no layers, lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.page import Viewer, barriers
from tests.e2e.test_ar import METRE, MOTION, PATIENCE_MS, PHONE, Stand, answer, stand

pytestmark = pytest.mark.browser

__all__ = ["stand"]

DEVICE = """
() => {
  let told = null;
  navigator.geolocation.watchPosition = (taken) => { told = taken; return 1; };
  window.locate = ([lat, lon]) => told({ coords: { latitude: lat, longitude: lon, accuracy: 5 } });
  const feed = document.createElement('canvas');
  feed.getContext('2d').fillRect(0, 0, 300, 150);
  navigator.mediaDevices.getUserMedia = async () => feed.captureStream(5);
}
"""
"""Says where it is when the test does, and has a camera."""
WITHOUT_NORTH = """
() => setInterval(() => dispatchEvent(new DeviceOrientationEvent('deviceorientation', {
  alpha: 20, beta: 95, gamma: 0, absolute: false })), 50)
"""


@pytest.fixture(scope="module")
def phone(browser: Browser, demo_server: str) -> Iterator[Viewer]:
    context: dict[str, Any] = {"permissions": ["geolocation", *MOTION], **PHONE}
    with Viewer(browser, demo_server, path="ar/", **context) as opened:
        opened.page.set_default_timeout(PATIENCE_MS)
        opened.page.evaluate(DEVICE)
        yield opened


def scene(page: Page) -> None:
    page.wait_for_function("window.ar.scene()")
    page.evaluate("window.ar.ready()")


def test_who_does_not_wait_for_the_position_can_start_again(phone: Viewer) -> None:
    page = phone.page
    start = page.get_by_role("button", name="Start here")
    start.tap()
    expect(page.get_by_role("button", name="Looking for your position")).to_be_disabled()
    page.get_by_role("button", name="Stand in the city").tap()
    scene(page)
    expect(page.locator(".status")).not_to_contain_text("tells no orientation")
    page.get_by_role("button", name="Choose again").tap()
    expect(start).to_be_enabled()


def test_fingers_walk_and_the_way_leaves_the_card_free(phone: Viewer) -> None:
    page = phone.page
    page.get_by_role("button", name="Stand in the city").tap()
    scene(page)
    before = page.evaluate("window.ar.pose()")
    page.get_by_role("button", name="Walk back").tap()
    after = page.evaluate("window.ar.pose()")
    assert abs(after["lat"] - before["lat"]) + abs(after["lon"] - before["lon"]) > METRE
    page.get_by_role("button", name="Walk forward").tap()
    page.get_by_role("button", name="What is in the middle?").tap()
    card = page.get_by_role("complementary", name="What you look at")
    page.get_by_label("Nearest").select_option("hydrant")
    note, panel = page.locator(".way-note").bounding_box(), card.bounding_box()
    reticle = page.locator(".reticle").bounding_box()
    assert note and panel and reticle
    assert note["y"] + note["height"] < reticle["y"]
    assert reticle["y"] + reticle["height"] < panel["y"]
    names = page.locator(".nearest option").all_inner_texts()
    assert len(set(names)) == len(names)
    assert barriers(page) == {}
    phone.picture("ar-citizen")
    page.get_by_role("button", name="Hide the way").tap()
    card.get_by_label("Close").tap()


def test_a_sensor_that_cannot_be_read_says_so(phone: Viewer) -> None:
    page = phone.page
    detail = "the readings are being moved"
    page.route("**/sensors/*", lambda route: route.fulfill(status=503, json={"detail": detail}))
    sensors = answer(phone.server, "/sensors", limit=100)["sensors"]
    for sensor in sensors:
        place = [sensor["longitude"], sensor["latitude"], sensor["height"]]
        at = None if None in place else page.evaluate("place => window.ar.project(...place)", place)
        if at and 20 < at[0] < 370 and 220 < at[1] < 660:
            page.touchscreen.tap(*at)
            break
    else:
        pytest.fail("no sensor is to be seen")
    card = page.get_by_role("complementary", name="What you look at")
    expect(card.get_by_role("alert")).to_have_text(detail)
    page.unroute("**/sensors/*")
    page.get_by_role("button", name="Choose again").tap()


def test_looks_in_quick_succession_are_kept_under_one_id(phone: Viewer) -> None:
    page = phone.page
    posts: list[dict[str, Any]] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        posts.append(route.request.post_data_json)
        if len(posts) == 1:
            held.append(route)
        else:
            route.continue_()

    page.route("**/ar/looks", hold)
    page.get_by_label("Remember what I look at").check()
    page.get_by_role("button", name="Stand in the city").tap()
    scene(page)
    for _ in range(2):
        with page.expect_response(lambda answer: "/ar/pick" in answer.url):
            page.get_by_role("button", name="What is in the middle?").tap()
    with page.expect_response(lambda answer: "/ar/looks/" in answer.url):
        held[0].continue_()
    page.get_by_role("button", name="Choose again").tap()
    expect(page.locator(".kept")).to_contain_text("2 objects are remembered")
    assert ["id" in post for post in posts] == [False, True]
    page.unroute("**/ar/looks")
    page.get_by_role("button", name="Delete all of it").tap()
    expect(page.locator(".kept")).to_be_hidden()
    page.get_by_label("Remember what I look at").uncheck()


def test_north_is_asked_for_until_somebody_lines_the_scene_up(phone: Viewer, stand: Stand) -> None:
    page = phone.page
    page.evaluate(WITHOUT_NORTH)
    page.get_by_role("button", name="Start here").tap()
    page.get_by_role("button", name="Looking for your position").wait_for()
    page.evaluate("locate", [stand.lat, stand.lon])
    page.wait_for_function("window.ar.mode() === 'camera'")
    missing = page.get_by_text("North is not known.")
    expect(missing).to_be_visible()
    page.get_by_role("button", name="Turn the scene to the left").tap()
    page.wait_for_timeout(300)  # some events of the device later
    expect(missing).to_be_hidden()


def test_with_no_layer_chosen_a_tap_finds_nothing(phone: Viewer) -> None:
    page = phone.page
    page.get_by_role("button", name="Choose again").tap()
    for name in ("Bridges", "Buildings", "Street furniture", "Vegetation"):
        page.get_by_label(name).uncheck()
    page.get_by_role("button", name="Stand in the city").tap()
    scene(page)
    page.get_by_role("button", name="What is in the middle?").tap()
    expect(page.get_by_role("heading", name="Nothing is in sight there.")).to_be_visible()


def test_outside_of_the_city_the_server_is_not_asked_again_and_again(phone: Viewer) -> None:
    page = phone.page
    page.get_by_role("button", name="Choose again").tap()
    page.get_by_role("button", name="Start here").tap()
    page.get_by_role("button", name="Looking for your position").wait_for()
    for metres in range(4):
        page.evaluate("locate", [metres * METRE, 0.0])
        page.wait_for_timeout(150)
    expect(page.locator(".status")).to_contain_text("You are outside of this city.")
    asked = [url for url in phone.requests if "/ar/scene" in url and "lat=0.0000" in url]
    assert len(asked) == 1
    assert phone.outside() == []
