"""Sewers that cannot be coupled: one line that says which node or file, before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from analysis.errors import AnalysisError, SimulationFailed
from analysis.sewers import inp
from analysis.sewers.coupling import Sewers
from analysis.sewers.exchange import Opening
from analysis.sewers.placing import cells_of, to_grid_crs
from tests.unit.sewer_models import pipes

GRID = {"transform": Affine(4, 0, 0, 0, -4, 20), "shape": (5, 25)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return pipes(tmp_path / "a.inp", [(0, 0.0), (30, 0.0)])


def refused(path: Path, **asked) -> str:
    with pytest.raises(AnalysisError) as caught:
        Sewers(path, **{"duration": 60, **GRID, **asked})
    message = str(caught.value)
    assert "\n" not in message
    Sewers(pipes(path.with_name("good.inp"), [(0, 0.0)]), duration=60, **GRID).close()  # nothing stays open
    return message


def edited(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("P2 B O 200", "P2 B NOWHERE 200", "ERROR 209: undefined object NOWHERE"),
        ("A 1.0 2.0", "A x 2.0", "ERROR 211: invalid number x"),
        ("O 0.7 FREE NO", "", "ERROR 209"),
        ("P1 CIRCULAR 0.5 0 0 0", "P1 CIRCULAR 0 0 0 0", "ERROR"),
        ("CMS", "LITRES", "ERROR 205: invalid keyword LITRES"),
    ],
)
def test_what_swmm_refuses_is_told_in_its_words(path: Path, old: str, new: str, said: str) -> None:
    message = refused(edited(path, old, new))
    assert message.startswith("a.inp: SWMM refuses the file: ERROR") and said in message


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "none.inp: cannot be read" in refused(tmp_path / "none.inp")
    (tmp_path / "text.inp").write_text("a letter\n")
    assert "text.inp: has no [SECTION]" in refused(tmp_path / "text.inp")
    assert "cannot be read" in refused(tmp_path)


def test_a_node_that_is_not_on_the_grid(path: Path) -> None:
    edited(path, "B 50 10", "B 150 10")
    assert refused(path).startswith("a.inp: node B at 150.00, 10.00 is outside the grid")
    with Sewers(path, duration=60, outside="exclude", **GRID) as sewers:
        assert sewers.excluded == {"B": "at 150.00, 10.00 is outside the grid"}
        assert sewers.cells.tolist() == [[2, 2]]


def test_a_node_without_coordinates_and_a_line_that_is_none(path: Path) -> None:
    assert "node A has no coordinates" in refused(edited(path, "\nA 10 10", ""))
    assert "[COORDINATES] has the line 'B 50'" in refused(edited(path, "B 50 10", "B 50"))


def test_every_node_outside_leaves_nothing_to_couple(path: Path) -> None:
    far = {"transform": Affine(4, 0, 9000, 0, -4, 20), "shape": (5, 25)}
    assert "and 1 more cannot be placed" in refused(path, **far)
    assert "no node is left to couple" in refused(path, outside="exclude", **far)


def test_a_node_in_a_closed_cell_moves_beside_it_only_when_allowed(path: Path) -> None:
    closed = np.zeros((5, 25), dtype=bool)
    closed[2, 2] = True
    assert "node A lies in a closed cell, row 2, column 2" in refused(path, closed=closed)
    with Sewers(path, duration=60, closed=closed, snap=4.0, **GRID) as sewers:
        assert np.abs(sewers.cells[0] - [2, 2]).sum() == 1
    closed[:, :] = True
    assert "and 1 more" in refused(path, closed=closed, snap=8.0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"nodes": ["A", "Z"]}, "has no node 'Z'"),
        ({"nodes": ["O"]}, "node O is an outfall"),
        ({"openings": {"Q": Opening()}}, "'Q', which is not a node"),
        ({"outside": "drop"}, "outside 'drop'"),
        ({"output_interval": 0.0}, "output_interval"),
        ({"duration": -5.0}, "duration"),
        ({"crs": "EPSG:5187"}, "coordinate systems of both"),
    ],
)
def test_what_is_asked_wrongly(path: Path, asked: dict, said: str) -> None:
    assert said in refused(path, **asked)


def test_kinematic_models_have_no_heads(path: Path) -> None:
    assert "FLOW_ROUTING is KINWAVE" in refused(edited(path, "DYNWAVE", "KINWAVE"))
    assert "FLOW_ROUTING is KINWAVE" in refused(edited(path, "FLOW_ROUTING KINWAVE\n", ""))


def test_one_simulation_in_a_process(path: Path) -> None:
    with Sewers(path, duration=60, **GRID) as sewers:
        with pytest.raises(AnalysisError, match=re.escape("SWMM is already running a.inp in this process")):
            Sewers(path, duration=60, **GRID)
        sewers.exchange(np.zeros(2), 1.0)  # the refused one did no harm
    with pytest.raises(AnalysisError, match="closed"):
        sewers.exchange(np.zeros(2), 1.0)


def test_a_run_longer_than_was_said_stops_with_what_is_known(path: Path) -> None:
    with (
        Sewers(edited(path, "END_TIME 01:00:00", "END_TIME 00:01:00"), duration=60, **GRID) as sewers,
        pytest.raises(SimulationFailed, match="SWMM's simulation ended after 6") as caught,
    ):
        for _ in range(200):
            sewers.exchange(np.zeros(2), 1.0)
    assert caught.value.result.series["time"].values[-1] > 0


def test_the_end_of_the_file_is_moved_to_the_end_of_the_run(path: Path) -> None:
    with Sewers(edited(path, "END_TIME 01:00:00", "END_TIME 00:01:00"), duration=300, **GRID) as sewers:
        for _ in range(300):
            sewers.exchange(np.zeros(2), 1.0)
        assert sewers.finish().series["time"].values[-1] >= 300.0


def test_files_beside_the_model_are_found_from_the_copy(tmp_path: Path) -> None:
    (tmp_path / "in flow.dat").write_text("0:00 0.05\n1:00 0.05\n")
    path = pipes(tmp_path / "a.inp", [(0, 0.0)])
    edited(path, "q 0:00 0.0", 'q FILE "in flow.dat"')
    edited(path, "[COORDINATES]", "[FILES]\nSAVE OUTFLOWS out.txt\n\n[COORDINATES]")
    with Sewers(path, duration=900, **GRID) as sewers:
        for _ in range(90):
            sewers.exchange(np.zeros(2), 10.0)
        result = sewers.finish()
    assert result.routing.inflow == pytest.approx(45.0, rel=0.01)
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_korean_names(tmp_path: Path, encoding: str) -> None:
    path = pipes(tmp_path / "a.inp", [(0, 0.0)])
    text = re.sub(r"\bA\b", "맨홀1", path.read_text())
    path.write_bytes(text.encode(encoding))
    with Sewers(path, duration=60, **GRID) as sewers:
        assert sewers.network.node_names[0] == "맨홀1"
        assert len(sewers.cells) == 2


def test_the_last_option_of_a_name_counts_and_comments_do_not(tmp_path: Path) -> None:
    path = tmp_path / "o.inp"
    path.write_text("[options]\nflow_routing KINWAVE\n;FLOW_ROUTING STEADY\nFLOW_ROUTING dynwave ; so\n")
    assert inp.read(path).option("FLOW_ROUTING", "") == "DYNWAVE"


def test_cells_and_coordinate_systems() -> None:
    xy = np.array(
        [[0.0, 20.0], [3.9, 16.1], [4.0, 16.0], [99.9, 0.1], [100.0, 10.0], [50.0, 20.1], [np.nan, 1]]
    )
    cells, inside = cells_of(xy, GRID["transform"], GRID["shape"])
    assert cells[:4].tolist() == [[0, 0], [0, 0], [1, 1], [4, 24]]
    assert inside.tolist() == [True, True, True, True, False, False, False]
    # the origin of EPSG:5187 (129° E, 38° N; 200 000 m, 600 000 m) lies two degrees east of that of 5186
    there = to_grid_crs(np.array([[200_000.0, 600_000.0]] * 2), "EPSG:5187", "EPSG:5186", "a.inp")
    back = to_grid_crs(there, "EPSG:5186", "EPSG:5187", "a.inp")
    assert there[0, 0] == pytest.approx(200_000 + 175_600, abs=300)
    assert np.allclose(back, [[200_000.0, 600_000.0]], atol=1e-3)


def test_ponding_of_the_file_stays_where_nothing_is_coupled(tmp_path: Path) -> None:
    """A that is not coupled floods as it does in SWMM alone: lost without ponding, held with it."""
    lost = []
    for ponding, area in (("NO", 0), ("NO", 100), ("YES", 100)):
        path = pipes(tmp_path / "a.inp", [(0, 0.0), (2, 0.5), (20, 0.5)], ALLOW_PONDING=ponding)
        edited(path, "A 1.0 2.0 0 0 0", f"A 1.0 2.0 0 0 {area}")
        with Sewers(path, duration=600, nodes=["B"], **GRID) as sewers:
            for _ in range(600):
                sewers.exchange(np.zeros(1), 1.0)
            lost.append(sewers.finish())
    assert lost[0].routing.flooding > 50.0
    assert lost[1].routing.flooding == lost[0].routing.flooding
    assert lost[2].routing.flooding == 0.0
    assert float(lost[0].series["flooding"].sel(node="A").max()) > 0.1
