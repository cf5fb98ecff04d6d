"""The parts of the distillation: the Jacobian, the clip's residuals, the descent."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from pyvmaf_tiny_ai.cliploss import costs, residuals
from pyvmaf_tiny_ai.jacobian import Network
from pyvmaf_tiny_ai.levenberg import minimise

Floats = NDArray[np.float64]


def drawn(layers: tuple[int, ...], rows: int = 40) -> tuple[Network, Floats, Floats]:
    network, rng = Network(layers), np.random.default_rng(1)
    return network, network.draw(rng), rng.normal(0, 1.5, (layers[0], rows))


@pytest.mark.parametrize("layers", [(6, 1), (6, 8, 1), (6, 16, 8, 1), (6, 5, 4, 3, 1)], ids=str)
def test_jacobian_is_that_of_finite_differences(layers: tuple[int, ...]) -> None:
    network, theta, columns = drawn(layers)
    jacobian = np.empty((network.parameters, columns.shape[1]))
    values = network.jacobian(theta, columns, jacobian)
    np.testing.assert_allclose(values, network.values(theta, columns), rtol=0, atol=1e-14)
    step = 1e-6
    for at in range(network.parameters):
        ahead, behind = theta.copy(), theta.copy()
        ahead[at] += step
        behind[at] -= step
        slope = (network.values(ahead, columns) - network.values(behind, columns)) / (2 * step)
        np.testing.assert_allclose(jacobian[at], slope, rtol=0, atol=1e-8)


def test_every_parameter_belongs_to_one_layer() -> None:
    network, theta, _ = drawn((6, 16, 8, 1))
    matrices = network.split(theta)
    assert [matrix.shape for matrix in matrices] == [(16, 7), (8, 17), (1, 9)]
    assert network.parameters == len(theta) == 257
    np.testing.assert_array_equal(np.concatenate([m.ravel() for m in matrices]), theta)


def test_silu_far_out_has_no_overflow() -> None:
    network, theta, _ = drawn((6, 8, 1))
    columns = np.array([[-1e6], [1e6], [0], [0], [0], [0.0]])
    jacobian = np.empty((network.parameters, 1))
    assert np.isfinite(network.jacobian(theta, columns, jacobian)).all()
    assert np.isfinite(jacobian).all()


@pytest.mark.parametrize(
    ("predicted", "raw", "cost"),
    [
        (50.0, 60.0, 10.0**2),  # between the clips: the difference
        (103.0, 99.0, 4.0**2),  # a teacher below 100 counts as it is, whatever is predicted
        (130.0, 110.0, 0.6**2),  # both above: the weak pull alone
        (105.0, 110.0, 0.15**2),
        (98.0, 110.0, 2.0**2 + 0.36**2),  # short of the clip, too
        (-7.0, -5.0, 0.06**2),  # the same below 0
        (4.0, -5.0, 4.0**2 + 0.27**2),
        (-3.0, 1.0, 4.0**2),
        (99.0, 100.0, 1.0**2),  # the edge belongs to the inside
    ],
)
def test_only_the_wrong_side_of_the_clip_counts(predicted: float, raw: float, cost: float) -> None:
    assert costs(np.array([predicted]), np.array([raw]), 0.03) == pytest.approx([cost])


def test_residuals_stand_for_the_costs() -> None:
    """The costs have no kink: residual times slope is their half derivative, right and left."""
    rng = np.random.default_rng(2)
    raw = np.repeat([110.0, 150.0, -5.0, 99.0, 50.0], 100)
    predicted = np.concatenate([rng.uniform(-30, 160, 490), [100.0] * 5, [0.0] * 5])
    found, slopes = residuals(predicted, raw, 0.03)
    step = 1e-5
    middle = costs(predicted, raw, 0.03)
    for side in (-step, step):
        moved = (costs(predicted + side, raw, 0.03) - middle) / side
        np.testing.assert_allclose(moved / 2, found * slopes, atol=2e-5)
    assert set(np.round(slopes**2, 6)) == {0.0009, 1.0, 1.0009}


class Curve:
    """Least squares with a curved valley: Rosenbrock's function, whose minimum is 0 at (1, 1)."""

    def _parts(self, theta: Floats) -> tuple[Floats, Floats]:
        a, b = theta
        errors = np.array([1.0 - a, 10.0 * (b - a * a)])
        return errors, np.array([[-1.0, -20.0 * a], [0.0, 10.0]])

    def loss(self, theta: Floats) -> float:
        errors, _ = self._parts(theta)
        return float(errors @ errors)

    def normal_equations(self, theta: Floats) -> tuple[float, Floats, Floats]:
        errors, jacobian = self._parts(theta)
        return float(errors @ errors), jacobian @ errors, jacobian @ jacobian.T


def test_descent_finds_the_end_of_a_curved_valley() -> None:
    found = minimise(Curve(), np.array([-1.2, 1.0]), 200)
    np.testing.assert_allclose(found.theta, [1.0, 1.0], atol=1e-8)
    assert found.loss < 1e-16
    assert all(after < before for before, after in pairwise(found.losses))


def test_descent_stops_after_its_steps() -> None:
    found = minimise(Curve(), np.array([-1.2, 1.0]), 3)
    assert len(found.losses) == 4


class Flat:
    """Nothing to gain anywhere, and equations that no step solves."""

    def loss(self, theta: Floats) -> float:
        return 1.0

    def normal_equations(self, theta: Floats) -> tuple[float, Floats, Floats]:
        return 1.0, np.zeros(2), np.zeros((2, 2))


def test_descent_ends_where_no_step_leads_down() -> None:
    found = minimise(Flat(), np.zeros(2), 50)
    assert found.losses == (1.0,)
