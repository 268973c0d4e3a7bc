"""HEAD for every route that answers GET, which the framework refuses: the headers of the answer, no body."""

from __future__ import annotations

from asyncio import Event

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """Asks the application with GET and keeps the body back. An answer without an end is ended after its
    headers. prefix: paths below it know HEAD themselves."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] == "HEAD"
        if not asked or scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        begun, answered = Event(), Event()

        async def nothing() -> Message:
            if not begun.is_set():
                begun.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await answered.wait()
            return {"type": "http.disconnect"}

        async def headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                answered.set()

        await self._app({**scope, "method": "GET"}, nothing, headers)
