"""Buildings, storeys, rooms and building elements of an IFC file as city objects.

Georeferenced by IfcMapConversion when the file has one (coordinates then are those of its projected CRS),
else local, in metres. Every geometry is the product's triangles, LoD 3, with its surface colours as
materials. ifcopenshell holds the whole file in memory; geometry is made product by product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from citygml.errors import NotACityModel, UnsupportedFormat
from citygml.findings import Finding
from citygml.ifc.attributes import attributes, library, symbol
from citygml.model import Batches, CityObject, Float64, Geometry, Int32, Material, ModelInfo
from citygml.reading import Gathered, ReadOptions

LOD: Final = "3"
THEME: Final = "ifc"
_CLASSES: Final = (
    ("IfcBuilding", "Building"),
    ("IfcBuildingStorey", "BuildingStorey"),
    ("IfcSpace", "BuildingRoom"),
    ("IfcSite", "LandUse"),
    ("IfcFurnishingElement", "BuildingFurniture"),
    ("IfcStair", "BuildingInstallation"),
    ("IfcStairFlight", "BuildingInstallation"),
    ("IfcRamp", "BuildingInstallation"),
    ("IfcRampFlight", "BuildingInstallation"),
    ("IfcRailing", "BuildingInstallation"),
    ("IfcDistributionElement", "BuildingInstallation"),
    ("IfcTransportElement", "BuildingInstallation"),
)
_WITHOUT_BODY: Final = ("IfcFeatureElement", "IfcVirtualElement")


class IfcReader:
    """One IFC file. Raises UnsupportedFormat without the extra `ifc`, NotACityModel for a bad file."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self.path = path
        self.options = options
        self.gathered = Gathered()
        self._file = _open(path)
        self._place = _placement(self._file)
        self._ids: set[str] = set()
        self.info = self._describe()

    def batches(self) -> Batches:
        """Each building with all that is in it, then what belongs to no building."""
        batch: list[CityObject] = []
        for obj in self._objects():
            batch.append(obj)
            if len(batch) >= self.options.batch:
                yield batch
                batch = []
        if batch:
            yield batch

    def _describe(self) -> ModelInfo:
        geolocation = library("util.geolocation")
        unit = library("util.unit")

        crs = (
            next(iter(self._file.by_type("IfcProjectedCRS")), None) if self._file.schema != "IFC2X3" else None
        )
        project = next(iter(self._file.by_type("IfcProject")), None)
        site = next(iter(self._file.by_type("IfcSite")), None)
        length = unit.get_project_unit(self._file, "LENGTHUNIT")
        self._length_unit = symbol(length) if length is not None else "m"
        metadata: dict[str, Any] = {"georeferenced": self._place is not None, "lengthUnit": self._length_unit}
        if site is not None and site.RefLatitude and site.RefLongitude:
            metadata["siteLatitude"] = geolocation.dms2dd(*site.RefLatitude)
            metadata["siteLongitude"] = geolocation.dms2dd(*site.RefLongitude)
        if site is not None and site.RefElevation is not None:
            metadata["siteElevation"] = site.RefElevation
        srs_name = crs.Name if crs is not None and self._place is not None else None
        return ModelInfo(
            "IFC",
            self._file.schema,
            self.options.crs or srs_name,
            project.Name if project is not None else None,
            metadata=metadata,
        )

    def _objects(self) -> Iterator[CityObject]:
        groups: dict[str, list[Any]] = {}
        spatial: dict[str, list[Any]] = {}
        for product in _products(self._file):
            building = _building(product)
            key = building.GlobalId if building is not None else ""
            structural = product.is_a("IfcSpatialStructureElement")
            (spatial if structural else groups).setdefault(key, []).append(product)
        for key in sorted({*spatial, *groups}, key=lambda k: (k == "", k)):
            ordered = sorted(spatial.get(key, []), key=_rank)
            known = {product.GlobalId for product in ordered}
            for product in ordered:
                yield from self._with_shapes([product], known)
            yield from self._with_shapes(groups.get(key, []), known)

    def _with_shapes(self, products: list[Any], parents: set[str]) -> Iterator[CityObject]:
        """Objects of these products, as their geometry gets ready; those without come last."""
        waiting = {p.id(): p for p in products}
        wanted = self.options.lods is None or LOD in self.options.lods
        shaped = [p for p in products if wanted and p.Representation is not None]
        for number, shape in self._shapes(shaped):
            yield self._object(waiting.pop(number), parents, shape)
        for product in waiting.values():
            city_object = self._object(product, parents, None)
            if wanted and product.Representation is not None:
                message = f"no geometry could be made of this {product.is_a()}"
                self.gathered.findings.append(Finding("geometry-not-read", message, city_object.id))
            yield city_object

    def _shapes(self, products: list[Any]) -> Iterator[tuple[int, Any]]:
        """The number of each product in the file, and its triangles."""
        geom = library("geom")

        if not products:
            return
        settings = geom.settings()
        settings.set("use-world-coords", True)
        iterator = geom.iterator(settings, self._file, 1, include=products)
        if not iterator.initialize():
            return
        while True:
            shape = iterator.get()
            yield shape.id, shape.geometry
            if not iterator.next():
                return

    def _object(self, product: Any, parents: set[str], shape: Any) -> CityObject:
        values = attributes(product, self._length_unit)
        obj = CityObject(self._id(product), _class(product), attributes=values)
        container = _container(product)
        while container is not None and container.GlobalId not in parents:
            container = _container(container)
        if container is not None:
            obj.parent = container.GlobalId
        obj.relations = _relations(product)
        if shape is not None:
            self._add_geometry(obj, shape)
        return obj

    def _id(self, product: Any) -> str:
        """Its GlobalId; one that another product has already gets its number in the file behind it."""
        found = str(product.GlobalId)
        if found in self._ids:
            message = f"another product has this GlobalId already; kept as {found}-{product.id()}"
            self.gathered.findings.append(Finding("duplicate-id", message, found))
            found = f"{found}-{product.id()}"
        self._ids.add(found)
        return found

    def _add_geometry(self, obj: CityObject, shape: Any) -> None:
        vertices = np.frombuffer(shape.verts_buffer, np.float64).reshape(-1, 3)
        faces = np.frombuffer(shape.faces_buffer, np.int32)
        if not len(faces):
            return
        count = len(faces) // 3
        geometry = Geometry(
            "MultiSurface",
            LOD,
            self._placed(vertices)[faces],
            np.arange(0, len(faces) + 1, 3, dtype=np.int32),
            np.arange(count + 1, dtype=np.int32),
            role="MultiSurface",
        )
        colours = np.array(shape.material_ids, np.int32)
        if (colours >= 0).any():
            geometry.materials = {THEME: _used(obj, colours, shape.materials)}
        obj.geometries.append(geometry)

    def _placed(self, vertices: Float64) -> Float64:
        if self._place is None:
            return vertices
        return np.asarray(vertices @ self._place[:3, :3].T + self._place[:3, 3])


