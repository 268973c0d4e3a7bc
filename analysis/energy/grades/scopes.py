"""What counts when a city says how self-sufficient it is: scopes, from the buildings' five uses outwards.

A scope names needs of buildings and public loads. They are rows of a table
(`analysis/data/energy/scopes.csv`); a city can define its own in the same form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.energy.grades.scheme import Scheme, scheme, self_sufficiency
from analysis.errors import AnalysisError
from analysis.tables import rows

_TABLE = "energy/scopes.csv"
_COLUMNS = ("scope", "title_ko", "title_en", "needs", "public")

PARTS = {
    "heating": {"ko": "난방", "en": "heating"},
    "cooling": {"ko": "냉방", "en": "cooling"},
    "hot_water": {"ko": "급탕", "en": "hot water"},
    "lighting": {"ko": "조명", "en": "lighting"},
    "fans": {"ko": "환기", "en": "ventilation"},
    "appliances": {"ko": "가전·기기", "en": "appliances"},
    "cooking": {"ko": "취사", "en": "cooking"},
    "lifts": {"ko": "승강기", "en": "lifts"},
    "street_lighting": {"ko": "가로등", "en": "street lighting"},
    "park_lighting": {"ko": "공원등", "en": "park lighting"},
}
"""Names of what the scopes of the table count, by language; a city's own parts have their own."""

FIVE_USES = ("heating", "cooling", "hot_water", "lighting", "fans")
"""What the grade of a building counts: heating, cooling, hot water, lighting and ventilation."""


@dataclass(frozen=True)
class Scope:
    """needs: of buildings, as in `analysis.energy.result.NEEDS` and what else a city knows of its own;
    public: loads outside of buildings, such as "street_lighting". title: by language."""

    id: str
    title: dict[str, str]
    needs: tuple[str, ...]
    public: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class ScopeBalance:
    """Energies of a year [kWh], final and primary. share_final, share_primary: self-sufficiency [1], NaN
    where nothing is consumed. grade: of the primary one, 0 for none. missing: what the scope names and no
    figures were given for, so that consumption is understated."""

    scope: Scope
    final: float
    primary: float
    produced_final: float
    produced_primary: float
    share_final: float
    share_primary: float
    grade: int
    missing: tuple[str, ...]


def scopes(path: Path | None = None) -> list[Scope]:
    """The scopes that come with CityTwin, or those of a file in the same form. Raises AnalysisError."""
    found = [
        Scope(
            row.text("scope"),
            {"ko": row.text("title_ko"), "en": row.text("title_en")},
            row.words("needs"),
            row.words("public"),
            row.text("source"),
        )
        for row in rows(path, _TABLE, _COLUMNS)
    ]
    ids = [scope.id for scope in found]
    if len(set(ids)) != len(ids):
        raise AnalysisError(f"{path or _TABLE}: each scope must stand there once")
    return found


def scope_balances(
    final: Mapping[str, float],
    primary: Mapping[str, float],
    produced_final: float,
    produced_primary: float,
    *,
    of: Sequence[Scope] | None = None,
    by: Scheme | None = None,
) -> list[ScopeBalance]:
    """What a city consumes and produces in each scope. final, primary: energy of a year by need of its
    buildings and by public load [kWh], alike in both. Raises AnalysisError where one knows what the other
    does not, and for negative energies."""
    if final.keys() != primary.keys():
        odd = ", ".join(sorted(final.keys() ^ primary.keys()))
        raise AnalysisError(
            f"final and primary energy must be given for the same needs; only one knows {odd}"
        )
    chosen = by or scheme()
    return [
        _balance(scope, final, primary, produced_final, produced_primary, chosen)
        for scope in (scopes() if of is None else of)
    ]


def _balance(
    scope: Scope,
    final: Mapping[str, float],
    primary: Mapping[str, float],
    produced_final: float,
    produced_primary: float,
    by: Scheme,
) -> ScopeBalance:
    parts = (*scope.needs, *scope.public)
    used_final = sum(final.get(part, 0.0) for part in parts)
    used_primary = sum(primary.get(part, 0.0) for part in parts)
    share = float(self_sufficiency(produced_primary, used_primary))
    return ScopeBalance(
        scope,
        used_final,
        used_primary,
        produced_final,
        produced_primary,
        float(self_sufficiency(produced_final, used_final)),
        share,
        int(by.grade(share)[0]),
        tuple(part for part in parts if part not in final),
    )
