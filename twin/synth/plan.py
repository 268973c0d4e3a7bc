"""The plan of the sample district: streams, streets and blocks in a local frame.

The local frame has x across the district (from Pyeonggang stream in the west to Maekdo river in the
east) and y along the streams; both in metres from the district's centre. Streams are gentle waves
`x(y)`. Between two neighbouring streams lies a strip; its north-south streets blend the courses of the
two streams, its east-west streets are straight, so that blocks follow the water. Strips and rows are
added until the wanted number of buildings finds room; inner streams of larger districts are canals.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from citygml.model import Float64

# The point 128.93° E, 35.13° N (between the two streams of Busan Eco Delta City) in EPSG:5187, by
# pyproj.Transformer.from_crs("EPSG:4326", "EPSG:5187", always_xy=True).transform(128.93, 35.13)
# = (193619.95, 281519.55), rounded to 10 m.
ORIGIN = (193_620.0, 281_520.0)
ROTATION = np.radians(-9.0)

LEVEE_TOE = 41.0  # from the shoreline to the inner toe of the levee [m]
RIVERSIDE = LEVEE_TOE + 29.0  # from the shoreline to the axis of the riverside street [m]
MARGIN = 110.0  # land beyond the outer streams and the first and last street [m]
ROW_PITCH = 132.0  # between the axes of two east-west streets [m]
BUILDINGS_PER_ROW = {2: 28.0, 4: 62.0, 6: 70.0}  # of one strip, about what the rows hold

# Which columns of the full pattern (`block_kind`) a strip of 2, 4 or 6 blocks across has.
COLUMNS = {2: (0, 3), 4: (0, 1, 3, 5), 6: (0, 1, 2, 3, 4, 5)}
COLUMN_WIDTH = {0: 122.0, 1: 148.0, 2: 116.0, 3: 116.0, 4: 148.0, 5: 122.0}  # of a block [m]


@dataclass(frozen=True, slots=True)
class Section:
    """The cross-section of a street: half widths [m], from the axis outwards."""

    name: str
    median: float
    carriageway: float
    cycleway: float
    verge: float
    footway: float

    @property
    def half(self) -> float:
        return self.carriageway + self.cycleway + self.verge + self.footway

    @property
    def side(self) -> float:
        """From the kerb to the edge of the street [m]."""
        return self.half - self.carriageway


BOULEVARD = Section("boulevard", 2.0, 10.5, 2.0, 2.2, 5.3)
ARTERIAL = Section("arterial", 0.0, 7.0, 2.0, 1.8, 3.2)
LOCAL = Section("local", 0.0, 3.6, 0.0, 1.6, 2.8)
COUNTRY = Section("arterial", 0.0, 7.4, 0.0, 0.0, 3.0)  # beyond the bridges
ALLEY = Section("alley", 0.0, 3.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """The rotation and shift between the local frame and EPSG:5187 (east, north)."""

    east: float = ORIGIN[0]
    north: float = ORIGIN[1]
    angle: float = float(ROTATION)

    def to_world(self, xy: Float64) -> Float64:
        """Local (..., 2) to east, north (..., 2)."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        x, y = xy[..., 0], xy[..., 1]
        return np.stack([self.east + c * x - s * y, self.north + s * x + c * y], axis=-1)

    def to_local(self, xy: Float64) -> Float64:
        c, s = np.cos(self.angle), np.sin(self.angle)
        x, y = xy[..., 0] - self.east, xy[..., 1] - self.north
        return np.stack([c * x + s * y, -s * x + c * y], axis=-1)


@dataclass(frozen=True, slots=True)
class Block:
    """A block between four streets: its place in the grid and what it is for."""

    strip: int
    column: int
    row: int
    kind: str

    @property
    def key(self) -> tuple[int, int, int]:
        return self.strip, self.column, self.row


