"""`twin source list`, `add`, `pull` and `replay`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from api.commands.options import Folder, Json
from api.commands.output import emit, table

Name = Annotated[str, typer.Option(help="What the source is called: the same name, the same stations.")]


def register(app: typer.Typer) -> None:
    commands = typer.Typer(help="Readings that others hold: servers, brokers, records.", no_args_is_help=True)
    commands.command("list")(list_)
    commands.command()(add)
    commands.command()(pull)
    commands.command()(replay)
    app.add_typer(commands, name="source")


def list_(folder: Folder, as_json: Json = False) -> None:
    """The sources of the city's sources.json, which `twin serve` runs; what is wrong in it is said."""
    from twin.sources.service import read_config

    configs = read_config(folder)
    rows = [(config.name, config.type, config.about()) for config in configs]
    emit(
        {"sources": [{"name": name, "type": kind, "about": about} for name, kind, about in rows]},
        as_json,
        table(rows) if rows else iter(["no sources"]),
    )


def add(
    folder: Folder,
    from_connections: Annotated[
        bool, typer.Option("--from-connections", help="Of the sensor connections in the city's model.")
    ] = False,
    token_env: Annotated[
        str | None, typer.Option(help="Environment variable with a bearer token for the servers.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="User at the brokers.")] = None,
    password_env: Annotated[
        str | None, typer.Option(help="Environment variable with that user's password.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be added.")] = False,
    as_json: Json = False,
) -> None:
    """Make sources of what the city's model says of its sensors, and show where they lead.

    They are written to sources.json, which `twin serve` reads when it starts; nothing is contacted now.
    """
    from twin.observations.store import open_observations
    from twin.sources import connections

    if not from_connections:
        raise typer.BadParameter("say what of: --from-connections", param_hint="--from-connections")
    if (user is None) != (password_env is None):
        raise typer.BadParameter("--user and --password-env go together")
    _need_city(folder)
    with open_observations(folder) as observations:
        found = connections.connections(observations)
    made = connections.sources(found, connections.Credentials(token_env, user, password_env))
    names = [] if dry_run or not made.sources else connections.add(folder, made.sources)
    data = {"sources": made.sources, "added": names, "notes": made.notes}
    emit(data, as_json, _connection_lines(made.sources, names, made.notes))


def _connection_lines(sources: list[dict[str, Any]], names: list[str], notes: list[str]) -> Iterator[str]:
    for source in sources:
        if source["type"] == "mqtt":
            yield f"{'mqtts' if source['tls'] else 'mqtt'}://{source['host']}:{source['port']}"
            yield from (f"  {m['topic']}  ->  {m['dynamizer']}" for m in source["mappings"])
        else:
            yield source["url"]
            yield from (f"  Datastreams({id})  ->  {dynamizer}" for id, dynamizer in source["into"].items())
    yield from notes
    if names:
        yield f"in sources.json as {', '.join(names)}; `twin serve` contacts them when it starts"
    elif not sources:
        yield "the model has no sensor connections that a source can be made of"


def pull(
    folder: Folder,
    url: Annotated[str, typer.Argument(help="Root of a SensorThings server, such as https://…/v1.1.")],
    filter: Annotated[str | None, typer.Option(help="A $filter of its Datastreams.")] = None,
    token_env: Annotated[str | None, typer.Option(help="Environment variable with a bearer token.")] = None,
    name: Name = "pull",
    as_json: Json = False,
) -> None:
    """Bring in, once, what is new at another SensorThings server."""
    from twin.observations.store import open_observations
    from twin.sources.service import PullConfig, checked
    from twin.sources.sink import Sink

    config = checked(PullConfig, name=name, type="sensorthings", url=url, filter=filter, token_env=token_env)
    source = config.source(folder)
    _need_city(folder)
    with open_observations(folder) as observations, _interrupted() as stop:
        written = source.once(Sink(observations, name), stop)
    data = {"added": written.stored, "known": written.known, "datastreams": written.streams}
    text = f"{written.stored:,} readings added, {written.streams:,} new datastreams"
    emit(data, as_json, iter([text]))


def replay(
    folder: Folder,
    file: Annotated[Path, typer.Argument(help="CSV with the readings to play.", exists=True)],
    stations: Annotated[Path | None, typer.Option(help="CSV with their places.", exists=True)] = None,
    speed: Annotated[float, typer.Option(help="Recorded seconds in one second.")] = 1.0,
    backfill_hours: Annotated[float, typer.Option(help="How much of the past to fill first.")] = 0.0,
    timezone: Annotated[
        str | None, typer.Option(help="Zone of times without; else TWIN_TIMEZONE, else the city's.")
    ] = None,
    name: Name = "replay",
) -> None:
    """Play a recording as if it happened now, over and over, until Ctrl-C."""
    from api.settings import read_settings
    from twin.observations.store import open_observations
    from twin.sources.service import ReplayConfig, checked
    from twin.sources.sink import Sink
    from twin.timezone import folder_timezone

    config = checked(
        ReplayConfig,
        name=name,
        type="replay",
        file=str(file.resolve()),
        stations=str(stations.resolve()) if stations else None,
        timezone=timezone or read_settings(folder).timezone or folder_timezone(folder),
        speed=speed,
        backfill_hours=backfill_hours,
    )
    source = config.source(folder)
    _need_city(folder)
    with open_observations(folder) as observations, _interrupted() as stop:
        print(f"playing {file} at {speed:g} times its speed; end with Ctrl-C", flush=True)
        source.run(Sink(observations, name), stop)


def _need_city(folder: Path) -> None:
    from twin.store import open_city

    open_city(folder).close()


@contextmanager
def _interrupted() -> Iterator[Event]:
    """Set by Ctrl-C, so that what is under way is written to its end."""
    stop = Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
