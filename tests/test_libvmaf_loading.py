"""Where a libvmaf is found, and what is refused: the real one, in fresh processes."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from cli_runs import spawn
from conftest import RunPython
from oracle.fetch_libvmaf import LIBRARY

from pyvmaf_tiny import Scorer
from pyvmaf_tiny.engine.libvmaf.loading import HOW_TO_GET_ONE, LIBRARY_VARIABLE, load
from pyvmaf_tiny.errors import EngineStateError, EngineUnavailableError

FIND = """
from pyvmaf_tiny import engines
(info,) = (info for info in engines() if info.name == "libvmaf")
print(info.file if info.available else info.reason)
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A folder of installed packages with PyAV's wheel as far as it matters, to be imported."""
    (tmp_path / "site" / "av").mkdir(parents=True)
    (tmp_path / "site" / "av" / "__init__.py").write_text("raise ImportError('not for this one')")
    (tmp_path / "site" / "av.libs").mkdir()
    shutil.copy(LIBRARY, tmp_path / "site" / "av.libs" / "libvmaf-258f7447.so.3.2.0")
    return tmp_path / "site"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A folder that the loader looks into, with the library under its usual name."""
    (tmp_path / "lib").mkdir()
    shutil.copy(LIBRARY, tmp_path / "lib" / "libvmaf.so.3")
    return tmp_path / "lib"


def test_the_order(run_python: RunPython, tmp_path: Path, wheel: Path, system: Path) -> None:
    """An explicit path, the environment's, PyAV's copy, the system's; each hides the later ones."""
    named = Path(shutil.copy(LIBRARY, tmp_path / "named.so"))
    given = Path(shutil.copy(LIBRARY, tmp_path / "given.so"))
    loader = {"LD_LIBRARY_PATH": system}
    imports = f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
    assert run_python(FIND, **loader).strip() == str(system / "libvmaf.so.3")
    in_wheel = wheel / "av.libs" / "libvmaf-258f7447.so.3.2.0"
    assert run_python(imports + FIND, **loader).strip() == str(in_wheel)
    variable = {LIBRARY_VARIABLE: named}
    assert run_python(imports + FIND, **loader, **variable).strip() == str(named)
    explicit = (
        f"from pyvmaf_tiny.engine.libvmaf.loading import load; print(load({str(given)!r}).path)"
    )
    assert run_python(imports + explicit, **loader, **variable).strip() == str(given)


def test_an_installed_wheel_of_pyav() -> None:
    """Where PyAV's own wheel has a libvmaf (av >= 19, Python >= 3.12), it is the one."""
    import av

    copies = sorted(Path(av.__file__).parent.with_name("av.libs").glob("libvmaf-*.so*"))
    has_one = sys.version_info >= (3, 12) and int(av.__version__.split(".")[0]) >= 19
    assert bool(copies) == has_one
    if copies:
        assert LIBRARY_VARIABLE not in os.environ
        assert load().path == str(copies[0])


def test_none_at_all(run_python: RunPython) -> None:
    reason = run_python("import sys; sys.modules['av'] = None\n" + FIND).strip()
    assert reason == f"no libvmaf was found ({HOW_TO_GET_ONE})"
    assert 'pip install "pyvmaf-tiny[libvmaf]"' in reason


def test_what_the_command_shows() -> None:
    shown = json.loads(spawn("engines", "--json", PYVMAF_TINY_LIBVMAF=str(LIBRARY)).stdout)
    (libvmaf,) = (each for each in shown if each["name"] == "libvmaf")
    assert libvmaf["available"]
    assert (libvmaf["file"], libvmaf["version"]) == (str(LIBRARY), "3.2.0")
    assert libvmaf["preallocated_pictures"] is True
    assert libvmaf["devices"] == ["cpu"]
    assert libvmaf["tier"] in ("scalar", *libvmaf["cpu_flags"])


# ---- what is no libvmaf -------------------------------------------------------------------------


