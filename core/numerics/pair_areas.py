"""How well pairs of classes are told apart when their sizes are made equal: areas under the ROC curve with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from core.numerics.plane import class_moments, telling_columns, within_covariance


def pair_area(first: np.ndarray, second: np.ndarray) -> float:
    """The share of pairs of one row each in which the first has the larger score; ties count half.

    Examples
    --------
    >>> pair_area(np.array([2.0, 3.0]), np.array([0.0, 2.0]))
    0.875
    """
    ordered = np.sort(second)
    below = np.searchsorted(ordered, first, "left") + np.searchsorted(ordered, first, "right")
    return float(below.sum()) / (2 * len(first) * len(second))


def area_interval(
    area: np.ndarray, n_first: np.ndarray, n_second: np.ndarray, *, level: float = 0.95, n_comparisons: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of an area under the ROC curve that stays within 0 and 1, also where the area is 0 or 1.

    The ends θ solve ``|area − θ| = z √V(θ)`` with the variance
    ``V(θ) = θ (1 − θ) (1 + (m − 1) (1 − θ) / (2 − θ) + (m − 1) θ / (1 + θ)) / (n₁ n₂)`` and ``m = (n₁ + n₂) / 2``.

    Parameters
    ----------
    area, n_first, n_second : ndarray
        Areas and the rows of the two classes, of one shape.
    level : float
        Coverage of all intervals together.
    n_comparisons : int
        How many areas are read together (Bonferroni).

    Returns
    -------
    low, high : ndarray

    References
    ----------
    Newcombe (2006), Statistics in Medicine 25 (method 5). Hanley and McNeil (1982), Radiology 143.
    """
    area, m = np.asarray(area, dtype=float), (np.asarray(n_first) + np.asarray(n_second)) / 2
    rows, z = np.asarray(n_first) * np.asarray(n_second), -float(ndtri((1 - level) / 2 / n_comparisons))
    ends = []
    for limit in (0.0, 1.0):
        inside, outside = area.copy(), np.full_like(area, limit)
        for _ in range(40):
            middle = (inside + outside) / 2
            spread = 1 + (m - 1) * (1 - middle) / (2 - middle) + (m - 1) * middle / (1 + middle)
            within = np.abs(area - middle) <= z * np.sqrt(middle * (1 - middle) * spread / rows)
            inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
        ends.append((inside + outside) / 2)
    return np.where(area <= 0, 0.0, ends[0]), np.where(area >= 1, 1.0, ends[1])


