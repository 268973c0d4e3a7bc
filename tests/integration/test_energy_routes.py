"""The energy of a run over HTTP: values to colour by, buildings, loads, measures; what cannot be asked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.routes import energy
from api.settings import Settings
from tests.integration.energy_city import Found, street
from twin.runs import open_runs


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return Found(street(tmp_path_factory.mktemp("street")), shading=False, meters="none")


@pytest.fixture(scope="module")
def client(found: Found) -> TestClient:
    return TestClient(create_app(Settings(city=found.city)))


def got(client: TestClient, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def test_every_property_has_values_for_all_buildings(client: TestClient, found: Found) -> None:
    path = f"/energy/runs/{found.id}/values"
    told = got(client, path)["properties"]
    ids = [p["id"] for p in told]
    assert {"heating_per_area", "primary_per_area", "grade", "use", "year"} <= set(ids)
    assert "cost_per_area" not in ids  # nobody knows the prices
    table = found.table("buildings").set_index("id")
    for property in told:
        values = got(client, path, property=property["id"])
        assert sorted(values["ids"]) == sorted(table.index)
        assert property["title"]["ko"] and property["title"]["en"]
        if property["kind"] == "number":
            known = [v for v in values["values"] if v is not None]
            assert property["minimum"] <= property["low"] <= property["high"] <= property["maximum"]
            assert min(known) == pytest.approx(property["minimum"], rel=1e-3, abs=1e-3)
            assert property["unit"] and len(property["colors"]) == 10
        else:
            assert set(values["values"]) <= {c["value"] for c in property["classes"]}
    uses = next(p for p in told if p["id"] == "use")["classes"]
    values = got(client, path, property="use")
    named = {id: uses[v]["id"] for id, v in zip(values["ids"], values["values"], strict=True)}
    assert named == table["use"].to_dict()


def test_the_first_look_at_a_run_has_one_building_computed_beforehand(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    monkeypatch.setattr(energy, "building_answer", lambda run, id, hourly: computed.append(id))
    fresh = TestClient(create_app(Settings(city=found.city)))
    fresh.get("/city")
    assert computed == []
    for property in ({}, {"property": "year"}, {"property": "use"}):
        got(fresh, f"/energy/runs/{found.id}/values", **property)
    assert len(computed) == 1 and computed[0] in set(found.table("buildings")["id"])


def test_a_building_tells_all_of_itself(client: TestClient, found: Found) -> None:
    table = found.table("buildings").set_index("id")
    one = got(client, f"/energy/runs/{found.id}/buildings/flats", hourly=True)
    assert one["use"]["id"] == "apartment" and one["use"]["title"]["ko"] == "공동주택"
    for need in ("heating", "cooling", "hot_water"):
        assert one["need"][need] == pytest.approx(table.at["flats", need], rel=1e-4)
        assert sum(one["monthly"][need]) == pytest.approx(one["need"][need], rel=1e-3)
    assert one["origins"]["year"] == "attribute" and one["guesses"] == []
    hours = one["year_hourly"]
    assert len(hours["heating"]) == 8760 and sum(hours["heating"]) == pytest.approx(
        one["need"]["heating"], rel=1e-3
    )
    january = np.array(hours["heating"][: 31 * 24]).reshape(31, 24).mean(axis=0)
    np.testing.assert_allclose(one["typical"]["january"]["heating"], january, rtol=2e-3, atol=2e-3)
    envelope = found.table("envelope")
    area = envelope[(envelope["building"] == "flats") & (envelope["part"] == "wall")]["area"].sum()
    assert sum(r["area"] for r in one["envelope"] if r["part"] == "wall") == pytest.approx(area, rel=1e-5)
    wall = next(r for r in one["envelope"] if r["part"] == "wall" and r["boundary"] == "outside")
    assert wall["loss"] == pytest.approx(wall["area"] * wall["u_value"], rel=1e-4)
    assert {r["orientation"] for r in one["envelope"] if r["part"] == "wall"} == {"N", "E", "S", "W"}
    assert one["net"]["final"] == pytest.approx(one["final_total"] - one["pv"]["yield"], rel=1e-4)
    assert one["peers"] is None  # there are not enough flats to compare with
    assert one["measured"] is None


def test_lists_loads_and_blocks(client: TestClient, found: Found) -> None:
    path = f"/energy/runs/{found.id}"
    table = found.table("buildings").set_index("id")
    first = got(client, f"{path}/buildings", sort="heating_per_area", order="desc", limit=2)
    order = table["heating_per_area"].sort_values(ascending=False).index.tolist()
    assert first["total"] == len(table) and [b["id"] for b in first["buildings"]] == order[:2]
    guessed = got(client, f"{path}/buildings", guessed=True)
    assert [b["id"] for b in guessed["buildings"]] == ["unknown"]
    months = got(client, f"{path}/load", step="month")
    assert len(months["heating"]) == 12 and months["heating"][0] > months["heating"][6]
    curve = months["duration"]["net"]
    assert curve == sorted(curve, reverse=True)
    blocks = got(client, f"{path}/blocks")["blocks"]
    assert sum(b["buildings"] for b in blocks) == len(table)
    groups = got(client, f"{path}/load", group="block")["groups"]
    assert {g["id"] for g in groups} == {b["id"] for b in blocks}
    day = got(client, f"{path}/load", group="use", of="apartment", step="day")
    assert len(day["electricity"]) == 365
    used = table.loc[table["use"] == "apartment", "final_electricity"].sum()
    assert 24 * sum(day["electricity"]) == pytest.approx(used, rel=1e-3)


def test_a_retrofit_lowers_what_it_is_for_and_can_change_the_grade(client: TestClient, found: Found) -> None:
    measures = got(client, "/energy/measures", run=found.id)
    known = {m["id"]: m for m in measures["measures"]}
    assert known["wall_insulation"]["cost"] and known["wall_insulation"]["currency"] == "KRW"
    assert all(set(p["measures"]) <= set(known) for p in measures["packages"])
    asked = {"run": found.id, "buildings": ["home"], "measures": ["wall_insulation", "roof_insulation"]}
    done = client.post("/energy/retrofit", json=asked).json()
    before, after = done["before"], done["after"]
    table = found.table("buildings").set_index("id")
    for need in ("heating", "cooling"):
        assert before["need"][need] == pytest.approx(table.at["home", need], rel=1e-4)
    assert before["primary"] == pytest.approx(table.at["home", "primary"], rel=1e-4)
    assert before["co2"] == pytest.approx(table.at["home", "co2"], rel=1e-4)
    assert before["grade"] == (table.at["home", "grade"] or None)
    assert after["need"]["heating"] < 0.8 * before["need"]["heating"]
    assert after["u_values"]["wall"] < before["u_values"]["wall"]
    assert after["u_values"]["window"] == pytest.approx(before["u_values"]["window"])
    assert done["change"]["final"] < 0 and done["investment"] > 0
    assert done["investment"] == pytest.approx(sum(item["investment"] for item in done["items"]), rel=1e-5)
    assert sum(done["monthly"]["after"]["heating"]) == pytest.approx(after["need"]["heating"], rel=1e-4)
    better = client.post(
        "/energy/retrofit", json={**asked, "buildings": ["flats"], "measures": ["led"]}
    ).json()
    assert better["after"]["self_sufficiency"] > better["before"]["self_sufficiency"]


def test_a_curve_takes_the_cheapest_saving_first(client: TestClient, found: Found) -> None:
    ids = ["wall_insulation", "roof_insulation", "led"]
    asked = {"run": found.id, "buildings": ["shop"], "measures": ids, "grade": 5}
    done = client.post("/energy/retrofit/curve", json=asked).json()
    costs = [s["cost_per_kwh"] for s in done["steps"]]
    assert len(costs) >= 2 and costs == sorted(costs)
    assert done["reaches"] is None or 1 <= done["reaches"]["grade"] <= 5


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "words"),
    [
        ("GET", "/energy/runs/none/values", None, 404, "no run 'none'"),
        ("GET", "/energy/runs/{run}/values?property=beauty", None, 400, "has no 'beauty'"),
        ("GET", "/energy/runs/{run}/buildings/nobody", None, 404, "no building 'nobody'"),
        ("GET", "/energy/runs/{run}/buildings?sort=beauty", None, 400, "sorted by"),
        ("GET", "/energy/runs/{run}/load?group=block&of=nowhere", None, 404, "nowhere"),
        ("POST", "/energy/retrofit", {"measures": ["led"]}, 400, "buildings, or a block"),
        ("POST", "/energy/retrofit", {"buildings": ["home"], "measures": []}, 400, "name at least one"),
        ("POST", "/energy/retrofit", {"buildings": ["home"], "measures": ["magic"]}, 400, "'magic'"),
        ("POST", "/energy/retrofit", {"buildings": ["nobody"], "measures": ["led"]}, 404, "'nobody'"),
        (
            "POST",
            "/energy/retrofit",
            {"buildings": ["home"], "measures": ["windows_double", "windows_triple"]},
            400,
            "exclude one another",
        ),
    ],
)
def test_what_cannot_be_answered_is_a_problem_in_one_line(
    client: TestClient,
    found: Found,
    method: str,
    path: str,
    content: dict[str, Any] | None,
    status: int,
    words: str,
) -> None:
    body = None if content is None else {"run": found.id, **content}
    answer = client.request(method, path.format(run=found.id), json=body)
    assert answer.status_code == status
    assert words in answer.json()["detail"] and "\n" not in answer.json()["detail"]


def test_a_run_of_another_model_is_refused(client: TestClient, found: Found) -> None:
    from twin.runs import open_runs

    with open_runs(found.city) as runs:
        other = runs.create("sun", "1", {}, "digest").id
        waiting = runs.create("energy", "1", {}, "digest").id
    for id, words in ((other, "of the model sun"), (waiting, "is accepted")):
        answer = client.get(f"/energy/runs/{id}/values")
        assert answer.status_code == 400 and words in answer.json()["detail"]


def test_a_run_whose_results_were_removed_is_not_answered_for(found: Found, tmp_path: Path) -> None:
    city = tmp_path / "x.twin"
    shutil.copytree(found.city, city)
    client = TestClient(create_app(Settings(city=city)))
    got(client, f"/energy/runs/{found.id}/load")
    with open_runs(city) as runs:
        runs.dismiss(found.id)
    for door in ("load", "values", "blocks"):
        gone = client.get(f"/energy/runs/{found.id}/{door}")
        assert gone.status_code == 400
        assert "is dismissed" in gone.json()["detail"]
