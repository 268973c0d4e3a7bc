"""How kernels are compiled and kept on disk.

Numba drops kept code when the file of the function changes, but not when one of a function that was compiled
into it does. Here code is kept as long as no file of the kernel's folder changes, nor any beside this one,
where what several folders compile in stands.
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
    """Compiles functions of one folder on first use; file: any of that folder."""

    def __init__(self, file: str) -> None:
        folders = {Path(__file__).parent, Path(file).parent}
        files = sorted(path for folder in folders for path in folder.glob("*.py"))
        self._stamp = sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

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
