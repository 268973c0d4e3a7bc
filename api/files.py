"""Serving files (tiles, terrain, imagery, results of runs, the viewer): ETag, ranges, compression, CORS.

A plain ASGI application in front of the routes, because a map asks for thousands of small files. Files
up to a few megabytes are answered from a bounded cache keyed by their time and size.
"""

from __future__ import annotations

import gzip
import mimetypes
import os
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import brotli
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem

_TYPES = {
    ".glb": "model/gltf-binary",
    ".json": "application/json",
    ".terrain": "application/vnd.quantized-mesh;extensions=octvertexnormals",
    ".subtree": "application/octet-stream",
    ".wasm": "application/wasm",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webp": "image/webp",
    ".ktx2": "image/ktx2",
    ".tif": "image/tiff; application=geotiff",
    ".nc": "application/netcdf",
    ".parquet": "application/vnd.apache.parquet",
}
_COMPRESSIBLE = frozenset({".json", ".terrain", ".js", ".mjs", ".css", ".html", ".svg", ".wasm", ".map"})
_DIGEST = re.compile(r"[0-9a-f]{16}")
_OWN_DIGEST = re.compile(r".+\.[0-9a-f]{16}\.glb")
_BUILT = re.compile(r".+-[\w-]{8}\.\w+")
_REFUSED = re.compile(r"q=0(\.0*)?")
_LARGE = 8 << 20
_CACHE_BYTES = 128 << 20
_IMMUTABLE = b"public, max-age=31536000, immutable"
_CHECKED = b"public, no-cache"


class Files:
    """Middleware: paths below a prefix come from its folder, all others from `app`.

    readings: a folder whose files hold readings. may_read: raises HTTPException for who may not have them.
    """

    def __init__(
        self,
        app: ASGIApp,
        folders: dict[str, Path],
        allow_origin: str | None,
        readings: Path,
        may_read: Callable[[Request], object],
    ) -> None:
        self.app = app
        self.folders = [(prefix, folder.resolve()) for prefix, folder in folders.items()]
        self.readings = readings.resolve()
        self.may_read = may_read
        self.allow_origin = allow_origin.encode() if allow_origin else None
        self.cache: OrderedDict[tuple[str, int, int, str], bytes] = OrderedDict()
        self.cached = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            for prefix, folder in self.folders:
                if path.startswith(prefix):
                    await self._serve(folder, path[len(prefix) :], scope, receive, send)
                    return
        await self.app(scope, receive, send)

    async def _serve(self, folder: Path, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await problem(405, None, {"Allow": "GET, HEAD"})(scope, receive, send)
            return
        path = locate(folder, name)
        if path is not None:
            try:
                self._check(path, scope)
            except HTTPException as error:
                headers = self._cors() | dict(error.headers or {})
                await problem(error.status_code, error.detail, headers)(scope, receive, send)
                return
            with suppress(FileNotFoundError):  # a build may remove it at any moment
                await self._send(path, name, scope, receive, send)
                return
        await problem(404, f"nothing at {scope['path']}", self._cors())(scope, receive, send)

    def _check(self, path: Path, scope: Scope) -> None:
        if path.is_relative_to(self.readings):
            self.may_read(Request(scope))

    async def _send(self, path: Path, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        stat = path.stat()
        etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
        request = Headers(scope=scope)
        headers = [
            (b"content-type", content_type(path).encode()),
            (b"etag", etag.encode()),
            (b"cache-control", self._caching(path, name)),
            (b"accept-ranges", b"bytes"),
            (b"vary", b"accept-encoding"),
        ]
        if self.allow_origin:
            headers.append((b"access-control-allow-origin", self.allow_origin))
        known = [tag.strip().removeprefix("W/") for tag in request.get("if-none-match", "").split(",")]
        if etag in known or "*" in known:
            await _respond(send, 304, headers, b"")
            return
        if stat.st_size > _LARGE or "range" in request:
            response = FileResponse(
                path, stat_result=stat, headers={k.decode(): v.decode() for k, v in headers}
            )
            await response(scope, receive, send)
            return
        coding = coding_of(request.get("accept-encoding", "")) if path.suffix in _COMPRESSIBLE else ""
        body = self._body(path, stat, coding)
        if coding:
            headers.append((b"content-encoding", coding.encode()))
        await _respond(send, 200, headers, body, scope["method"] == "HEAD")

    def _caching(self, path: Path, name: str) -> bytes:
        found = _IMMUTABLE if is_immutable(name) else _CHECKED
        return found.replace(b"public", b"private") if path.is_relative_to(self.readings) else found

    def _cors(self) -> dict[str, str]:
        return {"access-control-allow-origin": self.allow_origin.decode()} if self.allow_origin else {}

    def _body(self, path: Path, stat: os.stat_result, coding: str) -> bytes:
        key = (str(path), stat.st_mtime_ns, stat.st_size, coding)
        body = self.cache.get(key)
        if body is not None:
            self.cache.move_to_end(key)
            return body
        body = path.read_bytes()
        if coding == "br":
            body = brotli.compress(body, quality=5)
        elif coding == "gzip":
            body = gzip.compress(body, 6, mtime=0)
        self.cache[key] = body
        self.cached += len(body)
        while self.cached > _CACHE_BYTES:
            self.cached -= len(self.cache.popitem(last=False)[1])
        return body


def locate(folder: Path, name: str) -> Path | None:
    """The file of this name below the folder; None when there is none, or the name leads outside."""
    parts = [part for part in name.split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    if not parts or name.endswith("/"):
        parts.append("index.html")
    try:
        path = folder.joinpath(*parts).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, ValueError):  # no file can have such a name
        return None


def content_type(path: Path) -> str:
    """The media type of a file, by its name."""
    return _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def is_immutable(name: str) -> bool:
    """Whether a path holds a digest of what is there: `KEY.<16 hex>.glb`, anything below a folder
    `<16 hex>`, `assets/NAME-<hash>.js` of the viewer."""
    *folders, file = name.split("/")
    return bool(
        _OWN_DIGEST.fullmatch(file)
        or any(_DIGEST.fullmatch(folder) for folder in folders)
        or (folders == ["assets"] and _BUILT.fullmatch(file))
    )


def coding_of(accepted: str) -> str:
    """The best coding of an Accept-Encoding header that we have; "" for none."""
    codings = {
        name.strip()
        for name, _, quality in (part.partition(";") for part in accepted.split(","))
        if not _REFUSED.fullmatch(quality.replace(" ", ""))
    }
    return "br" if "br" in codings else "gzip" if "gzip" in codings else ""


async def _respond(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes, head: bool = False
) -> None:
    if status != 304:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
