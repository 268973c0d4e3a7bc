"""The ids of a file's objects: made where the file gives none, unique, and the links between them checked."""

from __future__ import annotations

from pathlib import Path

from citygml.codelists import SCHEME
from citygml.findings import Finding
from citygml.gml.stream import ids_among


class Ids:
    """Hashes of the ids seen, so that a large file costs 8 bytes or so an id and not its text."""

    def __init__(self, stem: str, findings: list[Finding]) -> None:
        self._stem = stem
        self._findings = findings
        self._seen: set[int] = set()
        self._count = 0

    def new(self, gml_id: str | None, class_name: str) -> str:
        """The id of the next object of the file. An id that was already given gets a suffix and a finding."""
        self._count += 1
        if gml_id is None or not gml_id.strip():
            return self._unique(f"{self._stem}-{class_name.replace(':', '_')}-{self._count}")
        key = hash(gml_id)
        if key not in self._seen:
            self._seen.add(key)
            return gml_id
        object_id = self._unique(f"{gml_id}-{self._count}")
        message = f"{class_name}: another object has this gml:id already; kept as {object_id}"
        self._findings.append(Finding("duplicate-id", message, gml_id, None, None, "error"))
        return object_id

    def _unique(self, object_id: str) -> str:
        self._seen.add(hash(object_id))
        return object_id

    def check_links(self, links: list[tuple[str, str]], path: Path) -> None:
        """A finding for each (object id, href) that names nothing in this file; URLs and other files pass."""
        unseen: list[tuple[str, str, str]] = []
        for object_id, href in links:
            target = href.removeprefix("#")
            elsewhere = "#" in target or "/" in target or SCHEME.match(target)
            if not elsewhere and hash(target) not in self._seen:
                unseen.append((object_id, href, target))
        present = ids_among(path, {target for _, _, target in unseen})
        for object_id, href, target in unseen:
            if target not in present:
                message = f"links to {href}, which is not in this file"
                self._findings.append(Finding("broken-xlink", message, object_id, href, None, "error"))
