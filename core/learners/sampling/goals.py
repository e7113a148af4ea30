"""Samplers that set the rows of each class themselves, where no balance towards the largest class is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.numerics.apportion import largest_remainder


@dataclass(frozen=True)
class Goal:
    """Rows per class after sampling, from the rows per class before; a ``sampling_strategy`` as imbalanced-learn takes them."""

    def rows(self, sizes: np.ndarray) -> np.ndarray:
        """Rows (n_classes,) after sampling, not rounded; never fewer than before."""
        raise NotImplementedError

    def __call__(self, y: Any) -> dict[Any, int]:
        """Rows after sampling of each label of ``y``; what is added is rounded by largest remainder."""
        labels, sizes = np.unique(np.asarray(y), return_counts=True)
        more = self.rows(sizes.astype(float)) - sizes
        wanted = sizes + largest_remainder(more, round(more.sum()))
        return dict(zip(labels.tolist(), wanted.tolist(), strict=True))


@dataclass(frozen=True)
class Tiers(Goal):
    """Classes in tiers by their size n: those of the median size m or more stay, those of m / cap or more grow to m, the rest to cap · n.

    Parameters
    ----------
    cap : float
        How many times as many rows a class may have after as before.

    Examples
    --------
    >>> Tiers(5.0)(np.repeat([0, 1, 2, 3], [900, 100, 30, 10]))
    {0: 900, 1: 100, 2: 65, 3: 50}
    """

    cap: float

    def rows(self, sizes: np.ndarray) -> np.ndarray:
        """Rows (n_classes,) after sampling, see the class."""
        return np.maximum(sizes, np.minimum(np.median(sizes), self.cap * sizes))


@dataclass(frozen=True)
class MixedShares(Goal):
    """Rows of which the mixed ones have the label shares of Balanced-MixUp.

    A made row has label c with probability ``e / K + (1 − e) · n_c / n``, with ``e = alpha / (1 + alpha)`` the mean of the mixing
    weight and K the number of classes.

    Parameters
    ----------
    alpha : float
        Of the mixing weight's distribution Beta(alpha, 1).
    amount : float
        Made rows per row that is there.

    Examples
    --------
    >>> MixedShares(1.0, 1.0)(np.repeat([0, 1], [90, 10]))
    {0: 160, 1: 40}
    """

    alpha: float
    amount: float

    def shares(self, sizes: np.ndarray) -> np.ndarray:
        """Label shares (n_classes,) of the made rows."""
        even = self.alpha / (1 + self.alpha)
        return even / len(sizes) + (1 - even) * sizes / sizes.sum()

    def rows(self, sizes: np.ndarray) -> np.ndarray:
        """Rows (n_classes,) after sampling, see the class."""
        return sizes + self.amount * sizes.sum() * self.shares(sizes)
