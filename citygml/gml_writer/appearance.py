"""Textures and materials of one object as app:Appearance elements, one per theme."""

from __future__ import annotations

import numpy as np

from citygml.gml_writer.files import Files
from citygml.gml_writer.geometry import Writing
from citygml.gml_writer.text import attribute, content, element
from citygml.model import Material, Texture, Texturing

Targets = dict[str, dict[tuple[str, int], list[str]]]
"""theme -> (texture or material, index) -> its targets as XML."""


def identify(w: Writing, name: str) -> None:
    """Give ids to the polygons and rings that a texture or material points to."""
    geometry = w.geometry
    textured = np.zeros(geometry.polygon_count, bool)
    for texturing in geometry.textures.values():
        textured |= texturing.images >= 0
    targeted = textured.copy()
    for indices in geometry.materials.values():
        targeted |= indices >= 0
    for p in np.flatnonzero(targeted).tolist():
        w.ids[p] = w.ids[p] or f"{name}.p{p}"
    for p in np.flatnonzero(textured).tolist():
        for ring in range(int(geometry.polygons[p]), int(geometry.polygons[p + 1])):
            w.ring_ids[ring] = f"{w.ids[p]}.r{ring - int(geometry.polygons[p])}"


def collect(w: Writing, version: str, targets: Targets) -> None:
    """Add the targets of one geometry."""
    for theme, texturing in w.geometry.textures.items():
        for p in np.flatnonzero(texturing.images >= 0).tolist():
            text = _texture_target(w, p, texturing, version)
            if text:
                key = ("texture", int(texturing.images[p]))
                targets.setdefault(theme, {}).setdefault(key, []).append(text)
    for theme, indices in w.geometry.materials.items():
        for p in np.flatnonzero(indices >= 0).tolist():
            text = element("app:target", "#" + w.ids[p])
            targets.setdefault(theme, {}).setdefault(("material", int(indices[p])), []).append(text)


def _texture_target(w: Writing, p: int, texturing: Texturing, version: str) -> str:
    lists = []
    rings = []
    for ring in range(int(w.geometry.polygons[p]), int(w.geometry.polygons[p + 1])):
        start, end = int(w.geometry.rings[ring]), int(w.geometry.rings[ring + 1])
        uv = texturing.uv[start:end]
        if not len(uv) or np.isnan(uv).any():
            return ""
        closed = np.concatenate([uv, uv[:1]])
        numbers = " ".join(str(v) for v in closed.ravel())
        rings.append("#" + w.ring_ids[ring])
        lists.append(numbers)
    if version == "3.0":
        inner = "".join(element("app:textureCoordinates", n) for n in lists)
        inner += "".join(element("app:ring", r) for r in rings)
        association = element("app:target", "#" + w.ids[p]) + element(
            "app:textureParameterization", element("app:TexCoordList", inner)
        )
        return element("app:textureParameterization", element("app:TextureAssociation", association))
    inner = "".join(
        element("app:textureCoordinates", n, attribute("ring", r)) for n, r in zip(lists, rings, strict=True)
    )
    return element("app:target", element("app:TexCoordList", inner), attribute("uri", "#" + w.ids[p]))


def appearances(
    targets: Targets,
    textures: list[Texture],
    materials: list[Material],
    version: str,
    files: Files,
    suffix: str = "",
) -> list[str]:
    """One property element per theme; with the suffix `Member`, as members of the city model."""
    outer, member = (
        ("core:appearance", "app:surfaceData")
        if version == "3.0"
        else ("app:appearance", "app:surfaceDataMember")
    )
    texts = []
    for theme, data in targets.items():
        inner = element("app:theme", content(theme)) if theme else ""
        for (kind, index), found in data.items():
            if kind == "texture":
                body = _texture(textures[index], files) + "".join(found)
                inner += element(member, element("app:ParameterizedTexture", body))
            else:
                body = _material(materials[index]) + "".join(found)
                inner += element(member, element("app:X3DMaterial", body))
        texts.append(element(outer + suffix, element("app:Appearance", inner)))
    return texts


def _texture(texture: Texture, files: Files) -> str:
    text = element("app:imageURI", content(files.reference(texture.uri, texture.path)))
    if texture.type:
        text += element("app:textureType", content(texture.type))
    if texture.wrap:
        text += element("app:wrapMode", content(texture.wrap))
    if texture.border_color:
        text += element("app:borderColor", _numbers(texture.border_color))
    return text


def _material(material: Material) -> str:
    text = element("gml:name", content(material.name)) if material.name else ""
    for name, value in (
        ("ambientIntensity", material.ambient),
        ("diffuseColor", material.diffuse),
        ("emissiveColor", material.emissive),
        ("specularColor", material.specular),
        ("shininess", material.shininess),
        ("transparency", material.transparency),
    ):
        if value is not None:
            text += element(f"app:{name}", _numbers(value if isinstance(value, tuple) else (value,)))
    if material.smooth is not None:
        text += element("app:isSmooth", str(material.smooth).lower())
    return text


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(repr(float(v)) for v in values)
