"""Building a folder of files beside the old one and putting it in its place when it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
