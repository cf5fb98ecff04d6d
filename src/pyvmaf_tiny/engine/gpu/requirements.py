"""Which device it is to be, and what the kernels need of it, whatever its runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyvmaf_tiny.errors import DeviceError

from .source import ITEMS

#: Local memory of a work group, at most; every CUDA device has as much without being asked.
LOCAL_BYTES = 48 << 10


def numbered(found: Sequence[Any], index: int | None, kind: str, title: str) -> Any:
    """The device of that number, or the first; DeviceError names those that there are."""
    if index is not None and index >= len(found):
        names = ", ".join(f"{kind}:{i} {device.name.strip()}" for i, device in enumerate(found))
        raise DeviceError(f"no such {title} device", given=f"{kind}:{index}", expected=names)
    return found[index or 0]


def check_device(name: str, *, has_double: bool, local_bytes: int, group_items: int) -> None:
    """DeviceError unless the device can run the kernels."""
    if not has_double:
        raise DeviceError(
            "the device has no double precision, which VIF is defined in", given=name.strip()
        )
    if local_bytes < LOCAL_BYTES or group_items < ITEMS:
        raise DeviceError(
            "the device's work groups are too small",
            given=f"{name.strip()}: {local_bytes >> 10} KiB of local memory, {group_items} items",
            expected=f"{LOCAL_BYTES >> 10} KiB and {ITEMS} items",
        )
