"""Which block of a run first, over HTTP: by what a kilowatt hour saved costs in it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.routes import energy
from api.settings import Settings
from tests.integration.energy_city import Found, street


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Without modules on the roofs, so that they can be a measure."""
    city = street(tmp_path_factory.mktemp("street"))
    return Found(city, shading=False, meters="none", pv=False, method="5r1c")


@pytest.fixture(scope="module")
def client(found: Found) -> TestClient:
    return TestClient(create_app(Settings(city=found.city)))


def ranked(client: TestClient, found: Found, *measures: str) -> dict[str, Any]:
    answer = client.post("/energy/retrofit/blocks", json={"run": found.id, "measures": measures})
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def test_blocks_come_by_the_cost_of_a_kilowatt_hour_and_add_up_to_their_retrofits(
    client: TestClient, found: Found
) -> None:
    told = ranked(client, found, "led", "wall_insulation")
    blocks = told["blocks"]
    table = found.table("buildings")
    assert {block["id"]: block["buildings"] for block in blocks} == table["block"].value_counts().to_dict()
    costs = [block["cost_per_kwh"] for block in blocks]
    assert costs == sorted(costs) and None not in costs
    assert told["currency"] == "KRW" and told["unknown_costs"] == []
    for block in blocks:
        asked = {"run": found.id, "block": block["id"], "measures": ["led", "wall_insulation"]}
        alone = client.post("/energy/retrofit", json=asked).json()
        saved = alone["before"]["net"]["final"] - alone["after"]["net"]["final"]
        assert block["saved_final"] == pytest.approx(saved, rel=1e-3)
        assert block["investment"] == pytest.approx(alone["investment"], rel=1e-4)


def test_modules_save_what_they_make(client: TestClient, found: Found) -> None:
    told = ranked(client, found, "pv")
    assert told["unknown_costs"] == ["pv"]
    for block in told["blocks"]:
        asked = {"run": found.id, "block": block["id"], "measures": ["pv"]}
        made = client.post("/energy/retrofit", json=asked).json()["after"]["pv"]["yield"]
        assert made > 100.0
        assert block["saved_final"] == pytest.approx(made, rel=1e-3)
        assert block["saved_primary"] > made
        assert block["cost_per_kwh"] is None and block["investment"] is None


@pytest.mark.parametrize(
    ("measures", "status", "part"),
    [
        ([], 400, "measures"),
        (["magic"], 400, "'magic'"),
        (["windows_double", "windows_triple"], 400, "windows"),
    ],
)
def test_what_cannot_be_ranked_is_said(
    client: TestClient, found: Found, measures: list[str], status: int, part: str
) -> None:
    answer = client.post("/energy/retrofit/blocks", json={"run": found.id, "measures": measures})
    assert answer.status_code == status
    assert part in answer.text


def test_a_city_too_large_to_rank_at_once_is_refused(
    client: TestClient, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(energy, "MOST_RANKED", 3)
    answer = client.post("/energy/retrofit/blocks", json={"run": found.id, "measures": ["led"]})
    assert answer.status_code == 400
    assert "up to 3 buildings" in answer.json()["detail"]
