"""What every model declares: names, titles in both languages, units, defaults that its own schema allows."""

from __future__ import annotations

import inspect
import keyword
from dataclasses import replace

import jsonschema
import pytest

from analysis import inputs, models
from analysis.contract import MEDIA_TYPES, RESERVED, Model, Output, Parameter
from analysis.errors import AnalysisError
from tests.models import ENTRY, TINY

ALL = [*models.models().values(), TINY]
RASTERS = ("raster", "rasters")


def faults(model: Model) -> list[str]:
    """What is wrong with a declaration."""
    found = []
    for kind, items in (("input", model.parameters), ("output", model.outputs)):
        names = [item.name for item in items]
        found += [f"{kind} {n}: twice" for n in names if names.count(n) > 1]
        found += [f"{kind} {n}: no name" for n in names if not n.isidentifier() or keyword.iskeyword(n)]
    for item in (model, *model.parameters, *model.outputs):
        found += [f"{item.name}: no title in {lang}" for lang in ("ko", "en") if not item.title.get(lang)]
    found += [f"no description in {lang}" for lang in ("ko", "en") if not model.description.get(lang)]
    for p in model.parameters:
        if p.name in RESERVED:
            found.append(f"{p.name}: an option of every run has this name")
        if p.type in ("number", "integer") and not p.choices and not p.unit:
            found.append(f"{p.name}: no unit")
        if p.required and p.default is not None:
            found.append(f"{p.name}: required, and yet with a default")
        found += [
            f"{p.name}: no title of {value!r} in {lang}"
            for value in p.choices
            for lang in ("ko", "en")
            if not p.choice_titles.get(value, {}).get(lang)
        ]
        found += [f"{p.name}: {value!r} is no choice" for value in p.choice_titles if value not in p.choices]
        jsonschema.Draft202012Validator.check_schema(inputs.schema(p))
    found += [f"{o.name}: no unit" for o in model.outputs if o.kind in RASTERS and not o.unit]
    defaults = {p.name: p.default for p in model.parameters if p.default is not None}
    needed = {p.name for p in model.parameters if p.required}
    schema = inputs.inputs_schema(model) | {"required": []}
    found += [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(defaults)]
    if not needed:
        inputs.check(model, {})
    taken = inspect.signature(model.run).parameters
    found += [f"run() does not take {p.name}" for p in model.parameters if p.name not in taken]
    return found


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_a_model_says_what_it_takes_and_gives(model: Model) -> None:
    assert faults(model) == []


def test_models_are_listed_by_their_own_names(tiny: Model) -> None:
    assert [model.name for model in models.models().values()] == list(models.ENTRIES)
    assert models.ENTRIES["tiny"] == ENTRY


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (Parameter(name="a b", title=TINY.title, type="string"), "no name"),
        (Parameter(name="seed", title=TINY.title, type="string"), "an option of every run"),
        (Parameter(name="rain", title=TINY.title, type="string"), "twice"),
        (Parameter(name="depth", title={"en": "Depth"}, type="string"), "no title in ko"),
        (Parameter(name="depth", title=TINY.title, type="number"), "no unit"),
        (Parameter(name="depth", title=TINY.title, type="string", default=1), "not of type 'string'"),
        (Parameter(name="depth", title=TINY.title, type="string", default="x", required=True), "required"),
        (Parameter(name="depth", title=TINY.title, type="string"), "does not take depth"),
        (Parameter(name="depth", title=TINY.title, type="string", choices=["x"]), "no title of 'x' in ko"),
        (
            Parameter(name="depth", title=TINY.title, type="string", choice_titles={"x": TINY.title}),
            "'x' is no choice",
        ),
    ],
)
def test_the_test_finds_what_is_wrong(broken: Parameter, fault: str) -> None:
    """The checks above can fail."""
    model = replace(TINY, parameters=[*TINY.parameters, broken])
    try:
        found = faults(model)
    except AnalysisError as error:
        found = [str(error)]
    assert any(fault in text for text in found), found


def test_every_kind_of_output_has_a_media_type() -> None:
    for kind in MEDIA_TYPES:
        assert Output(name="x", title={}, kind=kind).type == MEDIA_TYPES[kind]  # type: ignore[arg-type]
    assert Output(name="x", title={}, kind="table", media_type="text/csv").type == "text/csv"


def test_an_unknown_model_is_named_with_those_there_are(tiny: Model) -> None:
    with pytest.raises(models.UnknownModel, match=r"no model 'fluod'; there are .*tiny"):
        models.model("fluod")
