"""Where alerts are posted: the list of webhooks, their signatures, and which addresses they may have.

The list lies in `NAME.twin/webhooks.json`, readable by its owner alone since it holds the secrets.
Deliveries are signed as the Standard Webhooks specification 1.0 says (standardwebhooks.com, 2023).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from twin.alerts.rules import Name, first_error
from twin.errors import QueryError, TwinError

FILE = "webhooks.json"
_PREFIX = "whsec_"
_SECRET_BYTES = 24
"""Least size of a secret, as the specification has it (24 to 64 bytes)."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Webhook(BaseModel):
    """One address that alerts are posted to. secret: `whsec_` and base64 of 24 to 64 bytes. rules: names of
    those it gets; None for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    url: Annotated[str, Field(max_length=2000)]
    secret: str
    rules: list[Name] | None = None
    enabled: bool = True

    @field_validator("url")
    @classmethod
    def _web(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("a webhook has an http:// or https:// address")
        if parts.username or parts.password:
            raise ValueError("a name and password do not belong in the address")
        return url

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: str) -> str:
        if not _SECRET_BYTES <= len(_key(secret)) <= 64:
            raise ValueError("a secret is whsec_ and base64 of 24 to 64 bytes")
        return secret

    def wants(self, rule: str) -> bool:
        return self.enabled and (self.rules is None or rule in self.rules)


def read_webhooks(folder: Path) -> list[Webhook]:
    """The webhooks of a city; none if there is no list."""
    path = folder / FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    try:
        return [Webhook.model_validate(entry) for entry in orjson.loads(text)["webhooks"]]
    except (orjson.JSONDecodeError, ValidationError, KeyError, TypeError) as error:
        what = first_error(error) if isinstance(error, ValidationError) else str(error)
        raise TwinError(f"{path}: not a list of webhooks: {what}") from error


def write_webhooks(folder: Path, webhooks: Sequence[Webhook]) -> None:
    """Replace the list at once."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=FILE)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps({"webhooks": [w.model_dump() for w in webhooks]}))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(folder / FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def parse_webhooks(data: Any, known: Iterable[Webhook]) -> list[Webhook]:
    """A list from JSON values. A webhook without a secret keeps the one that it had, or gets a new one."""
    had = {webhook.name: webhook.secret for webhook in known}
    if not isinstance(data, dict) or not isinstance(data.get("webhooks"), list):
        raise QueryError('the body is {"webhooks": [...]}')
    webhooks = []
    for entry in data["webhooks"]:
        if not isinstance(entry, dict):
            raise QueryError("a webhook is a JSON object")
        secret = entry.get("secret") or had.get(str(entry.get("name"))) or new_secret()
        try:
            webhooks.append(Webhook.model_validate({**entry, "secret": secret}))
        except ValidationError as error:
            raise QueryError(f"webhook {entry.get('name')}: {first_error(error)}") from error
    if len({webhook.name for webhook in webhooks}) < len(webhooks):
        raise QueryError("two webhooks have one name")
    return webhooks


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: v1, and HMAC-SHA256 of id, time [s since 1970] and body."""
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def headers(webhook: Webhook, message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What a delivery carries. message: its id, the same for every attempt."""
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(webhook.secret, message, timestamp, body),
    }


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return b""


def parse_networks(texts: Iterable[str]) -> list[Network]:
    """Networks such as 10.1.0.0/16. Raises TwinError."""
    try:
        return [ipaddress.ip_network(text.strip()) for text in texts]
    except ValueError as error:
        raise TwinError(f"webhook networks: {error}; a network is written as 10.1.0.0/16") from error


def is_allowed(address: str, networks: Iterable[Network]) -> bool:
    """Whether alerts may be posted to an IP address: any public one, and those of `networks`.

    So an address that an administrator was talked into, or a name that turns to an inner address later,
    does not reach what only this machine can reach.
    """
    ip: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return (ip.is_global and not ip.is_multicast) or any(ip in network for network in networks)
