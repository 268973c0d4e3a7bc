"""A running SensorThings server for tests: in a thread, or by `python -m` in a process that can be killed."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.sensorthings.app import PREFIX, Door, SensorThings
from api.serving import make_server
from api.settings import Settings
from twin import tokens
from twin.observations.store import open_observations

SCOPE = "sta:write"


@dataclass
class Server:
    """url: of the service, without a slash at its end. client: carries a token that may write."""

    url: str
    token: str
    folder: Path
    client: httpx.Client
    app: Any

    def post(self, path: str, body: Any, status: int = 201) -> httpx.Response:
        """Create something; the answer must have this status."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer

    def create(self, path: str, body: Any) -> int:
        """The id of what was created."""
        location = self.post(path, body).headers["location"]
        return int(location.rpartition("(")[2].rstrip(")"))

    def get(self, path: str, status: int = 200, **options: str) -> Any:
        """JSON of an answer with this status. options: `filter="…"` is sent as `$filter`."""
        answer = self.client.get(path, params={f"${name}": text for name, text in options.items()})
        assert answer.status_code == status, f"{answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None


def application(settings: Settings) -> Starlette:
    """SensorThings alone, without the rest of the twin."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with open_observations(settings.city) as observations:
            app.state.live = SimpleNamespace(observations=observations)
            yield

    app = Starlette(lifespan=lifespan)
    app.state.settings = settings
    service = SensorThings(app.state)
    app.mount(PREFIX, service)
    app.add_middleware(Door, sensorthings=service)
    return app


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[Server]:
    """A server on a free port, and a client of it."""
    folder.mkdir(parents=True, exist_ok=True)
    app = application(Settings(city=folder, **settings))
    token = tokens.create(folder, [SCOPE], "tests", None)
    with running(app) as address:
        url = f"{address}{PREFIX}"
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            yield Server(url, token, folder, client, app)


@contextmanager
def running(app: Any) -> Iterator[str]:
    """The address at which an application answers."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        threading.Event().wait(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


def main(folder: str, port: str) -> None:
    """The whole twin, as `twin serve` runs it, but for MQTT."""
    settings = Settings(city=Path(folder), mqtt="off", sensor_layer_seconds=0)
    make_server(create_app(settings), host="127.0.0.1", port=int(port)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
