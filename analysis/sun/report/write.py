"""The report as pages: what was judged and by which rule, maps, the worst cases, the method, the table.

report = SunReport(assessment=assessment, title={"ko": "...", "en": "..."}, run=run.id, plan_scene=after)
write_report(folder / "report_ko.pdf", "ko", report)
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analysis.printed.fonts import REGULAR, printable, register
from analysis.printed.language import Language, in_language
from analysis.sun.report.content import SunReport
from analysis.sun.report.texts import text

__all__ = ["SunReport", "write_report"]

_MARGIN = 48.0
"""[points]"""
_WIDTH = 595.28 - 2 * _MARGIN
"""[points] of the text, on A4."""


def write_report(path: Path, language: Language, report: SunReport) -> None:
    """Write the report as PDF: A4, fonts embedded, nothing fetched.

    Everything drawn is kept in `report`, so that the second language costs only its pages.
    """
    register()
    pages = _build(io.BytesIO(), language, report, None)
    with path.open("wb") as file:
        _build(file, language, report, pages)


def _build(file: Any, language: Language, report: SunReport, pages: int | None) -> int:
    """Pages that were written; pages: their number, where it is known already."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    title = f"{text('heading', language)}: {in_language(report.title, language)}"
    document = BaseDocTemplate(
        file,
        pagesize=A4,
        title=title,
        author="CityTwin",
        subject=f"{in_language(report.assessment.rule.title, language)}, {report.assessment.date}",
        lang=language,
        initialFontName=REGULAR,
    )

    def furniture(canvas: Any, _: Any) -> None:
        report.tell()
        _page(canvas, language, report, pages)

    frame = Frame(_MARGIN, 46, _WIDTH, 746, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate("page", [frame], onPage=furniture))
    document.build(_story(language, report))
    return int(document.page)


def _page(canvas: Any, language: Language, report: SunReport, pages: int | None) -> None:
    from analysis.printed.styles import GREYED, LINE

    canvas.saveState()
    canvas.setFont(REGULAR, 7.5)
    canvas.setFillColor(GREYED)
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, 38, _MARGIN + _WIDTH, 38)
    canvas.drawString(_MARGIN, 27, f"{text('run', language)} {report.run}")
    number = text("page", language, page=canvas.getPageNumber(), pages=pages or "?")
    canvas.drawRightString(_MARGIN + _WIDTH, 27, number)
    if canvas.getPageNumber() > 1:
        canvas.drawString(_MARGIN, 808, printable(in_language(report.title, language)))
        canvas.drawRightString(_MARGIN + _WIDTH, 808, text("heading", language))
        canvas.line(_MARGIN, 801, _MARGIN + _WIDTH, 801)
    canvas.restoreState()


def _story(language: Language, report: SunReport) -> list[Any]:
    from analysis.sun.report import sections
    from analysis.sun.report.front import first_page
    from analysis.sun.report.heights import height_section

    parts: tuple[Callable[[], list[Any]], ...] = (
        lambda: first_page(language, report, _WIDTH),
        lambda: sections.shadow_plans(language, report, _WIDTH),
        lambda: sections.worst_cases(language, report, _WIDTH),
        lambda: height_section(language, report, _WIDTH),
        lambda: sections.method(language, report),
        lambda: sections.table(language, report, _WIDTH),
    )
    story: list[Any] = []
    for made in parts:
        report.tell()
        story += made()
    return story
