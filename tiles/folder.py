"""Building a folder of files beside the old one and putting it in its place when it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(out_dir: Path) -> Iterator[Path]:
    """An empty folder to write to, which becomes `out_dir` at the end; after an error `out_dir` is as before.

    What an interrupted build leaves (`NAME.partial`, `NAME.old`) is cleared by the next one.
    """
    partial = out_dir.with_name(out_dir.name + ".partial")
    old = out_dir.with_name(out_dir.name + ".old")
    if old.exists() and not out_dir.exists():
        old.rename(out_dir)  # killed between the two renames below
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if out_dir.exists():
            out_dir.rename(old)
        partial.rename(out_dir)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
