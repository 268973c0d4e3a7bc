"""Grades of zero-energy buildings at their edges, and what counts in a city's scopes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.grades import (
    FIVE_USES,
    grades,
    scheme,
    schemes,
    scope_balances,
    scopes,
    self_sufficiency,
)
from analysis.energy.grades.scopes import PARTS
from analysis.energy.result import NEEDS
from analysis.errors import AnalysisError

# Korean certification of 2017: 1 from 100 %, 2 from 80, 3 from 60, 4 from 40, 5 from 20
EDGES = [
    (0.0, 0, None),
    (0.1999, 0, None),
    (0.20, 5, "5"),
    (0.3999, 5, "5"),
    (0.40, 4, "4"),
    (0.599999, 4, "4"),
    (0.60, 3, "3"),
    (0.7981, 3, "3"),
    (0.7999999, 3, "3"),
    (0.80, 2, "2"),
    (0.999999, 2, "2"),
    (1.0, 1, "1"),
    (1.7, 1, "1"),
]


@pytest.mark.parametrize(("share", "grade", "name"), EDGES)
def test_grade_of_2017(share: float, grade: int, name: str | None) -> None:
    by = scheme("kr-zeb-2017")
    assert by.grade(share)[0] == grade
    assert by.name(share) == name


def test_the_unrounded_value_decides() -> None:
    """79.81 % reads 80 % in a report and is grade 3; 80 % made of many parts is grade 2."""
    found = grades([1890.0, 80.0, sum([0.1] * 8)], [2368.0, 100.0, 1.0])
    assert found.grade.tolist() == [3, 2, 2]
    assert round(100 * found.share[0]) == 80


def test_grade_of_2025_has_a_plus() -> None:
    """plus-h.co.kr, 2025-02: 1+ from 120 %; net primary energy below 130 kWh/(m² a) for grade 5 of others."""
    by = scheme("kr-zeb-2025")
    assert [by.name(s) for s in (1.2, 1.19, 0.2, 0.19)] == ["1+", "1", "5", None]
    assert by.grade([1.2, 1.0, 0.2])[0] == 1
    found = grades(
        [20.0, 20.0, 120.0],
        [100.0, 100.0, 100.0],
        floor_area=[1.0, 0.6, 1.0],
        residential=[True, False, False],
        by=by,
    )
    assert found.net.tolist() == pytest.approx([80.0, 80.0 / 0.6, -20.0])
    assert found.net_met.tolist() == [True, False, False]
    assert found.certified is None


def test_efficiency_is_asked_for_beside_self_sufficiency() -> None:
    """Of 2017: efficiency grade 1++, net primary energy below 90 kWh/(m² a) at home and 140 elsewhere."""
    found = grades(
        [50.0, 50.0, 50.0, 10.0],
        [139.9, 140.1, 189.9, 100.0],
        floor_area=[1.0] * 4,
        residential=[True, True, False, False],
    )
    assert found.grade.tolist() == [5, 5, 5, 0]
    assert found.certified is not None
    assert found.certified.tolist() == [5, 0, 5, 0]
    assert found.counts() == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 3, "none": 1}
    assert grades([50.0], [100.0]).certified is None


def test_nothing_consumed_has_no_grade() -> None:
    found = grades([5.0, 0.0], [0.0, 0.0])
    assert np.isnan(found.share).all()
    assert found.grade.tolist() == [0, 0]


def test_every_scheme_has_source_and_date() -> None:
    for each in schemes().values():
        assert each.source and len(each.since) == 10
        assert [s.self_sufficiency for s in each.steps] == sorted(
            (s.self_sufficiency for s in each.steps), reverse=True
        )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,2020-01-01,best,0.5,1,1,both,s", "row 2: a grade must be a number"),
        ("x,2020-01-01,1,half,1,1,both,s", "row 2: self_sufficiency must be a number"),
        ("x,2020-01-01,1,0.5,1,1,maybe,s", "row 2: relation must be one of"),
        ("x,2020-01-01,1,0.5,1,1,both,s\nx,2020-01-01,2,0.5,1,1,both,s", "row 3: the grades of a scheme"),
    ],
)
def test_a_table_of_ones_own_says_where_it_is_wrong(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        f"scheme,since,grade,self_sufficiency,net_residential,net_other,relation,source\n{row}\n", "utf-8"
    )
    with pytest.raises(AnalysisError, match=said):
        schemes(path)


def test_bad_energies_are_refused() -> None:
    with pytest.raises(AnalysisError, match="must not be negative"):
        self_sufficiency([-1.0], [1.0])
    with pytest.raises(AnalysisError, match="no grading scheme"):
        grades([1.0], [1.0], by="kr-1999")
    with pytest.raises(AnalysisError, match="need 1 floor areas"):
        grades([1.0], [1.0], floor_area=[1.0, 2.0])


def test_scopes_widen_from_five_uses_to_parks() -> None:
    found = scopes()
    assert [s.id for s in found] == ["1", "2", "3", "4"]
    assert found[0].needs == FIVE_USES
    assert set(FIVE_USES) <= set(NEEDS)
    for narrow, wide in pairwise(found):
        assert set(narrow.needs) <= set(wide.needs)
        assert set(narrow.public) <= set(wide.public)
    assert [len(s.needs) for s in found] == [5, 8, 8, 8]
    assert [len(s.public) for s in found] == [0, 0, 1, 2]
    assert all(s.title["ko"] and s.title["en"] and s.source for s in found)
    assert {part for s in found for part in (*s.needs, *s.public)} == set(PARTS)


def test_scopes_of_a_city() -> None:
    """By hand: electricity and gas at 2.75 and 1.1, photovoltaics of 30 kWh on site, 82.5 primary."""
    final = {
        "heating": 50.0,
        "cooling": 10.0,
        "hot_water": 20.0,
        "lighting": 10.0,
        "fans": 5.0,
        "appliances": 25.0,
        "cooking": 10.0,
        "lifts": 2.0,
        "street_lighting": 3.0,
        "park_lighting": 1.0,
    }
    primary = {
        need: e * (1.1 if need in ("heating", "hot_water", "cooking") else 2.75) for need, e in final.items()
    }
    found = scope_balances(final, primary, 30.0, 82.5)
    assert [s.final for s in found] == pytest.approx([95.0, 132.0, 135.0, 136.0])
    assert found[0].primary == pytest.approx(70 * 1.1 + 25 * 2.75)
    assert found[3].primary == pytest.approx(80 * 1.1 + 56 * 2.75)
    assert found[0].share_final == pytest.approx(30 / 95)
    assert found[0].share_primary == pytest.approx(82.5 / 145.75)
    assert [s.grade for s in found] == [4, 5, 5, 5]
    assert all(not s.missing for s in found)


def test_scopes_say_what_is_missing() -> None:
    known = dict.fromkeys(NEEDS, 10.0)
    found = scope_balances(known, known, 5.0, 5.0)
    assert found[0].missing == ()
    assert found[1].missing == ("cooking", "lifts")
    assert found[3].missing == ("cooking", "lifts", "street_lighting", "park_lighting")
    with pytest.raises(AnalysisError, match="only one knows heating"):
        scope_balances({"heating": 1.0}, {}, 0.0, 0.0)


def test_a_city_defines_its_own_scopes(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("scope,title_ko,title_en,needs,public\nheat,열,heat,heating|hot_water,\n", "utf-8")
    (own,) = scopes(path)
    (found,) = scope_balances(
        {"heating": 4.0, "hot_water": 1.0}, {"heating": 4.0, "hot_water": 1.0}, 1, 1, of=[own]
    )
    assert found.share_final == pytest.approx(0.2)
    path.write_text(path.read_text("utf-8") + "heat,열,heat,heating,\n", "utf-8")
    with pytest.raises(AnalysisError, match="each scope must stand there once"):
        scopes(path)
