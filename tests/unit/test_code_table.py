"""What kind of thing an object is by the words in the names of its codes."""

from __future__ import annotations

import pytest

from analysis.code_table import CodeRow, CodeTable
from analysis.damage.uses import use_table
from analysis.energy.archetypes import read_book

USES, STRUCTURES, SECTORS = read_book().use_codes, read_book().structures, use_table().table


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("Installation", ""),
        ("Water treatment installation", ""),
        ("Kuhstall", "unheated"),
        ("Stall, Scheune", "unheated"),
        ("Transport building", ""),
        ("Sports hall", "sports"),
        ("Agriculture", "unheated"),
        ("Finished building", ""),
        ("Garden shed", "unheated"),
        ("Multi-storey building", ""),
        ("Department store", "retail"),
        ("Plantation", ""),
        ("Power plant", "industrial"),
        ("Caretaker", ""),
        ("Day care", "welfare"),
        ("Wohngebäude", "dwelling"),
        ("Mehrfamilienhaus", "apartment"),
        ("Offices", "office"),
        ("Warehouse", "warehouse"),
        ("Grundschulegebäude", "school"),
        ("중학교건물", "school"),
        ("서울대학교병원", "hospital"),
        ("Hotel호텔", "hotel"),
        ("共同住宅等", "apartment"),
    ],
)
def test_latin_words_are_whole_ones_and_others_stand_anywhere(name: str, use: str) -> None:
    assert USES.of({"usage": name}, "").kind == use


@pytest.mark.parametrize(
    ("name", "sector"),
    [("Installation", "none"), ("Pferdestall", "industrial"), ("Transport", "none"),
     ("Bürohaus", "commercial"),
     ("Housing", "none"), ("Townhouses", "residential"), ("Lighthouse", "none")],
)  # fmt: skip
def test_sectors_of_damage_by_whole_words(name: str, sector: str) -> None:
    assert SECTORS.of({"usage": name}, "none").kind == sector


@pytest.mark.parametrize(
    ("name", "mass"),
    [("Stahlbeton", "heavy"), ("Stahl", "medium"), ("철골철근콘크리트구조", "heavy"),
     ("일반철골구조", "medium"),
     ("Holzrahmenbau", "light"), ("경량철골구조", "light")],
)  # fmt: skip
def test_structures_by_whole_words(name: str, mass: str) -> None:
    assert STRUCTURES.of({"structure": name}, "", ("structure",)).kind == mass


def test_a_star_stands_for_more_letters_on_its_side() -> None:
    def told(word: str, text: str) -> bool:
        row = CodeRow("x", (word,), ())
        return CodeTable((row,)).of({"usage": text}, "").kind == "x"

    assert told("markt", "Alter Markt 3") and not told("markt", "Marktplatz")
    assert told("markt*", "Marktplatz") and not told("markt*", "Baumarkt")
    assert told("*markt", "Baumarkt") and not told("*markt", "Baumärkte")
    assert told("c++", "c++") and not told("a.b", "axb")
