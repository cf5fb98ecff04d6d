"""compare(): two engines on the same frames, row by row, whatever the engines do."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from cli_runs import run, spawn_on_terminal

import pyvmaf_tiny
from pyvmaf_tiny.engine import Engine, EngineSpec, open_engine
from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.errors import (
    EngineError,
    EngineUnavailableError,
    FrameCountError,
    OptionError,
)
from pyvmaf_tiny.frames import FEATURES, AnyArray, FeatureVector, Plane
from pyvmaf_tiny.parity import ComparisonResult, EngineChoice, side
from pyvmaf_tiny.parity.tally import Tally

ENGINES = ("native", "native:scalar")


def clips(count: int, width: int = 96, height: int = 72) -> tuple[AnyArray, AnyArray]:
    """Two noisy clips."""
    random = np.random.default_rng(count)
    ref, dis = random.integers(0, 256, (2, count, height, width), np.uint8)
    return ref, dis


class Scripted:
    """The native engine, except that it changes rows, holds them back, or fails."""

    name, version, tier, threads, device = "scripted", "1", "none", 1, "cpu"
    device_memory: str | None = None

    def __init__(
        self,
        engine: Engine,
        *,
        change: Callable[[int, FeatureVector], Sequence[FeatureVector]] = lambda _, row: (row,),
        late: bool = False,
        fail_at: int | None = None,
    ) -> None:
        self.closed = False
        self._engine = engine
        self._change = change
        self._late = late
        self._fail_at = fail_at
        self._held: list[tuple[FeatureVector, ...]] = []
        self._pushed = self._given = 0

    def push(self, ref: Plane, dis: Sequence[Plane]) -> Rows:
        if self._pushed == self._fail_at:
            raise EngineError("scripted")
        self._pushed += 1
        return self._give(self._engine.push(ref, dis))

    def skip(self, ref: Plane) -> Rows:
        return self._give(self._engine.skip(ref))

    def flush(self) -> Rows:
        self._late = False
        return self._give(self._engine.flush())

    def reset(self) -> None:
        self._engine.reset()

    def close(self) -> None:
        self.closed = True
        self._engine.close()

    def _give(self, rows: Rows) -> Rows:
        for (row,) in rows:
            self._held.extend((changed,) for changed in self._change(self._given, row))
            self._given += 1
        if self._late:
            return ()
        given, self._held = tuple(self._held), []
        return given


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """What the second engine is told; both must be closed at the end."""
    script: dict[str, object] = {}
    opened: list[Scripted] = []

    def open_scripted(name: str, spec: EngineSpec) -> Engine:
        engine = open_engine("native", spec)
        opened.append(Scripted(engine, **(script if name == "scripted" else {})))  # type: ignore[arg-type]
        return opened[-1]

    monkeypatch.setattr(side, "open_engine", open_scripted)
    yield script
    assert len(opened) == 2
    assert all(engine.closed for engine in opened)


def compare_scripted(ref: object, dis: object, **options: object) -> ComparisonResult:
    """Native against the scripted engine."""
    engines = (EngineChoice("native"), EngineChoice("scripted"))
    return pyvmaf_tiny.compare(ref, dis, engines=engines, **options)  # type: ignore[arg-type]


def test_two_tiers_of_the_native_engine_are_equal() -> None:
    ref, dis = clips(5)
    result = pyvmaf_tiny.compare(ref, dis, engines=ENGINES, neg=True)
    assert result.equal
    assert result.different == ()
    assert result.complete
    assert (result.frames, result.width, result.height) == (5, 96, 72)
    assert result.gain_limit == 1.0
    assert [side.tier for side in result.engines][1] == "scalar"
    assert [feature.feature for feature in result.features] == list(FEATURES)
    assert all(feature.equal_frames == 5 for feature in result.features)


def test_differences_are_counted_and_found(scripted: dict[str, object]) -> None:
    def change(frame: int, row: FeatureVector) -> Sequence[FeatureVector]:
        by = {1: 1e-3, 3: -4e-3, 4: 2e-3}.get(frame, 0.0)
        return (row._replace(adm2=row.adm2 + by, motion2=row.motion2 * 2),)

    scripted["change"] = change
    ref, dis = clips(6)
    rows = pyvmaf_tiny.features(ref, dis)
    result = compare_scripted(ref, dis)
    assert not result.equal
    assert result.different == ("adm2", "motion2")
    adm2 = result["adm2"]
    assert (adm2.equal_frames, adm2.first_frame, adm2.frame) == (3, 1, 3)
    assert adm2.values == (rows[3, 0], rows[3, 0] - 4e-3)
    assert adm2.max_difference == abs(rows[3, 0] - (rows[3, 0] - 4e-3))
    assert adm2.max_relative_difference == pytest.approx(4e-3 / rows[3, 0])
    motion2 = result["motion2"]
    assert motion2.equal_frames == 1, "the first frame has no motion"
    assert motion2.max_relative_difference == 0.5
    assert result["vif_scale0"].equal
    assert result.explanation is None
    with pytest.raises(KeyError):
        result["adm3"]


def test_a_single_bit_counts(scripted: dict[str, object]) -> None:
    scripted["change"] = lambda _, row: (row._replace(vif_scale2=math.nextafter(row[3], 2)),)
    result = compare_scripted(*clips(2))
    assert result.different == ("vif_scale2",)
    assert 0 < result["vif_scale2"].max_difference < 1e-15


@pytest.mark.parametrize("subsample", [1, 2])
def test_rows_may_come_late(scripted: dict[str, object], subsample: int) -> None:
    scripted["late"] = True
    scripted["change"] = lambda frame, row: (row._replace(adm2=row.adm2 + frame),)
    result = compare_scripted(*clips(9), subsample=subsample)
    assert result.frames == len(range(0, 9, subsample))
    assert result["adm2"].frame == 8
    assert result["adm2"].first_frame == subsample
    assert result.different == ("adm2",)


@pytest.mark.parametrize("rows", [0, 2])
def test_one_row_for_each_frame(scripted: dict[str, object], rows: int) -> None:
    scripted["change"] = lambda frame, row: (row,) * (rows if frame == 1 else 1)
    with pytest.raises(EngineError, match="one row for each frame") as caught:
        compare_scripted(*clips(4))
    assert caught.value.given == f"4 and {3 + rows} rows"
    assert caught.value.expected == "4"


def test_what_was_compared_before_an_error_is_delivered(scripted: dict[str, object]) -> None:
    scripted["fail_at"] = 3
    with pytest.raises(EngineError, match="scripted") as caught:
        compare_scripted(*clips(6))
    partial = caught.value.comparison
    assert partial is not None
    assert partial.frames == 2, "the third one's motion2 depends on the frame that failed"
    assert partial.equal
    assert not partial.complete


def test_a_shorter_clip(scripted: dict[str, object]) -> None:
    ref, dis = clips(4)
    with pytest.raises(FrameCountError) as caught:
        compare_scripted(ref, dis[:3])
    assert caught.value.comparison is not None
    assert caught.value.comparison.frames == 3


def test_progress_is_told_and_may_interrupt() -> None:
    told = []

    def progress(done: int, total: int | None) -> None:
        told.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        pyvmaf_tiny.compare(*clips(5), engines=ENGINES, progress=progress)
    assert told == [(1, 5), (2, 5), (3, 5)]
    assert caught.value.comparison.frames == 3  # type: ignore[attr-defined]


def test_tally_of_what_is_no_number() -> None:
    tally = Tally()
    zeros = FeatureVector(*[0.0] * 6)
    nan, infinite = math.nan, math.inf
    tally.add(0, zeros._replace(adm2=nan, motion2=-0.0), zeros._replace(adm2=nan))
    assert all(feature.equal for feature in tally.features())
    assert tally.add(1, zeros._replace(adm2=nan), zeros) == ("adm2",)
    assert tally.add(2, zeros._replace(adm2=infinite), zeros) == ()
    adm2 = tally.features()[0]
    assert (adm2.frame, adm2.max_difference, adm2.equal_frames) == (1, math.inf, 1)


@pytest.mark.parametrize(
    ("text", "threads", "mask", "again"),
    [
        ("native", None, None, "native"),
        ("native:scalar", None, 0xFFFFFFFF, "native:scalar"),
        ("native:cpumask=0x30", None, 48, "native:cpumask=48"),
        ("native:cpumask=-1", None, 0xFFFFFFFF, "native:scalar"),
        ("auto:threads=3,scalar", 3, 0xFFFFFFFF, "auto:scalar,threads=3"),
        ("libvmaf", None, None, "libvmaf"),
    ],
)
def test_choices(text: str, threads: int | None, mask: int | None, again: str) -> None:
    choice = EngineChoice.parse(text)
    assert (choice.threads, choice.cpu_mask, str(choice)) == (threads, mask, again)
    spec = EngineSpec(width=64, height=64, threads=7, cpu_mask=9)
    expected = dataclasses.replace(spec, threads=threads or 7, cpu_mask=9 if mask is None else mask)
    assert choice.apply(spec) == expected


@pytest.mark.parametrize(
    "text", ["", "none", "native:", "native:fast", "native:threads=0", "native:cpumask=-2",
             "native:threads", "native:/a/b", "native:device=", "native:scalar,",
             "native:cpumask=x"],
)  # fmt: skip
def test_wrong_choices(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        EngineChoice.parse(text)
    assert caught.value.given == repr(text)


def test_a_wrong_value_of_a_known_option() -> None:
    with pytest.raises(OptionError, match=r"^threads= of an engine .* a whole number from 1 up"):
        EngineChoice.parse("native:threads=0")
    with pytest.raises(OptionError, match=r"^cpumask= of an engine .* bits of CPU features"):
        EngineChoice.parse("native:cpumask=zz")


def test_choices_of_libvmaf() -> None:
    choice = EngineChoice.parse("libvmaf:threads=2,/a/libvmaf.so.3,device=cuda:1")
    assert choice == EngineChoice("libvmaf", threads=2, library="/a/libvmaf.so.3", device="cuda:1")
    assert EngineChoice.parse(str(choice)) == choice
    spec = choice.apply(EngineSpec(width=64, height=64))
    assert (spec.library, spec.device) == ("/a/libvmaf.so.3", "cuda:1")


@pytest.mark.parametrize(
    "options",
    [
        {"engines": "native"},
        {"engines": ("native",)},
        {"engines": ("native", "native", "native")},
        {"engines": ENGINES, "scalar": True, "cpu_mask": 8},
        {"engines": ENGINES, "subsample": 0},
        {"engines": ENGINES, "neg": True, "gain_limit": 2.0},
        {"engines": ENGINES, "threads": 0},
    ],
)
def test_wrong_options(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pyvmaf_tiny.compare(*clips(1), **options)  # type: ignore[arg-type]


def test_an_engine_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, spec: EngineSpec) -> Engine:
        raise EngineUnavailableError("not here")

    monkeypatch.setattr(side, "open_engine", refuse)
    with pytest.raises(EngineUnavailableError) as caught:
        pyvmaf_tiny.compare(*clips(2), engines=ENGINES)
    assert caught.value.comparison is None


# ---- the command --------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Options that name two clips on disk."""
    for name, clip in zip(("ref", "dis"), clips(3), strict=True):
        clip.tofile(tmp_path / f"{name}.yuv")
    paths = ["-r", str(tmp_path / "ref.yuv"), "-d", str(tmp_path / "dis.yuv")]
    return [*paths, "-w", "96", "-h", "72", "-p", "400"]


