"""Changes handed to the writer from the event loop, and their outcomes brought back to it.

The writer finishes many changes with one commit: the loop is woken once for all of them, not for each.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from twin.errors import TooMany
from twin.observations.changes import Change
from twin.observations.store import Observations

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""How long to wait, again and again, for room among what is to be written [s]."""


class Submitter:
    """Used from one event loop. observations: gives the store, from the moment the server has started."""

    def __init__(self, observations: Callable[[], Observations]) -> None:
        self.observations = observations
        self.finished: deque[tuple[Future[Any], asyncio.Future[Any]]] = deque()
        self.woken = False

    async def __call__(self, change: Change) -> Any:
        """What the writer made of a change, once it is durable. Raises what the change deserves, and TooMany
        when too much waits for too long."""
        writer = self.observations().writer
        for pause in _PAUSES:
            try:
                future = writer.submit(change, 0.0)
                break
            except TooMany:
                await asyncio.sleep(pause)
        else:
            future = writer.submit(change, 0.0)
        return await self._outcome(future)

    def _outcome(self, future: Future[Any]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()

        def done(future: Future[Any]) -> None:
            self.finished.append((future, waiting))
            if not self.woken:
                self.woken = True
                with suppress(RuntimeError):  # the server has ended
                    loop.call_soon_threadsafe(self._tell)

        future.add_done_callback(done)
        return waiting

    def _tell(self) -> None:
        self.woken = False
        while self.finished:
            future, waiting = self.finished.popleft()
            if waiting.cancelled():
                continue
            error = future.exception()
            if error is None:
                waiting.set_result(future.result())
            else:
                waiting.set_exception(error)
