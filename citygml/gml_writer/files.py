"""Textures and model files that a written file points to: linked where they lie beside it, else copied."""

from __future__ import annotations

import shutil
from pathlib import Path


class Files:
    """`reference` gives the URI to write. Files from outside the output's folder are copied into
    `STEM_appearance/` beside it, so that the output can be moved as a whole; `undo` takes them back."""

    def __init__(self, output: Path) -> None:
        self._folder = output.resolve().parent
        self._copies = self._folder / f"{output.stem}_appearance"
        self._known: dict[str, str] = {}
        self._taken: set[str] = set()
        self._made: list[Path] = []

    def reference(self, uri: str, path: str | None) -> str:
        """The URI of a file as seen from the output; as it was when no file was found."""
        if path is None:
            return uri
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._place(Path(path).resolve())
        return known

    def undo(self) -> None:
        for path in reversed(self._made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        self._made.clear()

    def _place(self, source: Path) -> str:
        if source.is_relative_to(self._folder):
            return source.relative_to(self._folder).as_posix()
        if not self._copies.exists():
            self._copies.mkdir()
            self._made.append(self._copies)
        name, number = source.name, 1
        while name in self._taken:
            number += 1
            name = f"{source.stem}_{number}{source.suffix}"
        self._taken.add(name)
        target = self._copies / name
        if not target.exists():
            self._made.append(target)
        shutil.copyfile(source, target)
        return f"{self._copies.name}/{name}"
