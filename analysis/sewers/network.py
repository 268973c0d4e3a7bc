"""The sewer network as geometry: nodes and pipes in three dimensions, and layers for a viewer.

Pipes follow their vertices; their ends stand at the offsets of the links, and inverts are linear between.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.sewers.inp import InputFile
from analysis.sewers.swmm import LINK_TYPES, NODE_TYPES, Engine

if TYPE_CHECKING:
    from analysis.sewers.result import SewerResult

Float64 = npt.NDArray[np.float64]
Place = Callable[[Float64], Float64]
"""Coordinates `(n, 3)` of the file to longitude, latitude [degrees] and height [m]."""

_UNKNOWN_DEPTH = ("IRREGULAR", "STREET", "DUMMY")
_ROUND = ("CIRCULAR", "FORCE_MAIN", "FILLED_CIRCULAR")
_LAYER = {"surcharge": "node", "above_rim": "node", "exchange": "node", "fill": "link", "flow": "link"}


@dataclass(frozen=True)
class Network:
    """A network in the coordinates of its file, heights in [m].

    node_xyz `(n, 3)`: at the invert, NaN east and north without coordinates. rim, crown `(n,)`: top of the
    shaft, and of the highest link. start, end `(m,) int`: nodes of each link. line `(k, 3)`: points of all
    links at their inverts, of which link i has offsets[i] to offsets[i + 1]. shape: the cross-section's name
    in SWMM. full_depth, width `(m,)` [m], NaN where the file does not tell; barrels.
    """

    node_names: list[str]
    node_type: list[str]
    node_xyz: Float64
    rim: Float64
    crown: Float64
    link_names: list[str]
    link_type: list[str]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    line: Float64
    offsets: npt.NDArray[np.int64]
    shape: list[str]
    full_depth: Float64
    width: Float64
    barrels: npt.NDArray[np.int64]


def network_of(source: InputFile, engine: Engine) -> Network:
    """The network of an opened model."""
    places = source.points("COORDINATES")
    nothing = [(np.nan, np.nan)]
    xy = np.array([places.get(n, nothing)[-1] for n in engine.node_names], dtype=np.float64).reshape(-1, 2)
    start, end = engine.connections.T
    sections = source.table("XSECTIONS")
    found = [_section(sections.get(name, [])) for name in engine.link_names]
    depth = np.array([engine.length(s[1]) for s in found], dtype=np.float64)
    width = np.array([engine.length(s[2]) for s in found], dtype=np.float64)
    low = np.stack([engine.invert[start], engine.invert[end]], axis=1) + engine.offsets
    crown = engine.invert.copy()
    for side, nodes in enumerate((start, end)):
        np.maximum.at(crown, nodes, np.nan_to_num(low[:, side] + depth, nan=-np.inf))
    vertices = source.points("VERTICES")
    parts = [
        _line(np.array([xy[start[i]], *vertices.get(name, []), xy[end[i]]], dtype=np.float64), low[i])
        for i, name in enumerate(engine.link_names)
    ]
    return Network(
        node_names=engine.node_names,
        node_type=[NODE_TYPES[t] for t in engine.node_type],
        node_xyz=np.column_stack([xy, engine.invert]),
        rim=engine.invert + engine.full_depth,
        crown=crown,
        link_names=engine.link_names,
        link_type=[LINK_TYPES[t] for t in engine.link_type],
        start=start,
        end=end,
        line=np.concatenate(parts) if parts else np.empty((0, 3)),
        offsets=np.cumsum([0, *(len(p) for p in parts)]),
        shape=[s[0] for s in found],
        full_depth=depth,
        width=width,
        barrels=np.array([s[3] for s in found], dtype=np.int64),
    )


def _section(words: list[str]) -> tuple[str, float, float, int]:
    """Shape, full depth, width and barrels of a line of XSECTIONS, in its units."""
    if not words:
        return "DUMMY", np.nan, np.nan, 1
    shape = words[0].upper()
    numbers = [_number(w) for w in words[1:6]] + [np.nan] * 5
    depth = np.nan if shape in _UNKNOWN_DEPTH else numbers[0]
    width = depth if shape in _ROUND else numbers[1]
    return shape, depth, width if width > 0 else np.nan, int(numbers[4]) if numbers[4] > 0 else 1


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return np.nan


def _line(xy: Float64, low: Float64) -> Float64:
    """Points of one link `(k, 3)`, the height linear along its length."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    share = along / along[-1] if along[-1] > 0 else np.linspace(0.0, 1.0, len(xy))
    return np.column_stack([xy, low[0] + share * (low[1] - low[0])])


