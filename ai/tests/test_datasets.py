"""Corpora as their owners lay them out, in miniature: found, named, extracted, kept, joined."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pyvmaf_tiny_ai.cache import ClipCache
from pyvmaf_tiny_ai.datasets import LOADERS, CorpusLayoutError, bvi_dvc, konvid, netflix
from pyvmaf_tiny_ai.datasets.pairs import encoded
from pyvmaf_tiny_ai.extraction import COLUMNS, extract, union
from pyvmaf_tiny_ai.mos import read_mos
from pyvmaf_tiny_ai.splits import leave_one_source_out
from pyvmaf_tiny_ai.teacher import Teacher

import pyvmaf_tiny
from pyvmaf_tiny import FEATURES

#: The end of a name of subset D.
D = "480x272_25fps_10bit_420"

#: One support vector: enough to tell rows apart.
TEACHER = Teacher(
    vectors=np.zeros((1, 6)),
    coefficients=np.ones(1),
    gamma=0.5,
    rho=0.0,
    slopes=np.ones(6),
    intercepts=np.zeros(6),
    score_slope=0.01,
    score_intercept=0.0,
    score_clip=(0.0, 100.0),
)


def planes(frames: int, width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Moving texture, planar 4:2:0, (N, H * 3 / 2, W)."""
    yuv = np.full((frames, height * 3 // 2, width), 128, np.uint8)
    texture = np.random.default_rng(seed).integers(40, 200, (height // 4, width // 4))
    still = np.kron(texture, np.ones((4, 4), np.int64))
    for index in range(frames):
        yuv[index, :height] = np.roll(still, index, axis=1)
    return yuv


def netflix_corpus(root: Path, width: int, height: int, frames: int = 3) -> Path:
    """Two references with two encodes each, named as in the public set."""
    for folder in ("ref", "dis"):
        (root / folder).mkdir(parents=True)
    for seed, (source, rate) in enumerate((("Tennis", 24), ("BigBuckBunny", 25))):
        reference = planes(frames, width, height, seed)
        (root / "ref" / f"{source}_{rate}fps.yuv").write_bytes(reference.tobytes())
        for step, encode in ((6, "20_288_375"), (3, "90_1080_4300")):
            coarse = reference // step * step
            (root / "dis" / f"{source}_{encode}.yuv").write_bytes(coarse.tobytes())
    return root


def write_video(path: Path, width: int, height: int, frames: int, pix_fmt: str = "yuv420p") -> Path:
    """An MP4 whose frames come at uneven times, as phones record them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, yuv in enumerate(planes(frames, width, height)):
            frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p").reformat(format=pix_fmt)
            frame.pts, frame.time_base = 40 * index + 7 * (index % 3), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_netflix_pairs_are_found_by_name(tmp_path: Path) -> None:
    pairs = netflix.pairs(netflix_corpus(tmp_path, 48, 36), 48, 36)
    assert [(pair.source, pair.distortion, pair.clip) for pair in pairs] == [
        ("BigBuckBunny", "20_288_375", "BigBuckBunny_25fps"),
        ("BigBuckBunny", "90_1080_4300", "BigBuckBunny_25fps"),
        ("Tennis", "20_288_375", "Tennis_24fps"),
        ("Tennis", "90_1080_4300", "Tennis_24fps"),
    ]
    expected = pyvmaf_tiny.features(planes(3, 48, 36)[:, :36], (planes(3, 48, 36) // 6 * 6)[:, :36])
    np.testing.assert_array_equal(pairs[2].features(), expected)


@pytest.mark.parametrize(
    ("remove", "add", "message"),
    [
        ("dis", None, "no such folder"),
        ("ref/Tennis_24fps.yuv", None, "no reference Tennis_"),
        (None, "ref/Tennis.yuv", "name like Tennis_24fps"),
        (None, "ref/Tennis_30fps.yuv", "second reference"),
        (None, "dis/what.yuv", "name like Tennis_20"),
    ],
)
def test_netflix_layouts_that_are_not(
    tmp_path: Path, remove: str | None, add: str | None, message: str
) -> None:
    root = netflix_corpus(tmp_path, 8, 4)
    if remove:
        path = root / remove
        path.rename(path.with_suffix(".away"))
    if add:
        (root / add).write_bytes(b"")
    with pytest.raises(CorpusLayoutError, match=message):
        netflix.pairs(root)


def test_konvid_videos_are_references_of_their_own_encodes(tmp_path: Path) -> None:
    for name in ("3015480182", "10049254605"):
        write_video(tmp_path / konvid.FOLDER / f"{name}.mp4", 64, 48, 6)
    pairs = konvid.pairs(tmp_path, crfs=(20, 50))
    assert [(pair.source, pair.distortion) for pair in pairs] == [
        ("10049254605", "x264_crf20"),
        ("10049254605", "x264_crf50"),
        ("3015480182", "x264_crf20"),
        ("3015480182", "x264_crf50"),
    ]
    good, bad = (pair.features() for pair in pairs[:2])
    assert good.shape == bad.shape == (6, 6)
    assert (good[:, 0] > bad[:, 0]).all()  # adm2: detail lost
    assert konvid.pairs(tmp_path / konvid.FOLDER)[0].distortion == "x264_crf35"


def test_encodes_are_paired_by_number_not_by_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 64, 48, 9)
    with av.open(str(path), "r") as container:
        reference = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    again = [frame.to_ndarray(format="yuv420p") for frame in encoded(path, 1)]
    assert len(again) == len(reference) == 9
    for one, other in zip(reference, again, strict=True):
        assert np.abs(one.astype(int) - other.astype(int)).mean() < 2


def test_bvi_dvc_keeps_a_content_together(tmp_path: Path) -> None:
    for letter, (width, height) in bvi_dvc.SUBSETS.items():
        name = f"{letter}Bangkok_{width}x{height}_25fps_10bit_420.mp4"
        (tmp_path / bvi_dvc.FOLDER).mkdir(exist_ok=True)
        (tmp_path / bvi_dvc.FOLDER / name).write_bytes(b"")
    pairs = bvi_dvc.pairs(tmp_path)
    assert [pair.subset for pair in pairs] == ["A", "B", "C", "D"]
    assert {pair.source for pair in pairs} == {"Bangkok"}
    assert len({pair.name for pair in pairs}) == 4


def test_bvi_dvc_is_encoded_at_its_own_depth(tmp_path: Path) -> None:
    video = tmp_path / "DBangkok_480x272_25fps_10bit_420.mp4"
    write_video(video, 480, 272, 4, "yuv420p10le")
    (pair,) = bvi_dvc.pairs(tmp_path)
    frames = list(encoded(video, 35))
    assert {frame.format.name for frame in frames} == {"yuv420p10le"}
    rows = pair.features()
    assert rows.shape == (4, 6)
    assert 0.3 < rows[:, 0].min() < rows[:, 0].max() <= 1.0


@pytest.mark.parametrize(
    "name",
    [name + ".mp4" for name in ("Bangkok", f"EBangkok_{D}", f"ABangkok_{D}")],
)
def test_bvi_dvc_layouts_that_are_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(CorpusLayoutError, match=r"expected a name|subset A has"):
        bvi_dvc.pairs(tmp_path)


@pytest.mark.parametrize("corpus", LOADERS)
def test_an_empty_folder_is_not_a_corpus(corpus: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusLayoutError, match=str(tmp_path)):
        LOADERS[corpus](tmp_path)


def test_a_format_that_would_be_converted_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 64, 48, 2, "yuv444p")
    with pytest.raises(CorpusLayoutError, match="yuv444p"):
        konvid.pairs(tmp_path)[0].features()
    assert path.exists()


def test_rows_come_from_the_cache_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = netflix.pairs(netflix_corpus(tmp_path / "corpus", 48, 36), 48, 36)
    cache = ClipCache(tmp_path / "cache")
    first = extract(pairs[3], TEACHER, cache)
    assert list(first.columns) == list(COLUMNS)
    assert (tmp_path / "cache" / "Tennis" / "Tennis_90_1080_4300.json").is_file()
    assert first["teacher"].unique().tolist() == [TEACHER.name] != ["vmaf_v0.6.1"]
    features = first[list(FEATURES)].to_numpy()
    np.testing.assert_array_equal(features, pairs[3].features())
    np.testing.assert_array_equal(first["vmaf"], TEACHER.score(features))
    np.testing.assert_array_equal(
        first[["neg_" + name for name in FEATURES]], pairs[3].features(neg=True)
    )

    def no_extraction(*_: object, **__: object) -> None:
        raise AssertionError("extracted again")

    monkeypatch.setattr(pyvmaf_tiny, "features", no_extraction)
    pd.testing.assert_frame_equal(extract(pairs[3], TEACHER, cache), first)
    with pytest.raises(AssertionError, match="extracted again"):
        extract(pairs[2], TEACHER, cache)
    with pytest.raises(AssertionError, match="extracted again"):  # another teacher, other scores
        extract(pairs[3], replace(TEACHER, gamma=0.4), cache)


def test_a_changed_file_is_extracted_again(tmp_path: Path) -> None:
    pairs = netflix.pairs(netflix_corpus(tmp_path / "corpus", 48, 36), 48, 36)
    cache = ClipCache(tmp_path / "cache")
    first = extract(pairs[0], TEACHER, cache)
    reference = pairs[0].reference
    (tmp_path / "corpus" / "dis" / "BigBuckBunny_20_288_375.yuv").write_bytes(
        reference.read_bytes()
    )
    second = extract(pairs[0], TEACHER, cache)
    assert (second["vif_scale0"] > first["vif_scale0"]).all()


def test_the_union_keeps_sources_together(tmp_path: Path) -> None:
    pairs = netflix.pairs(netflix_corpus(tmp_path / "corpus", 48, 36), 48, 36)
    cache = ClipCache(tmp_path / "cache")
    rows = pd.concat([extract(pair, TEACHER, cache) for pair in pairs])
    other = rows[rows["source"] == "Tennis"].assign(corpus="other").drop(columns="subset")
    joined = union([rows, other.drop(columns="reserved")])
    assert len(joined) == len(rows) + len(other)
    assert joined["subset"].tolist().count("") == len(joined)
    assert joined["reserved"].tolist() == [False] * len(joined)
    assert [fold.name for fold in leave_one_source_out(joined)] == ["BigBuckBunny", "Tennis"]
    with pytest.raises(ValueError, match="6 rows come twice"):
        union([rows, rows[rows["source"] == "Tennis"]])
    with pytest.raises(ValueError, match="no column source"):
        union([rows.drop(columns="source")])


def test_opinion_scores_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "mos.csv").write_text("clip,MOS,sd\nTennis_20_288_375.yuv,1.5,0.2\na.mp4,5,0.1\n")
    assert read_mos(tmp_path / "mos.csv", 1, 5) == {"Tennis_20_288_375": 12.5, "a": 100.0}


def test_opinion_scores_of_a_libvmaf_data_set(tmp_path: Path) -> None:
    (tmp_path / "set.py").write_text(
        "import os\nos.remove('/nowhere/at/all')\ndis_dir = '[path]/dis'\n"
        "ref_videos = [{'content_id': 0, 'path': dis_dir + '/Tennis_24fps.yuv'}]\n"
        "dis_videos = [{'asset_id': 9, 'dmos': 31.25, 'path': dis_dir + '/Tennis_20_288_375.yuv'},"
        " {'dmos': 90, 'path': '/plain/b.yuv'}]\n"
    )
    assert read_mos(tmp_path / "set.py") == {"Tennis_20_288_375": 31.25, "b": 90.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip,score\na,1\n", "expected one of"),
        ("clip,mos\na,101\n", "expected 0"),
        ("clip,mos\na,1\na.yuv,2\n", "two scores of a"),
        ("clip,mos\n", "no scores"),
    ],
)
def test_opinion_scores_that_are_not(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mos.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_mos(tmp_path / "mos.csv")
