"""Grades of zero-energy buildings by self-sufficiency, and by net primary energy per floor area.

Self-sufficiency is primary energy produced over primary energy consumed, both of a year; what is consumed
counts before the building's own production is taken off, what is net after it. The grade follows from the
unrounded value: 79.81 % is grade 3, though a report prints 80 %. Schemes are rows of a table
(`analysis/data/energy/zeb_grades.csv`, or a city's own in the same form), each with source and date.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.energy.zones import Float64, Int8
from analysis.errors import AnalysisError
from analysis.tables import rows

_TABLE = "energy/zeb_grades.csv"
_COLUMNS = ("scheme", "since", "grade", "self_sufficiency", "net_residential", "net_other", "relation")
_RELATIONS = ("both", "share", "unknown")
_ROUNDING = 1e-12
"""Of sums of floating point, so that 80 % made of many parts is 80 %; relative."""
DEFAULT = "kr-zeb-2017"
"""The scheme that the plan of the pilot city speaks of."""


@dataclass(frozen=True)
class Step:
    """A grade: its name; the least self-sufficiency [1]; net primary energy must be below residential or
    other, by use [kWh/(m² a)]."""

    name: str
    self_sufficiency: float
    residential: float
    other: float

    @property
    def number(self) -> int:
        """1 for "1" as well as for "1+"."""
        return int(self.name.rstrip("+"))


@dataclass(frozen=True)
class Scheme:
    """steps: the best grade first. since: date it is in force. relation: "both" where a grade needs the
    self-sufficiency and the net primary energy, "share" where the first alone counts, "unknown" where the
    source does not say."""

    id: str
    since: str
    steps: tuple[Step, ...]
    relation: str
    source: str

    def step(self, share: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """(n,) index of the step that each self-sufficiency [1] reaches; the number of steps for none."""
        limits = np.array([step.self_sufficiency for step in self.steps])
        values = np.nan_to_num(np.atleast_1d(np.asarray(share, float)), nan=-inf)
        reached = values[:, None] >= limits - np.abs(limits) * _ROUNDING
        return np.where(reached.any(axis=1), reached.argmax(axis=1), len(limits))

    def grade(self, share: npt.ArrayLike) -> Int8:
        """(n,) grade by self-sufficiency [1], 0 for none."""
        numbers = np.array([*(step.number for step in self.steps), 0], np.int8)
        found: Int8 = numbers[self.step(share)]
        return found

    def name(self, share: float) -> str | None:
        """Of the grade that a self-sufficiency [1] reaches, such as "1+"; None for none."""
        index = int(self.step(share)[0])
        return self.steps[index].name if index < len(self.steps) else None


@dataclass(frozen=True)
class Grades:
    """Of n buildings. share: (n,) self-sufficiency [1], NaN where nothing is consumed. grade: (n,) by
    self-sufficiency alone, 0 for none. names: of these grades. net: (n,) net primary energy
    [kWh/(m² a)], NaN without an area. net_met: (n,) whether it is below what the grade asks. certified: (n,)
    the grade where the scheme is known to need both and both are met, else 0; None where what it needs is
    not known, or the areas are not."""

    scheme: Scheme
    share: Float64
    grade: Int8
    names: list[str | None]
    net: Float64
    net_met: npt.NDArray[np.bool_]
    certified: Int8 | None

    def counts(self) -> dict[str, int]:
        """Buildings by the number of their grade, "none" at the end."""
        found = {str(n): int((self.grade == n).sum()) for n in sorted({s.number for s in self.scheme.steps})}
        return {**found, "none": int((self.grade == 0).sum())}


def self_sufficiency(produced: npt.ArrayLike, consumed: npt.ArrayLike) -> Float64:
    """Share of what is consumed that is produced [1], in energies of one kind; NaN where nothing is consumed.
    Raises AnalysisError for negative energies."""
    made, used = np.asarray(produced, float), np.asarray(consumed, float)
    if (made < 0).any() or (used < 0).any():
        raise AnalysisError("energy produced or consumed must not be negative")
    return np.asarray(
        np.divide(made, used, out=np.full(np.broadcast(made, used).shape, np.nan), where=used > 0)
    )


def grades(
    produced: npt.ArrayLike,
    consumed: npt.ArrayLike,
    *,
    floor_area: npt.ArrayLike | None = None,
    residential: npt.ArrayLike | None = None,
    by: Scheme | str = DEFAULT,
) -> Grades:
    """The grades of buildings. produced, consumed: (n,) primary energy of a year [kWh]; consumed before own
    production is taken off, of the five uses of `FIVE_USES`. floor_area: (n,) [m²]; residential: (n,) bool,
    both needed for net primary energy. Raises AnalysisError for arrays that do not fit and unknown
    schemes."""
    chosen = scheme(by) if isinstance(by, str) else by
    share = np.atleast_1d(self_sufficiency(produced, consumed))
    made, used = (np.broadcast_to(np.asarray(v, float), share.shape) for v in (produced, consumed))
    area = np.full(share.shape, np.nan) if floor_area is None else np.asarray(floor_area, float)
    home = np.zeros(share.shape, bool) if residential is None else np.asarray(residential, bool)
    if area.shape != share.shape or home.shape != share.shape:
        raise AnalysisError(f"{len(share)} buildings need {len(share)} floor areas and kinds of use")
    net = np.divide(used - made, area, out=np.full(share.shape, np.nan), where=area > 0)
    step = chosen.step(share)
    limits = np.array([*((s.other, s.residential) for s in chosen.steps), (-inf, -inf)])
    met = net < limits[step, home.astype(int)]
    grade = chosen.grade(share)
    known = floor_area is not None and residential is not None
    certified = None
    if chosen.relation == "share":
        certified = grade
    elif chosen.relation == "both" and known:
        certified = np.where(met, grade, 0).astype(np.int8)
    names = [chosen.steps[i].name if i < len(chosen.steps) else None for i in step]
    return Grades(chosen, share, grade, names, net, met, certified)


def schemes(path: Path | None = None) -> dict[str, Scheme]:
    """All schemes of the table, or of a file in the same form. Raises AnalysisError for a defect in it."""
    found: dict[str, tuple[list[Step], str, str, str]] = {}
    for row in rows(path, _TABLE, _COLUMNS):
        name = row.text("grade")
        if not name.rstrip("+").isdigit():
            raise AnalysisError(f"{row.where}: a grade must be a number such as 1 or 1+, not {name!r}")
        if row.text("relation") not in _RELATIONS:
            raise AnalysisError(f"{row.where}: relation must be one of {', '.join(_RELATIONS)}")
        step = Step(
            name,
            row.number("self_sufficiency", 0.0, 10.0),
            row.number("net_residential", default=inf),
            row.number("net_other", default=inf),
        )
        known = found.setdefault(
            row.text("scheme"), ([], row.text("since"), row.text("relation"), row.text("source"))
        )
        if known[0] and step.self_sufficiency >= known[0][-1].self_sufficiency:
            raise AnalysisError(f"{row.where}: the grades of a scheme must stand from the best to the worst")
        known[0].append(step)
    return {
        name: Scheme(name, since, tuple(steps), relation, source)
        for name, (steps, since, relation, source) in found.items()
    }


def scheme(name: str = DEFAULT, path: Path | None = None) -> Scheme:
    """A scheme by its id. Raises AnalysisError for one that is not in the table."""
    known = schemes(path)
    if name not in known:
        raise AnalysisError(f"there is no grading scheme {name!r}; known are {', '.join(known)}")
    return known[name]
