"""The query options of a request (18-088, 9.3): the text after the question mark to a `Query` of the store.

An option that is unknown, given twice or out of place is refused, never ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import quote, unquote_plus

from api.sensorthings.grammar import parse_filter, parse_orders
from twin.errors import NotSupported, QueryError, TooLarge
from twin.observations.model import (
    DATASTREAM,
    ENTITY_TYPES,
    MULTI_DATASTREAM,
    OBSERVATION,
    EntityType,
    Link,
)
from twin.observations.query import Expand, Query

MAX_TOP = 10_000
"""Entities in one page, whatever `$top` says."""
KINDS = (DATASTREAM.name, MULTI_DATASTREAM.name)
ONLY_ID = Query(select=("id",))
MAX_EXPAND_DEPTH = 5
MAX_EXPANDS = 40
_MAX_SKIP = (1 << 63) - 1
COLLECTION = frozenset(
    ("$filter", "$expand", "$select", "$orderby", "$top", "$skip", "$count", "$skiptoken", "$resultFormat")
)
NESTED = COLLECTION - {"$skiptoken", "$resultFormat"}
ENTITY = frozenset(("$expand", "$select", "$resultFormat"))
REFERENCES = frozenset(("$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken"))
_OF_ODATA = frozenset(
    ("$apply", "$compute", "$search", "$format", "$levels", "$deltatoken", "$index", "$schemaversion")
)


class Format(StrEnum):
    """`$resultFormat`."""

    plain = ""
    data_array = "dataArray"
    geojson = "GeoJSON"
    csv = "CSV"


@dataclass(frozen=True)
class Options:
    """What was asked of one collection or entity.

    query: for the store. select: names to show, None for all. expand: options of each expanded link.
    texts: options as they came, for links to the next page.
    """

    query: Query = field(default_factory=Query)
    select: frozenset[str] | None = None
    expand: dict[str, Options] = field(default_factory=dict)
    texts: tuple[tuple[str, str], ...] = ()
    format: Format = Format.plain

    def next_query(self, mark: str) -> str:
        """The part after `?` of a link to the page that starts after `mark`."""
        kept = [(name, text) for name, text in self.texts if name not in ("$skip", "$skiptoken")]
        return "&".join(f"{name}={quote(text, safe=_SAFE)}" for name, text in [*kept, ("$skiptoken", mark)])


_SAFE = "$',()/:;=@"


def parse_options(raw: bytes | str, type_: EntityType, allowed: frozenset[str]) -> Options:
    """raw: percent-encoded. Raises QueryError, NotSupported, TooLarge."""
    if not raw:
        return Options(Query(expand=_expands({}, type_)))
    text = raw.decode("ascii", "replace") if isinstance(raw, bytes) else raw
    pairs = []
    for part in text.split("&"):
        if not part:
            continue
        name, equals, value = part.partition("=")
        try:
            pairs.append((unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")))
        except UnicodeDecodeError:
            raise QueryError("the query is not UTF-8") from None
        if not equals:
            raise QueryError(f"{pairs[-1][0][:40]}: an option is written name=value")
    return _Reading().options(pairs, type_, allowed, 0)


class _Reading:
    """One query's options; counts what is expanded in all of them."""

    def __init__(self) -> None:
        self.expands = 0

    def options(
        self, pairs: list[tuple[str, str]], type_: EntityType, allowed: frozenset[str], depth: int
    ) -> Options:
        given: dict[str, str] = {}
        for name, text in pairs:
            _check_name(name, allowed)
            if name in given:
                raise QueryError(f"{name} is given twice")
            given[name] = text
        expand = self.expand(given["$expand"], type_, depth + 1) if "$expand" in given else {}
        select = _select(given["$select"], type_) if "$select" in given else None
        query = Query(
            select=None if select is None else tuple(sorted(select)),
            expand=_expands(expand, type_),
            filter=parse_filter(given["$filter"]) if "$filter" in given else None,
            order=parse_orders(given["$orderby"]) if "$orderby" in given else (),
            top=min(_whole("$top", given["$top"]), MAX_TOP) if "$top" in given else None,
            skip=_whole("$skip", given.get("$skip", "0")),
            count=_truth("$count", given.get("$count", "false")),
            after=given.get("$skiptoken"),
        )
        return Options(query, select, expand, tuple(given.items()), _format(given.get("$resultFormat", "")))

    def expand(self, text: str, type_: EntityType, depth: int) -> dict[str, Options]:
        if depth > MAX_EXPAND_DEPTH:
            raise TooLarge(f"$expand may go {MAX_EXPAND_DEPTH} levels deep")
        found: dict[str, Options] = {}
        for item in split(text, ","):
            name, rest, inner = _item(item)
            link = type_.link(name)
            if link is None:
                known = ", ".join(sorted(link.name for link in type_.links))
                raise QueryError(f"$expand: {type_.name} has no {name[:40]!r}, only {known}")
            self.expands += 1
            if self.expands > MAX_EXPANDS:
                raise TooLarge(f"$expand may name {MAX_EXPANDS} links in all")
            if rest is not None:
                pairs = [("$expand", rest)]
            else:
                pairs = [_pair(part) for part in split(inner, ";")] if inner is not None else []
            options = self.options(pairs, ENTITY_TYPES[link.target], NESTED if link.many else _TO_ONE, depth)
            found[name] = _merged(link, found[name], options) if name in found else options
        return found


