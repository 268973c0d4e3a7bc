"""The book of archetypes: every row that comes with CityTwin, and a city's own tables, good and bad."""

from __future__ import annotations

import csv
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.archetypes import Book, Era, read_book
from analysis.energy.archetypes.book import TABLES
from analysis.energy.archetypes.choose import Chooser
from analysis.errors import AnalysisError
from tools import energy_tabula

BUILT_IN = files("analysis.data").joinpath("energy/archetypes")
BOOK = read_book()


def chooser(region: str, state: str = "existing", book: Book = BOOK) -> Chooser:
    return Chooser(book, book.regions[region], state)


def test_every_row_names_its_source() -> None:
    with as_file(BUILT_IN) as folder:
        tables = sorted(folder.glob("*.csv"))
        assert {t.stem.removesuffix("_tabula") for t in tables} == set(TABLES) - {"buildings"}
        for table in tables:
            rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
            assert rows
            name = "name" if table.stem == "places" else "source"
            assert all(row[name].strip() for row in rows), table.name
            if "verify" in rows[0]:
                assert all(column in rows[0] for row in rows for column in row["verify"].split("|") if column)


# Journal of the Korean Renewable Energy Association 1-1, table 1 (wall, roof, floor, window of apartments and
# others); MOLIT notices 2015-1108 and 2017-881, annex 1. Two years lie between permit and completion.
@pytest.mark.parametrize(
    ("region", "size", "year", "wall", "roof", "floor", "window"),
    [
        ("KOR-central-2", "ab", 1990, 0.58, 0.41, 0.58, 3.37),
        ("KOR-central-2", "ab", 2005, 0.47, 0.29, 0.35, 3.84),
        ("KOR-central-2", "other", 2011, 0.47, 0.29, 0.35, 3.40),
        ("KOR-central-1", "ab", 2016, 0.27, 0.18, 0.23, 1.50),
        ("KOR-central-1", "ab", 2024, 0.15, 0.15, 0.15, 0.90),
        ("KOR-central-2", "other", 2024, 0.24, 0.15, 0.20, 1.50),
        ("KOR-south", "ab", 1990, 0.76, 0.52, 0.76, 3.60),
        ("KOR-south", "other", 2014, 0.45, 0.24, 0.35, 2.70),
        ("KOR-south", "mfh", 2019, 0.26, 0.18, 0.22, 1.40),
        ("KOR-south", "mfh", 2024, 0.22, 0.18, 0.22, 1.20),
        ("KOR-jeju", "sfh", 2024, 0.41, 0.25, 0.33, 2.20),
        ("KOR-middle", "ab", 2019, 0.26, 0.18, 0.22, 1.40),  # southern until 2018-09, ...
        ("KOR-middle", "ab", 2024, 0.17, 0.15, 0.17, 1.00),  # ... central since
    ],
)
def test_korean_u_values(
    region: str, size: str, year: int, wall: float, roof: float, floor: float, window: float
) -> None:
    era = chooser(region).era(size, year)
    assert (era.wall, era.roof, era.floor, era.window) == (wall, roof, floor, window)


def test_what_is_yet_to_be_verified_is_marked() -> None:
    doubtful = [era for era in BOOK.eras if era.verify and era.region.startswith("KOR")]
    assert {round(era.start) for era in doubtful} == {1981, 1984}
    assert all(set(era.verify) >= {"wall", "roof", "floor"} for era in doubtful)
    before = chooser("KOR-south").era("mfh", 1975)
    assert before.assumed == ("*",)


def test_tabula_rows_are_made_from_its_files(data: Path, tmp_path: Path) -> None:
    energy_tabula.main(data / "energy" / "tabula", tmp_path)
    for name in ("envelopes_tabula.csv", "windows_tabula.csv"):
        assert (tmp_path / name).read_text() == BUILT_IN.joinpath(name).read_text()


