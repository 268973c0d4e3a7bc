"""One computation by compiled loops at a time in the server.

They run on all cores, so that two at once gain nothing; and where Numba finds neither OpenMP nor TBB, as it
may on macOS, its own work queue ends the process when two threads call it.
"""

from __future__ import annotations

from threading import RLock

COMPUTING = RLock()
