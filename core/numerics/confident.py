"""Confident learning: labels counted against classes that the model is as sure of as it usually is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ConfidentCounts:
    """The counts of confident learning.

    Parameters
    ----------
    thresholds : ndarray (n_classes,)
        t: the mean probability of a class among the rows labelled so; infinite for a class without rows.
    guess : ndarray of int (n_samples,)
        The class that a row is counted for, −1 where no probability reaches its threshold.
    joint : ndarray of int (n_classes, n_classes)
        C: rows by given label and counted class.
    """

    thresholds: np.ndarray
    guess: np.ndarray
    joint: np.ndarray


def confident_counts(proba: np.ndarray, codes: np.ndarray) -> ConfidentCounts:
    """Count each row for the most probable class among those whose probability reaches the class's own threshold.

    ``t_j = mean of p_j over the rows labelled j``; row i is counted in ``C[label_i, j]`` for the ``j`` of largest ``p_ij``
    among those with ``p_ij ≥ t_j``.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
        Out-of-fold probabilities.
    codes : ndarray of int (n_samples,)
        The given labels.

    Returns
    -------
    ConfidentCounts

    References
    ----------
    Northcutt, Jiang and Chuang (2021), Journal of Artificial Intelligence Research 70, equations 1 and 2.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.95, 0.05]])
    >>> confident_counts(proba, np.array([0, 0, 1, 1])).joint
    array([[1, 0],
           [1, 1]])
    """
    n_classes = proba.shape[1]
    sizes = np.bincount(codes, minlength=n_classes)
    sums = np.bincount(codes, proba[np.arange(len(codes)), codes], minlength=n_classes)
    thresholds = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    reached = np.where(proba >= thresholds - 1e-12, proba, -1.0)
    guess = np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), -1)
    counted = guess >= 0
    flat = np.bincount(codes[counted] * n_classes + guess[counted], minlength=n_classes**2)
    return ConfidentCounts(thresholds, guess, flat.reshape(n_classes, n_classes))


def surest(codes: np.ndarray, flagged: np.ndarray, sureness: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Of the flagged rows of each class, the surest ones, up to a number per class.

    Parameters
    ----------
    codes : ndarray of int (n_samples,)
    flagged : ndarray of bool (n_samples,)
    sureness : ndarray (n_samples,)
        Larger is kept first; ties in the order of the rows.
    most : ndarray (n_classes,)
        Rows that may be kept.

    Returns
    -------
    ndarray of bool (n_samples,)

    Examples
    --------
    >>> surest(np.array([0, 0, 0, 1]), np.array([True] * 4), np.array([0.2, 0.9, 0.5, 0.1]), np.array([2, 0]))
    array([False,  True,  True, False])
    """
    rows = np.flatnonzero(flagged)
    rows = rows[np.lexsort((rows, -sureness[rows], codes[rows]))]
    own = codes[rows]
    place = np.arange(len(rows)) - np.searchsorted(own, own)
    kept = np.zeros(len(codes), dtype=bool)
    kept[rows[place < most[own]]] = True
    return kept
