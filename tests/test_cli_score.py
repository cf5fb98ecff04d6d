"""``pyvmaf-tiny score``: same numbers as the Python call, same flags as libvmaf's tool."""

from __future__ import annotations

import importlib.resources
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from cli_runs import FRAMES, HEIGHT, WIDTH, Clips, run

import pyvmaf_tiny
from pyvmaf_tiny import ScoreResult
from pyvmaf_tiny.cli.score import score
from pyvmaf_tiny.report import FORMATS

RAW = ["-w", str(WIDTH), "-h", str(HEIGHT), "-p", "420", "-b", "8"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


def scored(clips: Clips, **options: Any) -> ScoreResult:
    return pyvmaf_tiny.score(clips.path("ref.y4m"), clips.path("dis.y4m"), **options)


def line(score: float) -> str:
    return f"vmaf_tiny_d1: {score:.6f}\n"


@pytest.mark.parametrize(("kind", "flags"), [("yuv", RAW), ("y4m", []), ("mp4", [])])
def test_stdout_is_the_score_and_nothing_else(clips: Clips, kind: str, flags: list[str]) -> None:
    ran = run("score", *clips.pair(kind), *flags)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, line(scored(clips).mean), "")


def test_flags_of_the_vmaf_tool(clips: Clips, tmp_path: Path) -> None:
    """Every option of a typical ``vmaf`` call, in its long form."""
    log = tmp_path / "out.xml"
    ran = run(
        *("score", "--reference", clips.path("ref.yuv"), "--distorted", clips.path("dis.yuv")),
        *("--width", WIDTH, "--height", HEIGHT, "--pixel_format", "420", "--bitdepth", "8"),
        *("--threads", "2", "--subsample", "2", "--frame_cnt", "3", "--cpumask", "-1"),
        *("--frame_skip_ref", "1", "--frame_skip_dist", "1", "--feature", "adm", "--quiet"),
        *("--output", log, "--xml"),
    )
    expected = scored(clips, subsample=2, frames=3, skip_ref=1, skip_dis=1)
    assert (ran.exit_code, ran.stdout) == (0, line(expected.mean))
    frames = ET.parse(log).getroot().findall("frames/frame")
    assert [frame.get("frameNum") for frame in frames] == ["0", "2"]
    assert [float(frame.get("vmaf", "")) for frame in frames] == expected.scores.tolist()


@pytest.mark.parametrize("flag", ["--threads", "--subsample", "--frame_cnt", "--cpumask"])
def test_zero_means_the_default_as_in_vmaf(clips: Clips, flag: str) -> None:
    ran = run("score", *clips.pair(), flag, "0")
    assert (ran.exit_code, ran.stdout) == (0, line(scored(clips).mean))


def test_numbers_may_be_hexadecimal(clips: Clips) -> None:
    assert run("score", *clips.pair(), "--frame_cnt", "0x3").stdout == line(
        scored(clips, frames=3).mean
    )


@pytest.mark.parametrize("name", ["log", "log.xml"])
def test_output_without_a_format_is_xml(clips: Clips, tmp_path: Path, name: str) -> None:
    ran = run("score", *clips.pair(), "-o", tmp_path / name)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ET.parse(tmp_path / name).getroot().tag == "VMAF"


def test_a_suffix_that_does_not_choose_the_format_is_pointed_out(
    clips: Clips, tmp_path: Path
) -> None:
    ran = run("score", *clips.pair(), "-o", tmp_path / "log.json")
    assert ran.exit_code == 0
    assert "written as XML; --json" in ran.stderr
    assert (tmp_path / "log.json").read_text().startswith("<VMAF")


def test_the_last_format_flag_wins_as_in_vmaf(clips: Clips, tmp_path: Path) -> None:
    run("score", *clips.pair(), "--xml", "--json", "--csv", "-o", tmp_path / "log")
    assert (tmp_path / "log").read_text().startswith("Frame,")


def test_json_has_the_figures_of_the_result(clips: Clips, tmp_path: Path) -> None:
    ran = run("score", *clips.pair(), "--json", "-o", tmp_path / "log.json")
    log = json.loads((tmp_path / "log.json").read_text())
    expected = scored(clips)
    assert ran.stdout == line(expected.mean)
    assert log["pooled_metrics"]["vmaf"]["mean"] == expected.mean
    assert [row["metrics"]["vmaf"] for row in log["frames"]] == expected.scores.tolist()


@pytest.mark.parametrize("where", [[], ["-o", "-"], ["-o", "/dev/stdout"]])
def test_a_log_on_stdout_is_alone_there(clips: Clips, where: list[str]) -> None:
    ran = run("score", *clips.pair(), "--json", *where)
    log = json.loads(ran.stdout)
    assert log["pooled_metrics"]["vmaf"]["mean"] == scored(clips).mean
    assert ran.stderr == ""


def test_parquet(clips: Clips, tmp_path: Path) -> None:
    import pandas as pd

    run("score", *clips.pair(), "--parquet", "-o", tmp_path / "log.parquet")
    table = pd.read_parquet(tmp_path / "log.parquet")
    assert table["vmaf"].tolist() == scored(clips).scores.tolist()


