"""Tables on terminals of any width: a number stays in one piece."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runs import FRAMES, Clips, run
from clips import moving_planes, write_video
from oracle.fetch_libvmaf import LIBRARY

import pyvmaf_tiny
from pyvmaf_tiny.cli import ladder, tables
from pyvmaf_tiny.cli.ladder import FIGURES

TAUGHT = ("--engine", f"libvmaf:{LIBRARY}", "--teacher", "vmaf_v0.6.1")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    clips = Clips.write(tmp_path_factory.mktemp("a_folder_whose_name_is_so_long_that_it_folds"))
    options = {"crf": "45", "preset": "ultrafast"}
    write_video(clips.folder / "low.mp4", moving_planes(FRAMES), options=options)
    return clips


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    for module in (ladder, tables):
        monkeypatch.setattr(module, "is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", str(columns))


def several(clips: Clips) -> list[str]:
    return [*clips.pair("mp4"), "-d", clips.path("low.mp4")]


def expected(clips: Clips, decimals: int) -> list[str]:
    result = pyvmaf_tiny.score(clips.path("ref.mp4"), clips.path("low.mp4"))
    figures = (result.mean, result.harmonic_mean, result.percentile(5), result.min)
    return [f"{figure:.{decimals}f}" for figure in figures]


@pytest.mark.parametrize(("columns", "decimals"), [(80, 6), (62, 2), (300, 6)])
def test_a_row_is_a_line(
    clips: Clips, monkeypatch: pytest.MonkeyPatch, columns: int, decimals: int
) -> None:
    terminal(monkeypatch, columns)
    lines = run("score", *several(clips), "-q").stdout.splitlines()
    assert max(map(len, lines)) <= columns
    (header,) = (line.split() for line in lines if "rendition" in line)
    assert header == ["rendition", "kbit/s", *FIGURES]
    (row,) = (line.split() for line in lines if "low.mp4" in line)
    assert row[0] == (clips.path("low.mp4") if columns == 300 else "low.mp4")
    assert row[2:] == expected(clips, decimals)


def test_a_table_for_each_kind_of_score(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch, 80)
    ran = run("score", *several(clips), "-q", "--neg", "both", *TAUGHT)
    assert ran.exit_code == 0
    assert max(map(len, ran.stdout.splitlines())) <= 80
    rows = [line.split() for line in ran.stdout.splitlines() if "low.mp4" in line]
    assert [len(row) for row in rows] == [6, 6, 6]
    assert rows[0][2:] == expected(clips, 2)


def test_a_terminal_that_is_too_narrow(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a digit is lost, whatever the terminal makes of the lines."""
    terminal(monkeypatch, 30)
    shown = run("score", *several(clips), "-q").stdout.split()
    assert set(expected(clips, 2)) <= set(shown)
    ran = run("compare", *clips.pair(), "--engines", "native", "native:scalar")
    assert "6 of 6" in ran.stdout


def test_the_teacher_has_columns(clips: Clips, tmp_path: Path) -> None:
    """In the table and in the summary of the JSON log, as NEG's figures."""
    log = tmp_path / "log.json"
    ran = run("score", *several(clips), *TAUGHT, "-o", log)
    header, *rows = (line.split("\t") for line in ran.stdout.splitlines())
    assert header == ["rendition", "kbit/s", *FIGURES, *(f"{name}_teacher" for name in FIGURES)]
    content = json.loads(log.read_text())
    for row, summary, rendition in zip(
        rows, content["summary"], content["renditions"], strict=True
    ):
        teacher = rendition["pooled_metrics"]["teacher"]
        assert row[6:8] == [f"{teacher[name]:.6f}" for name in ("mean", "harmonic_mean")]
        assert [summary[f"teacher_{name}"] for name in ("mean", "min")] == [
            teacher[name] for name in ("mean", "min")
        ]
        assert f"{summary['teacher_p5']:.6f}" == row[8]
    ran = run("score", *several(clips), *TAUGHT, "--pool", "median")
    assert ran.stdout.splitlines()[0].split("\t")[2:] == ["median", "median_teacher"]
