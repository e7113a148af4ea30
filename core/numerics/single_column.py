"""What one column alone tells about the class: levels, out-of-fold class rates, ranking."""

from __future__ import annotations

import numpy as np

MISSING = -1


def levels_of_numbers(values: np.ndarray, codes: np.ndarray, n_levels: int) -> tuple[np.ndarray, bool]:
    """Write a numeric column as levels: its values when there are few, ranges otherwise.

    Ranges are cut at ``n_levels`` quantiles of all rows, and where the rows of a class begin and end (``class_edges``): a rare class
    that has a range of its own would otherwise share one with the rows beside it.

    Parameters
    ----------
    values : ndarray (n_samples,)
        NaN is missing.
    codes : ndarray of int (n_samples,)
        The class of each row.
    n_levels : int
        The largest number of single values, and the number of quantiles.

    Returns
    -------
    levels : ndarray of int (n_samples,)
        From 0; ``MISSING`` where the cell is missing.
    exact : bool
        Whether each level is one value; then no level is empty.
    """
    seen = ~np.isnan(values)
    ordered = np.sort(values[seen])
    distinct = ordered[np.concatenate([[True], np.diff(ordered) > 0])] if len(ordered) else ordered
    exact = len(distinct) <= n_levels
    if exact:
        edges = distinct[1:]
    else:
        ends = np.linspace(0, len(ordered), n_levels + 1).astype(int)[1:-1]
        edges = np.unique(np.concatenate([ordered[ends], class_edges(values[seen], codes[seen])]))
    levels = np.full(len(values), MISSING)
    levels[seen] = np.searchsorted(edges, values[seen], side="right")
    return levels, exact


def class_edges(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Where the rows of each class begin and end: the 0 and 2 % quantiles, and just above the 98 and 100 % quantiles.

    Parameters
    ----------
    values : ndarray (n_samples,)
        Without missing cells.
    codes : ndarray of int (n_samples,)

    Returns
    -------
    ndarray (4 * number of classes with rows,)
    """
    order = values[np.lexsort((values, codes))]
    sizes = np.bincount(codes)
    start, last = np.cumsum(sizes)[sizes > 0] - sizes[sizes > 0], sizes[sizes > 0] - 1
    low, high = (order[start + np.floor(q * last).astype(int)] for q in (0.02, 0.98))
    return np.concatenate([order[start], low, np.nextafter(high, np.inf), np.nextafter(order[start + last], np.inf)])


def levels_of_text(codes: np.ndarray, n_levels: int) -> np.ndarray:
    """Number the levels of a text column by frequency; the rarest share the last level.

    Parameters
    ----------
    codes : ndarray of int (n_samples,)
        Any numbering; negative is missing.
    n_levels : int
        The largest number of levels.

    Returns
    -------
    ndarray of int (n_samples,)
        From 0; ``MISSING`` where the cell is missing.
    """
    sizes = np.bincount(codes[codes >= 0])
    rank = np.empty(len(sizes), dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(codes < 0, MISSING, np.minimum(rank[codes], n_levels - 1)) if len(sizes) else codes


def counts_by_level(levels: np.ndarray, codes: np.ndarray, fold: np.ndarray, n_classes: int) -> np.ndarray:
    """Count rows by fold, level and class.

    Parameters
    ----------
    levels : ndarray of int (n_samples,)
        From 0.
    codes, fold : ndarray of int (n_samples,)
        The class and the test fold of each row.
    n_classes : int

    Returns
    -------
    ndarray (n_folds, n_levels, n_classes)
    """
    shape = (int(fold.max()) + 1, int(levels.max()) + 1, n_classes)
    flat = np.ravel_multi_index((fold, levels, codes), shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)


def out_of_fold_rates(counts: np.ndarray) -> np.ndarray:
    """Class shares of each level in the rows outside each fold, shrunk towards the class shares by one row.

    ``rate_fbc = (n_bc + π_c) / (n_b + 1)`` over the rows outside fold f.

    Parameters
    ----------
    counts : ndarray (n_folds, n_levels, n_classes)

    Returns
    -------
    ndarray (n_folds, n_levels, n_classes)
    """
    outside = counts.sum(axis=0) - counts
    prior = outside.sum(axis=1, keepdims=True) / np.maximum(outside.sum(axis=(1, 2), keepdims=True), 1)
    return (outside + prior) / (outside.sum(axis=2, keepdims=True) + 1)


def area_by_fold(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of every class against the rest, inside each test fold; ties count one half.

    Parameters
    ----------
    counts, rates : ndarray (n_folds, n_levels, n_classes)
        Rows, and their scores.

    Returns
    -------
    ndarray (n_folds, n_classes)
        NaN where a fold lacks the class or the rest.
    """
    others = counts.sum(axis=2, keepdims=True) - counts
    order = np.argsort(rates, axis=1, kind="stable")
    score, own, rest = (np.take_along_axis(a, order, axis=1) for a in (rates, counts, others))
    below = np.cumsum(rest, axis=1) - rest
    new = np.concatenate([np.ones_like(score[:, :1], dtype=bool), np.diff(score, axis=1) > 0], axis=1)
    at = np.arange(score.shape[1])[None, :, None]
    first = np.maximum.accumulate(np.where(new, at, 0), axis=1)
    last = np.minimum.accumulate(np.where(np.roll(new, -1, axis=1), at, at.max())[:, ::-1], axis=1)[:, ::-1]
    lower = np.take_along_axis(below, first, axis=1)
    upper = np.take_along_axis(below + rest, last, axis=1)
    pairs = own.sum(axis=1) * rest.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(pairs > 0, (own * (lower + upper) / 2).sum(axis=1) / pairs, np.nan)


def taken_for(counts: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows taken for each class when a row is taken for the class with the largest rate of its level.

    Parameters
    ----------
    counts, rates : ndarray (n_folds, n_levels, n_classes)

    Returns
    -------
    hits : ndarray (n_classes,)
        Rows of the class that are taken for it.
    taken : ndarray (n_classes,)
        Rows of any class that are taken for it.
    """
    chosen = rates.argmax(axis=2)[:, :, None] == np.arange(counts.shape[2])
    return (counts * chosen).sum(axis=(0, 1)), (counts.sum(axis=2, keepdims=True) * chosen).sum(axis=(0, 1))


def copies_class(total: np.ndarray, single: np.ndarray, counted: np.ndarray, agree: float) -> bool:
    """Whether nearly all rows of every class share one value, and not the same one in all classes.

    Parameters
    ----------
    total : ndarray (n_levels, n_classes)
        Rows by level and class.
    single : ndarray of bool (n_levels,)
        Whether the level is one value.
    counted : ndarray of bool (n_classes,)
        Classes that are looked at.
    agree : float
        The share of a class that must have its most frequent value.
    """
    typical = total.argmax(axis=0)[counted]
    same = total.max(axis=0)[counted] >= agree * total.sum(axis=0)[counted]
    return bool(len(np.unique(typical)) > 1 and same.all() and single[typical].all())
