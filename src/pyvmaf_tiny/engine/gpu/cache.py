"""What has been compiled, kept on disk for the next process."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path


def read(name: str) -> bytes | None:
    """What :func:`keep` was given for this name; None when that is not here, or damaged.

    The file begins with the sha256 of the rest: the driver is never given half a program, of
    which it is not even told the length.
    """
    with contextlib.suppress(OSError):
        kept = (_folder() / name).read_bytes()
        data = kept[hashlib.sha256().digest_size :]
        if hashlib.sha256(data).digest() + data == kept:
            return data
    return None


def keep(name: str, data: bytes) -> None:
    """Keep it. A cache that cannot be written only costs time."""
    file = _folder() / name
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as handle:
                handle.write(hashlib.sha256(data).digest() + data)
            os.replace(temporary, file)
        except OSError:
            os.unlink(temporary)
            raise


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pyvmaf-tiny"
