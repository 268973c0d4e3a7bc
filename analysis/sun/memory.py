"""How much memory a question needs, told before any of it is taken."""

from __future__ import annotations

import os

from analysis.errors import AnalysisError

SHARE = 0.6
"""Of the machine's memory that one question may take."""
_UNKNOWN = 8e9
"""Taken for the machine's memory where the system does not say [bytes]."""


def check_memory(needed: float, what: str, advice: str) -> None:
    """AnalysisError if so many bytes are more than this machine has to give. what: as in "30 targets"."""
    limit = SHARE * machine_memory()
    if needed > limit:
        raise AnalysisError(
            f"{what} would take {_readable(needed)} of memory, more than the {_readable(limit)} allowed here:"
            f" {advice}"
        )


def machine_memory() -> float:
    """Of the machine as a whole [bytes]."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * float(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):  # not a POSIX system
        return _UNKNOWN


def _readable(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
