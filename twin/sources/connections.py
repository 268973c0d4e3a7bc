"""Sources from the sensor connections of a city's model. Nothing is contacted here, and nothing unasked.

A SensorConnection of a CityGML 3.0 dynamizer names a Datastream of a SensorThings server, or a topic of an
MQTT broker, whose readings belong into the Datastream that the dynamizer has made (OGC 20-010, Dynamizer
module). The standard leaves the values of `connectionType` open: where it says MQTT it is that, else what is
given decides.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from twin.errors import TwinError
from twin.observations.store import Observations
from twin.sources.service import DATASTREAM_ID, FILE, MqttConfig, PullConfig, checked, read_config

_LINK = re.compile(r"^(?P<base>https?://[^?#]+?)/Datastreams\((?P<id>[^()]+)\)")
_MQTT_PORTS = {"": 1883, "mqtt": 1883, "tcp": 1883, "mqtts": 8883, "ssl": 8883, "tls": 8883}
_TLS = ("mqtts", "ssl", "tls")


@dataclass(frozen=True)
class Connection:
    """What a dynamizer says of where its readings come from; `given`: by the names of the standard."""

    dynamizer: str
    quantity: str
    unit: str
    given: dict[str, str]


@dataclass(frozen=True)
class Credentials:
    """token_env, password_env: environment variables with a bearer token, or the password of `user`."""

    token_env: str | None = None
    user: str | None = None
    password_env: str | None = None


@dataclass
class Found:
    """sources: as they stand in `sources.json`. notes: connections that no source can be made of, and why."""

    sources: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def connections(observations: Observations) -> list[Connection]:
    """The connections of the model's dynamizers, in their order."""
    with observations.connection() as connection:
        rows = connection.execute(
            "SELECT t.properties ->> 'dynamizer', d.name, d.unit_of_measurement ->> 'symbol',"
            " d.properties -> 'connection' FROM datastreams d JOIN things t ON t.id = d.thing"
            " WHERE d.properties -> 'connection' IS NOT NULL AND t.properties ->> 'dynamizer' IS NOT NULL"
            " ORDER BY 1"
        ).fetchall()
    return [
        Connection(dynamizer, name, unit or "", {k: str(v).strip() for k, v in orjson.loads(given).items()})
        for dynamizer, name, unit, given in rows
    ]


def sources(found: Iterable[Connection], credentials: Credentials) -> Found:
    """One source for each server and each broker."""
    made = Found()
    servers: dict[str, dict[str, str]] = {}
    brokers: dict[tuple[str, int, bool], list[dict[str, Any]]] = {}
    for one in found:
        try:
            if _is_mqtt(one.given):
                broker, mapping = _mapping(one)
                brokers.setdefault(broker, []).append(mapping)
            else:
                base, id = _datastream(one)
                already = servers.setdefault(base, {}).setdefault(id, one.dynamizer)
                if already != one.dynamizer:
                    raise TwinError(f"its Datastream {id} is that of {already} already")
        except TwinError as error:
            made.notes.append(f"{one.dynamizer}: no source can be made of its connection: {error}")
    for base, into in servers.items():
        entry: dict[str, Any] = {"name": _name(base), "type": "sensorthings", "url": base, "into": into}
        if credentials.token_env:
            entry["token_env"] = credentials.token_env
        made.sources.append(entry)
    for (host, port, tls), mappings in brokers.items():
        name = _name(f"mqtt-{host}-{port}")
        entry = {"name": name, "type": "mqtt", "host": host, "port": port, "tls": tls}
        if credentials.user:
            entry |= {"user": credentials.user, "password_env": credentials.password_env}
        made.sources.append({**entry, "mappings": mappings})
    for entry in made.sources:
        checked(MqttConfig if entry["type"] == "mqtt" else PullConfig, **entry)
    return made


