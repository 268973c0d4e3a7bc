"""What objects refer to in the city's store: library geometry and images."""

from __future__ import annotations

from collections.abc import Iterable

from citygml.model import CityObject, Template, Texture
from twin.store import City


class Library:
    """Of one city. Library geometry that has been met is kept."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._templates: dict[str, Template] = {}

    def templates(self, objects: Iterable[CityObject]) -> dict[str, Template]:
        """By key, those of the objects and of earlier ones."""
        for key in {i.template for obj in objects for i in obj.implicit} - self._templates.keys():
            template = self._city.template(key)
            if template is not None:
                self._templates[key] = template
        return self._templates

    def image(self, texture: Texture) -> bytes | None:
        """The bytes of a texture's image, None if the store does not have it."""
        if texture.path is None:
            return None
        found = self._city.image(texture.path)
        return None if found is None else found[1]
