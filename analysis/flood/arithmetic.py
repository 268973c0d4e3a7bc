"""How the kernels of floods are compiled."""

from __future__ import annotations

from analysis.compiled import HOW, Kernels

__all__ = ["HOW", "kernel", "parallel_kernel", "strict_kernel"]

_KERNELS = Kernels(__file__)
kernel, parallel_kernel, strict_kernel = _KERNELS.kernel, _KERNELS.parallel, _KERNELS.strict
