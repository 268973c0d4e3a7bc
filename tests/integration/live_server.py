"""A running server with the routes of quality, alerts and events, for the tests of these."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import uvicorn
from fastapi import FastAPI

from api import errors
from api.events import EventHub
from api.routes import alerts, events, quality
from api.settings import Settings
from twin.alerts.engine import AlertEngine
from twin.observations.store import Observations, open_observations

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


def make_app(folder: Path, live: SimpleNamespace, **settings: object) -> FastAPI:
    app = FastAPI()
    app.state.settings = Settings(city=folder, **settings)
    app.state.live = live
    for module in (quality, alerts, events):
        app.include_router(module.router)
    errors.install(app)
    return app


@contextmanager
def live(folder: Path) -> Iterator[SimpleNamespace]:
    """The parts of `app.state.live`, at work."""
    with open_observations(folder) as observations:
        engine = AlertEngine(observations, folder, LOOPBACK)
        hub = EventHub(observations, engine)
        engine.start()
        hub.start()
        try:
            yield SimpleNamespace(observations=observations, alerts=engine, events=hub)
        finally:
            hub.stop()
            engine.stop()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of the app, served over a real socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


__all__ = ["Observations", "live", "make_app", "serving"]
