"""Measures of how hard classes are to tell apart: along columns, along a line, among neighbours, by their sizes.

Every measure is larger for a harder table. ``n_classes`` values are given per class, against all others, beside that of all classes.
"""

from __future__ import annotations

import numpy as np

from core.numerics.neighbour_search import own_and_other

MEASURES = ("F1", "F1v", "N1", "N2", "N3", "L1", "L2")
"""Measures that exist for all classes together and for each class against the others."""

WIDEST = 300
"""Columns beyond which F1v, L1 and L2 are not measured."""

FEW = 32
"""Classes up to which sums per class are one product."""

TOLERANCE, MOST_STEPS = 1e-6, 50
"""Of the gradient of the linear classifier, as a share of its first; most steps."""


def fisher(X: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[float, np.ndarray]:
    """F1: ``1 / (1 + max_j r_j)`` with Fisher's ratio ``r_j = Σ_c n_c (μ_cj − μ_j)² / Σ_c Σ_i (x_ij − μ_cj)²``.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
        NaN is missing; a column is measured on the rows that have it.
    codes : ndarray of int (n_samples,)
    n_classes : int

    Returns
    -------
    overall : float
        1 where no column tells anything, near 0 where one column tells everything.
    per_class : ndarray (n_classes,)

    References
    ----------
    Lorena et al. (2019), ACM Computing Surveys 52. pymfe follows it; problexity counts the numerator twice.
    """
    centred = X - np.where(np.isnan(X[0]), 0.0, X[0])
    squares, sizes = np.einsum("ij,ij->j", centred, centred), np.bincount(codes, minlength=n_classes)[:, None]
    if np.isnan(squares).any():
        seen = ~np.isnan(centred)
        centred = np.where(seen, centred, 0.0)
        squares, sizes = np.einsum("ij,ij->j", centred, centred), _sums(seen.astype(float), codes, n_classes)
    sums = _sums(centred, codes, n_classes)
    total, n = sums.sum(axis=0), np.maximum(sizes.sum(axis=0), 1)
    share = sums**2 / np.maximum(sizes, 1)
    common = total**2 / n
    rest = (total - sums) ** 2 / np.maximum(n - sizes, 1)
    scatter = squares - common
    return float(_inverse(share.sum(axis=0) - common, scatter)), _inverse(share + rest - common, scatter)


def _sums(X: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Sums of columns per class (n_classes, n_features)."""
    if n_classes <= FEW:
        return (codes[:, None] == np.arange(n_classes)).astype(X.dtype).T @ X
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(n_classes))
    sums = np.zeros((n_classes, X.shape[1]))
    present = np.flatnonzero(np.bincount(codes, minlength=n_classes))
    sums[present] = np.add.reduceat(X[order], starts[present], axis=0)
    return sums


def _inverse(between: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """The smallest ``1 / (1 + between / within)`` over columns: ``within / scatter``."""
    tells = scatter > 1e-12 * max(1.0, scatter.max(initial=0.0))
    share = np.divide(between, scatter, out=np.zeros_like(between), where=np.broadcast_to(tells, between.shape))
    return np.clip(1 - share.max(axis=-1, initial=0.0), 0.0, 1.0)


def directional_fisher(X: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[float, np.ndarray]:
    """F1v: ``1 / (1 + Δ' W⁻¹ Δ)``, Fisher's ratio along the best direction, for each class against the others.

    Δ is the difference of the two means and W their pooled covariance with shares as weights. Since ``W = T − p (1 − p) ΔΔ'`` with T the
    covariance of all rows, one decomposition serves every class. All classes together: the mean over classes; with two
    classes both are the same.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
        Without missing values.
    codes, n_classes
        As in ``fisher``.

    Returns
    -------
    overall : float
    per_class : ndarray (n_classes,)

    References
    ----------
    Lorena et al. (2019), ACM Computing Surveys 52. For two classes problexity agrees; pymfe divides covariances by n − 1
    and takes pairs of classes.
    """
    n = len(X)
    centred = X - X.mean(axis=0)
    sizes, sums = np.bincount(codes, minlength=n_classes), _sums(centred, codes, n_classes)
    difference = sums / np.maximum(sizes, 1)[:, None] + sums / np.maximum(n - sizes, 1)[:, None]
    values, vectors = np.linalg.eigh(centred.T @ centred / n)
    kept = values > 1e-10 * max(values[-1], 1e-300) if len(values) else np.empty(0, dtype=bool)
    reach = difference @ vectors[:, kept] / np.sqrt(values[kept])
    q = np.einsum("cj,cj->c", reach, reach)
    within = np.clip(1 - sizes / n * (1 - sizes / n) * q, 0.0, 1.0)
    ratio = np.divide(q, within, out=np.full(n_classes, np.inf), where=within > 1e-12)
    per_class = 1 / (1 + np.where(q > 0, ratio, 0.0))
    return float(per_class.mean()), per_class


def linear_classifier(X: np.ndarray, side: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Coefficients (n_features + 1,) of the linear support vector machine with squared hinge loss; the intercept is the last.

    Minimises ``½ ‖w‖² + Σ_i weight_i max(0, 1 − side_i w'x_i)²`` by Newton steps, the intercept as one more column of ones: what
    scikit-learn's ``LinearSVC()`` minimises.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
        Without missing values.
    side : ndarray (n_samples,)
        −1 or 1.
    weight : ndarray (n_samples,)
    """
    A = np.column_stack([X, np.ones(len(X))])
    w, identity, first = np.zeros(A.shape[1]), np.eye(A.shape[1]), None
    scores = np.zeros(len(A))
    loss = _loss(w, scores, side, weight)
    for _ in range(MOST_STEPS):
        slack = np.maximum(1 - side * scores, 0.0)
        gradient = w - 2 * (A.T @ (weight * side * slack))
        size = float(np.abs(gradient).max())
        first = first or size
        if size <= TOLERANCE * first:
            break
        active = np.flatnonzero(slack)
        inside = A[active]
        step = np.linalg.solve(identity + 2 * (inside.T * weight[active]) @ inside, -gradient)
        along, length = A @ step, 1.0
        while (new := _loss(w + length * step, scores + length * along, side, weight)) > loss and length > 1e-6:
            length /= 2
        w, scores, loss = w + length * step, scores + length * along, new
    return w


def _loss(w: np.ndarray, scores: np.ndarray, side: np.ndarray, weight: np.ndarray) -> float:
    slack = np.maximum(1 - side * scores, 0.0)
    return float(0.5 * w @ w + (weight * slack) @ slack)


def linear(X: np.ndarray, codes: np.ndarray, n_classes: int, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L1 and L2: how far and how often rows lie on the wrong side of the linear classifier of each class against the others.

    L2 is the share of rows on the wrong side; L1 is ``s / (1 + s)`` with s the mean over all rows of the distance, in
    units of X, by which they lie on the wrong side (0 for the others). Per class: over the rows of the class. All
    classes together: over all rows, and the mean over classes where there are more than two.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
        Without missing values.
    codes, n_classes
        As in ``fisher``.
    weight : ndarray (n_samples,)
        How many rows a row stands for.

    Returns
    -------
    overall : ndarray (2,)
    per_class : ndarray (n_classes, 2)
        NaN for a class without rows.

    References
    ----------
    Lorena et al. (2019), ACM Computing Surveys 52. problexity agrees for two classes; pymfe fits a hinge loss to
    standardised columns, takes pairs of classes and does not divide by the length of w.
    """
    overall, per_class = np.full((n_classes, 2), np.nan), np.full((n_classes, 2), np.nan)
    wrong = None
    for c in range(n_classes):
        own = codes == c
        if n_classes > 2 or wrong is None:
            side = np.where(own, 1.0, -1.0)
            w = linear_classifier(X, side, weight)
            distance = side * (X @ w[:-1] + w[-1]) / max(float(np.linalg.norm(w[:-1])), 1e-12)
            wrong = np.column_stack([np.maximum(-distance, 0.0), distance <= 0])
        overall[c] = np.average(wrong, axis=0, weights=weight)
        if own.any():
            per_class[c] = wrong[own].mean(axis=0)
    for table in (overall, per_class):
        table[:, 0] = table[:, 0] / (1 + table[:, 0])
    return overall.mean(axis=0), per_class


def nearest_ratio(
    Z: np.ndarray, codes: np.ndarray, n_classes: int, rows: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """N2: ``r / (1 + r)``, with r the sum of distances to the nearest row of the own class over that to the nearest other row.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        NaN is missing.
    codes, n_classes
        As in ``fisher``.
    rows : ndarray (n_queries,)
        The rows that are looked up: all, or a sample within classes.

    Returns
    -------
    overall : float
        Classes are weighted by their sizes.
    per_class, error : ndarray (n_classes,)
        And the standard error of the sample; NaN for a class of fewer than two rows.

    References
    ----------
    Lorena et al. (2019), ACM Computing Surveys 52. problexity takes the second nearest other row; pymfe gives one ratio per row.
    """
    own, other = own_and_other(Z, codes, rows)
    kept = np.isfinite(own) & np.isfinite(other)
    asked, own, other = codes[rows][kept], own[kept], other[kept]
    n, sizes = np.bincount(asked, minlength=n_classes), np.bincount(codes, minlength=n_classes)
    sums = np.stack([np.bincount(asked, values, n_classes) for values in (own, other)])
    means = sums / np.maximum(n, 1)
    r = np.divide(means[0], means[1], out=np.full(n_classes, np.nan), where=means[1] > 0)
    r[(means[1] == 0) & (n > 0)] = 1.0
    residual = np.bincount(asked, (own - np.nan_to_num(r)[asked] * other) ** 2, n_classes) / np.maximum(n, 1)
    left_out = np.sqrt(np.clip(1 - n / np.maximum(sizes, 1), 0, 1) / np.maximum(n, 1))
    error = np.divide(
        np.sqrt(residual) * left_out, means[1] * (1 + r) ** 2, out=np.zeros(n_classes), where=means[1] > 0
    )
    whole = means @ np.where(n > 0, sizes, 0)
    return float(whole[0] / max(whole.sum(), 1e-300)), r / (1 + r), np.where(np.isnan(r), np.nan, error)


def imbalance_degree(sizes: np.ndarray) -> float:
    """The imbalance degree: how far class sizes lie from balance, and how many classes are short.

    ``d(p, e) / d(ι_m, e) + m − 1`` with p the shares, e equal shares, m the number of classes below ``1 / K``, ι_m the farthest
    shares with m such classes, and d the Hellinger distance. Between m − 1 and m; 0 for equal sizes.

    Examples
    --------
    >>> round(imbalance_degree(np.array([90, 10])), 3), imbalance_degree(np.array([5, 5]))
    (0.6, 0.0)

    References
    ----------
    Ortigosa-Hernández, Inza and Lozano (2017), Pattern Recognition Letters 98.
    """
    n_classes = len(sizes)
    shares, equal = sizes / sizes.sum(), np.full(n_classes, 1 / n_classes)
    m = int((shares < equal - 1e-12).sum())
    if m == 0:
        return 0.0
    extreme = np.concatenate([np.zeros(m), equal[: n_classes - m]])
    extreme[-1] = 1 - extreme[:-1].sum()
    distance = [np.linalg.norm(np.sqrt(p) - np.sqrt(equal)) for p in (shares, extreme)]
    return float(distance[0] / distance[1] + m - 1)


def likelihood_ratio_imbalance(sizes: np.ndarray) -> float:
    """LRID: ``−2 Σ_c n_c log(N / (K n_c))``, the likelihood-ratio statistic of equal class sizes; 0 when they are equal.

    Examples
    --------
    >>> round(likelihood_ratio_imbalance(np.array([90, 10])), 2)
    73.61

    References
    ----------
    Zhu, Wang and Xue (2018), Pattern Recognition Letters 116.
    """
    sizes = sizes[sizes > 0].astype(float)
    return float(2 * (sizes * np.log(sizes * len(sizes) / sizes.sum())).sum())
