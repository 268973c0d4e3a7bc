"""OGC API Features: pages, boxes, times, links."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from tests.unit.api.served import BOXES


def test_following_next_gives_every_object_once(client: TestClient) -> None:
    seen: list[str] = []
    url = "/collections/buildings/items?limit=4"
    for _ in range(10):
        page = client.get(url).json()
        assert page["numberMatched"] == len(BOXES)
        assert page["numberReturned"] == len(page["features"]) <= 4
        seen += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        (url,) = following
    assert sorted(seen) == sorted(BOXES)
    (before,) = [link["href"] for link in page["links"] if link["rel"] == "prev"]
    assert [f["id"] for f in client.get(before).json()["features"]] == seen[4:8]


def test_features_have_outlines_in_degrees(client: TestClient) -> None:
    response = client.get(f"/collections/buildings/items/{quote('b/with/slashes', safe='')}")
    assert response.headers["content-type"] == "application/geo+json"
    feature = response.json()
    assert feature["geometry"]["type"] == "Polygon"
    ring = feature["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    west, south, east, north = client.get("/city").json()["bbox"]
    assert all(west - 1e-6 <= x <= east + 1e-6 and south - 1e-6 <= y <= north + 1e-6 for x, y in ring)
    assert feature["properties"]["measuredHeight"] == 12.0
    links = {link["rel"]: link["href"] for link in feature["links"]}
    assert client.get(links["self"]).json()["id"] == feature["id"]
    assert client.get(links["collection"]).json()["id"] == "buildings"


def test_a_page_that_starts_within_the_first_has_one_before_it(client: TestClient) -> None:
    page = client.get("/collections/buildings/items?limit=4&offset=2").json()
    (before,) = [link["href"] for link in page["links"] if link["rel"] == "prev"]
    first = client.get(before).json()
    assert first["features"][2]["id"] == page["features"][0]["id"]
    assert [link["rel"] for link in first["links"]] == ["self", "next"]


def test_a_box_chooses_features(client: TestClient) -> None:
    west, south, east, north = client.get("/city").json()["bbox"]
    third = west + (east - west) * 0.3

    def inside(*box: float) -> set[str]:
        text = ",".join(map(str, box))
        return {f["id"] for f in client.get(f"/collections/buildings/items?bbox={text}").json()["features"]}

    assert inside(west, south, east, north) == set(BOXES)
    assert inside(west, south, third, north) == {"a", "b/with/slashes", "with space"}
    assert inside(west, south, -100, third, north, 100) == {"a", "b/with/slashes", "with space"}
    assert inside(east + 1, south, east + 2, north) == set()
    assert inside(-180, -90, 180, 90) == set(BOXES)


def test_a_box_across_the_antimeridian(client: TestClient) -> None:
    """From the first longitude east to the second, by way of 180 degrees."""
    for box, matched in (
        ("170,-50,-170,50", 0),
        ("120,-50,-170,50", len(BOXES)),
        ("170,-50,130,50", len(BOXES)),
    ):
        assert client.get(f"/collections/buildings/items?bbox={box}").json()["numberMatched"] == matched


def test_paging_keeps_the_box(client: TestClient) -> None:
    west, south, east, north = client.get("/city").json()["bbox"]
    third = west + (east - west) * 0.3
    page = client.get(f"/collections/buildings/items?limit=2&bbox={west},{south},{third},{north}").json()
    (url,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    assert [f["id"] for f in client.get(url).json()["features"]] == ["with space"]


def test_collections_link_to_their_items(client: TestClient) -> None:
    (collection,) = client.get("/collections").json()["collections"]
    assert collection["id"] == "buildings"
    items = next(link["href"] for link in collection["links"] if link["rel"] == "items")
    assert client.get(items).json()["numberMatched"] == len(BOXES)
    assert client.get("/collections/buildings").json()["id"] == "buildings"
    assert any(c.endswith("/core") for c in client.get("/conformance").json()["conformsTo"])


@pytest.mark.parametrize(
    ("period", "heights"),
    [
        ("2024-06-01T00:00:00Z", [9.0]),
        ("2025-06-01T00:00:00Z", [12.0]),
        ("2023-06-01T00:00:00Z", []),
        ("2024-06-01T00:00:00Z/2025-06-01T00:00:00Z", [9.0, 12.0]),
        ("../2024-06-01T00:00:00Z", [9.0]),
        ("2025-06-01T00:00:00Z/..", [12.0]),
    ],
)
def test_items_of_a_time(client: TestClient, period: str, heights: list[float]) -> None:
    answer = client.get("/collections/buildings/items", params={"datetime": period}).json()
    found = [f for f in answer["features"] if f["id"] == "b/with/slashes"]
    assert [f["properties"]["measuredHeight"] for f in found] == heights


@pytest.mark.parametrize(
    "query",
    [
        "datetime=yesterday",
        "datetime=..",
        "datetime=1/2/3",
        "datetime=2025-01-01T00:00:00Z/2024-01-01T00:00:00Z",
        "datetime=0001-01-01T00:00:00%2B14:00",
        "datetime=9999-12-31T23:59:59-14:00",
        "bbox=120,50,130,30",
        "colour=red",
    ],
)
def test_what_items_cannot_answer_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/collections/buildings/items?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
