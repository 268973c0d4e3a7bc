"""The pilot city's plan of 2019-09: every figure of its table from its demands and modules, and its trap."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.grades.plan import (
    MODULE_EFFICIENCY,
    PLAN_YIELD,
    PRIMARY_ELECTRICITY,
    ROOF_USE,
    PlanReport,
    basis_of,
    plan_report,
    plan_rows,
)
from analysis.energy.grades.report import write_plan_report
from analysis.energy.grades.scopes import FIVE_USES, scope_balances, scopes
from analysis.errors import AnalysisError
from analysis.printed.language import Language

# National pilot city service roadmap, draft of 2019-09: demand [MWh], modules [kW], their yield [MWh],
# self-sufficiency [%]; grade by the unrounded share
TABLE = {
    "city": (134735, 16546, 61790, 46, 4),
    "mixed": (107383, 11167, 41702, 39, 5),
    "industrial": (29733, 3014, 11255, 38, 5),
    "commercial": (30413, 2852, 10649, 35, 5),
    "residential": (47236, 5301, 19798, 42, 4),
    "facilities": (27352, 5379, 20089, 73, 3),
    "public_office": (5651, 1194, 4458, 79, 3),
    "education": (8054, 2024, 7557, 94, 2),
    "schools": (7350, 1847, 6897, 94, 2),
    "kindergartens": (704, 177, 661, 94, 2),
    "smart_farm": (1508, 335, 1250, 83, 2),
    "welfare": (1190, 251, 939, 79, 3),
    "public_agency": (2368, 506, 1890, 80, 3),
    "medical": (8581, 1069, 3993, 47, 4),
}


@pytest.fixture(scope="module")
def report() -> PlanReport:
    return plan_report(plan_rows())


@pytest.mark.parametrize("row", TABLE)
def test_every_row(report: PlanReport, row: str) -> None:
    """Yields to what rounding the kilowatts and the megawatt hours to whole numbers leaves open; demands of
    subtotals to the 1 MWh by which the table's own sums differ."""
    demand, power, made, percent, grade = TABLE[row]
    found = report.table.set_index("id").loc[row]
    specific = PLAN_YIELD * PRIMARY_ELECTRICITY / 1000.0
    assert found["pv_power"] == power
    assert abs(found["pv"] - made) <= 0.5 * specific + 0.5
    assert abs(found["demand"] - demand) <= 1
    assert found["percent"] == percent
    assert found["grade"] == grade
    assert (found["stated_demand"], found["stated_pv"], found["stated_percent"]) == (demand, made, percent)


def test_the_table_is_the_one_shipped() -> None:
    assert {row.id for row in plan_rows()} == set(TABLE)


def test_subtotals_add_up(report: PlanReport) -> None:
    table = report.table.set_index("id")
    for parent in ("city", "mixed", "facilities", "education"):
        below = table[table["parent"] == parent]
        for column in ("demand", "pv_power", "pv", "pv_site"):
            assert below[column].sum() == pytest.approx(table.loc[parent, column], rel=1e-12)


def test_from_roofs_instead_of_kilowatts(report: PlanReport) -> None:
    """Roof use 60 %, efficiency 15 %: a kilowatt is 11.1 m² of roof."""
    rows = [
        replace(row, pv_power=None, roof_area=row.pv_power / (ROOF_USE * MODULE_EFFICIENCY))
        for row in plan_rows()
        if row.pv_power is not None
    ]
    found = plan_report(rows).table
    assert found["pv_power"].to_numpy() == pytest.approx(report.table["pv_power"].to_numpy())
    assert found["percent"].tolist() == report.table["percent"].tolist()


def test_the_yield_of_the_plan_is_primary(report: PlanReport) -> None:
    """3,734 kWh/kW as printed in every row, divided by 2.75: 1,358."""
    assert report.trap["specific_yield_primary"] == pytest.approx(3734.4, abs=0.6)
    for row in plan_rows():
        assert row.pv_yield is not None and row.pv_power is not None
        assert basis_of(row.pv_yield, row.pv_power) == "primary"
        assert basis_of(row.pv_yield / 2.75, row.pv_power) == "site"
        assert abs(1000 * row.pv_yield / row.pv_power / 2.75 - 1358) < 3
    assert basis_of(1.0, 0.0) is None
    assert basis_of(100.0, 1000.0) is None


def test_both_bases_beside_each_other(report: PlanReport) -> None:
    """All-electric demand has the same share on site; mixing the bases gives 17 or 126 % instead of 46."""
    city = report.table.set_index("id").loc["city"]
    assert city["pv_site"] == pytest.approx(61790 / 2.75, abs=1)
    assert city["if_electric"] == pytest.approx(city["self_sufficiency"], rel=1e-12)
    assert city["if_mixed"] == pytest.approx(61790 / 2.75 / 134735, abs=1e-4)
    assert city["if_fuel"] == pytest.approx(61790 / 2.75 / (134735 / 1.1), abs=1e-4)
    assert report.trap["self_sufficiency"] == pytest.approx(0.4586, abs=1e-4)
    assert report.trap["site_against_primary"] == pytest.approx(0.1668, abs=1e-4)
    assert report.trap["primary_against_site"] == pytest.approx(1.2612, abs=1e-4)
    for language, words in report.text.items():
        assert all(figure in words for figure in ("1,358", "3,734", "2.75", "46 %", "17 %", "126 %")), (
            language
        )
    assert not report.mixtures


