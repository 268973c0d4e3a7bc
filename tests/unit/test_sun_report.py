"""The printed report: pages, text in both languages, embedded fonts, what it shows of a plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest

from analysis.printed.fonts import FOLDER, printable
from analysis.printed.language import Language
from analysis.sun.daylight import assess, dwelling_targets, find_rule
from analysis.sun.daylight.height_limit import height_limit
from analysis.sun.report import SunReport, write_report
from analysis.sun.report.content import Case
from analysis.sun.report.pictures import ADDED, PLANNED, SHADOW, hours, shadows, view_of
from analysis.sun.report.texts import duration, facing
from analysis.sun.scene import Place, SunScene
from tests.sun_scenes import box_scene

SITE = Place(35.1, 128.9, convergence=1.0, timezone="Asia/Seoul")
STANDING = [(10.0, 60.0, 30.0, 10.0, 12.0), (60.0, 60.0, 30.0, 10.0, 12.0)]
PLAN = (15.0, 25.0, 30.0, 10.0, 30.0)
PLOT = [(10.0, 15.0), (55.0, 15.0), (55.0, 40.0), (10.0, 40.0)]
"""Whose northern boundary lies 5 m north of the plan, 30 m high."""
EXTENT = (100.0, 100.0)
TITLE = {"ko": "남측 계획동", "en": "Southern block"}


def scene(plan: bool) -> SunScene:
    return box_scene([*STANDING, PLAN] if plan else STANDING, EXTENT, place=SITE, cell_size=2.0)


def report(rule: str, plan: bool = True) -> SunReport:
    before, after = scene(False), scene(True)
    targets, dwellings = dwelling_targets(before)
    assessment = assess(
        before,
        targets,
        find_rule(rule),
        year=2026,
        plan_scene=after if plan else None,
        dwellings=dwellings,
        engine="rays",
    )
    return SunReport(
        assessment=assessment,
        title=TITLE,
        run="sun-0123456789",
        city="부산 에코델타시티",
        plan_scene=after if plan else None,
        made=dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC),
        engine="rays",
        rows=12,
        height_limit=height_limit(after, [PLOT], buildings=["b2"]),
        notes=[{"ko": "쀍 & <시험>", "en": "A note & <more>"}],
    )


@pytest.fixture(scope="module")
def korean() -> SunReport:
    return report("korea")


@pytest.fixture(scope="module")
def written(korean: SunReport, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Reader and text in each language."""
    folder = tmp_path_factory.mktemp("report")
    languages: tuple[Language, ...] = ("ko", "en")
    for language in languages:
        write_report(folder / f"{language}.pdf", language, korean)
    return {language: read(folder / f"{language}.pdf") for language in languages}


def read(path: Path) -> tuple[pypdf.PdfReader, str]:
    reader = pypdf.PdfReader(path)
    return reader, "\n".join(page.extract_text() for page in reader.pages)


def fonts(reader: pypdf.PdfReader) -> dict[str, Any]:
    """Descriptor of each font used, by its name."""
    found: dict[str, Any] = {}
    for page in reader.pages:
        for each in page["/Resources"]["/Font"].values():  # type: ignore[index]
            font = each.get_object()
            inner = font.get("/DescendantFonts", [font])[0].get_object()
            descriptor = inner.get("/FontDescriptor")
            found[font["/BaseFont"]] = descriptor.get_object() if descriptor else {}
    return found


WORDS = {
    "ko": [
        *("일조 검토 보고서", "남측 계획동", "일조권 수인한도", "94나11806", "방법과 한계", "계획으로 미달"),
        *("정북방향 높이 제한", "1개 면이 제한을 넘습니다", "20.00 m", "쀍 & <시험>"),
    ],
    "en": [
        *("Sunlight report", "Southern block", "94Na11806", "Method and limits", "falls short"),
        *("Height limit by the northern boundary", "Surfaces over the limit: 1", "A note & <more>"),
    ],
}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_both_languages_can_be_read_out_of_the_file(written: dict[str, Any], language: str) -> None:
    reader, text = written[language]
    common = ["sun-0123456789", "35.10000° N, 128.90000° E", "부산 에코델타시티", "2026-12-22"]
    for word in [*WORDS[language], *common]:
        assert word in text, word
    assert reader.pages[0].mediabox.height == pytest.approx(841.9, abs=0.1)
    assert reader.trailer["/Root"]["/Lang"] == language
    assert TITLE[language] in reader.metadata.title
    numbers = "{0} / {0}쪽" if language == "ko" else "page {0} of {0}"
    assert numbers.format(len(reader.pages)) in text


def test_all_that_is_written_is_in_embedded_fonts(written: dict[str, Any]) -> None:
    for reader, _ in written.values():
        used = fonts(reader)
        assert any("NotoSansKR" in name for name in used)
        embedded = {name for name, descriptor in used.items() if "/FontFile2" in descriptor}
        assert set(used) == embedded
        assert reader.stream.seek(0, 2) < 1_000_000


