"""How kernels are compiled and kept on disk.

Numba drops kept code when the file of the function changes, but not when one of a function that was compiled
into it or of a number that it takes from another module does. Here code is kept as long as no file changes in
the folders that a kernel is made of, nor any beside this one, where what several folders compile in stands.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

HOW: dict[str, Any] = {
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
    "error_model": "numpy",
    "nogil": True,
}
"""NaN and infinity must stay what they are: they are how a blow-up is seen, and a capacity without limit."""

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


class Kernels:
    """Compiles functions on first use. files: one of each folder that they take functions and numbers from,
    their own first."""

    def __init__(self, *files: str) -> None:
        folders = {Path(file).parent for file in (__file__, *files)}
        sources = sorted(path for folder in folders for path in folder.glob("*.py"))
        self._stamp = sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()

    def kernel(self, function: Kernel) -> Kernel:
        return self._kept(function)

    def parallel(self, function: Kernel) -> Kernel:
        """For a function whose `prange` loops run in threads."""
        return self._kept(function, parallel=True)

    def strict(self, function: Kernel) -> Kernel:
        """Each operation done as it is written, for what rests on how sums are rounded."""
        return self._kept(function, fastmath=False)

    def inlined(self, function: Kernel) -> Kernel:
        """Compiled into the functions that call it."""
        return self._kept(function, inline="always")

    def _kept(self, function: Kernel, **options: Any) -> Kernel:
        compiled: Any = njit(cache=True, **{**HOW, **options})(function)
        index = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
        if index is not None:
            index._source_stamp = self._stamp
        made: Kernel = compiled
        return made