_TO_ONE = frozenset(("$expand", "$select"))


def _expands(expand: dict[str, Options], type_: EntityType) -> tuple[Expand, ...]:
    """For the store. Of an observation it is also asked whether it has a MultiDatastream, as it has either
    that or a Datastream, and links only to what is there."""
    asked = tuple(Expand(link, inner.query) for link, inner in expand.items())
    if type_ is OBSERVATION and expand.keys().isdisjoint(KINDS):
        return (*asked, Expand(MULTI_DATASTREAM.name, ONLY_ID))
    return asked


def _merged(link: Link, first: Options, second: Options) -> Options:
    """`A/B,A/C` expands A once; otherwise the options of one link stand in one place."""
    texts = dict(first.texts)
    for option, text in second.texts:
        if option in texts and option != "$expand":
            raise QueryError(f"$expand: {option} of {link.name} is given twice")
        texts[option] = f"{texts[option]},{text}" if option in texts else text
    expand = dict(first.expand)
    type_ = ENTITY_TYPES[link.target]
    for name, inner in second.expand.items():
        further = type_.link(name)
        assert further is not None
        expand[name] = _merged(further, expand[name], inner) if name in expand else inner
    chosen = first if set(dict(first.texts)) - {"$expand"} else second
    query = replace(chosen.query, expand=_expands(expand, type_))
    if set(dict(first.texts)) - {"$expand"} and set(dict(second.texts)) - {"$expand"}:
        raise QueryError(f"$expand: the options of {link.name} are given in two places")
    return Options(query, chosen.select, expand, tuple(texts.items()))


def _check_name(name: str, allowed: frozenset[str]) -> None:
    if name in allowed:
        return
    if name in COLLECTION:
        raise QueryError(f"{name} cannot be used here")
    if name in _OF_ODATA:
        raise NotSupported(f"{name} is not offered")
    raise QueryError(f"there is no query option {name[:60]!r}")


def _select(text: str, type_: EntityType) -> frozenset[str]:
    names = set()
    for part in text.split(","):
        name = part.strip()
        name = "id" if name == "@iot.id" else name
        known = name in ("id", "@iot.selfLink") or type_.property(name) or type_.link(name)
        if not known:
            raise QueryError(f"$select: {type_.name} has no {name[:40]!r}")
        names.add(name)
    return frozenset(names)


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > _MAX_SKIP:
        raise QueryError(f"{name} must be a whole number of 0 or more, found {text[:40]!r}")
    return int(text)


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise QueryError(f"{name} must be true or false, found {text[:40]!r}")
    return text == "true"


def _format(text: str) -> Format:
    for kind in Format:
        if text.lower() == kind.lower():
            return kind
    raise NotSupported(f"$resultFormat {text[:40]!r} is not offered, only dataArray, GeoJSON and CSV")


def _item(item: str) -> tuple[str, str | None, str | None]:
    """`Datastreams/Observations` to (first, rest, None), `Datastreams($top=1)` to (first, None, options)."""
    item = item.strip()
    bracket, slash = item.find("("), item.find("/")
    if slash >= 0 and (bracket < 0 or slash < bracket):
        return item[:slash], item[slash + 1 :], None
    if bracket < 0:
        return item, None, None
    if not item.endswith(")"):
        raise QueryError(f"$expand: {item[:40]!r} lacks its closing bracket")
    return item[:bracket].rstrip(), None, item[bracket + 1 : -1]


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.strip().partition("=")
    if not equals:
        raise QueryError(f"$expand: {part[:40]!r} is not written name=value")
    return name, value


def split(text: str, mark: str) -> Iterator[str]:
    """Parts between marks that stand outside brackets and quotes. Raises QueryError when these are open."""
    depth, quoted, start = 0, False, 0
    for place, symbol in enumerate(text):
        if symbol == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif symbol == "(":
            depth += 1
        elif symbol == ")":
            depth -= 1
            if depth < 0:
                raise QueryError("$expand: a bracket closes that was not opened")
        elif symbol == mark and not depth:
            yield text[start:place]
            start = place + 1
    if depth or quoted:
        raise QueryError("$expand: a bracket or quote is not closed")
    yield text[start:]
