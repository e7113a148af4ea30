"""The labels of rows as samplers see them: a code for each row, and the way back to the kind of labels that were given."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from imblearn.utils import check_target_type
from imblearn.utils._validation import ArraysTransformer
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets

NARROW = 1000
"""Whole numbers that span fewer values than this are counted instead of sorted."""


class Labels:
    """Labels of any kind that scikit-learn takes for classification.

    Parameters
    ----------
    y : array, list, Series or one-column table (n_samples,), or one column per class

    Attributes
    ----------
    given : object
        The labels as they were given.
    flat : ndarray (n_samples,)
        One label per row.
    known : ndarray (n_classes,)
        The labels that there are, sorted.
    codes : ndarray of int (n_samples,)
        Place of each label among them.
    sizes : ndarray of int (n_classes,)
        Rows of each.
    """

    def __init__(self, y: Any) -> None:
        self.given, self._columns = y, False
        flat = np.asarray(y)
        if flat.ndim != 1 or flat.dtype.kind not in "iubUSO":
            if flat.dtype.kind == "f":
                assert_all_finite(flat, input_name="y")
            check_classification_targets(y)
            flat, self._columns = check_target_type(y, indicate_one_vs_all=True)
            flat = np.asarray(flat).ravel()
        self.flat = flat
        self.codes, self.known = _coded(flat)
        if (self.codes < 0).any():
            raise ValueError(f"{np.sum(self.codes < 0)} rows of y have no label; leave them out or label them.")
        _check_types(self.known)
        if len(self.known) < 2:
            raise ValueError(f"y holds {len(self.known)} class; at least 2 classes are needed.")
        self.sizes = np.bincount(self.codes)

    def __len__(self) -> int:
        return len(self.flat)

    def back(self, codes: np.ndarray) -> Any:
        """Labels of the kind that was given, from codes."""
        labels = self.known[codes]
        if isinstance(self.given, np.ndarray) and self.given.ndim == 1:
            return labels
        if self._columns:
            labels = (labels[:, None] == self.known).astype(int)
        nothing = np.zeros((1, 1))
        return ArraysTransformer(nothing, self.given).transform(nothing, labels)[1]


def _check_types(known: np.ndarray) -> None:
    """Refuse labels that have no order among them, or that numpy takes for several."""
    types = {type(label) for label in known} if known.dtype.kind == "O" else set()
    numbers = all(issubclass(kind, Number) for kind in types)
    if (len(types) > 1 and not numbers) or any(issubclass(kind, tuple | list) for kind in types):
        names = ", ".join(sorted(kind.__name__ for kind in types))
        raise ValueError(f"y holds labels of the types {names}; make all of them numbers or all of them text.")


def _coded(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each label among the sorted ones, -1 for none; and these. Whole numbers close to one another are not sorted."""
    if flat.dtype.kind in "iub" and len(flat):
        low, high = int(flat.min()), int(flat.max())
        if high - low < NARROW:
            places = flat.astype(np.intp) - low
            there = np.flatnonzero(np.bincount(places))
            lookup = np.zeros(high - low + 1, dtype=np.intp)
            lookup[there] = np.arange(len(there))
            return lookup[places], (there + low).astype(flat.dtype)
    codes, known = pd.factorize(flat, sort=True)
    return codes, np.asarray(known, dtype=flat.dtype)
