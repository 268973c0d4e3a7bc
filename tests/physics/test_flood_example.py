"""The example in docs/examples/flood.md runs, prints what it says, and draws its picture."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

PAGE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "flood.md"


def test_the_page_runs_and_prints_what_it_says(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "data").symlink_to(data)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    blocks = re.findall(r"```(python|text)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [kind for kind, _ in blocks].count("text") == 2
    names: dict[str, Any] = {}
    printed = ""
    for kind, text in blocks:
        if kind == "text":
            assert text == printed
        else:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, str(PAGE), "exec"), names)
            printed = out.getvalue()
    (image,) = re.findall(r"\]\(\.\./images/(.+?)\)", PAGE.read_text())
    kept = np.asarray(Image.open(PAGE.parents[1] / "images" / image), np.float64)
    drawn = np.asarray(Image.open(image), np.float64)
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 5.0
    assert names["result"].mass_error < 1e-12
