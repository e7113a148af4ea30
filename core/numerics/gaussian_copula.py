"""Rows like some rows: normal variables with the correlations of the columns, cut into the values of the columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.numerics.latent_columns import Levels, Numbers, even_ranks
from core.numerics.latent_correlation import latent_correlation, pairwise, series_of_bits, shrunk

MOST_LATENT = 400
"""Normal variables whose correlations are found; of more, the ones that vary least are drawn on their own."""

MOST_ORDERED = 1000
"""Levels of all text columns whose ties are looked at; of more, the most frequent level of each column is asked for first."""


@dataclass(frozen=True, eq=False)
class Copula:
    """Columns, and the correlations of the normal variables behind them; see ``fit``.

    Parameters
    ----------
    columns : tuple of Numbers or Levels
        Numeric columns, then text columns, then the pattern of missing cells.
    patterns : ndarray of bool (n_patterns, n_numeric + n_text)
        Which cells are missing.
    tied : ndarray of int (n_tied,)
        The normal variables that have correlations.
    correlation : ndarray (n_tied, n_tied)
    n_numeric : int
    """

    columns: tuple
    patterns: np.ndarray
    tied: np.ndarray
    correlation: np.ndarray
    n_numeric: int

    @property
    def n_latent(self) -> int:
        """How many normal variables there are."""
        return sum(column.n_latent for column in self.columns)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Make n rows: numbers (n, n_numeric) with NaN for missing and levels (n, n_text) with -1."""
        values, vectors = np.linalg.eigh(self.correlation)
        latent = rng.standard_normal((n, self.n_latent))
        latent[:, self.tied] = latent[:, self.tied] @ (vectors * np.sqrt(np.maximum(values, 0))).T
        ranks, start, found = even_ranks(latent, rng), 0, []
        for column in self.columns:
            found.append(column.write(ranks[:, start : start + column.n_latent], rng))
            start += column.n_latent
        missing = self.patterns[found.pop()]
        split = self.n_numeric
        numbers = np.column_stack([*found[:split], np.empty((n, 0))])
        levels = np.nan_to_num(np.column_stack([*found[split:], np.empty((n, 0))]), nan=-1).astype(np.int32)
        numbers[missing[:, :split]] = np.nan
        levels[missing[:, split:]] = -1
        return numbers, levels


def fit(numbers: np.ndarray, levels: np.ndarray, ordered: np.ndarray | None = None) -> Copula:
    """Find the normal variables behind the columns of some rows.

    Missing cells are left out pair by pair. Which cells are missing is one more column, whose levels are the patterns that some row has: a
    made row never has a pattern that no row has, and patterns keep their ties to the values.

    Parameters
    ----------
    numbers : ndarray (n_samples, n_numeric)
        NaN is missing.
    levels : ndarray of int (n_samples, n_text)
        Negative is missing.
    ordered : ndarray of bool (n_text,) or None
        Text columns whose codes rise with their levels; they are cut from one normal variable, as numbers are.
    """
    missing = np.hstack([np.isnan(numbers), levels < 0])
    patterns, pattern = np.unique(missing, axis=0, return_inverse=True)
    ordered = np.zeros(levels.shape[1], dtype=bool) if ordered is None else ordered
    texts = [
        np.where(codes < 0, np.nan, codes) if rising else codes for codes, rising in zip(levels.T, ordered, strict=True)
    ]
    given = [*numbers.T, *texts, pattern.ravel()]
    columns: list[Numbers | Levels] = [
        *(Numbers(column) for column in numbers.T),
        *(Numbers(codes, False) if rising else Levels(codes) for codes, rising in zip(texts, ordered, strict=True)),
        Levels(pattern.ravel()),
    ]
    columns = _asked_in_order(columns, given)
    read = [column.read(values) for column, values in zip(columns, given, strict=True)]
    scores = np.hstack([part.scores for part in read])
    bits = np.concatenate([part.bits for part in read])
    coefficients = np.vstack([part.coefficients for part in read])
    tied, seen = np.arange(len(bits)), ~np.isnan(scores)
    ones = np.where(seen, scores, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    if len(tied) > MOST_LATENT:
        variation = seen.mean(axis=0) * np.where(bits, 4 * ones * (1 - ones), 1.0)
        tied = np.sort(np.argsort(-variation, kind="stable")[:MOST_LATENT])
    scores, bits, coefficients, ones = scores[:, tied], bits[tied], coefficients[tied], ones[tied]
    coefficients[bits] = series_of_bits(ones[bits])
    correlation = latent_correlation(scores, bits, coefficients)
    return Copula(tuple(columns), patterns, tied, correlation, numbers.shape[1])


def _asked_in_order(columns: list, given: list) -> list:
    """Text columns with their levels in the order of their ties to the other columns: the sum of squared correlations beyond chance."""
    sizes = [len(column.order) if isinstance(column, Levels) else column.n_latent for column in columns]
    if sum(sizes) > MOST_ORDERED or all(size < 3 for size in sizes):
        return columns
    blocks = [
        np.where(values[:, None] < 0, np.nan, values[:, None] == column.order)
        if isinstance(column, Levels)
        else column.read(values).scores
        for column, values in zip(columns, given, strict=True)
    ]
    of = np.repeat(np.arange(len(blocks)), sizes)
    r, n, _ = pairwise(np.hstack(blocks))
    tied = (shrunk(r, n) ** 2 * (of[:, None] != of)).sum(axis=1)
    out = list(columns)
    for place, column in enumerate(columns):
        if isinstance(column, Levels) and len(column.order) > 2:
            ties = np.zeros(column.order.max() + 1)
            ties[column.order] = tied[of == place]
            out[place] = Levels(given[place], ties)
    return out
