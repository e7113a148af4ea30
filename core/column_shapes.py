"""The shape of a column in every class: bins that extreme cells cannot squeeze, quartiles, and how far classes lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import judge, wording
from core.numerics.apart import effective_size, gap_by_chance, gap_tail, largest_gap, variation_by_chance
from core.numerics.levels import median_ranks, quantiles_by_class
from core.sampled_columns import Column, SampledColumns

RANGES, VALUES, TEXTS = 20, 24, 12
"""Ranges of a number; the most different values of a number that get a bin each; levels of a text shown."""

HUGE = 1e300
"""Bounds are not looked for beyond it: a difference of two of them is still a number."""

FAR = 10.0
"""Widths of the middle 98 % from which a cell lies far out."""

N_DRAWS = 200
QUARTILES = (0.25, 0.5, 0.75)
OTHERS = "rarer texts"


@dataclass(frozen=True, eq=False)
class Shape:
    """Bins of one column, and the rows of each class in them.

    Parameters
    ----------
    ends : ndarray (n_bins, 2)
        Where each bin begins and ends; equal for a single value, NaN for text.
    labels : list of str
        What each bin holds.
    counts : ndarray of int (n_bins, n_classes)
        Drawn rows.
    n_outside : int
        Cells in the two end bins, beyond the robust bounds.
    n_far, n_far_class : int
        Cells farther beyond the middle 98 % than ``FAR`` times its width, and those of the class of interest among them.
    """

    ends: np.ndarray
    labels: list[str]
    counts: np.ndarray
    n_outside: int
    n_far: int
    n_far_class: int

    @property
    def places(self) -> np.ndarray:
        """Where each bin is drawn (n_bins,): the middle of a range; end bins stand one step beyond the bounds."""
        if np.isnan(self.ends).any() or (self.ends[:, 0] == self.ends[:, 1]).all():
            return np.arange(len(self.ends), dtype=float)
        places = self.ends.mean(axis=1)
        step = np.median(np.diff(self.ends, axis=1)) if len(places) < 3 else np.diff(self.ends[1])[0]
        if self.labels[0].startswith("below"):
            places[0] = self.ends[0, 1] - step / 2
        if self.labels[-1].startswith("above"):
            places[-1] = self.ends[-1, 0] + step / 2
        return places


def shape(sample: SampledColumns, column: Column) -> Shape:
    """Count the rows of every class in bins of a column.

    A number with at most ``VALUES`` different values has a bin for each. Any other has ``RANGES`` equal ranges between robust bounds,
    and a bin for what lies below and above them. Text has its ``TEXTS`` most frequent levels, and a bin for all others.
    Missing cells are left out.

    The bounds are the 1st and 99th percentile, widened by a tenth of their distance, yet no farther from the median than 8
    times the 10th and 90th percentile, and never beyond the cells.
    """
    if not column.numeric:
        place, labels = column.places(TEXTS)
        rest = bool((column.size[place == TEXTS] > 0).any())
        labels = labels + [OTHERS] * rest
        counts = _counts(sample, column, place, len(labels))
        return Shape(np.full((len(labels), 2), np.nan), labels, counts, 0, 0, 0)
    values, size = np.clip(column.distinct, -HUGE, HUGE), column.size
    if len(values) <= VALUES:
        labels = [wording.value(float(x)) for x in column.distinct]
        counts = _counts(sample, column, np.arange(len(values)), len(values))
        return Shape(np.column_stack([values, values]), labels, counts, 0, *_far(values, size, sample, column))
    low, high = robust_bounds(values, size)
    edges = np.linspace(low, high, RANGES + 1)
    inner = np.clip(np.searchsorted(edges, values, side="right"), 1, RANGES)
    bins = np.where(values < low, 0, np.where(values > high, RANGES + 1, inner))
    counts = _counts(sample, column, bins, RANGES + 2)
    ends = np.column_stack([np.append(values[0], edges), np.append(edges, values[-1])])
    labels = [
        f"below {wording.value(low, 3)}",
        *(f"{wording.value(a, 3)} to {wording.value(b, 3)}" for a, b in ends[1:-1]),
        f"above {wording.value(high, 3)}",
    ]
    kept = np.ones(RANGES + 2, dtype=bool)
    kept[[0, -1]] = counts[[0, -1]].sum(axis=1) > 0
    outside = int(counts[[0, -1]].sum())
    return Shape(
        ends[kept],
        [labels[i] for i in np.flatnonzero(kept)],
        counts[kept],
        outside,
        *_far(values, size, sample, column),
    )


def _counts(sample: SampledColumns, column: Column, bins: np.ndarray, n_bins: int) -> np.ndarray:
    n_classes = len(sample.standing)
    of_row = np.append(bins + 1, 0)[column.levels]
    flat = np.bincount(of_row * n_classes + sample.codes, minlength=(n_bins + 1) * n_classes)
    return flat[n_classes:].reshape(-1, n_classes)[:n_bins]


def robust_bounds(values: np.ndarray, size: np.ndarray) -> tuple[float, float]:
    """Bounds that a few extreme cells cannot move; see ``shape``.

    Parameters
    ----------
    values : ndarray (n_levels,)
        Ascending.
    size : ndarray (n_levels,)
        Cells at each value.
    """
    q01, q10, q50, q90, q99 = _quantiles(values, size, (0.01, 0.1, 0.5, 0.9, 0.99))
    wide = (q99 - q01) / 10
    low, high = max(q01 - wide, values[0]), min(q99 + wide, values[-1])
    if q50 > q10:
        low = max(low, q50 - 8 * (q50 - q10))
    if q90 > q50:
        high = min(high, q50 + 8 * (q90 - q50))
    return (float(low), float(high)) if low < high else (float(values[0]), float(values[-1]))


def _quantiles(values: np.ndarray, size: np.ndarray, at: tuple[float, ...]) -> np.ndarray:
    total = np.cumsum(size)
    return values[np.minimum(np.searchsorted(total, np.array(at) * total[-1]), len(values) - 1)]


def _far(values: np.ndarray, size: np.ndarray, sample: SampledColumns, column: Column) -> tuple[int, int]:
    """Cells that lie far beyond the middle 98 %, in all and of the class of interest; none where that has no width."""
    if not len(values):
        return 0, 0
    low, high = _quantiles(values, size, (0.01, 0.99))
    reach = FAR * (high - low)
    far = (values < low - reach) | (values > high + reach)
    if reach <= 0 or not far.any():
        return 0, 0
    return int(size[far].sum()), int(np.append(far, False)[column.levels[sample.of_interest]].sum())


def quartiles(sample: SampledColumns, column: Column) -> dict[str, np.ndarray]:
    """Median and quartiles of a number in every class: class, n_samples, q25, median, low, high, q75, each (n_classes,).

    ``low`` and ``high`` are the interval of the median from the ranks of the sign test (``0.5 ± z / (2 √n)``).
    """
    n_classes = len(sample.standing)
    sizes = np.bincount(sample.codes[column.order], minlength=n_classes)
    wanted = np.column_stack([np.tile(QUARTILES, (n_classes, 1)), median_ranks(sizes)])
    at = quantiles_by_class(column.order, column.values, sample.codes, n_classes, wanted)[0]
    classes = np.array([*sample.dataset.classes, None], dtype=object)[:-1]
    return {"class": classes, "n_samples": sizes} | dict(
        zip(("q25", "median", "q75", "low", "high"), at.T, strict=True)
    )


def difference(sample: SampledColumns, column: Column, n_tests: int = 1) -> dict:
    """How far the class of interest lies from all other classes in one column.

    Numbers: ``max_x |F(x) − G(x)|`` of the shares up to x. Text: ``½ Σ |p − q|`` over the most frequent levels. Both are a difference of
    two shares: of the rows up to the cut, or with the levels that the class has more often.

    Parameters
    ----------
    sample : SampledColumns
    column : Column
    n_tests : int
        Columns that are read together; the limit of chance is set for all of them.

    Returns
    -------
    dict
        ``distance`` with low and high, ``expected`` and ``null_high`` (by chance), ``cut``, ``share_class``, ``share_rest``, ``p``; NaN where the class
        of interest or the rest has no filled cell.
    """
    filled = column.levels >= 0
    own = column.weight(sample.of_interest.astype(float))
    rest = column.weight(np.where(sample.of_interest, 0.0, sample.weights))
    n_own = own.sum()
    n_rest = effective_size(sample.weights[filled & ~sample.of_interest])
    if not n_own or not n_rest:
        names = ("distance", "low", "high", "expected", "null_high", "share_class", "share_rest", "p")
        return dict.fromkeys(names, np.nan) | {"cut": wording.MISSING}
    tail = (1 - judge.LEVEL) / n_tests
    if column.numeric:
        at, share, other = largest_gap(own, rest)
        cut = f"up to {wording.value(float(column.distinct[at]), 3)}"
        p = gap_tail(abs(share - other), n_own, n_rest)
        expected, limit = gap_by_chance(tail, n_own, n_rest)
    else:
        (share, other, cut), counts = _text_cut(own, rest, column), column.weight((~sample.of_interest).astype(float))
        place = column.places(TEXTS)[0]
        dealt = [np.bincount(place, x, minlength=TEXTS + 1)[: TEXTS + 1] for x in (own, counts)]
        expected, limit, p = variation_by_chance(*dealt, tail, N_DRAWS, 0)
    low, high = judge.difference_interval(share * n_own, n_own, other * n_rest, n_rest)
    if share < other:
        low, high = -high, -low
    measured = {"distance": abs(share - other), "low": max(float(low), 0.0), "high": float(high), "expected": expected}
    return measured | {"null_high": limit, "cut": cut, "share_class": share, "share_rest": other, "p": p}


def _text_cut(own: np.ndarray, rest: np.ndarray, column: Column) -> tuple[float, float, str]:
    """The shares of the two groups in the levels that the class of interest has more often, and those levels in words."""
    place, labels = column.places(TEXTS)
    shares = [np.bincount(place, x, minlength=TEXTS + 1) / x.sum() for x in (own, rest)]
    more = shares[0] > shares[1]
    names = [*labels, *[OTHERS] * (TEXTS + 1 - len(labels))]
    named = sorted(np.flatnonzero(more), key=lambda i: shares[1][i] - shares[0][i])
    return float(shares[0][more].sum()), float(shares[1][more].sum()), wording.listing([names[i] for i in named], 3)
