"""libsvm's text format of a support vector regression."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: What nu-SVR with a radial basis kernel is called in the header.
_KIND = {"svm_type": "nu_svr", "kernel_type": "rbf"}


class Machine(NamedTuple):
    """``y = sum_i coefficients_i exp(-gamma |z - vectors_i|^2) - rho``."""

    vectors: NDArray[np.float64]  #: (V, width)
    coefficients: NDArray[np.float64]  #: (V,)
    gamma: float
    rho: float


def parse_libsvm(text: object, width: int) -> Machine:
    """Read a model of ``width`` features; feature numbers count from 1, a missing one means 0.

    Raises ValueError, with a message that says what is wrong.
    """
    if not isinstance(text, str):
        raise ValueError("it has no support vectors")
    head, separator, body = text.partition("SV\n")
    header = dict(line.partition(" ")[::2] for line in head.splitlines())
    if not separator or any(header.get(key) != kind for key, kind in _KIND.items()):
        raise ValueError("its support vectors are not a nu_svr with an rbf kernel")
    lines = body.splitlines()
    vectors, coefficients = np.zeros((len(lines), width)), np.empty(len(lines))
    columns = {str(number + 1): number for number in range(width)}
    try:
        for row, line in enumerate(lines):
            coefficient, *pairs = line.split()
            coefficients[row] = float(coefficient)
            for number, value in (pair.split(":") for pair in pairs):
                vectors[row, columns[number]] = float(value)
        gamma, rho, total = float(header["gamma"]), float(header["rho"]), int(header["total_sv"])
    except (ValueError, KeyError) as error:
        raise ValueError(f"its support vectors cannot be read ({error})") from error
    if len(lines) != total or total == 0:
        raise ValueError(f"it has {len(lines)} support vectors, its header says {total}")
    if not np.isfinite([gamma, rho, *coefficients, *vectors.ravel()]).all():
        raise ValueError("its support vectors are not finite numbers")
    return Machine(vectors, coefficients, gamma, rho)
