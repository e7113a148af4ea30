"""Classes in a plane: discriminant axes, angles, spreads, and distances between normal clouds."""

from __future__ import annotations

import numpy as np

BORROWED = 4
"""Rows' worth of the mean covariance that the covariance of a class in the plane is mixed with."""

SMALLEST = 1e-9

MOST_COLUMNS = 60
"""Encoded columns of a discriminant; of more, those are taken in which the class means of the given rows differ most."""


def plain_columns(Z: np.ndarray) -> np.ndarray:
    """Columns without gaps, each with mean 0 and variance 1: gaps become 0, the median of all rows, and are marked in columns of their own.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        In units from the median; NaN is missing.

    Returns
    -------
    ndarray (n_samples, n_varying)
        Columns that do not vary are dropped, and of equal patterns of gaps all but one; cut at 8 standard deviations.

    Examples
    --------
    >>> plain_columns(np.array([[1.0, 5.0], [-1.0, 5.0]])).tolist()
    [[1.0], [-1.0]]
    """
    gaps = np.isnan(Z)
    marks = np.unique(gaps[:, gaps.any(axis=0)], axis=1)
    values = np.hstack([np.where(gaps, 0.0, Z), marks])
    spread = values.std(axis=0)
    varying = spread > SMALLEST
    return np.clip((values[:, varying] - values[:, varying].mean(axis=0)) / spread[varying], -8, 8)


