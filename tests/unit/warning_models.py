"""Rain and radar files for the tests of warnings, of which everything is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from affine import Affine

from analysis.warning.planes import from_degrees, to_degrees
from analysis.warning.radar import RadarSequence
from citygml.crs import parse

PROJDEF = "+proj=laea +lat_0=35.1 +lon_0=128.9 +x_0=0 +y_0=0 +ellps=WGS84 +units=m"
CELL = 500.0
ROWS, COLUMNS = 120, 160
WEST, NORTH = -40_000.0, 30_000.0
TRANSFORM = Affine(CELL, 0, WEST, 0, -CELL, NORTH)
START = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)


def rain_at(
    t: float, velocity=(8.0, -3.0), peak=60.0, width=6000.0, origin=(-15_000.0, 5000.0)
) -> np.ndarray:
    """A Gaussian shower [mm/h] that moves with a velocity (east, north) [m/s], t [s] after the start."""
    x = WEST + (np.arange(COLUMNS) + 0.5) * CELL
    y = NORTH - (np.arange(ROWS) + 0.5) * CELL
    dx = x[None, :] - (origin[0] + velocity[0] * t)
    dy = y[:, None] - (origin[1] + velocity[1] * t)
    return (peak * np.exp(-(dx**2 + dy**2) / (2 * width**2))).astype(np.float32)


def shower(n: int, **more) -> RadarSequence:
    """n fields, ten minutes apart."""
    begin = round(START.timestamp() * 1e6)
    seconds = STEP.total_seconds() * np.arange(n)
    times = begin + np.round(seconds * 1e6).astype(np.int64)
    rates = np.stack([rain_at(float(t), **more) for t in seconds])
    return RadarSequence(times, rates, TRANSFORM, parse(PROJDEF))


def write_odim(
    path: Path,
    raw: np.ndarray,
    when: datetime,
    *,
    quantity: str = "RATE",
    gain: float = 0.1,
    offset: float = 0.0,
    kind: str = "COMP",
    corner: str = "UL",
    start: datetime | None = None,
) -> Path:
    """A composite in the structure of ODIM_H5 2.2 (sections 3 and 4): /what, /where, /dataset1/data1.

    raw: (rows, columns) unsigned, 65535 for nodata and 0 for undetect.
    """
    import h5py

    crs = parse(PROJDEF)
    rows, columns = raw.shape
    corners = {
        "UL": (WEST, NORTH),
        "LL": (WEST, NORTH - rows * CELL),
        "LR": (WEST + columns * CELL, NORTH - rows * CELL),
        "UR": (WEST + columns * CELL, NORTH),
    }
    with h5py.File(path, "w") as file:
        file.attrs["Conventions"] = np.bytes_("ODIM_H5/V2_2")
        what = file.create_group("what")
        for name, value in {
            "object": kind,
            "version": "H5rad 2.2",
            "date": when.strftime("%Y%m%d"),
            "time": when.strftime("%H%M%S"),
            "source": "ORG:0,CMT:test",
        }.items():
            what.attrs[name] = np.bytes_(value)
        where = file.create_group("where")
        where.attrs["projdef"] = np.bytes_(PROJDEF)
        where.attrs.update({"xsize": columns, "ysize": rows, "xscale": CELL, "yscale": CELL})
        for name in ("LL", "UR") if corner == "LL" else corners:
            ((lon, lat),) = to_degrees(crs, np.array([corners[name]]))
            where.attrs[f"{name}_lon"], where.attrs[f"{name}_lat"] = lon, lat
        dataset = file.create_group("dataset1")
        inner = dataset.create_group("what")
        inner.attrs["product"] = np.bytes_("COMP")
        for name, at in (("start", start or when), ("end", when)):
            inner.attrs[f"{name}date"] = np.bytes_(at.strftime("%Y%m%d"))
            inner.attrs[f"{name}time"] = np.bytes_(at.strftime("%H%M%S"))
        data = dataset.create_group("data1")
        data.create_dataset("data", data=raw, compression="gzip")
        about = data.create_group("what")
        about.attrs["quantity"] = np.bytes_(quantity)
        about.attrs.update({"gain": gain, "offset": offset, "nodata": 65535.0, "undetect": 0.0})
    return path


def packed(rate: np.ndarray, gain: float = 0.1, offset: float = 0.0) -> np.ndarray:
    """Physical values as stored; what is 0 becomes undetect."""
    return np.round((rate - offset) / gain).astype(np.uint16)


def plane_points(degrees: np.ndarray) -> np.ndarray:
    """Longitude and latitude (n, 2) in the radar's plane."""
    return from_degrees(parse(PROJDEF), degrees)
