"""What happened to each class while networks learned: mean loss, recall and the length of the mean gradient, epoch by epoch."""

from __future__ import annotations

import numpy as np


class ClassSums:
    """Sums over the rows of each class in each epoch, of one network.

    Parameters
    ----------
    n_classes : int
    """

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes
        self._sums: dict[tuple[int, bool], np.ndarray] = {}

    @staticmethod
    def of(value: np.ndarray, scores: np.ndarray, slope: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Sums over rows for each network and class (n_networks, n_classes, 3 + n_classes).

        Columns are rows, losses, rows whose own class has the largest score, and the gradient by the scores, one column a class.

        Parameters
        ----------
        value : ndarray (n_networks, n_samples)
            Losses.
        scores, slope : ndarray (n_networks, n_classes, n_samples)
            Scores, and the gradient of the loss by them.
        own : ndarray (n_streams, n_classes, n_samples)
            1 at the class of each row; network j sees stream ``j % n_streams``.
        """
        n, n_classes, rows = scores.shape
        split = (-1, len(own))
        mine = (scores.reshape(*split, n_classes, rows) * own).sum(axis=-2)
        others = (scores.reshape(*split, n_classes, rows) - own * np.float32(1e30)).max(axis=-2)
        parts = np.empty((n, 3 + n_classes, rows), scores.dtype)
        parts[:, 0], parts[:, 1], parts[:, 2], parts[:, 3:] = 1, value, (mine > others).reshape(n, rows), slope
        sums = own @ parts.reshape(*split, 3 + n_classes, rows).swapaxes(-1, -2)
        return sums.reshape(n, n_classes, 3 + n_classes)

    def add(self, epoch: int, held_out: bool, sums: np.ndarray) -> None:
        """Add sums (n_classes, 3 + n_classes) to an epoch."""
        before = self._sums.get((epoch, held_out))
        self._sums[epoch, held_out] = sums if before is None else before + sums

    def means(self, held_out: bool = False) -> np.ndarray:
        """Mean loss, recall and length of the mean gradient by the scores: (n_epochs, n_classes, 4), with the number of rows last.

        Rows are those that the steps of an epoch saw, at the moment when they saw them, or rows held out. NaN where a class had none.
        """
        kept = [sums for (_, out), sums in self._sums.items() if out == held_out]
        if not kept:
            return np.empty((0, self.n_classes, 4))
        sums = np.stack(kept).astype(float)
        rows = sums[..., :1]
        means = np.divide(sums, rows, out=np.full_like(sums, np.nan), where=rows > 0)
        length = np.linalg.norm(means[..., 3:], axis=-1)
        return np.stack([means[..., 1], means[..., 2], length, rows[..., 0]], axis=-1)
