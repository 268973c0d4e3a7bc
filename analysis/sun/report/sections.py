"""The sections of the report after its first page, as flowables of reportlab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from reportlab.lib.colors import HexColor
from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Paragraph, Spacer, Table

from analysis.printed import styles
from analysis.printed.language import Language, in_language
from analysis.printed.styles import BULLET, CELL, HEAD, MUTED, SECTION, SMALL, safe, side_by_side
from analysis.sun.daylight.rules import Rule
from analysis.sun.report import charts, pictures
from analysis.sun.report.content import Case, SunReport
from analysis.sun.report.texts import duration, facing, text

BAD, GOOD = HexColor("#b42318"), HexColor("#1a7f4b")
_NOTABLE = HexColor("#fdecea")


def shadow_plans(language: Language, report: SunReport, width: float) -> list[Any]:
    """Shadows at several times of the day."""
    columns, gap = 2, 10.0
    each_width = (width - gap) / columns
    view = report.view(1.25)
    drawings = []
    for time, path, before, after in report.plans:
        picture = pictures.shadows(view, before, after, report.plan_scene)
        up = path.elevation[0] > 0
        sun = text(
            "sun_at" if up else "sun_below",
            language,
            azimuth=f"{path.azimuth[0]:.1f}",
            elevation=f"{path.elevation[0]:.1f}",
        )
        drawings.append(
            charts.map_drawing(
                view, picture, each_width, language, caption=f"{time:%H:%M}   {sun}", dots=report.falling
            )
        )
    rows = [drawings[n : n + columns] for n in range(0, len(drawings), columns)]
    items = [(pictures.BUILDING, "building"), (pictures.SHADOW, "shadow_now")]
    if report.plan_scene is not None:
        items += [
            (pictures.PLANNED, "planned"),
            (pictures.ADDED, "shadow_new"),
            (pictures.GONE, "shadow_gone"),
        ]
    if len(report.falling):
        items.append(((200, 30, 30), "falling"))
    return [
        PageBreak(),
        Paragraph(text("shadow_map", language), SECTION),
        charts.legend(width, [(colour, text(name, language)) for colour, name in items]),
        Spacer(1, 4),
        *[side_by_side(row, each_width, gap) for row in rows],
    ]


def worst_cases(language: Language, report: SunReport, width: float) -> list[Any]:
    """The sky and the day of the dwellings that come first in the list."""
    cases = report.worst
    if not cases:
        return []
    gap = 12.0
    half = (width - gap) / 2
    blocks = [_case(language, report, case, half) for case in cases]
    items = [((232, 164, 0), "lit"), ((123, 135, 148), "unlit"), ((169, 178, 189), "obstructed")]
    if report.plan_scene is not None:
        items.append(((240, 160, 75), "obstructed_new"))
    items.append(((205, 210, 216), "behind"))
    rows = [side_by_side(blocks[n : n + 2], half, gap) for n in range(0, len(blocks), 2)]
    return [
        PageBreak(),
        Paragraph(text("worst", language), SECTION),
        Paragraph(text("worst_text", language), SMALL),
        charts.legend(width, [(colour, text(name, language)) for colour, name in items]),
        Spacer(1, 4),
        *rows,
    ]


def table(language: Language, report: SunReport, width: float) -> list[Any]:
    """Dwellings, those that fall first."""
    a, rows = report.assessment, report.document["dwellings"]
    if not rows:
        return []
    states = ["before"] if a.after is None else ["before", "after"]
    values = ["sky"] if a.rule.measure == "sky" else [c.measure for c in a.rule.criteria]
    head = [text(name, language) for name in ("number", "dwelling_building", "storey", "facing")]
    for state in states:
        head += [f"{text(state, language)}: {text(f'{value}_column', language)}" for value in values]
    lines = [[Paragraph(each, HEAD) for each in [*head, text("verdict", language)]]]
    fallen = []
    for number, row in enumerate(rows[: report.rows], 1):
        cells = [
            str(number),
            safe(row["building"]),
            f"{row['storey']}-{row['bay']}",
            f"{facing(row['azimuth'], language)}",
        ]
        for state in states:
            cells += [_value(language, a.rule, row, value, state) for value in values]
        lines.append([Paragraph(each, CELL) for each in [*cells, _judgement(language, row, states[-1])]])
        if row.get("falls_because_of_plan"):
            fallen.append(number)
    fixed = [26.0, 52.0, 44.0, 56.0]
    rest = width - sum(fixed)
    share = min(74.0, (rest - 84.0) / (len(values) * len(states)))
    name = rest - share * len(values) * len(states)
    widths = [fixed[0], name, fixed[1], fixed[2], *[share] * (len(values) * len(states)), fixed[3]]
    style: list[tuple[Any, ...]] = [
        *styles.TABLE,
        *[("BACKGROUND", (0, n), (-1, n), _NOTABLE) for n in fallen],
    ]
    parts = [
        CondPageBreak(160),
        Paragraph(text("table", language), SECTION),
        Table(lines, colWidths=widths, repeatRows=1, style=style),
    ]
    if len(rows) > report.rows:
        parts.append(Paragraph(text("omitted", language, count=len(rows) - report.rows), MUTED))
    away = report.document["summary"]["facing_away"]
    if away:
        parts.append(Paragraph(text("facing_away", language, count=away), MUTED))
    return parts


def method(language: Language, report: SunReport) -> list[Any]:
    """How it was reckoned and what it does not say."""
    a = report.assessment
    names = ["method_light", "method_dwellings", "method_scene", "method_legal"]
    if a.rule.measure == "sky":
        names[0] = "method_sky"
    clock = text(f"clock_{a.rule.clock}", language)
    lines = [text("method_sun", language, clock=clock, timezone=a.scene.place.timezone)]
    lines += [text(name, language, cell=f"{a.scene.cell_size:g}") for name in names]
    lines += [safe(in_language(note, language)) for note in (*a.notes, *report.notes)]
    lines += [safe(note) for note in a.scene.notes]
    bullets = [Paragraph(line, BULLET, bulletText="•") for line in lines]
    return [KeepTogether([Paragraph(text("method", language), SECTION), *bullets])]


def _case(language: Language, report: SunReport, case: Case, width: float) -> list[Any]:
    a, row = report.assessment, case.row
    middle = (row["storey"], row["bay"])
    name = f"<b>{safe(row['building'])}</b>  {text('storey', language)} {middle[0]}-{middle[1]}, "
    name += f"{facing(row['azimuth'], language)}"
    local = case.path.times.tz_convert(a.scene.place.timezone)
    hours = [
        (float(azimuth), float(up), f"{time:%H}")
        for time, azimuth, up in zip(local, case.path.azimuth, case.path.elevation, strict=True)
        if time.minute == 0 and time.hour % 2 == 0 and up > 0
    ]
    noon = float(case.path.azimuth[int(np.argmax(case.path.elevation))])
    chart = charts.sky_chart(
        width,
        width * 0.62,
        language,
        azimuth=case.path.azimuth,
        elevation=case.path.elevation,
        lit=case.lit.tolist(),
        hours=hours,
        horizon=case.horizon,
        horizon_after=case.horizon_after,
        facing=row["azimuth"],
        middle=row["azimuth"] if a.rule.measure == "sky" else noon,
    )
    states = ["before"] if a.after is None else ["before", "after"]
    values = ["sky"] if a.rule.measure == "sky" else [c.measure for c in a.rule.criteria]
    lines = []
    for state in states:
        told = [
            f"{text(f'{value}_column', language)} {_value(language, a.rule, row, value, state)}"
            for value in values
        ]
        lines.append(f"{text(state, language)}: {', '.join(told)}")
    parts: list[Any] = [Paragraph(name, SMALL), chart]
    if a.rule.measure == "sunlight":
        midnight = pd.Timestamp(a.date, tz=a.scene.place.timezone)
        spells = [(text(s, language), _hours(row[f"spells_{s}"], midnight)) for s in states]
        windows = [_clock(c.start, c.end) for c in a.rule.criteria]
        start = min([w[0] for w in windows], default=6.0)
        end = max([w[1] for w in windows], default=18.0)
        parts.append(charts.day_bars(width, language, start=start, end=end, states=spells, windows=windows))
    return [*parts, Paragraph("<br/>".join(lines), SMALL), Spacer(1, 8)]


def _hours(spells: Sequence[Sequence[str]], midnight: pd.Timestamp) -> list[tuple[float, float]]:
    """Spells as hours of the clock."""

    def hour(text: str) -> float:
        time = pd.Timestamp(text).tz_convert(midnight.tz)
        days = (time.date() - midnight.date()).days
        return float(days * 24 + time.hour + time.minute / 60 + time.second / 3600)

    return [(hour(first), hour(last)) for first, last in spells]


def _clock(*times: str) -> tuple[float, float]:
    first, last = (int(h) + int(m) / 60 for h, m in (each.split(":") for each in times))
    return first, last


def _value(language: Language, rule: Rule, row: Any, value: str, state: str) -> str:
    if value == "sky":
        return f"{row[f'sky_{state}']:.1f} %"
    limit = next(c.hours for c in rule.criteria if c.measure == value)
    told = duration(row[f"{value}_{state}"], language, limit)
    if value == "spell" and row.get(f"longest_{state}"):
        first, last = (pd.Timestamp(each) for each in row[f"longest_{state}"])
        told += f" <font color='#64707d'>{first:%H:%M}–{last:%H:%M}</font>"
    return told


def _judgement(language: Language, row: Any, state: str) -> str:
    if row.get("falls_because_of_plan"):
        return f'<font color="{BAD.hexval().replace("0x", "#")}"><b>{text("falls", language)}</b></font>'
    good = row[f"passes_{state}"]
    colour = (GOOD if good else BAD).hexval().replace("0x", "#")
    return f'<font color="{colour}">{text("meets" if good else "fails", language)}</font>'
