"""The command line, `twin`: one command for each door, each a thin call into the packages below.

Exit codes: 0 done, 1 refused or failed with one clear line, 2 wrong usage. Packages are imported
inside the commands, so that `twin --help` answers at once.
"""

from __future__ import annotations

import sys

import typer

from api.commands import alerts, city, export, run, scenario, serve, source, tiles, token

app = typer.Typer(
    help="A digital twin of a city: CityGML and sensors in; 3D Tiles, simulations and a viewer out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (city, tiles, run, scenario, serve, export, alerts, source, token):
    module.register(app)


_INTERRUPTED = 130
"""What Typer exits with after Ctrl-C."""


def main() -> None:
    """Run the command line; errors of the domain and of the system become one line and exit code 1."""
    import sqlite3

    from analysis.errors import AnalysisError
    from citygml.errors import CityModelError
    from twin.errors import TwinError

    try:
        app()
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


def _fail(message: str) -> None:
    print("twin: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
