"""The sources that a city keeps, named in its `sources.json`; each has a thread, begun again if it fails."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from citygml.errors import CityModelError
from twin.errors import EntityNotFound, TwinError
from twin.observations.store import Observations
from twin.sources import ngsi_ld, onem2m
from twin.sources.mapping import Mapping
from twin.sources.readings import Series
from twin.sources.sink import Sink, Written

if TYPE_CHECKING:
    from twin.sources.pull import Pull

FILE = "sources.json"
DATASTREAM_ID = r"^(\d+|'[\w.:-]+')$"
"""An id as it stands in a URL of SensorThings."""
_PATIENCE = (1.0, 60.0)
_log = logging.getLogger("twin.sources")


class Source(Protocol):
    """What stays and brings in readings until it is told to stop; one that raises is begun again later."""

    def run(self, sink: Sink, stop: threading.Event) -> None: ...


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[\w.-]+$")


class MqttConfig(_Config):
    """password_env: the environment variable that holds the password."""

    type: Literal["mqtt"]
    host: str
    port: int = 1883
    user: str | None = None
    password_env: str | None = None
    tls: bool = False
    mappings: list[Mapping] = Field(min_length=1)

    def source(self, folder: Path) -> Source:
        from twin.sources.mqtt import Topics

        return Topics(
            self.host,
            self.mappings,
            f"citytwin-{self.name}",
            self.port,
            self.user,
            _secret(self.password_env),
            self.tls,
        )

    def about(self) -> str:
        return f"{self.host}:{self.port} {', '.join(m.topic for m in self.mappings)}"


class PullConfig(_Config):
    """url: the root, without user, password or options: a token stands in the environment, as token_env.
    into: only these Datastreams, by id, and the dynamizer whose Datastream takes the readings of each."""

    type: Literal["sensorthings"]
    url: str = Field(pattern=r"^https?://[^@?#\s]+$")
    filter: str | None = None
    interval: float = Field(60.0, ge=1)
    token_env: str | None = None
    into: dict[Annotated[str, Field(pattern=DATASTREAM_ID)], str] = {}

    def source(self, folder: Path) -> Pull:
        from twin.sources.pull import Pull

        return Pull(self.url, self.filter, _secret(self.token_env), self.interval, into=self.into)

    def about(self) -> str:
        some = f", Datastreams {', '.join(self.into)}" if self.into else ""
        return f"{self.url} every {self.interval:g} s{some}"


class ReplayConfig(_Config):
    """file, stations: CSV files, named from the city's folder."""

    type: Literal["replay"]
    file: str
    stations: str | None = None
    timezone: str = "UTC"
    speed: float = Field(1.0, gt=0)
    backfill_hours: float = Field(0.0, ge=0)

    def source(self, folder: Path) -> Source:
        from twin.sources.replay import Replay
        from twin.sources.tables import read_csv, read_stations

        stations = read_stations(folder / self.stations) if self.stations else None
        table = read_csv(folder / self.file, self.timezone, stations)
        return Replay(table.series, self.speed, self.backfill_hours)

    def about(self) -> str:
        return f"{self.file} at {self.speed:g} times its speed"


class NotifyConfig(_Config):
    """What posts to `/notify/{name}`; nothing runs for it."""

    type: Literal["onem2m", "ngsi-ld"]

    def series(self, body: Any) -> list[Series]:
        return onem2m.series_of(body) if self.type == "onem2m" else ngsi_ld.series_of(body)

    def about(self) -> str:
        return f"posts to /notify/{self.name}"


Config = Annotated[MqttConfig | PullConfig | ReplayConfig | NotifyConfig, Field(discriminator="type")]
_CONFIGS: TypeAdapter[list[Config]] = TypeAdapter(list[Config])


def read_config(folder: Path) -> list[Config]:
    """The city's sources; none without the file. Raises TwinError for one that cannot be read."""
    path = folder / FILE
    if not path.exists():
        return []
    try:
        configs = _CONFIGS.validate_python(orjson.loads(path.read_bytes()))
    except orjson.JSONDecodeError as error:
        raise TwinError(f"{path}: not JSON: {error}") from error
    except ValidationError as error:
        raise TwinError(f"{path}: {_first(error)}") from error
    names = [config.name for config in configs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise TwinError(f"{path}: two sources are called {twice!r}")
    return configs


_Checked = TypeVar("_Checked", bound=_Config)


def checked(kind: type[_Checked], **values: Any) -> _Checked:
    """A source from values such as those of `sources.json`. Raises TwinError."""
    try:
        return kind(**values)
    except ValidationError as error:
        raise TwinError(_first(error)) from error


def _first(error: ValidationError) -> str:
    """What is wrong first, and where; without what was given."""
    first = error.errors()[0]
    where = "/".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


@dataclass
class Status:
    """How a source does. since: when it was last begun; failed: when it last failed [s since 1970]; error:
    why. One that takes notifications is running as long as they are taken."""

    name: str
    type: str
    running: bool = False
    since: float | None = None
    failed: float | None = None
    error: str | None = None


@dataclass
class Sources:
    """Runs the sources of a city. `receive` takes notifications for those that wait for them."""

    folder: Path
    observations: Observations
    statuses: dict[str, Status] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._waiting: dict[str, tuple[NotifyConfig, Sink, threading.Lock]] = {}

    def start(self) -> None:
        """Raises TwinError for a `sources.json` that cannot be read."""
        for config in read_config(self.folder):
            status = self.statuses[config.name] = Status(config.name, config.type)
            if isinstance(config, NotifyConfig):
                self._waiting[config.name] = config, Sink(self.observations, config.name), threading.Lock()
                status.running, status.since = True, time.time()
            else:
                thread = threading.Thread(
                    target=self._keep, args=(config,), name=f"source {config.name}", daemon=True
                )
                thread.start()
                self._threads.append(thread)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def receive(self, name: str, body: Any) -> Written:
        """Store what a notification reports. Raises EntityNotFound for no such source, QueryError."""
        if name not in self._waiting:
            raise EntityNotFound(f"no source {name!r} takes notifications; see {FILE}")
        config, sink, receiving = self._waiting[name]
        series = config.series(body)
        with receiving:
            return sink.write(series)

    def _keep(self, config: MqttConfig | PullConfig | ReplayConfig) -> None:
        """Run one source until the end, again after each failure, waiting longer each time."""
        status = self.statuses[config.name]
        wait = _PATIENCE[0]
        while not self._stop.is_set():
            status.running, status.since = True, time.time()
            begun = time.monotonic()
            try:
                config.source(self.folder).run(Sink(self.observations, config.name), self._stop)
                return
            except Exception as error:
                if time.monotonic() - begun > _PATIENCE[1]:
                    wait = _PATIENCE[0]
                status.failed, status.error = time.time(), _shown(error)
                _log.warning("source %s: %s; tried again in %.0f s", config.name, status.error, wait)
            finally:
                status.running = False
            self._stop.wait(wait)
            wait = min(wait * 2, _PATIENCE[1])


def _shown(error: Exception) -> str:
    """For logs and statuses: of an error that isn't ours the kind and place only, as it may quote data."""
    if isinstance(error, (TwinError, CityModelError)):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {where.name} ({Path(where.filename).name}:{where.lineno})"


def _secret(name: str | None) -> str | None:
    if name is None:
        return None
    if name not in os.environ:
        raise TwinError(f"the environment has no {name}")
    return os.environ[name]
