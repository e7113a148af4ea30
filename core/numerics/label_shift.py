"""Class shares of rows without labels, where classes have become more or less frequent and look as before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

SMALLEST = 1e-7
MOST_STEPS, PRECISE = 500, 1e-4
AT_ONCE = 1_000_000
"""Numbers held at once while rows are drawn anew."""

Draws = tuple[np.ndarray, np.ndarray]


def shares_by_confusion(
    called: np.ndarray, codes: np.ndarray, new: np.ndarray, n_classes: int, n_draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Black box shift estimation: the shares q that explain how often each class is called, ``Σ_j P(called i | class j) q_j = P′(called i)``.

    The rates, and how often each class is called at use, are drawn anew from what their counts leave open (Dirichlet, with half a row added to each
    count, so that a rate of 0 or 1 seen on few rows is not taken for certain). Shares below 0 are set to 0 and the rest scaled to sum 1.

    Parameters
    ----------
    called : ndarray of int (n_samples,)
        The class that is called for rows with a label, by a model that was not trained on them.
    codes : ndarray of int (n_samples,)
        Their classes; every class has a row.
    new : ndarray of int (n_new,)
        What is called for the rows without a label.
    n_classes, n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    shares : ndarray (n_classes,)
        NaN where the rates of two classes are the same.
    draws : ndarray (n_draws, n_classes)
    determinant : ndarray (n_draws,)
        Of the matrix of rates. Where 0 lies among the draws, calls do not tell the classes apart and the shares mean nothing.

    References
    ----------
    Lipton, Wang and Smola (2018), ICML. The draws are our reading.
    """
    counts = np.bincount(called * n_classes + codes, minlength=n_classes**2).reshape(n_classes, n_classes)
    at_use = np.bincount(new, minlength=n_classes)
    rates = rng.standard_gamma(counts + 0.5, size=(n_draws, n_classes, n_classes))
    rates /= rates.sum(axis=1, keepdims=True)
    calls = rng.dirichlet(at_use + 0.5, size=n_draws)
    draws = _on_simplex(np.linalg.solve(rates, calls[..., None])[..., 0])
    own = counts / counts.sum(axis=0)
    if np.linalg.matrix_rank(own) < n_classes:
        return np.full(n_classes, np.nan), draws, np.linalg.det(rates)
    return _on_simplex(np.linalg.solve(own, at_use / at_use.sum())), draws, np.linalg.det(rates)


def shares_by_em(
    proba: np.ndarray, codes: np.ndarray, stands: np.ndarray, new: np.ndarray, n_draws: int, rng: np.random.Generator
) -> Draws:
    """The shares q under which rows without labels are most likely: ``max_q Σ_i log Σ_c q_c p_c(x_i) / π_c``, found by expectation and maximisation.

    The probabilities p are calibrated first on the rows with labels, by one slope and one offset per class, so that they are true there: what
    the method takes for granted. Then rows are drawn anew on both sides, those with labels within their class; for each draw the
    calibration moves by one Newton step and the shares are sought again. That step, and the weak pull of the slope to 1 (a normal prior of
    spread 1), are our addition.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
        Probabilities of rows with a label from models that were not trained on them.
    codes : ndarray of int (n_samples,)
        Every class has a row.
    stands : ndarray (n_classes,)
        How many rows of the table a row of each class counts as.
    new : ndarray (n_new, n_classes)
        Probabilities of the rows without a label, from the same models.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    shares : ndarray (n_classes,)
    draws : ndarray (n_draws, n_classes)

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), Neural Computation 14. Alexandari, Kundaje and Shrikumar (2020), ICML, for calibrating first. Varadhan
    and Roland (2008), Scandinavian Journal of Statistics 35, for the longer steps.
    """
    logs, there, weight = (np.log(np.clip(p, SMALLEST, 1)) for p in (proba, new)), len(new), stands[codes]
    known, unknown = logs
    prior = np.bincount(codes, weight) / weight.sum()
    numbers = _calibrated(known, codes, weight)
    once = np.ones((1, there))
    shares = most_likely(_ratio(unknown, numbers[None], prior), once, prior[None])[0]
    bread, scores = _information(known, codes, weight, numbers)
    middle = (shares + prior) / 2
    parts = []
    for size in _sizes(n_draws, max(unknown.size, known.size)):
        moved = numbers + _drawn(codes, size, rng) @ scores @ bread
        times = rng.multinomial(there, np.full(there, 1 / there), size=size).astype(float)
        parts.append(most_likely(_ratio(unknown, moved, prior), times, np.tile(middle, (size, 1))))
    return shares, np.concatenate(parts)


