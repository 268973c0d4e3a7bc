"""What clients see of errors and messages: files by the names that they know, no paths of this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

_PART = r"[^\s/:;,'\"()\[\]<>`]+"
_SPACED = rf"{_PART}(?: +{_PART})*/"
_ABSOLUTE = re.compile(rf"(?<![\w./])/(?P<root>{_SPACED})(?:{_SPACED})*(?P<name>{_PART})")


def for_clients(text: str, city: Path | None = None, said: str = "") -> str:
    """A message with the city's files by their path within its folder, and any others by their name alone.

    A path is known by where it begins: `/energy/measures`, where there is no folder `/energy`, is an address
    of the service and stays. said: by the client, whose own words stay as well.
    """
    text = text.replace("file:///", "/")
    if city is not None:
        whole = city.resolve()
        for folder in sorted({str(city), str(city.absolute()), str(whole)}, key=len, reverse=True):
            if os.sep in folder:
                inside = rf"(?<![\w./-]){re.escape(folder)}(?:(/)(?=[^\s/])|/?(?![\w/-]|\.\w))"
                text = re.sub(inside, lambda found: "" if found[1] else whole.name, text)

    def shown(found: re.Match[str]) -> str:
        return found[0] if found[0] in said or not _there(found["root"]) else found["name"]

    return _ABSOLUTE.sub(shown, text)


def _there(root: str) -> bool:
    try:
        return Path("/", root).exists()
    except OSError:  # no file could have this name
        return False
