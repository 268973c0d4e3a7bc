"""The errors of simulations. The message of each is one line for the user.

AnalysisError           what was asked cannot be run: the input is not usable
├── SimulationFailed    a run that began and could not go on (not a number, or a step that went to nothing)
Cancelled               the run is to stop: nothing is wrong
"""

from __future__ import annotations

from typing import Any


class AnalysisError(Exception):
    """The input cannot be simulated; the message names the input and says what to do."""


class SimulationFailed(AnalysisError):
    """A run stopped on its way.

    result: what was known at the last good moment (of the model's own result type), or None.
    """

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result


class Cancelled(Exception):
    """Raised by `progress` when the run is dismissed; a model lets it pass."""
