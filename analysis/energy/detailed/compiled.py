"""How the kernel is compiled and kept on disk: again when any file of this folder changes."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

_HOW: dict[str, Any] = {
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
    "error_model": "numpy",
    "nogil": True,
}
"""NaN and infinity must stay what they are: a capacity without limit is infinite."""
_SOURCES = sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def inlined(function: Kernel) -> Kernel:
    """Compile a function into those that call it."""
    compiled: Kernel = _kept(njit(cache=True, inline="always", **_HOW)(function))
    return compiled


def kernel(function: Kernel) -> Kernel:
    """Compile a function on first use."""
    compiled: Kernel = _kept(njit(cache=True, **_HOW)(function))
    return compiled


def parallel_kernel(function: Kernel) -> Kernel:
    """The same for a function whose `prange` loops run in threads."""
    compiled: Kernel = _kept(njit(cache=True, parallel=True, **_HOW)(function))
    return compiled


def _kept(compiled: Any) -> Any:
    index = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = _SOURCES
    return compiled
