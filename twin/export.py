"""Writing the city, or some of its layers, as a file: `export_city`.

The models stream from the store through the writers of `citygml`. Images and model files go into
`STEM_appearance/` beside the output. The file takes its name when it is complete, after they are in place.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from citygml.crs import Crs, parse, resolve_axis_order
from citygml.errors import CityModelError
from citygml.findings import Finding
from citygml.model import CityObject, Template, Texture
from twin.errors import TwinError
from twin.place import city_crs
from twin.store import City, open_city

Format = Literal["cityjson", "cityjsonseq", "citygml", "citygml3", "gpkg"]

_SUFFIX = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/tiff": ".tif"}
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(slots=True)
class Exported:
    """What was written: number of objects, and what the format could not hold."""

    objects: int = 0
    findings: list[Finding] = field(default_factory=list)


def export_city(folder: Path, output: Path, format: Format, layers: Sequence[str] = ()) -> Exported:
    """Write the current objects of these layers (none named: all) to `output`.

    `cityjson` (2.0) holds all objects in memory until they are written, `gpkg` one layer at a time; the
    other formats one top-level object. Raises TwinError or CityModelError, and then leaves an older
    file of that name as it was.
    """
    with open_city(folder) as city:
        _known_layers(city, layers)
        crs = city_crs(city)
        if not output.parent.is_dir():
            raise TwinError(f"{output}: there is no folder {output.parent}")
        temporary = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
        try:
            unfinished = temporary / output.name
            if format == "gpkg":
                from twin.footprints import write_geopackage

                exported = Exported(write_geopackage(city, unfinished, crs, layers))
            else:
                exported = _write_model(city, unfinished, crs, format, layers)
            _put_in_place(temporary, output)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return exported


def _known_layers(city: City, layers: Sequence[str]) -> None:
    existing = [layer.name for layer in city.layers()]
    for name in layers:
        if name not in existing:
            raise TwinError(f"{city.folder}: no layer {name!r}; it has {', '.join(existing) or 'none'}")


def _write_model(city: City, path: Path, crs: Crs, format: Format, layers: Sequence[str]) -> Exported:
    files = _Files(city, path.with_name(f"{path.stem}_appearance"))
    templates = {t.id: t for t in _templates(city, layers, files)}
    exported = Exported()
    objects = _objects(city, layers, files, exported)
    name = city.get("name") or city.folder.stem
    if format in ("cityjson", "cityjsonseq"):
        from citygml.cityjson import write_cityjson, write_cityjsonseq

        write = write_cityjson if format == "cityjson" else write_cityjsonseq
        exported.findings = write(objects, path, crs=crs.name, templates=templates, metadata={"title": name})
    elif format in ("citygml", "citygml3"):
        from citygml.gml_writer import write_citygml

        exported.findings = write_citygml(
            objects,
            path,
            version="2.0" if format == "citygml" else "3.0",
            srs_name=crs.urn(),
            templates=templates,
            name=name,
            swap_axes=_north_first(city, parse(crs.urn())),
        )
    else:
        raise CityModelError(f"{path.name}: {format!r} is not a format that is written")
    return exported


def _north_first(city: City, named: Crs) -> bool:
    """Whether to write north before east under this name: as it declares, but for coordinates that no
    reader would take to lie in its area of use so."""
    bounds = city.bounds()
    if not named.swap_axes or bounds is None:
        return named.swap_axes
    return resolve_axis_order(named, np.array(bounds).reshape(2, 3)[:, [1, 0]])


def _objects(city: City, layers: Sequence[str], files: _Files, exported: Exported) -> Iterator[CityObject]:
    for stored in city.all_objects(layers):
        obj = stored.decode()
        obj.textures = files.textures(obj.textures)
        for placed in obj.implicit:
            placed.template = _template_id(placed.template)
        exported.objects += 1
        yield obj


def _templates(city: City, layers: Sequence[str], files: _Files) -> Iterator[Template]:
    """The library geometries that the objects of these layers use."""
    done: set[str] = set()
    for layer in layers or [layer.name for layer in city.layers()]:
        index = city.index(layer)
        for stored in city.fetch(index.rows[index.implicit > 0]):
            for key in {i.template for i in stored.decode().implicit} - done:
                done.add(key)
                template = city.template(key)
                if template is not None:
                    yield files.template(replace(template, id=_template_id(key)))


def _template_id(key: str) -> str:
    """The key of a template as an id that XML takes."""
    return key.replace(":", "-")


class _Files:
    """Puts images and model files from the store into a folder, each once, under the name that they had."""

    def __init__(self, city: City, folder: Path) -> None:
        self._city, self._folder = city, folder
        self._written: dict[str, Path] = {}
        self._names: set[str] = set()

    def textures(self, textures: list[Texture]) -> list[Texture]:
        """The same textures with `path` and `uri` pointing to files; those without an image stay."""
        found = []
        for texture in textures:
            path = None if texture.path is None else self._file(texture.path, texture.uri)
            found.append(replace(texture, path=_text(path), uri=self._uri(path) or texture.uri))
        return found

    def template(self, template: Template) -> Template:
        model = None if template.uri is None else self._file(template.uri, template.uri)
        return replace(
            template,
            textures=self.textures(template.textures),
            path=_text(model),
            uri=self._uri(model) or template.uri,
        )

    def _uri(self, path: Path | None) -> str | None:
        return None if path is None else f"{self._folder.name}/{path.name}"

    def _file(self, key: str, uri: str) -> Path | None:
        """The file of an image of the store, or None when there is no such image."""
        if key in self._written:
            return self._written[key]
        image = self._city.image(key)
        if image is None:
            return None
        mime, data = image
        original = PurePosixPath(uri.replace("\\", "/"))
        stem = _UNSAFE.sub("_", original.stem).strip(".") or "image"
        suffix = original.suffix if original.suffix[1:].isalnum() else _SUFFIX.get(mime, "")
        name, number = stem + suffix, 1
        while name.lower() in self._names:
            number += 1
            name = f"{stem}_{number}{suffix}"
        self._names.add(name.lower())
        self._folder.mkdir(exist_ok=True)
        path = self._written[key] = self._folder / name
        path.write_bytes(data)
        return path


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _put_in_place(temporary: Path, output: Path) -> None:
    """Move everything beside the output, and the output last."""
    for path in sorted(p for p in temporary.rglob("*") if p.is_file() and p != temporary / output.name):
        target = output.parent / path.relative_to(temporary)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
    (temporary / output.name).replace(output)
