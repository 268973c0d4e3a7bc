"""Short forms of the inputs and outputs that most models declare; `analysis.contract` has the long ones."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.contract import Output, OutputKind, Parameter, Title


def titled(ko: str, en: str) -> Title:
    """The same text in both languages."""
    return {"ko": ko, "en": en}


def area() -> Parameter:
    """The part of the city that is looked at."""
    return Parameter(name="area", title=titled("영역", "area"), type="bbox")


def scenario(ko: str, en: str) -> Parameter:
    """The number of one that is kept in the city. ko, en: a sentence about what is done with it."""
    return Parameter(
        name="scenario",
        title=titled("시나리오 번호", "number of a scenario"),
        type="integer",
        unit="1",
        minimum=1,
        description=titled(
            f"도시에 저장된 시나리오 (twin scenario list). {ko}",
            f"A scenario that is kept in the city (twin scenario list); {en}",
        ),
    )


def number(
    name: str,
    ko: str,
    en: str,
    unit: str,
    default: float | None,
    low: float | None,
    high: float | None,
    *,
    description: Title | None = None,
) -> Parameter:
    """A number in a unit (UCUM), between two bounds."""
    return Parameter(
        name=name,
        title=titled(ko, en),
        type="number",
        unit=unit,
        default=default,
        minimum=low,
        maximum=high,
        description=description,
    )


def numbers(
    name: str, ko: str, en: str, unit: str, default: list[float] | None, low: float, high: float
) -> Parameter:
    """A list of numbers in a unit, each between two bounds."""
    return Parameter(
        name=name,
        title=titled(ko, en),
        type="number",
        unit=unit,
        many=True,
        default=default,
        minimum=low,
        maximum=high,
    )


def whole(name: str, ko: str, en: str, default: int | None, low: int, high: int) -> Parameter:
    """A count between two bounds."""
    return Parameter(
        name=name,
        title=titled(ko, en),
        type="integer",
        unit="1",
        default=default,
        minimum=low,
        maximum=high,
    )


def text(
    name: str, ko: str, en: str, default: str | None = None, *, description: Title | None = None
) -> Parameter:
    """Any text."""
    return Parameter(name=name, title=titled(ko, en), type="string", default=default, description=description)


def switch(name: str, ko: str, en: str, default: bool, *, scope: str = "") -> Parameter:
    """Yes or no."""
    return Parameter(name=name, title=titled(ko, en), type="boolean", default=default, scope=scope)


def choice(
    name: str,
    ko: str,
    en: str,
    choices: Mapping[str, tuple[str, str]],
    *,
    default: str | None = None,
    description: Title | None = None,
) -> Parameter:
    """One of some texts, each with its Korean and English title; the first unless another is the default."""
    return Parameter(
        name=name,
        title=titled(ko, en),
        type="string",
        default=default or next(iter(choices)),
        choices=tuple(choices),
        choice_titles={value: titled(*title) for value, title in choices.items()},
        description=description,
    )


def file(
    name: str,
    ko: str,
    en: str,
    *,
    required: bool = False,
    many: bool = False,
    description: Title | None = None,
) -> Parameter:
    """A file, or several."""
    return Parameter(
        name=name,
        title=titled(ko, en),
        type="reference",
        required=required,
        many=many,
        description=description,
    )


def output(
    name: str,
    ko: str,
    en: str,
    kind: OutputKind,
    unit: str | None = None,
    *,
    media_type: str = "",
    optional: bool = False,
) -> Output:
    """A result. unit: of a raster's values."""
    return Output(
        name=name, title=titled(ko, en), kind=kind, unit=unit, media_type=media_type, optional=optional
    )
