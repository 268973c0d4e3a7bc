"""What the kernels share: compiler options and an inverse cube root that vectorises."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numba.extending import overload

HOW: dict[str, Any] = {
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
    "error_model": "numpy",
    "nogil": True,
}
"""How kernels are compiled. NaN and infinity must stay what they are: they are how a blow-up is seen."""

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(function: Kernel) -> Kernel:
    """Compile a function on first use, and keep the machine code on disk."""
    compiled: Kernel = _kept(njit(cache=True, **HOW)(function))
    return compiled


def parallel_kernel(function: Kernel) -> Kernel:
    """The same for a function whose `prange` loops run in threads."""
    compiled: Kernel = _kept(njit(cache=True, parallel=True, **HOW)(function))
    return compiled


def strict_kernel(function: Kernel) -> Kernel:
    """The same, each operation done as it is written, for what rests on how sums are rounded."""
    compiled: Kernel = _kept(njit(cache=True, **{**HOW, "fastmath": False})(function))
    return compiled


def _kept(compiled: Any) -> Any:
    # Numba drops kept code when the file of the function changes, but not when one of a function that was
    # compiled into it does; here all files of this folder count.
    index = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = _SOURCES
    return compiled


_SOURCES = sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()

_THIRD32, _FOUR32 = np.float32(1.0 / 3.0), np.float32(4.0)
# Moroz, Samotyy, Kokosinski, Gepner (2021), arXiv:2103.04298: first guesses of the inverse cube root.
_GUESS32, _GUESS64 = np.float32(0x54A21D2A), np.float64(0x553EF0FF289DD796)


@kernel
def _root32(x: Any) -> Any:
    y = np.int32(_GUESS32 - np.float32(np.float32(x).view(np.int32)) * _THIRD32).view(np.float32)
    y = y * (_FOUR32 - x * y * y * y) * _THIRD32
    y = y * (_FOUR32 - x * y * y * y) * _THIRD32
    return y * (_FOUR32 - x * y * y * y) * _THIRD32


@kernel
def _root64(x: Any) -> Any:
    y = np.int64(_GUESS64 - np.float64(np.float64(x).view(np.int64)) * (1.0 / 3.0)).view(np.float64)
    y = y * (4.0 - x * y * y * y) * (1.0 / 3.0)
    y = y * (4.0 - x * y * y * y) * (1.0 / 3.0)
    return y * (4.0 - x * y * y * y) * (1.0 / 3.0)


def inverse_cube_root(x: Any) -> Any:
    """x**(-1/3) of a positive, normal number, to a relative 1e-9 (float64) or 1e-6 (float32).

    For kernels. A first guess from the exponent's bits (within 4 %), then Newton's y (4 - x y³) / 3.
    """
    raise NotImplementedError("for compiled kernels")


@overload(inverse_cube_root, inline="always")  # type: ignore[untyped-decorator]
def _by_width(x: Any) -> Callable[[Any], Any]:
    if x.bitwidth == 32:

        def root(x: Any) -> Any:
            return _root32(x)
    else:

        def root(x: Any) -> Any:
            return _root64(x)

    return root
