"""What the server keeps in memory to answer questions of energy at once: runs, with all that they simulated.

A run is read at the first question about it and stays until others push it out; its results never change.
Several threads may ask; one at a time computes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from analysis.errors import AnalysisError
from api.computing import COMPUTING
from twin.errors import EntityNotFound
from twin.runs import open_runs

if TYPE_CHECKING:
    import pandas as pd

    from analysis.energy.run.compute import Options
    from analysis.energy.run.kept import Kept
    from analysis.energy.zones import Zones

_RUNS = 3


@dataclass(frozen=True)
class OpenRun:
    """A run's results. kept: what was simulated. table: of its buildings, by id; units: of its columns.
    folder: of its files; files: by the names of its results."""

    id: str
    folder: Path
    files: dict[str, str]
    kept: Kept
    table: pd.DataFrame
    units: dict[str, str]
    answers: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def options(self) -> Options:
        """How supply and carriers were computed."""
        from analysis.energy.run.compute import Options

        try:
            return Options.read(self.kept.extra["options"])
        except (KeyError, TypeError, ValueError):
            raise AnalysisError(
                f"run {self.id} was made by another version of CityTwin; run energy again"
            ) from None

    @cached_property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads((self.folder / self.files["summary"]).read_bytes())
        return found

    @cached_property
    def _zones(self) -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = {}
        for number, building in enumerate(self.kept.zones.building):
            numbers.setdefault(building, []).append(number)
        return numbers

    def zones_of(self, buildings: Sequence[str]) -> Zones:
        """The zones of some buildings. Raises EntityNotFound for one that is not in the run."""
        missing = [id for id in buildings if id not in self._zones]
        if missing:
            raise EntityNotFound(f"run {self.id} has no building {missing[0]!r}")
        return self.kept.zones.some([number for id in buildings for number in self._zones[id]])

    def in_block(self, block: str) -> list[str]:
        """The buildings of a block. Raises EntityNotFound for one that is not in the run."""
        found = self.table.index[self.table["block"] == block].tolist()
        if not found:
            raise EntityNotFound(f"run {self.id} has no block {block!r}")
        return list(found)

    def load(self, group: str) -> pd.DataFrame:
        """The rows of a group in the run's load. Raises EntityNotFound for one that has none."""
        import pandas as pd

        found = pd.read_parquet(self.folder / self.files["load"], filters=[("group", "==", group)])
        if not len(found):
            raise EntityNotFound(f"run {self.id} has no load of {group!r}")
        return found


class EnergyDesk:
    """For one city; several threads may ask. Whoever computes holds `COMPUTING`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._holding = Lock()
        self._runs: OrderedDict[str, OpenRun] = OrderedDict()
        self._warm = False

    def run(self, id: str) -> OpenRun:
        """Raises RunNotFound, and AnalysisError for a run of another model or one that has no results."""
        with self._holding:
            known = self._runs.get(id)
            if known is not None and known.folder.exists():  # else its results were removed
                self._runs.move_to_end(id)
                return known
        made = self._read(id)
        with self._holding:
            self._runs[id] = made
            while len(self._runs) > _RUNS:
                self._runs.popitem(last=False)
        return made

    def warm(self, compute: Callable[[], object]) -> None:
        """Compute something, the first time that this is called: what is compiled or read for it stays."""
        with COMPUTING:
            if not self._warm:
                self._warm = True
                with suppress(AnalysisError):  # to be told to whoever asks
                    compute()

    def _read(self, id: str) -> OpenRun:
        import pyarrow.parquet as pq

        from analysis.energy.run.kept import read_kept

        with open_runs(self.folder) as runs:
            run = runs.get(id)
            folder = runs.results_folder(id)
        if run.model != "energy":
            raise AnalysisError(f"run {id} is of the model {run.model}; give a run of energy")
        if run.state != "successful":
            raise AnalysisError(f"run {id} is {run.state}; energy is asked of runs that ended well")
        files = {name: str(result["file"]) for name, result in run.results.items()}
        held = pq.read_table(folder / files["buildings"])
        told = orjson.loads((held.schema.metadata or {})[b"citytwin"])
        table = held.to_pandas().set_index("id")
        return OpenRun(id, folder, files, read_kept(folder / files["zones"]), table, told["units"])


def number(value: Any) -> float | None:
    """For JSON: a finite number with six figures, else None."""
    if value is None or not np.isfinite(value):
        return None
    return float(f"{float(value):.6g}")
