"""What SWMM's own interface does not tell of its input file: places, cross-sections, and options.

SWMM reads and judges the file. Here sections are split into words, and a copy is written in which ponding is
allowed and file names are absolute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import AnalysisError

_ENCODINGS = ("utf-8-sig", "cp949", "latin-1")
_FILE_WORD = re.compile(r'(\bFILE\s+)("[^"]+"|\S+)', re.IGNORECASE)
_FILE_SECTIONS = ("RAINGAGES", "TIMESERIES", "TEMPERATURE")
_OVERRIDES = "\n[OPTIONS]\nALLOW_PONDING YES\nSKIP_STEADY_STATE NO\n"


@dataclass(frozen=True)
class InputFile:
    """A SWMM input file as text, and its sections (upper-case names) as lists of words by line."""

    path: Path
    text: str
    sections: dict[str, list[list[str]]]

    def option(self, name: str, default: str) -> str:
        """The last value of an option, in capitals."""
        value = default
        for words in self.sections.get("OPTIONS", []):
            if len(words) > 1 and words[0].upper() == name:
                value = words[1].upper()
        return value

    def points(self, section: str) -> dict[str, list[tuple[float, float]]]:
        """Coordinates by name: one for each node of COORDINATES, any number for each link of VERTICES."""
        found: dict[str, list[tuple[float, float]]] = {}
        for words in self.sections.get(section, []):
            try:
                found.setdefault(words[0], []).append((float(words[1]), float(words[2])))
            except (IndexError, ValueError):
                raise AnalysisError(
                    f"{self.path.name}: [{section}] has the line {' '.join(words)!r}; it needs a name and two"
                    " numbers"
                ) from None
        return found

    def table(self, section: str) -> dict[str, list[str]]:
        """The words after the name, by name."""
        return {words[0]: words[1:] for words in self.sections.get(section, [])}


def read(path: Path) -> InputFile:
    """Raises AnalysisError when the file is missing or has no sections."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise AnalysisError(
            f"{path.name}: cannot be read ({error.strerror}); give the path of a SWMM .inp"
        ) from None
    text = _decode(raw)
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for line in text.splitlines():
        words = line.split(";", 1)[0].split()
        if words and words[0].startswith("["):
            current = sections.setdefault(words[0].strip("[]").upper(), [])
        elif words:
            current.append(words)
    if not sections:
        raise AnalysisError(f"{path.name}: has no [SECTION]; it is not a SWMM input file")
    return InputFile(path, text, sections)


def write_copy(source: InputFile, target: Path, coupled: bool = True) -> None:
    """A copy of which files are found from any folder, and for a coupled run with ponding allowed and no
    skipped steps.

    Files that the original asks SWMM to save are not saved.
    """
    folder = source.path.resolve().parent
    section = ""
    lines = []
    for line in source.text.splitlines():
        words = line.split(";", 1)[0].split()
        if words and words[0].startswith("["):
            section = words[0].strip("[]").upper()
        elif words and section == "FILES":
            if words[0].upper() == "SAVE":
                line = ""
            elif len(words) > 2:
                line = f'{words[0]} {words[1]} "{_absolute(folder, line.split(None, 2)[2])}"'
        elif words and section in _FILE_SECTIONS:
            line = _FILE_WORD.sub(lambda m: f'{m[1]}"{_absolute(folder, m[2])}"', line)
        lines.append(line)
    target.write_text("\n".join(lines) + "\n" + (_OVERRIDES if coupled else ""), encoding="utf-8")


def _absolute(folder: Path, name: str) -> Path:
    return folder / name.strip().strip('"')


def _decode(raw: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 decodes everything")
