"""Requests a second of the tile route against a bare Starlette route that returns the same bytes."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

_BARE = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
data = Path(sys.argv[1]).read_bytes()
app = Starlette(routes=[Route("/tile.glb", lambda request: Response(data, media_type="model/gltf-binary"))])
uvicorn.run(app, port=int(sys.argv[2]), log_level="error", access_log=False)
"""
_CONNECTIONS = 16


def compare(city: Path, tile: Path, seconds: float = 4.0) -> tuple[float, float]:
    """(requests a second of a bare route, of the tile route), one after the other, best of two."""
    bare = [sys.executable, "-c", _BARE, str(tile)]
    ours = [sys.executable, "-m", "api.process", "serve", str(city), "--port"]
    path = "/tiles/" + tile.relative_to(city / "tiles").as_posix()
    rates = [(_rate(bare, "/tile.glb", seconds), _rate(ours, path, seconds)) for _ in range(2)]
    return max(r[0] for r in rates), max(r[1] for r in rates)


def _rate(command: list[str], path: str, seconds: float) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL) as server:
        try:
            _wait(port)
            return asyncio.run(_load(port, path, seconds))
        finally:
            server.terminate()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not start")


async def _load(port: int, path: str, seconds: float) -> float:
    end = time.perf_counter() + seconds
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode(errors="replace"))
            fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
            await reader.readexactly(int(fields[b"content-length"]))
            done += 1
        writer.close()
        return done

    counts = await asyncio.gather(*(client() for _ in range(_CONNECTIONS)))
    return sum(counts) / seconds
