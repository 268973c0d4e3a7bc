"""Cities for the tests of energy runs, and their results read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.run import run as run_here
from tests.unit.models import city, write
from twin.ingest import AddOptions, add_files
from twin.place import georeference
from twin.store import open_city

BUSAN = ("weather", "KOR_PU_Busan-Daecheongdong.WS.471590_TMYx.2011-2025.epw.gz")
INCHEON = ("weather", "KOR_IN_Incheon.WS.471120_TMYx.2011-2025.epw.gz")

BOXES = {
    "home": (0.0, 0.0, 6.0),
    "flats": (40.0, 0.0, 24.0),
    "shop": (80.0, 0.0, 5.0),
    "pair-1": (120.0, 0.0, 9.0),
    "pair-2": (130.0, 0.0, 9.0),  # its wall is the other's
    "unknown": (180.0, 0.0, 9.0),
}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "home": {"usage": "단독주택", "yearOfConstruction": 1985, "storeysAboveGround": 2},
    "flats": {
        "usage": "아파트",
        "yearOfConstruction": 1995,
        "storeysAboveGround": 8,
        "heating": "지역난방",
        "households": 12,
    },
    "shop": {"usage": "소매점", "yearOfConstruction": 2012, "storeysAboveGround": 1},
    "pair-1": {"usage": "office", "yearOfConstruction": 2005, "storeysAboveGround": 3},
    "pair-2": {"usage": "office", "yearOfConstruction": 2005, "storeysAboveGround": 3},
}


class Found:
    """A run's results, read back from its files."""

    def __init__(self, folder: Path, **options: Any) -> None:
        done = run_here(folder, "energy", **options)
        self.city, self.id = folder, done.id
        self.folder, self.results = folder / "runs" / done.id, dict(done.results)

    def path(self, name: str) -> Path:
        return self.folder / str(self.results[name]["file"])

    def json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path(name).read_bytes())
        return found

    def table(self, name: str) -> Any:
        return pd.read_parquet(self.path(name))

    @property
    def summary(self) -> dict[str, Any]:
        return self.json("summary")


def real_city(folder: Path, data: Path, *source: str, crs: str | None = None) -> Path:
    """A city of a real data set, in a folder that a test owns."""
    add_files(folder / "x.twin", [data.joinpath(*source)], AddOptions(crs=crs))
    return folder / "x.twin"


def around_middle(folder: Path, size: float) -> list[float]:
    """west, south, east, north [degrees] of an area of so many metres around the middle of the buildings."""
    with open_city(folder) as city:
        boxes = city.boxes("buildings")
        middle = np.median((boxes[:, :2] + boxes[:, 3:5]) / 2, axis=0)
        place = georeference(city).to_geographic(np.array([[*middle, 0.0]]))[0]
    north = size / 2 / 111_000.0
    east = north / np.cos(np.radians(place[1]))
    return [float(v) for v in (place[0] - east, place[1] - north, place[0] + east, place[1] + north)]


def street(folder: Path) -> Path:
    """A city of six boxes in Busan, one of which says nothing of itself."""
    add_files(folder / "x.twin", [write(folder / "source.json", city(BOXES, attributes=ATTRIBUTES))])
    return folder / "x.twin"
