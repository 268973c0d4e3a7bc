"""A real server for a real city, started and ended by the tests, and the browser that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "tests" / "artifacts"
TWIN = Path(sys.executable).parent / "twin"
START_SECONDS = 60

#: Software rendering, and nothing that the browser would ask the outside for by itself.
CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


def chromium() -> str:
    """Debian's Chromium; its absence is a failure in CI and a skip elsewhere."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        message = "Chromium is not installed (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def twin(*args: str | Path) -> None:
    """Runs a `twin` command and fails the test with what it said if it fails."""
    done = subprocess.run([TWIN, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, f"twin {args[0]}: {done.stderr or done.stdout}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(city: Path, port: int | None = None, **environment: str) -> Iterator[str]:
    """The address of a server of `city`, which ends with the block. environment: more of it, for settings."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [TWIN, "serve", city, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TWIN_MQTT": "off", **environment},
    )
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{address}/health").close()
                break
            except urllib.error.URLError:
                assert server.poll() is None, "the server ended before it answered"
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)
