"""HEAD: the headers that GET has, without its body, from every route and from an answer without an end."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from tests.integration.live_server import serving
from twin.store import create_city


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("head") / "city.twin"
    create_city(folder, crs="EPSG:5187+5193").close()
    with (
        serving(create_app(Settings(city=folder, mqtt="off"))) as url,
        httpx.Client(base_url=url, timeout=10) as client,
    ):
        yield client


PATHS = ["/health", "/openapi.json", "/collections", "/processes", "/sta/v1.1/Things"]


@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_headers_of_get(client: httpx.Client, path: str) -> None:
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (got.status_code, b"") == (200, b"")
    varying = ("date", "content-encoding", "transfer-encoding")
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in got.headers.items() if k not in varying
    }


def test_head_of_what_is_not_there(client: httpx.Client) -> None:
    assert client.head("/objects/nobody").status_code == 404


def test_head_of_an_answer_without_an_end(client: httpx.Client) -> None:
    head = client.head("/events")
    assert (head.status_code, head.headers["content-type"].split(";")[0]) == (200, "text/event-stream")


def test_head_of_a_route_that_only_takes_posts(client: httpx.Client) -> None:
    assert client.head("/sun/what-if").status_code == 405
