"""What `twin check` prints, for input files and for tilesets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from twin.errors import TwinError


class Report(Protocol):
    errors: int

    def as_dict(self) -> dict[str, Any]: ...

    def lines(self) -> Iterator[str]: ...


def check_path(path: Path, limit: int) -> Report:
    """The report on a city model, a folder of them, or a tileset (tileset.json or its folder)."""
    if not path.exists():
        raise TwinError(f"{path}: no such file or folder")
    if path.name == "tileset.json" or (path.is_dir() and (path / "tileset.json").exists()):
        from tiles.check import check_tileset

        return check_tileset(path if path.is_file() else path / "tileset.json", limit)
    from citygml.check import check_file, check_folder

    return check_folder(path, limit=limit) if path.is_dir() else check_file(path, limit=limit)
