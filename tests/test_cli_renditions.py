"""``pyvmaf-tiny score`` and ``features`` with several ``-d``, and with ``--neg both``."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from cli_runs import FRAMES, Clips, run, spawn, spawn_on_terminal
from clips import moving_planes, noisy, write_video, y4m_bytes

import pyvmaf_tiny
from pyvmaf_tiny.cli import ladder
from pyvmaf_tiny.cli.ladder import FIGURES


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    clips = Clips.write(tmp_path_factory.mktemp("clips"))
    ref = moving_planes(FRAMES)
    write_video(clips.folder / "low.mp4", ref, options={"crf": "45", "preset": "ultrafast"})
    (clips.folder / "bad.y4m").write_bytes(y4m_bytes(noisy(ref, strength=0.3)))
    (clips.folder / "cut.y4m").write_bytes(y4m_bytes(noisy(ref))[:-9])
    return clips


def call(clips: Clips, *names: str) -> list[str]:
    """-r and a -d for every name."""
    flags = ["-r", clips.path("ref.y4m")]
    for name in names:
        flags += ["-d", clips.path(name)]
    return flags


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_the_table_is_one_row_per_rendition(clips: Clips) -> None:
    names = ("dis.y4m", "low.mp4", "bad.y4m")
    ran = run("score", *call(clips, *names))
    assert (ran.exit_code, ran.stderr) == (0, "")
    rows = table(ran.stdout)
    assert list(rows[0]) == ["rendition", "kbit/s", *FIGURES]
    assert [row["rendition"] for row in rows] == [clips.path(name) for name in names]
    for row, name in zip(rows, names, strict=True):
        alone = pyvmaf_tiny.score(clips.path("ref.y4m"), clips.path(name))
        wanted = (alone.mean, alone.harmonic_mean, alone.percentile(5), alone.min)
        assert [row[figure] for figure in FIGURES] == [f"{value:.6f}" for value in wanted]
        assert row["kbit/s"] == ("" if alone.info.bitrate is None else f"{alone.info.bitrate:.1f}")
    assert float(rows[1]["kbit/s"]) > 0


def test_a_bitrate_that_nobody_knows_has_no_column(clips: Clips) -> None:
    ran = run("score", *call(clips, "dis.y4m", "bad.y4m"), "--pool", "max")
    assert list(table(ran.stdout)[0]) == ["rendition", "max"]


def test_default_and_neg_in_one_table(clips: Clips) -> None:
    ran = run("score", *call(clips, "dis.y4m", "bad.y4m"), "--neg", "both", "--pool", "p5")
    rows = table(ran.stdout)
    assert list(rows[0]) == ["rendition", "p5", "p5_neg"]
    neg = pyvmaf_tiny.score(clips.path("ref.y4m"), clips.path("bad.y4m"), neg=True)
    assert rows[1]["p5_neg"] == f"{neg.percentile(5):.6f}"


def test_one_rendition_with_both(clips: Clips, tmp_path: Path) -> None:
    """Two lines; the log has NEG's metrics under libvmaf's names."""
    log = tmp_path / "log.json"
    ran = run("score", *clips.pair(), "--neg", "both", "--json", "-o", log)
    plain, neg = (
        pyvmaf_tiny.score(clips.path("ref.y4m"), clips.path("dis.y4m"), neg=only)
        for only in (False, True)
    )
    assert ran.stdout == (
        f"vmaf_tiny_d1: {plain.mean:.6f}\nvmaf_tiny_d1neg (NEG): {neg.mean:.6f}\n"
    )
    content = json.loads(log.read_text())
    assert content["frames"][3]["metrics"]["vmaf_neg"] == neg.scores[3]
    assert content["frames"][3]["metrics"]["integer_adm2_egl_1"] == neg.features[3, 0]
    assert content["pooled_metrics"]["vmaf_neg"]["mean"] == neg.mean
    assert content["pyvmaf_tiny"]["neg_model_id"] == "vmaf_tiny_d1neg"


def test_the_two_models_of_vmaf(clips: Clips) -> None:
    """``vmaf`` takes several models in a run; these two are one pass here."""
    models = ("-m", "version=vmaf_v0.6.1neg", "-m", "version=vmaf_v0.6.1")
    ran = run("score", *clips.pair(), *models)
    assert ran.exit_code == 0
    assert ran.stdout == run("score", *clips.pair(), "--neg", "both").stdout
    assert ran.stderr.count("is scored by") == 2
    ran = run("score", *clips.pair(), "-m", "version=vmaf_v0.6.1", "-m", "path=own.onnx")
    assert ran.exit_code == 2
    assert "--neg-model" in ran.stderr
    assert run("score", *clips.pair(), *models, "--neg-model", "vmaf_tiny_v2").exit_code == 2


def test_a_log_of_several_renditions(clips: Clips, tmp_path: Path) -> None:
    flags = call(clips, "dis.y4m", "bad.y4m")
    results = pyvmaf_tiny.score_many(
        clips.path("ref.y4m"), [clips.path("dis.y4m"), clips.path("bad.y4m")]
    )
    ran = run("score", *flags, "--json")
    content = json.loads(ran.stdout)
    assert [each["name"] for each in content["renditions"]] == list(results.names)
    assert content["summary"] == results.summary()
    assert content["renditions"][1]["frames"][2]["metrics"]["vmaf"] == results[1].scores[2]
    for name in ("log.csv", "log.parquet", "log.json", "log"):
        ran = run("score", *flags, "-o", tmp_path / name)
        assert (ran.exit_code, ran.stderr, len(table(ran.stdout))) == (0, "", 2)
    assert json.loads((tmp_path / "log").read_text())["summary"] == content["summary"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text())))
    assert [(row["rendition"], row["Frame"]) for row in rows] == [
        (name, str(frame)) for name in results.names for frame in range(FRAMES)
    ]
    assert [float(row["vmaf"]) for row in rows[FRAMES:]] == results[1].scores.tolist()
    ran = run("score", *flags, "-o", tmp_path / "log.xml", "--xml")
    assert ran.exit_code == 2
    assert "a log in XML holds one rendition" in ran.stderr
    assert not (tmp_path / "log.xml").exists()


def test_features_of_several_renditions(clips: Clips) -> None:
    ran = run("features", *call(clips, "dis.y4m", "bad.y4m"), "--neg", "both")
    rows = list(csv.DictReader(io.StringIO(ran.stdout)))
    features = pyvmaf_tiny.features_many(
        clips.path("ref.y4m"), [clips.path("dis.y4m"), clips.path("bad.y4m")], neg="both"
    )
    for row, expected in zip(rows[FRAMES:], features[1, 1], strict=True):
        assert float(row["integer_adm2_egl_1"]) == expected[0]


def test_the_plot_shows_all_renditions(clips: Clips, tmp_path: Path) -> None:
    page = tmp_path / "plot.html"
    ran = run("score", *call(clips, "low.mp4", "dis.mp4"), "--plot", page, "-q")
    assert ran.exit_code == 0
    text = page.read_text()
    assert "low.mp4" in text
    assert "dis.mp4" in text
    assert "kbit/s" in text


def test_what_was_scored_before_a_failure_is_delivered(clips: Clips) -> None:
    ran = run("score", *call(clips, "bad.y4m", "cut.y4m"))
    assert ran.exit_code == 3
    assert len(table(ran.stdout)) == 2
    first, second = ran.stderr.splitlines()
    assert "these are the results of the first 5 scored frames" in first
    assert "rendition 1, " in second
    assert "cut.y4m" in second


def test_another_size_is_refused(clips: Clips) -> None:
    ran = run("score", *call(clips, "dis.y4m", "wide.y4m"))
    assert ran.exit_code == 3
    assert ran.stdout == ""
    assert "reference and rendition 1 differ in size" in ran.stderr
    assert "66x48" in ran.stderr


def test_a_name_cannot_break_the_table(clips: Clips, tmp_path: Path) -> None:
    odd = tmp_path / "a\tb\nc\\.y4m"
    odd.write_bytes((clips.folder / "dis.y4m").read_bytes())
    ran = spawn("score", *call(clips, "bad.y4m"), "-d", odd, "-q")
    assert ran.stdout.splitlines()[2].split("\t")[0] == str(tmp_path / "a\\tb\\nc\\\\.y4m")


def test_a_person_sees_the_means_while_it_runs(tmp_path: Path) -> None:
    planes = moving_planes(40)
    flags = ["-r", str(tmp_path / "ref.y4m")]
    (tmp_path / "ref.y4m").write_bytes(y4m_bytes(planes))
    for number in range(6):
        path = tmp_path / f"{number}.y4m"
        path.write_bytes(y4m_bytes(noisy(planes, strength=0.05 * (number + 1))))
        flags += ["-d", str(path)]
    ran = spawn_on_terminal("score", *flags)
    assert ran.code == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ran.stderr)
    assert re.search(r"40/40 frames +[\d.]+ fps +mean( \d+\.\d\d){4} \.\.\.", shown)
    assert "40 frames of 6 renditions" in shown
    assert len(table(ran.stdout)) == 6


def test_on_a_terminal_the_table_is_aligned(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "is_terminal", lambda stream: True)
    ran = run("score", *call(clips, "low.mp4", "bad.y4m"), "--pool", "min", "-q")
    header, _, first, second = map(str.rstrip, ran.stdout.rstrip().splitlines()[-4:])
    assert header.split() == ["rendition", "kbit/s", "min"]
    assert first.split()[0] == clips.path("low.mp4")
    assert second.split()[:2] == [clips.path("bad.y4m"), "-"]
    assert header.index("min") + 3 == len(first) == len(second)
