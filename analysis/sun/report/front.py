"""The first page of the report: what was judged, by which rule, the verdict in numbers, hours of sun."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from reportlab.lib.colors import white
from reportlab.platypus import Paragraph, Spacer, Table

from analysis.printed import styles
from analysis.printed.fonts import REGULAR
from analysis.printed.language import Language, in_language
from analysis.printed.styles import (
    BODY,
    CELL,
    FIGURE,
    LABEL,
    MUTED,
    SECTION,
    SUBTITLE,
    TITLE,
    UNDER,
    safe,
    side_by_side,
)
from analysis.sun.daylight.rules import Rule
from analysis.sun.report import charts, pictures
from analysis.sun.report.content import SunReport
from analysis.sun.report.texts import text
from analysis.sun.scene import Float32, SunScene


def first_page(language: Language, report: SunReport, width: float) -> list[Any]:
    """What was judged, by which rule, the verdict in numbers, hours of sun on the ground."""
    a = report.assessment
    summary = report.document["summary"]
    parts: list[Any] = [
        Paragraph(text("heading", language), TITLE),
        Paragraph(safe(in_language(report.title, language)), SUBTITLE),
        Spacer(1, 8),
        _facts(language, report, width),
        Paragraph(text("result", language), SECTION),
        _figures(language, summary, a.after is not None, width),
        Spacer(1, 4),
        Paragraph(_verdict(language, summary, a.after is not None), BODY),
        Paragraph(text("hours_map", language), SECTION),
    ]
    before, after = report.hours
    most = max(float(np.nanmax(each, initial=0.0)) for each in (before, after) if each is not None)
    most = float(np.ceil(most)) or 1.0
    drawn: list[tuple[Float32, str, SunScene | None]] = [(before, "hours_before", None)]
    if after is not None:
        drawn.append((after, "hours_after", report.plan_scene))
    gap = 10.0
    each_width = (width - gap * (len(drawn) - 1)) / len(drawn)
    view = report.view(0.9 if len(drawn) == 2 else 1.5)
    maps = [
        charts.map_drawing(
            view,
            pictures.hours(view, values, most, plan),
            each_width,
            language,
            caption=text(name, language),
            dots=report.falling if plan is not None else None,
        )
        for values, name, plan in drawn
    ]
    parts.append(side_by_side(maps, each_width, gap))
    parts.append(charts.colour_bar(width * 0.5, most, text("hours_unit", language)))
    caption = text("hours_caption", language, date=a.date)
    parts.append(Paragraph(caption, MUTED))
    return parts


def limits(language: Language, rule: Rule) -> str:
    """What the rule asks for, in words."""
    if rule.measure == "sky":
        return text("sky_limit", language, minimum=f"{rule.minimum:g}", ratio=f"{rule.ratio:g}")
    parts = [
        text(f"{c.measure}_limit", language, hours=f"{c.hours:g}", start=c.start, end=c.end)
        for c in rule.criteria
    ]
    if rule.minimum_elevation:
        parts.append(text("elevation", language, degrees=f"{rule.minimum_elevation:g}"))
    joined = "; ".join(parts)
    return f"{joined} ({text(rule.passes, language)})" if len(rule.criteria) > 1 else joined


def _facts(language: Language, report: SunReport, width: float) -> Table:
    a = report.assessment
    place = a.scene.place
    ns, ew = "N" if place.latitude >= 0 else "S", "E" if place.longitude >= 0 else "W"
    position = f"{abs(place.latitude):.5f}° {ns}, {abs(place.longitude):.5f}° {ew}"
    made = report.made or pd.Timestamp.now(tz=place.timezone)
    facts = [
        ("city", report.city),
        ("place", position),
        ("date", f"{a.date} ({place.timezone})"),
        ("rule", in_language(a.rule.title, language)),
        ("limits", limits(language, a.rule)),
        ("source", in_language(a.rule.source, language)),
        ("dated", a.rule.dated),
        ("run", report.run),
        ("made", f"{made:%Y-%m-%d %H:%M %Z}"),
    ]
    rows = [
        [Paragraph(text(name, language), LABEL), Paragraph(safe(value), CELL)]
        for name, value in facts
        if value
    ]
    style = [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, styles.LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
    return Table(rows, colWidths=[90, width - 90], style=style)


def _figures(language: Language, summary: dict[str, Any], planned: bool, width: float) -> Table:
    names = [("dwellings", "judged"), ("meet_before", "meet_before")]
    if planned:
        names += [("meet_after", "meet_after"), ("fall_because_of_plan", "fall")]
    figures = []
    for key, _ in names:
        colour = "#b42318" if key == "fall_because_of_plan" and summary[key] else "#1f2933"
        figures.append(Paragraph(f'<font color="{colour}">{summary[key]:,}</font>', FIGURE))
    labels = [Paragraph(text(name, language), UNDER) for _, name in names]
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), charts.SKY),
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("LINEAFTER", (0, 0), (-2, -1), 3, white),
        ("TOPPADDING", (0, 0), (-1, 0), 6),
        ("BOTTOMPADDING", (0, 1), (-1, 1), 6),
    ]
    return Table([figures, labels], colWidths=[width / len(names)] * len(names), style=style)


def _verdict(language: Language, summary: dict[str, Any], planned: bool) -> str:
    count = summary["dwellings"]
    if not count:
        return text("no_dwellings", language)
    if not planned:
        return text("no_plan", language, count=count, meet=summary["meet_before"])
    falls = summary["fall_because_of_plan"]
    if not falls:
        return text("none_falls", language)
    return text("some_fall", language, count=falls, buildings=summary["buildings_that_fall"])
