"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """`no files`, `1 file`, `2,000 files`."""
    if number == 1:
        return f"1 {what}"
    return f"{number:,} {what}s" if number else f"no {what}s"
