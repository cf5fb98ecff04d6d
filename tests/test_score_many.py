"""Several renditions in one pass are exactly the separate calls, and fail as clearly."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import model_graphs
import numpy as np
import pytest
from clips import moving_planes, noisy, video_frame, write_video, y4m_bytes, yuv_bytes
from oracle.cases import random_case
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features

import pyvmaf_tiny
from pyvmaf_tiny import OptionError, ReferenceScorer, ScoreResult, VmafTinyError, errors
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.model import Model

FRAMES, WIDTH, HEIGHT = 20, 96, 72


def ladder(
    renditions: int = 3, *, bit_depth: int = 8, frames: int = FRAMES
) -> tuple[list[Plane], list[list[Plane]]]:
    """A reference and ever worse versions of it."""
    ref = moving_planes(frames, WIDTH, HEIGHT, bit_depth=bit_depth)
    return ref, [
        noisy(ref, bit_depth=bit_depth, strength=0.02 + 0.05 * number)
        for number in range(renditions)
    ]


def same(result: ScoreResult, alone: ScoreResult) -> None:
    """Every double and every pooled figure of the two."""
    np.testing.assert_array_equal(result.indices, alone.indices)
    np.testing.assert_array_equal(result.features, alone.features)
    if alone.has_score:
        np.testing.assert_array_equal(result.scores, alone.scores)
    assert [result.pooled[metric] for metric in alone.metrics] == list(alone.pooled.values())


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("subsample", [1, 3])
@pytest.mark.parametrize("bit_depth", [8, 10, 12, 16])
def test_many_are_the_separate_calls(bit_depth: int, subsample: int, threads: int) -> None:
    ref, renditions = ladder(bit_depth=bit_depth)
    options: dict[str, Any] = {
        "bit_depth": bit_depth,
        "subsample": subsample,
        "threads": threads,
    }
    for neg in (False, True):
        results = pyvmaf_tiny.score_many(ref, renditions, neg=neg, **options)
        assert len(results) == 3
        assert results.neg is None
        for result, dis in zip(results, renditions, strict=True):
            same(result, pyvmaf_tiny.score(ref, dis, neg=neg, **options))
            assert (result.info.neg, result.info.renditions) == (neg, 3)
    both = pyvmaf_tiny.score_many(ref, renditions, neg="both", **options)
    assert both.neg is not None
    for result, neg_result, dis in zip(both, both.neg, renditions, strict=True):
        same(result, pyvmaf_tiny.score(ref, dis, **options))
        same(neg_result, pyvmaf_tiny.score(ref, dis, neg=True, **options))
        assert (result.info.neg, neg_result.info.neg) == (False, True)


def test_features_many() -> None:
    ref, renditions = ladder(2)
    features = pyvmaf_tiny.features_many(ref, renditions)
    assert features.shape == (2, FRAMES, 6)
    both = pyvmaf_tiny.features_many(ref, renditions, neg="both")
    assert both.shape == (2, 2, FRAMES, 6)
    np.testing.assert_array_equal(both[:, 0], features)
    for rendition, dis in enumerate(renditions):
        np.testing.assert_array_equal(features[rendition], pyvmaf_tiny.features(ref, dis))
        alone = pyvmaf_tiny.features(ref, dis, neg="both")
        assert alone.shape == (2, FRAMES, 6)
        np.testing.assert_array_equal(both[rendition], alone)
        np.testing.assert_array_equal(alone[1], pyvmaf_tiny.features(ref, dis, neg=True))


def test_every_kind_of_input(tmp_path: Path) -> None:
    """The reference and each rendition may be something else."""
    ref, renditions = ladder(4)
    alone = [pyvmaf_tiny.score(ref, dis) for dis in renditions]
    write_video(tmp_path / "one.mp4", renditions[1])
    (tmp_path / "two.yuv").write_bytes(yuv_bytes(renditions[2]))
    inputs = [
        np.stack(renditions[0]),
        tmp_path / "one.mp4",
        tmp_path / "two.yuv",
        io.BytesIO(y4m_bytes(renditions[3])),
    ]
    results = pyvmaf_tiny.score_many(iter(ref), inputs, WIDTH, HEIGHT)
    for result, single in zip(results, alone, strict=True):
        same(result, single)
    assert results.names[1:3] == (str(tmp_path / "one.mp4"), str(tmp_path / "two.yuv"))
    assert results[1].info.distorted == str(tmp_path / "one.mp4")
    size = (tmp_path / "one.mp4").stat().st_size
    bitrate = results[1].info.bitrate
    assert bitrate is not None
    assert 0.7 * size < bitrate * 1000 / 8 * FRAMES / 25 < size
    assert results[2].info.bitrate is None
    named = pyvmaf_tiny.score_many(ref, {"good": renditions[0], "bad": renditions[1]})
    assert named.names == ("good", "bad")
    same(named["bad"], alone[1])
    with pytest.raises(KeyError, match="none of the renditions good, bad"):
        named["ugly"]


def test_each_gain_limit_has_its_own_model(tmp_path: Path) -> None:
    """The NEG model sees the NEG features, and no others."""
    path = model_graphs.save(model_graphs.row_sums(), tmp_path / "own.onnx")
    ref, renditions = ladder(2)
    results = pyvmaf_tiny.score_many(ref, renditions, neg="both", neg_model=path)
    for result, dis in zip(results, renditions, strict=True):
        same(result, pyvmaf_tiny.score(ref, dis))
        assert result.neg is not None
        same(result.neg, pyvmaf_tiny.score(ref, dis, neg=True, model=path))
        assert result.neg.info.model_id == result.info.neg_model_id == "own.onnx"
        assert result.info.model_id == "vmaf_tiny_d1"


@pytest.mark.parametrize(
    "options",
    [
        {"neg": "neither"},
        {"neg": "both", "gain_limit": 1.0},
        {"neg_model": "vmaf_tiny_d1"},
        {"neg": "both", "neg_model": False},
        {"neg": "both", "model": False, "neg_model": "vmaf_tiny_d1"},
    ],
)
def test_contradicting_neg(options: dict[str, Any]) -> None:
    frame = np.zeros((48, 64), np.uint8)
    with pytest.raises(OptionError, match="neg"):
        pyvmaf_tiny.score(frame, frame, **options)


@pytest.mark.parametrize("renditions", ["dis.mp4", b"abc", io.BytesIO(b"abc"), 3, [], {}])
def test_what_is_no_list_of_renditions(renditions: Any) -> None:
    with pytest.raises(OptionError, match="rendition"):
        pyvmaf_tiny.score_many(np.zeros((48, 64), np.uint8), renditions)


def test_too_many_renditions() -> None:
    frame = np.zeros((48, 64), np.uint8)
    with pytest.raises(OptionError, match="given 65, expected 1 to 64"):
        pyvmaf_tiny.score_many(frame, [frame] * 65, model=False)


def failing(planes: list[Plane], at: int) -> Iterator[Plane]:
    yield from planes[:at]
    raise OSError("the tape tore")


def shorter(_: Path, dis: list[Plane]) -> tuple[Any, dict[str, Any]]:
    return dis[:12], {}


def truncated(folder: Path, dis: list[Plane]) -> tuple[Any, dict[str, Any]]:
    path = folder / "cut.y4m"
    path.write_bytes(y4m_bytes(dis[:13])[:-100])
    return path, {}


def out_of_range(_: Path, dis: list[Plane]) -> tuple[Any, dict[str, Any]]:
    dis[12] = dis[12].copy()
    dis[12][3, 5] = 1024
    return dis, {}


def of_another_size(_: Path, dis: list[Plane]) -> tuple[Any, dict[str, Any]]:
    dis[12] = np.zeros((HEIGHT, WIDTH + 1), dis[12].dtype)
    return dis, {}


def torn(_: Path, dis: list[Plane]) -> tuple[Any, dict[str, Any]]:
    return failing(dis, 12), {}


@pytest.mark.parametrize(
    ("spoil", "bit_depth", "error", "said"),
    [
        (shorter, 8, errors.FrameCountError, "reference and rendition 1 have different numbers"),
        (truncated, 8, errors.TruncatedInputError, "rendition 1, .*cut.y4m"),
        (out_of_range, 10, errors.SampleRangeError, "<list> 1, frame 12: .*given 1024 at x=5, y=3"),
        (of_another_size, 8, errors.FrameSizeError, "rendition 1, <list>: the size changes at"),
        (torn, 8, OSError, "the tape tore"),
    ],
)
@pytest.mark.parametrize("neg", [False, "both"])
def test_a_failing_rendition_loses_nothing(
    spoil: Callable[[Path, list[Plane]], tuple[Any, dict[str, Any]]],
    bit_depth: int,
    error: type[Exception],
    said: str,
    neg: Any,
    tmp_path: Path,
) -> None:
    ref, renditions = ladder(bit_depth=bit_depth)
    good = renditions[:1] + renditions[2:]
    spoilt, options = spoil(tmp_path, renditions[1])
    with pytest.raises(error, match=said) as raised:
        pyvmaf_tiny.score_many(
            ref, [good[0], spoilt, good[1]], bit_depth=bit_depth, neg=neg, **options
        )
    if isinstance(raised.value, VmafTinyError):
        assert raised.value.rendition == 1
        assert raised.value.result is None
    partial = raised.value.results  # type: ignore[attr-defined]
    assert [len(result) for result in partial] == [12, 12, 12]
    for result, dis in zip((partial[0], partial[2]), good, strict=True):
        same(result, pyvmaf_tiny.score(ref[:12], dis[:12], bit_depth=bit_depth, neg=neg))
        assert not result.info.complete
    assert (partial.neg is not None) == (neg == "both")


def test_a_shorter_reference_and_shortest() -> None:
    ref, renditions = ladder()
    with pytest.raises(errors.FrameCountError, match="given 9 frames in <list>, 20 in") as raised:
        pyvmaf_tiny.score_many(ref[:9], renditions)
    assert raised.value.rendition is None
    with pytest.raises(errors.FrameCountError, match="reference and rendition 1 have") as raised:
        pyvmaf_tiny.score_many(ref[:9], [renditions[0][:9], renditions[1]])
    assert raised.value.rendition == 1
    results = pyvmaf_tiny.score_many(
        ref, [renditions[0], renditions[1][:7], renditions[2]], shortest=True
    )
    assert [len(result) for result in results] == [7, 7, 7]


def test_formats_that_differ_are_refused_before_anything_is_scored() -> None:
    ref, renditions = ladder(2)
    small = [plane[:, :-2] for plane in renditions[1]]
    with pytest.raises(errors.FrameSizeError, match="reference and rendition 1 differ") as raised:
        pyvmaf_tiny.score_many(ref, [renditions[0], small])
    assert raised.value.rendition == 1
    stream = io.BytesIO(y4m_bytes(renditions[0]))
    with pytest.raises(OptionError, match="rendition 0 and rendition 1 are one and the same"):
        pyvmaf_tiny.score_many(ref, [stream, stream])


SMALL = np.zeros((FRAMES, HEIGHT, WIDTH - 2), np.uint8)
SHORT = np.stack(ladder(1)[0][:3])
EMPTY = np.zeros((0, HEIGHT, WIDTH), np.uint8)


@pytest.mark.parametrize(
    ("bad", "said", "options"),
    [
        (SMALL, "reference and {} differ in size: ", {}),
        (SHORT.astype(np.uint16), "reference and {} differ in bit depth", {"bit_depth": None}),
        (SHORT, "reference and {} have different numbers of frames: .*, 3 in <array>", {}),
        (SHORT, "{} <array>: no frame is left: given 4 to skip, 3 there", {"skip_dis": 4}),
        (EMPTY, "{} <array>: no frame", {}),
        ("nowhere.mp4", "{} nowhere.mp4: cannot be opened", {}),
        (None, "{} <NoneType>: not an input that frames can come from", {}),
        (b"abc", "{} <bytes>: raw video does not say its own size", {}),
    ],
)
def test_errors_name_the_rendition(bad: Any, said: str, options: dict[str, Any]) -> None:
    """By its number, or the name that it was given; alone in a list it is the distorted video."""
    ref, (good,) = ladder(1)
    if "bit_depth" in options:
        bad, options = [video_frame(plane, "yuv420p10le") for plane in bad], {}
    for renditions, position, role in (
        ([bad], 0, "distorted"),
        ([good, bad], 1, "rendition 1,"),
        ({"low": bad}, 0, "rendition low,"),
        ({"high": good, "low": bad, "last": good}, 1, "rendition low,"),
    ):
        called = role.rstrip(",") if "reference and" in said else role
        with pytest.raises(VmafTinyError, match=r"^" + said.format(called)) as raised:
            pyvmaf_tiny.score_many(ref, renditions, **options)
        assert raised.value.rendition == position
    if "reference and" not in said:
        options = {"skip_ref": options.get("skip_dis", 0)}
        with pytest.raises(VmafTinyError, match=r"^reference ") as raised:
            pyvmaf_tiny.score_many(bad, {"low": good}, **options)
        assert raised.value.rendition is None


def test_errors_of_all_inputs_blame_none() -> None:
    ref, renditions = ladder(2)
    with pytest.raises(OptionError, match=r"^width and height belong together") as raised:
        pyvmaf_tiny.score_many(ref, renditions, 64)
    assert raised.value.rendition is None


def test_a_frame_at_fault_of_one_rendition() -> None:
    ref, (dis,) = ladder(1, bit_depth=10)
    hot = [dis[0], dis[1] | 0x8000]
    with pytest.raises(errors.SampleRangeError, match=r"^low, frame 1") as raised:
        pyvmaf_tiny.score_many(ref, {"low": hot}, bit_depth=10)
    assert raised.value.rendition == 0
    with ReferenceScorer(WIDTH, HEIGHT, 1, bit_depth=10, model=False) as scorer:
        with pytest.raises(errors.FrameSizeError) as refused:
            scorer.push(ref[0], [dis[0][:40]])
        assert refused.value.rendition == 0
        with pytest.raises(errors.SampleRangeError, match=r"^reference") as raised:
            scorer.push(hot[1], [dis[0]])
        assert raised.value.rendition is None


def test_a_score_that_is_not_finite_names_its_rendition(monkeypatch: pytest.MonkeyPatch) -> None:
    ref, renditions = ladder()
    alone = pyvmaf_tiny.score(ref, renditions[2])
    predict = Model.predict

    def broken(self: Model, features: Any) -> Any:
        scores = predict(self, features)
        return np.where(scores == alone.scores[14], np.nan, scores)

    monkeypatch.setattr(Model, "predict", broken)
    with pytest.raises(errors.ModelError, match="frame 14: the score") as raised:
        pyvmaf_tiny.score_many(ref, {"a": renditions[0], "b": renditions[1], "c": renditions[2]})
    assert raised.value.message.startswith("c, frame 14")
    assert raised.value.rendition == 2
    assert raised.value.results is not None
    assert [len(result) for result in raised.value.results] == [14, 14, 14]


def test_progress_hears_of_every_frame() -> None:
    ref, renditions = ladder(2)
    heard: list[tuple[int, int | None, list[float | None]]] = []
    results = pyvmaf_tiny.score_many(
        ref,
        renditions,
        progress=lambda done, total, scorer: heard.append((done, total, scorer.means)),
    )
    assert [done for done, _, _ in heard] == list(range(1, FRAMES + 1))
    assert heard[0][1:] == (FRAMES, [None, None])
    assert heard[-1][2] == pytest.approx([result.scores[:16].mean() for result in results])


@pytest.mark.parametrize("seed", range(24))
def test_every_lane_is_libvmafs(seed: int) -> None:
    """Sizes, depths and contents of all kinds; a distorted, another and the reference itself."""
    case = random_case(5000 + seed, largest=200)
    ref, dis = case.planes()
    renditions: list[Any] = [dis, np.flip(dis, 1).copy(), ref]
    threads = 1 + seed % 3
    both = pyvmaf_tiny.features_many(
        ref, renditions, bit_depth=case.bit_depth, neg="both", threads=threads
    )
    for rendition, planes in enumerate(renditions):
        for lane, gain_limit in enumerate((100.0, 1.0)):
            expected = libvmaf_features(
                ref, planes, bit_depth=case.bit_depth, gain_limit=gain_limit
            )
            what = f"{case}, rendition {rendition}, gain limit {gain_limit}"
            assert_same_features(both[rendition, lane], expected, what)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_whatever_ends_the_call_carries_the_results(error: type[BaseException]) -> None:
    ref, renditions = ladder(2)

    def stop(done: int, *_: object) -> None:
        if done == 7:
            raise error

    with pytest.raises(error) as raised:
        pyvmaf_tiny.score_many(ref, {"a": renditions[0], "b": renditions[1]}, progress=stop)
    partial = raised.value.results  # type: ignore[attr-defined]
    assert partial.names == ("a", "b")
    for result, dis in zip(partial, renditions, strict=True):
        same(result, pyvmaf_tiny.score(ref[:7], dis[:7]))
        assert result.info.ended_by == error.__name__
