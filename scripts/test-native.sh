#!/bin/sh
# Builds the engine and runs the C tests, warnings as errors.
#
#   scripts/test-native.sh              with each compiler that is here: gcc, clang
#   scripts/test-native.sh sanitize     a part of the cases, under the address and undefined
#                                       behaviour sanitizers
#   scripts/test-native.sh memcheck     a part of them, under valgrind
#
# Needs meson and ninja on the PATH. Each kind keeps its build folder: build/test-*.
set -eu

cd "$(dirname "$0")/.."

# configure FOLDER COMPILER [OPTION...]
configure() {
    folder=build/test-$1 compiler=$2
    shift 2
    [ -e "$folder/build.ninja" ] || CC=$compiler meson setup "$folder" "$@"
}

compilers=
for compiler in gcc clang; do
    if command -v "$compiler" >/dev/null; then
        compilers="$compilers $compiler"
    fi
done
[ -n "$compilers" ] || { echo "no gcc and no clang here" >&2; exit 1; }
first=${compilers# }
first=${first%% *}

for kind in ${*:-compilers}; do
    case $kind in
    compilers)
        for compiler in $compilers; do
            configure "$compiler" "$compiler"
            meson compile -C "build/test-$compiler" # the Python module, too: its warnings count
            meson test -C "build/test-$compiler" --print-errorlogs
        done
        ;;
    sanitize)
        # Instrumented code makes gcc warn of what is not there.
        configure sanitize "$first" -Dbuildtype=debugoptimized -Dwerror=false \
            -Db_sanitize=address,undefined -Db_lundef=false
        PVT_TEST_THIN=4 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
            meson test -C build/test-sanitize --print-errorlogs --timeout-multiplier 5
        ;;
    memcheck)
        configure memcheck "$first" -Dbuildtype=debugoptimized
        meson test -C build/test-memcheck --print-errorlogs --setup valgrind
        ;;
    *)
        echo "usage: scripts/test-native.sh [compilers|sanitize|memcheck]..." >&2
        exit 2
        ;;
    esac
done
