"""Whether a video file is shorter than its own outermost structure says.

FFmpeg ends a cut-off Matroska or AVI file without an error, and frames that it can no longer
put in order come out as if nothing was missing between them. The outermost sizes of the common
containers tell, at the cost of a few small reads. Streams written live (unknown sizes) and
containers without such sizes (MPEG transport streams) count as complete.
"""

from __future__ import annotations

import os
from typing import BinaryIO

# Top-level boxes of MP4 and QuickTime; behind anything else there may be foreign data.
_BOXES = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"sidx", b"mfra"}
_EBML_HEADER = b"\x1a\x45\xdf\xa3"
_MATROSKA_SEGMENT = b"\x18\x53\x80\x67"


def missing_bytes(path: str) -> int:
    """How many bytes are missing at the end of the file at ``path``, as far as one can tell.

    0 for complete files, unknown containers, and everything that is not a regular file.
    Raises OSError when the file cannot be read.
    """
    if not os.path.isfile(path):
        return 0
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if head.startswith(_EBML_HEADER):
            end = _matroska_end(file, size)
        elif head.startswith(b"RIFF"):
            end = _riff_end(file, size)
        elif head[4:8] in _BOXES:
            end = _boxes_end(file, size)
        else:
            return 0
    return max(0, end - size)


def _boxes_end(file: BinaryIO, size: int) -> int:
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if head[4:8] not in _BOXES or length == 0:  # 0: up to the end of the file
            break
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            break
        position += length
    return position


def _riff_end(file: BinaryIO, size: int) -> int:
    """Large AVI files are a sequence of RIFF chunks."""
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(8)
        length = int.from_bytes(head[4:8], "little")
        if not head.startswith(b"RIFF") or length in (0, 0x7FFFFFFF, 0xFFFFFFFF):
            break
        position += 8 + length
    return position


def _matroska_end(file: BinaryIO, size: int) -> int:
    file.seek(len(_EBML_HEADER))
    header = _ebml_size(file) or 0
    if header > size:  # further than a file system may be able to seek
        return 0
    file.seek(header, os.SEEK_CUR)
    if file.read(len(_MATROSKA_SEGMENT)) != _MATROSKA_SEGMENT:
        return 0
    length = _ebml_size(file)
    return 0 if length is None else file.tell() + length


def _ebml_size(file: BinaryIO) -> int | None:
    """A variable-length size: as many leading zero bits as bytes follow; None: unknown."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    extra = 8 - first[0].bit_length()
    bits = 7 * (extra + 1)
    value = int.from_bytes(first + file.read(extra), "big") & ((1 << bits) - 1)
    return None if value == (1 << bits) - 1 else value
