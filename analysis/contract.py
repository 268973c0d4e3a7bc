"""What a model of a simulation declares: its inputs, outputs and units, and how it is run.

The command line, OGC API Processes and Python make their options, schemas and checks from this alone. A model
is a `Model` at module level, named in `analysis.models`; one test checks every one of them.

    def run(context: Context, *, rain: float, area: dict | None) -> Mapping[str, Result]:
        context.progress(0.0, "reading the ground")
        ...
        return {"depth": context.raster("depth", depth, transform, unit="m")}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from analysis.context import Context
    from twin.store import City

Title = Mapping[str, str]
"""The same text in Korean and English: {"ko": ..., "en": ...}."""
Kind = Literal["number", "integer", "string", "boolean", "geometry", "bbox", "reference", "object"]
OutputKind = Literal["raster", "rasters", "table", "series", "dataset", "json", "tiles", "document"]
MEDIA_TYPES: dict[str, str] = {
    "raster": "image/tiff; application=geotiff; profile=cloud-optimized",
    "rasters": "application/netcdf",
    "table": "application/vnd.apache.parquet",
    "series": "application/vnd.apache.parquet",
    "dataset": "application/netcdf",
    "json": "application/json",
    "tiles": "application/json",
    "document": "application/pdf",
}
"""What each kind of output is by default."""
DIMENSIONLESS = "1"


RESERVED = ("folder", "seed", "again", "estimate", "json", "as_json", "help")
"""Names that parameters do not have: they are options of every run."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One input. A parameter that is neither required nor has a default is None when it is not given.

    type: number and integer come with a unit (UCUM, "1" for none). geometry: a geometry of GeoJSON in
    longitude and latitude. bbox: west, south, east, north [degrees]. reference: a file, given to the model as
    a `Path`; it is part of the inputs by its content. object: any JSON object, described by `schema`.
    many: a list of such values. choice_titles: of each of the choices. scope: a right that a client over HTTP
    needs besides, to give another value than the default, because the run then changes more than its own
    results.
    """

    name: str
    title: Title
    type: Kind
    unit: str | None = None
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Sequence[Any] = ()
    choice_titles: Mapping[Any, Title] = field(default_factory=dict)
    required: bool = False
    many: bool = False
    description: Title | None = None
    schema: Mapping[str, Any] | None = None
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Output:
    """One result. unit: of a raster's values; tables, series and datasets say the unit of each column inside.

    optional: not every run has it.
    """

    name: str
    title: Title
    kind: OutputKind
    unit: str | None = None
    media_type: str = ""
    optional: bool = False

    @property
    def type(self) -> str:
        """The media type."""
        return self.media_type or MEDIA_TYPES[self.kind]


@dataclass(frozen=True)
class Result:
    """One result as it was written. file: relative to the run's folder."""

    file: str
    kind: OutputKind
    media_type: str
    unit: str | None = None


@dataclass(frozen=True)
class Cost:
    """What a run takes on a usual machine. seconds: more than 0. memory: at its peak [bytes]; None if that is
    not worth telling."""

    seconds: float
    memory: float | None = None


Digests = Callable[[Path, Mapping[str, Any]], Mapping[str, str]]
Estimator = Callable[["City", Mapping[str, Any]], Cost]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A simulation.

    name: of the command and the process. version: changes whenever the same inputs give other numbers.
    quick: it takes seconds, so that a client may wait for its answer.
    spreads: it hands its work to `context.workers` processes, or to the cluster at `context.dask`, itself.
    digests: called with the city's folder and the inputs before a run, it says what else the run reads and in
        which state (such as the newest reading of a gauge), so that a cached run is given back only while
        that is the same. Objects, rasters and files given as inputs are covered already.
    estimate: called with the city and the inputs, it says within milliseconds what the run costs; it may
        raise AnalysisError for what the run would refuse. None: all inputs cost about the same.
    """

    name: str
    version: str
    title: Title
    description: Title
    parameters: Sequence[Parameter]
    outputs: Sequence[Output]
    run: Callable[..., Mapping[str, Result]]
    quick: bool = False
    spreads: bool = False
    digests: Digests | None = None
    estimate: Estimator | None = None

    def parameter(self, name: str) -> Parameter:
        """Raises KeyError."""
        return {p.name: p for p in self.parameters}[name]

    def call(self, context: Context, inputs: Mapping[str, Any]) -> Mapping[str, Result]:
        """Run it with inputs that `analysis.inputs.check` has passed."""
        files = {p.name for p in self.parameters if p.type == "reference"}
        values = {name: _paths(value) if name in files else value for name, value in inputs.items()}
        return self.run(context, **values)


def _paths(value: Any) -> Any:
    if isinstance(value, list):
        return [Path(item) for item in value]
    return None if value is None else Path(value)
