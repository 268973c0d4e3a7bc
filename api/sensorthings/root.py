"""The root of the service: the entity sets, and which requirements of 18-088 are met."""

from __future__ import annotations

from typing import Any

from twin.observations.model import ENTITY_SETS

_REQ = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
_ENTITIES = (
    "thing",
    "location",
    "historical-location",
    "datastream",
    "sensor",
    "observed-property",
    "observation",
    "feature-of-interest",
)
CLASSES = tuple(
    _REQ + name
    for name in (
        "datamodel",
        "resource-path",
        "request-data",
        "batch-request",
        "multi-datastream",
        "data-array",
    )
)
"""Classes of requirements that are met whole: clients look for a class, or for one of its requirements."""
HTTP_REQUIREMENTS = tuple(
    _REQ + name
    for name in (
        "datamodel/entity-control-information/common-control-information",
        *(f"datamodel/{entity}/{part}" for entity in _ENTITIES for part in ("properties", "relations")),
        "resource-path/resource-path-to-entities",
        "request-data/order",
        "request-data/expand",
        "request-data/select",
        "request-data/status-code",
        "request-data/query-status-code",
        "request-data/orderby",
        "request-data/top",
        "request-data/skip",
        "request-data/count",
        "request-data/filter",
        "request-data/built-in-filter-operations",
        "request-data/built-in-query-functions",
        "request-data/pagination",
        "create-update-delete/create-entity",
        "create-update-delete/link-to-existing-entities",
        "create-update-delete/deep-insert",
        "create-update-delete/deep-insert-status-code",
        "create-update-delete/update-entity",
        "create-update-delete/update-entity-put",
        "create-update-delete/delete-entity",
        "create-update-delete/historical-location-auto-creation",
        "create-update-delete/historical-location-manual-creation",
        "batch-request/batch-request",
        "multi-datastream/properties",
        "multi-datastream/relations",
        "multi-datastream/constraints",
        "data-array/data-array",
    )
)
MQTT_REQUIREMENTS = (
    _REQ + "create-observations-via-mqtt/observations-creation",
    _REQ + "receive-updates-via-mqtt/receive-updates",
)


def root_document(root: str, mqtt: str | None) -> dict[str, Any]:
    """root: URL of the service, ending with a slash. mqtt: address of the broker, if there is one."""
    settings: dict[str, Any] = {"conformance": [*CLASSES, *HTTP_REQUIREMENTS]}
    if mqtt is not None:
        settings["conformance"] += MQTT_REQUIREMENTS
        settings |= {requirement: {"endpoints": [mqtt]} for requirement in MQTT_REQUIREMENTS}
    return {
        "value": [{"name": name, "url": root + name} for name in ENTITY_SETS],
        "serverSettings": settings,
    }
