"""What the user names on the command line, as a list of files to read.

A folder stands for the city models, rasters and readings below it; a zip archive for those inside. Archives
are unpacked to a temporary folder, after every name and size in them has been looked at.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from citygml.errors import CityModelError, UnsafeInput, UnsupportedFormat
from twin.sources.stations import looks_like_stations
from twin.sources.tables import looks_like_readings
from twin.sources.things import looks_like_things
from twin.store.sqlite import DATABASE

MODEL = frozenset({".gml", ".xml", ".json", ".jsonl", ".ifc"})
RASTER = frozenset({".tif", ".tiff", ".asc"})
TABLE = ".csv"
_ARCHIVE_BYTES = 64 << 30
_ARCHIVE_RATIO = 200
_ROOTS = (b"CityModel", b"IndoorFeatures", b"indoorFeatures")


@dataclass(frozen=True, slots=True)
class Input:
    """One file. shown: as the user knows it, for messages. root: the folder, or the unpacked archive, that
    was named; for a file named by itself, its folder: a time series that a model names lies in there."""

    path: Path
    kind: Literal["model", "raster", "readings"]
    shown: str
    root: Path


def find_missing(paths: Iterable[Path]) -> None:
    """Raises CityModelError for the first path that is not there."""
    for path in paths:
        if not path.exists():
            raise CityModelError(f"{path}: no such file")


def find_inputs(paths: Iterable[Path], unpack_to: Path) -> list[Input]:
    """The files to read, in order, each once. Raises CityModelError for a folder or archive without any."""
    found: dict[Path, Input] = {}
    for file in _named(paths, unpack_to):
        found.setdefault(file.path, file)
    return list(found.values())


def _named(paths: Iterable[Path], unpack_to: Path) -> Iterator[Input]:
    for path in paths:
        if path.is_dir():
            inside = _inside(path, str(path))
            if not inside:
                raise CityModelError(f"{path}: no city model, raster or readings in this folder")
            yield from inside
        elif path.suffix.lower() == ".zip":
            target = unpack_to / hashlib.blake2b(str(path.resolve()).encode(), digest_size=8).hexdigest()
            unpack(path, target)
            inside = _inside(target, path.name)
            if not inside:
                raise UnsupportedFormat(f"{path}: no city model, raster or readings inside")
            yield from inside
        elif path.suffix.lower() in RASTER:
            yield _one(path, "raster")
        elif path.suffix.lower() == TABLE or _is_readings(path):
            yield _one(path, "readings")
        else:
            yield _one(path, "model")


def _one(path: Path, kind: Literal["model", "raster", "readings"]) -> Input:
    resolved = path.resolve()
    return Input(resolved, kind, str(path), resolved.parent)


def _inside(folder: Path, shown: str) -> list[Input]:
    """The files to read below a folder, but for those of cities that lie in it."""
    found = []
    root = folder.resolve()
    cities = {path.parent for path in folder.rglob(DATABASE)}
    for path in sorted(folder.rglob("*")):
        suffix = path.suffix.lower()
        label = f"{shown}/{path.relative_to(folder).as_posix()}"
        if not path.is_file() or not cities.isdisjoint(path.parents):
            continue
        if suffix in RASTER:
            found.append(Input(path.resolve(), "raster", label, root))
        elif (suffix == TABLE and looks_like_readings(path)) or _is_readings(path):
            found.append(Input(path.resolve(), "readings", label, root))
        elif suffix in MODEL and _is_model(path, suffix):
            found.append(Input(path.resolve(), "model", label, root))
    return found


def _is_readings(path: Path) -> bool:
    """Whether it is JSON with readings of stations and not a city model."""
    if path.suffix.lower() != ".json":
        return False
    with path.open("rb") as file:
        head = file.read(1 << 16)
    return b'"CityJSON"' not in head and (looks_like_stations(head) or looks_like_things(head))


def _is_model(path: Path, suffix: str) -> bool:
    """Whether a file met in a folder is a city model and not, say, a code list or a tileset."""
    if suffix == ".ifc":
        return True
    with path.open("rb") as file:
        head = file.read(4096)
    if suffix in {".json", ".jsonl"}:
        if b'"CityJSON' in head:
            return True
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            return b'"CityJSON"' in file.read()
    return any(root in head for root in _ROOTS)


def unpack(archive: Path, target: Path) -> None:
    """Unpack a zip archive. Raises UnsafeInput for names that leave it, links, and bombs, CityModelError for
    what cannot be unpacked."""
    try:
        with zipfile.ZipFile(archive) as opened:
            total = 0
            for item in opened.infolist():
                name = PurePosixPath(item.filename.replace("\\", "/"))
                if name.is_absolute() or ".." in name.parts or any(":" in part for part in name.parts[:1]):
                    raise UnsafeInput(f"{archive}: the entry {item.filename!r} leads out of the archive")
                if stat.S_ISLNK(item.external_attr >> 16):
                    raise UnsafeInput(f"{archive}: the entry {item.filename!r} is a link")
                total += item.file_size
                packed = max(item.compress_size, 1)
                if total > _ARCHIVE_BYTES or (
                    item.file_size > 1 << 20 and item.file_size / packed > _ARCHIVE_RATIO
                ):
                    raise UnsafeInput(f"{archive}: {item.filename!r} unpacks to too much; unpack it by hand")
            opened.extractall(target)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise CityModelError(f"{archive}: not a zip archive, or a broken one ({error})") from error
    except RuntimeError as error:  # NotImplementedError, for one, where Python lacks the packing
        raise CityModelError(
            f"{archive}: it is encrypted, or packed in a way that cannot be read here; unpack it by hand"
        ) from error
