"""Which labels are probably wrong: computed once per study, read by the checks of labels and by the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.numerics.contamination import contamination, normal_scores
from core.numerics.duplicates import identical_rows
from core.numerics.mixing import overlap_of_scores
from core.numerics.neighbours import class_distances, nearest
from core.study import Study

FEWEST = 10
"""Rows of each class that a pair of classes needs to be judged."""

EVIDENCE = 12.0
"""Twice the log-likelihood that exchanged labels must add; about 1 in 500 pairs of classes without noise get there (4,000 drawn).

With K (K − 1) / 2 pairs, twice the logarithm of their number is added, so that all pairs together stay there."""

APART = 0.36
"""Mixing of two classes, without the suspects, above which overlap and noise cannot be told apart (a ROC-AUC of .965)."""

CONFIDENCE, K = 0.7, 10

PAIR = [
    "class",
    "other class",
    "distance",
    "labelled as class",
    "labelled as other",
    "evidence",
    "suspects",
    "mixing without them",
]
"""Columns of the table of pairs."""


@dataclass(frozen=True, eq=False)
class LabelQuality:
    """What the model and the nearest rows say of each label.

    Parameters
    ----------
    error_probability : ndarray (n_samples,)
        Probability that the given label is wrong; 0 where it was not judged, because no pair of classes showed more than
        overlap explains.
    suspect : ndarray of bool (n_samples,)
        Rows named: deep inside another class, more of them than overlap explains.
    likely : ndarray of int (n_samples,)
        Code of the likelier class: another one than the label where the row is a suspect, else the label.
    balanced : ndarray (n_samples, n_classes)
        Out-of-fold probabilities with class frequencies removed; each row sums to 1.
    distances : ndarray (n_samples, n_classes)
        Distance to the k-th nearest row of each class; NaN for a class of fewer than two rows.
    group : ndarray of int (n_samples,)
        Number of the group of rows that are equal in every column.
    contradicted : ndarray of bool (n_samples,)
        Rows with an equal row of another class; never suspects.
    pairs : pandas.DataFrame
        One row per pair of classes in which a row lies on the other side; columns ``PAIR``.
    """

    error_probability: np.ndarray
    suspect: np.ndarray
    likely: np.ndarray
    balanced: np.ndarray
    distances: np.ndarray
    group: np.ndarray
    contradicted: np.ndarray
    pairs: pd.DataFrame


def label_quality(study: Study, confidence: float = CONFIDENCE, k: int = K) -> LabelQuality:
    """Judge the label of every row by the mutual contamination model of each pair of classes.

    The formula stands in the check "Label noise". Nothing is judged where fewer than two classes have ``FEWEST`` rows.

    Parameters
    ----------
    study : Study
        The result is kept with it.
    confidence : float
        Smallest probability of a wrong label for a row to be named.
    k : int
        Which nearest row of each class gives the distance to the class, and how many nearest rows are asked.

    Returns
    -------
    LabelQuality
    """
    key = ("label_quality", float(confidence), int(k))
    if key not in study._memory:
        study._memory[key] = _judged(study, confidence, k)
    return study._memory[key]


def balanced_probabilities(study: Study) -> np.ndarray:
    """Out-of-fold probabilities (n_samples, n_classes) divided by the class shares, so that frequencies have no influence."""
    balanced = np.clip(study.out_of_fold(), 1e-6, 1) / study.table_sizes
    return balanced / balanced.sum(axis=1, keepdims=True)


def _judged(study: Study, confidence: float, k: int) -> LabelQuality:
    n, records = len(study.codes), []
    wrong, suspect, likely = np.zeros(n), np.zeros(n, dtype=bool), study.codes.copy()
    balanced, (group, contradicted) = balanced_probabilities(study), _equal_rows(study)
    distances = class_distances(study.Z, study.codes, k, random_state=study.random_state)
    fits = [_fitted(study, *pair) for pair in _pairs(study.codes, balanced, distances)]
    chosen, other = _chosen(study, fits, confidence, contradicted, k)
    for a, b, rows, model, crossed, fit in fits:
        named = crossed & chosen[rows]
        first = study.codes[rows] == a
        sides = model[first & ~named], model[~first & ~named]
        left = overlap_of_scores(*sides) if all(map(len, sides)) else 1.0
        if fit.evidence > _needed(study) and left <= APART:
            wrong[rows] = np.maximum(wrong[rows], np.where(contradicted[rows], 0.0, fit.wrong))
            suspect[rows[named]], likely[rows[named]] = True, other[rows[named]]
        pair = study.classes[a], study.classes[b]
        records.append((*pair, fit.distance, *fit.shares, fit.evidence, int(named.sum()), left))
    pairs = pd.DataFrame(records, columns=PAIR)
    return LabelQuality(wrong, suspect, likely, balanced, distances, group, contradicted, pairs)


def _fitted(
    study: Study, a: int, b: int, rows: np.ndarray, model: np.ndarray, score: np.ndarray, crossed: np.ndarray
) -> tuple:
    return a, b, rows, model, crossed, contamination(score, study.codes[rows] == a)


def _chosen(
    study: Study, fits: list[tuple], confidence: float, contradicted: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that a pair and the nearest rows place with another class, and with which; a row crosses in one pair at most."""
    chosen, other = np.zeros(len(study.codes), dtype=bool), study.codes.copy()
    for a, b, rows, _, crossed, fit in fits:
        sure = rows[crossed & ~contradicted[rows] & (fit.wrong >= confidence)]
        chosen[sure], other[sure] = True, a + b - study.codes[sure]
    rows = np.flatnonzero(chosen)
    chosen[rows] = _outnumbered(study, rows, other[rows], k)
    return chosen, other


