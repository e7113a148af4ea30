"""A working sample of a large table: all rows of its rare classes, a random share of the others, and what each row stands for."""

from __future__ import annotations

import numpy as np


def sampling_plan(counts: np.ndarray, size: int) -> np.ndarray:
    """Rows to keep of each class.

    Classes are filled up to one level: every class with fewer rows than an equal share of what is left is kept whole, and the
    others are cut to that share. Rows that do not divide evenly go to the largest classes, one each.

    Parameters
    ----------
    counts : ndarray of int (n_classes,)
        Rows of each class in the table.
    size : int
        Rows of the sample.

    Returns
    -------
    ndarray of int (n_classes,)
        At most ``counts``; the sum is ``min(size, counts.sum())``.

    Examples
    --------
    >>> sampling_plan(np.array([990, 100, 10]), 200)
    array([95, 95, 10])
    """
    counts = np.asarray(counts, dtype=np.int64)
    plan, order = np.zeros_like(counts), np.argsort(counts, kind="stable")
    left = min(int(size), int(counts.sum()))
    for done, c in enumerate(order):
        plan[c] = min(counts[c], left // (len(counts) - done))
        left -= plan[c]
    return plan


def draw(codes: np.ndarray, plan: np.ndarray, random_state: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw the planned rows of each class at random, without replacement.

    Parameters
    ----------
    codes : ndarray of int (n_samples,)
        The class of each row of the table.
    plan : ndarray of int (n_classes,)
        As ``sampling_plan`` returns it.
    random_state : int
        Seed.

    Returns
    -------
    rows : ndarray of int (n_kept,)
        In the order of the table.
    represents : ndarray of float (n_kept,)
        How many rows of the table each one stands for: ``N_c / n_c``, the same number within a class, 1 for a class kept whole.
    """
    rng = np.random.default_rng(random_state)
    sizes = np.bincount(codes, minlength=len(plan))
    parts = [
        rng.choice(np.flatnonzero(codes == c), n, replace=False) if n < sizes[c] else np.flatnonzero(codes == c)
        for c, n in enumerate(plan)
    ]
    rows = np.sort(np.concatenate(parts))
    return rows, (sizes / np.maximum(plan, 1))[codes[rows]]


def standing(codes: np.ndarray, represents: np.ndarray | None, n_classes: int) -> np.ndarray:
    """How many rows of the table one row of each class stands for.

    Parameters
    ----------
    codes : ndarray of int (n_samples,)
    represents : ndarray (n_samples,) or None
        As ``draw`` returns it; None where every row stands for itself.
    n_classes : int

    Returns
    -------
    ndarray of float (n_classes,)
        The mean within the class; 1 for a class without rows.
    """
    sizes = np.bincount(codes, minlength=n_classes)
    if represents is None:
        return np.ones(n_classes)
    total = np.bincount(codes, represents, minlength=n_classes)
    return np.where(sizes > 0, total / np.maximum(sizes, 1), 1.0)


def at_shares(proba: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Probabilities learned at other class sizes, carried to those of the table.

    ``p_c · w_c / Σ_k p_k · w_k``. In a logistic regression this adds ``log w_c − log w_0`` to the intercept of class c and leaves
    every slope alone.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    factor : ndarray (n_classes,)
        How much larger each class is in the table than where the probabilities were learned.

    Returns
    -------
    ndarray (n_samples, n_classes)

    References
    ----------
    Prentice and Pyke (1979), Biometrika 66. King and Zeng (2001), Political Analysis 9. Saerens, Latinne and Decaestecker (2002),
    Neural Computation 14.
    """
    moved = proba * factor
    total = moved.sum(axis=1, keepdims=True)
    return np.where(total > 0, moved / np.where(total > 0, total, 1), proba)