def add(folder: Path, made: list[dict[str, Any]]) -> list[str]:
    """Put sources into the city's `sources.json`; their names there. One to the same server or broker that
    was made so before takes up what is new, and keeps what was changed by hand. Raises TwinError."""
    read_config(folder)
    path = folder / FILE
    entries: list[dict[str, Any]] = orjson.loads(path.read_bytes()) if path.exists() else []
    names = []
    for source in made:
        same = next((entry for entry in entries if _is_same(entry, source)), None)
        if same is None:
            taken = {entry["name"] for entry in entries}
            same = {**source, "name": _free(source["name"], taken)}
            entries.append(same)
        elif source["type"] == "mqtt":
            known = {mapping.get("dynamizer") for mapping in same["mappings"]}
            same["mappings"] += [m for m in source["mappings"] if m["dynamizer"] not in known]
        else:
            same["into"] = source["into"]
        same.update({k: v for k, v in source.items() if k in ("token_env", "user", "password_env")})
        names.append(same["name"])
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(orjson.dumps(entries, option=orjson.OPT_INDENT_2))
    beside.replace(path)
    return names


def _is_mqtt(given: dict[str, str]) -> bool:
    kind = given.get("connectionType", "").casefold()
    if "mqtt" in kind:
        return True
    return "mqttServer" in given and "mqttTopic" in given and not _names_datastream(given)


def _names_datastream(given: dict[str, str]) -> bool:
    return bool(given.get("baseURL") and given.get("datastreamID")) or bool(
        _LINK.match(given.get("linkToObservation", ""))
    )


def _datastream(one: Connection) -> tuple[str, str]:
    """The server's root, and the Datastream's id as in a URL."""
    kind = one.given.get("connectionType", "")
    if re.search(r"sos|wfs|3dps", kind, re.IGNORECASE):
        raise TwinError(f"its type is {kind!r}; SensorThings and MQTT are understood")
    base, id = one.given.get("baseURL", ""), one.given.get("datastreamID", "")
    link = _LINK.match(one.given.get("linkToObservation", ""))
    if not (base and id) and link:
        base, id = link["base"], link["id"]
    if not base or not id:
        raise TwinError("it names no baseURL with a datastreamID, and no mqttServer with an mqttTopic")
    id = id if id.isdecimal() or id.startswith("'") else f"'{id}'"
    if not re.match(DATASTREAM_ID, id):
        raise TwinError(f"{id!r} is no id of a Datastream")
    checked(PullConfig, name="x", type="sensorthings", url=base)
    return base.rstrip("/"), id


def _mapping(one: Connection) -> tuple[tuple[str, int, bool], dict[str, Any]]:
    """The broker, and what messages of the topic mean: an Observation where the topic is one of SensorThings,
    else a number, of the moment when it arrives."""
    server, topic = one.given.get("mqttServer", ""), one.given.get("mqttTopic", "")
    if not server or not topic:
        raise TwinError("it is of MQTT and lacks the mqttServer or the mqttTopic")
    if set(topic) & set("+#{}"):
        raise TwinError(f"the topic {topic!r} is not one topic")
    value = {"quantity": one.quantity, "unit": one.unit}
    mapping: dict[str, Any] = {"topic": topic, "dynamizer": one.dynamizer, "values": [value]}
    if re.search(r"(^|/)Observations(\?|$)", topic):
        value["path"] = "$.result"
        mapping["time"] = "$.phenomenonTime"
    return _broker(server), mapping


def _broker(server: str) -> tuple[str, int, bool]:
    """Host, port and whether it speaks TLS, of `mqtts://host:8883`, `host:1883` or `host`."""
    try:
        parts = urlsplit(server if "://" in server else f"//{server}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if host is None or parts.scheme not in _MQTT_PORTS or parts.username is not None:
        raise TwinError("its mqttServer is no address such as mqtt://broker:1883, without user and password")
    return host, port or _MQTT_PORTS[parts.scheme], parts.scheme in _TLS


def _is_same(entry: dict[str, Any], source: dict[str, Any]) -> bool:
    """Whether a source was made from connections to the same server or broker."""
    if entry["type"] != source["type"]:
        return False
    if source["type"] == "sensorthings":
        return bool(entry.get("into")) and entry["url"].rstrip("/") == source["url"]
    place = ("host", "port", "tls")
    given = {"port": 1883, "tls": False, **entry}
    return any("dynamizer" in m for m in entry["mappings"]) and all(given[k] == source[k] for k in place)


def _name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", re.sub(r"^https?://", "", text)).strip("-")[:80]


def _free(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
