"""The rows that are still wrong, before the others."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.batching import BatchRows, instance, spread
from core.params import Range
from core.registry import About

ABOUT = About(
    "Hard-example batches", "What if training spent its steps on rows that are still wrong?", learners=("neural",)
)


def hard_example_batches(
    classifier: Any,
    *,
    threshold: Annotated[float, Range(0.3, 0.95, 0.05)] = 0.7,
    kept: Annotated[float, Range(0.05, 1, 0.05)] = 0.25,
    revisited: Annotated[float, Range(0, 0.9, 0.1)] = 0.2,
) -> Any:
    """Fill batches with the rows whose loss was largest when they were last seen.

    Hard are rows with a loss above ``−ln t``, which under cross-entropy is a probability of the own class below the threshold t, and in any case the ``kept`` part of
    all rows with the largest loss. They take turns in ``1 − r`` of the places; the other rows are drawn for the part r, so that a row which has become wrong
    again is noticed. A row that was not seen yet is hard, and before the first loss is known every row comes once. The published form sorts the rows of a batch
    after they were read; to choose them for the next epoch, and to revisit, is ours.

    Why it matters
    --------------
    Most rows of a common class are right early and add little but noise. Rare rows are often the hard ones, so they are shown more; how much more is
    known only in training, and the probabilities are drawn towards the middle in a way that no formula takes back. Rows with wrong labels are the hardest
    of all and are shown most.

    What to do
    ----------
    Look for wrong labels first. It may help where easy rows are very many; where classes overlap, it mostly repeats rows that nobody could tell. Calibrate
    the probabilities afterwards, and compare with doing nothing at the right threshold.

    Parameters
    ----------
    threshold : float
        Probability of the own class below which a row is hard.
    kept : float
        Part of all rows that is hard in any case.
    revisited : float
        Part of the places for the other rows.

    References
    ----------
    Shrivastava, Gupta and Girshick (2016), Computer Vision and Pattern Recognition, for the idea within a batch.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.batching import Batches

    options = {"threshold": threshold, "kept": kept, "revisited": revisited}
    return with_inner(classifier, batches=Batches(_compose, options))


def _compose(
    rows: BatchRows, rng: np.random.Generator, *, threshold: float, kept: float, revisited: float
) -> np.ndarray:
    if rows.loss is None:
        return instance(rows, rng)
    n, loss = len(rows.codes), np.where(np.isnan(rows.loss), np.inf, rows.loss)
    order = rng.permutation(n)
    n_kept = max(1, round(kept * n))
    is_hard = (loss >= min(-np.log(threshold), np.partition(loss, n - n_kept)[n - n_kept]))[order]
    hard, others = order[is_hard], order[~is_hard]
    places = rows.n_steps * rows.batch_size
    n_others = min(round(revisited * places), len(others))
    drawn = np.concatenate([np.resize(hard, places - n_others), others[:n_others]])
    return spread(drawn, rows, rng)
