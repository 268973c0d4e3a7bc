"""The CityGML reader against an independent count of elements, for every CityGML file of the real data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from citygml.errors import NotACityModel
from citygml.gml import GmlReader
from tests.conftest import DATA
from tools.counting import citygml_counts, citygml_files

MALFORMED = {"51357441_bldg_Issue138-B.gml", "01-01-common/L01/udx/bldg/54377074_bldg_6697_op.gml"}


def files() -> list[Path]:
    return citygml_files(DATA)


def name_of(path: Path) -> str:
    return path.relative_to(DATA / "citygml").as_posix()


def is_malformed(path: Path) -> bool:
    return any(name_of(path).endswith(name) for name in MALFORMED)


@pytest.mark.parametrize("path", [p for p in files() if not is_malformed(p)], ids=name_of)
def test_objects_and_surfaces_per_class(path: Path) -> None:
    expected_objects, expected_surfaces = citygml_counts(path)
    objects: Counter[str] = Counter()
    surfaces: Counter[str] = Counter()
    ids: set[str] = set()
    for batch in GmlReader(path).batches():
        for city_object in batch:
            assert city_object.parent is None or city_object.parent in ids, "a parent comes first"
            assert city_object.id not in ids
            ids.add(city_object.id)
            objects[city_object.type] += 1
            surfaces.update(surface.type for surface in city_object.surfaces)
    assert objects == expected_objects
    assert surfaces == expected_surfaces


@pytest.mark.parametrize("path", [p for p in files() if is_malformed(p)], ids=name_of)
def test_a_malformed_file_is_refused_in_one_line(path: Path) -> None:
    with pytest.raises(NotACityModel) as refused:
        for _ in GmlReader(path).batches():
            pass
    message = str(refused.value)
    assert path.name in message
    assert "line" in message
    assert "\n" not in message


def test_the_data_are_there_and_not_empty(data: Path) -> None:
    assert len(files()) > 230
    empty = [p for p in files() if not is_malformed(p) and not sum(citygml_counts(p)[0].values())]
    assert len(empty) == 5, "the cases that have a city model without objects"
    assert sum(is_malformed(p) for p in files()) == len(MALFORMED)
