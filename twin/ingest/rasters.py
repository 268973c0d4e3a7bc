"""Rasters of the city: terrain models, copied into its folder."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from citygml.crs import parse
from twin.errors import CrsMismatch
from twin.ingest.inputs import Input
from twin.ingest.rows import file_digest
from twin.store import City
from twin.store.records import Raster


def clear_rasters(city: City, kept: Collection[Path] | None = None) -> set[Path]:
    """Remove what in `rasters/` is not among `kept` (None: the files that the city names); what stays."""
    if kept is None:
        kept = {city.folder / raster.file for raster in city.rasters()}
    for path in (city.folder / "rasters").glob("*"):
        if path not in kept:
            path.unlink()
    return set(kept)


def raster_names(files: Sequence[Input]) -> list[str]:
    """A name for each of a run's rasters: its file's, with the folders that tell it from the others."""
    names = [""] * len(files)
    depth = 0
    while not all(names):
        depth += 1
        ends = ["/".join(file.path.parts[-depth:]) for file in files]
        count = Counter(ends)
        names = [name or (end if count[end] == 1 else "") for name, end in zip(names, ends, strict=True)]
    return names


def add_raster(city: City, file: Input, name: str, crs: str | None, licence: str | None) -> Raster:
    """Copy a terrain model into `rasters/`; one of the same name takes its place, and unless there is a new
    licence its licence stays. Raises RasterError, or CrsMismatch when it is not in the city's coordinate
    system."""
    from twin.raster import open_dem

    dem = open_dem(file.path, crs=parse(crs) if crs else None)
    settled = city.get("crs")
    if settled is None:
        city.set("crs", dem.crs.name)
    elif not parse(settled).same_horizontal(dem.crs):
        raise CrsMismatch(
            f"{file.shown}: its coordinate system is {dem.crs.name}, the city's is {parse(settled).name}"
        )
    digest = file_digest(file.path, "")
    relative = f"rasters/{file.path.stem}-{digest[:12]}{file.path.suffix.lower()}"
    target = city.folder / relative
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        temporary = target.with_name(target.name + ".new")
        shutil.copyfile(file.path, temporary)
        temporary.replace(target)
    if licence is None:
        licence = next((raster.licence for raster in city.rasters() if raster.name == name), None)
    description = {
        "crs": dem.crs.name,
        "bounds": [float(v) for v in dem.bounds],
        "resolution": dem.resolution,
        "size": [dem.width, dem.height],
    }
    if licence:
        description["licence"] = licence.strip()
    return Raster(name, "dem", digest, relative, description, "")
