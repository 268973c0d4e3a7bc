"""Tokens, scopes and rates, and the commands that make tokens."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api import auth, rates
from api.auth import READ, WRITE, Guard, authorize, require, token_of
from api.cli import command_line
from tests.unit.models import city, write
from twin import tokens
from twin.errors import Forbidden, NotAuthorized, TooMany
from twin.ingest import add_files


@dataclass
class Settings:
    city: Path
    public_read: bool = True
    rate_limit: float = 0.0


def test_who_may_read_and_write(tmp_path: Path) -> None:
    writer = tokens.create(tmp_path, [WRITE], "w", None)
    reader = tokens.create(tmp_path, [READ], "r", None)
    admin = tokens.create(tmp_path, ["admin"], "a", None)
    public, closed = Guard(Settings(tmp_path)), Guard(Settings(tmp_path, public_read=False))
    assert public.check(None, READ) is None
    for guard in (public, closed):
        for token in (writer, reader, admin):
            assert guard.check(token, READ) is not None
        for token in (writer, admin):
            assert guard.check(token, WRITE) is not None
        with pytest.raises(Forbidden):
            guard.check(reader, WRITE)
        with pytest.raises(NotAuthorized):
            guard.check(None, WRITE)
        with pytest.raises(NotAuthorized):
            guard.check(writer + "x", READ)
    with pytest.raises(NotAuthorized):
        closed.check(None, READ)


def test_a_revoked_token_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tokens.create(tmp_path, [WRITE], "w", None)
    guard = Guard(Settings(tmp_path))
    assert guard.check(text, WRITE)
    tokens.revoke(tmp_path, tokens.list_(tmp_path)[0].id)
    later = auth.time.monotonic() + 1
    monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: later))
    with pytest.raises(NotAuthorized):
        guard.check(text, WRITE)


def test_rates_are_counted_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: now))
    guard = Guard(Settings(tmp_path, rate_limit=5.0))
    for _ in range(10):  # two seconds' worth at once
        guard.check(None, READ, "1.1.1.1")
    with pytest.raises(TooMany):
        guard.check(None, READ, "1.1.1.1")
    guard.check(None, READ, "2.2.2.2")
    now += 0.4
    for _ in range(2):
        guard.check(None, READ, "1.1.1.1")
    with pytest.raises(TooMany):
        guard.check(None, READ, "1.1.1.1")


def test_addresses_that_went_away_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(rates, "_MOST_BUCKETS", 50)
    guard = Guard(Settings(tmp_path, rate_limit=5.0))
    for n in range(200):
        now += 1
        guard.check(None, READ, str(n))
    assert len(guard.rates.buckets) <= 50


def test_where_a_token_stands() -> None:
    assert token_of("Bearer abc") == "abc"
    assert token_of("bearer  abc ") == "abc"
    assert token_of("Basic " + base64.b64encode(b"anyone:abc").decode()) == "abc"
    for none in (
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic !",
        "Basic " + base64.b64encode(b"\xff").decode(),
        "X y",
    ):
        assert token_of(none) is None


def test_as_a_dependency_of_routes(tmp_path: Path) -> None:
    app = FastAPI()
    app.state.settings = Settings(tmp_path)

    @app.get("/", dependencies=[Depends(require("alerts:write"))])
    def route() -> str:
        return "done"

    client = TestClient(app)
    right = tokens.create(tmp_path, ["alerts:write"], "right", None)
    wrong = tokens.create(tmp_path, [WRITE], "wrong", None)
    for token, status in ((None, 401), ("nonsense", 401), (wrong, 403), (right, 200)):
        answer = client.get("/", headers={"Authorization": f"Bearer {token}"} if token else {})
        assert answer.status_code == status
        assert ("www-authenticate" in answer.headers) == (status != 200)
    assert authorize(app.state, right, "alerts:write") is not None


def test_commands(tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    add_files(folder, [write(tmp_path / "source.json", city({"a": (0.0, 0.0, 5.0)}))])
    run = CliRunner().invoke
    commands = command_line()
    made = run(commands, ["token", "create", str(folder), "--scope", WRITE, "--name", "pump", "--days", "7"])
    assert made.exit_code == 0, made.output
    text = made.stdout.rstrip("\n").rpartition("\n")[2]
    known = tokens.verify(folder, text)
    assert known is not None and known.scopes == (WRITE,)
    assert (folder / "access.db").stat().st_mode & 0o077 == 0
    listed = run(commands, ["token", "list", str(folder), "--json"])
    (entry,) = json.loads(listed.stdout)["tokens"]
    assert (entry["name"], entry["valid"]) == ("pump", True)
    assert text not in listed.stdout
    assert "pump" in run(commands, ["token", "list", str(folder)]).stdout
    assert run(commands, ["token", "revoke", str(folder), str(entry["id"])]).exit_code == 0
    assert tokens.verify(folder, text) is None
    assert run(commands, ["token", "create", str(folder), "--scope", "everything"]).exit_code != 0