def most_likely(ratio: np.ndarray, weight: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The shares of a mixture under which rows are most likely, for several problems at once.

    Parameters
    ----------
    ratio : ndarray (n_problems, n_samples, n_classes)
        How likely each row is in each class, up to a factor of the row.
    weight : ndarray (n_problems, n_samples)
    start : ndarray (n_problems, n_classes)
        Above 0, with sum 1.
    """
    total = weight.sum(axis=1, keepdims=True)

    def step(q: np.ndarray) -> np.ndarray:
        each = weight / (ratio @ q[..., None])[..., 0]
        return q * (each[:, None] @ ratio)[:, 0] / total

    q = start
    for _ in range(MOST_STEPS):
        first = step(q)
        second = step(first)
        change, bend = first - q, second - 2 * first + q
        long = np.linalg.norm(change, axis=1) / np.maximum(np.linalg.norm(bend, axis=1), 1e-300)
        long = np.clip(long, 1, 1e3)[:, None]
        further = _on_simplex(np.maximum(q + 2 * long * change + long**2 * bend, 0.1 * second))
        last, q = q, step(further)
        if np.all(np.abs(change) <= PRECISE * (first + PRECISE)) and np.all(
            np.abs(q - last) <= PRECISE * (q + PRECISE)
        ):
            break
    return q


def _on_simplex(q: np.ndarray) -> np.ndarray:
    q = np.maximum(q, 0)
    return q / q.sum(axis=-1, keepdims=True)


def _ratio(logs: np.ndarray, numbers: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Calibrated probabilities over class shares (n_problems, n_samples, n_classes), one problem for each line of numbers."""
    offset = np.column_stack([np.zeros(len(numbers)), numbers[:, 1:]])
    return softmax(numbers[:, :1, None] * logs + offset[:, None], axis=2) / prior


def _calibrated(logs: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The slope, and the offsets of all classes but the first (n_classes,)."""
    rows, total = np.arange(len(codes)), weight.sum()

    def loss(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        score = numbers[0] * logs + np.append(0, numbers[1:])
        value = -weight @ log_softmax(score, axis=1)[rows, codes] + (numbers[0] - 1) ** 2 / 2
        return value / total, _gradient(logs, codes, weight, score, numbers[0]).sum(axis=0) / total

    start = np.append(1.0, np.zeros(logs.shape[1] - 1))
    return minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-7}).x


def _gradient(logs: np.ndarray, codes: np.ndarray, weight: np.ndarray, score: np.ndarray, slope: float) -> np.ndarray:
    """Derivative of the loss by the numbers, row by row (n_samples, n_classes); the pull of the slope is shared out."""
    missed = softmax(score, axis=1)
    missed[np.arange(len(codes)), codes] -= 1
    by_slope = (missed * logs).sum(axis=1, keepdims=True) * weight[:, None] + (slope - 1) / len(codes)
    return np.hstack([by_slope, missed[:, 1:] * weight[:, None]])


def _information(logs: np.ndarray, codes: np.ndarray, weight: np.ndarray, numbers: np.ndarray) -> Draws:
    """The inverse of the second derivative, and the negative derivative of the loss row by row."""
    score = numbers[0] * logs + np.append(0, numbers[1:])
    p = softmax(score, axis=1)
    apart = logs - (p * logs).sum(axis=1, keepdims=True)
    each = p * weight[:, None]
    mixed = (each * apart)[:, 1:].sum(axis=0)
    second = np.diag(each.sum(axis=0))[1:, 1:] - (each.T @ p)[1:, 1:]
    slope = (each * apart * logs).sum() + 1
    known = np.block([[np.array([[slope]]), mixed[None]], [mixed[:, None], second]])
    return np.linalg.pinv(known, hermitian=True), -_gradient(logs, codes, weight, score, numbers[0])


def _drawn(codes: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """How often more than once each row is drawn (size, n_samples), within its class."""
    times = np.empty((size, len(codes)))
    for c in np.unique(codes):
        own = np.flatnonzero(codes == c)
        times[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=size)
    return times - 1


def _sizes(n_draws: int, each: int) -> Iterator[int]:
    """Draws that are made at once, so that memory stays bounded."""
    size = max(1, AT_ONCE // each)
    for first in range(0, n_draws, size):
        yield min(size, n_draws - first)
