"""Of the common rows, those nearest to the centres of their clusters."""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import numpy as np

from core.params import Choice, Range
from core.registry import About

ABOUT = About("Prototype undersampling", "What if a few typical rows stood for all common ones?", "emerging")

LARGEST = 30_000
"""Rows of a class that are clustered; of more, a random sample is."""

ROUNDS = 5
"""How often centres without a row of their own look for their next nearest one."""


def prototype_undersampling(
    classifier: Any,
    *,
    ratio: Annotated[float, Range(0.1, 1.0, 0.1)] = 0.3,
    weights: Annotated[str, Choice("none", "cluster sizes")] = "none",
    random_state: int = 0,
) -> Any:
    """Cluster each larger class by k-means and keep the real row nearest to each centre.

    A class keeps k = ⌊n_rarest / ratio⌋ rows, or all where it has no more. Its rows are clustered by mini-batch k-means into k clusters, on numbers in
    robust units with gaps at the median and text as 0/1 columns, and the row nearest to each centre is kept with its gaps and its text as they
    are. No row is kept twice: a centre whose row is taken gets the nearest row that is left, and after five rounds a random one. Of a class
    with more than 30,000 rows a random 30,000 (or k, if that is more) are clustered. With weights by "cluster sizes" each row that is kept stands
    for itself and the rows left out that lie nearest to it, so that the probabilities are those of all rows; these weights are our own.

    Why it matters
    --------------
    A random sample of common rows draws most of them from where they are dense. Centres spread more evenly and keep the odd regions, which
    also means that common rows are no longer as frequent there as they were: without weights, probabilities of the rare class are too high,
    and by how much differs from region to region. A correction by one number does not repair that.

    What to do
    ----------
    Compare it with random undersampling at the same number of rows, and with doing nothing and the right threshold. Use weights when the
    probabilities are read.

    Parameters
    ----------
    ratio : float
        Rows of the rarest class per row that is kept of another one.
    weights : str
        Whether rows that are kept stand for those left out.

    References
    ----------
    V4FinBench, arXiv:2605.10896: mini-batch k-means and the nearest real rows at ratio 0.3. That no row comes twice, gaps, text, several
    classes and weights are our own.
    """
    from core.learners.sampling.represented import PerRare, Represented
    from core.learners.sampling.sampler import UnderSampler
    from core.learners.wrapping import Resampled

    sampler = UnderSampler(_choose, sampling_strategy=PerRare(1 / ratio), random_state=random_state)
    if weights == "none":
        return Resampled(classifier, sampler)
    return Represented(classifier, sampler, nearest=True)


def _choose(draw: Any) -> np.ndarray:
    from sklearn.cluster import MiniBatchKMeans

    from core.learners.sampling.filled import Filled

    most = max(LARGEST, draw.n)
    rows = draw.members if len(draw.members) <= most else np.sort(draw.rng.choice(draw.members, most, replace=False))
    Z = Filled(draw.space).matrix(rows)
    means = MiniBatchKMeans(
        draw.n, init="random", n_init=1, batch_size=1024, max_iter=10, random_state=int(draw.rng.integers(2**31 - 1))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        means.fit(Z)
    return rows[nearest_each_once(Z, means.cluster_centers_, draw.rng)]


def nearest_each_once(Z: np.ndarray, centres: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One row of Z (n_rows, n_features) for each centre (k, n_features), none twice; k is at most n_rows."""
    from sklearn.metrics import pairwise_distances_argmin

    free, waiting, taken = np.ones(len(Z), dtype=bool), np.arange(len(centres)), []
    for _ in range(ROUNDS):
        left = np.flatnonzero(free)
        if not len(waiting) or not len(left):
            break
        nearest = left[pairwise_distances_argmin(centres[waiting], Z[left])]
        found, first = np.unique(nearest, return_index=True)
        taken.append(found)
        free[found] = False
        waiting = np.delete(waiting, first)
    taken.append(rng.choice(np.flatnonzero(free), len(waiting), replace=False))
    return np.concatenate(taken)
