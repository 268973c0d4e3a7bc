"""The values of a command line, converted without pydantic.

Typer has pydantic convert every value, and importing it takes longer than many a command. Plain texts,
numbers, paths and choices are converted here; anything else, and anything wrong, is left to Typer with
its messages.
"""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.core import TyperArgument, TyperOption

_NUMBERS = {int: re.compile(r"-?[0-9]{1,15}"), float: re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")}

TYPERS: dict[Any, Any] = {
    kind: kind.get_runtime_param
    for kind in (TyperOption, TyperArgument)
    if hasattr(kind, "get_runtime_param")
}
"""How Typer itself converts the values of a parameter; empty in versions that do it without pydantic."""


class _Plain:
    """Stands for Typer's conversion of one parameter as long as its values are plain."""

    def __init__(self, parameter: Any, typers: Any) -> None:
        self._parameter, self._typers = parameter, typers

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        wanted = param.type_descriptor
        try:
            if not several:
                return _plain(value, wanted.annotation, wanted.parameter_info)
            if get_origin(wanted.annotation) is list and isinstance(value, list | tuple):
                (kind,) = get_args(wanted.annotation)
                return [_plain(item, kind, wanted.parameter_info) for item in value]
        except ValueError:
            pass
        return self._typers(self._parameter).coerce(value, param=param, ctx=ctx)


def _plain(value: Any, kind: Any, info: Any) -> Any:
    """The value as its kind. Raises ValueError when it takes more than that to say, or is wrong."""
    if info.parser is None and isinstance(kind, type):
        if kind is str and type(value) is str:
            return value
        if issubclass(kind, Enum) and info.case_sensitive:
            return kind(value)
        if kind is Path and isinstance(value, str | Path):
            return _path(Path(value), info)
        if kind in _NUMBERS:
            return _number(value, kind, info)
    raise ValueError


def _path(path: Path, info: Any) -> Path:
    special = info.resolve_path or info.allow_dash or info.path_type or info.writable
    anything = info.file_okay and info.dir_okay and not special
    if anything and (os.access(path, os.R_OK) or not (info.exists or path.exists())):
        return path
    raise ValueError


def _number(value: Any, kind: Any, info: Any) -> Any:
    if type(value) is not kind and not (type(value) is str and _NUMBERS[kind].fullmatch(value)):
        raise ValueError
    number = kind(value)
    if (info.min is not None and number < info.min) or (info.max is not None and number > info.max):
        raise ValueError
    return number


def convert_plain_values() -> None:
    """Have the parameters of all commands converted here first."""
    for kind, typers in TYPERS.items():
        kind.get_runtime_param = lambda self, typers=typers: _Plain(self, typers)