@pytest.mark.parametrize(
    ("method", "attribute"),
    [("harmonic_mean", "harmonic_mean"), ("min", "min"), ("max", "max"), ("median", "median")],
)
def test_pool(clips: Clips, method: str, attribute: str) -> None:
    ran = run("score", *clips.pair(), "--pool", method)
    assert ran.stdout == line(getattr(scored(clips), attribute))


@pytest.mark.parametrize("q", [0, 5, 37.5, 100])
def test_pool_percentile(clips: Clips, q: float) -> None:
    assert run("score", *clips.pair(), "--pool", f"p{q}").stdout == line(
        scored(clips).percentile(q)
    )


@pytest.mark.parametrize("method", ["p101", "p", "average", "p-1", "p5x"])
def test_unknown_pool(clips: Clips, method: str) -> None:
    ran = run("score", *clips.pair(), "--pool", method)
    assert ran.exit_code == 2
    assert method in ran.stderr
    assert "harmonic_mean" in ran.stderr


def test_no_prediction_gives_features_alone(clips: Clips) -> None:
    ran = run("score", *clips.pair(), "-n", "--json")
    log = json.loads(ran.stdout)
    assert "vmaf" not in log["pooled_metrics"]
    assert len(log["frames"]) == FRAMES
    assert run("score", *clips.pair(), "--no_prediction").stdout == ""


@pytest.mark.parametrize(
    ("flags", "options"),
    [(["--neg"], {"neg": True}), (["--gain_limit", "1.5"], {"gain_limit": 1.5})],
)
def test_neg_and_gain_limit(clips: Clips, flags: list[str], options: dict[str, Any]) -> None:
    log = json.loads(run("score", *clips.pair(), *flags, "--json").stdout)
    expected = scored(clips, **options)
    assert log["pyvmaf_tiny"]["gain_limit"] == expected.info.gain_limit != 100
    assert log["pooled_metrics"]["vmaf"]["mean"] == expected.mean


def test_plot(clips: Clips, tmp_path: Path) -> None:
    ran = run("score", *clips.pair(), "--plot", tmp_path / "plot.html")
    assert (ran.exit_code, ran.stdout) == (0, line(scored(clips).mean))
    assert "dis.y4m" in (tmp_path / "plot.html").read_text()


@pytest.mark.parametrize("path", ["plot.jpg", "nowhere/plot.png"])
def test_a_plot_that_cannot_be_is_refused_before_scoring(
    clips: Clips, tmp_path: Path, path: str
) -> None:
    ran = run("score", *clips.pair(), "--plot", tmp_path / path)
    assert (ran.exit_code, ran.stdout) == (2, "")


@pytest.mark.parametrize("flag", ["-v", "--version"])
def test_version(flag: str) -> None:
    assert run("score", flag).stdout == pyvmaf_tiny.__version__ + "\n"


@pytest.mark.parametrize("command", ["score", "features"])
def test_auto_says_where_the_features_are_computed(
    clips: Clips, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run(command, *clips.pair(), "--device", "auto")
    assert (ran.exit_code, ran.stderr) == (0, "pyvmaf-tiny: the features are computed on cpu\n")
    assert run(command, *clips.pair(), "--device", "auto", "-q").stderr == ""
    monkeypatch.setattr("pyvmaf_tiny.engine.gpu.sycl.has_gpu", lambda: True)
    again = run(command, *clips.pair(), "--device", "auto")
    assert (again.stdout, again.stderr) == (
        ran.stdout,
        "pyvmaf-tiny: the features are computed on sycl:0\n",
    )


def test_device_auto_says_what_it_bound(clips: Clips) -> None:
    ran = run("score", *clips.pair(), "--tiny-device", "auto")
    assert (ran.exit_code, ran.stdout) == (0, line(scored(clips, device="auto").mean))
    assert re.search(r"the model runs on \w+ExecutionProvider", ran.stderr)


@pytest.mark.parametrize(
    "spec", ["version=vmaf_tiny_d1", "version=vmaf_tiny_d1:name=vmaf", "path={model}"]
)
def test_model_as_vmaf_spells_it(clips: Clips, tmp_path: Path, spec: str) -> None:
    shipped = importlib.resources.files("pyvmaf_tiny") / "tiny_models" / "vmaf_tiny_d1.onnx"
    model = tmp_path / "own.onnx"
    model.write_bytes(shipped.read_bytes())
    ran = run("score", *clips.pair(), "-m", spec.format(model=model))
    name = "own.onnx" if "path" in spec else "vmaf_tiny_d1"
    assert (ran.exit_code, ran.stdout) == (0, f"{name}: {scored(clips).mean:.6f}\n")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("version=vmaf_4k_v0.6.1", "models import vmaf_4k_v0.6.1"),
        ("version=vmaf_b_v0.6.3", "--tiny-model vmaf_b_v0.6.3.onnx"),
        ("path=model/vmaf_v0.6.1.pkl", "--tiny-model"),
        ("version=vmaf_tiny_d1:name=other", "cannot be renamed"),
        ("version=vmaf_tiny_d1:disable_clip", "part of the model"),
        ("version=vmaf_tiny_d1:vif.vif_enhn_gain_limit=1", "--neg"),
        ("vmaf_tiny_d1", "version=ID"),
        ("name=vmaf", "version=ID"),
    ],
)
def test_models_that_cannot_be_scored_here(clips: Clips, spec: str, says: str) -> None:
    ran = run("score", *clips.pair(), "-m", spec)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert says in ran.stderr