def test_the_table_has_who_falls_first_and_says_what_it_leaves_out(
    korean: SunReport, written: dict[str, Any]
) -> None:
    summary, rows = korean.document["summary"], korean.document["dwellings"]
    assert summary["fall_because_of_plan"] > 0 and summary["buildings_that_fall"] == 2
    falls = [row["falls_because_of_plan"] for row in rows]
    assert falls == sorted(falls, reverse=True) and sum(falls) == summary["fall_because_of_plan"]
    assert len(rows) == summary["dwellings"]
    assert len(rows) + summary["facing_away"] == len(korean.assessment.dwellings)
    first = rows[0]
    assert first["total_after"] < 4 and first["spell_after"] < 2
    assert first["total_before"] >= 4 or first["spell_before"] >= 2
    assert first["spells_before"][0][0].endswith("+09:00")
    text = written["en"][1]
    assert f"Another {len(rows) - 12} dwellings" in text
    assert f"{summary['facing_away']} dwellings behind facades" in text


def test_the_sky_of_a_dwelling_shows_the_plan_in_front_of_it(korean: SunReport) -> None:
    case: Case = korean.worst[0]
    assert case.horizon_after is not None
    south = len(case.horizon) // 2
    window = slice(south - 20, south + 20)
    assert (case.horizon_after[window] - case.horizon[window]).max() > 20
    spells = case.row["spells_after"]
    lit = case.path.times[case.lit]
    assert len(lit) and all(time.tz is not None for time in lit)
    assert spells or not case.lit[(case.path.times.hour >= 8) & (case.path.times.hour < 16)].any()


def test_maps_show_the_plan_and_the_shadow_that_it_adds() -> None:
    before, after = scene(False), scene(True)
    view = view_of(before, np.array([[50.0, 50.0]]), 1.0, margin=50.0)
    dark = np.zeros(before.shape, bool)
    then = dark.copy()
    dark[:5] = then[:5] = True
    then[20:22] = True
    picture = np.array(shadows(view, dark, then, after))
    colours = np.unique(picture[::5, ::5].reshape(-1, 3), axis=0).tolist()
    assert all(list(each) in colours for each in (SHADOW, ADDED, PLANNED))
    scaled = picture.shape[0] // before.shape[0]
    assert tuple(picture[2 * scaled + 3, 3]) == SHADOW
    assert tuple(picture[70 * scaled // 2, 30 * scaled // 2]) == PLANNED
    ramp = np.array(hours(view, np.full(before.shape, 8.0, np.float32), 8.0, None))
    assert tuple(ramp[3, 3]) == (253, 231, 37)


def test_a_view_stays_within_the_scene_and_keeps_its_ratio_where_there_is_room() -> None:
    wide = box_scene(STANDING, (1000.0, 1000.0), cell_size=2.0)
    view = view_of(wide, np.array([[500.0, 500.0], [600.0, 520.0]]), 1.5)
    width, height = view.metres
    assert width == pytest.approx(180, abs=4) and width / height == pytest.approx(1.5, rel=0.05)
    assert view.place(np.array([[550.0, 510.0]]))[0] == pytest.approx([0.5, 0.5], abs=0.02)
    edge = view_of(wide, np.array([[5.0, 995.0]]), 1.0)
    assert (edge.rows.start, edge.columns.start) == (0, 0)


@pytest.mark.parametrize(("rule", "plan"), [("bre209", True), ("en17037", False)])
def test_every_rule_has_its_report(tmp_path: Path, rule: str, plan: bool) -> None:
    path = tmp_path / "report.pdf"
    write_report(path, "ko", report(rule, plan))
    text = read(path)[1]
    title = find_rule(rule).title["ko"]
    assert title in text
    if rule == "en17037":
        assert "최소 태양 고도가 주어지지" in text


def test_a_place_without_dwellings_says_so(tmp_path: Path) -> None:
    bare = replace(scene(False), surfaces=None)
    targets, dwellings = dwelling_targets(bare)
    empty = assess(bare, targets, find_rule("korea"), year=2026, dwellings=dwellings)
    path = tmp_path / "report.pdf"
    write_report(path, "en", SunReport(assessment=empty, title=TITLE, run="r1"))
    assert "There was no dwelling to judge." in read(path)[1]


def test_hours_are_told_to_the_minute_and_near_the_limit_to_the_second() -> None:
    assert duration(3.5 + 20 / 3600, "en", 4.0) == "3 h 30 min"
    assert duration(4.0 - 1 / 3600, "en", 4.0) == "3 h 59 min 59 s"
    assert duration(4.0, "ko", 4.0) == "4시간 00분"
    assert facing(359.7, "ko") == "북 0°" and facing(181.2, "en") == "S 181°"


def test_characters_that_the_font_lacks_do_not_vanish() -> None:
    assert printable("가힣 Aé カ") == "가힣 Aé カ"
    assert printable("龜") == "□"
    assert "SIL OPEN FONT LICENSE" in (FOLDER / "OFL.txt").read_text("utf-8")
