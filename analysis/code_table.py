"""What kind of thing an object is, from the codes and names of its attributes, by a table of words and codes.

A table has the columns `words, codes` and one for the kind: codes as LIST:CODE or CODE with * and ? as
wildcards, words as they occur in names of codes. A word of Latin letters is a whole one, unless a * at its
beginning or end stands for more letters ("*wohn*"); Korean, Chinese and Japanese ones may stand anywhere.
What stands first in the table goes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from analysis.scene.outlines import codes
from citygml.model import Code

_LATIN = "[a-z\u00df-\u024f]"
USE_ATTRIBUTES = ("usage", "function", "class")
"""What a building is used for goes before what it was built for."""


@dataclass(frozen=True)
class Told:
    """kind, what its name is in the city's words, and what told: `code`, `word` or `default`."""

    kind: str
    name: str
    told: str


@dataclass(frozen=True)
class CodeRow:
    """A kind with words (in lower case) and patterns of codes that tell it."""

    kind: str
    words: tuple[str, ...]
    codes: tuple[str, ...]

    def named(self, text: str) -> bool:
        """Whether one of the words stands in a text in lower case."""
        return bool(self.words) and self._pattern.search(text) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_expression, self.words)))


def _expression(word: str) -> str:
    """The regular expression that finds a word of a table."""
    letters = word.strip("*")
    if not re.search(_LATIN, letters):
        return re.escape(letters)
    before = "" if word.startswith("*") else f"(?<!{_LATIN})"
    after = "" if word.endswith("*") else f"(?!{_LATIN})"
    return f"{before}{re.escape(letters)}{after}"


@dataclass(frozen=True)
class CodeTable:
    """rows: what stands first goes first; a kind may have several."""

    rows: tuple[CodeRow, ...]

    @cached_property
    def _known(self) -> dict[str, str | None]:
        return {}

    def of(
        self, attributes: Mapping[str, Any], default: str, names: tuple[str, ...] = USE_ATTRIBUTES
    ) -> Told:
        """The kind of an object by the attributes of these names; `default` where nothing tells."""
        given = [code for name in names for code in codes(attributes.get(name))]
        shown = next((code.name or code.code for code in given), "")
        for code in given:
            kind = self._of_code(code)
            if kind:
                return Told(kind, code.name or code.code, "code")
        for code in given:
            text = (code.name or "").casefold()
            for row in self.rows:
                if row.named(text):
                    return Told(row.kind, code.name or code.code, "word")
        return Told(default, shown, "default")

    def _of_code(self, code: Code) -> str | None:
        name = f"{PurePosixPath(code.codeSpace or '').stem}:{code.code}"
        if name not in self._known:
            found = (
                row.kind
                for row in self.rows
                if any(fnmatchcase(name if ":" in p else code.code, p) for p in row.codes)
            )
            self._known[name] = next(found, None)
        return self._known[name]
