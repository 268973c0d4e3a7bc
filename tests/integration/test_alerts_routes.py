"""Alerts, quality, health and anomalies by HTTP: shapes, scopes, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from tests.integration.live_server import live, make_app
from tests.unit.alert_models import add_thing, append
from twin import tokens

RULE = {
    "title": {"ko": "높음", "en": "High"},
    "severity": "critical",
    "select": {"property": "water level"},
    "condition": {"kind": "threshold", "operator": ">", "value": 2},
}
ALERT = {
    "id", "rule", "title", "severity", "state", "thing", "datastream", "object_id", "value", "unit",
    "threshold", "time", "raised_at", "acknowledged_at", "cleared_at", "history",
}  # fmt: skip


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[SimpleNamespace]:
    with live(tmp_path) as made:
        yield made


@pytest.fixture
def client(parts: SimpleNamespace, tmp_path: Path) -> TestClient:
    return TestClient(make_app(tmp_path, parts))


def bearer(folder: Path, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.create(folder, scopes, 'control room', 1)}"}


@pytest.fixture
def crew(tmp_path: Path) -> dict[str, str]:
    return bearer(tmp_path, "alerts:write")


@pytest.fixture
def admin(tmp_path: Path) -> dict[str, str]:
    return bearer(tmp_path, "admin")


def alerts(client: TestClient, **query) -> list[dict]:
    answer = client.get("/alerts", params=query)
    assert answer.status_code == 200
    return answer.json()["alerts"]


def until_alerts(client: TestClient, count: int, **query) -> list[dict]:
    end = time.monotonic() + 10
    while len(found := alerts(client, **query)) < count:
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_from_rule_to_acknowledgement(client: TestClient, parts: SimpleNamespace, crew) -> None:
    a, b = (add_thing(parts.observations, name)[0] for name in "ab")
    assert client.put("/alerts/rules/high", json=RULE, headers=crew).status_code == 200
    append(parts.observations, a, [(time.time() - 5, 3)])
    (alert,) = until_alerts(client, 1, state="open")
    assert set(alert) == ALERT
    assert (alert["rule"], alert["state"], alert["datastream"], alert["value"]) == ("high", "raised", a, 3)
    seen = client.post(f"/alerts/{alert['id']}/acknowledge", headers=crew)
    assert seen.json()["state"] == "acknowledged"
    assert seen.json()["history"][1]["who"] == "control room"
    noted = client.post(f"/alerts/{alert['id']}/acknowledge", headers=crew, json={"note": "again"})
    assert noted.status_code == 200
    append(parts.observations, b, [(time.time() - 4, 3)])
    append(parts.observations, a, [(time.time() - 3, 1)])
    (cleared,) = until_alerts(client, 1, state="cleared")
    assert cleared["id"] == alert["id"]
    assert [x["datastream"] for x in alerts(client, state="open")] == [b]
    assert client.get(f"/alerts/{alert['id']}").json() == cleared
    assert client.post(f"/alerts/{alert['id']}/acknowledge", headers=crew).status_code == 409
    assert [x["id"] for x in alerts(client, limit=1, before=2)] == [1]
    assert alerts(client, rule="other") == []


def test_rules_by_name(client: TestClient, crew) -> None:
    stored = client.put("/alerts/rules/high", json=RULE, headers=crew).json()
    assert stored["name"] == "high"
    assert client.get("/alerts/rules/high").json() == stored
    assert client.get("/alerts/rules").json() == {"rules": [stored]}
    assert client.put("/alerts/rules/high", json=stored, headers=crew).json() == stored
    bad = client.put("/alerts/rules/bad", json={**RULE, "severity": "dire"}, headers=crew)
    assert bad.status_code == 400
    assert "severity" in bad.json()["detail"]
    assert client.put("/alerts/rules/bad", json=[1], headers=crew).status_code == 400
    assert client.delete("/alerts/rules/high", headers=crew).status_code == 200
    assert client.delete("/alerts/rules/high", headers=crew).status_code == 404
    assert client.get("/alerts/rules/high").status_code == 404


def test_webhooks_show_a_secret_once(client: TestClient, admin) -> None:
    body = {"webhooks": [{"name": "a", "url": "https://example.org/"}]}
    made = client.put("/alerts/webhooks", json=body, headers=admin).json()["webhooks"][0]
    assert made["secret"].startswith("whsec_")
    again = client.put("/alerts/webhooks", json=body, headers=admin).json()["webhooks"][0]
    assert "secret" not in again
    (listed,) = client.get("/alerts/webhooks", headers=admin).json()["webhooks"]
    assert (listed["name"], listed["pending"], "secret" in listed) == ("a", 0, False)
    assert (
        client.put("/alerts/webhooks", json={"webhooks": [{"name": "a"}]}, headers=admin).status_code == 400
    )


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("PUT", "/alerts/rules/x", "alerts:write"),
        ("DELETE", "/alerts/rules/x", "alerts:write"),
        ("POST", "/alerts/1/acknowledge", "alerts:write"),
        ("GET", "/alerts/webhooks", "admin"),
        ("PUT", "/alerts/webhooks", "admin"),
        ("PUT", "/quality/rules/1", "sta:write"),
        ("DELETE", "/quality/rules/1", "sta:write"),
    ],
)
def test_scopes(client: TestClient, tmp_path: Path, method: str, path: str, needed: str) -> None:
    others = [scope for scope in ("sta:write", "alerts:write", "sta:read") if scope != needed]
    assert client.request(method, path, json={}).status_code == 401
    assert client.request(method, path, json={}, headers=bearer(tmp_path, *others)).status_code == 403
    allowed = client.request(method, path, json={}, headers=bearer(tmp_path, needed))
    assert allowed.status_code not in (401, 403)


def test_reading_needs_a_token_where_the_city_says_so(parts: SimpleNamespace, tmp_path: Path) -> None:
    private = TestClient(make_app(tmp_path, parts, public_read=False))
    for path in (
        "/alerts",
        "/alerts/rules",
        "/quality",
        "/quality/rules",
        "/health/devices",
        "/anomalies",
        "/events",
    ):
        assert private.get(path).status_code == 401
    assert private.get("/alerts", headers=bearer(tmp_path, "sta:read")).status_code == 200


def test_quality_lists_flagged_readings_by_the_rules(
    client: TestClient, parts: SimpleNamespace, tmp_path: Path
) -> None:
    (a,) = add_thing(parts.observations, "air", "PM2.5", "µg/m³")
    writer = bearer(tmp_path, "sta:write")
    suggested = client.get(f"/quality/rules/{a}").json()
    assert suggested["rules"] is None
    assert suggested["suggestion"]["rules"]["minimum"] == 0
    put = client.put(f"/quality/rules/{a}", json=suggested["suggestion"]["rules"], headers=writer)
    assert put.status_code == 200
    assert client.get("/quality/rules").json()["rules"][0]["rules"] == put.json()["rules"]
    now = time.time()
    append(parts.observations, a, [(now - 3, 10), (now - 2, -1), (now - 1, 12), (now - 1, 13)])
    body = client.get("/quality").json()
    assert [(o["value"], o["flags"]) for o in body["observations"]] == [(13, ["duplicate"]), (-1, ["range"])]
    first = body["observations"][0]
    assert (first["datastream"], first["thing_name"], first["unit"]) == (a, "air", "µg/m³")
    assert abs(first["time"] - (now - 1) * 1000) < 2
    page = client.get("/quality", params={"limit": 1}).json()
    rest = client.get("/quality", params={"limit": 1, "before": page["next"]}).json()
    assert [o["flags"] for o in (*page["observations"], *rest["observations"])] == [["duplicate"], ["range"]]
    chosen = client.get("/quality", params={"flag": ["range", "stuck"], "datastream": a}).json()
    assert [o["value"] for o in chosen["observations"]] == [-1]
    assert client.get("/quality", params={"from": "2100-01-01T00:00:00Z"}).json()["observations"] == []
    assert client.get("/quality", params={"flag": "odd"}).status_code == 400
    assert client.get("/quality", params={"from": "soon"}).status_code == 400
    assert client.put("/quality/rules/99", json={}, headers=writer).status_code == 404
    assert client.put(f"/quality/rules/{a}", json={"odd": 1}, headers=writer).status_code == 400
    assert client.delete(f"/quality/rules/{a}", headers=writer).json()["rules"] is None
    assert client.get("/quality/rules").json() == {"rules": []}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/alerts?before=99999999999999999999", ""),
        ("GET", "/alerts?state=odd", ""),
        ("GET", "/alerts/99999999999999999999", ""),
        ("GET", "/quality?datastream=0", ""),
        ("GET", "/health/devices?thing=99999999999999999999", ""),
        ("GET", "/anomalies?threshold=nan", ""),
        ("PUT", "/alerts/rules/x", "[" * 9999 + "]" * 9999),
        ("PUT", "/alerts/rules/x", '{"title": {"ko": "\\ud800", "en": "b"}}'),
        ("PUT", "/alerts/rules/x", '{"select": {"datastreams": [1%s]}}' % ("0" * 400)),
        ("PUT", "/alerts/webhooks", '{"webhooks": [{"name": [], "url": "http://example.org"}]}'),
        ("PUT", "/alerts/webhooks", '{"webhooks": [{"name": "a", "url": "http://[::1"}]}'),
        ("PUT", "/quality/rules/1", '{"minimum": NaN}'),
        ("PUT", "/quality/rules/1", '{"not_before": "0000-01-01T00:00:00Z"}'),
    ],
)
def test_nonsense_is_refused_with_a_reason(
    client: TestClient, admin, method: str, path: str, body: str
) -> None:
    answer = client.request(method, path, content=body, headers=admin | {"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_devices(client: TestClient, parts: SimpleNamespace) -> None:
    (a,) = add_thing(parts.observations, "gauge", properties={"battery": 80})
    append(parts.observations, a, [(time.time(), 1)])
    body = client.get("/health/devices").json()
    (device,) = body["devices"]
    assert (body["total"], device["name"], device["state"], device["battery"]) == (1, "gauge", "ok", 80)
    assert abs(device["last_seen"] / 1000 - time.time()) < 30
    assert client.get("/health/devices", params={"thing": 99}).json() == {"total": 0, "devices": []}


def test_anomalies_with_the_band_that_was_expected(client: TestClient, parts: SimpleNamespace) -> None:
    (a,) = add_thing(parts.observations, "gauge")
    end = int(time.time()) // 3600 * 3600
    weeks = [(end - n * 7 * 86_400, 10 + n % 3) for n in range(1, 8)]
    append(parts.observations, a, [*weeks, (end, 40)])
    body = client.get("/anomalies", params={"property": "WATER level"}).json()
    (found,) = body["anomalies"]
    assert (found["datastream"], found["time"], found["value"]) == (a, end * 1000, 40)
    assert found["expected"][0] < found["median"] < found["expected"][1] < 40
    assert found["z"] > body["threshold"] == 3.5
    assert (body["examined"], body["next"]) == (1, None)
    assert client.get("/anomalies", params={"datastream": [a], "threshold": 1000}).json()["anomalies"] == []
    assert client.get("/anomalies", params={"property": "other"}).json()["examined"] == 0
