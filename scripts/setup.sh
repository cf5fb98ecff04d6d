#!/bin/sh
# Sets up .venv with the package built from this checkout, ready for one of:
#
#   scripts/setup.sh demo    the command line, with what the demo draws and encodes
#   scripts/setup.sh test    all that the tests, linters and training scripts need
#   scripts/setup.sh gpu12   what scripts/check-gpu.sh needs, with a driver from 525 up
#   scripts/setup.sh gpu13   the same with one from 580 up
#
# What the system lacks (a Python from 3.11 up with venv and headers, a C compiler) is installed
# with apt-get where there is one, and named where there is not. PYTHON=... picks an interpreter,
# CC=... a compiler. Only a first run downloads anything.
set -eu

cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# The interpreter to use, or nothing. The system's default comes first.
find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if recent_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

# The newest python3.x that the package index offers, or nothing.
packaged_python() {
    for candidate in python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$(apt-cache --quiet=2 search --names-only "^$candidate\$")" ]; then
            echo "$candidate"
            return
        fi
    done
}

has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

has_headers() {
    "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null
}

has_compiler() {
    echo '#include <pthread.h>' | ${CC:-cc} -x c -c -o /dev/null - 2>/dev/null
}

# Debian packages for what is missing; $python is the interpreter, or empty.
missing_packages() {
    if [ -z "$python" ]; then
        version=$(packaged_python)
        [ -n "$version" ] || die "no Python from 3.11 up here or in the package index; install one and name it: PYTHON=/path/to/python3"
        echo "$version $version-venv $version-dev"
    else
        version=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        has_venv "$python" || echo "$version-venv"
        has_headers "$python" || echo "$version-dev"
    fi
    has_compiler || echo "gcc libc6-dev"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

prepare_system() {
    python=$(find_python)
    if [ -n "$python" ] && has_venv "$python" && has_headers "$python" && has_compiler; then
        return
    fi
    command -v apt-get >/dev/null ||
        die "needed first: Python 3.11 or newer with venv and its C headers, and a C compiler (no apt-get here to install them)"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        die "not root and no sudo; as root, run: apt-get install" $(missing_packages)
    as_root apt-get update --quiet=2
    packages=$(missing_packages)
    say "installing with apt-get:" $packages
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --quiet=2 --yes --no-install-recommends $packages >/dev/null
    python=$(find_python)
    [ -n "$python" ] || die "still no Python from 3.11 up; name one: PYTHON=/path/to/python3"
}

prepare_venv() {
    if recent_enough .venv/bin/python; then
        return
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# The tests of the training scripts need PyTorch. Only its CPU build is small enough to be
# installed unasked, and PyPI has none; other package indexes have.
install_torch() {
    if ! python -m pip install --quiet --only-binary=:all: 'torch==2.13.0+cpu' 2>/dev/null; then
        say "no CPU build of PyTorch in the package indexes that pip is configured for, so the" \
            "tests of training will be skipped; PIP_EXTRA_INDEX_URL=... or" \
            ".venv/bin/pip install torch==2.13.0 (several GB) brings them back"
    fi
}

# The build tools come first and the package is built with them, not in a sandbox of pip's: an
# editable install rebuilds its C module with them whenever the C source has changed.
install() {
    say "installing pyvmaf-tiny and what '$1' needs into .venv"
    # Older versions of pip do not know dependency groups.
    python -m pip install --quiet --upgrade 'pip>=25.1'
    case $1 in
    demo)
        python -m pip install --quiet --group build
        extras=demo
        ;;
    test)
        python -m pip install --quiet --group build --group test
        extras=all,cuda,opencl,sycl
        install_torch
        ;;
    gpu12)
        python -m pip install --quiet --group build --group gpu12
        extras=cuda12,sycl
        ;;
    gpu13)
        python -m pip install --quiet --group build --group gpu13
        extras=cuda,sycl
        ;;
    esac
    python -m pip install --quiet --no-build-isolation --config-settings=build-dir=.venv/build \
        --editable ".[$extras]"
}

case ${1:-} in
demo | test | gpu12 | gpu13) ;;
*) die "usage: scripts/setup.sh demo|test|gpu12|gpu13" ;;
esac

prepare_system
prepare_venv
PATH=$PWD/.venv/bin:$PATH
export PATH
install "$1"
if [ "$1" = test ]; then
    python tests/oracle/fetch_libvmaf.py
fi
