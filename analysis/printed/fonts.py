"""The fonts that the report embeds: Noto Sans KR under the SIL Open Font License (see fonts/README.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

REGULAR, BOLD = "NotoSansKR", "NotoSansKR-Bold"
FOLDER = Path(__file__).with_name("fonts")


@cache
def register() -> None:
    """Make them known to reportlab."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont(REGULAR, FOLDER / "NotoSansKR-Regular.ttf"))
    registerFont(TTFont(BOLD, FOLDER / "NotoSansKR-Bold.ttf"))
    for bold in (0, 1):
        addMapping(REGULAR, bold, 0, BOLD if bold else REGULAR)


@cache
def known() -> frozenset[int]:
    """Code points that the regular font has."""
    from reportlab.pdfbase.pdfmetrics import getFont

    register()
    return frozenset(getFont(REGULAR).face.charToGlyph)


def printable(value: str) -> str:
    """Text of others with what the font cannot show replaced, so that no character vanishes unseen."""
    return "".join(c if ord(c) in known() else "□" for c in value)
