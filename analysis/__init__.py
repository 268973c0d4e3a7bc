"""Simulations over the city (flood, sun, energy), as numerics on arrays."""

import os

# OpenMP reads this when numba first starts threads. Without it they spin while they wait for one another, and
# a run on a machine that is busy with other work becomes ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
