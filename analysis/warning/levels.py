"""From expected depths to warning levels of sub-basins and buildings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

Float64 = npt.NDArray[np.float64]
UNKNOWN = -1
DEPTH_LIMIT_M = 0.3
"""Still water in which a small car begins to float: T. D. Shand, R. J. Cox, M. J. Blacka, G. P. Smith (2011),
Appropriate safety criteria for vehicles, Australian Rainfall and Runoff project 10, stage 2. Lower than the
0.5 m given there for children, so good for both."""


@dataclass(frozen=True)
class Levels:
    """depths: where levels 1, 2, … begin [m], increasing. names: of the levels from 1 on, Korean and English.
    clear: how far below its depth a level ends [m]."""

    depths: tuple[float, ...]
    names: tuple[tuple[str, str], ...]
    clear: float = 0.05

    def __post_init__(self) -> None:
        d = np.asarray(self.depths, np.float64)
        if not len(d) or not np.isfinite(d).all() or d[0] <= 0 or (np.diff(d) <= 0).any():
            raise AnalysisError(f"warning levels need increasing depths above 0 m, not {list(self.depths)}")
        if len(self.names) != len(d):
            raise AnalysisError(f"{len(d)} warning levels have {len(self.names)} names")
        if not 0 <= self.clear < d[0]:
            raise AnalysisError(f"a level cannot end {self.clear:g} m below {d[0]:g} m")

    def of(self, depth: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """0 for none, 1 … n by depth [m] to the millimetre, as it is told; -1 (`UNKNOWN`) where it is not
        known."""
        depths = np.round(np.asarray(depth, np.float64), 3)
        levels = np.searchsorted(np.asarray(self.depths), depths, side="right").astype(np.int8)
        return np.where(np.isnan(depths), UNKNOWN, levels).astype(np.int8)


KOREAN = Levels(
    (0.5, 1.0, 2.0, 5.0),
    (("관심", "Attention"), ("주의", "Caution"), ("경계", "Alert"), ("심각", "Serious")),
)
"""The depth bands of Korean flood maps (0.5, 1, 2 and 5 m) under the four stages of the Korean crisis warning
system. A city sets its own depths: 0.5 m on a street is already deep for people and cars."""


def zone_depth(depth: npt.ArrayLike, zones: npt.ArrayLike, count: int, share: float = 0.05) -> Float64:
    """(count,) depth [m] that `share` of each zone's cells exceed, zones numbered 1 to count in `zones`.

    share 0 is the deepest cell; a little more keeps one cell, a gutter or a wrong height, from speaking for
    all. Cells without a depth (NaN) do not count, so leave permanent water out by NaN; NaN for a zone without
    cells.
    """
    if not 0 <= share < 1:
        raise AnalysisError(f"a share of {share:g} is not between 0 and 1")
    values, labels = np.asarray(depth, np.float64).ravel(), np.asarray(zones).ravel()
    if values.shape != labels.shape:
        raise AnalysisError("depths and zones are not of one grid")
    known = np.isfinite(values) & (labels > 0)
    values, labels = values[known], labels[known]
    order = np.lexsort((values, labels))
    values, labels = values[order], labels[order]
    first = np.searchsorted(labels, np.arange(1, count + 1), side="left")
    sizes = np.searchsorted(labels, np.arange(1, count + 1), side="right") - first
    found = np.full(count, np.nan)
    some = sizes > 0
    rank = np.maximum(np.ceil(sizes * (1 - share)).astype(np.int64) - 1, 0)
    found[some] = values[(first + rank)[some]]
    return found


def table(depths: Float64, levels: Levels, ids: Sequence[Any]) -> Any:
    """A data frame of id, depth [m], level, and its names."""
    import pandas as pd

    if len(ids) != len(depths):
        raise AnalysisError(f"{len(depths)} depths have {len(ids)} ids")
    numbers = levels.of(depths)
    titles = [("없음", "None"), *levels.names, ("모름", "Unknown")]  # -1 is the last
    return pd.DataFrame(
        {
            "id": list(ids),
            "depth": depths,
            "level": numbers,
            "name_ko": [titles[n][0] for n in numbers.tolist()],
            "name_en": [titles[n][1] for n in numbers.tolist()],
        }
    )
