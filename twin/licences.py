"""Under which terms a city's data may be used, and whom to name: what its files were added with."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from twin.store import City
from twin.store.records import Raster, Source


def licences_of(files: Iterable[Source | Raster]) -> str:
    """The licences of some files, each once, in one line; empty where none has one."""
    return "; ".join(sorted({file.licence for file in files if file.licence}))


def copyright_of(city: City, layers: Collection[str], terrain: bool = False) -> str:
    """Those of the files behind some layers, and of the terrain model: `asset.copyright` of glTF."""
    files: list[Source | Raster] = [*city.rasters("dem")] if terrain else []
    if licences_of(city.sources()):
        files += [source for layer in layers for source in city.sources_of(layer)]
    return licences_of(files)
