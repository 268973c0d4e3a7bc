"""Drawings of the report, painted on a PDF's canvas: maps with scale and north, the sky of a dwelling, the
hours of its day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from reportlab.lib.colors import Color, HexColor
from reportlab.platypus import Flowable

from analysis.colours import ramp
from analysis.printed.fonts import BOLD, REGULAR
from analysis.printed.language import Language
from analysis.printed.styles import ACCENT, GREYED, INK, LINE
from analysis.sun.report.pictures import View
from analysis.sun.report.texts import text
from analysis.sun.scene import Float64

ORANGE, GREY, SKY = HexColor("#f0a04b"), HexColor("#a9b2bd"), HexColor("#f3f6f9")
SUN, HIDDEN = HexColor("#e8a400"), HexColor("#7b8794")
_LABELS = 7
"""[points] of the smallest text."""


class Drawing(Flowable):  # type: ignore[misc]
    """A picture of a size [points] that `paint` draws, its lower left corner at 0, 0."""

    def __init__(self, width: float, height: float, paint: Callable[[Any], None]) -> None:
        super().__init__()
        self.width, self.height, self.paint = width, height, paint

    def draw(self) -> None:
        self.paint(self.canv)


def map_drawing(
    view: View,
    picture: Image.Image,
    width: float,
    language: Language,
    *,
    caption: str = "",
    dots: Float64 | None = None,
) -> Drawing:
    """A map so wide [points], with a bar of scale and an arrow to true north. dots: (n, 2+) places."""
    from reportlab.lib.utils import ImageReader

    across, up = view.metres
    tall = width * up / across
    room = 12 if caption else 0

    def paint(canvas: Any) -> None:
        canvas.drawImage(ImageReader(picture), 0, room, width, tall)
        canvas.setStrokeColor(LINE)
        canvas.rect(0, room, width, tall, stroke=1, fill=0)
        if dots is not None and len(dots):
            canvas.setStrokeColor(HexColor("#ffffff"))
            canvas.setFillColor(HexColor("#c81e1e"))
            for x, y in view.place(dots).tolist():
                if 0 <= x <= 1 and 0 <= y <= 1:
                    canvas.circle(x * width, room + y * tall, 1.8, stroke=1, fill=1)
        _scale_bar(canvas, width, across, room)
        _north(canvas, width - 11, room + tall - 15, view.scene.place.convergence, language)
        if caption:
            canvas.setFont(REGULAR, _LABELS + 0.5)
            canvas.setFillColor(INK)
            canvas.drawString(0, 2, caption)

    return Drawing(width, tall + room, paint)


def _scale_bar(canvas: Any, width: float, across: float, bottom: float) -> None:
    steps = [s * 10**p for p in range(5) for s in (1, 2, 5)]
    length = max((s for s in steps if s <= across / 4), default=1)
    size = length / across * width
    canvas.setFillColor(Color(1, 1, 1, 0.8))
    canvas.rect(3, bottom + 3, size + 8, 13, stroke=0, fill=1)
    canvas.setStrokeColor(INK)
    canvas.setFillColor(INK)
    canvas.setLineWidth(1)
    canvas.lines(
        [
            (7, bottom + 6, 7 + size, bottom + 6),
            (7, bottom + 4.5, 7, bottom + 7.5),
            (7 + size, bottom + 4.5, 7 + size, bottom + 7.5),
        ]
    )
    canvas.setFont(REGULAR, _LABELS - 0.5)
    canvas.drawCentredString(7 + size / 2, bottom + 8.5, f"{length} m")
    canvas.setLineWidth(0.5)


def _north(canvas: Any, x: float, y: float, convergence: float, language: Language) -> None:
    """An arrow to true north: the grid's north lies `convergence` clockwise from it."""
    canvas.saveState()
    canvas.translate(x, y)
    canvas.setFillColor(Color(1, 1, 1, 0.8))
    canvas.circle(0, 1, 11, stroke=0, fill=1)
    canvas.rotate(convergence)
    canvas.setFillColor(INK)
    arrow = canvas.beginPath()
    arrow.moveTo(0, 4)
    for corner in ((3, -7), (0, -4.5), (-3, -7)):
        arrow.lineTo(*corner)
    arrow.close()
    canvas.drawPath(arrow, stroke=0, fill=1)
    canvas.setFont(BOLD, 6)
    canvas.drawCentredString(0, 5, text("north", language))
    canvas.restoreState()