def _open(path: Path) -> Any:
    try:
        ifcopenshell: Any = import_module("ifcopenshell")
    except ImportError as error:
        raise UnsupportedFormat(f'{path}: reading IFC needs an extra: pip install "citytwin[ifc]"') from error
    with path.open("rb") as file:
        size = path.stat().st_size
        file.seek(max(0, size - 1024))
        if b"END-ISO-10303-21" not in file.read():
            raise NotACityModel(f"{path}: the file is cut off (END-ISO-10303-21 is missing); get it again")
    try:
        return ifcopenshell.open(str(path))
    except (ifcopenshell.Error, OSError, RuntimeError) as error:
        raise NotACityModel(f"{path}: not an IFC file ({error})") from error


def _placement(file: Any) -> Float64 | None:
    """(4, 4) float64 from metres of the model to the projected CRS, or None when it is not georeferenced.

    The map conversion is a similarity (IFC 4.3, IfcMapConversion), so four points tell all of it.
    """
    geolocation = library("util.geolocation")
    unit = library("util.unit")

    if geolocation.get_helmert_transformation_parameters(file) is None:
        return None
    metre = 1.0 / unit.calculate_unit_scale(file)
    points = [(0.0, 0.0, 0.0), (metre, 0.0, 0.0), (0.0, metre, 0.0), (0.0, 0.0, metre)]
    mapped = np.array([geolocation.auto_xyz2enh(file, *p) for p in points])
    matrix = np.eye(4)
    matrix[:3, :3] = (mapped[1:] - mapped[0]).T
    matrix[:3, 3] = mapped[0]
    return matrix


def _products(file: Any) -> Iterable[Any]:
    for product in file.by_type("IfcProduct"):
        spatial = product.is_a("IfcSpatialStructureElement")
        element = product.is_a("IfcElement") and not any(product.is_a(name) for name in _WITHOUT_BODY)
        if element or (spatial and (product.Representation is not None or not product.is_a("IfcSite"))):
            yield product


def _class(product: Any) -> str:
    return next((ours for name, ours in _CLASSES if product.is_a(name)), "BuildingConstructiveElement")


def _rank(product: Any) -> int:
    ranks = {"Building": 0, "BuildingStorey": 1}
    return ranks.get(_class(product), 2)


def _container(product: Any) -> Any:
    """The spatial element that holds this product, directly or as part of another element."""
    element = library("util.element")

    found = element.get_container(product)
    if found is None:
        found = element.get_aggregate(product)
    while found is not None and not found.is_a("IfcSpatialStructureElement"):
        found = element.get_container(found) or element.get_aggregate(found)
    return found


def _building(product: Any) -> Any:
    while product is not None and not product.is_a("IfcBuilding"):
        product = _container(product)
    return product


def _relations(product: Any) -> list[tuple[str, str]]:
    """`partOf` an assembly; `fills` the wall whose opening a window or door closes."""
    element = library("util.element")

    relations = []
    whole = element.get_aggregate(product)
    if whole is not None and whole.is_a("IfcElement"):
        relations.append(("partOf", whole.GlobalId))
    fills = getattr(product, "FillsVoids", None) or ()
    voids = [v for f in fills for v in getattr(f.RelatingOpeningElement, "VoidsElements", None) or ()]
    relations += [("fills", void.RelatingBuildingElement.GlobalId) for void in voids]
    return relations


def _used(obj: CityObject, indices: Int32, styles: Any) -> Int32:
    """The styles as materials of the object, and the indices of the triangles into them."""
    used = np.unique(indices[indices >= 0])
    position = np.full(len(styles) + 1, -1, np.int32)
    position[used] = np.arange(len(used))
    for i in used.tolist():
        style = styles[i]
        colour = style.diffuse
        transparency = style.transparency
        obj.materials.append(
            Material(
                style.name or None,
                diffuse=(colour.r(), colour.g(), colour.b()),
                transparency=float(transparency) if np.isfinite(transparency) else None,
            )
        )
    return position[indices]