def test_the_command_on_equal_engines(files: list[str]) -> None:
    ran = run("compare", *files, "--engines", *ENGINES)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "3 frames 96x72 8 bit, gain limit 100" in ran.stdout
    assert ran.stdout.count("3 of 3") == 6
    assert "equal: native and native:scalar give the same doubles" in ran.stdout


def test_the_command_in_json(files: list[str]) -> None:
    ran = run("compare", *files, "--engines", "native", "native", "--json", "--scalar", "--neg")
    content = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert content["equal"] is True
    assert content["different"] == []
    assert content["gain_limit"] == 1.0
    assert [side["cpu_mask"] for side in content["engines"]] == [0xFFFFFFFF] * 2
    assert [feature["feature"] for feature in content["features"]] == list(FEATURES)
    assert content["frames"] == content["features"][0]["equal_frames"] == 3


def altered(name: str, spec: EngineSpec) -> Engine:
    """The native engine, with another adm2 and vif_scale0 where AVX2 is masked."""

    def change(frame: int, row: FeatureVector) -> Sequence[FeatureVector]:
        return (row._replace(adm2=row.adm2 + 0.25, vif_scale0=math.nan),)

    engine = open_engine(name, spec)
    return Scripted(engine, change=change) if spec.cpu_mask & 8 else engine


