"""What users looked at: kept under an id that is not kept, bounded, expiring, gone when deleted."""

from __future__ import annotations

import stat
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from twin import looks
from twin.errors import EntityNotFound, StorageFull, TwinError
from twin.looks import DATABASE, Looks


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_what_is_kept_is_read_back_rounded_and_nothing_else(tmp_path: Path) -> None:
    kept = Looks(tmp_path)
    id, first = kept.keep("building-1", (35.123456, 128.987654))
    same, both = kept.keep("building-2", None, id)
    assert same == id
    assert len(bytes.fromhex(id)) == 16
    assert [look.object for look in both.looks] == ["building-2", "building-1"]
    assert (both.looks[1].latitude, both.looks[1].longitude) == (35.1235, 128.9877)
    assert (both.looks[0].latitude, both.looks[0].longitude) == (None, None)
    assert all(look.time % 60 == 0 for look in both.looks)
    assert kept.read(id).looks == both.looks
    assert first.looks == both.looks[1:]


def test_the_id_is_not_kept_and_the_file_is_for_its_owner(tmp_path: Path) -> None:
    id, _ = Looks(tmp_path).keep("building-1")
    assert id.encode() not in on_disk(tmp_path)
    assert bytes.fromhex(id) not in on_disk(tmp_path)
    assert stat.S_IMODE((tmp_path / DATABASE).stat().st_mode) == 0o600


def test_ids_differ_and_lead_to_nobody_else(tmp_path: Path) -> None:
    kept = Looks(tmp_path)
    ids = [kept.keep(f"o-{n}")[0] for n in range(5)]
    assert len(set(ids)) == 5
    for n, id in enumerate(ids):
        assert [look.object for look in kept.read(id).looks] == [f"o-{n}"]
    for other in ("", "0" * 32, ids[0].upper() + "x", "\ud800"):
        with pytest.raises(EntityNotFound):
            kept.read(other)


def test_deleting_leaves_nothing_in_the_file(tmp_path: Path) -> None:
    kept = Looks(tmp_path)
    id, _ = kept.keep("a-rare-object-name", (35.1, 129.0))
    other, _ = kept.keep("b")
    assert b"a-rare-object-name" in on_disk(tmp_path)
    kept.forget(id)
    assert b"a-rare-object-name" not in on_disk(tmp_path)
    with pytest.raises(EntityNotFound):
        kept.read(id)
    with pytest.raises(EntityNotFound):
        kept.keep("c", None, id)
    assert kept.read(other).looks
    assert kept.counts() == {"users": 1, "looks": 1}


def test_looks_expire_and_are_then_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Looks(tmp_path)
    clock = [1_000_000_000.0]
    monkeypatch.setattr(looks, "time", SimpleNamespace(time=lambda: clock[0]))
    long, of_long = kept.keep("long-lived-object")
    short, _ = kept.keep("short-lived-object", days=2)
    assert of_long.expires == 1_000_000_000 + 30 * 86_400
    clock[0] += 1.9 * 86_400
    kept.keep("short-lived-object", None, short)
    clock[0] += 1.9 * 86_400
    assert len(kept.read(short).looks) == 2
    clock[0] += 0.2 * 86_400
    with pytest.raises(EntityNotFound):
        kept.read(short)
    assert b"short-lived-object" not in on_disk(tmp_path)
    kept.keep("another", None, long)
    assert len(kept.read(long).looks) == 2


def test_a_sweep_deletes_what_has_expired_and_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Looks(tmp_path)
    kept.sweep()
    assert not list(tmp_path.iterdir())
    id, _ = kept.keep("long-lived-object")
    kept.keep("short-lived-object", days=1)
    kept.sweep()
    assert b"short-lived-object" in on_disk(tmp_path)
    later = time.time() + 2 * 86_400
    monkeypatch.setattr(looks, "time", SimpleNamespace(time=lambda: later))
    kept.sweep()
    assert b"short-lived-object" not in on_disk(tmp_path)
    assert len(kept.read(id).looks) == 1


def test_a_user_has_so_many_looks_and_a_city_so_many_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "MOST_LOOKS", 3)
    monkeypatch.setattr(looks, "MOST_USERS", 2)
    kept = Looks(tmp_path)
    id, _ = kept.keep("o-0")
    for n in range(1, 6):
        kept.keep(f"o-{n}", None, id)
    assert [look.object for look in kept.read(id).looks] == ["o-5", "o-4", "o-3"]
    kept.keep("x")
    with pytest.raises(StorageFull, match="2 users"):
        kept.keep("y")
    kept.keep("z", None, id)
    assert kept.counts() == {"users": 2, "looks": 4}


@pytest.mark.parametrize("days", [0, -1, 30.1, float("nan"), float("inf")])
def test_days_are_bounded(tmp_path: Path, days: float) -> None:
    kept = Looks(tmp_path)
    with pytest.raises(TwinError, match="days"):
        kept.keep("o", days=days)
    assert kept.counts() == {"users": 0, "looks": 0}


def test_several_write_at_the_same_time(tmp_path: Path) -> None:
    id, _ = Looks(tmp_path).keep("o")
    done = [threading.Thread(target=lambda n=n: Looks(tmp_path).keep(f"o-{n}", None, id)) for n in range(12)]
    for thread in done:
        thread.start()
    for thread in done:
        thread.join()
    assert len(Looks(tmp_path).read(id).looks) == 13


def test_a_file_that_is_something_else_is_said(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this is no database" * 100)
    with pytest.raises(TwinError, match="cannot be used as a database of looks"):
        Looks(tmp_path).read("0" * 32)
