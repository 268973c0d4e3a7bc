"""Alerts, their rules, and the webhooks that they are posted to: `/alerts`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Body, Depends, Path, Query, Request

from api.auth import READ, require
from api.routes.shared import CurrentObservations
from twin.alerts import records
from twin.alerts.delivery import outbox
from twin.alerts.engine import AlertEngine
from twin.alerts.rules import parse_rule
from twin.alerts.webhooks import Webhook, parse_webhooks
from twin.errors import EntityNotFound
from twin.tokens import Token

WRITE, ADMIN = "alerts:write", "admin"
router = APIRouter(tags=["alerts"], dependencies=[Depends(require(READ))])
Id = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]


def alerts_of(request: Request) -> AlertEngine:
    """The engine of alerts, at work as long as the server runs."""
    return cast(AlertEngine, request.app.state.live.alerts)


CurrentAlerts = Annotated[AlertEngine, Depends(alerts_of)]
Writer = Annotated[Token, Depends(require(WRITE))]


@router.get("/alerts")
def list_alerts(
    observations: CurrentObservations,
    state: Literal["raised", "acknowledged", "cleared", "open"] | None = None,
    rule: str | None = None,
    before: Annotated[int | None, Query(ge=1, le=(1 << 63) - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Alerts with their history, newest first. open: raised or acknowledged. Go on with `before` as `next`
    says."""
    with observations.connection() as connection:
        alerts = records.list_alerts(connection, state, limit, before, rule)
    return {"alerts": alerts, "next": alerts[-1]["id"] if len(alerts) == limit else None}


@router.post("/alerts/{id}/acknowledge")
def acknowledge(
    alerts: CurrentAlerts,
    token: Writer,
    id: Id,
    note: Annotated[str | None, Body(embed=True, max_length=1000)] = None,
) -> dict[str, Any]:
    """Say that someone has seen an alert: the token's name goes into its history."""
    return alerts.acknowledge(id, token.name, note)


@router.get("/alerts/rules")
def list_rules(observations: CurrentObservations) -> dict[str, Any]:
    """All rules."""
    with observations.connection() as connection:
        return {"rules": [rule.model_dump() for rule in records.rules(connection).values()]}


@router.get("/alerts/rules/{name}")
def one_rule(observations: CurrentObservations, name: str) -> dict[str, Any]:
    """One rule."""
    with observations.connection() as connection:
        return records.rule(connection, name).model_dump()


@router.put("/alerts/rules/{name}", dependencies=[Depends(require(WRITE))])
def set_rule(alerts: CurrentAlerts, name: str, body: Annotated[Any, Body()]) -> dict[str, Any]:
    """Add or replace a rule; it judges readings from then on."""
    rule = parse_rule(name, body)
    alerts.set_rule(rule)
    return rule.model_dump()


@router.delete("/alerts/rules/{name}", dependencies=[Depends(require(WRITE))])
def delete_rule(alerts: CurrentAlerts, name: str) -> dict[str, Any]:
    """Take a rule away; its open alerts are cleared."""
    alerts.delete_rule(name)
    return {"deleted": name}


@router.get("/alerts/webhooks", dependencies=[Depends(require(ADMIN))])
def list_webhooks(alerts: CurrentAlerts, observations: CurrentObservations) -> dict[str, Any]:
    """The webhooks without their secrets, and how their deliveries stand."""
    with observations.connection() as connection:
        deliveries = outbox(connection)
    return {"webhooks": [_shown(w, deliveries.get(w.name)) for w in alerts.webhooks]}


@router.put("/alerts/webhooks", dependencies=[Depends(require(ADMIN))])
def set_webhooks(alerts: CurrentAlerts, body: Annotated[Any, Body()]) -> dict[str, Any]:
    """Replace the list of webhooks. A secret that was made for a new one is shown here, and only here."""
    known = {webhook.name: webhook.secret for webhook in alerts.webhooks}
    given = parse_webhooks(body, alerts.webhooks)
    alerts.set_webhooks(given)
    return {
        "webhooks": [
            _shown(w, None) | ({} if known.get(w.name) == w.secret else {"secret": w.secret}) for w in given
        ]
    }


@router.get("/alerts/{id}")
def one_alert(observations: CurrentObservations, id: Id) -> dict[str, Any]:
    """One alert with its history."""
    with observations.connection() as connection:
        found = records.alerts_by_id(connection, [id]).get(id)
    if found is None:
        raise EntityNotFound(f"no alert {id}")
    return found


def _shown(webhook: Webhook, deliveries: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "url": webhook.url,
        "rules": webhook.rules,
        "enabled": webhook.enabled,
        **(deliveries or {"pending": 0, "delivered": 0, "failed": 0, "error": None}),
    }
