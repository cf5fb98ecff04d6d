"""Levenberg-Marquardt: nonlinear least squares by damped Gauss-Newton steps, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

Floats = NDArray[np.float64]

_FIRST_DAMPING = 1e-2
_LEAST_DAMPING, _MOST_DAMPING = 1e-15, 1e10


class Problem(Protocol):
    """A sum of squares over parameters (P,)."""

    def loss(self, theta: Floats) -> float:
        """The sum of squared residuals."""

    def normal_equations(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """The sum, and with the residuals r and their Jacobian J (P, N): J r and J J^T."""


@dataclass(frozen=True)
class Minimum:
    """Where a descent ended; ``losses`` has the start's and that of every accepted step."""

    theta: Floats
    losses: tuple[float, ...]

    @property
    def loss(self) -> float:
        """The sum of squares that was reached."""
        return self.losses[-1]


def minimise(problem: Problem, theta: Floats, steps: int) -> Minimum:
    """Descend for at most ``steps`` accepted steps, or until no step leads down any more.

    Damping is Marquardt's, in proportion to the diagonal, and adapted as Nielsen does: by how much
    of the promised decrease came true.
    """
    loss, gradient, normal = problem.normal_equations(theta)
    losses = [loss]
    damping, growth = _FIRST_DAMPING, 2.0
    while len(losses) <= steps and damping < _MOST_DAMPING:
        diagonal = np.maximum(np.diag(normal), 1e-12 * np.trace(normal) / len(theta))
        step = _solve(normal, damping * diagonal, gradient)
        if step is not None:
            lower = problem.loss(theta + step)
            if lower < loss:
                promised = float(step @ (damping * diagonal * step - gradient))
                ratio = (loss - lower) / promised
                damping *= max(1.0 / 3.0, 1.0 - (2.0 * min(ratio, 1.0) - 1.0) ** 3)
                damping, growth = max(damping, _LEAST_DAMPING), 2.0
                theta = theta + step
                loss, gradient, normal = problem.normal_equations(theta)
                losses.append(loss)
                continue
        damping, growth = damping * growth, growth * 2.0
    return Minimum(theta, tuple(losses))


def _solve(normal: Floats, damping: Floats, gradient: Floats) -> Floats | None:
    """The step of the damped equations; None where they are not positive definite."""
    damped = normal.copy()
    damped[np.diag_indices_from(damped)] += damping
    try:
        factor = cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    step: Floats = cho_solve(factor, -gradient, check_finite=False)
    return step if np.isfinite(step).all() else None
