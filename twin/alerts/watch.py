"""Rules at work: which datastreams each one watches, how they stand, and what changes with new readings.

In memory and without a clock of its own; `twin.alerts.engine` keeps it and stores what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.alerts.judge import Group, Standing, history_s, judge, recall
from twin.alerts.rules import Combination, Condition, Missing, Rule
from twin.alerts.streams import Stream, select
from twin.observations.changes import Committed
from twin.observations.quality import bits

_SECOND = 1_000_000
Key = tuple[str, int, int]
"""Of a standing: rule, part and datastream."""
History = Callable[[int, int, int, int], Iterable[tuple[int, float]]]
"""Readings (time [µs], value) of a datastream in [start, end), without those of some flags."""


@dataclass(frozen=True)
class Transition:
    """A rule began or ceased to hold. stream: None for a combination. time: of the reading [µs], None for
    silence."""

    rule: Rule
    stream: Stream | None
    met: bool
    value: float | None
    unit: str | None
    time: int | None


@dataclass(slots=True)
class Watch:
    """One datastream under one part of a rule."""

    key: Key
    rule: Rule
    condition: Condition
    stream: Stream
    standing: Standing
    ignore: int
    """Flags of readings that are passed over."""
    group: Watched | None
    recalled: bool = False


@dataclass(slots=True)
class Watched:
    """A combination at work."""

    rule: Rule
    group: Group
    held: bool


@dataclass
class Watches:
    """All rules at work. dirty: standings that differ from what is stored."""

    streams: Mapping[int, Stream]
    standings: dict[Key, Standing]
    heard: dict[int, float]
    """When a reading of a datastream came last, by a clock that never jumps [s]."""
    history: History
    by_stream: dict[int, list[Watch]] = field(default_factory=dict)
    silences: list[Watch] = field(default_factory=list)
    combinations: list[Watched] = field(default_factory=list)
    dirty: set[Key] = field(default_factory=set)

    def add(self, rule: Rule, opened: set[tuple[str, int | None]]) -> None:
        """Put a rule to work. opened: rule and datastream of the alerts that are open."""
        combined = None
        if isinstance(rule.condition, Combination):
            group = Group(rule.condition, [{} for _ in rule.parts])
            combined = Watched(rule, group, (rule.name, None) in opened)
            self.combinations.append(combined)
        for number, part in enumerate(rule.parts):
            for stream in select(self.streams.values(), part.select):
                key = (rule.name, number, stream.id)
                standing = self.standings.setdefault(key, Standing())
                if combined is None:
                    standing.met = (rule.name, stream.id) in opened
                watch = Watch(key, rule, part.condition, stream, standing, bits(list(rule.ignore)), combined)
                if isinstance(part.condition, Missing):
                    self.silences.append(watch)
                self.by_stream.setdefault(stream.id, []).append(watch)
                if combined is not None:
                    combined.group.newest = max(combined.group.newest, standing.time or 0)
                    if standing.met:
                        combined.group.met[number][stream.id] = standing

    def forget(self) -> set[Key]:
        """Drop the standings that no rule watches any more; which ones."""
        watched = {watch.key for watches in self.by_stream.values() for watch in watches}
        gone = self.standings.keys() - watched
        for key in gone:
            del self.standings[key]
        return gone

    def read(self, batch: Committed, now: int, ticks: float) -> list[Transition]:
        """Take readings in. now: the time of day [µs]. ticks: the clock of `heard` [s]."""
        found: list[Transition] = []
        for datastream, time, result, flags in zip(
            batch.datastreams, batch.times, batch.results, batch.flags, strict=True
        ):
            watches = self.by_stream.get(datastream)
            if watches is None:
                continue
            self.heard[datastream] = ticks
            value = as_number(result)
            for watch in watches:
                if isinstance(watch.condition, Missing):
                    self._set(watch, False, found, None)
                    continue
                too_old = watch.rule.max_age_s is not None and time < now - watch.rule.max_age_s * _SECOND
                if value is not None and not too_old and not (flags or 0) & watch.ignore:
                    self._judge(watch, time, value, found)
        for combined in self.combinations:
            self._combine(combined, found, None)
        return found

    def tick(self, ticks: float) -> list[Transition]:
        """Look for silence."""
        found: list[Transition] = []
        for watch in self.silences:
            assert isinstance(watch.condition, Missing)
            silent = ticks - self.heard.setdefault(watch.stream.id, ticks)
            watch.standing.value = silent
            self._set(watch, silent > watch.condition.after_s, found, None)
        return found

    def _judge(self, watch: Watch, time: int, value: float, found: list[Transition]) -> None:
        condition, standing = watch.condition, watch.standing
        assert not isinstance(condition, Missing)
        back = history_s(condition)
        if back and not watch.recalled:
            start = time - round(back * _SECOND)
            recall(standing, self.history(watch.stream.id, start, time, watch.ignore))
        watch.recalled = True
        since = standing.since
        changed = judge(condition, standing, time, value)
        if changed or since != standing.since:
            self.dirty.add(watch.key)
        if watch.group is not None:
            watch.group.group.newest = max(watch.group.group.newest, time)
        if changed:
            self._report(watch, found, time)

    def _set(self, watch: Watch, met: bool, found: list[Transition], time: int | None) -> None:
        if watch.standing.met != met:
            watch.standing.met = met
            self.dirty.add(watch.key)
            self._report(watch, found, time)

    def _report(self, watch: Watch, found: list[Transition], time: int | None) -> None:
        met, value = watch.standing.met, watch.standing.value
        if watch.group is None:
            unit = "s" if isinstance(watch.condition, Missing) else watch.stream.unit
            found.append(Transition(watch.rule, watch.stream, met, value, unit, time))
            return
        members = watch.group.group.met[watch.key[1]]
        if met:
            members[watch.stream.id] = watch.standing
        else:
            members.pop(watch.stream.id, None)
        self._combine(watch.group, found, time)

    def _combine(self, combined: Watched, found: list[Transition], time: int | None) -> None:
        held = combined.group.fulfilled()
        if held != combined.held:
            combined.held = held
            count = float(sum(map(len, combined.group.met)))
            found.append(Transition(combined.rule, None, held, count, None, time))


def as_number(result: Any) -> float | None:
    """A result as conditions see it: numbers, true and false; nothing else."""
    return float(result) if isinstance(result, int | float) else None
