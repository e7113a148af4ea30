"""Columns of a table as cuts of normal variables: how each is read into them and written back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.numerics.latent_correlation import TERMS, normal_scores, series

MOST_LEVELS = 8
"""Levels of a text column that have a normal variable of their own; the others share what is left by chance."""

CONTINUOUS = np.eye(TERMS)[0]
TIES = 1e-3
"""A column whose ties take less than this share of the variance of its ranks counts as continuous."""


@dataclass(frozen=True, eq=False)
class Read:
    """What a column says about its normal variables.

    Parameters
    ----------
    scores : ndarray (n_samples, n_latent)
        0 and 1 where ``bits`` says so, normal scores elsewhere; NaN is missing.
    bits : ndarray of bool (n_latent,)
    coefficients : ndarray (n_latent, TERMS)
        See ``core.numerics.latent_correlation.series``; of 0/1 columns they follow from the share of ones, and are 0 here.
    """

    scores: np.ndarray
    bits: np.ndarray
    coefficients: np.ndarray


class Numbers:
    """A numeric column: values are cut from one normal variable by their shares; its rank is their rank.

    Where at least half of the values differ, what is drawn lies between neighbouring values too; otherwise it is one of them.

    Parameters
    ----------
    column : ndarray (n_samples,)
        NaN is missing.
    between : bool
        Whether values between those of the column may be drawn at all.
    """

    def __init__(self, column: np.ndarray, between: bool = True) -> None:
        self.sorted = np.sort(column[~np.isnan(column)])
        self.values, counts = np.unique(self.sorted, return_counts=True)
        self.shares = counts / max(1, len(self.sorted))
        self.smooth = between and len(self.values) > 2 and 2 * len(self.values) > len(self.sorted)
        self.n_latent = int(len(self.values) > 1)

    def read(self, column: np.ndarray) -> Read:
        """Scores of the column that this was made of."""
        coefficients, place = np.zeros((self.n_latent, TERMS)), np.searchsorted(self.values, column)
        if not self.n_latent:
            return Read(np.empty((len(column), 0)), np.empty(0, dtype=bool), coefficients)
        ends = _ends(self.shares)
        bit = len(self.values) == 2
        scores = np.array([0.0, 1.0]) if bit else normal_scores(ends)
        if not bit:
            coefficients[0] = series(ends, scores) if (self.shares**3).sum() >= TIES else CONTINUOUS
        found = np.where(np.isnan(column), np.nan, scores[np.minimum(place, len(scores) - 1)])
        return Read(found[:, None], np.array([bit]), coefficients)

    def write(self, ranks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values (n,) at ranks (n, n_latent) between 0 and 1."""
        if not self.n_latent:
            return np.full(len(ranks), self.values[0] if len(self.values) else np.nan)
        if self.smooth:
            return np.interp(ranks[:, 0], (np.arange(len(self.sorted)) + 0.5) / len(self.sorted), self.sorted)
        place = np.searchsorted(_ends(self.shares), ranks[:, 0], side="right")
        return self.values[np.minimum(place, len(self.values) - 1)]


class Levels:
    """A text column: one normal variable for each of its levels but the last, in an order.

    The first asks whether a row has the first level; each of the next asks, of the rows that have none of those before, whether
    they have the next one (nested dichotomies). Levels beyond ``MOST_LEVELS`` are drawn by their shares.

    Parameters
    ----------
    codes : ndarray of int (n_samples,)
        Negative is missing.
    ties : ndarray (n_levels,) or None
        How strongly each level is tied to other columns; the largest comes first. Without it the most frequent level does.
    """

    def __init__(self, codes: np.ndarray, ties: np.ndarray | None = None) -> None:
        counts = np.bincount(codes[codes >= 0]) if np.any(codes >= 0) else np.zeros(0, dtype=int)
        order = np.lexsort((-counts, np.zeros(len(counts)) if ties is None else -ties[: len(counts)]))
        self.order = order[counts[order] > 0]
        self.counts = counts[self.order]
        self.n_latent = max(0, min(len(self.order) - 1, MOST_LEVELS))
        left = np.cumsum(self.counts[::-1])[::-1]
        self.shares = self.counts[: self.n_latent] / left[: self.n_latent]

    def read(self, codes: np.ndarray) -> Read:
        """Scores of the column that this was made of."""
        rank = np.full(len(codes), -1)
        if len(self.order):
            of_code = np.empty(self.order.max() + 1, dtype=int)
            of_code[self.order] = np.arange(len(self.order))
            rank[codes >= 0] = of_code[codes[codes >= 0]]
        asked = np.arange(self.n_latent)
        scores = np.where(rank[:, None] < asked, np.nan, (rank[:, None] == asked).astype(float))
        return Read(scores, np.ones(self.n_latent, dtype=bool), np.zeros((self.n_latent, TERMS)))

    def write(self, ranks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Codes (n,) at ranks (n, n_latent) between 0 and 1."""
        n = len(ranks)
        if not len(self.order):
            return np.full(n, -1)
        rest = self.counts[self.n_latent :]
        out = self.order[self.n_latent + rng.choice(len(rest), n, p=rest / rest.sum())]
        for place in range(self.n_latent - 1, -1, -1):
            out = np.where(ranks[:, place] > 1 - self.shares[place], self.order[place], out)
        return out


def even_ranks(latent: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ranks between 0 and 1 of each column (n, n_columns), one in each n-th: made rows have the shares of the real ones.

    References
    ----------
    Stein (1987), Technometrics 29: Latin hypercube sampling of dependent variables.
    """
    order = np.argsort(latent, axis=0)
    ranks = np.empty(latent.shape)
    np.put_along_axis(ranks, order, np.arange(len(latent), dtype=float)[:, None], axis=0)
    return (ranks + rng.random(latent.shape)) / len(latent)


def _ends(shares: np.ndarray) -> np.ndarray:
    ends = np.cumsum(shares)
    ends[-1] = 1.0
    return ends
