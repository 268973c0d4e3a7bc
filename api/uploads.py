"""Files that clients hand in as inputs of simulations: checked, limited, and kept in `inputs/` of the city.

A file is named by what it was called and the digest of its content, so that no upload replaces another. What
it says it is by its ending has to be what it begins with: libraries that read rasters look at the content
alone, and would follow a text that names other files of this machine.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError
from analysis.sewers import inp
from twin.errors import QueryError, StorageFull, TooLarge

FOLDER = "inputs"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HDF5 = (b"\x89HDF\r\n\x1a\n",)
_NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", *_HDF5)
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".nc": _NETCDF,
    ".h5": _HDF5,
    ".hdf": _HDF5,
    ".hdf5": _HDF5,
    ".inp": (),
    ".csv": (),
    ".epw": (),
}
"""Endings that are taken, and what such files begin with: TIFF 6.0 and BigTIFF, HDF5 File Format 3.0, NetCDF
classic formats (Unidata). Empty for text."""
_LONGEST_NAME = 80
_NAMING = ("RAIN", "TIME", "TEMP")
"""Sections of SWMM, by the letters that it looks at, whose lines may name a file after the word FILE."""
_HIDDEN = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Upload:
    """reference: for inputs of a run, relative to the city's folder. digest: SHA-256."""

    reference: str
    bytes: int
    digest: str


async def keep(
    city: Path, name: str, parts: AsyncIterator[bytes], file_limit: int, folder_limit: int
) -> Upload:
    """Write a file as it comes in. file_limit, folder_limit: of this one, and of all of the folder [bytes].

    Raises QueryError for a name or content that is not taken, TooLarge, and StorageFull.
    """
    stem, suffix = _name(name)
    folder = city / FOLDER
    folder.mkdir(exist_ok=True)
    free = folder_limit - sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    working = folder / f".{secrets.token_hex(8)}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with working.open("xb") as file:
            async for part in parts:
                size += len(part)
                if size > file_limit:
                    raise TooLarge(f"{name}: a file may have {file_limit:,} bytes")
                if size > free:
                    raise StorageFull(
                        f"{name}: {FOLDER} of the city has no room for it ({folder_limit:,} bytes in all);"
                        " have files removed from it"
                    )
                digest.update(part)
                file.write(part)
        try:
            _check(name, suffix, working)
        except (QueryError, AnalysisError) as error:
            raise QueryError(str(error).replace(str(working), name).replace(working.name, name)) from None
        kept = folder / f"{stem}-{digest.hexdigest()[:8]}{suffix}"
        working.replace(kept)
    finally:
        working.unlink(missing_ok=True)
    return Upload(f"{FOLDER}/{kept.name}", size, digest.hexdigest())


def _name(name: str) -> tuple[str, str]:
    """Stem and ending of the last part of a name, without what a file's name should not have."""
    last = Path(name.replace("\\", "/")).name
    stem, suffix = _HIDDEN.sub("_", Path(last).stem).strip("._")[:_LONGEST_NAME], Path(last).suffix.lower()
    if suffix not in BEGINNINGS:
        raise QueryError(f"{last}: files that end in {', '.join(BEGINNINGS)} are taken")
    return stem or "file", suffix


def _check(name: str, suffix: str, path: Path) -> None:
    """Raises QueryError for content that is not what the name says."""
    beginnings = BEGINNINGS[suffix]
    if beginnings:
        with path.open("rb") as file:
            start = file.read(8)
        if not start.startswith(beginnings):
            raise QueryError(f"{name}: its content is not that of a {suffix} file")
        if start.startswith(_HDF5):
            _check_hdf5(name, path)
        return
    content = path.read_bytes()
    if (
        not content.strip()
        or b"\0" in content
        or content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{"))
    ):
        raise QueryError(f"{name}: its content is not that of a {suffix} file")
    if suffix == ".inp" and _names_files(path):
        raise QueryError(f"{name}: it names other files; put their content into it, as in [TIMESERIES]")


def _check_hdf5(name: str, path: Path) -> None:
    """Raises QueryError for a file that cannot be read, or whose data lie in other files."""
    import h5py

    def elsewhere(_: str, found: Any) -> bool | None:
        link = isinstance(found, h5py.ExternalLink)
        data = isinstance(found, h5py.Dataset) and (found.external or found.is_virtual)
        return True if link or data else None

    try:
        with h5py.File(path) as file:
            outside = file.visititems_links(elsewhere) or file.visititems(elsewhere)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise QueryError(f"{name}: it cannot be read as HDF5: {error}") from None
    if outside:
        raise QueryError(f"{name}: some of its data lie in other files; put them into it")


def _names_files(path: Path) -> bool:
    """Whether a SWMM input file has others read or written."""
    sections = inp.read(path).sections
    return any(name.startswith("FILE") and lines for name, lines in sections.items()) or any(
        word.upper().startswith("FILE")
        for name, lines in sections.items()
        if name.startswith(_NAMING)
        for words in lines
        for word in words[1:]
    )
