"""Who an MQTT client is: the password is an access token, the user name may be anything."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from api.auth import READ, WRITE
from api.mqtt.settings import MqttSettings
from twin import tokens
from twin.errors import TwinError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Identity:
    """name: what tells one token's clients from another's, None without a token."""

    name: str | None
    reads: bool
    writes: bool


class Access:
    def __init__(self, folder: Path, settings: MqttSettings) -> None:
        self._folder = folder
        self._settings = settings

    def identify(self, password: bytes | None) -> Identity | None:
        """None for a token that is unknown, expired or revoked; for none at all, unless that is allowed."""
        settings = self._settings
        if not password:
            allowed = settings.anonymous and settings.public_read
            return Identity(None, reads=True, writes=False) if allowed else None
        try:
            token = tokens.verify(self._folder, password.decode("utf-8", "replace"))
        except TwinError as error:
            log.error("MQTT: no token can be looked up: %s", error)
            token = None
        if token is None:
            return None
        writes = token.allows(WRITE)
        return Identity(str(token.id), settings.public_read or writes or token.allows(READ), writes)
