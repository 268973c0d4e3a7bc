"""The viewer as a person uses it: open, wait, look, click."""

from __future__ import annotations

import io
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.e2e.serving import ARTIFACTS, ROOT

Pixels = npt.NDArray[np.uint8]

AXE = ROOT / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MS = 180_000  # software rendering on a busy machine


def map_part(pixels: Pixels) -> Pixels:
    """The part of a picture that panels leave free."""
    height, width = pixels.shape[:2]
    return pixels[height // 4 : height * 3 // 4, width * 35 // 100 : width * 90 // 100]


def is_colourful(pixels: npt.NDArray[np.int_]) -> bool:
    """Whether more than a hundredth is far from grey, be it day or night."""
    most = pixels.max(axis=2)
    chroma = most - pixels.min(axis=2)
    return bool(((chroma > 20) & (chroma > most / 4)).mean() > 0.01)


def barriers(page: Page) -> dict[str, list[str]]:
    """What axe finds on a page by WCAG 2.1 AA: the rule, and the elements that break it."""
    page.wait_for_timeout(250)  # panels rise
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
    return {v["id"]: [n["html"] for n in v["nodes"]] for v in found["violations"]}


class Viewer:
    """A page of the viewer, with every request and error that it made."""

    def __init__(
        self, browser: Browser, server: str, *, path: str = "viewer/", query: str = "", **context: Any
    ) -> None:
        self.server = server
        self.requests: list[str] = []
        self.errors: list[str] = []
        settings: dict[str, Any] = {"viewport": {"width": 1100, "height": 700}, "locale": "en-US"} | context
        self.context: BrowserContext = browser.new_context(**settings)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._listen)
        self.page.goto(f"{server}/{path}{query}")

    def __enter__(self) -> Viewer:
        return self

    def _listen(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def wait(self) -> None:
        """Until the first view stands."""
        self.page.wait_for_function("window.twin")
        self.page.evaluate("window.twin.ready")
        self.settle()

    def settle(self) -> None:
        """Until nothing is left to load, and it is drawn."""
        self.page.wait_for_function("window.twin.loaded()")
        self.page.wait_for_timeout(600)

    def outside(self) -> list[str]:
        """Requests to any host but the server; blobs and data of the page itself are inside."""
        here = urlsplit(self.server).netloc
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme not in ("blob", "data") and urlsplit(url).netloc != here
        ]

    def sees(self, name: str, shown: Callable[[npt.NDArray[np.int_]], bool]) -> npt.NDArray[np.int_]:
        """The free part of the first picture that is as `shown` asks; fails if none is within a minute."""
        until = time.monotonic() + 60
        while True:
            part = map_part(self.picture(name)).astype(int)
            if shown(part):
                return part
            assert time.monotonic() < until, f"not to be seen: tests/artifacts/{name}.png"
            self.page.wait_for_timeout(500)

    def picture(self, name: str) -> Pixels:
        """The page as (rows, columns, 3) pixels, kept under `tests/artifacts`."""
        taken = self.page.screenshot(path=ARTIFACTS / f"{name}.png")
        return np.asarray(Image.open(io.BytesIO(taken)).convert("RGB"))

    def get(self, path: str) -> Any:
        """An answer of the API."""
        with urllib.request.urlopen(self.server + quote(path, safe="/?=&")) as answer:
            return json.load(answer)

    def building_ids(self) -> list[str]:
        """The ids of the buildings that have a geometry."""
        found = self.get("/collections/buildings/items?limit=400")["features"]
        return [feature["id"] for feature in found if feature["geometry"] is not None]

    def twin(self, call: str) -> Any:
        """The value of a call of `window.twin`."""
        return self.page.evaluate(f"window.twin.{call}")

    def still(self, call: str) -> Any:
        """The value of a call of `window.twin` when it is the same twice, half a second apart."""
        until = time.monotonic() + 60
        before = self.twin(call)
        while True:
            self.page.wait_for_timeout(500)
            now = self.twin(call)
            if now == before:
                return now
            assert time.monotonic() < until, f"{call} does not come to rest"
            before = now

    def find_on_screen(self, ids: list[str]) -> tuple[str, float, float]:
        """The first of the objects whose middle is to be seen in the free part of the page, and where."""
        for id in ids:
            place = self.get(f"/objects/{id}")["position"]
            if place is None:
                continue
            at = self.twin("project({}, {}, {})".format(*place))
            if at is None:
                continue
            x, y = at
            if not self._is_free(x, y):
                continue
            top = self.page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.tagName", [x, y])
            if top == "CANVAS" and self.twin(f"objectAt({x}, {y})") == id:
                return id, x, y
        raise AssertionError("none of the objects is to be seen")

    def _is_free(self, x: float, y: float) -> bool:
        size = self.page.viewport_size
        assert size is not None
        return 0.3 < x / size["width"] < 0.6 and 0.3 < y / size["height"] < 0.7
