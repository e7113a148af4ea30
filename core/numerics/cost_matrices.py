"""Costs of every pair of a true class and a decision: the decision of least expected cost, and accuracies that rank as costs do. Pure array functions."""

from __future__ import annotations

import numpy as np


def expected_costs(proba: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """What each decision is expected to cost: ``Σ_c p_c C_cd``.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
        True for the rows on which they are used.
    costs : ndarray (n_classes, n_decisions)
        The cost of a decision (second axis) on a row of a class (first axis).

    Returns
    -------
    ndarray (n_samples, n_decisions)
    """
    return proba @ costs


def least_cost(proba: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The class (n_samples,) whose calling is expected to cost least; among equals the most probable one.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    costs : ndarray (n_classes, n_classes)
        As for ``expected_costs``.

    Examples
    --------
    A miss that costs nine false alarms is avoided from the probability .1 on.

    >>> least_cost(np.array([[0.92, 0.08], [0.88, 0.12]]), np.array([[0, 1], [9, 0]]))
    array([0, 1])

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, IJCAI.
    """
    expected = expected_costs(proba, costs)
    return np.where(expected <= expected.min(axis=1, keepdims=True), proba, -1.0).argmax(axis=1)


def matrix_cost(confusion: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Total cost of decisions, ``Σ n_cd C_cd``.

    Parameters
    ----------
    confusion : ndarray (..., n_classes, n_classes)
        Rows of each class by decision.
    costs : ndarray (n_classes, n_classes)
    """
    return (np.asarray(confusion) * costs).sum(axis=(-2, -1))


def normalised_accuracy(confusion: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """``1 − (cost − least) / (most − least)``: 1 where each row gets its cheapest decision, 0 where each gets its dearest.

    For two classes this is the weighted accuracy. Several classes are our inference: ``least`` is ``Σ_c n_c min_d C_cd`` and ``most`` the
    same with the greatest cost. NaN where all decisions cost the same.

    Parameters
    ----------
    confusion : ndarray (..., n_classes, n_classes)
        Rows of each class by decision.
    costs : ndarray (n_classes, n_classes)
    """
    sizes = np.asarray(confusion).sum(axis=-1)
    least, most = sizes @ costs.min(axis=1), sizes @ costs.max(axis=1)
    span = np.asarray(most - least, dtype=float)
    return 1 - np.divide(matrix_cost(confusion, costs) - least, span, out=np.full(span.shape, np.nan), where=span > 0)


def class_weighted_accuracy(confusion: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of right decisions, each row weighed by what a miss of its class costs: ``Σ_c w_c n_cc / Σ_c w_c n_c``.

    It ranks as the total cost does when an error on a row of class c costs w_c, whatever the row is taken for. Several classes are our inference.

    Parameters
    ----------
    confusion : ndarray (..., n_classes, n_classes)
        Rows of each class by decision.
    weights : ndarray (n_classes,)
        Not negative, not all 0.
    """
    confusion = np.asarray(confusion)
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    return (right @ weights) / (confusion.sum(axis=-1) @ weights)
