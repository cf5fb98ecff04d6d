"""Locks that a fork in another thread cannot leave locked for ever in the child."""

from __future__ import annotations

import os
import threading
from typing import TypeAlias

Lock: TypeAlias = "threading.RLock"


def lock_over_forks() -> Lock:
    """A lock that every fork waits for, so that nobody holds it when the child begins.

    For locks of modules: the interpreter keeps it for ever.
    """
    lock = threading.RLock()
    if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
    return lock