# TABULA: DE.N.AB.05.Gen and .HR: walls of 1.2, with 12 and 24 cm of insulation more (R 3.447 and 6.876).
def test_tabula_rows_by_class_year_and_state() -> None:
    existing, usual, advanced = (
        chooser("DEU", state).era("ab", 1965) for state in ("existing", "usual", "advanced")
    )
    assert existing.wall == 1.2
    assert usual.wall == pytest.approx(1 / (1 / 1.2 + 3.447), abs=1e-3)
    assert advanced.wall == pytest.approx(1 / (1 / 1.2 + 6.876), abs=1e-3)
    assert existing.window > usual.window > advanced.window
    assert chooser("NLD").era("th", 2000).wall == 0.395
    assert chooser("DEU").era("ab", 2005) == chooser("DEU").era("mfh", 2005), (
        "no blocks that young: the nearest"
    )
    assert chooser("KOR-south", "advanced").era("ab", 1990).state == "existing", "no such state there"


def test_every_region_has_an_envelope_windows_and_a_system_for_every_year_and_use() -> None:
    for region in BOOK.regions:
        choose = chooser(region)
        for year in (1500, 1850, 1950, 1985, 2003, 2017, 2030):
            for size in ("sfh", "th", "mfh", "ab", "other"):
                era = choose.era(size, year)
                assert 0.05 < era.wall + era.bridges < 5.88
                assert 0.05 < era.window < 7.0
            for use in BOOK.uses:
                assert choose.windows(use, "other", year)
                assert choose.usual_system(use, year).id in BOOK.systems


def test_newer_envelopes_are_no_worse() -> None:
    for region, size in (("KOR-central-2", "ab"), ("KOR-south", "other"), ("JPN", "sfh"), ("DEU", "sfh")):
        eras = [chooser(region).era(size, year) for year in (1990, 2005, 2014, 2024)]
        assert all(after.wall <= before.wall for before, after in pairwise(eras))


def test_uses_have_sensible_weeks() -> None:
    wanted = {"apartment", "house", "office", "retail", "restaurant", "school", "kindergarten", "hospital"}
    wanted |= {
        "hotel",
        "public_office",
        "welfare",
        "industrial",
        "warehouse",
        "culture",
        "sports",
        "research",
    }
    assert wanted | {"smart_farm", "parking", "unheated"} <= BOOK.uses.keys()
    for kind in BOOK.uses.values():
        use = kind.use
        assert use.source and set(use.title) == {"ko", "en"}
        assert not (use.heating_set >= use.cooling_set).any()
        for week in (use.people, use.appliances, use.lighting, use.ventilation, use.hot_water):
            assert week.shape in ((168,), (12, 168)) and np.isfinite(week).all() and (week >= 0).all()
    office = BOOK.uses["office"].use
    assert office.people[10] == pytest.approx(0.8 * 0.75 * 70 / 14)  # SIA 2024: 14 m² a person, 70 W
    assert office.people[5 * 24 + 10] == 0.0
    assert (office.heating_set[12], office.heating_set[0]) == (21.0, 12.0)
    assert np.isnan(office.cooling_set[0])
    apartment = BOOK.uses["apartment"].use
    assert apartment.hot_water.mean() * 8.760 == pytest.approx(15.0, rel=1e-3)  # TABULA: 15 kWh/(m²a)
    assert np.isnan(BOOK.uses["unheated"].use.heating_set).all()


def own(folder: Path, name: str, text: str) -> Book:
    (folder / name).write_text(text, encoding="utf-8")
    return read_book(folder)


def test_a_citys_own_rows_go_before_the_built_in_ones(tmp_path: Path) -> None:
    book = own(
        tmp_path,
        "envelopes.csv",
        "region,classes,from,until,wall,roof,floor,window,g,infiltration,source\n"
        "KOR-south,mfh|ab,2020,,0.12,0.10,0.12,0.8,0.5,0.1,plan of the city\n,,,,,,,,,,\n",
    )
    assert chooser("KOR-south", book=book).era("ab", 2024).wall == 0.12
    assert chooser("KOR-south", book=book).era("ab", 2015) == chooser("KOR-south").era("ab", 2015)
    assert chooser("KOR-south", book=book).era("other", 2024) == chooser("KOR-south").era("other", 2024)
    assert book.sources == (str(tmp_path / "envelopes.csv"),)
    one = read_book(tmp_path / "envelopes.csv")
    assert one.eras == book.eras


