"""Puts the real libvmaf 3.2.0 where the tests look for it: ``.cache/libvmaf/`` in the checkout.

    python tests/oracle/fetch_libvmaf.py

The shared object comes out of a PyAV wheel, fetched with pip from the configured package index.
The wheel is for CPython 3.12; only the library inside it is used, so any Python will do. Wheel
and library are pinned by sha256. Running it again does nothing when the library is in place.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

#: Where the tests load libvmaf from. It needs the C, C++ and maths libraries of the system alone.
LIBRARY = CHECKOUT / ".cache" / "libvmaf" / "libvmaf.so.3.2.0"

COMMAND = "python tests/oracle/fetch_libvmaf.py"

REQUIREMENT = "av==19.0.2"
PLATFORM = "manylinux_2_28_x86_64"
WHEEL_SHA256 = "9c1da7aad0fa6c13b4a5c1e7985be0d13f8526a96284573acaf3d55ead6d3fe8"
LIBRARY_SHA256 = "1abf718ba21e1864b5726d35b823e66ddada368b23a4903b1c1277ae4afdf5a3"


def in_place() -> bool:
    """Whether the pinned library is there, whole and unchanged."""
    return LIBRARY.is_file() and _sha256(LIBRARY.read_bytes()) == LIBRARY_SHA256


def fetch() -> None:
    """Downloads the wheel and keeps the library; other readers never see half a file."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = _download_wheel(Path(folder))
        library = _library_inside(wheel)
    if _sha256(library) != LIBRARY_SHA256:
        raise SystemExit(
            f"libvmaf in {wheel.name} has sha256 {_sha256(library)}, expected {LIBRARY_SHA256}"
        )
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=LIBRARY.parent)
    with os.fdopen(handle, "wb") as output:
        output.write(library)
    os.replace(unfinished, LIBRARY)


def _download_wheel(folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version=3.12", f"--platform={PLATFORM}"]
    command += ["--require-hashes", f"--requirement={requirements}", f"--dest={folder}"]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _library_inside(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.startswith("av.libs/libvmaf-"))
        return archive.read(name)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Fetches what is missing and says where it is."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise SystemExit(
            f"the exactness tests are pinned to libvmaf for {PLATFORM}; "
            f"this is {platform.system()} {platform.machine()}"
        )
    if not in_place():
        fetch()
    print(f"libvmaf 3.2.0: {LIBRARY}")


if __name__ == "__main__":
    main()
