"""What worker processes have in common: they end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading


def settle_worker() -> None:
    """To be called first in a worker: Ctrl-C is the parent's to answer, and without a parent it ends.

    A parent that is killed cannot end its workers, and one that waits on a pipe would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
