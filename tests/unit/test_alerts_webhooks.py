"""Webhooks without a network: signatures, allowed addresses, the list's file, and how long to wait."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from twin.alerts.delivery import backoff
from twin.alerts.webhooks import (
    FILE,
    Webhook,
    headers,
    is_allowed,
    new_secret,
    parse_networks,
    parse_webhooks,
    read_webhooks,
    sign,
    write_webhooks,
)
from twin.errors import QueryError, TwinError


def test_the_signature_is_that_of_the_specification() -> None:
    """The example that the libraries of Standard Webhooks are tested with."""
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_headers_name_the_message_and_the_time_that_are_signed() -> None:
    hook = Webhook(name="a", url="https://example.org/", secret=new_secret())
    given = headers(hook, "alert_7", 1000, b"{}")
    assert given["webhook-id"] == "alert_7"
    assert given["webhook-timestamp"] == "1000"
    assert given["webhook-signature"] == sign(hook.secret, "alert_7", 1000, b"{}")
    assert given["webhook-signature"] != headers(hook, "alert_7", 1001, b"{}")["webhook-signature"]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
    ],
)
def test_only_public_addresses(address: str, allowed: bool) -> None:
    assert is_allowed(address, ()) is allowed


def test_inner_networks_by_name_only() -> None:
    networks = parse_networks(["10.1.0.0/16", " ::1/128"])
    assert is_allowed("10.1.2.3", networks)
    assert is_allowed("::ffff:10.1.2.3", networks)
    assert is_allowed("::1", networks)
    assert not is_allowed("10.2.0.1", networks)
    with pytest.raises(TwinError, match=r"10\.1\.0\.0/16"):
        parse_networks(["10.1.2.3/16"])


def test_waiting_doubles_to_an_hour_and_differs() -> None:
    assert [backoff(n, 1) for n in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert backoff(1, 0) == 2.5
    assert backoff(15, 1) == backoff(500, 1) == 3600


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    hooks = [Webhook(name="a", url="https://example.org/x?y=1", secret=new_secret(), rules=["r"])]
    assert read_webhooks(tmp_path) == []
    write_webhooks(tmp_path, hooks)
    write_webhooks(tmp_path, hooks)
    assert read_webhooks(tmp_path) == hooks
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("text", ["", "[]", '{"webhooks": [{"name": "a"}]}', '{"webhooks": 3}'])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(TwinError, match=FILE):
        read_webhooks(tmp_path)


def test_a_secret_is_kept_made_or_given() -> None:
    known = [Webhook(name="a", url="https://example.org/", secret=new_secret())]
    own = new_secret()
    parsed = parse_webhooks(
        {
            "webhooks": [
                {"name": "a", "url": "https://example.org/2"},
                {"name": "b", "url": "https://example.org/"},
                {"name": "c", "url": "https://example.org/", "secret": own},
            ]
        },
        known,
    )
    assert parsed[0].secret == known[0].secret
    assert parsed[1].secret.startswith("whsec_")
    assert len({hook.secret for hook in parsed}) == 3
    assert parsed[2].secret == own


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "a", "url": "ftp://example.org/"}, "http"),
        ({"name": "a", "url": "https:///x"}, "http"),
        ({"name": "a", "url": "https://example.org:99999/"}, "url"),
        ({"name": "a", "url": "https://me:pw@example.org/"}, "password"),
        ({"name": "a", "url": "https://example.org/", "secret": "short"}, "24 to 64"),
        ({"name": "a b", "url": "https://example.org/"}, "name"),
        ({"name": "a", "url": "https://example.org/", "odd": 1}, "odd"),
        (3, "JSON object"),
    ],
)
def test_what_is_wrong_is_named(entry, message) -> None:
    with pytest.raises(QueryError, match=message):
        parse_webhooks({"webhooks": [entry]}, [])


def test_names_are_single() -> None:
    twice = {"webhooks": [{"name": "a", "url": "https://example.org/"}] * 2}
    with pytest.raises(QueryError, match="one name"):
        parse_webhooks(twice, [])
    with pytest.raises(QueryError, match="webhooks"):
        parse_webhooks([], [])
