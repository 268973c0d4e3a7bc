"""How the loops over hours are compiled."""

from __future__ import annotations

from analysis.compiled import Kernels

kernel = Kernels(__file__).kernel
