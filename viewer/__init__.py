"""The web viewer. Python knows only the folder of built files."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
