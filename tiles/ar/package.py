"""An offline package for augmented reality: files in one zip with a manifest; same files, same bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import orjson

FORMAT, VERSION = "citytwin-ar-bundle", 1
MANIFEST = "manifest.json"
MEDIA_TYPES = {".glb": "model/gltf-binary", ".json": "application/json"}
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip can have; the real one would change the bytes."""
_UNIX, _READABLE = 3, 0o644 << 16


def package(files: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    """A zip of files by name, whose manifest says `about` and the size and SHA-256 of each.

    JSON is deflated, GLB stored as it is, being compressed already.
    """
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        **about,
        "files": [
            {
                "path": name,
                "media_type": MEDIA_TYPES[name[name.rindex(".") :]],
                "bytes": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            for name, body in files.items()
        ],
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, body in {MANIFEST: orjson.dumps(manifest, option=orjson.OPT_INDENT_2), **files}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _READABLE
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".glb") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, body)
    return written.getvalue()
