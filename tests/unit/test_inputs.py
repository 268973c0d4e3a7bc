"""What the user names on the command line: folders and archives, and what in them is read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from citygml.errors import CityModelError, UnsafeInput
from tests.unit.models import city, write
from tests.unit.test_ingest import THREE, ids
from tiles.build import build
from twin.ingest import add_files


def packed(path: Path, *entries: str, method: int = zipfile.ZIP_STORED) -> Path:
    """An archive of empty entries and a model."""
    with zipfile.ZipFile(path, "w", method) as opened:
        for entry in entries:
            opened.writestr(entry, "")
        opened.writestr("x.json", json.dumps(city(THREE)))
    return path


def patched(path: Path, local: int, central: int, value: int) -> None:
    """Change a byte of the head of the only entry, where it stands and in the directory at the end."""
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x03\x04") + local] = value
    data[data.find(b"PK\x01\x02") + central] = value
    path.write_bytes(data)


@pytest.mark.parametrize("entry", ["../evil.gml", "/etc/evil.gml", "a/../../evil.gml", "C:\\evil.gml"])
def test_an_archive_that_leads_outside_is_refused(entry: str, tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("good.json", "{}")
        opened.writestr(entry, "<CityModel/>")
    with pytest.raises(UnsafeInput, match=r"x\.zip"):
        add_files(tmp_path / "x.twin", [archive])
    assert not list(tmp_path.parent.glob("evil.gml"))


def test_an_archive_bomb_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bomb.gml", b"\0" * (64 << 20))
    with pytest.raises(UnsafeInput, match="unpacks to too much"):
        add_files(tmp_path / "x.twin", [archive])


def test_an_archive_of_models_is_read(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "x.json", city(THREE))
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(source, "deep/x.json")
    add_files(tmp_path / "x.twin", [archive])
    assert ids(tmp_path / "x.twin") == {"a", "b", "c"}


def test_an_entry_for_the_folder_itself_is_no_error(tmp_path: Path) -> None:
    add_files(tmp_path / "x.twin", [packed(tmp_path / "x.zip", "./")])
    assert ids(tmp_path / "x.twin") == {"a", "b", "c"}


@pytest.mark.parametrize("how", ["packed by Deflate64", "encrypted", "damaged"])
def test_an_archive_that_cannot_be_unpacked_is_refused(how: str, tmp_path: Path) -> None:
    archive = packed(tmp_path / "x.zip", method=zipfile.ZIP_DEFLATED)
    match how:
        case "packed by Deflate64":
            patched(archive, 8, 10, 9)
        case "encrypted":
            patched(archive, 6, 8, 1)
        case "damaged":
            data = bytearray(archive.read_bytes())
            data[60:90] = b"\xff" * 30
            archive.write_bytes(data)
    with pytest.raises(CityModelError, match=r"x\.zip: [^\n]*$"):
        add_files(tmp_path / "x.twin", [archive])
    assert not (tmp_path / "x.twin").exists()


def test_a_city_inside_the_folder_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "x.json", city(THREE))
    add_files(tmp_path / "x.twin", [tmp_path])
    build(tmp_path / "x.twin")
    again = add_files(tmp_path / "x.twin", [tmp_path])
    assert (again.read, again.unchanged_files, again.rasters) == (0, 1, 0)
    with pytest.raises(CityModelError, match="no city model, raster or readings in this folder"):
        add_files(tmp_path / "y.twin", [tmp_path / "x.twin"])


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "x.json", city(THREE))
    done = add_files(tmp_path / "x.twin", [source, source.parent, source])
    assert (done.read, done.counts.added, done.counts.findings) == (1, 3, 0)
    assert ids(tmp_path / "x.twin") == {"a", "b", "c"}
