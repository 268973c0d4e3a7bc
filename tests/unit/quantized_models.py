"""Decodes quantized-mesh terrain tiles, on its own."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tiles.terrain import tile_bounds


@dataclass
class Mesh:
    """A decoded tile: lon, lat, height (n, 3), triangles (t, 3), normals (n, 3), and its header."""

    llh: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray
    edges: list[np.ndarray]
    normals: np.ndarray
    center: np.ndarray
    low: float
    high: float
    sphere: np.ndarray
    horizon: np.ndarray

    def height_at(self, uv: np.ndarray) -> np.ndarray:
        """The height of the surface at one point (2,) of the unit square."""
        a, b, c = (self.uv[self.triangles[:, k]] for k in range(3))
        area = np.cross(
            np.column_stack([b - a, np.zeros(len(a))]), np.column_stack([c - a, np.zeros(len(a))])
        )[:, 2]

        def part(p: np.ndarray, q: np.ndarray) -> np.ndarray:
            return (p[:, 0] - uv[0]) * (q[:, 1] - uv[1]) - (p[:, 1] - uv[1]) * (q[:, 0] - uv[0])

        weights = np.stack([part(b, c), part(c, a), part(a, b)], axis=1) / area[:, None]
        best = weights.min(axis=1).argmax()
        assert weights[best].min() > -1e-6
        return weights[best] @ self.llh[self.triangles[best], 2]


def decode(content: bytes, bounds: tuple[float, float, float, float]) -> Mesh:
    header = struct.unpack_from("<3d2f4d3d", content)
    low, high = header[3:5]
    (count,) = struct.unpack_from("<I", content, 88)
    offset = 92
    zigzag = np.frombuffer(content, "<u2", 3 * count, offset).astype(np.int64).reshape(3, count)
    u, v, h = np.cumsum((zigzag >> 1) ^ -(zigzag & 1), axis=1)
    offset += 6 * count
    (triangle_count,) = struct.unpack_from("<I", content, offset)
    codes = np.frombuffer(content, "<u2", 3 * triangle_count, offset + 4)
    offset += 4 + 6 * triangle_count
    indices, highest = np.empty(len(codes), np.int64), 0
    for i, code in enumerate(codes.tolist()):
        indices[i] = highest - code
        highest += code == 0
    edges = []
    for _ in range(4):
        (length,) = struct.unpack_from("<I", content, offset)
        edges.append(np.frombuffer(content, "<u2", length, offset + 4).astype(np.int64))
        offset += 4 + 2 * length
    extension, size = struct.unpack_from("<BI", content, offset)
    assert (extension, size) == (1, 2 * count)
    oct_xy = np.frombuffer(content, "u1", 2 * count, offset + 5).reshape(count, 2) / 255 * 2 - 1
    assert offset + 5 + size == len(content)
    z = 1 - np.abs(oct_xy).sum(axis=1)
    fold = np.maximum(-z, 0)[:, None]
    xy = oct_xy - np.where(oct_xy >= 0, fold, -fold)
    normals = np.column_stack([xy, z])
    west, south, east, north = bounds
    uv = np.column_stack([u, v]) / 32767
    llh = np.column_stack(
        [west + uv[:, 0] * (east - west), south + uv[:, 1] * (north - south), low + h / 32767 * (high - low)]
    )
    return Mesh(
        llh=llh,
        uv=uv,
        triangles=indices.reshape(-1, 3),
        edges=edges,
        normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
        center=np.array(header[:3]),
        low=low,
        high=high,
        sphere=np.array(header[5:9]),
        horizon=np.array(header[9:]),
    )


def load(folder: Path) -> dict[tuple[int, int, int], Mesh]:
    tiles = {}
    for path in folder.rglob("*.terrain"):
        level, x, y = int(path.parts[-3]), int(path.parts[-2]), int(path.stem)
        tiles[level, x, y] = decode(path.read_bytes(), tile_bounds(level, x, y))
    return tiles
