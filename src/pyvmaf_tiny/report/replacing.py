"""Files that appear complete or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pyvmaf_tiny.errors import OptionError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open ``path`` for writing; the new content takes its place when the block ends well.

    Until then, and when the block fails, an existing file stays as it was. What is not a regular
    file (a pipe, /dev/stdout) is written to directly. Raises :class:`OptionError` for a place
    that cannot be written.
    """
    target = Path(path)
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.parent == Path("/dev") or (target.exists() and not target.is_file()):
            with target.open("wb") as stream:
                yield stream
            return
        # The file that a link points to is replaced, not the link.
        target = target.resolve()
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with draft.open("xb") as file:
                yield file
            if target.exists():
                shutil.copymode(target, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OptionError(
            "cannot write the file",
            given=os.fspath(path),
            expected="a file name in an existing folder that may be written",
            hint=error.strerror or str(error),
        ) from error