def colour_bar(width: float, most: float, unit: str) -> Drawing:
    """The legend of a map of hours."""
    colours = ramp("viridis")

    def paint(canvas: Any) -> None:
        for n in range(128):
            r, g, b = (colours[n * 2] / 255).tolist()
            canvas.setFillColorRGB(r, g, b)
            canvas.rect(n * width / 128, 10, width / 128 + 0.5, 7, stroke=0, fill=1)
        canvas.setFillColor(INK)
        canvas.setFont(REGULAR, _LABELS)
        for share in np.linspace(0, 1, 5):
            label = f"{most * share:.3g}" + (f" {unit}" if share == 1 else "")
            x = share * width
            draw = canvas.drawRightString if share == 1 else canvas.drawCentredString
            (canvas.drawString if share == 0 else draw)(x, 2, label)

    return Drawing(width, 18, paint)


def legend(width: float, items: Sequence[tuple[tuple[int, int, int], str]]) -> Drawing:
    """Squares of colour (r, g, b in 0..255) with their names, in as many rows as they need."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    size = _LABELS + 0.5
    rows: list[list[tuple[float, tuple[int, int, int], str]]] = [[]]
    x = 0.0
    for colour, name in items:
        wide = 22 + stringWidth(name, REGULAR, size)
        if rows[-1] and x + wide > width:
            rows.append([])
            x = 0.0
        rows[-1].append((x, colour, name))
        x += wide

    def paint(canvas: Any) -> None:
        canvas.setFont(REGULAR, size)
        for number, row in enumerate(reversed(rows)):
            for left, colour, name in row:
                canvas.setFillColorRGB(*(c / 255 for c in colour))
                canvas.rect(left, 13 * number + 2, 8, 8, stroke=0, fill=1)
                canvas.setFillColor(INK)
                canvas.drawString(left + 11, 13 * number + 3, name)

    return Drawing(width, 13.0 * len(rows) + 1, paint)


def sky_chart(
    width: float,
    height: float,
    language: Language,
    *,
    azimuth: Float64,
    elevation: Float64,
    lit: Sequence[bool],
    hours: Sequence[tuple[float, float, str]],
    horizon: Float64,
    horizon_after: Float64 | None,
    facing: float,
    middle: float,
) -> Drawing:
    """The sky in front of a facade: azimuth to the right, elevation up [degrees].

    azimuth, elevation: (t,) the sun's way through the day; lit: whether it shines in. hours: azimuth,
    elevation and name of some times. horizon, horizon_after: (n,) the skyline at equal steps of azimuth from
    north, now and with the plan. facing: azimuth that the facade looks to; middle: that of the chart's
    middle.
    """
    away = _turned(azimuth, middle)
    half = min(180.0, max(60.0, float(np.abs(away[elevation > 0]).max(initial=0.0)) + 15.0))
    top = min(90.0, max(float(elevation.max()) + 12.0, 40.0))
    left, bottom = 24.0, 20.0
    wide, tall = width - left - 4, height - bottom - 6

    def at(x: Any, y: Any) -> tuple[Any, Any]:
        return left + (np.asarray(x) + half) / (2 * half) * wide, bottom + np.asarray(y) / top * tall

    def paint(canvas: Any) -> None:
        canvas.saveState()
        clip = canvas.beginPath()
        clip.rect(left, bottom, wide, tall)
        canvas.setFillColor(SKY)
        canvas.rect(left, bottom, wide, tall, stroke=0, fill=1)
        canvas.clipPath(clip, stroke=0)
        if horizon_after is not None:
            _skyline(canvas, at, horizon_after, middle, half, ORANGE)
        _skyline(canvas, at, horizon, middle, half, GREY)
        _behind(canvas, at, facing, middle, half, top)
        x, y = at(away, elevation)
        for shines in (False, True):
            canvas.setStrokeColor(SUN if shines else HIDDEN)
            canvas.setLineWidth(2.4 if shines else 0.9)
            for n in range(len(x) - 1):
                if abs(away[n + 1] - away[n]) < 90 and lit[n] == shines:
                    canvas.line(x[n], y[n], x[n + 1], y[n + 1])
        canvas.setFont(REGULAR, _LABELS - 0.5)
        canvas.setFillColor(INK)
        for direction, up, name in hours:
            px, py = at(_turned(np.array([direction]), middle)[0], up)
            canvas.circle(px, py, 1.3, stroke=0, fill=1)
            canvas.drawCentredString(px, py + 4, name)
        canvas.restoreState()
        _axes(canvas, at, language, middle, half, top, (left, bottom, wide, tall))

    return Drawing(width, height, paint)


def _turned(azimuth: npt.NDArray[Any], middle: float) -> Float64:
    """Azimuths from -180 to 180 about the middle."""
    return np.asarray((azimuth - middle + 180.0) % 360.0 - 180.0)


def _skyline(canvas: Any, at: Any, horizon: Float64, middle: float, half: float, colour: Any) -> None:
    """Filled up to the skyline, each direction standing for the sector about it."""
    step = 360.0 / len(horizon)
    canvas.setFillColor(colour)
    for direction, up in zip(_turned(np.arange(float(len(horizon))) * step, middle), horizon, strict=True):
        if up > 0 and abs(direction) < half + step:
            (x0, y0), (x1, y1) = at(direction - step / 2, 0), at(direction + step / 2, up)
            canvas.rect(x0, y0, x1 - x0 + 0.2, y1 - y0, stroke=0, fill=1)


def _behind(canvas: Any, at: Any, facing: float, middle: float, half: float, top: float) -> None:
    """What lies behind the facade's own plane, veiled."""
    canvas.setFillColor(Color(0.45, 0.49, 0.54, 0.35))
    for low, high in ((facing + 90, facing + 270),):
        for turn in (-360, 0, 360):
            a = max(low - middle + turn, -half)
            b = min(high - middle + turn, half)
            if b > a:
                (x0, y0), (x1, y1) = at(a, 0), at(b, top)
                canvas.rect(x0, y0, x1 - x0, y1 - y0, stroke=0, fill=1)


