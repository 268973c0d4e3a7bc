"""Files put in place when they are whole: a folder beside the old one, a document in one step; and the lock
that lets one process write at a time."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twin.errors import CityBusy

_PARTIAL, _OLD = ".partial", ".old"


def recover(parent: Path) -> None:
    """Clear what interrupted builds of all folders in `parent` have left."""
    for path in [*parent.glob(f"*{_PARTIAL}"), *parent.glob(f"*{_OLD}")]:
        _recover(path.with_suffix(""))


def _recover(out_dir: Path) -> None:
    partial, old = _beside(out_dir)
    if old.exists() and not out_dir.exists():
        old.rename(out_dir)  # killed between the two renames of `replaced`
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)


def _beside(out_dir: Path) -> tuple[Path, Path]:
    return out_dir.with_name(out_dir.name + _PARTIAL), out_dir.with_name(out_dir.name + _OLD)


def removed(folder: Path) -> None:
    """Remove a folder so that it is gone at once, and not file by file."""
    if folder.exists():
        partial, _ = _beside(folder)
        shutil.rmtree(partial, ignore_errors=True)
        folder.rename(partial)
        shutil.rmtree(partial)


@contextmanager
def replaced(out_dir: Path) -> Iterator[Path]:
    """An empty folder to write to, which becomes `out_dir` at the end; after an error `out_dir` is as before.

    What an interrupted build leaves (`NAME.partial`, `NAME.old`) is cleared by the next one.
    """
    partial, old = _beside(out_dir)
    _recover(out_dir)
    partial.mkdir(parents=True)
    try:
        yield partial
        if out_dir.exists():
            out_dir.rename(old)
        partial.rename(out_dir)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def write_if_new(path: Path, document: dict[str, Any]) -> bool:
    """Put a JSON document in its place at once; false when it stands there already."""
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    if path.exists() and path.read_bytes() == data:
        return False
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.replace(path)
    return True


def sweep(folder: Path, used: Collection[str]) -> int:
    """Remove the contents in a folder that are not in use; how many there were."""
    gone = [path for path in folder.iterdir() if path.suffix in {".glb", ".new"} and path.name not in used]
    for path in gone:
        path.unlink()
    return len(gone)


@contextmanager
def locked(folder: Path, busy: str) -> Iterator[None]:
    """Write to this folder alone; raises CityBusy with the text `busy` when another process does.

    The lock is SQLite's; the system frees it when a process dies.
    """
    connection = sqlite3.connect(folder / ".lock", isolation_level=None, timeout=0)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise CityBusy(busy) from error
    try:
        yield
    finally:
        connection.close()
