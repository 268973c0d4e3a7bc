"""Build the wheel and look into it: the six packages, the built viewer, nothing else at the top."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGES = {"twin", "citygml", "tiles", "analysis", "viewer", "api"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], check=True, stdout=2
        )
        (wheel,) = Path(folder).glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    unexpected = {top for top in tops - PACKAGES if not top.endswith(".dist-info")}
    missing = PACKAGES - tops
    strays = [name for name in names if "node_modules" in name or name.startswith("viewer/src")]
    if unexpected or missing or strays or "viewer/static/index.html" not in names:
        sys.exit(
            f"{wheel.name}: unexpected {sorted(unexpected)}, missing {sorted(missing)}, strays {strays[:3]}"
        )
    print(f"{wheel.name}: {len(names)} files in {', '.join(sorted(PACKAGES))}")


if __name__ == "__main__":
    main()
