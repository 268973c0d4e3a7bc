"""What the MQTT side can be told: where it listens or connects, who may, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class MqttSettings:
    """mode: `embedded` (listens on host and port; port 0 takes a free one), `bridge` (is a client of the
    broker there) or `off`.

    root: the service root (`http://host/sta/v1.1`) that links in messages begin with. anonymous: clients
    without a token may subscribe, when reading is public. certificate, key: files in PEM that make the
    embedded broker speak TLS only. authority: the file of certificates that the bridge trusts; the
    system's own without it. user, password, tls: for the bridge.

    publish_prefix: goes before the topics on which the bridge tells of our changes, so that it never
    takes its own messages for readings.

    Limits of the embedded broker: packet_limit [bytes]; clients; sessions kept for clients that are away,
    and for how long [s]; waiting, waiting_bytes: messages of one client on their way into the store;
    in_flight, queued: messages on their way to one subscriber; retained messages; memory: of all messages
    for subscribers and retained ones [bytes]; subscriptions of one client; rate_limit: messages a second
    that the clients of one token may publish, on average, 0 for no limit.
    """

    mode: Literal["embedded", "bridge", "off"] = "embedded"
    host: str = "127.0.0.1"
    port: int = 1883
    root: str = "http://127.0.0.1:8000/sta/v1.1"
    public_read: bool = True
    anonymous: bool = False
    certificate: Path | None = None
    key: Path | None = None

    user: str | None = None
    password: str | None = None
    tls: bool = False
    authority: Path | None = None
    client_id: str = "citytwin"
    publish_prefix: str = "citytwin/"

    packet_limit: int = 1 << 20
    clients: int = 1000
    sessions: int = 10_000
    session_expiry: float = 7 * 86_400.0
    waiting: int = 2000
    waiting_bytes: int = 4 << 20
    in_flight: int = 100
    queued: int = 10_000
    retained: int = 10_000
    memory: int = 256 << 20
    subscriptions: int = 1000
    rate_limit: float = 0.0
    connect_timeout: float = 10.0
    token_check: float = 5.0