def _axes(
    canvas: Any,
    at: Any,
    language: Language,
    middle: float,
    half: float,
    top: float,
    box: tuple[float, float, float, float],
) -> None:
    left, bottom, wide, tall = box
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.rect(*box, stroke=1, fill=0)
    canvas.setFont(REGULAR, _LABELS - 0.5)
    canvas.setFillColor(GREYED)
    for up in range(0, int(top) + 1, 10 if top < 60 else 20):
        _, y = at(0, up)
        canvas.drawRightString(left - 3, y - 2, str(up))
    first = int(np.ceil((middle - half) / 30)) * 30
    for direction in range(first, int(middle + half) + 1, 30):
        x, _ = at(direction - middle, 0)
        canvas.line(x, bottom, x, bottom - 2)
        canvas.drawCentredString(x, bottom - 9, str(direction % 360))
    canvas.drawCentredString(left + wide / 2, 2, text("azimuth_axis", language))
    canvas.saveState()
    canvas.translate(6, bottom + tall / 2)
    canvas.rotate(90)
    canvas.drawCentredString(0, 0, text("elevation_axis", language))
    canvas.restoreState()


def day_bars(
    width: float,
    language: Language,
    *,
    start: float,
    end: float,
    states: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    windows: Sequence[tuple[float, float]],
) -> Drawing:
    """When the sun shines in, one bar for each state of the city. Times are hours of the day; windows: those
    that the rule counts in, drawn as brackets above."""
    left, row = 44.0, 11.0
    height = 14 + row * len(states) + 5 * len(windows)

    def paint(canvas: Any) -> None:
        def x(hour: float) -> float:
            return left + (min(max(hour, start), end) - start) / (end - start) * (width - left - 8)

        base = 12.0
        canvas.setFont(REGULAR, _LABELS)
        for number, (name, spells) in enumerate(states):
            y = base + row * (len(states) - 1 - number)
            canvas.setFillColor(INK)
            canvas.drawRightString(left - 5, y + 1.5, name)
            canvas.setFillColor(HexColor("#e6eaee"))
            canvas.rect(left, y, x(end) - left, row - 3, stroke=0, fill=1)
            canvas.setFillColor(SUN)
            for first, last in spells:
                canvas.rect(x(first), y, max(x(last) - x(first), 0.4), row - 3, stroke=0, fill=1)
        canvas.setStrokeColor(ACCENT)
        for number, (first, last) in enumerate(windows):
            y = base + row * len(states) + 1 + 5 * number
            canvas.line(x(first), y, x(last), y)
            for edge in (x(first), x(last)):
                canvas.line(edge, y, edge, y - 2)
        canvas.setFillColor(GREYED)
        canvas.setFont(REGULAR, _LABELS - 0.5)
        step = 1 if end - start <= 12 else 2
        for hour in range(int(np.ceil(start)), int(end) + 1, step):
            canvas.drawCentredString(x(hour), 3, f"{hour:02d}")

    return Drawing(width, height, paint)
