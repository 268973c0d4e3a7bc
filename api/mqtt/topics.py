"""Topic filters (MQTT 3.1.1, 4.7): what is a sound one, and who subscribed to what matches a topic."""

from __future__ import annotations

from typing import Generic, TypeVar

S = TypeVar("S")


def is_filter(text: str) -> bool:
    """`#` stands alone at the end, `+` takes a whole level."""
    levels = text.split("/")
    return bool(text) and all(
        ("#" not in level or (level == "#" and place == len(levels) - 1))
        and ("+" not in level or level == "+")
        for place, level in enumerate(levels)
    )


def has_wildcard(topic_filter: str) -> bool:
    return "#" in topic_filter or "+" in topic_filter


def matches(topic_filter: str, topic: str) -> bool:
    """A filter that begins with a wildcard does not match topics that begin with `$` (4.7.2)."""
    if topic.startswith("$") and topic_filter[:1] in ("+", "#"):
        return False
    wanted, given = topic_filter.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place == len(given) or level not in ("+", given[place]):
            return False
    return len(wanted) == len(given)


class Subscriptions(Generic[S]):
    """Filters, each with its subscribers and the QoS granted to them."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[S, int]] = {}
        self._wild: dict[str, dict[S, int]] = {}

    def add(self, topic_filter: str, subscriber: S, qos: int) -> bool:
        """Whether it is the first subscriber of this filter."""
        table = self._wild if has_wildcard(topic_filter) else self._exact
        first = topic_filter not in table
        table.setdefault(topic_filter, {})[subscriber] = qos
        return first

    def remove(self, topic_filter: str, subscriber: S) -> bool:
        """Whether it was the last subscriber of this filter."""
        table = self._wild if has_wildcard(topic_filter) else self._exact
        subscribers = table.get(topic_filter, {})
        subscribers.pop(subscriber, None)
        if topic_filter in table and not subscribers:
            del table[topic_filter]
            return True
        return False

    def exact(self, topic: str) -> dict[S, int]:
        """The subscribers of this very text."""
        return self._exact.get(topic, {})

    def wild(self, topic: str) -> dict[S, int]:
        """The subscribers of filters with wildcards that match, each once, with their highest QoS."""
        found: dict[S, int] = {}
        for topic_filter, subscribers in self._wild.items():
            if matches(topic_filter, topic):
                for subscriber, qos in subscribers.items():
                    found[subscriber] = max(qos, found.get(subscriber, 0))
        return found

    def match(self, topic: str) -> dict[S, int]:
        """All subscribers of a topic, each once, with the highest QoS among their filters (3.3.5)."""
        found = self.wild(topic)
        for subscriber, qos in self.exact(topic).items():
            found[subscriber] = max(qos, found.get(subscriber, 0))
        return found
