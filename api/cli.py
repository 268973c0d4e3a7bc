"""The command line, `twin`: one command for each door, each a thin call into the packages below.

Exit codes: 0 done, 1 refused or failed with one clear line, 2 wrong usage. Packages are imported
inside the commands, so that `twin --help` answers at once.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from api.commands.values import convert_plain_values

convert_plain_values()

COMMANDS = {
    "city": ("init", "add", "info", "check"),
    "tiles": ("tile",),
    "run": ("run", "runs"),
    "scenario": ("scenario",),
    "serve": ("serve", "demo"),
    "export": ("export",),
    "alerts": ("alerts",),
    "source": ("source",),
    "token": ("token",),
}
"""The modules of `api.commands` in the order of `twin --help`, and the commands that each makes."""
_INTERRUPTED = 130
"""What Typer exits with after Ctrl-C."""


def main() -> None:
    """Run the command line; errors of the domain and of the system become one line and exit code 1."""
    import sqlite3

    from analysis.errors import AnalysisError
    from citygml.errors import CityModelError
    from twin.errors import TwinError

    try:
        command_line(*sys.argv[1:2])()
    except (AnalysisError, CityModelError, TwinError, sqlite3.Error) as error:
        _fail(str(error))
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except SystemExit as exit:
        if exit.code != _INTERRUPTED:
            raise
        _fail("interrupted; nothing is left half done")


def command_line(command: str | None = None) -> typer.Typer:
    """The command line; with the name of a command only what makes that one, which spares the rest."""
    app = typer.Typer(
        help="A digital twin of a city: CityGML and sensors in; 3D Tiles, simulations and a viewer out.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # so that a single command still goes by its name
    for module in [name for name, commands in COMMANDS.items() if command in commands] or COMMANDS:
        import_module(f"api.commands.{module}").register(app)
    return app


def _fail(message: str) -> None:
    print("twin: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(1)