def test_a_citys_own_profile_use_and_codes(tmp_path: Path) -> None:
    days = ",".join(f"h{h:02d}" for h in range(24))
    (tmp_path / "profiles.csv").write_text(
        f"profile,days,{days}\nmarket,all,{','.join(['1'] * 12 + ['0'] * 12)}\n"
    )
    header = (
        "use,title_ko,title_en,class,heating_set,heating_profile,cooling_set,cooling_profile,people,"
        "people_profile,appliances,appliances_profile,lighting,lighting_profile,ventilation,"
        "ventilation_profile,hot_water,hot_water_profile,storey_height,source\n"
    )
    row = "market,시장,Market,other,18,market,27,market,9,market,3,market,8,market,2,market,24,market,5,x\n"
    (tmp_path / "uses.csv").write_text(header + row, encoding="utf-8")
    book = own(tmp_path, "use_codes.csv", "use,words,codes\nmarket,시장,*:07001\n")
    use = book.uses["market"].use
    assert use.hot_water[0] == pytest.approx(2.0)  # 24 Wh/(m²d) in 12 hours
    assert (use.people[0], use.people[12]) == (9.0, 0.0)
    assert np.isnan(use.heating_set[12])
    assert "office" in book.uses


def test_a_citys_own_office_goes_before_the_korean_one(tmp_path: Path) -> None:
    rows = list(csv.DictReader(BUILT_IN.joinpath("uses.csv").read_text().splitlines()))
    office = next(row for row in rows if row["use"] == "office") | {"heating_set": "19"}
    with (tmp_path / "uses.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(office))
        writer.writeheader()
        writer.writerow(office)
    own = chooser("KOR-south", book=read_book(tmp_path)).kind("office", 1000.0, 5.0).use
    assert own.heating_set[12] == 19.0
    built_in = chooser("KOR-south").kind("office", 1000.0, 5.0).use
    assert built_in.heating_set[12] == 20.0
    assert chooser("DEU").kind("office", 1000.0, 5.0).use.heating_set[12] == 21.0


HEAD = "region,classes,from,until,wall,roof,floor,window,g,infiltration"
GOOD = "DEU,sfh,1990,2000,0.3,0.3,0.3,1.3,0.6,0.2"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("envelopes.csv", f"{HEAD}\n{GOOD.replace('0.6', 'much')}", "row 2: g must be a number, not 'much'"),
        ("envelopes.csv", f"{HEAD}\n{GOOD.replace('1.3', '13')}", "window must be from 0.05 to 7, not 13"),
        ("envelopes.csv", f"{HEAD}\n{GOOD.replace('sfh', 'villa')}", "row 2: classes must be some of"),
        ("envelopes.csv", f"{HEAD}\n{GOOD.replace('1990', '1990-13')}", "from must be a year or a month"),
        ("envelopes.csv", f"{HEAD}\n{GOOD.replace('2000', '1980')}", "row 2: until must be later than from"),
        ("envelopes.csv", f"{HEAD}\n{GOOD}\n{GOOD.replace('1990', '1995')}", "3: from: the period overlaps"),
        ("envelopes.csv", f"{HEAD}\n{GOOD.replace('DEU', 'DUE')}", "row 2: region must be one of"),
        ("envelopes.csv", "region,classes\nDEU,sfh", "lacks the column from, until, wall"),
        ("envelops.csv", f"{HEAD}\n{GOOD}", "no table of archetypes has this name; name it regions.csv"),
        ("use_codes.csv", "use,words,codes\ncastle,Burg,1", "row 2: use must be one of"),
        ("systems.csv", "system,title_ko,title_en,heating_carrier,cooling_carrier,hot_water_carrier,"
         "heating_efficiency\nx,x,x,coal,,,0.8", "row 2: heating_carrier must be one of"),
        ("systems.csv", "system,title_ko,title_en,heating_carrier,cooling_carrier,hot_water_carrier,"
         "heating_efficiency\nx,x,x,gas,,,90", "row 2: heating_efficiency must be from 0.1 to 10, not 90"),
        ("windows.csv", "region,kinds,from,until,north,east,south,west\nDEU,*,,,0.2,20,0.2,0.2",
         "row 2: east must be from 0 to 0.95, not 20"),
        ("buildings.csv", "id,year\na,1990\na,1991", "row 3: id: 'a' stands twice"),
        ("buildings.csv", "id,year\na,90", "row 2: year must be from 1000 to 2100, not 90"),
        ("places.csv", "region,time_zone,south,north,west,east\nMars,UTC,0,1,0,1", "2: region must be one"),
        ("profiles.csv", "profile,days," + ",".join(f"h{h:02d}" for h in range(24)) + "\np,weekday"
         + ",1" * 24, "row 2: days: the profile 'p' lacks some days"),
        ("profiles.csv", "profile,days," + ",".join(f"h{h:02d}" for h in range(24)) + "\np,all"
         + ",1" * 23 + ",2", "row 2: h23 must be from 0 to 1, not 2"),
    ],
)  # fmt: skip
def test_a_bad_table_gives_one_error_with_its_place(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    with pytest.raises(AnalysisError) as caught:
        read_book(tmp_path)
    assert message in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "key"), [("uses.csv", "office"), ("systems.csv", "vrf"), ("regions.csv", "JPN")]
)
def test_an_id_that_stands_twice_in_a_table_is_an_error(tmp_path: Path, name: str, key: str) -> None:
    lines = BUILT_IN.joinpath(name).read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if line.startswith(f"{key},"))
    (tmp_path / name).write_text("\n".join([lines[0], row, row]), encoding="utf-8")
    with pytest.raises(AnalysisError, match=f"row 3: .*: '{key}' stands twice"):
        read_book(tmp_path)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("people_profile", "nobody", "people_profile: there is no profile 'nobody'"),
        ("heating_profile", "office_people", "heating_profile: a profile of set points has 1"),
        ("heating_set", "45", "heating_set must be from 5 to 30, not 45"),
        ("cooling_set", "20", "cooling_set must be above heating_set"),
        ("heating_setback", "", "heating_setback: the profile has setbacks"),
        ("hot_water_profile", "never", "hot_water_profile: no hour has hot water"),
        ("class", "tower", "class must be one of flats, house, other"),
    ],
)
def test_a_bad_use_gives_one_error_with_its_place(
    tmp_path: Path, column: str, value: str, message: str
) -> None:
    rows = list(csv.DictReader(BUILT_IN.joinpath("uses.csv").read_text().splitlines()))
    office = next(row for row in rows if row["use"] == "office") | {column: value}
    with (tmp_path / "uses.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(office))
        writer.writeheader()
        writer.writerow(office)
    with pytest.raises(AnalysisError) as caught:
        read_book(tmp_path)
    assert message in str(caught.value)
    assert f"{tmp_path / 'uses.csv'}, row 2" in str(caught.value)


def test_a_book_that_is_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="no such folder or table"):
        read_book(tmp_path / "nowhere")
    with pytest.raises(AnalysisError, match=r"there is no table of archetypes in it; put in regions\.csv"):
        read_book(tmp_path)


def test_several_tables_also_under_the_names_of_files_handed_in(tmp_path: Path) -> None:
    head = "id,year\n"
    (first := tmp_path / "buildings-9abbcedf.csv").write_text(head + "a,1985\n", encoding="utf-8")
    (tmp_path / "more").mkdir()
    (second := tmp_path / "more" / "buildings.csv").write_text(head + "b,1999\n", encoding="utf-8")
    given = read_book([first, second]).given
    assert {id: found.year for id, found in given.items()} == {"a": 1985, "b": 1999}
    (first.with_name("buildings-mine.csv")).write_text(head, encoding="utf-8")
    with pytest.raises(AnalysisError, match="no table of archetypes has this name"):
        read_book([first.with_name("buildings-mine.csv")])


def test_eras_are_bounded() -> None:
    def sensible(era: Era) -> bool:
        opaque = all(0.05 <= u <= 5.0 for u in (era.wall, era.roof, era.floor))
        return opaque and 0.5 <= era.window <= 7.0 and 0.3 <= era.g <= 0.9 and 0 < era.infiltration <= 1.0

    assert all(sensible(era) for era in BOOK.eras)
