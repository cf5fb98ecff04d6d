#!/bin/sh
# Builds the engine for 64-bit ARM with Debian's cross compiler, runs a part of the cases of the C
# tests under QEMU, and compares the features of generated streams with those of a build for this
# machine: every digit has to be the same.
#
#   scripts/test-arm64.sh
#
# Needs meson and ninja on the PATH, and a compiler for this machine. Installs the cross compiler
# and QEMU with apt-get where they are missing (as root). Build folders: build/test-arm64*.
set -eu

cd "$(dirname "$0")/.."

packages=
command -v aarch64-linux-gnu-gcc >/dev/null || packages="$packages gcc-aarch64-linux-gnu"
[ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ] || packages="$packages libc6-dev-arm64-cross"
command -v qemu-aarch64 >/dev/null || packages="$packages qemu-user"
if [ -n "$packages" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "test-arm64: needed first (Debian's names):$packages" >&2
        exit 1
    fi
    apt-get update --quiet=2
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends $packages
fi

# configure FOLDER [OPTION...]
configure() {
    folder=$1
    shift
    [ -e "$folder/build.ninja" ] || meson setup "$folder" -Dpython=false "$@"
}

configure build/test-arm64 --cross-file native/cross/aarch64-linux-gnu.ini
PVT_TEST_THIN=${PVT_TEST_THIN:-30} \
    meson test -C build/test-arm64 --print-errorlogs --timeout-multiplier 4

configure build/test-arm64-here
meson compile -C build/test-arm64 print_features
meson compile -C build/test-arm64-here print_features
qemu-aarch64 -L /usr/aarch64-linux-gnu build/test-arm64/native/tests/print_features \
    >build/test-arm64/features.txt
build/test-arm64-here/native/tests/print_features >build/test-arm64-here/features.txt
diff build/test-arm64-here/features.txt build/test-arm64/features.txt
echo "$(wc -l <build/test-arm64/features.txt) rows of features, the same here and on arm64"
