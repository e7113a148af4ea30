"""Maps of the probabilities of all classes: one for each class against the rest, scaled to sum 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.numerics.calibration_maps import Beta, VennAbers, beta_map, venn_abers

LEARNED = {"beta": beta_map, "venn_abers": venn_abers}


@dataclass(frozen=True, eq=False)
class Maps:
    """One map for each class against the rest; with two classes the map of the second, with a single one none.

    Parameters
    ----------
    each : tuple of callable
    """

    each: tuple[Beta | VennAbers, ...]

    def predict_proba(self, proba: np.ndarray) -> np.ndarray:
        """Mapped probabilities (n_samples, n_classes), not yet scaled to sum 1 when there are more than two classes."""
        return self._both(lambda one, p: one(p), proba)

    def interval(self, proba: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The lower and the upper probability (n_samples, n_classes) of each class against the rest; None where maps give only one."""
        if not all(isinstance(one, VennAbers) for one in self.each):
            return None
        low, high = (self._both(lambda one, p, end=end: one.interval(p)[end], proba) for end in (0, 1))
        if len(self.each) == 1:
            low[:, 0], high[:, 0] = 1 - high[:, 1], 1 - low[:, 1]
        return low, high

    def _both(self, ask: Callable, proba: np.ndarray) -> np.ndarray:
        if len(self.each) > 1:
            return np.column_stack([ask(one, p) for one, p in zip(self.each, proba.T, strict=True)])
        if not self.each:
            return proba
        second = ask(self.each[0], proba[:, 1])
        return np.column_stack([1 - second, second])


def learned_maps(method: str, proba: np.ndarray, y: np.ndarray, classes: np.ndarray, weight: np.ndarray | None) -> Maps:
    """Learn the maps of all classes.

    Parameters
    ----------
    method : str
        A key of ``LEARNED``.
    proba : ndarray (n_samples, n_classes)
        Probabilities of rows that the model had not seen.
    y : ndarray (n_samples,)
    classes : ndarray (n_classes,)
        The order of the columns.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as.
    """
    columns = range(len(classes)) if len(classes) > 2 else range(1, len(classes))
    return Maps(tuple(LEARNED[method](proba[:, c], y == classes[c], weight) for c in columns))
