"""Pulling from another SensorThings server: what is asked, what is stored, and answers that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from twin.errors import TwinError
from twin.observations.model import DATASTREAM, OBSERVATION, THING
from twin.observations.query import Query, Route, Step
from twin.observations.store import Observations, open_observations
from twin.sources.pull import Pull
from twin.sources.sink import Sink

URL = "https://other.test/v1.1"
STREAM: dict[str, Any] = {
    "@iot.id": 7,
    "name": "level at bridge",
    "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
    "ObservedProperty": {"name": "level", "definition": "http://example.org/level"},
    "Thing": {
        "@iot.id": "b-1",
        "name": "bridge",
        "description": "gauge at the bridge",
        "properties": {"kind": "stream-level"},
        "Locations": [
            {"location": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [127, 37.5]}}}
        ],
    },
    "Observations@iot.navigationLink": f"{URL}/Datastreams(7)/Observations",
}
READINGS = [
    {"phenomenonTime": "2024-05-01T00:00:00Z", "result": 1.0},
    {"phenomenonTime": "2024-05-01T01:00:00Z/2024-05-01T02:00:00Z", "result": 2.0},
]


class Other:
    """The other server: answers by path, and what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Any] = {
            "/v1.1/Datastreams": {"value": [STREAM]},
            "/v1.1/MultiDatastreams": {"value": []},
            "/v1.1/Datastreams(7)/Observations": {"value": READINGS},
        }
        self.asked: list[httpx.Request] = []
        client = partial(httpx.Client, transport=httpx.MockTransport(self._answer))
        monkeypatch.setattr("twin.sources.pull.httpx.Client", client)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.get(request.url.path)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer) if answer is not None else httpx.Response(404)


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Other:
    return Other(monkeypatch)


@pytest.fixture
def observations(tmp_path: Path) -> Any:
    with open_observations(tmp_path) as opened:
        yield opened


def test_thing_place_unit_and_readings_come_over(other: Other, observations: Observations) -> None:
    written = Pull(URL, where="startswith(name,'level')", token="t").once(Sink(observations, "o"))
    assert (written.stored, written.streams) == (2, 1)
    assert other.asked[0].url.params["$filter"] == "startswith(name,'level')"
    assert {request.headers["authorization"] for request in other.asked} == {"Bearer t"}
    thing = observations.page(Route(THING)).entities[0]
    assert thing.values["name"] == "bridge" and thing.values["properties"]["kind"] == "stream-level"
    place = observations.page(Route(THING, thing.id, (Step("Locations"),))).entities[0]
    assert place.values["location"]["coordinates"] == [127.0, 37.5]
    stream = observations.page(Route(DATASTREAM)).entities[0]
    assert stream.values["unitOfMeasurement"] == STREAM["unitOfMeasurement"]
    times = [e.values["phenomenonTime"] for e in observations.page(Route(OBSERVATION)).entities]
    assert times[1].end - times[1].start == 3_600_000_000


def test_the_next_round_asks_from_an_hour_before_the_latest(other: Other, observations: Observations) -> None:
    sink = Sink(observations, "o")
    Pull(URL).once(sink)
    assert Pull(URL).once(sink).stored == 0
    asked = [r.url.params["$filter"] for r in other.asked if "Observations" in r.url.path]
    assert asked == ["phenomenonTime ge 1970-01-01T00:00:00Z", "phenomenonTime ge 2024-05-01T00:00:00Z"]


def test_pages_are_followed(other: Other, observations: Observations) -> None:
    def page(request: httpx.Request) -> Any:
        if "skip" in request.url.params:
            return {"value": READINGS[1:]}
        return {"value": READINGS[:1], "@iot.nextLink": "Datastreams(7)/Observations?skip=1"}

    other.answers["/v1.1/Datastreams(7)/Observations"] = page
    assert Pull(URL + "/").once(Sink(observations, "o")).stored == 2


