"""Areas under the ROC curve of scores that many rows share, for many labellings at once."""

from __future__ import annotations

import numpy as np


def tied_areas(scores: np.ndarray, own: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each labelling; pairs of equal scores count one half.

    Parameters
    ----------
    scores : ndarray (n_labellings, n_groups)
        The score of each group of rows.
    own, rest : ndarray (n_labellings, n_groups)
        Rows of the class and of the others in each group.

    Returns
    -------
    ndarray (n_labellings,)
        NaN where the class or the others have no row.

    Examples
    --------
    >>> tied_areas(np.array([[1.0, 2.0, 2.0]]), np.array([[0, 1, 0]]), np.array([[1, 0, 1]])).tolist()
    [0.75]
    """
    order = np.argsort(scores, axis=1)
    ordered, own, rest = (np.take_along_axis(values, order, axis=1) for values in (scores, own, rest))
    new = np.ones(scores.shape, dtype=np.intp)
    new[:, 1:] = np.diff(ordered, axis=1) > 0
    level = np.cumsum(new.ravel()) - 1
    size = int(level[-1]) + 1
    own, rest = (np.bincount(level, values.ravel(), size) for values in (own, rest))
    labelling = np.repeat(np.arange(len(scores)), new.sum(axis=1))
    totals, hits = np.bincount(labelling, rest), np.bincount(labelling, own)
    below = np.cumsum(rest) - rest / 2 - (np.cumsum(totals) - totals)[labelling]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.bincount(labelling, own * below) / (totals * hits)