def test_the_command_on_different_engines(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side, "open_engine", altered)
    ran = run("compare", *files, "--engines", *ENGINES)
    assert ran.exit_code == 6
    assert "different: adm2, vif_scale0" in ran.stdout
    assert ran.stdout.count("0 of 3") == 2
    assert "0.25" in ran.stdout
    ran = run("compare", *files, "--engines", *ENGINES, "--json")
    assert ran.exit_code == 6
    content = json.loads(ran.stdout)
    assert content["different"] == ["adm2", "vif_scale0"]
    vif = content["features"][1]
    assert vif["max_difference"] == "inf"
    assert vif["values"][1] == "nan"


def test_the_command_delivers_before_an_error(files: list[str], tmp_path: Path) -> None:
    dis = tmp_path / "dis.yuv"
    dis.write_bytes(dis.read_bytes()[: 2 * 96 * 72])
    ran = run("compare", *files, "--engines", *ENGINES)
    assert ran.exit_code == 3
    assert "note: incomplete, this compares the first 2 frames" in ran.stderr
    assert "2 of 2" in ran.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--engines", "native", "nothing"), "not an engine to compare"),
        (("--scalar", "--cpumask", "8"), "leave --cpumask out"),
        (("--engine", "native"), "No such option"),
    ],
)
def test_wrong_options_of_the_command(
    files: list[str], options: tuple[str, ...], message: str
) -> None:
    ran = run("compare", *files, *options)
    assert ran.exit_code == 2
    assert message in ran.stderr


def test_progress_on_a_terminal(files: list[str]) -> None:
    ran = spawn_on_terminal("compare", *files, "--engines", *ENGINES)
    assert ran.code == 0
    assert "3/3" in ran.stderr