def test_a_mixed_plan_is_refused() -> None:
    """Site yields set against primary demand, whatever the table says of itself."""
    rows = plan_rows()
    wrong = [replace(row, pv_yield=(row.pv_yield or 0) / 2.75) for row in rows]
    with pytest.raises(AnalysisError, match="row city: demand is primary energy, but 1,358 kWh per kW"):
        plan_report(wrong)
    honest = [replace(row, pv_basis="site") for row in wrong]
    with pytest.raises(AnalysisError, match="is site energy"):
        plan_report(honest)
    with pytest.raises(AnalysisError, match="3,734 kWh per kW of modules is primary energy"):
        plan_report([replace(row, demand_basis="site", pv_basis="site") for row in rows])


def test_a_mixed_plan_is_converted_and_said(report: PlanReport) -> None:
    wrong = [replace(row, pv_yield=(row.pv_yield or 0) / 2.75) for row in plan_rows()]
    found = plan_report(wrong, mixed="convert")
    assert [m.row for m in found.mixtures] == list(TABLE)
    assert all("현장 에너지" in m.text["ko"] and "site energy" in m.text["en"] for m in found.mixtures)
    assert found.table["percent"].tolist() == report.table["percent"].tolist()


def test_a_plan_in_final_energy_has_no_grade() -> None:
    rows = [replace(row, demand=row.demand / 2.75, demand_basis="site", pv_yield=None) for row in plan_rows()]
    found = plan_report(rows).table
    assert found["percent"].tolist() == [TABLE[row.id][3] for row in rows]
    assert (found["grade"] == 0).all()
    assert found["if_mixed"].iloc[0] == pytest.approx(1.2612, abs=1e-4)


def test_defects_of_a_plan() -> None:
    rows = plan_rows()
    with pytest.raises(AnalysisError, match="needs rows, each with a name"):
        plan_report([])
    with pytest.raises(AnalysisError, match="needs rows, each with a name"):
        plan_report([rows[0], rows[0]])
    with pytest.raises(AnalysisError, match="no row 'city' for it to belong to"):
        plan_report(rows[1:])
    with pytest.raises(AnalysisError, match="cannot be added up"):
        plan_report([rows[0], replace(rows[1], demand_basis="site", pv_yield=None), *rows[2:]])
    with pytest.raises(AnalysisError, match="in a circle"):
        plan_report([replace(rows[0], parent="mixed"), rows[1]])
    with pytest.raises(AnalysisError, match="power of its modules or a roof area"):
        plan_report([replace(rows[0], pv_power=None)])


def test_a_plan_of_ones_own(tmp_path: Path) -> None:
    head = "row,parent,title_ko,title_en,demand,demand_basis,pv_power,roof_area\n"
    path = tmp_path / "plan.csv"
    path.write_text(head + "town,,마을,town,1000,primary,,1000\n", "utf-8")
    (row,) = plan_rows(path)
    found = plan_report([row], specific_yield=1300.0)
    assert found.table["pv_power"].iloc[0] == pytest.approx(90.0)
    assert found.table["self_sufficiency"].iloc[0] == pytest.approx(90 * 1.3 * 2.75 / 1000)
    sent = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert sent["rows"][0]["stated_pv"] is None
    path.write_text(head + "town,,마을,town,1000,delivered,,1000\n", "utf-8")
    with pytest.raises(AnalysisError, match="row 2: demand_basis must be primary or site"):
        plan_rows(path)
    for endless in ("inf", "nan"):
        path.write_text(head + f"town,,마을,town,{endless},primary,,1000\n", "utf-8")
        with pytest.raises(AnalysisError, match="row 2: demand must be a number, not"):
            plan_rows(path)


def test_an_empty_demand_has_no_share() -> None:
    rows = [replace(plan_rows()[0], demand=0.0)]
    found = plan_report(rows)
    assert np.isnan(found.table["self_sufficiency"].iloc[0])
    assert found.as_dict()["rows"][0]["self_sufficiency"] is None
    told = json.dumps(found.as_dict(), allow_nan=False)
    assert "nan" not in told and "no demand" in found.text["en"] and "수요" in found.text["ko"]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_table_is_printed(report: PlanReport, tmp_path: Path, language: Language) -> None:
    from pypdf import PdfReader

    known = dict.fromkeys((*FIVE_USES, "appliances"), 10000.0)
    own = replace(scopes()[0], id="5", title={"ko": "A&B <동>", "en": "A&B <halls>"})
    path = tmp_path / "plan.pdf"
    write_plan_report(
        path,
        language,
        report,
        title={"ko": "시범도시 <계획>", "en": "Pilot city <plan>"},
        scopes=scope_balances(known, known, 20_000.0, 20_000.0, of=[*scopes(), own]),
        notes=["2019-09"],
    )
    pages = PdfReader(path).pages
    words = "".join(page.extract_text() for page in pages)
    assert len(pages) == 1
    for shown in ("61,791", "45.9 %", "79.8 %", "93.8 %", "22,469", "1,358", "126 %", "2019-09"):
        assert shown in words, shown
    assert {"ko": "취사, 승강기, 가로등", "en": "cooking, lifts, street lighting"}[language] in words
    assert {"ko": "도시 전체", "en": "kindergartens"}[language] in words
    assert {"ko": "<계획>", "en": "<plan>"}[language] in words
    assert {"ko": "A&B <동>", "en": "A&B <halls>"}[language] in words
