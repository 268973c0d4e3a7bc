"""How the kernel is compiled."""

from __future__ import annotations

from analysis.compiled import Kernels

_KERNELS = Kernels(__file__)
kernel, parallel_kernel, inlined = _KERNELS.kernel, _KERNELS.parallel, _KERNELS.inlined
