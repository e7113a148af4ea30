"""Pairs of levels that no row holds together, though chance alone would bring them together."""

from __future__ import annotations

import numpy as np

EXPECTED = 5.0
"""A pair may count as impossible when at least so many rows were expected to hold both and none does."""

FEW_VALUES = 12
"""A numeric column of at most so many values counts by its values, any other by its quarters."""

MOST_LEVELS = 1000
"""Levels that are paired; of more, the rarest are left out."""


class LevelPairs:
    """What never comes together in some rows.

    Two levels of different columns are impossible together when no row holds both, though ``n_a · n_b / n`` rows were expected to: 5 or
    more, and at least log(m) where m pairs are looked at. Chance alone leaves a pair out with probability exp(−expected), so that it makes one of m pairs
    look impossible at most. A missing cell is a level of its own.

    Parameters
    ----------
    numbers : ndarray (n_samples, n_numeric)
        NaN is missing.
    levels : ndarray of int (n_samples, n_text)
        Negative is missing.

    Attributes
    ----------
    pairs : ndarray of int (n_pairs, 2)
        Positions in ``of``.
    of : ndarray of int (n_levels, 2)
        Column (numeric ones first) and code of each level.
    """

    def __init__(self, numbers: np.ndarray, levels: np.ndarray) -> None:
        self._cuts = [_cuts(column[~np.isnan(column)]) for column in numbers.T]
        codes = self._coded(numbers, levels)
        found = [np.unique(column, return_counts=True) for column in codes.T]
        of = [(column, code) for column, (seen, _) in enumerate(found) for code in seen]
        self.of = np.array(of, dtype=int).reshape(-1, 2)
        counts = np.concatenate([n for _, n in found]) if found else np.empty(0)
        kept = np.flatnonzero(counts * counts.max(initial=0) >= EXPECTED * len(codes))
        kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:MOST_LEVELS]])
        self.of, counts = self.of[kept], counts[kept]
        held = self._held(codes, np.arange(len(kept)))
        expected = np.triu(np.outer(counts, counts) * (self.of[:, None, 0] != self.of[None, :, 0])) / max(1, len(codes))
        fewest = max(EXPECTED, np.log(max(1, (expected >= EXPECTED).sum())))
        self.pairs = np.argwhere((held.T @ held == 0) & (expected >= fewest))

    def broken(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Which rows (n,) hold an impossible pair."""
        places, pairs = np.unique(self.pairs, return_inverse=True)
        pairs = pairs.reshape(-1, 2)
        never = np.zeros((len(places), len(places)), dtype=np.float32)
        never[pairs[:, 0], pairs[:, 1]] = 1
        held = self._held(self._coded(numbers, levels), places)
        return ((held @ never) * held).sum(axis=1) > 0

    def _held(self, codes: np.ndarray, places: np.ndarray) -> np.ndarray:
        column, code = self.of[places].T
        return (codes[:, column] == code).astype(np.float32)

    def _coded(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """One code per cell; -1 is missing."""
        codes = [
            np.where(np.isnan(column), -1, np.searchsorted(cuts, column, side="right"))
            for column, cuts in zip(numbers.T, self._cuts, strict=True)
        ]
        return np.column_stack([*codes, np.maximum(levels, -1)]) if codes else np.maximum(levels, -1)


def _cuts(values: np.ndarray) -> np.ndarray:
    """Where a column is cut: halfway between its values when they are few, else at its quartiles."""
    seen = np.unique(values)
    if len(seen) <= FEW_VALUES:
        return seen[:-1] / 2 + seen[1:] / 2
    return np.unique(np.quantile(values, [0.25, 0.5, 0.75]))
