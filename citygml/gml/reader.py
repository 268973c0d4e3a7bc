"""`GmlReader`: a CityGML 1.0, 2.0 or 3.0 file as a stream of city objects with their geometry as arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from citygml.codelists import CodeLists
from citygml.errors import UnknownCrs, UnsafeInput
from citygml.gml.assemble import Assembly
from citygml.gml.features import FeatureReader
from citygml.gml.geometry import GeometryReader
from citygml.gml.ids import Ids
from citygml.gml.names import Names
from citygml.gml.resolve import Resolver
from citygml.gml.stream import Head, read_head
from citygml.gml.stream import features as top_level
from citygml.gml.values import Values
from citygml.model import Batches, CityObject, Float64, ModelInfo
from citygml.reading import Gathered, ReadOptions

RINGS_PER_BATCH = 50_000


class GmlReader:
    """Reads one file. Vertices come out east, north, up, whatever the axis order of the file's CRS; the
    arrays of one batch share memory. Raises NotACityModel or UnsafeInput, at once or while streaming."""

    def __init__(self, path: str | Path, options: ReadOptions | None = None) -> None:
        self.path = Path(path)
        self.gathered = Gathered()
        self._options = options or ReadOptions()
        self._head = read_head(self.path)
        self._swap, self._degrees = axes(self._head, self._options.crs)
        self.info = self._describe(self._head)

    def _describe(self, head: Head) -> ModelInfo:
        corners = [_numbers(text) for text in head.envelope]
        envelope = None
        if len(corners) == 2 and all(len(c) in (2, 3) for c in corners):
            envelope = np.array([[*c, np.nan][:3] for c in corners])
            envelope = envelope[:, [1, 0, 2]] if self._swap else envelope
        return ModelInfo("CityGML", head.version, head.srs_name, head.name, envelope, head.metadata)

    def batches(self) -> Batches:
        """Stream the objects once, parents before their children."""
        head, findings = self._head, self.gathered.findings
        names = Names(head.prefixes)
        values = Values(names, CodeLists(self.path), findings)
        geometry = GeometryReader(head.gml_namespace)
        ids = Ids(self.path.stem, findings)
        features = FeatureReader(names, values, geometry, head.gml_namespace, ids.new, findings)
        resolver = Resolver(self.path, head, geometry, self._options, self.gathered, self._swap)
        objects: list[CityObject] = []
        assembly = self._new_assembly(geometry)
        for element in top_level(self.path, head, geometry.triangles):
            try:
                drafts = features.read(element, len(objects))
                resolver.finish(drafts, features, assembly)
            except RecursionError:
                raise UnsafeInput(f"{self.path}: its elements are nested too deeply") from None
            objects.extend(draft.object for draft in drafts)
            features.forget()
            del element, drafts  # lxml frees a tree in linear time only when nothing refers into it
            if len(objects) >= self._options.batch or len(geometry.table.texts) >= RINGS_PER_BATCH:
                assembly.finish(objects, findings)
                batch, objects = objects, []
                assembly = self._new_assembly(geometry)
                yield batch
        assembly.finish(objects, findings)
        if objects:
            yield objects
        ids.check_links(features.links, self.path)

    def _new_assembly(self, geometry: GeometryReader) -> Assembly:
        planar = self._head.dimension != "3" and not any(
            len(text.split()) == 3 for text in self._head.envelope
        )
        assembly = Assembly(self._swap, self._degrees, self._options.keep_ids, planar)
        geometry.start(assembly.rings)
        return assembly


def axes(head: Head, crs: str | None) -> tuple[bool, bool]:
    """Whether the file's first coordinate is the north or latitude, and whether it is in degrees.

    crs: replaces the file's srsName. A missing or unknown one leaves the order of the file.
    """
    from citygml import crs as systems

    name = crs or head.srs_name
    if name is None:
        return False, False
    corners = [c for c in map(_numbers, head.envelope) if len(c) >= 2 and np.any(c)]
    sample = [c[:2] for c in corners] if len(corners) == 2 else [_numbers(head.sample or "")[:2]]
    try:
        system = systems.parse(name)
    except UnknownCrs:
        return False, False
    swap = system.swap_axes
    if len(sample[0]) == 2:
        swap = systems.resolve_axis_order(system, np.array(sample))
    return swap, system.is_geographic


def _numbers(text: str) -> Float64:
    try:
        return np.array(text.split(), np.float64)
    except ValueError:
        return np.empty(0)
