"""Styles of the report's text, and how its parts are laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import white
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Table

from analysis.sun.report import charts
from analysis.sun.report.fonts import BOLD, REGULAR, printable

BODY = ParagraphStyle(
    "body", fontName=REGULAR, fontSize=9, leading=13.5, textColor=charts.INK, bulletFontName=REGULAR
)
SMALL = ParagraphStyle("small", BODY, fontSize=7.5, leading=11)
BULLET = ParagraphStyle("bullet", SMALL, leftIndent=10, spaceAfter=2)
MUTED = ParagraphStyle("muted", SMALL, textColor=charts.MUTED)
CELL = ParagraphStyle("cell", BODY, fontSize=7.5, leading=9.5)
HEAD = ParagraphStyle("head", CELL, fontName=BOLD, textColor=white)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=20, leading=26)
SUBTITLE = ParagraphStyle("subtitle", BODY, fontSize=12, leading=17, textColor=charts.MUTED)
SECTION = ParagraphStyle(
    "section", BODY, fontName=BOLD, fontSize=12.5, leading=18, spaceBefore=10, spaceAfter=4,
    textColor=charts.ACCENT, keepWithNext=1,
)  # fmt: skip
LABEL = ParagraphStyle("label", SMALL, textColor=charts.MUTED)
FIGURE = ParagraphStyle("figure", BODY, fontName=BOLD, fontSize=19, leading=23, alignment=1)
UNDER = ParagraphStyle("under", SMALL, textColor=charts.MUTED, alignment=1)


def side_by_side(items: Sequence[Any], width: float, gap: float) -> Table:
    cells: list[Any] = []
    widths: list[float] = []
    for number, item in enumerate(items):
        if number:
            cells.append("")
            widths.append(gap)
        cells.append(item)
        widths.append(width)
    style = [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table([cells], colWidths=widths, style=style, hAlign="LEFT")


def safe(value: str) -> str:
    """Text of others for a paragraph: markup escaped, characters that the font lacks replaced."""
    return escape(printable(value))
