"""Webhooks over a real network of this machine: delivered, tried again, hanging, redirected, refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.unit.alert_models import add_thing, append
from twin.alerts import delivery
from twin.alerts.delivery import outbox
from twin.alerts.engine import AlertEngine
from twin.alerts.rules import parse_rule
from twin.alerts.webhooks import Webhook, new_secret
from twin.observations.store import Observations, open_observations

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
RULE = parse_rule(
    "high",
    {
        "title": {"ko": "높음", "en": "High"},
        "select": {"property": "water level"},
        "condition": {"kind": "threshold", "operator": ">", "value": 2},
    },
)


class Receiver:
    """A server that keeps what is posted to it. answers: what to answer to each path, one after another."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: dict[str, list[int]] = {}
        self.hold = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                if self.path == "/hang":
                    outer.hold.wait(20)
                planned = outer.answers.get(self.path, [])
                self.send_response(planned.pop(0) if planned else 204)
                if self.path == "/elsewhere":
                    self.send_header("location", "/landed")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.hold.set()
    made.server.shutdown()


@pytest.fixture
def obs(tmp_path: Path) -> Iterator[Observations]:
    with open_observations(tmp_path) as observations:
        yield observations


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_FIRST_S", 0.05)


def until(true: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def hook(name: str, url: str) -> Webhook:
    return Webhook(name=name, url=url, secret=new_secret())


def engine(obs: Observations, *hooks: Webhook, networks=LOOPBACK, timeout_s: float = 5.0) -> AlertEngine:
    made = AlertEngine(obs, obs.path.parent, networks, timeout_s)
    made.set_webhooks(hooks)
    made.set_rule(RULE)
    made.start()
    return made


def deliveries(obs: Observations) -> dict[str, dict[str, Any]]:
    with obs.connection() as connection:
        return outbox(connection)


def test_delivered_signed_and_in_order(obs: Observations, receiver: Receiver) -> None:
    (a,) = add_thing(obs, "gauge")
    target = hook("all", receiver.url + "/x?key=1")
    running = engine(obs, target)
    now = time.time()
    append(obs, a, [(now - 2, 3), (now - 1, 1)])
    until(lambda: len(receiver.got) == 2)
    until(lambda: deliveries(obs)["all"]["delivered"] == 2)
    running.stop()
    types = []
    for path, headers, body in receiver.got:
        assert path == "/x?key=1"
        assert headers["content-type"] == "application/json"
        assert headers["host"] == receiver.url.removeprefix("http://")
        key = base64.b64decode(target.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        types.append(json.loads(body)["type"])
    assert types == ["alert.raised", "alert.cleared"]
    assert json.loads(receiver.got[0][2])["data"]["title"]["ko"] == "높음"


def test_failures_are_tried_again_with_the_same_id(obs: Observations, receiver: Receiver) -> None:
    (a,) = add_thing(obs, "gauge")
    receiver.answers["/flaky"] = [500, 404, 302]
    running = engine(obs, hook("flaky", receiver.url + "/flaky"))
    append(obs, a, [(time.time(), 3)])
    until(lambda: deliveries(obs).get("flaky", {}).get("delivered") == 1)
    running.stop()
    assert receiver.paths() == ["/flaky"] * 4
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1


def test_redirects_are_not_followed(obs: Observations, receiver: Receiver) -> None:
    (a,) = add_thing(obs, "gauge")
    receiver.answers["/elsewhere"] = [307, 307, 307]
    running = engine(obs, hook("moved", receiver.url + "/elsewhere"))
    append(obs, a, [(time.time(), 3)])
    until(lambda: len(receiver.got) >= 3)
    running.stop()
    assert set(receiver.paths()) == {"/elsewhere"}


def test_a_hanging_webhook_blocks_nobody(obs: Observations, receiver: Receiver) -> None:
    (a,) = add_thing(obs, "gauge")
    running = engine(
        obs, hook("hangs", receiver.url + "/hang"), hook("works", receiver.url + "/ok"), timeout_s=0.5
    )
    start = time.time()
    for n in range(6):
        append(obs, a, [(start + n / 100, 3 if n % 2 == 0 else 1)])
    until(lambda: receiver.paths().count("/ok") == 6)
    until(lambda: "no answer within" in (deliveries(obs)["hangs"]["error"] or ""))
    running.stop()
    assert deliveries(obs)["hangs"]["pending"] == 6, "nothing is lost while it hangs"
    receiver.hold.set()
    again = AlertEngine(obs, obs.path.parent, LOOPBACK, 5)
    again.start()
    until(lambda: deliveries(obs)["hangs"]["delivered"] == 6)
    again.stop()


def test_what_was_not_delivered_goes_out_after_a_restart(obs: Observations, receiver: Receiver) -> None:
    (a,) = add_thing(obs, "gauge")
    stopped = AlertEngine(obs, obs.path.parent, LOOPBACK)
    stopped.set_webhooks([hook("later", receiver.url + "/later")])
    stopped.set_rule(RULE)
    stopped.step()
    append(obs, a, [(time.time(), 3)])
    stopped.step()
    assert receiver.got == []
    running = AlertEngine(obs, obs.path.parent, LOOPBACK)
    running.start()
    until(lambda: deliveries(obs)["later"]["delivered"] == 1)
    running.stop()
    assert receiver.paths() == ["/later"]


def test_inner_addresses_are_refused_unless_named(obs: Observations, receiver: Receiver) -> None:
    (a,) = add_thing(obs, "gauge")
    port = receiver.server.server_port
    running = engine(
        obs, hook("number", receiver.url), hook("name", f"http://localhost:{port}/"), networks=()
    )
    append(obs, a, [(time.time(), 3)])
    until(lambda: [("inner address" in (d["error"] or "")) for d in deliveries(obs).values()] == [True] * 2)
    running.stop()
    assert receiver.got == []


def test_given_up_after_the_last_attempt(
    obs: Observations, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ATTEMPTS", 3)
    (a,) = add_thing(obs, "gauge")
    receiver.answers["/never"] = [503] * 9
    running = engine(obs, hook("never", receiver.url + "/never"))
    append(obs, a, [(time.time(), 3)])
    until(lambda: deliveries(obs).get("never", {}).get("failed") == 1)
    running.stop()
    assert receiver.paths() == ["/never"] * 3
    assert deliveries(obs)["never"]["error"] == "answered 503"
