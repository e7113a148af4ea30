"""How much each column alone tells about the class, judged against labels in random order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core import judge
from core.numerics.information import (
    entropy,
    gamma_limit,
    gamma_tail,
    information,
    information_error,
    null_counts,
)
from core.numerics.levels import quantile_bins
from core.sampled_columns import Column, SampledColumns

FEWEST_BINS, MOST_BINS, TEXTS = 3, 16, 30
"""Ranges of a number, between these by the cube root of the rows; levels of a text that stand alone."""

MOST_DRAWS, FEWEST_DRAWS, DEALT = 200, 20, 2_500_000
"""Random orders of the labels per column, between these so that at most so many cells are dealt in all."""


def counts_of_column(sample: SampledColumns, column: Column) -> np.ndarray:
    """Rows by level and class (n_levels, n_classes): ranges of a number, frequent levels of a text; missing cells are a level.

    A number with few different values has a level for each; else ``n^(1/3)`` ranges, from 3 to 16, that hold equally many rows. Text
    has its 30 most frequent levels, and one for all others. No level is empty.
    """
    n_classes = len(sample.standing)
    if column.numeric:
        n_bins = int(np.clip(round(len(sample.rows) ** (1 / 3)), FEWEST_BINS, MOST_BINS))
        bins = quantile_bins(column.size, n_bins)
    else:
        bins = column.places(TEXTS)[0]
    of_row = np.append(bins + 1, 0)[column.levels]
    n_bins = int(bins.max()) + 2 if len(bins) else 1
    counts = np.bincount(of_row * n_classes + sample.codes, minlength=n_bins * n_classes).reshape(-1, n_classes)
    return counts[counts.sum(axis=1) > 0]


def information_of_columns(sample: SampledColumns, names: tuple[str, ...], n_tests: int | None = None) -> pd.DataFrame:
    """The information of each column about the class, less what chance gives.

    ``I = Σ p_bc log₂(p_bc / (p_b p_c))``, with the shares of the whole table; the mean of I over random orders of the labels is taken off.
    The share is of the entropy of the class, ``−Σ p_c log₂ p_c``.

    Parameters
    ----------
    sample : SampledColumns
    names : tuple of str
        The columns to look at.
    n_tests : int, optional
        Columns that are read together, for the limit of chance; those that are looked at unless told.

    Returns
    -------
    pandas.DataFrame
        One row per column: column, type, share with low and high, null_high (the share that chance stays below in all columns), bits, chance_bits,
        p, n_levels, n_draws.
    """
    counts = [counts_of_column(sample, sample.column[name]) for name in names]
    mean, deviation, n_draws = _null(counts, sample)
    measured = np.array([float(information(c, sample.standing)) for c in counts])
    error = np.hypot([information_error(c, sample.standing) for c in counts], deviation)
    whole = float(entropy(sample.sizes * sample.standing / (sample.sizes @ sample.standing)))
    bits, reach = np.maximum(measured - mean, 0.0), 1.959963984540054 * error
    limit = gamma_limit((1 - judge.LEVEL) / (n_tests or len(names)), mean, deviation) - mean
    return pd.DataFrame(
        {
            "column": names,
            "type": ["number" if sample.column[name].numeric else "text" for name in names],
            "share": np.minimum(bits / whole, 1.0),
            "low": np.clip((measured - mean - reach) / whole, 0, 1),
            "high": np.clip((measured - mean + reach) / whole, 0, 1),
            "null_high": np.clip(limit / whole, 0, 1),
            "bits": bits,
            "chance_bits": mean,
            "p": gamma_tail(measured, mean, deviation),
            "n_levels": [len(c) for c in counts],
            "n_draws": n_draws,
        }
    )


def _null(counts: list[np.ndarray], sample: SampledColumns) -> tuple[np.ndarray, np.ndarray, int]:
    """Mean and standard deviation of the information (n_columns,) with labels in random order, once per set of level sizes."""
    longest = max(len(c) for c in counts)
    sizes = np.zeros((len(counts), longest), dtype=np.int64)
    for i, c in enumerate(counts):
        sizes[i, : len(c)] = np.sort(c.sum(axis=1))[::-1]
    margins, which = np.unique(sizes, axis=0, return_inverse=True)
    cells = margins.size * len(sample.sizes)
    n_draws = int(np.clip(DEALT // max(cells, 1), FEWEST_DRAWS, MOST_DRAWS))
    told = np.concatenate(
        [
            information(null_counts(part, sample.sizes, n_draws, 0), sample.standing)
            for part in np.array_split(margins, max(1, cells * n_draws // 1_000_000))
            if len(part)
        ]
    )
    which = which.ravel()
    return told.mean(axis=1)[which], told.std(axis=1, ddof=1)[which], n_draws
