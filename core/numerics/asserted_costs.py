"""What class shares say about costs: pure array functions."""

from __future__ import annotations

import numpy as np


def implied_costs(shares: np.ndarray, effective: np.ndarray) -> np.ndarray:
    """How many false alarms one miss of each class costs, for the decision at .5 under other class shares to be the cheapest one.

    ``ρ_c = [e_c / (1 − e_c)] / [π_c / (1 − π_c)]``. With two classes at parity this is N / P. With more classes a false alarm is
    the average over the rows of the other classes.

    Parameters
    ----------
    shares : ndarray (n_classes,)
        π, the shares of the table.
    effective : ndarray (n_classes,)
        e, the shares that a recipe acts by.

    Returns
    -------
    ndarray (n_classes,)

    Examples
    --------
    >>> implied_costs(np.array([0.95, 0.05]), np.array([0.5, 0.5])).round(3)
    array([ 0.053, 19.   ])

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, IJCAI.
    """
    with np.errstate(divide="ignore"):
        return odds(effective) / odds(shares)


def odds(shares: np.ndarray) -> np.ndarray:
    """Each share against the rest; infinite where there is no rest."""
    return np.divide(shares, 1 - shares, out=np.full(np.shape(shares), np.inf), where=np.asarray(shares) < 1)


def at_costs(shares: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The shares by which costs are least at the cut of .5: ``π_c C_c / Σ_k π_k C_k``."""
    weighed = np.asarray(shares) * costs
    return weighed / weighed.sum()


def at_threshold(shares: np.ndarray, positive: int, threshold: float) -> np.ndarray:
    """The shares under which the cut of .5 decides as a threshold does under ``shares``: the odds of one class times (1 − t) / t.

    Parameters
    ----------
    shares : ndarray (n_classes,)
    positive : int
        The class that the threshold is for.
    threshold : float
        Between 0 and 1.

    Examples
    --------
    >>> at_threshold(np.array([0.9, 0.1]), 1, 0.1)
    array([0.5, 0.5])
    """
    threshold = min(max(threshold, 1e-12), 1 - 1e-12)
    factor = np.ones(len(shares))
    factor[positive] = (1 - threshold) / threshold
    return at_costs(shares, factor)
