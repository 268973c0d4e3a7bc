"""The command line, `twin`: one command for each door, each a thin call into the packages below.

Exit codes: 0 done, 1 refused or failed with one clear line, 2 wrong usage. Packages are imported
inside the commands, so that `twin --help` answers at once.
"""

from __future__ import annotations

import sys
from copy import copy

import typer

from api.commands import alerts, city, export, run, scenario, serve, source, tiles, token
from api.commands.values import convert_plain_values

app = typer.Typer(
    help="A digital twin of a city: CityGML and sensors in; 3D Tiles, simulations and a viewer out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (city, tiles, run, scenario, serve, export, alerts, source, token):
    module.register(app)
app.callback()(lambda: None)  # so that a single command (`_called`) still goes by its name
convert_plain_values()


_INTERRUPTED = 130
"""What Typer exits with after Ctrl-C."""


def main() -> None:
    """Run the command line; errors of the domain and of the system become one line and exit code 1."""
    import sqlite3

    from analysis.errors import AnalysisError
    from citygml.errors import CityModelError
    from twin.errors import TwinError

    try:
        _called(sys.argv[1:2])()
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


def _called(names: list[str]) -> typer.Typer:
    """The command line with the command of this name alone, which spares the making of the others; whole when
    there is none."""
    called = copy(app)
    called.registered_commands = [
        command
        for command in app.registered_commands
        if command.callback is not None and (command.name or command.callback.__name__) in names
    ]
    called.registered_groups = [group for group in app.registered_groups if group.name in names]
    return called if called.registered_commands or called.registered_groups else app


def _fail(message: str) -> None:
    print("twin: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(1)
