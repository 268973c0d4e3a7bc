"""Access tokens: hashed at rest, scoped, expiring, revocable."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twin import tokens
from twin.errors import TwinError


def test_a_token_is_found_by_its_text_and_by_nothing_else(tmp_path: Path) -> None:
    text = tokens.create(tmp_path, ["sta:write"], "gauges", 30)
    token = tokens.verify(tmp_path, text)
    assert token is not None
    assert (token.name, token.scopes) == ("gauges", ("sta:write",))
    assert token.allows("sta:write")
    assert not token.allows("alerts:write")
    for other in ("", "twin_", text[:-1], text + "x", text.upper(), "\ud800"):
        assert tokens.verify(tmp_path, other) is None


def test_admin_allows_every_scope(tmp_path: Path) -> None:
    token = tokens.verify(tmp_path, tokens.create(tmp_path, ["admin"], "root", None))
    assert token is not None
    assert token.expires_at is None
    assert all(token.allows(scope) for scope in tokens.SCOPES)


def test_the_text_is_not_kept_and_the_file_is_for_its_owner(tmp_path: Path) -> None:
    text = tokens.create(tmp_path, ["sta:write"], "a", 1)
    for path in tmp_path.iterdir():
        assert text.encode() not in path.read_bytes()
        assert text.removeprefix(tokens.PREFIX).encode() not in path.read_bytes()
    assert stat.S_IMODE((tmp_path / tokens.DATABASE).stat().st_mode) == 0o600


def test_two_tokens_differ_and_have_256_bits(tmp_path: Path) -> None:
    texts = {tokens.create(tmp_path, ["sta:read"], "a", 1) for _ in range(8)}
    assert len(texts) == 8
    assert all(len(text) == len(tokens.PREFIX) + 43 for text in texts)


def test_revoking_ends_a_token_at_once_in_this_process(tmp_path: Path) -> None:
    text = tokens.create(tmp_path, ["sta:write"], "a", 1)
    other = tokens.create(tmp_path, ["sta:write"], "b", 1)
    token = tokens.verify(tmp_path, text)
    assert token is not None
    tokens.revoke(tmp_path, token.id)
    assert tokens.verify(tmp_path, text) is None
    assert tokens.verify(tmp_path, other) is not None
    assert [t.revoked_at is None for t in tokens.list_(tmp_path)] == [False, True]
    with pytest.raises(TwinError, match="no token 99"):
        tokens.revoke(tmp_path, 99)


def test_revoking_elsewhere_is_heeded_when_the_cache_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tokens.create(tmp_path, ["sta:write"], "a", 1)
    token = tokens.verify(tmp_path, text)
    assert token is not None
    with tokens._open(tmp_path) as connection:  # as another process would
        connection.execute("UPDATE tokens SET revoked_at = 0")
    now = tokens.time.monotonic()
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now + tokens.CACHE_S + 0.1)
    assert tokens.verify(tmp_path, text) is None


def test_a_token_expires_even_while_it_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tokens.create(tmp_path, ["sta:write"], "a", 0.5)
    assert tokens.verify(tmp_path, text) is not None

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=1)

    monkeypatch.setattr(tokens, "datetime", Later)
    assert tokens.verify(tmp_path, text) is None


@pytest.mark.parametrize(
    ("scopes", "days"),
    [(["sta:all"], 1), ([], 1), (["sta:write"], 0), (["sta:write"], -1), (["sta:write"], 1e9)],
)
def test_what_cannot_be_a_token_is_refused(tmp_path: Path, scopes: list[str], days: float) -> None:
    with pytest.raises(TwinError):
        tokens.create(tmp_path, scopes, "a", days)
    assert tokens.list_(tmp_path) == []


def test_verifying_makes_no_file(tmp_path: Path) -> None:
    assert tokens.verify(tmp_path, "twin_x") is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TwinError, match="not a folder"):
        tokens.create(tmp_path / "nowhere", ["sta:write"], "a", 1)