@pytest.mark.parametrize(
    "flags",
    [
        ["-m", "version=vmaf_tiny_d1", "-m", "version=vmaf_tiny_d1"],
        ["-m", "version=vmaf_tiny_d1", "--tiny-model", "vmaf_tiny_d1"],
        ["-n", "--tiny-model", "vmaf_tiny_d1"],
        ["-n", "--model", "version=vmaf_v0.6.1"],
        ["-m", "version=vmaf_v0.6.1neg", "--gain_limit", "2"],
    ],
)
def test_contradicting_model_flags(clips: Clips, flags: list[str]) -> None:
    assert run("score", *clips.pair(), *flags).exit_code == 2


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--sub"], "--json"),
        (["--aom_ctc", "v1.0"], "--aom_ctc"),
        (["--nflx_ctc", "v1.0"], "--nflx_ctc"),
        (["--feature", "psnr"], "use libvmaf"),
        (["--feature", "name=psnr"], "use libvmaf"),
    ],
)
def test_flags_that_vmaf_alone_can_serve(clips: Clips, flags: list[str], says: str) -> None:
    ran = run("score", *clips.pair(), *flags)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert says in ran.stderr


def test_gpumask_changes_nothing_and_says_so(clips: Clips) -> None:
    ran = run("score", *clips.pair(), "--gpumask", "1")
    assert (ran.exit_code, ran.stdout) == (0, line(scored(clips).mean))
    assert "--gpumask has no effect" in ran.stderr


@pytest.mark.parametrize("neg", [False, True])
def test_the_teacher_is_scored_by_its_student_and_says_so(clips: Clips, neg: bool) -> None:
    version = "vmaf_v0.6.1" + "neg" * neg
    ran = run("score", *clips.pair(), "-q", "--model", f"version={version}:name=vmaf")
    student = "vmaf_tiny_d1" + "neg" * neg
    mean = scored(clips, neg=neg).mean
    assert (ran.exit_code, ran.stdout) == (0, f"{student}: {mean:.6f}\n")
    (note,) = ran.stderr.splitlines()
    assert note == (
        f"pyvmaf-tiny: note: {version} is scored by {student}, which was trained on its scores"
    )


@pytest.mark.parametrize(
    "flags",
    [
        ["--pool", "mean"],
        ["--plot", "plot.html"],
        ["--tiny-model", "vmaf_tiny_d1"],
        ["--tiny-device", "cpu"],
        ["--model", "version=vmaf_tiny_d1"],
    ],
)
def test_no_prediction_refuses_what_needs_scores(clips: Clips, flags: list[str]) -> None:
    ran = run("score", *clips.pair(), "-n", *flags)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "scores nothing" in ran.stderr
    assert flags[0] in ran.stderr


def test_pool_beside_a_log_on_stdout_is_a_note(clips: Clips) -> None:
    ran = run("score", *clips.pair(), "--json", "--pool", "p5")
    assert json.loads(ran.stdout)["pooled_metrics"]["vmaf"]["mean"] == scored(clips).mean
    assert ran.stderr == f"pyvmaf-tiny: note: p5 of {line(scored(clips).percentile(5))}"


def test_every_format_has_a_flag() -> None:
    flags = {name for option in score.params for name in option.opts}
    assert {f"--{name}" for name in FORMATS} <= flags


@pytest.mark.parametrize("command", ["score", "features"])
@pytest.mark.parametrize("which", ["ref", "dis"])
@pytest.mark.parametrize("linked", [False, True])
def test_an_input_is_not_overwritten(
    clips: Clips, tmp_path: Path, command: str, which: str, linked: bool
) -> None:
    files = {name: tmp_path / f"{name}.csv" for name in ("ref", "dis")}
    for name, path in files.items():
        path.write_bytes(Path(clips.path(f"{name}.y4m")).read_bytes())
    output = files[which]
    before = output.read_bytes()
    if linked:
        output = tmp_path / "link.csv"
        output.symlink_to(files[which])
    ran = run(command, "-r", files["ref"], "-d", files["dis"], "-o", output)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "overwrite" in ran.stderr
    assert files[which].read_bytes() == before


def test_log_and_plot_are_two_files(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    ran = run("score", *clips.pair(), "-o", path, "--plot", f"{tmp_path}/./out.html")
    assert (ran.exit_code, ran.stdout, path.exists()) == (2, "", False)


def test_a_model_is_not_overwritten(clips: Clips, tmp_path: Path) -> None:
    model = tmp_path / "own.onnx"
    model.write_bytes(b"weights")
    ran = run("score", *clips.pair(), "--tiny-model", model, "-o", model)
    assert (ran.exit_code, model.read_bytes()) == (2, b"weights")
