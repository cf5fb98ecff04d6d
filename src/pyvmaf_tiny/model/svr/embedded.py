"""The models that a libvmaf library carries inside, as the JSON texts they were built from."""

from __future__ import annotations

import hashlib
import json
import mmap
import re
from pathlib import Path

from pyvmaf_tiny.errors import ModelNotFoundError

#: sha256 of the canonical JSON (sorted keys, no spaces) of libvmaf's built-in models of the
#: integer features, the same in all its releases that have them.
KNOWN = {
    "vmaf_v0.6.1": "0fcdebeb41fa3b3f3b24755d219e12c0b86238e048f6ce560606fa09b5f104c4",
    "vmaf_v0.6.1neg": "cc2271bade5d52bcaaa9b27dcc50bc15168b883be8a5495f32d27c7be80255b5",
    "vmaf_b_v0.6.3": "9f9ba6cadcf882976a26334d58f26fa2f3c97560794e3af13d73d15ed8dddf21",
    "vmaf_4k_v0.6.1": "9ff20248af618ee2601d7a8eba77f521e0ce3480e5c5ca00ecfac88f702fa279",
    "vmaf_4k_v0.6.1neg": "77f98d50e6b34ac1e5489ef3b0806286482966247bcb80a916e2f29cd7e9e4ec",
}

#: How such a text begins. What follows its end need not be a zero byte.
_START = re.compile(rb"\{\s*\"(?:param_dict|model_dict|0)\"\s*:")

#: More than the longest of them has.
_LONGEST = 1 << 20


def embedded_models(library: Path) -> dict[str, bytes]:
    """The JSON texts in a libvmaf library, by libvmaf's own names of the models.

    Models of other features than our six are left out. Raises ModelNotFoundError when the file
    cannot be read.
    """
    names = {digest: name for name, digest in KNOWN.items()}
    found: dict[str, bytes] = {}
    try:
        with (
            library.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            for match in _START.finditer(data):
                text = _json_text(data[match.start() : match.start() + _LONGEST])
                if (name := names.get(_digest(text))) is not None:
                    found[name] = text
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(f"the library cannot be read ({error})", given=library) from error
    return found


def _json_text(data: bytes) -> bytes:
    """The JSON document at the beginning of ``data``; empty when there is none."""
    text = data.decode("latin-1")  # one character a byte, whatever comes after the document
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return b""
    return data[:end]


def _digest(text: bytes) -> str:
    if not text:
        return ""
    canonical = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