def features(network: Network, place: Place | None = None) -> dict[str, Any]:
    """GeoJSON: a point at the rim of each node, a line along the axis of each link, properties in [m].

    Their `index` is the column of the arrays of `write_layer`. place: to longitude, latitude and height;
    without it the coordinates stay those of the file, which readers of GeoJSON will not understand. What has
    no coordinates is left out.
    """
    made: list[dict[str, Any]] = []
    tops = np.column_stack([network.node_xyz[:, :2], network.rim])
    axis = network.line.copy()
    half = np.repeat(np.nan_to_num(network.full_depth) / 2, np.diff(network.offsets))
    axis[:, 2] += half
    seen_node = np.asarray(np.isfinite(tops).all(axis=1))
    seen_line = np.asarray(np.isfinite(axis).all(axis=1))
    if place is not None:
        tops, axis = tops.copy(), axis.copy()
        tops[seen_node], axis[seen_line] = place(tops[seen_node]), place(axis[seen_line])
    for i, name in enumerate(network.node_names):
        if seen_node[i]:
            properties = {
                "id": name, "index": i, "kind": "node", "type": network.node_type[i],
                "invert": _rounded(network.node_xyz[i, 2]), "rim": _rounded(network.rim[i]),
                "depth": _rounded(network.rim[i] - network.node_xyz[i, 2]),
            }  # fmt: skip
            made.append(_feature("Point", tops[i].tolist(), properties))
    for i, name in enumerate(network.link_names):
        part = slice(network.offsets[i], network.offsets[i + 1])
        if seen_line[part].all():
            properties = {
                "id": name, "index": i, "kind": "link", "type": network.link_type[i],
                "from": network.node_names[network.start[i]], "to": network.node_names[network.end[i]],
                "shape": network.shape[i], "full_depth": _rounded(network.full_depth[i]),
                "width": _rounded(network.width[i]), "barrels": int(network.barrels[i]),
                "invert_from": _rounded(network.line[part][0, 2]),
                "invert_to": _rounded(network.line[part][-1, 2]),
            }  # fmt: skip
            made.append(_feature("LineString", axis[part].tolist(), properties))
    return {"type": "FeatureCollection", "features": made}


def write_layer(folder: Path, network: Network, result: SewerResult, place: Place | None = None) -> Path:
    """The network and its states as files for a viewer: `sewers.geojson`, `sewers.json` and `sewers.f32`.

    The JSON tells times [s] and, for each variable, its unit, dimension ("node" or "link"), the shape
    `(times, columns)`, where it starts in the binary file [bytes], and its range. Values are little-endian
    float32, NaN where unknown. Returns the path of the JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(features(network, place), ensure_ascii=False, allow_nan=False)
    (folder / "sewers.geojson").write_text(text, encoding="utf-8")
    series = result.series
    described: dict[str, Any] = {}
    at = 0
    with (folder / "sewers.f32").open("wb") as file:
        for name, dimension in _LAYER.items():
            values = np.ascontiguousarray(series[name].values, dtype="<f4")
            known = values[np.isfinite(values)]
            described[name] = {
                "unit": series[name].attrs["units"], "title": series[name].attrs["long_name"],
                "dimension": dimension, "shape": list(values.shape), "offset": at,
                "range": [float(known.min()), float(known.max())] if known.size else None,
            }  # fmt: skip
            file.write(values.tobytes())
            at += values.nbytes
    about = {"geometry": "sewers.geojson", "data": "sewers.f32", "time": series["time"].values.tolist(),
             "variables": described}  # fmt: skip
    path = folder / "sewers.json"
    path.write_text(json.dumps(about, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return path


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties,
    }


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