def telling_columns(X: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Positions of at most ``MOST_COLUMNS`` columns of equal variance: those whose class means differ most, each class counting the same."""
    if X.shape[1] <= MOST_COLUMNS:
        return np.arange(X.shape[1])
    sizes = np.bincount(codes, minlength=n_classes)
    means = np.stack([np.bincount(codes, column, minlength=n_classes)[sizes > 0] for column in X.T], axis=1)
    spread = (means / sizes[sizes > 0][:, None]).var(axis=0)
    return np.sort(np.argsort(-spread, kind="stable")[:MOST_COLUMNS])


def class_moments(X: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, mean and covariance of every class.

    Returns
    -------
    sizes : ndarray of int (n_classes,)
    means : ndarray (n_classes, n_features)
        0 for a class without rows.
    covariances : ndarray (n_classes, n_features, n_features)
        With the denominator n − 1; 0 for a class of fewer than two rows.
    """
    sizes = np.bincount(codes, minlength=n_classes)
    means, covariances = np.zeros((n_classes, X.shape[1])), np.zeros((n_classes, X.shape[1], X.shape[1]))
    for c in range(n_classes):
        rows = X[codes == c]
        if len(rows):
            means[c] = rows.mean(axis=0)
        if len(rows) > 1:
            centred = rows - means[c]
            covariances[c] = centred.T @ centred / (len(rows) - 1)
    return sizes, means, covariances


def within_covariance(sizes: np.ndarray, covariances: np.ndarray, *, shrink: bool = True) -> np.ndarray:
    """The mean covariance of the classes, each counting the same, shrunk towards a sphere of equal mean variance.

    The share of the sphere is that of the oracle approximating shrinkage, with ``K² / Σ 1 / (n_c − 1)`` as the number of rows:
    what a mean of K covariances is worth. The use of this number is our inference.

    Parameters
    ----------
    sizes : ndarray of int (n_classes,)
    covariances : ndarray (n_classes, n_features, n_features)
        Classes of fewer than two rows do not count.
    shrink : bool

    References
    ----------
    Chen, Wiesel, Eldar and Hero (2010), IEEE Transactions on Signal Processing 58.
    """
    counted = sizes > 1
    d = covariances.shape[1]
    if not counted.any():
        return np.eye(d)
    mean = covariances[counted].mean(axis=0)
    if not shrink:
        return mean
    n = counted.sum() ** 2 / (1 / (sizes[counted] - 1)).sum()
    square, trace = float((mean**2).sum()), float(np.trace(mean))
    below = (n + 1 - 2 / d) * (square - trace**2 / d)
    share = min(1.0, ((1 - 2 / d) * square + trace**2) / below) if below > SMALLEST else 1.0
    return (1 - share) * mean + (share * trace / d + SMALLEST) * np.eye(d)


def discriminant_axes(
    X: np.ndarray, codes: np.ndarray, n_classes: int, *, anchor: int = 0, shrink: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The two directions in which the class means lie furthest apart, in units of the spread within classes.

    Every class counts the same, however many rows it has. Where the means span one direction only, as with two classes, the second
    axis is the direction of largest spread within classes that is uncorrelated with the first.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    codes : ndarray of int (n_samples,)
    n_classes : int
    anchor : int
        The class whose mean lies on the positive side of both axes.
    shrink : bool
        Whether the covariance is shrunk.

    Returns
    -------
    centre : ndarray (n_features,)
        The mean of the class means.
    axes : ndarray (n_features, 2)
        Rows are placed at ``(X − centre) @ axes``; the second axis is 0 where there is one column only.

    References
    ----------
    Fisher (1936), Annals of Eugenics 7. Rao (1948), Journal of the Royal Statistical Society B 10.
    """
    kept = telling_columns(X, codes, n_classes)
    sizes, means, covariances = class_moments(X[:, kept], codes, n_classes)
    centre, axes = np.zeros(X.shape[1]), np.zeros((X.shape[1], 2))
    centre[kept] = means[sizes > 0].mean(axis=0)
    values, vectors = np.linalg.eigh(within_covariance(sizes, covariances, shrink=shrink))
    white = vectors / np.sqrt(np.maximum(values, SMALLEST)) @ vectors.T
    _, strength, found = np.linalg.svd((means[sizes > 0] - centre[kept]) @ white, full_matrices=False)
    chosen: list[np.ndarray] = []
    for direction in (*found[strength > 1e-6], *vectors.T[::-1]):
        rest = direction - sum((direction @ u) * u for u in chosen) if chosen else direction
        if len(chosen) < 2 and np.linalg.norm(rest) > 1e-6:
            chosen.append(rest / np.linalg.norm(rest))
    if chosen:
        axes[kept, : len(chosen)] = white @ np.array(chosen).T
    side = (means[anchor] - centre[kept]) @ axes[kept]
    side = np.where(np.abs(side) > 1e-6, side, axes.sum(axis=0))
    return centre, axes * np.where(side < 0, -1.0, 1.0)


def placed_out_of_fold(
    X: np.ndarray, codes: np.ndarray, n_classes: int, fold: np.ndarray, *, anchor: int = 0
) -> np.ndarray:
    """Each row's place in the plane, by discriminant axes that it did not help to choose.

    The axes of a fold are turned (orthogonal Procrustes) so that its training rows lie as near as can be to where the axes of all rows place them.
    Placing rows out of fold is our addition: with many columns, rows of one class gather around a mean that they chose themselves.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    codes : ndarray of int (n_samples,)
    n_classes : int
    fold : ndarray of int (n_samples,)
        The fold in which a row is held out.
    anchor : int
        As ``discriminant_axes``.

    Returns
    -------
    ndarray (n_samples, 2)
    """
    centre, axes = discriminant_axes(X, codes, n_classes, anchor=anchor)
    whole, places = (X - centre) @ axes, np.zeros((len(X), 2))
    for f in np.unique(fold):
        train, test = fold != f, fold == f
        own_centre, own = discriminant_axes(X[train], codes[train], n_classes, anchor=anchor)
        left, _, right = np.linalg.svd(((X[train] - own_centre) @ own).T @ whole[train])
        places[test] = (X[test] - own_centre) @ own @ (left @ right)
    return places


def in_units(values: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Columns centred on the mean of the class means, in units of the root mean variance within classes.

    Parameters
    ----------
    values : ndarray (n_samples, n_features)
        NaN becomes the median of all rows.
    """
    middle = np.array([np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0 for column in values.T])
    filled = np.where(np.isnan(values), middle, values)
    sizes, means, covariances = class_moments(filled, codes, n_classes)
    unit = np.sqrt(np.diag(within_covariance(sizes, covariances, shrink=False)))
    return (filled - means[sizes > 0].mean(axis=0)) / np.where(unit > SMALLEST, unit, 1.0)


def plane_clouds(places: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre and covariance of every class in the plane, and the mean covariance.

    Returns
    -------
    centres : ndarray (n_classes, 2)
    covariances : ndarray (n_classes, 2, 2)
        Mixed with ``BORROWED`` rows' worth of the mean covariance, so that small classes have a usable one.
    mean : ndarray (2, 2)
        Every class counts the same.
    """
    sizes, centres, covariances = class_moments(places, codes, n_classes)
    mean = within_covariance(sizes, covariances, shrink=False) + SMALLEST * np.eye(2)
    own = np.maximum(sizes - 1, 0)[:, None, None]
    return centres, (own * covariances + BORROWED * mean) / (own + BORROWED), mean


def polar(centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angle in degrees, 0 to 360 against the clock from the first axis, and radius of points (n, 2).

    Examples
    --------
    >>> [values.tolist() for values in polar(np.array([[0.0, 2.0], [-1.0, 0.0]]))]
    [[90.0, 180.0], [2.0, 1.0]]
    """
    return np.degrees(np.arctan2(centres[:, 1], centres[:, 0])) % 360, np.hypot(centres[:, 0], centres[:, 1])


def angular_gap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The smaller angle, 0 to 180 degrees, between two angles in degrees.

    Examples
    --------
    >>> angular_gap(np.array([350.0, 90.0]), np.array([10.0, 270.0])).tolist()
    [20.0, 180.0]
    """
    gap = np.abs(first - second) % 360
    return np.minimum(gap, 360 - gap)


def quadrant(centres: np.ndarray) -> np.ndarray:
    """The quadrant of points (n, 2): 0 upper right, then against the clock.

    Examples
    --------
    >>> quadrant(np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])).tolist()
    [0, 1, 2, 3]
    """
    x, y = centres[:, 0] >= 0, centres[:, 1] >= 0
    return np.where(y, np.where(x, 0, 1), np.where(x, 3, 2))


def mahalanobis(first: np.ndarray, second: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Distances ``√(δᵀ S⁻¹ δ)`` between paired points (n, d), in units of one common covariance.

    References
    ----------
    Mahalanobis (1936), Proceedings of the National Institute of Sciences of India 2.
    """
    gap = first - second
    return np.sqrt(np.maximum((gap * np.linalg.solve(covariance, gap.T).T).sum(axis=1), 0.0))


def bhattacharyya(first: np.ndarray, second: np.ndarray, of_first: np.ndarray, of_second: np.ndarray) -> np.ndarray:
    """Distances ``δᵀ S⁻¹ δ / 8 + ½ ln(|S| / √(|S₁| |S₂|))`` between paired normal clouds, S being the mean of S₁ and S₂.

    Parameters
    ----------
    first, second : ndarray (n, d)
        Centres.
    of_first, of_second : ndarray (n, d, d)
        Covariances.

    References
    ----------
    Bhattacharyya (1943), Bulletin of the Calcutta Mathematical Society 35.
    """
    gap, mean = first - second, (of_first + of_second) / 2
    reach = np.einsum("ni,ni->n", gap, np.linalg.solve(mean, gap[..., None])[..., 0])
    size, size_first, size_second = (np.linalg.slogdet(s)[1] for s in (mean, of_first, of_second))
    return reach / 8 + (size - (size_first + size_second) / 2) / 2


def centre_costs(centres: np.ndarray) -> np.ndarray:
    """The cost of taking one class for another: the distance of their centres over the largest such distance (n, n)."""
    distances = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    return distances / max(float(distances.max()), SMALLEST)
