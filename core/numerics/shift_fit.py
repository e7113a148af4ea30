"""Whether rows without labels can be a mixture of the classes as they are known: counts in bins beside those of some class shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_BINS = 10
FEWEST_IN_BIN = 10
"""Rows at use in a bin, seen and expected together; smaller bins are joined with the next one."""

PER_BIN = 5
"""Rows of the rarest class for each bin, up to ``MOST_BINS``."""

ADDED = 0.5
"""Rows added to a bin of a class before its noise is worked out, so that a bin that no row of the class is in is not taken for certain."""


@dataclass(frozen=True)
class Fit:
    """How well a mixture of classes explains rows without labels.

    Parameters
    ----------
    n_bins : int
        After small ones were joined.
    statistic : float
        Squared distance of the shares of bins from those of the mixture, in units of their noise.
    df : int
        Its mean where only the class shares have changed.
    p : float
        How often it is as large by chance then; NaN where too few bins are left.
    distance : float
        The share of rows that would have to change their bin.
    chance : float
        About how large the distance is by noise alone.
    """

    n_bins: int
    statistic: float
    df: int
    p: float
    distance: float
    chance: float


def explained(known: np.ndarray, new: np.ndarray, shares: np.ndarray, spread: np.ndarray | None = None) -> Fit:
    """Test whether rows at use are spread over bins as a mixture of the classes is.

    With u the shares of the bins at use, h_c those of class c among rows with labels, and q class shares, ``r = u − Σ_c q_c h_c`` is 0 but
    for noise where rows of each class look as before. Its covariance is that of the counts at use and of the counts of every class, ``(D(m) − m mᵀ) / n + Σ_c
    q_c² (D(h_c) − h_c h_cᵀ) / n_c`` with m the mixture. The statistic ``rᵀ V⁻¹ r`` is then about χ² distributed. Where q is given with its covariance S, ``H S
    Hᵀ`` is added to V and there are B − 1 degrees of freedom for B bins: that q and u come from the same rows makes the test a little too
    cautious. Without S the q that fits best is taken, which leaves B − K for K classes. Because V is known from few rows of a rare class, the p-value is that
    of Hotelling's T² with ``ν = (tr V)² / Σ_k (tr V_k)² / (n_k − 1)`` degrees of freedom, over the parts of V and the rows each comes from.

    Parameters
    ----------
    known : ndarray of int (n_classes, n_bins)
        Rows with labels; every class has some.
    new : ndarray of int (n_bins,)
        Rows at use.
    shares : ndarray (n_classes,)
        Class shares at use; only where the noise is worked out, if they are not given with a covariance.
    spread : ndarray (n_classes, n_classes) or None
        Covariance of the shares.

    References
    ----------
    Hansen (1982), Econometrica 50, for testing the conditions that an estimate does not need. Yao (1965), Biometrika 52, for degrees of freedom
    like these. That both are used for label shift, and the bins, are our inference.
    """
    from scipy.special import fdtrc

    n = new.sum()
    known, new = _joined(known, new, shares)
    n_classes, width = known.shape
    H = known / known.sum(axis=1, keepdims=True)
    u, df = new / n, width - (n_classes if spread is None else 1)
    if df < 1:
        return Fit(width, np.nan, df, np.nan, np.nan, np.nan)
    noise = _noise(known, shares, n)
    if spread is None:
        shares = _best(H, u, noise)
        noise = _noise(known, np.maximum(shares, 0), n)
        shares = _best(H, u, noise)
    parts, noise = noise, noise.sum(axis=0)
    if spread is not None:
        noise = noise + H.T @ spread @ H
    r = u - shares @ H
    statistic = float(r[:-1] @ np.linalg.solve(noise[:-1, :-1], r[:-1]))
    chance = np.sqrt(2 / np.pi * np.diag(noise)).sum() / 2
    traces = np.trace(parts, axis1=1, axis2=2)
    known_by = traces.sum() ** 2 / (traces**2 / (np.append(n, known.sum(axis=1)) - 1)).sum()
    rest = max(known_by - df + 1, 1.0)
    p = float(fdtrc(df, rest, statistic * rest / (known_by * df)))
    return Fit(width, statistic, df, p, float(np.abs(r).sum() / 2), float(chance))


def n_bins(sizes: np.ndarray) -> int:
    """How many bins classes of some sizes (n_classes,) allow: at least one more than there are classes, so that something is left to test."""
    return int(np.clip(sizes.min() // PER_BIN, len(sizes) + 2, max(MOST_BINS, len(sizes) + 2)))


def _noise(known: np.ndarray, shares: np.ndarray, n: float) -> np.ndarray:
    """Covariance of the difference between shares of bins at use and those of the mixture: a part from the rows at use, then one from each class."""
    near = known + ADDED
    each, sizes = near / near.sum(axis=1, keepdims=True), known.sum(axis=1)
    mixture = (shares / shares.sum()) @ each
    of_classes = [share**2 * _multinomial(own) / size for own, share, size in zip(each, shares, sizes, strict=True)]
    return np.array([_multinomial(mixture) / n, *of_classes])


def _multinomial(shares: np.ndarray) -> np.ndarray:
    return np.diag(shares) - np.outer(shares, shares)


def _best(H: np.ndarray, u: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The class shares with sum 1, also below 0, that come nearest in units of the noise."""
    weight = np.linalg.inv(noise.sum(axis=0)[:-1, :-1])
    apart = (H[1:] - H[0])[:, :-1]
    rest = np.linalg.pinv(apart @ weight @ apart.T, hermitian=True) @ apart @ weight @ (u - H[0])[:-1]
    return np.append(1 - rest.sum(), rest)


def _joined(known: np.ndarray, new: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bins in their order, joined with the next one until each holds enough rows; the last one with the one before."""
    there = new + new.sum() * (shares @ (known / known.sum(axis=1, keepdims=True)))
    place, held, at = np.zeros(len(new), dtype=np.intp), 0.0, 0
    for i, rows in enumerate(there):
        place[i], held = at, held + rows
        if held >= FEWEST_IN_BIN:
            at, held = at + 1, 0.0
    if held < FEWEST_IN_BIN and at:
        place[place == at] = at - 1
    joined = np.zeros((len(known) + 1, place.max() + 1))
    np.add.at(joined.T, place, np.vstack([known, new]).T)
    return joined[:-1], joined[-1]
