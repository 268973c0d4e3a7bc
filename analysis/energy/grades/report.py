"""A table of self-sufficiency as pages to print: A4 as PDF, in Korean or English, its fonts embedded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.energy.grades.plan import PlanReport
from analysis.energy.grades.scopes import PARTS, ScopeBalance
from analysis.printed.language import Language, in_language

_MARGIN = 48.0
"""[points]"""
_WIDTH = 595.28 - 2 * _MARGIN
"""[points] of the text, on A4."""
_TEXTS = {
    "heading": ("에너지 자립률", "Energy self-sufficiency"),
    "kind": ("구분", "kind"),
    "demand": ("수요<br/>MWh", "demand<br/>MWh"),
    "power": ("태양광<br/>kW", "modules<br/>kW"),
    "made": ("발전량<br/>MWh", "production<br/>MWh"),
    "share": ("자립률", "self-<br/>sufficiency"),
    "grade": ("ZEB<br/>등급", "ZEB<br/>grade"),
    "site": ("현장 전력<br/>MWh", "on site<br/>MWh"),
    "electric": ("전부 전기일 때<br/>현장 자립률", "on site, if<br/>all electric"),
    "stated": ("계획<br/>자립률", "stated<br/>share"),
    "table": ("건물 구분별 자립률", "By kind of building"),
    "basis": (
        "수요와 발전량은 {basis} 기준이며, 등급은 반올림하지 않은 값으로 정합니다.",
        "Demand and production are {basis}; the grade follows from the unrounded share.",
    ),
    "primary": ("1차에너지", "primary energy"),
    "on_site": ("현장(최종) 에너지", "energy on site"),
    "both": ("행마다 다른 에너지", "of a kind that differs by row"),
    "trap": ("1차에너지와 현장 에너지", "Primary energy and energy on site"),
    "mixtures": ("기준이 섞여 환산한 행", "Rows that mixed the two and were converted"),
    "scopes": ("범위별 자립률", "By scope"),
    "scope": ("범위", "scope"),
    "final": ("최종에너지<br/>MWh", "final<br/>MWh"),
    "final_share": ("자립률<br/>(최종)", "self-sufficiency<br/>(final)"),
    "primary_use": ("1차에너지<br/>MWh", "primary<br/>MWh"),
    "primary_share": ("자립률<br/>(1차)", "self-sufficiency<br/>(primary)"),
    "missing": (
        "값이 없어 빠진 항목: {what}. 실제 자립률은 이보다 낮습니다.",
        "Left out for want of figures: {what}. Real self-sufficiency is lower.",
    ),
    "page": ("{page}쪽", "page {page}"),
}


def write_plan_report(
    path: Path,
    language: Language,
    report: PlanReport,
    *,
    title: dict[str, str],
    scopes: Sequence[ScopeBalance] = (),
    notes: Sequence[str] = (),
) -> None:
    """Write a table of self-sufficiency, the trap in it, and the city's scopes. title: by language. notes:
    lines at the end, such as sources."""
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    from analysis.printed.fonts import REGULAR, register

    register()
    from analysis.printed import styles

    document = SimpleDocTemplate(
        str(path),
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"{_text('heading', language)}: {in_language(title, language)}",
        author="CityTwin",
        lang=language,
        initialFontName=REGULAR,
    )
    basis = set(report.table["basis"])
    named = "both" if len(basis) > 1 else "primary" if basis == {"primary"} else "on_site"
    story: list[Any] = [
        Paragraph(_text("heading", language), styles.TITLE),
        Paragraph(styles.safe(in_language(title, language)), styles.SUBTITLE),
        Paragraph(_text("table", language), styles.SECTION),
        _plan_table(language, report),
        Spacer(1, 4),
        Paragraph(_text("basis", language, basis=_text(named, language)), styles.MUTED),
        Paragraph(_text("trap", language), styles.SECTION),
        Paragraph(styles.safe(report.text[language]), styles.BODY),
    ]
    if report.mixtures:
        story.append(Paragraph(_text("mixtures", language), styles.SECTION))
        story += [Paragraph(styles.safe(m.text[language]), styles.SMALL) for m in report.mixtures]
    if scopes:
        story += [Paragraph(_text("scopes", language), styles.SECTION), _scope_table(language, scopes)]
        missing = list(dict.fromkeys(what for scope in scopes for what in scope.missing))
        if missing:
            named_parts = [PARTS.get(what, {}).get(language, what) for what in missing]
            words = _text("missing", language, what=", ".join(named_parts))
            story += [Spacer(1, 4), Paragraph(styles.safe(words), styles.MUTED)]
    if notes:
        story += [Spacer(1, 8), *(Paragraph(styles.safe(note), styles.MUTED) for note in notes)]

    def numbered(canvas: Any, _: Any) -> None:
        canvas.setFont(REGULAR, 7.5)
        page = _text("page", language, page=canvas.getPageNumber())
        canvas.drawRightString(_MARGIN + _WIDTH, 27, page)

    document.build(story, onFirstPage=numbered, onLaterPages=numbered)


def _plan_table(language: Language, report: PlanReport) -> Any:
    from analysis.printed.styles import safe

    depth: dict[str, int] = {}
    names = ("kind", "demand", "power", "made", "share", "grade", "site", "electric", "stated")
    lines, totals = [[_text(name, language) for name in names]], []
    parents = set(report.table["parent"])
    for number, row in enumerate(report.table.to_dict("records"), 1):
        depth[row["id"]] = depth.get(row["parent"], -1) + 1
        indent = "&nbsp;" * 3 * depth[row["id"]]
        lines.append(
            [
                indent + safe(str(row[f"title_{language}"])),
                _number(row["demand"]),
                _number(row["pv_power"]),
                _number(row["pv"]),
                _percent(row["self_sufficiency"]),
                str(row["grade"] or "–"),
                _number(row["pv_site"]),
                _percent(row["if_electric"]),
                "–" if row["stated_percent"] != row["stated_percent"] else f"{row['stated_percent']:.0f} %",
            ]
        )
        if row["id"] in parents:
            totals.append(number)
    return _table(lines, [103.0, 52.0, 46.0, 52.0, 54.0, 34.0, 50.0, 66.0, 42.0], totals)


def _scope_table(language: Language, scopes: Sequence[ScopeBalance]) -> Any:
    from analysis.printed.styles import safe

    names = ("scope", "final", "final_share", "primary_use", "primary_share", "grade")
    lines = [
        [
            safe(f"{scope.scope.id}. {in_language(scope.scope.title, language)}"),
            _number(scope.final / 1000.0),
            _percent(scope.share_final),
            _number(scope.primary / 1000.0),
            _percent(scope.share_primary),
            str(scope.grade or "–"),
        ]
        for scope in scopes
    ]
    head = [_text(name, language) for name in names]
    return _table([head, *lines], [189.0, 62.0, 76.0, 62.0, 76.0, 34.0], [])


def _table(lines: list[list[str]], widths: list[float], totals: list[int]) -> Any:
    """Cells as paragraphs under a head; totals: rows that are set off."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, Table

    from analysis.printed.fonts import BOLD
    from analysis.printed.styles import CELL, HEAD, TABLE

    bold = ParagraphStyle("bold", CELL, fontName=BOLD)

    def cells(line: list[str], style: ParagraphStyle) -> list[Paragraph]:
        right = ParagraphStyle("right", style, alignment=2)
        return [Paragraph(cell, right if column else style) for column, cell in enumerate(line)]

    rows = [
        cells(line, HEAD if number == 0 else bold if number in totals else CELL)
        for number, line in enumerate(lines)
    ]
    return Table(rows, colWidths=widths, repeatRows=1, style=TABLE, hAlign="LEFT")


def _text(name: str, language: Language, **values: Any) -> str:
    return _TEXTS[name][("ko", "en").index(language)].format(**values)


def _number(value: float) -> str:
    return "–" if value != value else f"{value:,.0f}"


def _percent(share: float) -> str:
    """With a digit behind the point, since a grade does not follow from a rounded share."""
    return "–" if share != share else f"{100 * share:.1f} %"
