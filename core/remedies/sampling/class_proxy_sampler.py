"""New rows from a bell curve around the middle of a rare class."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.params import Range
from core.registry import About
from core.wording import of

ABOUT = About(
    "Class-proxy sampler", "What if rare rows were drawn around the middle of their class?", maturity="emerging"
)

LENDERS, FITTED = 1_000, 30_000
"""Rows of the class among which those near a made row are looked up; rows that mean and spread are taken from."""


def class_proxy_sampler(
    classifier: Any,
    *,
    borrowed: Annotated[int, Range(0, 100, 5)] = 10,
    k: Annotated[int, Range(1, 20)] = 5,
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    random_state: int = 0,
) -> Any:
    """Add rows drawn from a normal distribution fitted to the class, in the training part of each fold only.

    In robust units (from the median, over the interquartile range, cut at 8) column j of class c has mean μ and variance s² over its n
    cells. A made row has μ + σ · ε there, ε standard normal and independent from column to column, with ``σ² = ((n − 1) · s² + m · v) / (n − 1 + m)``:
    v is the plain mean of the column's variance over classes, each counting the same, and m (``borrowed``) says how many rows it is
    worth. Text columns and columns of two values are not drawn: the made row takes them, together, from one of the k rows of the class
    that lie nearest to it in the other columns, so levels are as frequent as around it; near rows are looked up among 1,000 random
    ones where the class has more. Gaps in the drawn columns are those of a random row of the class. Whole numbers are rounded,
    and what would lie beyond the values of the table is set to its smallest or largest. The work that this follows learns such a distribution inside a network; the form for tables is inferred.

    Why it matters
    --------------
    A distribution needs few rows, and a class of five can be drawn from. But columns of a class hang together, are skewed, pile up at
    zero and come in groups, and here none of it is kept: rows are made that cannot be, such as a start after its end, and skewed columns pile up at their edge. Where the class
    is no single round cloud, made rows fill its hollow middle. Probabilities of the rare class become too high.

    What to do
    ----------
    Use it as the plain yardstick that a finer sampler should beat, and compare both with doing nothing and the right threshold. A note says
    how many rows of the class lie nearer to the middle of another class: where they are many, the middle does not stand for the class.
    Calibrate afterwards.

    Parameters
    ----------
    borrowed : int
        How many rows the spread of all classes is worth beside those of the class; 0 uses the class alone.
    k : int
        Nearest rows of the class that lend text and columns of two values.
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.

    References
    ----------
    SCDL (2026), arXiv 2603.05202, for class proxies that are distributions. Smyth (2004), Statistical Applications in Genetics and
    Molecular Biology 3, for spread that is partly borrowed.
    """
    from core.learners.sampling.sampler import oversampled

    return oversampled(
        classifier, _around_the_middle, balance=balance, random_state=random_state, borrowed=borrowed, k=k
    )


def _around_the_middle(draw: Any, *, borrowed: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    from core.learners.sampling.near_made import some

    space, rng = draw.space, draw.rng
    mean, spread = _proxy(draw, borrowed)
    middle, unit = space.units
    with np.errstate(over="ignore"):
        numbers = middle + unit * (mean + spread * rng.normal(size=(draw.n, len(mean))))
    lenders, gaps = some(draw.members, LENDERS, rng), np.isnan(space.numbers[rng.choice(draw.members, draw.n)])
    near = rng.choice(lenders, draw.n)
    lent = space.levels.shape[1] or space.two_valued.any()
    if lent and not space.two_valued.all():
        queries = np.where(space.two_valued, np.nan, numbers)
        found, _ = space.nearest_to(queries, None, lenders, min(k, len(lenders)))
        near = found[np.arange(draw.n), rng.integers(0, found.shape[1], draw.n)]
    numbers[gaps] = np.nan
    return np.where(space.two_valued, space.numbers[near], numbers), space.levels[near]


def _proxy(draw: Any, borrowed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (n_numeric,) of the class in robust units; NaN for the mean of an empty column."""
    from core.learners.sampling.near_made import some

    n_classes = int(draw.codes.max()) + 1
    sizes, means, variances = (np.empty((n_classes, draw.space.numbers.shape[1])) for _ in range(3))
    for code in range(n_classes):
        rows = draw.space.scaled(some(np.flatnonzero(draw.codes == code), FITTED, draw.rng))
        sizes[code], means[code], variances[code] = _moments(rows)
    alone = sizes - 1
    pooled = np.divide((variances * (alone > 0)).sum(axis=0), np.maximum((alone > 0).sum(axis=0), 1))
    n = np.maximum(alone[draw.code], 0)
    variance = (n * variances[draw.code] + borrowed * pooled) / np.maximum(n + borrowed, 1)
    _note(draw, means, np.sqrt(pooled))
    return means[draw.code], np.sqrt(variance)


def _moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells, mean (NaN without cells) and variance (0 below two cells) of each column."""
    seen = ~np.isnan(rows)
    n = seen.sum(axis=0)
    mean = np.where(seen, rows, 0.0).sum(axis=0) / np.maximum(n, 1)
    variance = (np.where(seen, rows - mean, 0.0) ** 2).sum(axis=0) / np.maximum(n - 1, 1)
    return n, np.where(n > 0, mean, np.nan), variance


def _note(draw: Any, means: np.ndarray, spread: np.ndarray) -> None:
    """Say how many rows of the class lie nearer to the middle of another class than to that of their own."""
    rows = draw.space.scaled(draw.members)
    unit = np.where(spread > 0, spread, 1.0)
    away = np.column_stack([np.nansum(((rows - mean) / unit) ** 2, axis=1) for mean in means])
    if means.shape[1]:
        strange = int(np.sum(away.argmin(axis=1) != draw.code))
        draw.note(f"Nearer to the middle of another class than to that of their own: {of(strange, len(rows))}.")
