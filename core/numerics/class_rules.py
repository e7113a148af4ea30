"""Decisions among several classes: factors of probabilities, and thresholds of predictions; pure array functions."""

from __future__ import annotations

import numpy as np

CRITERIA = ("macro-F1", "balanced accuracy")
N_SWEEPS = 4
FEWEST = 10
"""Rows of a class, or predictions of it, below which nothing of its own is chosen."""

PULL = 20.0
"""Chosen by looking at held-out thirds of five tables, of 0, 20, 50 and 100."""

SMALLEST = 1e-12


def class_factors(
    proba: np.ndarray,
    codes: np.ndarray,
    criterion: str = "macro-F1",
    weight: np.ndarray | None = None,
    pull: float = PULL,
) -> np.ndarray:
    """Factors of the probabilities so that the largest product decides best, found one class after the other.

    With the factors of the other classes held fast, a row turns to class c where its factor reaches ``max_k≠c p_k f_k / p_c``. Between
    two such values nothing changes, so all of them are looked at and the best is taken; the nearest one among equals. Classes are taken from
    the rarest on, and again until nothing changes, at most ``N_SWEEPS`` times. A class of fewer than ``FEWEST`` rows keeps its factor. In the
    end the factors, scaled to the geometric mean 1, are drawn towards it: ``ln f_c · n_c / (n_c + pull)`` for n_c rows.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    codes : ndarray of int (n_samples,)
        The class of each row as a column of ``proba``.
    criterion : str
        One of ``CRITERIA``, over the classes that have rows.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; None counts each once.
    pull : float
        Rows of a class at which its factor goes half of the way; 0 goes all of it.

    Returns
    -------
    ndarray (n_classes,)
    """
    n_classes = proba.shape[1]
    rows, weight = np.bincount(codes, minlength=n_classes), np.ones(len(codes)) if weight is None else weight
    factors, sizes = np.ones(n_classes), np.bincount(codes, weight, minlength=n_classes)
    chosen = [c for c in np.argsort(sizes, kind="stable") if rows[c] >= FEWEST]
    for _ in range(N_SWEEPS):
        before = factors.copy()
        for c in chosen:
            factors[c] = _best_factor(proba * factors, codes, c, weight, criterion) * factors[c]
        if np.array_equal(before, factors):
            break
    away = np.log(factors) - np.log(factors).mean()
    return np.exp(away * np.divide(rows, rows + pull, out=np.zeros(n_classes), where=rows > 0))


def _best_factor(scores: np.ndarray, codes: np.ndarray, c: int, weight: np.ndarray, criterion: str) -> float:
    """What to multiply the scores of one class by; 1 where nothing is better."""
    others = scores.copy()
    others[:, c] = -1.0
    second = others.argmax(axis=1)
    turn = others[np.arange(len(codes)), second] / np.maximum(scores[:, c], SMALLEST)
    order = np.argsort(turn, kind="stable")
    turn, own, left, mass = turn[order], codes[order], second[order], weight[order]
    value = _macro(own, left, c, mass, scores.shape[1], criterion)
    edges = np.concatenate([[True], turn[1:] > turn[:-1], [True]])
    value = np.where(edges, value, -np.inf)
    now = int(np.searchsorted(turn, 1.0, side="right"))
    best = np.flatnonzero(value >= value.max() - SMALLEST)
    cut = int(best[np.abs(best - now).argmin()])
    if cut == now or value[cut] <= value[now] + SMALLEST:
        return 1.0
    if cut in (0, len(turn)):
        return float(turn[0] / 2 if cut == 0 else min(turn[-1] * 2, 1 / SMALLEST))
    return float(np.sqrt(turn[cut - 1] * turn[cut])) if turn[cut - 1] > 0 else float(turn[cut] / 2)


def _macro(own: np.ndarray, left: np.ndarray, c: int, mass: np.ndarray, n_classes: int, criterion: str) -> np.ndarray:
    """The criterion when the first 0, 1, … n rows are taken for class c and the others for the class in ``left``."""
    sizes = np.bincount(own, mass, minlength=n_classes)
    total = np.zeros(len(own) + 1)
    for k in np.flatnonzero(sizes):
        if k == c:
            hits, taken = _summed(mass * (own == c)), _summed(mass)
        else:
            away = mass * (left == k)
            hits, taken = (part.sum() - _summed(part) for part in (away * (own == k), away))
        total += 2 * hits / (sizes[k] + taken) if criterion == "macro-F1" else hits / sizes[k]
    return total / np.count_nonzero(sizes)


def _summed(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(values)])


def accepted_thresholds(
    proba: np.ndarray, codes: np.ndarray, level: float, weight: np.ndarray | None = None
) -> np.ndarray:
    """For each class the least probability from which on its predictions are right often enough, classes counting the same.

    Of the rows whose most probable class is c, those are accepted whose probability reaches the threshold; their accuracy is
    ``Σ w_i [y_i = c] / Σ w_i`` with ``w_i`` one over the share of the row's own class. The threshold is the least at which it reaches ``level``:
    0 where it does already, and 0 for a class of fewer than ``FEWEST`` rows or predictions. Where no threshold reaches
    the level, the one of the highest accuracy among those that accept ``FEWEST`` rows.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    codes : ndarray of int (n_samples,)
    level : float
        Between 0 and 1.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; None counts each once.

    Returns
    -------
    ndarray (n_classes,)
    """
    n_classes = proba.shape[1]
    mass = np.ones(len(codes)) if weight is None else weight
    each = mass / np.bincount(codes, mass, minlength=n_classes)[codes]
    pred, rows, thresholds = proba.argmax(axis=1), np.bincount(codes, minlength=n_classes), np.zeros(n_classes)
    for c in range(n_classes):
        taken = np.flatnonzero(pred == c)
        if min(len(taken), rows[c]) < FEWEST:
            continue
        taken = taken[np.argsort(-proba[taken, c], kind="stable")]
        confidence = proba[taken, c]
        right = np.cumsum(each[taken] * (codes[taken] == c)) / np.cumsum(each[taken])
        ends = np.append(confidence[1:] < confidence[:-1], True)
        good = np.flatnonzero(ends & (right >= level))
        if right[-1] >= level:
            continue
        if not len(good):
            good = np.array([FEWEST - 1 + int(np.where(ends, right, 0.0)[FEWEST - 1 :].argmax())])
        thresholds[c] = (confidence[good[-1]] + confidence[min(good[-1] + 1, len(taken) - 1)]) / 2
    return thresholds


def first_accepted(proba: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The most probable class whose threshold the row reaches; the most probable one where it reaches none."""
    reached = np.where(proba >= thresholds, proba, -1.0)
    return np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), proba.argmax(axis=1))
