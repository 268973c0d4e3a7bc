"""Progress through the parts of some work: each part tells 0 to 1 of its own.

Work that takes longer tells at least every second or two, since that is also how it is stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

Progress: TypeAlias = Callable[[float, str], None]
"""Told how far the work is, 0 to 1, and what it does; may raise to stop it."""


class Part(Protocol):
    """A `Progress` that needs no message."""

    def __call__(self, share: float, message: str = "", /) -> None: ...


def part(progress: Progress | None, start: float, end: float, what: str = "") -> Part:
    """The progress of a step of the work, from start to end of the whole. what: said instead of the step's
    own messages. Nothing is told where progress is None."""

    def told(share: float, message: str = "") -> None:
        if progress is not None:
            progress(start + (end - start) * share, what or message)

    return told
