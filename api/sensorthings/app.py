"""The ASGI application of SensorThings, and the door that leads to it past the middleware of the rest."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import guard_of, token_of
from api.sensorthings.exchange import READS, Answer, Request
from api.sensorthings.problems import problem_answer
from api.sensorthings.service import Live, Service
from twin.errors import CityNotFound, TooLarge

PREFIX = "/sta/v1.1"


class SensorThings:
    """Everything below `/sta/v1.1`. state: of the application; has `settings` and, once it runs, `live`."""

    def __init__(self, state: Any, mqtt: str | None = None) -> None:
        settings = state.settings
        self.root_url: str | None = settings.root_url
        self.body_limit: int = settings.body_limit
        self.service = Service(lambda: _live(state), guard_of(state), mqtt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        path = scope["path"].partition(PREFIX)[2]
        headers = dict(scope["headers"])
        try:
            body = b"" if method in READS else await read_body(receive, headers, self.body_limit)
        except TooLarge as error:
            answer = problem_answer(error, path)
            answer.headers["Connection"] = "close"
        else:
            if body is None:
                return
            answer = await self.service.answer(self._request(scope, headers, method, path, body))
        await respond(answer, send, method == "HEAD")

    def _request(
        self, scope: Scope, headers: dict[bytes, bytes], method: str, path: str, body: bytes
    ) -> Request:
        authorization = headers.get(b"authorization")
        client = scope.get("client")
        return Request(
            method,
            path,
            scope["query_string"].decode("latin-1"),
            headers.get(b"content-type", b"").decode("latin-1"),
            body,
            self._root(scope, headers),
            token_of(authorization.decode("latin-1")) if authorization else None,
            client[0] if client else "",
        )

    def _root(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """The URL of the service: as the settings say, else as the client asked."""
        if self.root_url is not None:
            return f"{self.root_url.rstrip('/')}{PREFIX}/"
        host = headers.get(b"host", b"").decode("latin-1")
        if not host:
            server = scope.get("server") or ("localhost", None)
            host = server[0] if server[1] is None else f"{server[0]}:{server[1]}"
        return f"{scope['scheme']}://{host}{PREFIX}/"


def _live(state: Any) -> Live:
    live: Live | None = getattr(state, "live", None)
    if live is None:
        raise CityNotFound("the readings of this city cannot be opened; /health says why")
    return live


class Door:
    """Middleware: what posts observations goes straight in; pages of other sites take the usual way, which
    knows CORS. The root is the root with and without a slash at its end."""

    def __init__(self, app: ASGIApp, sensorthings: SensorThings) -> None:
        self.app = app
        self.sensorthings = sensorthings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PREFIX:
            scope = {**scope, "path": f"{PREFIX}/"}
        if _posts(scope) and not any(name == b"origin" for name, _ in scope["headers"]):
            await self.sensorthings(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _posts(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"]
    return path.startswith(PREFIX + "/")


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes | None:
    """The whole body; None when the client has gone. Raises TooLarge before it is read whole."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(f"the body may have {limit:,} bytes; send it in parts")
    parts: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > limit:
            raise TooLarge(f"the body may have {limit:,} bytes; send it in parts")
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def respond(answer: Answer, send: Send, head: bool = False) -> None:
    """Send an answer; without its body to HEAD."""
    headers = [(b"content-length", str(len(answer.body)).encode())]
    if answer.body:
        headers.append((b"content-type", answer.media_type.encode()))
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
