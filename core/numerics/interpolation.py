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
) -> np.ndarray:
    """Make rows at a share of the way from seeds to partners, with gaps by a mask policy.

    Parameters
    ----------
    seed, partner : ndarray (n, n_numeric)
        NaN is missing.
    gap : ndarray (n, 1)
        Share of the way from seed to partner.
    masks : str
        One of ``MASKS``.
    rng : numpy.random.Generator
    donor : ndarray of bool (n, n_numeric) or None
        The gaps of random rows, for "donor".

    Returns
    -------
    ndarray (n, n_numeric)
        Where only one parent has a value, it is that value.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        made = seed + gap * (partner - seed)
    no_seed, no_partner = np.isnan(seed), np.isnan(partner)
    one = no_seed ^ no_partner
    made = np.where(one, np.where(no_seed, partner, seed), made)
    if masks == "seed":
        empty = no_seed
    elif masks == "donor":
        empty = donor
    elif masks == "preserve":
        empty = no_seed | no_partner
    elif masks == "random":
        empty = one & (rng.random(one.shape) < 0.5)
    else:
        empty = np.zeros_like(one)
    made[empty] = np.nan
    return made
