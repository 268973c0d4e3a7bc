"""The section of the report on the height limit by the distance to the northern boundary."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import KeepTogether, Paragraph, Spacer, Table

from analysis.printed import styles
from analysis.printed.language import Language, in_language
from analysis.printed.styles import BODY, CELL, HEAD, MUTED, SECTION, SMALL, safe
from analysis.sun.report.content import SunReport
from analysis.sun.report.texts import text

_ROWS = 40


def height_section(language: Language, report: SunReport, width: float) -> list[Any]:
    """The rule, the envelope's volume and the parts over it; nothing where it was not looked at."""
    found = report.height_limit
    if found is None:
        return []
    rule = found.limit.rule
    told = text(
        "height_rule",
        language,
        source=in_language(rule.source, language),
        low=f"{rule.low:g}",
        setback=f"{rule.setback:g}",
        ratio=f"{rule.ratio:g}",
        ground=f"{found.limit.ground:.2f}",
    )
    volume = 0.0 if found.envelope is None else found.envelope.volume
    count = len(found.breaches)
    verdict = text("height_some" if count else "height_none", language, count=count)
    parts: list[Any] = [
        Paragraph(text("height", language), SECTION),
        Paragraph(safe(told), SMALL),
        Paragraph(f"{verdict} {text('height_envelope', language, volume=f'{volume:,.0f}')}", BODY),
        Spacer(1, 4),
    ]
    if not count:
        return [KeepTogether(parts)]
    names = ("dwelling_building", "part", "over", "allowed", "area", "volume")
    lines = [[Paragraph(text(name, language), HEAD) for name in names]]
    for breach in found.breaches[:_ROWS]:
        cells = [
            safe(breach.building),
            safe(breach.surface),
            f"{breach.most:.2f} m",
            f"{breach.allowed:.2f} m",
            f"{breach.area:.1f} m²",
            f"{breach.volume:.1f} m³",
        ]
        lines.append([Paragraph(cell, CELL) for cell in cells])
    share = (width - 4 * 62) / 2
    parts.append(Table(lines, colWidths=[share, share, *[62.0] * 4], repeatRows=1, style=styles.TABLE))
    if count > _ROWS:
        parts.append(Paragraph(f"+ {count - _ROWS}", MUTED))
    return parts