def hostile(folder: Path) -> dict[str, Path]:
    """Files that are named as a libvmaf and are none, or not all of it."""
    whole = LIBRARY.read_bytes()
    files = {
        "nothing": b"",
        "text": b"this is no library\n" * 9,
        "a header alone": whole[:64],
        "an end in the middle": whole[: len(whole) // 2],
        "a byte less": whole[: _end_of_segments() - 1],
        "a far table": whole[:32] + b"\xff" * 8 + whole[40:],
        "another machine": whole[:18] + b"\xb7" + whole[19:],
        "32 bit": whole[:4] + b"\x01" + whole[5:],
    }
    paths = {}
    for name, content in files.items():
        paths[name] = folder / f"{name}.so"
        paths[name].write_bytes(content)
    return paths


def _end_of_segments() -> int:
    """Where the last part of the library ends that is mapped."""
    header = LIBRARY.read_bytes()
    offset = int.from_bytes(header[32:40], "little")
    count = int.from_bytes(header[56:58], "little")
    entries = [header[offset + 56 * each :][:56] for each in range(count)]
    return max(
        int.from_bytes(entry[8:16], "little") + int.from_bytes(entry[32:40], "little")
        for entry in entries
        if entry[0] == 1
    )


def test_files_that_are_no_library(run_python: RunPython, tmp_path: Path) -> None:
    """Each is refused, by path and by variable; the process survives."""
    for name, path in hostile(tmp_path).items():
        said = run_python(FIND, **{LIBRARY_VARIABLE: path})
        assert f"the library that {LIBRARY_VARIABLE} names cannot be loaded" in said, name
        assert str(path) in said, name


def test_a_damaged_copy_in_the_wheel_is_told(
    run_python: RunPython, wheel: Path, system: Path
) -> None:
    """The next place is tried; without one, the error names the damaged file."""
    (copy,) = (wheel / "av.libs").iterdir()
    copy.write_bytes(copy.read_bytes()[:100_000])
    imports = f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
    assert run_python(imports + FIND, LD_LIBRARY_PATH=system).strip() == str(
        system / "libvmaf.so.3"
    )
    said = run_python(imports + FIND)
    assert "libvmaf cannot be loaded" in said
    assert f"{copy}: the file is cut short" in said


@pytest.mark.parametrize("place", ['the path behind "libvmaf:"', LIBRARY_VARIABLE])
@pytest.mark.parametrize("path", ["/nonexistent/libvmaf.so", "/", "libvmaf.so.3"])
def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch, place: str, path: str) -> None:
    """An error, not the next place."""
    monkeypatch.setenv(LIBRARY_VARIABLE, path if place == LIBRARY_VARIABLE else str(LIBRARY))
    with pytest.raises(EngineUnavailableError, match=f"{place} names no file: given {path}"):
        load(None if place == LIBRARY_VARIABLE else path)


def test_another_library() -> None:
    (libm,) = (
        line.split()[-1]
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "/libm.so" in line and "r-xp" in line
    )
    with pytest.raises(EngineUnavailableError, match="without vmaf_version, vmaf_init"):
        load(libm)
    ran = spawn("engines", "--json", PYVMAF_TINY_LIBVMAF=libm)
    assert ran.code == 0
    assert "lacks functions of libvmaf" in ran.stdout


def test_one_library_under_two_names(tmp_path: Path) -> None:
    """It has one CPU mask, so there is one of it, and scorers know of each other."""
    link = tmp_path / "another.so"
    link.symlink_to(LIBRARY)
    hard = tmp_path / "hard.so"
    os.link(LIBRARY, hard)
    assert load(str(link)) is load(str(hard)) is load(str(LIBRARY))
    with (
        Scorer(64, 48, engine=f"libvmaf:{LIBRARY}", model=False, threads=2),
        pytest.raises(EngineStateError, match="another CPU mask"),
    ):
        Scorer(64, 48, engine=f"libvmaf:{hard}", model=False, threads=2, cpu_mask=48)
