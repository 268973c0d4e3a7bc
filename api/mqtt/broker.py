"""The embedded broker: sessions, subscriptions, retained messages and limits of MQTT 3.1.1.

Observations that clients publish go to the intake, changes of entities come from the feed; every other
topic is passed on between clients as any broker does. All of it runs in the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import orjson

from api.mqtt.access import Access, Identity
from api.mqtt.connection import Connection
from api.mqtt.feed import Feed
from api.mqtt.intake import Intake, is_temporary
from api.mqtt.packets import Connect, Publish
from api.mqtt.resources import is_ours
from api.mqtt.session import Incoming, Room, Session
from api.mqtt.settings import MqttSettings
from api.mqtt.topics import Subscriptions, is_filter, matches
from api.rates import Rates

log = logging.getLogger(__name__)

ERRORS = "$errors"
"""The topic on which a client learns which of its own messages were refused, and why."""

_LOGGED = 10
"""Refused messages of one connection that are written to the log."""


class Broker:
    """counts: refused, failed, rejected and slowed messages and connections, for the metrics. rates: of
    what the clients of each token publish."""

    def __init__(self, settings: MqttSettings, access: Access, intake: Intake) -> None:
        self.settings = settings
        self.access = access
        self.intake = intake
        self.feed: Feed | None = None
        self.counts: Counter[str] = Counter()
        self.rates = Rates(settings.rate_limit)
        self.connections: set[Connection] = set()
        self._sessions: dict[tuple[str | None, str], Session] = {}
        self._subscriptions: Subscriptions[Session] = Subscriptions()
        self._retained: dict[str, Publish] = {}
        self._room = Room(settings.memory)
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """-> the port. Raises OSError when it is taken."""
        settings, context = self.settings, None
        if settings.certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(settings.certificate, settings.key)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), settings.host, settings.port, ssl=context, backlog=512
        )
        self._watch = loop.create_task(self._watching())
        return int(self._server.sockets[0].getsockname()[1])

    def stop_reading(self) -> None:
        """Take no more connections and messages; what came already is still acknowledged."""
        if self._watch:
            self._watch.cancel()
        if self._server:
            self._server.close()
        for connection in self.connections:
            connection.stop_reading()

    async def stop(self) -> None:
        if self._watch:
            await asyncio.wait([self._watch])
        for connection in list(self.connections):
            connection.close("the server stops", with_will=False)
        if self._server:
            await self._server.wait_closed()

    # connections and sessions

    def admit(self, connection: Connection) -> bool:
        self.connections.add(connection)
        if len(self.connections) <= self.settings.clients:
            return True
        self.counts["rejected connections"] += 1
        return False

    def judge(self, connect: Connect) -> tuple[int, Identity | None]:
        """The code of the CONNACK (table 3.1), and who it is if it may come in."""
        if connect.level != 4:
            return 1, None
        if not connect.client_id and not connect.clean_session:
            return 2, None
        identity = self.access.identify(connect.password)
        if identity is None:
            self.counts["rejected connections"] += 1
            return 4 if connect.password else 5, None
        if connect.will and not identity.writes:
            return 5, None
        return 0, identity

    def open(self, connection: Connection, identity: Identity, connect: Connect) -> tuple[Session, bool]:
        """The session, and whether it was there before. An older connection of the same client is closed.

        Client identifiers of different tokens are different clients.
        """
        key = (identity.name, connect.client_id or f"auto-{uuid.uuid4().hex}")
        known = self._sessions.get(key)
        if known and isinstance(known.link, Connection):
            known.link.close("the client has connected anew")
            known.link.give_up()
            known.link = None
        if known and (connect.clean_session or known.clean):
            self._end(known)
            known = None
        session = known or Session(
            key, connect.clean_session, self._room, self.settings.in_flight, self.settings.queued
        )
        self._sessions[key] = session
        session.link = connection
        return session, known is not None

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        session = connection.session
        if session is None or session.link is not connection:
            return
        session.link = None
        session.left = time.monotonic()
        if session.clean:
            self._end(session)

    def _end(self, session: Session) -> None:
        for topic_filter in list(session.subscriptions):
            self.unsubscribe(session, topic_filter)
        session.end()
        if self._sessions.get(session.key) is session:
            del self._sessions[session.key]

    async def _watching(self) -> None:
        checked = time.monotonic()
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            try:
                if now - checked >= self.settings.token_check:
                    checked = now
                    self._check_tokens()
                self._check_times(now)
            except Exception:
                log.exception("MQTT: connections could not be checked")

    def _check_tokens(self) -> None:
        for connection in list(self.connections):
            if connection.identity and self.access.identify(connection.password) != connection.identity:
                connection.close("its token has ended or changed", with_will=False)

    def _check_times(self, now: float) -> None:
        """Who is silent for too long, and whose session is too old, or one too many."""
        for connection in list(self.connections):
            reason = connection.overdue(now)
            if reason:
                connection.close(reason)
        away = [s for s in self._sessions.values() if s.link is None]
        away.sort(key=lambda s: s.left)
        surplus = max(0, len(away) - self.settings.sessions)
        for place, session in enumerate(away):
            if place < surplus or now - session.left > self.settings.session_expiry:
                self._end(session)

    # subscriptions

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> bool:
        full = len(session.subscriptions) >= self.settings.subscriptions
        if not is_filter(topic_filter) or (full and topic_filter not in session.subscriptions):
            return False
        assert self.feed is not None
        if self._subscriptions.add(topic_filter, session, qos) and not self.feed.watch(topic_filter):
            self._subscriptions.remove(topic_filter, session)
            return False
        session.subscriptions[topic_filter] = qos
        return True

    def unsubscribe(self, session: Session, topic_filter: str) -> None:
        session.subscriptions.pop(topic_filter, None)
        if self._subscriptions.remove(topic_filter, session) and self.feed:
            self.feed.unwatch(topic_filter)

    def send_retained(self, session: Session, topic_filter: str, qos: int) -> None:
        for message in self._retained.values():
            if matches(topic_filter, message.topic):
                session.deliver(replace(message, qos=min(qos, message.qos), retain=True))

    # messages

    def take(self, item: Incoming) -> None:
        """Store an observation or pass a message on; `item.sender` is told when that is done."""
        message = item.message
        if is_ours(message.topic):
            self.intake.offer(item)
            return
        item.error = self._pass_on(message)
        item.done = True
        item.sender.settle()

    def _pass_on(self, message: Publish) -> Exception | None:
        if message.topic.startswith("$"):
            return ValueError("topics that begin with $ are the broker's own")
        if message.retain:
            old = self._retained.pop(message.topic, None)
            if old:
                self._room.give(old)
            if message.payload:
                if len(self._retained) >= self.settings.retained or not self._room.take(message):
                    return ValueError("there is no room for more retained messages")
                self._retained[message.topic] = replace(message, duplicate=False, packet_id=0)
        self._deliver(self._subscriptions.match(message.topic), message)
        return None

    def _deliver(self, subscribers: dict[Session, int], message: Publish) -> None:
        for session, qos in subscribers.items():
            qos = min(qos, message.qos)
            session.deliver(Publish(message.topic, message.payload, qos))

    def publish(self, topic: str, payload: bytes, select: Callable[[str], dict[Session, int]]) -> None:
        """A message of the server itself, with the QoS that each subscriber asked for."""
        self._deliver(select(topic), Publish(topic, payload, 2))

    def announce(self, topic: str, payload: bytes) -> None:
        """For all who subscribed to a topic."""
        self.publish(topic, payload, self._subscriptions.match)

    def tell_watchers(self, topic: str, payload: bytes) -> None:
        """For those who subscribed to exactly this topic."""
        self.publish(topic, payload, self._subscriptions.exact)

    def tell_wildcards(self, topic: str, payload: bytes) -> None:
        """For those whose filters have wildcards."""
        self.publish(topic, payload, self._subscriptions.wild)

    def refused(self, connection: Connection, item: Incoming) -> bool:
        """Report a message that failed. Whether it is done with: False when the client should try again."""
        assert item.error is not None
        if is_temporary(item.error):
            self.counts["failed messages"] += 1
            log.error("MQTT: a message of %s was not stored: %s", connection.name, item.error)
            return False
        self.counts["refused messages"] += 1
        connection.refused += 1
        if connection.refused <= _LOGGED:
            log.warning("MQTT: %s on %s: %s", connection.name, item.message.topic[:200], item.error)
        if connection.refused == _LOGGED:
            log.warning("MQTT: more refused messages of %s are only counted", connection.name)
        session = connection.session
        if session and ERRORS in session.subscriptions:
            report = {"topic": item.message.topic, "packet": item.message.packet_id, "error": str(item.error)}
            qos = session.subscriptions[ERRORS]
            session.deliver(Publish(ERRORS, orjson.dumps(report), qos))
        return True
