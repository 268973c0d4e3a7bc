"""What tests of OGC API - Processes over HTTP share."""

from __future__ import annotations

import time
from typing import Any

import httpx

EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
ASYNC = {"Prefer": "respond-async"}
EXECUTION = "/processes/tiny/execution"
PATIENCE_S = 60.0


def follow(client: httpx.Client, location: str) -> dict[str, Any]:
    """The status of a job when it has ended."""
    end = time.monotonic() + PATIENCE_S
    while (status := client.get(location).json())["status"] in ("accepted", "running"):
        assert time.monotonic() < end, status
        time.sleep(0.05)
    return status


def is_problem(answer: httpx.Response, status: int, kind: str = "about:blank") -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == (kind if ":" in kind else f"{EXCEPTIONS}/{kind}")
    detail: str = answer.json()["detail"]
    assert "\n" not in detail
    return detail
