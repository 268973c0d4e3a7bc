"""Code lists beside a data set: GML dictionaries that give the codes of a `codeSpace` their names.

Paths from a data file never leave the folder of its data set (`dataset_root`), so that a file from a
stranger cannot make the reader open what lies elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

ROOT_MARKS = ("codelists", "udx", "schemas")
ROOT_SEARCH_DEPTH = 4
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
"""What a URI of its own starts with, and no path does."""


def dataset_root(path: Path) -> Path:
    """The folder that a data file's relative paths may reach.

    The nearest folder at or above the file that holds `udx`, `codelists` or `schemas` (the layout of PLATEAU,
    whose files say `../../codelists/X.xml`), at most four levels up; else the file's own folder.
    """
    folder = path.resolve().parent
    for candidate in [folder, *folder.parents][: ROOT_SEARCH_DEPTH + 1]:
        if any((candidate / mark).is_dir() for mark in ROOT_MARKS):
            return candidate
    return folder


def resolve_beside(path: Path, reference: str, root: Path | None = None) -> Path | None:
    """The file that `reference` in the file `path` means, or None when there is none inside the data set.

    URLs, absolute paths and paths that leave the data set's folder give None; a backslash is a separator.
    """
    reference = reference.strip().replace("\\", "/")
    if not reference or SCHEME.match(reference) or reference.startswith("/"):
        return None
    root = root or dataset_root(path)
    for name in (reference, unquote(reference)):
        try:
            target = (path.parent / name).resolve()
            if target.is_relative_to(root) and target.is_file():
                return target
        except (OSError, ValueError, RuntimeError):  # too long, with a NUL, a link to itself
            return None
    return None


def read_dictionary(path: Path) -> dict[str, str]:
    """code → name of a gml:Dictionary: each definition's first gml:name is the code, its description
    (or second name) the code's name. Raises etree.XMLSyntaxError when the file is not XML."""
    names: dict[str, str] = {}
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    for definition in etree.parse(str(path), parser).getroot().iter("{*}Definition"):
        codes = [(e.text or "").strip() for e in definition.iterfind("{*}name")]
        if not codes:
            continue
        description = (definition.findtext("{*}description") or "").strip()
        names[codes[0]] = description or (codes[1] if len(codes) > 1 else codes[0])
    return names


class CodeLists:
    """The code lists of one data file, each read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = dataset_root(path)
        self._lists: dict[str, dict[str, str] | None] = {}

    def names(self, code_space: str) -> dict[str, str] | None:
        """code → name, or None when no dictionary lies beside the file."""
        if code_space not in self._lists:
            self._lists[code_space] = self._read(code_space)
        return self._lists[code_space]

    @staticmethod
    def is_local(code_space: str) -> bool:
        """Whether a code space names a file that ought to lie beside the data."""
        return code_space.endswith(".xml") and not SCHEME.match(code_space)

    def _read(self, code_space: str) -> dict[str, str] | None:
        if not self.is_local(code_space):
            return None
        target = resolve_beside(self._path, code_space, self._root)
        if target is None:
            return None
        try:
            return read_dictionary(target)
        except (etree.XMLSyntaxError, OSError):
            return None
