"""The models there are, each found where it is defined and imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from analysis.contract import Model
from analysis.errors import AnalysisError

ENTRIES = {
    "flood": "analysis.flood.model:MODEL",
    "damage": "analysis.damage.model:MODEL",
    "flood-library": "analysis.warning.library_model:MODEL",
    "flood-warning": "analysis.warning.warning_model:MODEL",
    "sewer-calibration": "analysis.sewers.calibration_model:MODEL",
    "sun": "analysis.sun.run.model:MODEL",
    "sun-views": "analysis.views.model:MODEL",
    "energy": "analysis.energy.run.model:MODEL",
}
"""Name of a model -> module:attribute, such as "flood": "analysis.flood.model:MODEL"."""


class UnknownModel(AnalysisError):
    """There is no model of that name."""


def model(name: str) -> Model:
    """Raises UnknownModel."""
    if name not in ENTRIES:
        raise UnknownModel(f"there is no model {name!r}; there are {', '.join(ENTRIES) or 'none'}")
    return load(ENTRIES[name])


def models() -> dict[str, Model]:
    """All of them, imported."""
    return {name: load(entry) for name, entry in ENTRIES.items()}


def load(entry: str) -> Model:
    """The model at module:attribute."""
    module, _, attribute = entry.partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, Model)
    return found
