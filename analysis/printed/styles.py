"""Styles of the report's text, and how its parts are laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Table

from analysis.printed.fonts import BOLD, REGULAR, printable

INK, GREYED, LINE = HexColor("#1f2933"), HexColor("#64707d"), HexColor("#c9d0d7")
ACCENT = HexColor("#0f5f73")

BODY = ParagraphStyle(
    "body", fontName=REGULAR, fontSize=9, leading=13.5, textColor=INK, bulletFontName=REGULAR
)
SMALL = ParagraphStyle("small", BODY, fontSize=7.5, leading=11)
BULLET = ParagraphStyle("bullet", SMALL, leftIndent=10, spaceAfter=2)
MUTED = ParagraphStyle("muted", SMALL, textColor=GREYED)
CELL = ParagraphStyle("cell", BODY, fontSize=7.5, leading=9.5)
HEAD = ParagraphStyle("head", CELL, fontName=BOLD, textColor=white)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=20, leading=26)
SUBTITLE = ParagraphStyle("subtitle", BODY, fontSize=12, leading=17, textColor=GREYED)
SECTION = ParagraphStyle(
    "section", BODY, fontName=BOLD, fontSize=12.5, leading=18, spaceBefore=10, spaceAfter=4,
    textColor=ACCENT, keepWithNext=1,
)  # fmt: skip
LABEL = ParagraphStyle("label", SMALL, textColor=GREYED)
FIGURE = ParagraphStyle("figure", BODY, fontName=BOLD, fontSize=19, leading=23, alignment=1)
UNDER = ParagraphStyle("under", SMALL, textColor=GREYED, alignment=1)
TABLE: list[tuple[Any, ...]] = [
    ("BACKGROUND", (0, 0), (-1, 0), ACCENT),
    ("TEXTCOLOR", (0, 0), (-1, 0), white),
    ("FONTNAME", (0, 0), (-1, -1), REGULAR),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
]
"""Of a table whose first row is its head."""


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
