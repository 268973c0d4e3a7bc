"""The HTTP server as `twin serve`, the tests and the benchmarks run it."""

from __future__ import annotations

import gc
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

_YOUNG = 50_000
"""Objects made before the garbage collector looks at the young ones."""


def make_server(app: ASGIApp, **options: Any) -> uvicorn.Server:
    """A server for `app`. options: of `uvicorn.Config`, such as `port`.

    Headers of proxies are not believed: `TWIN_ROOT_URL` says where clients find the server. What the start
    has left in memory stays there, so the garbage collector need not look at it again and again: bodies with
    a thousand rows would wake it each time, and a third of the time went there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
    config = uvicorn.Config(app, log_level="warning", access_log=False, proxy_headers=False, **options)
    return _Server(config)


class _Server(uvicorn.Server):
    """Ends those who listen to events when it is told to stop, and so need not wait for them to go."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        live = getattr(getattr(self.config.app, "state", None), "live", None)
        if live is not None:
            live.events.dismiss()
        super().handle_exit(sig, frame)