@dataclass(slots=True)
class Plan:
    """Streams, streets and blocks.

    Streams are indexed 0..strips from west to east; `stream_*` arrays have strips + 1 values.
    north-south streets of a strip 0..columns; east-west streets 0..rows at `row_y` (rows + 1,).
    """

    seed: int
    buildings: int
    strips: int
    columns: int
    rows: int
    frame: Frame
    stream_base: Float64
    stream_half: Float64
    stream_wave: Float64  # (strips + 1, 3): amplitude [m], wave number [1/m], phase
    row_y: Float64
    fractions: Float64  # (columns + 1,) where north-south streets lie between the riverside streets
    blocks: list[Block] = field(default_factory=list)

    @property
    def pattern(self) -> tuple[int, ...]:
        return COLUMNS[self.columns]

    def stream_x(self, stream: int | Float64, y: float | Float64) -> Float64:
        """x of the stream's axis at y (arrays broadcast)."""
        index = np.asarray(stream, dtype=np.intp)
        amplitude, number, phase = np.moveaxis(self.stream_wave[index], -1, 0)
        wave: Float64 = self.stream_base[index] + amplitude * np.sin(number * np.asarray(y) + phase)
        return wave

    def column_section(self, column: int) -> Section:
        """Of the north-south street before block `column`."""
        return BOULEVARD if column == self.columns // 2 and self.columns > 2 else LOCAL

    def row_section(self, row: int) -> Section:
        """Of the east-west street before row `row`."""
        return ARTERIAL if self.is_arterial(row) else LOCAL

    def is_arterial(self, row: int) -> bool:
        return (row - (self.rows + 1) // 2) % 2 == 0

    def has_bridge(self, row: int) -> bool:
        return self.is_arterial(row) and 0 < row < max(self.rows, 2)

    def street_x(self, strip: int, column: int, y: float | Float64) -> Float64:
        """x of the axis of a north-south street at y."""
        west: Float64 = self.stream_x(strip, y) + self.stream_half[strip] + RIVERSIDE
        east: Float64 = self.stream_x(strip + 1, y) - self.stream_half[strip + 1] - RIVERSIDE
        return west + float(self.fractions[column]) * (east - west)

    def block_sides(self, block: Block, y: Float64) -> tuple[Float64, Float64]:
        """x of the western and eastern edge of a block at y, each like y."""
        west = self.street_x(block.strip, block.column, y) + self.column_section(block.column).half
        east = self.street_x(block.strip, block.column + 1, y) - self.column_section(block.column + 1).half
        return west, east

    def block_y(self, block: Block) -> tuple[float, float]:
        """y of the southern and northern edge of a block."""
        south = float(self.row_y[block.row]) + self.row_section(block.row).half
        north = float(self.row_y[block.row + 1]) - self.row_section(block.row + 1).half
        return south, north

    def block_points(self, block: Block, s: Float64, y: Float64) -> Float64:
        """(n, 2) local points at fractions `s` (n,) across the block and at `y` (n,)."""
        west, east = self.block_sides(block, y)
        return np.stack([west + s * (east - west), y], axis=-1)

    def place(self, block: Block, s: float, y: float) -> tuple[float, float]:
        """The local point at fraction `s` across the block and at `y`."""
        west, east = self.block_sides(block, np.array(y))
        return float(west + s * (east - west)), y

    def block_centre(self, block: Block) -> Float64:
        south, north = self.block_y(block)
        return np.array(self.place(block, 0.5, (south + north) / 2))

    def extent(self) -> tuple[float, float, float, float]:
        """Least and greatest x and y of the modelled ground, in the local frame."""
        low = self.stream_base[0] - self.stream_wave[0, 0] - self.stream_half[0] - LEVEE_TOE - MARGIN
        high = self.stream_base[-1] + self.stream_wave[-1, 0] + self.stream_half[-1] + LEVEE_TOE + MARGIN
        return float(low), float(high), float(self.row_y[0]) - MARGIN, float(self.row_y[-1]) + MARGIN

    def world_bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the modelled ground in EPSG:5187, on whole 10 m."""
        x0, x1, y0, y1 = self.extent()
        corners = self.frame.to_world(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))
        west, south = np.floor(corners.min(axis=0) / 10) * 10
        east, north = np.ceil(corners.max(axis=0) / 10) * 10
        return float(west), float(south), float(east), float(north)

    def rng(self, *key: int) -> np.random.Generator:
        """A generator of its own for each purpose, so that one layer does not disturb another."""
        return np.random.default_rng([self.seed, *key])


def block_kind(column: int, row: int) -> str:
    """What a block of the full pattern is for; `row` counts from the middle of the strip."""
    turn = row % 6
    if column in (0, 5):
        if column == 5 and turn == 4:
            return "industry"
        if column == 0 and turn in (0, 5):
            return ("waterfront", "row")[turn != 0]
        return "row" if (turn + column) % 3 == 0 else "detached"
    if column in (1, 4):
        if (column, turn) in ((1, 1), (4, 5)):
            return "school"
        return "apartment"
    if turn == 0:
        return "park" if column == 2 else "landmark"
    return "mixed" if (column + turn) % 3 == 0 else "commercial"


def make_plan(buildings: int, seed: int, *, spare_rows: int = 0) -> Plan:
    """The plan for this many buildings; `spare_rows` adds rows when the first plan holds too few."""
    rng = np.random.default_rng([seed, 1])
    columns = 2 if buildings < 50 else 4 if buildings < 150 else 6
    strips = max(1, round((buildings / 420) ** 0.5))
    rows = max(1, int(np.ceil(buildings / (strips * BUILDINGS_PER_ROW[columns])))) + spare_rows
    outer = np.array([27.0, 36.0])
    half = np.full(strips + 1, 13.0)
    half[[0, -1]] = outer
    number = 2 * np.pi / rng.uniform(780, 1050, strips + 1)
    wave = np.stack([rng.uniform(20, 30, strips + 1), number, rng.uniform(0, 2 * np.pi, strips + 1)], axis=1)
    wave[1:-1, 0] *= 0.5
    plan = Plan(
        seed=seed,
        buildings=buildings,
        strips=strips,
        columns=columns,
        rows=rows,
        frame=Frame(),
        stream_base=np.zeros(strips + 1),
        stream_half=half,
        stream_wave=wave,
        row_y=np.asarray(np.arange(rows + 1) - rows / 2, dtype=np.float64) * ROW_PITCH,
        fractions=np.zeros(columns + 1),
    )
    sections = np.array([plan.column_section(j).half for j in range(columns + 1)])
    pitches = np.array([COLUMN_WIDTH[c] for c in plan.pattern]) + sections[:-1] + sections[1:]
    plan.fractions = np.concatenate([[0.0], np.cumsum(pitches)]) / pitches.sum()
    gaps = pitches.sum() + half[:-1] + half[1:] + 2 * RIVERSIDE
    base = np.concatenate([[0.0], np.cumsum(gaps)])
    plan.stream_base = base - base[-1] / 2
    plan.blocks = [
        Block(strip, j, row, block_kind(column, row - rows // 2))
        for strip in range(strips)
        for row in range(rows)
        for j, column in enumerate(plan.pattern)
    ]
    return plan
