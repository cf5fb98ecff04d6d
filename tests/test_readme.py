"""Every Python block and command of README and guides runs, and every link leads somewhere.

Blocks of one page run in order and share their names, in a folder that holds the clips they use.
"""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clips import moving_planes, noisy, write_video, y4m_bytes, yuv_bytes
from oracle.fetch_libvmaf import LIBRARY

import pyvmaf_tiny
from pyvmaf_tiny.engine.libvmaf.loading import LIBRARY_VARIABLE

CHECKOUT = Path(__file__).resolve().parents[1]

#: Pages whose blocks are run; docs/cli.md has examples with files that only its readers have.
GUIDES = ("README.md", "docs/python.md", "docs/inputs.md", "docs/exactness.md", "docs/libvmaf.md")

PAGES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "native/*.md", "ai/*.md", "tests/**/*.md")
    for path in CHECKOUT.glob(pattern)
)

WIDTH, HEIGHT, FRAMES = 640, 360, 10

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(page: str) -> str:
    return (CHECKOUT / page).read_text()


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in one language; "" for commands."""
    return [code for name, code in BLOCK.findall(text_of(page)) if name == language]


def commands(page: str) -> list[str]:
    """The lines that call the command line tool."""
    lines = "".join(blocks(page, "")).splitlines()
    return [line for line in lines if line.startswith("pyvmaf-tiny ")]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips that the pages speak of."""
    folder = tmp_path_factory.mktemp("clips")
    reference = moving_planes(FRAMES, WIDTH, HEIGHT)
    distorted = noisy(reference)
    write_video(folder / "reference.mp4", reference, codec="libx264", options={"crf": "10"})
    write_video(folder / "distorted.mp4", distorted, codec="libx264", options={"crf": "35"})
    for name, crf in (("6M", "25"), ("3M", "35"), ("1M", "45")):
        write_video(folder / f"{name}.mp4", reference, codec="libx264", options={"crf": crf})
    write_video(folder / "shorter.mp4", distorted[:-2], codec="libx264")
    (folder / "reference.y4m").write_bytes(y4m_bytes(reference))
    deep = moving_planes(FRAMES, WIDTH, HEIGHT, bit_depth=10)
    (folder / "ref.yuv").write_bytes(yuv_bytes(deep))
    (folder / "dis.yuv").write_bytes(yuv_bytes(noisy(deep, bit_depth=10)))
    return folder


@pytest.fixture
def among_clips(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own that holds the clips; there is a libvmaf."""
    monkeypatch.setenv(LIBRARY_VARIABLE, str(LIBRARY))
    for clip in clips.iterdir():
        (tmp_path / clip.name).symlink_to(clip)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in GUIDES if blocks(page, "python")])
def test_python_blocks(page: str, among_clips: Path) -> None:
    names: dict[str, Any] = {"__name__": "guide"}
    for number, code in enumerate(blocks(page, "python"), start=1):
        exec(compile(code, f"{page}, Python block {number}", "exec"), names)
    assert {"pyvmaf_tiny"} < names.keys()


@pytest.mark.parametrize("command", [line for page in GUIDES for line in commands(page)])
def test_commands(command: str, among_clips: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "pyvmaf_tiny", *shlex.split(command)[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout or any(among_clips.glob("*.csv"))


def test_make_targets_exist() -> None:
    named = set(
        re.findall(r"`?make (\w+)", "".join(map(text_of, ("README.md", "CONTRIBUTING.md"))))
    )
    targets = set(re.findall(r"^(\w+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = (CHECKOUT / page).parent
    targets = re.findall(r"\]\(([^)#\s]+)", BLOCK.sub("", text_of(page)))
    local = [target for target in targets if not target.startswith(("http://", "https://"))]
    assert [target for target in local if not (folder / target).exists()] == []


def test_the_options_that_features_lacks() -> None:
    said = re.search(
        r"`features\(\)` takes the options of `score\(\)` less .*", text_of("docs/python.md")
    )
    assert said is not None
    of_score, of_features = (
        set(inspect.signature(call).parameters)
        for call in (pyvmaf_tiny.score, pyvmaf_tiny.features)
    )
    assert of_features < of_score
    assert set(re.findall(r"`(\w+)`", said[0])) == of_score - of_features
