"""Where a contrastive loss puts the prototypes of classes of unequal sizes, and how collapsed a measured embedding is.

The programme is ``min Σ_{c ≠ d} π_c π_d ψ(G_cd)`` over cosines G (positive semidefinite, ones on the diagonal) with
``ψ(t) = log(1 + e^{(t − 1) / τ})``. It is convex in G. It is our inference of what minority collapse minimises: one negative
per row, as large a dimension as there are classes.
"""

from __future__ import annotations

import numpy as np

TINY = 1e-12


def repulsion(cosine: np.ndarray, tau: float) -> np.ndarray:
    """``ψ(t) = log(1 + e^{(t − 1) / τ})``: the price of two prototypes at cosine t."""
    return np.logaddexp(0.0, (cosine - 1) / tau)


def repulsion_slope(cosine: np.ndarray, tau: float) -> np.ndarray:
    """``ψ'(t) = 1 / (τ (1 + e^{(1 − t) / τ}))``."""
    return 1 / (tau * (1 + np.exp((1 - np.asarray(cosine)) / tau)))


def collapse_threshold(tau: float) -> float:
    """Largest class over all minorities together from which equal minorities share one prototype: ``(1 + e^{2/τ}) / 2``."""
    return float((1 + np.exp(2 / tau)) / 2)


def step_cosines(ratio: float, n_minorities: int, tau: float) -> tuple[float, float]:
    """Optimal cosines with one majority and several equal minorities.

    With b the cosine between minorities, the majority is best opposite to their mean: ``a = −√((1 + (m − 1) b) / m)``. The loss
    is then convex in b alone, and its slope is bisected.

    Parameters
    ----------
    ratio : float
        ``π_M / (m π_m)``: rows of the majority over rows of all minorities together.
    n_minorities : int
        m, at least 2.
    tau : float
        Temperature.

    Returns
    -------
    a, b : float
        Cosine of the majority and a minority, and of two minorities; b is 1 from ``collapse_threshold`` on.
    """
    m = n_minorities

    def opposite(b: float) -> float:
        return -float(np.sqrt((1 + (m - 1) * b) / m))

    def slope(b: float) -> float:
        return float(repulsion_slope(b, tau) + ratio * repulsion_slope(opposite(b), tau) / opposite(b))

    low, high = -1 / (m - 1) + 1e-12, 1.0
    if slope(high) <= 0:
        return -1.0, 1.0
    for _ in range(80):
        b = (low + high) / 2
        low, high = (b, high) if slope(b) < 0 else (low, b)
    return opposite(b), b


def prototype_cosines(shares: np.ndarray, tau: float) -> np.ndarray:
    """Optimal cosines (n_classes, n_classes) for any class shares.

    Prototypes are the rows of a square matrix of full rank (Burer and Monteiro), so that the optimum of the convex
    programme is reached by descent.
    """
    from scipy.optimize import minimize

    n = len(shares)
    weight = np.outer(shares, shares)
    np.fill_diagonal(weight, 0)
    weight /= weight.sum()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        V = flat.reshape(n, n)
        length = np.linalg.norm(V, axis=1, keepdims=True)
        U = V / length
        G = U @ U.T
        back = 2 * (weight * repulsion_slope(G, tau)) @ U
        back = (back - (back * U).sum(axis=1, keepdims=True) * U) / length
        return float((weight * repulsion(G, tau)).sum()), back.ravel()

    start = np.eye(n) + 0.1 * np.random.default_rng(0).normal(size=(n, n))
    options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-15, "gtol": 1e-10}
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(n, n)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return np.clip(found @ found.T, -1, 1)


def class_means(embedding: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Means (n_classes, n_dimensions) of the rows of each class; every class has at least one row."""
    sizes = np.bincount(codes, minlength=n_classes)
    return np.stack([np.bincount(codes, column, n_classes) for column in embedding.T], axis=1) / sizes[:, None]


def centred_cosines(means: np.ndarray) -> np.ndarray:
    """Cosines (…, n_classes, n_classes) of class means (…, n_classes, n_dimensions), seen from the mean of the means.

    They are ``−1/(n_classes − 1)`` off the diagonal for the simplex that equal classes end at; NaN beside a mean in the centre.
    """
    centred = means - means.mean(axis=-2, keepdims=True)
    length = np.linalg.norm(centred, axis=-1)
    scale = length[..., :, None] * length[..., None, :]
    inner = centred @ centred.swapaxes(-1, -2)
    return np.clip(np.divide(inner, scale, out=np.full_like(inner, np.nan), where=scale > TINY), -1, 1)


def within_over_between(embedding: np.ndarray, codes: np.ndarray, n_classes: int) -> float:
    """NC1, ``tr(Σ_W Σ_B†) / K``: spread within classes over spread of the class means; 0 when each class is one point.

    Every class weighs the same in both. NaN where all means coincide.
    """
    means = class_means(embedding, codes, n_classes)
    sizes = np.bincount(codes, minlength=n_classes)
    spread = (embedding - means[codes]) / np.sqrt(sizes[codes] * n_classes)[:, None]
    centred = means - means.mean(axis=0)
    between = centred.T @ centred / n_classes
    if np.trace(between) < TINY:
        return float("nan")
    return float(np.trace(spread.T @ spread @ np.linalg.pinv(between, rcond=1e-6, hermitian=True)) / n_classes)


def drawn_means(
    embedding: np.ndarray, codes: np.ndarray, n_classes: int, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Class means (n_draws, n_classes, n_dimensions) as other rows of the same kind would give them.

    A multiplier bootstrap: the deviations of the rows of a class are added up with normal weights.
    """
    means = class_means(embedding, codes, n_classes)
    found = np.repeat(means[None], n_draws, axis=0)
    for c in range(n_classes):
        deviations = embedding[codes == c] - means[c]
        found[:, c] += rng.normal(size=(n_draws, len(deviations))) @ deviations / len(deviations)
    return found
