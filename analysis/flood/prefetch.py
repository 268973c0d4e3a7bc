"""Calling for memory before it is needed, in kernels.

The processor guesses what a loop reads next, but anew on each page, and a loop that computes little then
waits. A loop that computes much can meanwhile call for what the next ones need.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic

from analysis.flood.arithmetic import HOW

LINE = 64
"""Bytes that come at once: a cache line of x86-64 and of most ARM64."""


@intrinsic  # type: ignore[untyped-decorator]
def _call_for(typing: Any, array: Any, row: Any, column: Any) -> Any:
    """LLVM's `prefetch` of one element of an array `(rows, columns)`, into all levels of cache."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, *whole = signature.args
        view = context.make_array(kind)(context, builder, arguments[0])
        at = [context.cast(builder, x, t, types.intp) for x, t in zip(arguments[1:], whole, strict=True)]
        pointer = cgutils.get_item_pointer(context, builder, kind, view, at)
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        takes = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, takes, "llvm.prefetch.p0")
        to_read, all_levels, data = number(0), number(3), number(1)
        builder.call(prefetch, [builder.bitcast(pointer, byte), to_read, all_levels, data])
        return context.get_dummy_value()

    return types.void(array, row, column), generate


@njit(forceinline=True, **HOW)  # type: ignore[untyped-decorator]
def prefetch(soon: Any, start: int, stop: int) -> None:
    """Call for columns start to stop of four rows, given as four pairs of an array and a row.

    It is compiled into its callers: to hand over four arrays would take longer than what it does.
    """
    (a, i), (b, j), (c, k), (d, m) = soon
    for first in range(start, stop, LINE // a.itemsize):
        column = np.uint64(first)
        _call_for(a, i, column)
        _call_for(b, j, column)
        _call_for(c, k, column)
        _call_for(d, m, column)
