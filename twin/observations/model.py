"""The entities of SensorThings 1.1 (OGC 18-088): their properties, their links, and where they are kept.

This one table of facts drives the checks of what comes in, the SQL of what is asked and the JSON that goes
out. Datastream and MultiDatastream share a table, since SensorThings 2.0 makes one entity of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a property holds, and so how it is kept: instants as microseconds since 1970 in UTC."""

    text = "text"
    json = "json"
    """A JSON object or array, kept as text."""
    any = "any"
    """Any JSON value (`Sensor.metadata`)."""
    geometry = "geometry"
    """A GeoJSON geometry or Feature, kept as text, or whatever else the encoding type says."""
    instant = "instant"
    """Column `c` [µs]."""
    interval = "interval"
    """Columns `c` and `c_end` [µs]."""
    time = "time"
    """An instant or an interval: columns `c` and `c_end`, the latter null for an instant."""
    result = "result"
    """An observation's result: a number or text as it is, all else as JSON text; column `kind` tells."""


@dataclass(frozen=True)
class Property:
    """One property. `derived`: kept up by the store, ignored when a client sends it."""

    name: str
    column: str
    kind: Kind = Kind.text
    required: bool = False
    derived: bool = False


@dataclass(frozen=True)
class Link:
    """A navigation property.

    Held in one of three ways: `column` of this entity's own table holds the target's id (to one);
    `reverse`, a column of the target's table, holds this one's id (to many); or a table `through` holds
    pairs, this one's id in column `here` and the target's in `there` (`ordered`: by column `position`).
    """

    name: str
    target: str
    many: bool = False
    required: bool = False
    column: str | None = None
    reverse: str | None = None
    through: str | None = None
    here: str = ""
    there: str = ""
    ordered: bool = False


@dataclass(frozen=True)
class EntityType:
    """One entity type. `where` singles its rows out of a shared table."""

    name: str
    set_name: str
    table: str
    properties: tuple[Property, ...]
    links: tuple[Link, ...]
    where: str | None = None

    def property(self, name: str) -> Property | None:
        return next((p for p in self.properties if p.name == name), None)

    def link(self, name: str) -> Link | None:
        return next((link for link in self.links if link.name == name), None)


def _named(*more: Property) -> tuple[Property, ...]:
    return (
        Property("name", "name", required=True),
        Property("description", "description", required=True),
        *more,
        Property("properties", "properties", Kind.json),
    )


_DERIVED = (
    Property("observedArea", "observed_area", Kind.geometry, derived=True),
    Property("phenomenonTime", "phenomenon_time", Kind.interval, derived=True),
    Property("resultTime", "result_time", Kind.interval, derived=True),
)
_ENCODED = Property("encodingType", "encoding_type", required=True)

