"""New rows between two rows, when cells are missing: which cells are filled, and with what."""

from __future__ import annotations

import numpy as np

MASKS = ("seed", "donor", "preserve", "interpolate", "random")
"""Where a made row has gaps: where its seed has; where a random row of the class has; where either parent has; where both
have; and, where one parent has, by the toss of a coin."""


def between(
    seed: np.ndarray,
    partner: np.ndarray,
    gap: np.ndarray,
    masks: str,
    rng: np.random.Generator,
    donor: np.ndarray | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Make rows at a share of the way from seeds to partners, with gaps by a mask policy.

    Where cells are missing independently with probability p, a made cell is missing with probability p by "seed", "donor" and
    "random", 2p − p² by "preserve" and p² by "interpolate".

    Parameters
    ----------
    seed, partner : ndarray (n, n_numeric)
        NaN is missing.
    gap : ndarray (n, 1)
        Share of the way from seed to partner.
    masks : str
        One of ``MASKS``.
    rng : numpy.random.Generator
    donor : ndarray (n, n_numeric) or None
        Random rows, for "donor": they lend their gaps, and a value where neither parent has one.
    out : ndarray (n, n_numeric) or None
        To write into, row after row in memory; not one of the others.

    Returns
    -------
    ndarray (n, n_numeric)
        Where only one parent has a value, it is that value.

    Examples
    --------
    >>> rng, halfway = np.random.default_rng(0), np.array([[0.5]])
    >>> rows = np.array([[1.0, np.nan, 3.0]]), np.array([[2.0, 5.0, np.nan]])
    >>> [between(*rows, halfway, masks, rng).ravel().tolist() for masks in ("seed", "preserve", "interpolate")]
    [[1.5, nan, 3.0], [1.5, nan, nan], [1.5, 5.0, 3.0]]
    """
    made = np.subtract(partner, seed, out=np.empty(seed.shape) if out is None else out)
    cells = made.reshape(-1)
    if masks != "preserve":
        bits = made.view(np.int64)  # no way to go; where the seed is missing, adding it says so
        np.multiply(bits, ~np.isnan(made), out=bits)
    made *= gap
    made += seed
    if masks in ("seed", "preserve"):
        return made
    empty = np.flatnonzero(np.isnan(seed))
    cells[empty] = partner.reshape(-1)[empty]
    if masks == "random":
        one = np.isnan(seed) ^ np.isnan(partner)
        made[one & (rng.random(one.shape) < 0.5)] = np.nan
    if masks == "donor":
        np.copyto(made, donor, where=np.isnan(made) | np.isnan(donor))
    return made


def nearer(
    seed: np.ndarray,
    partner: np.ndarray,
    gap: np.ndarray,
    masks: str,
    rng: np.random.Generator,
    donor: np.ndarray | None = None,
) -> np.ndarray:
    """Levels of the nearer of two rows: the seed on the first half of the way, the partner on the second; gaps as in ``between``.

    All text cells of a made row come from one row of the table, so that levels stay as frequent as they were and no pair of levels is
    invented; gaps of one row are filled from the other.

    Parameters
    ----------
    seed, partner : ndarray of int (n, n_text)
        -1 is missing.
    gap, masks, rng
        As in ``between``.
    donor : ndarray of int (n, n_text) or None
        As in ``between``.

    Returns
    -------
    ndarray of int (n, n_text)

    Examples
    --------
    >>> rows = np.array([[3, 3, 3]]), np.array([[4, -1, 4]])
    >>> nearer(*rows, np.array([[0.8]]), "seed", np.random.default_rng(0)).tolist()
    [[4, 3, 4]]
    """
    chosen, other = np.where(gap < 0.5, (seed, partner), (partner, seed))
    made = np.where(chosen < 0, other, chosen)
    if masks == "seed":
        empty = seed < 0
    elif masks == "preserve":
        empty = (seed < 0) | (partner < 0)
    elif masks == "random":
        empty = ((seed < 0) ^ (partner < 0)) & (rng.random(seed.shape) < 0.5)
    elif masks == "donor":
        made, empty = np.where(made < 0, donor, made), donor < 0
    else:
        empty = False
    return np.where(empty, -1, made).astype(seed.dtype)
