"""What gets installed: nothing forgotten, nothing superfluous, one version, a light import.

The wheel is built once per run with the environment's own build tools. PYVMAF_TINY_WHEEL names a
finished one to be judged instead.
"""

from __future__ import annotations

import email.message
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

import pytest
from conftest import RunPython

import pyvmaf_tiny

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = CHECKOUT / "src" / "pyvmaf_tiny"
MODELS = CHECKOUT / "model" / "tiny"
KERNELS = CHECKOUT / "native" / "gpu"

#: Source that is compiled or read by the build, and what it leaves in the tree.
NOT_INSTALLED = (
    "meson.build",
    "README.md",
    "binding_declarations.h",
    "binding_dlpack.c",
    "binding_dlpack.h",
    "binding_prelude.h",
    ".so",
    ".pyc",
)

#: Tracked files that the source distribution leaves out, see .gitattributes.
NOT_DISTRIBUTED = {".ci/run", ".gitattributes", ".gitignore"}

#: What must not be imported before something needs it.
HEAVY = ("av", "click", "matplotlib", "onnxruntime", "pandas", "pyarrow", "rich", "scipy")


def build(arguments: list[str]) -> None:
    """Runs a Python command of the build, this environment's meson and ninja on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, made in the build folder of the editable install, so quickly."""
    if given := os.environ.get("PYVMAF_TINY_WHEEL"):
        return (CHECKOUT / given).resolve()
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", f"-Cbuild-dir={sys.prefix}/build"]
    build(["-m", "pip", "wheel", "--quiet", *options, f"--wheel-dir={folder}", "."])
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def contents(wheel: Path) -> Iterator[zipfile.ZipFile]:
    """The wheel, opened."""
    with zipfile.ZipFile(wheel) as archive:
        yield archive


@pytest.fixture(scope="module")
def extension(contents: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled module out of the wheel."""
    (name,) = (name for name in contents.namelist() if name.endswith(".so"))
    return Path(contents.extract(name, tmp_path_factory.mktemp("extension")))


@pytest.fixture(scope="module")
def metadata(contents: zipfile.ZipFile) -> email.message.Message:
    """The wheel's METADATA."""
    (name,) = (name for name in contents.namelist() if name.endswith(".dist-info/METADATA"))
    return BytesParser().parsebytes(contents.read(name))


def files_below(folder: Path) -> set[str]:
    """Every file that belongs to the project, relative to ``folder``."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(NOT_INSTALLED)
    }


def project_version() -> str:
    """What meson.build says."""
    match = re.search(r"^\s*version: '([^']+)'", (CHECKOUT / "meson.build").read_text(), re.M)
    assert match is not None
    return match[1]


def test_the_wheel_holds_the_package_the_models_and_the_kernels(contents: zipfile.ZipFile) -> None:
    installed = {
        name for name in contents.namelist() if ".dist-info/" not in name and name[-1] != "/"
    }
    package = {f"pyvmaf_tiny/{name}" for name in files_below(PACKAGE)}
    elsewhere = ("pyvmaf_tiny/tiny_models/", "pyvmaf_tiny/gpu_kernels/")
    package = {name for name in package if not name.startswith(elsewhere)}
    models = {f"pyvmaf_tiny/tiny_models/{name}" for name in files_below(MODELS)}
    kernels = {f"pyvmaf_tiny/gpu_kernels/{name}" for name in files_below(KERNELS)}
    assert "pyvmaf_tiny/py.typed" in installed
    assert "pyvmaf_tiny/tiny_models/registry.json" in installed
    assert installed == package | models | kernels | {"pyvmaf_tiny/_native.abi3.so"}


def test_every_c_file_is_built() -> None:
    for folder in ("src", "tests"):
        listed = (CHECKOUT / "native" / "meson.build").read_text()
        listed += (CHECKOUT / "native" / "tests" / "meson.build").read_text()
        sources = sorted((CHECKOUT / "native" / folder).rglob("*.c"))
        forgotten = [path.name for path in sources if path.name not in listed]
        assert sources
        assert not forgotten


def test_one_wheel_serves_every_python_from_3_11_up(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, version) == ("pyvmaf_tiny", project_version())
    assert (python, abi) == ("cp311", "abi3")
    assert re.match(r"(many)?linux", platform)


def test_one_version(metadata: email.message.Message) -> None:
    assert metadata["Version"] == project_version() == pyvmaf_tiny.__version__
    changes = (CHECKOUT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[(.+?)\]", changes, re.M)
    assert newest is not None
    assert newest[1] in (project_version(), "Unreleased")


def test_metadata(metadata: email.message.Message, contents: zipfile.ZipFile) -> None:
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.11"
    assert str(metadata.get_payload()).startswith("# pyvmaf-tiny")
    (license_file,) = (name for name in contents.namelist() if name.endswith("/LICENSE"))
    assert contents.read(license_file) == (CHECKOUT / "LICENSE").read_bytes()
    (entry_points,) = (name for name in contents.namelist() if name.endswith("/entry_points.txt"))
    assert "pyvmaf-tiny = pyvmaf_tiny.cli:main" in contents.read(entry_points).decode()


def test_the_module_exports_its_init_function_alone(extension: Path) -> None:
    command = ["nm", "--dynamic", "--defined-only", "--extern-only", "--format=just-symbols"]
    symbols = subprocess.check_output([*command, str(extension)], text=True).split()
    assert symbols == ["PyInit__native"]


def test_the_module_needs_only_the_c_library(extension: Path) -> None:
    dynamic = subprocess.check_output(["readelf", "--dynamic", str(extension)], text=True)
    needed = set(re.findall(r"\(NEEDED\).*\[(.+?)\.so", dynamic))
    assert needed <= {"libc", "libm", "libpthread", "ld-linux-x86-64", "ld-linux-aarch64"}
    assert "libc" in needed


def test_the_source_distribution_holds_what_is_committed(tmp_path: Path) -> None:
    build(["-c", f"import mesonpy; mesonpy.build_sdist({str(tmp_path)!r})"])
    with tarfile.open(tmp_path / f"pyvmaf_tiny-{project_version()}.tar.gz") as archive:
        files = {member.name.partition("/")[2] for member in archive if member.isfile()}
    listing = ["git", "ls-tree", "-r", "--name-only", "HEAD"]
    committed = set(subprocess.check_output(listing, cwd=CHECKOUT, text=True).splitlines())
    assert files == committed - NOT_DISTRIBUTED | {"PKG-INFO"}


@pytest.mark.parametrize(
    "code",
    [
        "import pyvmaf_tiny",
        "import numpy, pyvmaf_tiny\n"
        "luma = numpy.zeros((2, 64, 64), numpy.uint8)\n"
        "assert pyvmaf_tiny.features(luma, luma).shape == (2, 6)",
    ],
    ids=["import", "features"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(run_python: RunPython, code: str) -> None:
    listing = (
        f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    )
    imported = run_python(listing).split()
    assert "pyvmaf_tiny" in imported
    assert [name for name in HEAVY if name in imported] == []


def test_the_command_starts_light(run_python: RunPython) -> None:
    """What only some runs need is not imported at every start; TLS takes as long as NumPy."""
    code = "import pyvmaf_tiny.cli.app, sys\nprint(*sys.modules)"
    imported = run_python(code).split()
    heavy = [*(name for name in HEAVY if name != "click"), "ssl", "http.client", "urllib.request"]
    assert [name for name in heavy if name in imported] == []