THING = EntityType(
    "Thing",
    "Things",
    "things",
    _named(),
    (
        Link("Locations", "Location", many=True, through="thing_locations", here="thing", there="location"),
        Link("HistoricalLocations", "HistoricalLocation", many=True, reverse="thing"),
        Link("Datastreams", "Datastream", many=True, reverse="thing"),
        Link("MultiDatastreams", "MultiDatastream", many=True, reverse="thing"),
    ),
)
LOCATION = EntityType(
    "Location",
    "Locations",
    "locations",
    _named(_ENCODED, Property("location", "location", Kind.geometry, required=True)),
    (
        Link("Things", "Thing", many=True, through="thing_locations", here="location", there="thing"),
        Link(
            "HistoricalLocations",
            "HistoricalLocation",
            many=True,
            through="historical_location_locations",
            here="location",
            there="historical_location",
        ),
    ),
)
HISTORICAL_LOCATION = EntityType(
    "HistoricalLocation",
    "HistoricalLocations",
    "historical_locations",
    (Property("time", "time", Kind.instant, required=True),),
    (
        Link("Thing", "Thing", required=True, column="thing"),
        Link(
            "Locations",
            "Location",
            many=True,
            required=True,
            through="historical_location_locations",
            here="historical_location",
            there="location",
        ),
    ),
)
DATASTREAM = EntityType(
    "Datastream",
    "Datastreams",
    "datastreams",
    _named(
        Property("observationType", "observation_type", required=True),
        Property("unitOfMeasurement", "unit_of_measurement", Kind.json, required=True),
        *_DERIVED,
    ),
    (
        Link("Thing", "Thing", required=True, column="thing"),
        Link("Sensor", "Sensor", required=True, column="sensor"),
        Link("ObservedProperty", "ObservedProperty", required=True, column="observed_property"),
        Link("Observations", "Observation", many=True, reverse="datastream"),
    ),
    where="multi = 0",
)
MULTI_DATASTREAM = EntityType(
    "MultiDatastream",
    "MultiDatastreams",
    "datastreams",
    _named(
        Property("observationType", "observation_type", required=True),
        Property("multiObservationDataTypes", "multi_observation_data_types", Kind.json, required=True),
        Property("unitOfMeasurements", "unit_of_measurement", Kind.json, required=True),
        *_DERIVED,
    ),
    (
        Link("Thing", "Thing", required=True, column="thing"),
        Link("Sensor", "Sensor", required=True, column="sensor"),
        Link(
            "ObservedProperties",
            "ObservedProperty",
            many=True,
            required=True,
            through="datastream_observed_properties",
            here="datastream",
            there="observed_property",
            ordered=True,
        ),
        Link("Observations", "Observation", many=True, reverse="datastream"),
    ),
    where="multi = 1",
)
SENSOR = EntityType(
    "Sensor",
    "Sensors",
    "sensors",
    _named(_ENCODED, Property("metadata", "metadata", Kind.any, required=True)),
    (
        Link("Datastreams", "Datastream", many=True, reverse="sensor"),
        Link("MultiDatastreams", "MultiDatastream", many=True, reverse="sensor"),
    ),
)
OBSERVED_PROPERTY = EntityType(
    "ObservedProperty",
    "ObservedProperties",
    "observed_properties",
    _named(Property("definition", "definition", required=True)),
    (
        Link("Datastreams", "Datastream", many=True, reverse="observed_property"),
        Link(
            "MultiDatastreams",
            "MultiDatastream",
            many=True,
            through="datastream_observed_properties",
            here="observed_property",
            there="datastream",
        ),
    ),
)
OBSERVATION = EntityType(
    "Observation",
    "Observations",
    "observations",
    (
        Property("phenomenonTime", "time", Kind.time),
        Property("resultTime", "result_time", Kind.instant),
        Property("result", "result", Kind.result, required=True),
        Property("resultQuality", "result_quality", Kind.json),
        Property("validTime", "valid_time", Kind.interval),
        Property("parameters", "parameters", Kind.json),
    ),
    (
        Link("Datastream", "Datastream", column="datastream"),
        Link("MultiDatastream", "MultiDatastream", column="datastream"),
        Link("FeatureOfInterest", "FeatureOfInterest", column="feature"),
    ),
    where="datastream NOT IN (SELECT datastream FROM deleted_streams)",
)
FEATURE_OF_INTEREST = EntityType(
    "FeatureOfInterest",
    "FeaturesOfInterest",
    "features_of_interest",
    _named(_ENCODED, Property("feature", "feature", Kind.geometry, required=True)),
    (Link("Observations", "Observation", many=True, reverse="feature"),),
)

ENTITY_TYPES = {
    e.name: e
    for e in (
        THING,
        LOCATION,
        HISTORICAL_LOCATION,
        DATASTREAM,
        MULTI_DATASTREAM,
        SENSOR,
        OBSERVED_PROPERTY,
        OBSERVATION,
        FEATURE_OF_INTEREST,
    )
}
ENTITY_SETS = {e.set_name: e for e in ENTITY_TYPES.values()}
