"""What `twin check` prints, for input files and for tilesets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from twin.errors import TwinError
from twin.wording import counted

if TYPE_CHECKING:
    from citygml.check import Report
    from citygml.findings import Finding


class Checked(Protocol):
    """A report, given once: as data or as lines for people. `errors` counts when that is done."""

    @property
    def errors(self) -> int: ...

    def as_dict(self) -> dict[str, Any]: ...

    def lines(self) -> Iterator[str]: ...


def check_path(path: Path, limit: int, crs: str | None = None, schemas: Path | None = None) -> Checked:
    """The report on a city model, a folder of them, or a tileset (tileset.json or its folder)."""
    if not path.exists():
        raise TwinError(f"{path}: no such file or folder")
    if path.name == "tileset.json" or (path.is_dir() and (path / "tileset.json").exists()):
        from tiles.check import check_tileset

        return check_tileset(path if path.is_file() else path / "tileset.json", limit, schemas)
    from citygml.check import CheckOptions, check_file, check_folder

    options = CheckOptions(crs=crs, limit=limit)
    return CheckedModels(check_folder(path, options) if path.is_dir() else [check_file(path, options)])


@dataclass(slots=True)
class CheckedModels:
    """Reports on files of city models, given one by one as they are made."""

    reports: Iterable[Report]
    errors: int = 0

    def as_dict(self) -> dict[str, Any]:
        files = [_as_dict(report) for report in self._counted()]
        return {"errors": self.errors, "files": files}

    def _counted(self) -> Iterator[Report]:
        for report in self.reports:
            self.errors += report.severities["error"] + (report.refused is not None)
            yield report

    def lines(self) -> Iterator[str]:
        for report in self._counted():
            if report.refused is not None:
                yield f"{report.path}: refused: {report.refused}"
                continue
            kind = f"{report.info.format} {report.info.version}" if report.info else ""
            classes = ", ".join(f"{n:,} {name}" for name, n in report.objects.most_common(6))
            yield f"{report.path}: {kind}, {classes or 'no objects'}"
            for finding in report.findings:
                yield "  " + _line(finding)
            for code, count in report.counts.items():
                hidden = count - sum(f.code == code for f in report.findings)
                if hidden:
                    yield f"  {code}: {hidden:,} more"
            yield f"  {counted(sum(report.counts.values()), 'finding')}"


def _line(f: Finding) -> str:
    who = " ".join(part for part in (f.object_id, f.part) if part)
    place = "" if f.place is None else " at " + ", ".join(f"{v:.8g}" for v in f.place)
    return f"{f.severity:7} {f.code}  {who}{place}: {f.message}"


def _as_dict(report: Report) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "refused": report.refused,
        "format": report.info.format if report.info else None,
        "version": report.info.version if report.info else None,
        "objects": dict(report.objects),
        "counts": dict(report.counts),
        "findings": [
            {
                "code": f.code,
                "severity": f.severity,
                "object": f.object_id,
                "part": f.part,
                "place": f.place,
                "message": f.message,
            }
            for f in report.findings
        ],
    }
