"""Finds and loads a libvmaf: an explicit path, the environment, PyAV's copy, the system's."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pyvmaf_tiny import _native
from pyvmaf_tiny.errors import EngineUnavailableError

from .files import check_whole
from .locks import lock_over_forks

ffi: Any = _native.ffi
lib: Any = _native.lib

#: Environment variable: the path of the library to use.
LIBRARY_VARIABLE = "PYVMAF_TINY_LIBVMAF"

#: What the system's loader is asked for.
_SYSTEM_NAMES = {
    "linux": ("libvmaf.so.3", "libvmaf.so.1", "libvmaf.so"),
    "darwin": ("libvmaf.3.dylib", "libvmaf.1.dylib", "libvmaf.dylib"),
    "win32": ("vmaf.dll", "libvmaf.dll", "libvmaf-3.dll"),
}

HOW_TO_GET_ONE = (
    'pip install "pyvmaf-tiny[libvmaf]" (Python 3.12 and above), or your distribution\'s package '
    "(libvmaf, libvmaf3 or libvmaf1; brew install libvmaf), or a library of your own: "
    f'the engine "libvmaf:/path/to/library", {LIBRARY_VARIABLE}=/path/to/library'
)


@dataclass(frozen=True, slots=True)
class Library:
    """A loaded libvmaf.

    ``handle`` is the binding's, ``path`` the file, ``version`` what the library says of itself.
    """

    handle: Any
    path: str
    version: str
    cuda: bool
    sycl: bool
    preallocated: bool
    functions: ctypes.CDLL


def load(path: str | None = None) -> Library:
    """The libvmaf to use, ``path`` if one is given; loaded once and kept until the process ends.

    Raises EngineUnavailableError that says what was tried and how to get one.
    """
    if path is not None:
        return _load_named(path, 'the path behind "libvmaf:"')
    if named := os.environ.get(LIBRARY_VARIABLE):
        return _load_named(named, LIBRARY_VARIABLE)
    candidates = [str(found) for found in _pyav_copies()]
    candidates += _SYSTEM_NAMES.get(sys.platform, _SYSTEM_NAMES["linux"])
    failures = []
    for candidate in candidates:
        try:
            return _loaded(candidate)
        except OSError as error:
            if os.path.isabs(candidate):  # it is there; a name that the system lacks is no news
                failures.append(f"{candidate}: {error}")
    raise EngineUnavailableError(
        "no libvmaf was found" if not failures else "libvmaf cannot be loaded",
        given="; ".join(failures) or None,
        hint=HOW_TO_GET_ONE,
    )


def _load_named(path: str, named_by: str) -> Library:
    path = os.path.expanduser(path)  # no shell does, behind a colon
    if not os.path.isfile(path):
        raise EngineUnavailableError(
            f"{named_by} names no file", given=path, expected="the path of a libvmaf"
        )
    try:
        return _loaded(os.path.realpath(path))
    except OSError as error:
        raise EngineUnavailableError(
            f"the library that {named_by} names cannot be loaded", given=str(error)
        ) from error


def _pyav_copies() -> list[Path]:
    """The libraries inside an installed PyAV wheel; PyAV itself is not imported."""
    try:
        spec = importlib.util.find_spec("av")
    except ValueError:  # somebody's stand-in for the module
        spec = None
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    folders = (package.with_name("av.libs"), package / ".dylibs")
    patterns = ("libvmaf-*.so*", "libvmaf*.dylib", "*vmaf*.dll")
    return sorted(
        found for folder in folders for pattern in patterns for found in folder.glob(pattern)
    )


#: One for every library in the process, whatever name it was loaded by: each libvmaf has one CPU
#: mask, and its :class:`Library` knows which. By the loader's handle.
_libraries: dict[int, Library] = {}
_lock = lock_over_forks()


def _loaded(name: str) -> Library:
    """Load the library of that name or path; OSError when that fails."""
    with _lock:
        if os.path.isabs(name):
            check_whole(name)
        functions = ctypes.CDLL(name)
        if functions._handle not in _libraries:
            _libraries[functions._handle] = _opened(functions, name)
        return _libraries[functions._handle]


def _opened(functions: ctypes.CDLL, name: str) -> Library:
    symbols = ffi.new("pvl_symbols *")
    for symbol, _ in ffi.typeof("pvl_symbols").fields:
        setattr(symbols, symbol, ffi.cast("void *", _address(functions, symbol)))
    opened = ffi.new("pvl_library **")
    status = lib.pvl_library_open(symbols, opened)
    if status:
        _raise_not_ours(status, name, functions, symbols)
    abilities = ffi.new("pvl_abilities *")
    lib.pvl_library_abilities(opened[0], abilities)
    return Library(
        handle=opened[0],
        path=_file_of(functions, name),
        version=ffi.string(lib.pvl_library_version(opened[0])).decode(errors="replace"),
        cuda=bool(abilities.cuda),
        sycl=bool(abilities.sycl),
        preallocated=bool(abilities.preallocated),
        functions=functions,
    )


def _address(functions: ctypes.CDLL, symbol: str) -> int:
    try:
        return ctypes.cast(getattr(functions, symbol), ctypes.c_void_p).value or 0
    except AttributeError:
        return 0


def _raise_not_ours(status: int, name: str, functions: ctypes.CDLL, symbols: Any) -> NoReturn:
    text = ffi.string(lib.pvl_status_text(status)).decode()
    given = name
    if status == lib.PVL_ERROR_SYMBOL:
        missing = [
            symbol
            for symbol, _ in ffi.typeof("pvl_symbols").fields
            if symbol in _REQUIRED and getattr(symbols, symbol) == ffi.NULL
        ]
        given = f"{name} without {', '.join(missing)}"
    elif status == lib.PVL_ERROR_VERSION:
        functions.vmaf_version.restype = ctypes.c_char_p
        given = f"{name}, version {functions.vmaf_version().decode(errors='replace')}"
    raise EngineUnavailableError(text, given=given, expected="libvmaf 2.3 to 3.x")


#: What every libvmaf has.
_REQUIRED = frozenset(
    symbol
    for symbol, _ in ffi.typeof("pvl_symbols").fields
    if symbol != "compute_vmaf"
    and not symbol.startswith(("vmaf_cuda", "vmaf_sycl"))
    and "preallocate" not in symbol
)


class _DynamicLibraryInfo(ctypes.Structure):
    _fields_ = (
        ("file_name", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol_name", ctypes.c_char_p),
        ("symbol", ctypes.c_void_p),
    )


def _file_of(functions: ctypes.CDLL, name: str) -> str:
    """The file that the loader took for a bare name; the name itself where it does not say."""
    if os.path.isabs(name) or sys.platform == "win32":
        return name
    info = _DynamicLibraryInfo()
    found = ctypes.CDLL(None).dladdr(
        ctypes.cast(functions.vmaf_version, ctypes.c_void_p), ctypes.byref(info)
    )
    return os.path.realpath(info.file_name.decode()) if found and info.file_name else name
