"""Posts alerts to webhooks: from the outbox in `observations.db`, in a thread of its own.

What is to be sent is stored in the transaction that changed the alert, so that a kill loses nothing; a
delivery may then come twice, with the same `webhook-id`. Each webhook has one request under way at a time
and waits for nobody but itself. A failed one is tried again after 5 s, 10 s, 20 s, … up to an hour, with
jitter, fifteen times; redirects are not followed.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from twin.alerts.webhooks import Network, Webhook, headers, is_allowed
from twin.errors import TwinError
from twin.observations.changes import Call
from twin.observations.times import format_instant

if TYPE_CHECKING:
    import httpx

    from twin.observations.store import Observations

ATTEMPTS = 15
TIMEOUT_S = 10.0
"""For one attempt in all: name, connection, request and the answer's head."""
_FIRST_S, _LONGEST_S = 5.0, 3600.0
_KEEP_US = 30 * 86_400 * 1_000_000
"""How long delivered and failed messages are kept."""
_log = logging.getLogger("twin.alerts")


def backoff(attempts: int, chance: float) -> float:
    """How long to wait [s] after so many failed attempts. chance: 0 to 1, so that not all come at once."""
    return min(_FIRST_S * 2.0 ** (attempts - 1), _LONGEST_S) * (0.5 + 0.5 * chance)


class Deliverer:
    """Sends what lies in the outbox while it runs. networks: inner ones that webhooks may lie in."""

    def __init__(
        self,
        observations: Observations,
        webhooks: Callable[[], Sequence[Webhook]],
        networks: Sequence[Network] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._observations = observations
        self._webhooks = webhooks
        self._networks = networks
        self._timeout_s = timeout_s
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._stopping = False
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main(ready)), name="webhooks", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End; what is under way is broken off and sent again next time."""
        self._stopping = True
        self.wake()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """There may be something new in the outbox."""
        if self._loop is not None and self._wake is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _main(self, ready: threading.Event) -> None:
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        import httpx

        async with httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=self._timeout_s
        ) as client:
            while not self._stopping:
                try:
                    self._begin(client)
                except (TwinError, sqlite3.Error) as error:
                    _log.error("the outbox of alerts cannot be read: %s", error)
                try:
                    await asyncio.wait_for(self._wake.wait(), 1)
                except TimeoutError:
                    continue
                self._wake.clear()
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _begin(self, client: httpx.AsyncClient) -> None:
        """Start a delivery for each webhook that has one due and none under way."""
        now = time.time_ns() // 1000
        for webhook in self._webhooks():
            if webhook.name in self._under_way or not webhook.enabled:
                continue
            with self._observations.connection() as connection:
                row = connection.execute(_DUE, (webhook.name, now)).fetchone()
                if row is None:
                    continue
            message, body, attempts = row
            task = asyncio.create_task(self._deliver(client, webhook, message, attempts, body))
            self._under_way[webhook.name] = task

            def done(_: asyncio.Task[None], name: str = webhook.name) -> None:
                self._under_way.pop(name, None)
                self.wake()

            task.add_done_callback(done)

    async def _deliver(
        self, client: httpx.AsyncClient, webhook: Webhook, message: int, attempts: int, body: bytes
    ) -> None:
        error = await self._post(client, webhook, f"alert_{message}", body)
        attempts += 1
        now = time.time_ns() // 1000
        if error is None:
            state, due = "delivered", now
        elif attempts >= ATTEMPTS:
            state, due = "failed", now
            _log.error("webhook %s: given up after %d attempts: %s", webhook.name, attempts, error)
        else:
            state, due = "pending", now + round(backoff(attempts, random.random()) * 1e6)  # noqa: S311
            _log.warning("webhook %s: attempt %d failed: %s", webhook.name, attempts, error)

        def store(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE alert_outbox SET state = ?, attempts = ?, due = ?, error = ? WHERE id = ?",
                (state, attempts, due, error, message),
            )
            connection.execute(
                "DELETE FROM alert_outbox WHERE state <> 'pending' AND due < ?", (now - _KEEP_US,)
            )

        try:
            await asyncio.wrap_future(self._observations.writer.submit(Call(store)))
        except (TwinError, sqlite3.Error) as failure:
            _log.error("webhook %s: the outcome of a delivery was not stored: %s", webhook.name, failure)
            await asyncio.sleep(_FIRST_S)

    async def _post(
        self, client: httpx.AsyncClient, webhook: Webhook, message: str, body: bytes
    ) -> str | None:
        """Try once; what went wrong, None if nothing did."""
        import httpx

        try:
            async with asyncio.timeout(self._timeout_s):
                address = await self._address(webhook.url)
                url = httpx.URL(webhook.url)
                request = client.build_request(
                    "POST",
                    url.copy_with(host=address),
                    content=body,
                    headers={
                        "host": url.netloc.decode(),
                        **headers(webhook, message, int(time.time()), body),
                    },
                    extensions={"sni_hostname": url.raw_host.decode()},
                )
                response = await client.send(request, stream=True)
                await response.aclose()
        except TimeoutError:
            return f"no answer within {self._timeout_s:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            return str(error) or type(error).__name__
        return None if response.is_success else f"answered {response.status_code}"

    async def _address(self, url: str) -> str:
        """The address to connect to: looked up once, and checked."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        assert self._loop is not None
        found = await self._loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not is_allowed(address, self._networks):
                raise ValueError(f"{parts.hostname} is {address}, an inner address, which is not allowed")
        return addresses[0]


_DUE = """
SELECT id, body, attempts FROM alert_outbox
WHERE state = 'pending' AND webhook = ? AND due <= ? ORDER BY due, id LIMIT 1
"""


def payload(state: str, at: int, alert: dict[str, Any]) -> bytes:
    """What is posted: `type` such as alert.raised, `timestamp` (at: [µs]), and the alert as `data`."""
    return orjson.dumps({"type": f"alert.{state}", "timestamp": format_instant(at), "data": alert})


def outbox(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """How deliveries stand, by webhook: pending, delivered, failed, and the last error."""
    found: dict[str, dict[str, Any]] = {}
    for webhook, state, count in connection.execute(
        "SELECT webhook, state, count(*) FROM alert_outbox GROUP BY webhook, state"
    ):
        found.setdefault(webhook, {"pending": 0, "delivered": 0, "failed": 0, "error": None})[state] = count
    for webhook, error in connection.execute(
        "SELECT webhook, error FROM alert_outbox WHERE error IS NOT NULL ORDER BY id"
    ):
        found[webhook]["error"] = error
    return found
