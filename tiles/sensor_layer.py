"""The layer `sensors`: stations as 3D Tiles 1.1, written again only where something has changed.

A quadtree on a fixed grid of degrees, so that a station's cell depends on where it is and on nothing else.
A leaf holds all stations of its cell; a cell above shows one for each small square of it, the one that is
worst off, so that an alert is seen from afar.

A content's name holds the digest of what is in it. A reading's age moves on by itself, so that it is not
part of the digest: `age_s` is the age when the content was written, `time` is what to reckon from.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from citygml.crs import ecef_to_geographic, frame_matrix, geographic_to_ecef
from tiles.folder import locked, removed, sweep, write_if_new
from tiles.sensors import FACES, FORMAT, LAYER, RADIUS, attributes, content, row
from tiles.tileset import Tile, contents, tileset
from twin.link.reading import stations
from twin.link.stations import STATES, Station
from twin.observations.store import Observations

Float64 = npt.NDArray[np.float64]

_MOST = 256
"""Stations in a leaf."""
_DEEPEST = 24
"""The smallest cell is 360° / 2**24, about 2.4 m."""
_SQUARES = 4
"""A cell above the leaves shows one station for each of at most 2**4 by 2**4 squares around all of them."""
_LATTICE = 0.01
"""Of the origins of frames [degrees]."""
_ROUNDING = 2.0**-23
"""Of float32 positions, as a share."""
_METRES_PER_DEGREE = 111_320.0


@dataclass(slots=True)
class SensorLayerReport:
    """What a refresh did: stations in the layer, contents in all, written and removed; bytes of all."""

    features: int = 0
    tiles: int = 0
    written: int = 0
    removed: int = 0
    bytes: int = 0
    triangles: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(slots=True)
class _Cell:
    """A cell of the grid: level, column from 180° W, row from 90° S.

    shown: the stations of its content, all of them in a leaf. frame: (4, 4) east, north, up near their
    middle, on the ellipsoid. error: how far apart those shown are [m], 0 in a leaf.
    """

    level: int
    x: int
    y: int
    shown: list[int]
    frame: Float64
    children: list[_Cell] = field(default_factory=list)
    error: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.level}-{self.x}-{self.y}"


def refresh_sensor_layer(folder: Path, obs: Observations) -> SensorLayerReport:
    """Bring the layer up to the stations and readings of now. Raises CityBusy as `write_sensor_layer`."""
    with obs.connection() as connection:
        found = stations(connection, now=time.time_ns() // 1000)
    return write_sensor_layer(folder, found)


def write_sensor_layer(
    folder: Path, stations: Iterable[Station], now: float | None = None
) -> SensorLayerReport:
    """Bring `tiles/sensors/` of a city's folder up to these stations; those without a place are left out.

    now: [s since 1970], for ages. What the last tileset.json named stays for one more refresh, for those
    who are still reading it. Raises CityBusy when another process is at it.
    """
    placed = [s for s in stations if _is_placed(s)]
    target = folder / "tiles" / LAYER
    if not placed:
        removed(target)
        return SensorLayerReport()
    target.mkdir(parents=True, exist_ok=True)
    with locked(target, f"{folder}: the layer of sensors is being written by another process"):
        return _Refresh(target, placed, time.time() if now is None else now).run()


def _is_placed(station: Station) -> bool:
    position = (station.longitude, station.latitude, station.height)
    return all(v is not None and math.isfinite(v) for v in position) and abs(position[1] or 0.0) <= 90


class _Refresh:
    """One refresh of the layer."""

    def __init__(self, target: Path, stations: list[Station], now: float) -> None:
        self.target, self.now = target, now
        self.stations = sorted(stations, key=lambda s: s.id)
        self.positions = np.array([(s.longitude, s.latitude, s.height) for s in self.stations], np.float64)
        self.positions[:, 0] = np.mod(self.positions[:, 0] + 180, 360) - 180
        fine = (self.positions[:, :2] + [180, 90]) / 360 * 2**_DEEPEST
        self.fine = np.clip(np.floor(fine), 0, 2**_DEEPEST - 1).astype(np.int64)
        self.ecef = geographic_to_ecef(self.positions)
        self.report = SensorLayerReport(features=len(stations))

    def run(self) -> SensorLayerReport:
        root = self._tile(self._cell(list(range(len(self.stations)))))
        extras = {"format": FORMAT, "layer": LAYER, "attributes": attributes(len(self.stations))}
        document = tileset(root, extras)
        before = self.target / "tileset.json"
        kept = _named(before)
        write_if_new(before, document)
        self.report.removed = sweep(self.target, {*contents(document), *kept})
        return self.report

    def _cell(self, members: list[int]) -> _Cell:
        """The smallest cell around stations, divided until each leaf holds few enough."""
        fine = self.fine[members]
        spread = int(np.bitwise_or.reduce((fine ^ fine[0]).ravel()))
        level = _DEEPEST - spread.bit_length()
        x, y = (int(v) for v in fine[0] >> (_DEEPEST - level))
        cell = _Cell(level, x, y, members, self._frame(members))
        if len(members) > _MOST and level < _DEEPEST:
            quarter = (fine >> (_DEEPEST - level - 1)) & 1
            for number in range(4):
                chosen = np.flatnonzero(quarter[:, 0] + 2 * quarter[:, 1] == number)
                if len(chosen):
                    cell.children.append(self._cell([members[i] for i in chosen.tolist()]))
            cell.shown, cell.error = self._seen_from_afar(members)
        return cell

    def _frame(self, members: list[int]) -> Float64:
        """Near the middle of stations, but on a lattice, so that it does not move with every change."""
        middle = ecef_to_geographic(self.ecef[members].mean(axis=0)[None])[0]
        return frame_matrix(np.array([*np.round(middle[:2] / _LATTICE) * _LATTICE, 0.0]))

    def _seen_from_afar(self, members: list[int]) -> tuple[list[int], float]:
        """One station of each small square, the worst off, of those the first; and the squares' size [m]."""
        extent = int(np.ptp(self.fine[members], axis=0).max())
        shift = max(extent.bit_length() - _SQUARES, 0)
        chosen: dict[tuple[int, int], int] = {}
        for i in sorted(members, key=lambda i: (-STATES.index(self.stations[i].state), i)):
            x, y = (int(v) for v in self.fine[i] >> shift)
            chosen.setdefault((x, y), i)
        return sorted(chosen.values()), 360 / 2 ** (_DEEPEST - shift) * _METRES_PER_DEGREE

    def _tile(self, cell: _Cell) -> Tile:
        stations = [self.stations[i] for i in cell.shown]
        digest = hashlib.blake2b(digest_size=8)
        digest.update(f"{FORMAT} {cell.key}".encode())
        for s in stations:
            digest.update(repr(row(s)).encode())
        digest.update(self.positions[cell.shown].tobytes() + cell.frame.tobytes())
        name = f"{cell.key}.{digest.hexdigest()}.glb"
        path = self.target / name
        local = (self.ecef[cell.shown] - cell.frame[:3, 3]) @ cell.frame[:3, :3]
        if not path.exists():
            temporary = path.with_suffix(".new")
            temporary.write_bytes(content(stations, local, self.now))
            temporary.replace(path)
            self.report.written += 1
        size = path.stat().st_size
        self.report.tiles += 1
        self.report.bytes += size
        triangles = len(stations) * FACES
        reach = RADIUS + float(np.abs(local).max()) * _ROUNDING
        if not cell.children:
            self.report.triangles += triangles
        return Tile(
            cell.key,
            cell.frame,
            name,
            local.min(axis=0) - reach,
            local.max(axis=0) + reach,
            cell.error,
            triangles,
            len(stations),
            size,
            [self._tile(child) for child in cell.children],
        )


def _named(path: Path) -> set[str]:
    """The contents that the tileset.json of the last refresh names."""
    try:
        return set(contents(json.loads(path.read_bytes())))
    except (OSError, ValueError, KeyError):
        return set()
