"""Costs that differ from row to row: how much few rows carry. Pure array functions."""

from __future__ import annotations

import numpy as np


def top_share(costs: np.ndarray, top: np.ndarray | float) -> np.ndarray | float:
    """Which part of a sum the largest values carry; a part of a row counts in part.

    Parameters
    ----------
    costs : ndarray (n_rows,)
        Not negative, not all 0.
    top : ndarray or float
        Shares of the rows, from 0 to 1.

    Examples
    --------
    >>> top_share(np.array([6.0, 1.0, 1.0, 1.0, 1.0]), 0.2)
    0.6
    >>> top_share(np.array([6.0, 1.0, 1.0, 1.0, 1.0]), np.array([0.1, 0.3, 1.0])).round(2)
    array([0.3 , 0.65, 1.  ])

    References
    ----------
    Lorenz (1905), Publications of the American Statistical Association 9.
    """
    reached = np.concatenate([[0.0], np.cumsum(np.sort(costs)[::-1])])
    shares = np.interp(np.asarray(top) * len(costs), np.arange(len(reached)), reached / reached[-1])
    return shares if np.ndim(top) else float(shares)
