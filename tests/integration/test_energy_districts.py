"""`twin run energy` on real districts and the sample district: every file gives sensible figures by its own
attributes, and the result says what it had to guess."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.energy_city import BUSAN, INCHEON, Found, around_middle, real_city
from tests.unit.scene_models import district

METPV = ("citygml", "plateau-komatsu", "4_NEDO", "hm56276year_KOMATSU.csv")


@dataclass(frozen=True)
class Case:
    """source, weather: paths in the data. size: of the area around the middle [m]; None for all. heating: by
    use, the need for heat that is believed [kWh/(m² a)]. known: figures that the file states of some."""

    name: str
    source: tuple[str, ...]
    weather: tuple[str, ...]
    size: float | None
    region: str
    heating: dict[str, tuple[float, float]]
    known: tuple[str, ...]
    crs: str | None = None


# The need of dwellings as built, heated throughout: homes of the TABULA typology of Germany from 1958 to 1978
# need 130 to 200 kWh/(m² a) in the German climate (IWU 2015, "Deutsche Wohngebäudetypologie", data sheets);
# Incheon's winters are as cold, its light is stronger. Japanese homes before 1999 have no insulation to speak
# of: with all rooms heated at 20 °C they need some 100 to 200. Flats need a half to two thirds of a house.
CASES = [
    Case(
        "plateau-komatsu",
        ("citygml", "plateau-komatsu", "1_R6CityGML", "54363371_bldg_6697.gml"),
        METPV,
        160.0,
        "JPN",
        {"house": (60.0, 250.0)},
        ("use",),
    ),
    Case(
        "plateau-yokosuka",
        ("citygml", "plateau-gis-converter", "yokosuka-shi", "udx", "bldg", "52397519_bldg_6697_op.gml"),
        METPV,
        None,
        "JPN",
        {"school": (60.0, 200.0), "retail": (20.0, 150.0)},
        ("use", "storeys", "floor_area"),
    ),
    Case(
        "nrw-aachen",
        ("citygml", "nrw-aachen", "LoD2_32_280_5657_1_NW.gml"),
        INCHEON,
        None,
        "DEU",
        {"house": (70.0, 200.0), "apartment": (50.0, 160.0)},
        ("use", "storeys", "floor_area"),
    ),
    Case(
        "potsdam-lod1",
        ("citygml", "potsdam-lod1"),
        INCHEON,
        250.0,
        "DEU",
        {"house": (50.0, 200.0), "apartment": (40.0, 140.0)},
        ("use", "storeys", "floor_area"),
    ),
    Case(
        "ingolstadt-lod3",
        ("citygml", "ingolstadt-lod3"),
        INCHEON,
        None,
        "DEU",
        {"house": (50.0, 200.0), "apartment": (40.0, 140.0)},
        (),
    ),
    Case(
        "delfshaven",
        ("cityjson", "3-20-DELFSHAVEN.json"),
        INCHEON,
        120.0,
        "NLD",
        {"apartment": (30.0, 140.0)},
        (),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_real_district(case: Case, tmp_path: Path, data: Path) -> None:
    folder = real_city(tmp_path, data, *case.source, crs=case.crs)
    area = None if case.size is None else around_middle(folder, case.size)
    found = Found(folder, weather=str(data.joinpath(*case.weather)), area=area, shading=case.size is None)
    table, summary = found.table("buildings"), found.summary
    assert summary["region"].startswith(case.region) and 5 < len(table) < 150
    check_whole(table)
    for use, (low, high) in case.heating.items():
        of = table[table["use"] == use]
        mean = of["heating"].sum() / of["floor_area"].sum()
        assert low < mean < high, (use, mean)
    guessed = summary["guesses"]["figures"]
    for figure in ("year", "use", "storeys", "floor_area"):
        assert (guessed[figure] < len(table)) == (figure in case.known), figure
    assert guessed["year"] == len(table) and summary["guesses"]["buildings"] == len(table)
    assert any("year of construction" in note for note in summary["notes"])
    if case.name == "ingolstadt-lod3":  # its windows are modelled, all others take theirs from archetypes
        assert summary["origins"]["windows"]["measured"] > 10
    else:
        assert summary["origins"]["windows"]["measured"] == 0
        assert 0.05 < table.loc[table["heating"] > 0, "window_share"].mean() < 0.5


def check_whole(table: Any) -> None:
    """What holds of every district."""
    for column in ("heating", "cooling", "hot_water", "lighting", "appliances", "final", "primary"):
        assert np.isfinite(table[column]).all() and (table[column] >= 0).all(), column
    assert (table["floor_area"] > 0).all() and table["id"].is_unique
    heated = table[table["heating"] > 0]
    assert len(heated) > len(table) / 4
    assert heated["final_per_area"].between(20, 800).all()
    assert (table["unmet"] < 200).all()  # plants are as strong as they need to be
    unheated = table[table["use"].isin(["unheated", "parking"])]
    assert (unheated["heating"] == 0).all() and (unheated["grade"] == 0).all()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return district(tmp_path_factory)


@pytest.fixture(scope="module")
def korean(sample: Path) -> Found:
    from tests.conftest import DATA

    if not DATA.is_dir():
        pytest.skip("the folder of real data (../shared/data) is absent")
    return Found(sample, weather=str(DATA.joinpath(*BUSAN)))


def test_the_sample_district_rests_on_its_attributes(korean: Found) -> None:
    table, summary = korean.table("buildings"), korean.summary
    assert summary["region"].startswith("KOR") and len(table) == 24
    check_whole(table)
    for figure in ("year", "use", "storeys", "floor_area", "system"):
        assert summary["guesses"]["figures"][figure] == 0
    # built after 2018 in the south; dwellings' walls of at most 0.32 W/(m²K) there (MOLIT notice 2017-881)
    homes = table[table["use"].isin(["house", "apartment"])]
    assert (table["year"] >= 2019).all() and (homes["u_wall"] <= 0.45).all()
    mean = homes["heating"].sum() / homes["floor_area"].sum()
    assert 5 < mean < 60
    assert {"electricity", "district_heat"} <= set(summary["final"])
    assert 0.2 < summary["self_sufficiency"]["primary"] < 4  # low houses under large roofs
    assert len(korean.table("load")["group"].unique()) >= 3


def test_refurbishment_of_a_german_district_pays_in_heat(tmp_path: Path, data: Path) -> None:
    folder = real_city(tmp_path, data, *CASES[2].source)
    options: dict[str, Any] = {"weather": str(data.joinpath(*INCHEON)), "method": "5r1c", "shading": False}
    now, better = (Found(folder, state=state, **options).summary for state in ("existing", "advanced"))
    assert better["need"]["heating"] < 0.6 * now["need"]["heating"]
    assert better["need"]["hot_water"] == pytest.approx(now["need"]["hot_water"])
    assert better["currency"] in (None, "EUR")
