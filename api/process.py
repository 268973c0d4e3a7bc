"""The process that `twin` is: it begins and ends with nothing that a short command would wait for.

A change of one building is tiled in less time than Python takes to come and go, so that both count.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading

_COLLECTED_AFTER = 100_000
"""Objects made before Python looks for cycles among them: importing makes half as many, and all stay."""


def run() -> None:
    """Run the command line of this process, and end the process."""
    gc.set_threshold(_COLLECTED_AFTER)
    from api.cli import main

    status: int | str | None = 0
    try:
        main()
    except SystemExit as end:
        status = end.code
    if not isinstance(status, int | None) or _others_at_work():
        sys.exit(status)
    _leave(status or 0)


def _others_at_work() -> bool:
    """Whether threads are left that Python would wait for."""
    return any(t is not threading.main_thread() and not t.daemon for t in threading.enumerate())


def _leave(status: int) -> None:
    """End as Python does, but leave the freeing of all objects, one by one, to the system."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # nobody reads it any more
            status = status or 1
    os._exit(status)


if __name__ == "__main__":
    run()
