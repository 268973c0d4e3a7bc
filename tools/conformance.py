"""Read every CityGML and CityJSON file of the test data, count their objects by another way, write the table.

    python -m tools.conformance FOLDER_OF_DATA docs/conformance.md

What stands in the document above the table is kept. The files are not part of this repository.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from citygml.errors import CityModelError
from citygml.reading import open_model
from tools.counting import (
    citygml_counts,
    citygml_files,
    cityjson_counts,
    cityjson_files,
    json_documents,
)

HEADING = "## Every file of the test data\n"
_CASES = "citygml/plateau-quality-cases/"


@dataclass
class Row:
    """One file. read, counted: objects per class, by our reader and by the other way. refused: our message,
    then nothing was counted."""

    file: str
    format: str = ""
    read: Counter[str] | None = None
    counted: Counter[str] | None = None
    findings: Counter[str] | None = None
    refused: str = ""

    @property
    def agrees(self) -> bool:
        return self.read is not None and self.read == self.counted

    def line(self) -> str:
        if self.refused:
            return f"| {self.file} | {self.format} | refused | {self.refused} |"
        told = _listed(self.read)
        if not self.agrees:
            told += f" (counted: {_listed(self.counted)})"
        return f"| {self.file} | {self.format} | {told} | {_listed(self.findings)} |"


def rows(data: Path) -> list[Row]:
    """A row for each file, in the order of their names."""
    files = sorted({*citygml_files(data), *cityjson_files(data)})
    return [_row(path, data) for path in files]


def _row(path: Path, data: Path) -> Row:
    row = Row(path.relative_to(data).as_posix())
    try:
        reader = open_model(path)
        row.format = f"{reader.info.format} {reader.info.version}"
        row.read = Counter(item.type for batch in reader.batches() for item in batch)
    except CityModelError as error:
        row.refused = str(error).replace(str(path), path.name).replace("|", "\\|")
        return row
    row.findings = Counter(finding.code for finding in reader.gathered.findings)
    if reader.info.format == "CityGML":
        row.counted = citygml_counts(path)[0]
    else:
        row.counted = cityjson_counts(json_documents(path))
    return row


def _listed(counts: Counter[str] | None) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted((counts or {}).items())) or "none"


def report(found: list[Row]) -> str:
    """The part of the document that is made, in Markdown."""
    refused = [row for row in found if row.refused]
    agree = sum(row.agrees for row in found)
    differ = [row for row in found if not row.refused and not row.agrees]
    text = (
        f"{HEADING}\nWritten by `tools/conformance.py`. {len(found)} files: {agree} are read with the same"
        f" number of objects per class that an XPath\nor JSON count of the file gives, {len(differ)} with"
        f" another, and {len(refused)} are refused. Findings are those of reading alone;\n"
        "`twin check` looks further.\n"
    )
    real = [row for row in found if not row.refused and not row.file.startswith(_CASES)]
    cases = [row for row in found if not row.refused and row.file.startswith(_CASES)]
    for title, part, columns in (
        ("Refused", refused, "| file | format | | why |"),
        ("Data sets", real, "| file | format | objects | findings |"),
        ("Cases with planted defects", cases, "| file | format | objects | findings |"),
    ):
        text += f"\n### {title}\n\n{columns}\n|---|---|---|---|\n"
        text += "".join(row.line() + "\n" for row in part)
    return text


def main(data: Path, document: Path) -> int:
    """Write the table; 1 when a count differs."""
    found = rows(data)
    kept = document.read_text(encoding="utf-8").partition(HEADING)[0] if document.exists() else ""
    document.write_text(kept + report(found), encoding="utf-8")
    differ = [row for row in found if not row.refused and not row.agrees]
    for row in differ:
        print(row.line())
    print(f"{len(found)} files, {len(differ)} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m tools.conformance FOLDER_OF_DATA docs/conformance.md")
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
