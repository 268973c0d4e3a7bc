"""`twin alerts`: the alerts of a city."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from api.commands.options import Folder, Json
from api.commands.output import emit


class State(StrEnum):
    open = "open"
    raised = "raised"
    acknowledged = "acknowledged"
    cleared = "cleared"


def register(app: typer.Typer) -> None:
    app.command()(alerts)


def alerts(
    folder: Folder,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most to list.")] = 100,
    as_json: Json = False,
) -> None:
    """List alerts, newest first."""
    from twin.alerts import records
    from twin.errors import TwinError
    from twin.observations.connections import DATABASE
    from twin.observations.store import open_observations

    if not (folder / DATABASE).exists():
        raise TwinError(f"{folder}: there are no readings in it, and so no alerts")
    with open_observations(folder) as observations, observations.connection() as connection:
        found = records.list_alerts(connection, state, limit)
    emit({"alerts": found}, as_json, _lines(found))


def _lines(found: list[dict[str, Any]]) -> Iterator[str]:
    from twin.observations.times import format_instant

    for alert in found:
        when = format_instant(alert["raised_at"] // 1000 * 1_000_000)
        where = f"datastream {alert['datastream']}" if alert["datastream"] else "several datastreams"
        value = "" if alert["value"] is None else f"{alert['value']:g} {alert['unit'] or ''}".strip() + ", "
        title = f"{alert['title']['ko']} / {alert['title']['en']} ({value}{where})"
        yield f"{alert['id']:>6}  {when}  {alert['severity']:8}  {alert['state']:12}  {title}"
    if not found:
        yield "no alerts"
