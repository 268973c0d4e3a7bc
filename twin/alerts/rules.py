"""What raises an alert: rules as plain data, checked when they are given.

A rule picks datastreams (`Select`) and says what must be true of them (a condition). Threshold, rate and
missing rules raise one alert for each datastream; a combination raises one alert for all of its parts.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from twin.errors import QueryError

Seconds = Annotated[float, Field(ge=0, le=366 * 86_400)]
Id = Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
Operator = Literal[">", ">=", "<", "<="]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Severity = Literal["info", "warning", "critical"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Area(_Model):
    """A part of the city: a box, a polygon, or the objects of a layer that sensors belong to.

    bbox: west, south, east, north [degrees]. polygon: rings of longitude and latitude, as in GeoJSON.
    layer: name of a layer of the city.
    """

    bbox: tuple[float, float, float, float] | None = None
    polygon: list[list[tuple[float, float]]] | None = None
    layer: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Area:
        if sum(part is not None for part in (self.bbox, self.polygon, self.layer)) != 1:
            raise ValueError("an area is one of bbox, polygon and layer")
        if self.bbox is not None and (self.bbox[0] >= self.bbox[2] or self.bbox[1] >= self.bbox[3]):
            raise ValueError("a bbox is west, south, east, north, with west < east and south < north")
        if self.polygon is not None and (not self.polygon or any(len(ring) < 4 for ring in self.polygon)):
            raise ValueError("a polygon is one or more closed rings, each of at least four positions")
        return self


class Select(_Model):
    """Which datastreams: those that fit every part that is given.

    datastreams, things: ids. property: name or definition of the observed property, whatever its case.
    kind: of the station, such as hydrant (`twin.link.stations`). unit: symbol of the unit of measurement.
    area: where the Thing is.
    """

    datastreams: list[Id] | None = None
    things: list[Id] | None = None
    property: str | None = None
    kind: str | None = None
    unit: str | None = None
    area: Area | None = None

    @model_validator(mode="after")
    def _some(self) -> Select:
        if all(part is None for part in self.__dict__.values()):
            raise ValueError("say which datastreams: datastreams, things, property, kind, unit or area")
        return self


class Threshold(_Model):
    """The value is beyond `value`, and stays so until it is back behind `clear`.

    clear: where it ends, for hysteresis; `value` itself if not given. duration_s: how long it must hold, in
    the readings' own time, before it counts [s]. mean_s: judge the mean over so long [s] instead of the
    single reading; a mean speaks for all of that time.
    """

    kind: Literal["threshold"] = "threshold"
    operator: Operator
    value: float
    clear: float | None = None
    duration_s: Seconds = 0
    mean_s: Seconds = 0

    @model_validator(mode="after")
    def _clear_behind(self) -> Threshold:
        _check_clear(self.operator, self.value, self.clear)
        return self


class Rate(_Model):
    """The change over `per_s` [s] is beyond `value` [unit]; a falling value has a negative change.

    It is measured against the last reading at least `per_s` old, and scaled to `per_s` if that is older.
    """

    kind: Literal["rate"] = "rate"
    operator: Operator
    value: float
    per_s: Annotated[float, Field(gt=0, le=7 * 86_400)]
    clear: float | None = None
    duration_s: Seconds = 0

    @model_validator(mode="after")
    def _clear_behind(self) -> Rate:
        _check_clear(self.operator, self.value, self.clear)
        return self


class Missing(_Model):
    """No reading has arrived for `after_s` [s] by the server's clock."""

    kind: Literal["missing"] = "missing"
    after_s: Annotated[float, Field(gt=0, le=366 * 86_400)]


Condition = Annotated[Threshold | Rate | Missing, Field(discriminator="kind")]


class Part(_Model):
    """One part of a combination: true when at least so many of its datastreams fulfil its condition."""

    select: Select
    condition: Condition
    at_least: Annotated[int, Field(ge=1)] = 1


class Combination(_Model):
    """All of its parts, or any of them. A reading older than `within_s` [s] beside the newest of its
    datastreams no longer counts."""

    kind: Literal["combination"] = "combination"
    need: Literal["all", "any"] = "all"
    parts: Annotated[list[Part], Field(min_length=1, max_length=20)]
    within_s: Annotated[float, Field(gt=0, le=7 * 86_400)] = 3600


class Title(_Model):
    ko: Annotated[str, Field(min_length=1, max_length=200)]
    en: Annotated[str, Field(min_length=1, max_length=200)]


class Rule(_Model):
    """A rule by name.

    select: of a threshold, rate or missing rule; a combination has it in its parts. ignore: flags of
    quality that keep a reading from being judged. max_age_s: a reading older than this on arrival [s] raises
    nothing, so that old data can be brought in; None: all are judged. source: where the figures come from.
    """

    name: Name
    title: Title
    severity: Severity = "warning"
    enabled: bool = True
    select: Select | None = None
    condition: Annotated[Threshold | Rate | Missing | Combination, Field(discriminator="kind")]
    ignore: list[Literal["range", "rate", "stuck", "gap", "clock", "duplicate"]] = ["range", "clock"]
    max_age_s: Seconds | None = 86_400
    source: str | None = None

    @model_validator(mode="after")
    def _selected(self) -> Rule:
        if isinstance(self.condition, Combination) == (self.select is not None):
            raise ValueError("a rule has a select, and a combination has it in its parts instead")
        return self

    @property
    def parts(self) -> list[Part]:
        """Its parts; a rule that is no combination is one."""
        if isinstance(self.condition, Combination):
            return self.condition.parts
        assert self.select is not None
        return [Part(select=self.select, condition=self.condition)]


def _check_clear(operator: Operator, value: float, clear: float | None) -> None:
    if clear is not None and (clear > value if operator.startswith(">") else clear < value):
        raise ValueError(f"clear lies behind the value: with {operator} it may not be beyond {value:g}")


def parse_rule(name: str, data: Any) -> Rule:
    """A rule from JSON values; QueryError names the part that is wrong. `name` may be left out of `data`."""
    if not isinstance(data, dict):
        raise QueryError("a rule is a JSON object")
    if data.get("name", name) != name:
        raise QueryError(f"the rule is called {data['name']!r} in the body and {name!r} in the address")
    try:
        return Rule.model_validate({**data, "name": name})
    except ValidationError as error:
        raise QueryError(f"rule {name}: {first_error(error)}") from error


def first_error(error: ValidationError) -> str:
    """The first of pydantic's errors as one line: where, and what."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what