def _pairs(codes: np.ndarray, balanced: np.ndarray, distances: np.ndarray) -> Iterator[tuple]:
    """Pairs of classes in which a row lies on the other side: its rows, two scores, and whether each row has crossed."""
    top = balanced.argmax(axis=1)
    for a in range(balanced.shape[1]):
        for b in range(a + 1, balanced.shape[1]):
            rows = np.flatnonzero(((codes == a) | (codes == b)) & ((top == a) | (top == b)))
            first = codes[rows] == a
            if min(first.sum(), (~first).sum()) < FEWEST:
                continue
            reach = np.clip(distances[rows][:, [a, b]], 1e-9, 1e9)  # rows that share no column lie infinitely far apart
            model, near = np.log(balanced[rows, a] / balanced[rows, b]), np.log(reach[:, 1] / reach[:, 0])
            side = np.where(first, 1, -1)
            crossed = (side * model < 0) & (side * near < 0)
            if crossed.any():
                yield a, b, rows, model, normal_scores(model, first) + normal_scores(near, first), crossed


def _needed(study: Study) -> float:
    n_classes = len(study.classes)
    return EVIDENCE + 2 * np.log(n_classes * (n_classes - 1) / 2)


def _equal_rows(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """The group of equal rows of each row, and whether it holds more than one class."""
    X = study.dataset.X
    text = set(study.dataset.categorical)
    group = identical_rows([(column.cat.codes if name in text else column).to_numpy() for name, column in X.items()])
    lowest, highest = np.full(group.max() + 1, len(study.classes)), np.zeros(group.max() + 1, dtype=int)
    np.minimum.at(lowest, group, study.codes)
    np.maximum.at(highest, group, study.codes)
    return group, (lowest != highest)[group]


def _outnumbered(study: Study, rows: np.ndarray, likely: np.ndarray, k: int) -> np.ndarray:
    """Whether the likely label outweighs the given one among the k nearest rows, with and without class frequencies."""
    labels = nearest_labels(study, rows, k)
    given = study.codes[rows]
    n_given, n_likely = ((labels == codes[:, None]).sum(axis=1) for codes in (given, likely))
    table, each = study.table_sizes, study.standing
    return n_given * each[given] * np.maximum(1, table[likely] / table[given]) <= n_likely * each[likely]


def nearest_labels(study: Study, rows: np.ndarray, k: int) -> np.ndarray:
    """Codes (n_rows, k or k + 1) of the nearest rows of some rows, nearest first; −1 stands for the row itself."""
    found, _ = nearest(study.Z[rows], study.Z, min(k + 1, len(study.Z)))
    return np.where(found == rows[:, None], -1, study.codes[found])
