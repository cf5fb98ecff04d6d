#!/bin/sh
# Builds the engine and runs the C kernel tests, warnings as errors, once with each C compiler
# that is here: gcc, clang. Build folders are kept: build/test-gcc, build/test-clang.
set -eu

cd "$(dirname "$0")/.."

tested=
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || continue
    folder=build/test-$compiler
    [ -e "$folder/build.ninja" ] || CC=$compiler meson setup "$folder"
    meson compile -C "$folder"
    meson test -C "$folder" --no-rebuild --print-errorlogs
    tested="$tested $compiler"
done

[ -n "$tested" ] || { echo "no gcc and no clang here" >&2; exit 1; }
echo "C kernel tests passed with:$tested"
