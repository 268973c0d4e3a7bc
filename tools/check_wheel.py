"""Build the wheel, look into it (six packages, the built viewer, nothing else), install it and run it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distributions
from pathlib import Path

PACKAGES = {"twin", "citygml", "tiles", "analysis", "viewer", "api"}
RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import api.process, viewer
assert viewer.__file__.startswith(sys.argv[1]) and (viewer.STATIC / "index.html").exists()
sys.argv = ["twin", "--help"]
api.process.run()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(["hatchling", "build", "-t", "wheel", "-d", folder])
        (wheel,) = Path(folder).glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        look(wheel.name, names)
        installed = str(Path(folder) / "installed")
        run(["pip", "install", "--quiet", "--no-deps", "--no-index", "--target", installed, str(wheel)])
        subprocess.run(
            [sys.executable, "-c", RUN, installed], check=True, cwd=folder, stdout=subprocess.DEVNULL
        )
    print(f"{wheel.name}: {len(names)} files in {', '.join(sorted(PACKAGES))}")


def run(module: list[str]) -> None:
    subprocess.run([sys.executable, "-m", *module], check=True, stdout=sys.stderr)


def look(wheel: str, names: list[str]) -> None:
    """Exit if the wheel holds too much or too little, or another distribution has a name of ours."""
    tops = {name.split("/")[0] for name in names}
    unexpected = {top for top in tops - PACKAGES if not top.endswith(".dist-info")}
    missing = PACKAGES - tops
    viewer = {name for name in names if name.startswith("viewer/") and not name.startswith("viewer/static/")}
    strays = sorted(viewer - {"viewer/__init__.py"})
    if unexpected or missing or strays or "viewer/static/index.html" not in names:
        sys.exit(f"{wheel}: unexpected {sorted(unexpected)}, missing {sorted(missing)}, strays {strays[:3]}")
    for other in distributions():
        taken = PACKAGES & {file.parts[0] for file in other.files or ()}
        if taken and other.name != "citytwin":
            sys.exit(f"{other.name} has {sorted(taken)} as well")


if __name__ == "__main__":
    main()
