"""What commands print: progress on a terminal, lines or JSON at the end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Step(Protocol):
    def __call__(self, text: str, part: float | None = None) -> None: ...


@contextmanager
def progress(title: str) -> Iterator[Step]:
    """A line on a terminal that is written over, nothing elsewhere. `part` is 0 to 1."""
    shown = sys.stderr.isatty()
    last = 0.0

    def step(text: str, part: float | None = None) -> None:
        nonlocal last
        now = time.monotonic()
        if shown and now - last > 0.1:
            last = now
            bar = "" if part is None else f" {'━' * int(part * 20):<20} {part:4.0%}"
            print(f"\r\x1b[K{title}{bar}  {text}", end="", file=sys.stderr, flush=True)

    try:
        yield step
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def emit(data: Any, as_json: bool, lines: Iterator[str]) -> None:
    """Print `data` as JSON, or the lines for people."""
    if as_json:
        print(json.dumps(data, ensure_ascii=False, indent=2, default=str))
    else:
        for line in lines:
            print(line)


def table(rows: list[tuple[Any, ...]], indent: str = "  ") -> Iterator[str]:
    """Rows as aligned lines; numbers to the right."""
    if not rows:
        return
    texts = [[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows]
    widths = [max(len(row[k]) for row in texts) for k in range(len(rows[0]))]
    for row, source in zip(texts, rows, strict=True):
        cells = [
            text.rjust(width) if isinstance(value, (int, float)) else text.ljust(width)
            for text, width, value in zip(row, widths, source, strict=True)
        ]
        yield (indent + "  ".join(cells)).rstrip()