def test_a_round_ends_when_it_is_told_to(other: Other, observations: Observations) -> None:
    stop = Event()
    stop.set()
    other.answers["/v1.1/Datastreams"] = {"value": [STREAM, {**STREAM, "@iot.id": 8}]}
    assert Pull(URL).once(Sink(observations, "o"), stop).stored == 2
    Pull(URL).run(Sink(observations, "o"), stop)


@pytest.mark.parametrize(
    "link",
    ["https://evil.test/v1.1/x", "http://other.test/v1.1/x", "//evil.test/x", "https://other.test:8443/x",
     "https://other.test@evil.test/x", "file:///etc/passwd"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["next", "observations"])
def test_links_that_lead_elsewhere_are_not_followed(
    other: Other, observations: Observations, link: str, where: str
) -> None:
    if where == "next":
        other.answers["/v1.1/Datastreams"] = {"value": [], "@iot.nextLink": link}
    else:
        other.answers["/v1.1/Datastreams"] = {"value": [{**STREAM, "Observations@iot.navigationLink": link}]}
    with pytest.raises(TwinError, match="lead elsewhere"):
        Pull(URL, token="secret").once(Sink(observations, "o"))
    assert {request.url.host for request in other.asked} == {"other.test"}


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_server_without_multi_datastreams(other: Other, observations: Observations, status: int) -> None:
    other.answers["/v1.1/MultiDatastreams"] = lambda _: httpx.Response(status)
    assert Pull(URL).once(Sink(observations, "o")).stored == 2


def test_a_few_datastreams_need_their_dynamizers(other: Other, observations: Observations) -> None:
    with pytest.raises(TwinError, match="the city has no dynamizer d any more"):
        Pull(URL, into={"7": "d"}).once(Sink(observations, "o"))
    assert other.asked == []


def _redirect(_: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"Location": "https://evil.test/"})


def _without(*names: str) -> dict[str, Any]:
    return {"value": [{k: v for k, v in STREAM.items() if k not in names}]}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"value": 3}, "not an answer of SensorThings"),
        ([], "not an answer of SensorThings"),
        (lambda _: httpx.Response(200, text="<html>"), "not an answer of SensorThings"),
        (lambda _: httpx.Response(500), "answers 500"),
        (_redirect, "answers 302"),
        ({"value": [3]}, "not those of SensorThings"),
        (_without("Thing"), "not those of SensorThings"),
        (_without("ObservedProperty"), "not those of SensorThings"),
        (_without("Observations@iot.navigationLink"), "not those of SensorThings"),
        ({"value": [], "@iot.nextLink": f"{URL}/Datastreams?$top=100"}, "itself as the next"),
    ],
)
def test_wrong_answers_are_refused(
    other: Other, observations: Observations, answer: Any, message: str
) -> None:
    other.answers["/v1.1/Datastreams"] = answer
    with pytest.raises(TwinError, match=message):
        Pull(URL).once(Sink(observations, "o"))


@pytest.mark.parametrize("reading", [{}, {"result": 1}, {"phenomenonTime": "soon", "result": 1}, 3])
def test_what_came_before_a_wrong_reading_stays(
    other: Other, observations: Observations, reading: Any
) -> None:
    pages: list[Callable[[], Any]] = [
        lambda: {"value": READINGS, "@iot.nextLink": f"{URL}/Datastreams(7)/Observations?page=2"},
        lambda: {"value": [reading]},
    ]
    other.answers["/v1.1/Datastreams(7)/Observations"] = lambda _: pages.pop(0)()
    with pytest.raises(TwinError, match="not those of SensorThings"):
        Pull(URL).once(Sink(observations, "o"))
    assert observations.page(Route(OBSERVATION), Query(count=True)).count == 2


def test_an_answer_without_end_is_cut_off(
    other: Other, observations: Observations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.sources.pull._BODY", 100)
    with pytest.raises(TwinError, match="an answer of more than"):
        Pull(URL).once(Sink(observations, "o"))


def test_a_server_that_is_not_there(observations: Observations) -> None:
    with pytest.raises(TwinError, match=r"http://127\.0\.0\.1:9"):
        Pull("http://127.0.0.1:9", timeout=5).once(Sink(observations, "o"))
