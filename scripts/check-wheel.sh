#!/bin/sh
# Builds the source distribution, from it the wheel, and from that the manylinux wheel, into
# dist/, and judges the last: its contents, and in a fresh environment for each CPython from 3.11
# up that is here whether it gives the golden features. Needs .venv (make setup).
set -eu

cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH

pythons() {
    for version in 3.11 3.12 3.13 3.14; do
        for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
            if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
                echo "$candidate"
                break
            fi
        done
    done
}

python -m pip install --quiet --group release
rm -rf dist build/fresh
python -m build --outdir dist/unrepaired
auditwheel repair --wheel-dir dist dist/unrepaired/*.whl
mv dist/unrepaired/*.tar.gz dist/
rm -r dist/unrepaired
ls -l dist
wheel=$(ls dist/*-cp311-abi3-manylinux*.whl) # fails unless there is one

PYVMAF_TINY_WHEEL=$wheel python -m pytest tests/test_packaging.py

for candidate in $(pythons); do
    "$candidate" -m venv build/fresh
    build/fresh/bin/python -m pip install --quiet "$wheel[libvmaf]" # which is one from 3.12 on
    # -I and another folder: nothing of this checkout is importable
    (cd / && "$OLDPWD/build/fresh/bin/python" -I "$OLDPWD/tests/smoke.py")
    build/fresh/bin/pyvmaf-tiny engines
    rm -r build/fresh
done
