"""What is asked of a sampler: whether its options make sense, and how many rows of each class they come to."""

from __future__ import annotations

from collections import OrderedDict
from numbers import Integral
from typing import Any

import numpy as np
from imblearn.utils import check_sampling_strategy

from core.learners.resampling import target_sizes
from core.learners.sampling.labels import Labels
from core.numerics.interpolation import MASKS
from core.wording import quoted


def check_options(options: dict[str, Any] | None, balance: float) -> None:
    """Refuse what no sampler can do.

    Raises
    ------
    ValueError
        ``options`` is no dict, ``k`` no whole number from 1, ``gaps`` no policy, or ``balance`` not between 0 and 1.
    """
    if not isinstance(options, dict | None):
        raise ValueError(f"options is {options!r}; it must be a dict.")
    options = options or {}
    k, gaps = options.get("k", 1), options.get("gaps", "seed")
    if not isinstance(k, Integral) or k < 1:
        raise ValueError(f"k is {k}; it must be a whole number from 1.")
    if gaps not in MASKS:
        raise ValueError(f"gaps is {quoted(gaps)}; it must be one of {', '.join(quoted(name) for name in MASKS)}.")
    if not 0 <= balance <= 1:
        raise ValueError(f"balance is {balance}; it must lie between 0 and 1.")


def strategy(labels: Labels, asked: Any, balance: float, kind: str) -> dict[Any, int]:
    """Rows to make, or rows to keep, of each class that changes; as imbalanced-learn has it.

    Parameters
    ----------
    labels : Labels
    asked : "auto", dict, float or callable
        As imbalanced-learn takes it; "auto" follows ``balance``.
    balance : float
        As in ``core.learners.resampling.targets``.
    kind : str
        "over-sampling", "under-sampling" or "clean-sampling".

    Raises
    ------
    ValueError
        A class is not there, or what is asked for it cannot be reached by adding, or by leaving out, rows.
    """
    down, sizes = kind != "over-sampling", labels.sizes
    if isinstance(asked, str) and asked == "auto":
        wanted = target_sizes(sizes, balance, down=down)
        changes = np.flatnonzero(sizes != (sizes.min() if down else sizes.max()))
        numbers = wanted if down else wanted - sizes
        return OrderedDict((labels.known[code], int(numbers[code])) for code in changes)
    if isinstance(asked, dict):
        there = set(labels.known.tolist())
        for label in asked:
            if label not in there:
                raise ValueError(f"sampling_strategy names the class {quoted(label)}; no row has it.")
    return check_sampling_strategy(asked, labels.flat, kind)


def rows_wanted(labels: Labels, changes: dict[Any, int], *, down: bool) -> np.ndarray:
    """Rows of each class (n_classes,) after sampling, from what ``strategy`` returns."""
    wanted = labels.sizes.copy()
    for label, n in changes.items():
        code = np.searchsorted(labels.known, label)
        wanted[code] = n if down else n + wanted[code]
    return wanted
