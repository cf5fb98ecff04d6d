"""Whether a shared object is all there: the loader maps what is not, and the process dies of it."""

from __future__ import annotations

import os
import struct

_MAGIC = b"\x7fELF"
_64_BIT = 2
_BYTE_ORDERS = {1: "<", 2: ">"}

#: e_phoff, e_phentsize and e_phnum of a 64-bit header.
_HEADER = 64
_LOADED = 1


def check_whole(path: str) -> None:
    """Raise OSError when the file ends before a part that the loader would map.

    Only looks at 64-bit ELF files; the loader itself refuses what it does not know.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        header = file.read(_HEADER)
        order = _BYTE_ORDERS.get(header[5]) if len(header) == _HEADER else None
        if not header.startswith(_MAGIC) or header[4] != _64_BIT or order is None:
            return
        (offset,) = struct.unpack_from(order + "Q", header, 32)
        entry_size, count = struct.unpack_from(order + "HH", header, 54)
        file.seek(min(offset, size))
        table = file.read(entry_size * count)
    needed = offset + entry_size * count
    if needed <= size and entry_size >= 56:
        for start in range(0, len(table), entry_size):
            kind, _, begin, _, _, length = struct.unpack_from(order + "IIQQQQ", table, start)
            if kind == _LOADED:
                needed = max(needed, begin + length)
    if needed > size:
        raise OSError(f"{path}: the file is cut short, {size} of at least {needed} bytes")