def score_areas(scores: np.ndarray, codes: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """For each pair of classes, the area of the difference of their scores.

    Parameters
    ----------
    scores : ndarray (n_samples, n_classes)
        Such as logarithms of probabilities.
    codes : ndarray of int (n_samples,)
    pairs : sequence of (int, int)
        Both classes have rows.

    Returns
    -------
    ndarray (n_pairs,)
    """
    of_class = {c: scores[codes == c] for c in {c for pair in pairs for c in pair}}
    return np.array(
        [pair_area(of_class[a][:, a] - of_class[a][:, b], of_class[b][:, a] - of_class[b][:, b]) for a, b in pairs]
    )


def linear_areas(
    X: np.ndarray,
    codes: np.ndarray,
    n_classes: int,
    fold: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    rng: np.random.Generator,
    *,
    n_draws: int = 1,
) -> np.ndarray:
    """For each pair of classes, the area of a linear discriminant trained on equally many rows of both, out of fold.

    The score is ``xᵀ S⁻¹ (μ_a − μ_b)``: S is the shrunken mean covariance of all classes, each counting the same, and both means
    are taken over as many training rows as the smaller class has. Only rows of one fold are compared with each other, because each fold has
    a score of its own.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
        Without gaps, in comparable units.
    codes : ndarray of int (n_samples,)
    n_classes : int
    fold : ndarray of int (n_samples,)
        The fold in which a row is held out.
    pairs : sequence of (int, int)
    rng : numpy.random.Generator
    n_draws : int
        How often the rows of the larger classes are drawn anew; the areas are averaged.

    Returns
    -------
    ndarray (n_pairs,)
        .5 where no fold has rows of both classes.
    """
    wins, total = np.zeros(len(pairs)), np.zeros(len(pairs))
    for f in np.unique(fold):
        train, test = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        white = _whitening(X[train], codes[train], n_classes)
        Y, held = X[train] @ white, X[test] @ white
        held_out = [held[codes[test] == c] for c in range(n_classes)]
        of_class = [Y[codes[train] == c] for c in range(n_classes)]
        for _ in range(n_draws):
            means = [_running_means(rng.permutation(rows)) for rows in of_class]
            for i, (a, b) in enumerate(pairs):
                n, pairs_held = min(len(means[a]), len(means[b])), len(held_out[a]) * len(held_out[b])
                if n and pairs_held:
                    direction = means[a][n - 1] - means[b][n - 1]
                    wins[i] += pairs_held * pair_area(held_out[a] @ direction, held_out[b] @ direction)
                    total[i] += pairs_held
    return np.where(total > 0, wins / np.maximum(total, 1), 0.5)


def _running_means(rows: np.ndarray) -> np.ndarray:
    return np.cumsum(rows, axis=0) / np.arange(1, len(rows) + 1)[:, None]


def _whitening(X: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """A matrix A with ``A Aᵀ = S⁻¹`` on the telling columns, rows of 0 on the others."""
    kept = telling_columns(X, codes, n_classes)
    sizes, _, covariances = class_moments(X[:, kept], codes, n_classes)
    values, vectors = np.linalg.eigh(within_covariance(sizes, covariances))
    white = np.zeros((X.shape[1], len(kept)))
    white[kept] = vectors / np.sqrt(np.maximum(values, 1e-9))
    return white


def neighbour_scores(indices: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """For each row, the logarithm of each class's share of the neighbours over its share of the table.

    Parameters
    ----------
    indices : ndarray (n_queries, k)
        Nearest rows of each row, itself left out.
    codes : ndarray of int (n_samples,)
    sizes : ndarray of int (n_classes,)
        Rows per class, at least 1.

    Returns
    -------
    ndarray (n_queries, n_classes)
        A thousandth of a neighbour is added to each share, so that the difference of two columns ranks rows without any.
    """
    places = np.arange(len(indices))[:, None] * len(sizes) + codes[indices]
    counts = np.bincount(places.ravel(), minlength=len(indices) * len(sizes)).reshape(len(indices), len(sizes))
    share = sizes / sizes.sum()
    return np.log(counts / share + 1e-3)


def least_error(nearest_error: np.ndarray) -> np.ndarray:
    """The error that no rule beats, from the error of the nearest neighbour among very many rows: ``(1 − √(1 − 2 E)) / 2``.

    For two classes and ever more rows, the error E of the nearest neighbour nears a value of at most ``2 e (1 − e)``, e being the least
    error of any rule; solved for e. With few rows E is larger than its limit, so this is an estimate of a bound.

    Examples
    --------
    >>> least_error(np.array([0.0, 0.32, 0.6])).round(3).tolist()
    [0.0, 0.2, 0.5]

    References
    ----------
    Cover and Hart (1967), IEEE Transactions on Information Theory 13.
    """
    return (1 - np.sqrt(1 - 2 * np.minimum(nearest_error, 0.5))) / 2


def shuffled_costs(
    cost: np.ndarray, true: np.ndarray, taken: np.ndarray, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Mean cost of errors whose predicted classes are shuffled over the errors; those that hit by chance are left out.

    Parameters
    ----------
    cost : ndarray (n_classes, n_classes)
    true, taken : ndarray of int (n_errors,)
        The classes of the errors and what they were taken for.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray (n_draws,)
        NaN where every shuffled prediction hits.
    """
    drawn = rng.permuted(np.repeat(taken[None, :], n_draws, axis=0), axis=1)
    wrong = drawn != true
    counted = wrong.sum(axis=1)
    total = (cost[true, drawn] * wrong).sum(axis=1)
    return np.where(counted > 0, total / np.maximum(counted, 1), np.nan)
