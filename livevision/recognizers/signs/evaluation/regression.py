"""Weights of a logistic regression, where a few are learnt from a few thousand examples."""

import numpy as np
from numpy.typing import NDArray

STEPS = 60
"""Of Newton's method; far more than it needs."""
FREE = 1e-3
"""Penalty of the bias, as a share of that of the weights: it is hardly held."""


def logistic(
    rows: NDArray[np.float64],
    true: NDArray[np.float64],
    counts: NDArray[np.float64],
    *,
    penalty: float,
) -> tuple[NDArray[np.float64], float]:
    """Weights (d,) and bias by Newton's method, of `rows` (n, d) whose columns have a spread of 1.

    `true` (n,) is 1 or 0, `counts` (n,) how much each row counts; `penalty` is that of the squares
    of the weights.
    """
    rows = np.column_stack((rows, np.ones(len(rows))))
    held = penalty * np.diag([1.0] * (rows.shape[1] - 1) + [FREE])
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (counts * (chances - true)) + held @ weights
        curve = (rows * (counts * chances * (1 - chances))[:, None]).T @ rows + held
        weights -= np.linalg.solve(curve, slope)
    return weights[:-1], float(weights[-1])
