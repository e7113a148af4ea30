"""Small classes grow to the middle of the class sizes, the smallest only so many times."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.params import Choice, Range
from core.registry import About

ABOUT = About("Tiered upsampling", "What if small classes grew, but no row was seen too often?", maturity="emerging")


def tiered_upsampling(
    classifier: Any,
    *,
    cap: Annotated[float, Range(1.5, 50.0, 0.5)] = 5.0,
    how: Annotated[str, Choice("copy", "interpolate")] = "copy",
    k: Annotated[int, Range(1, 20)] = 5,
    random_state: int = 0,
) -> Any:
    """Grow the small classes in tiers by their size, in the training part of each fold only.

    With m the median of the class sizes, the head (n ≥ m) stays as it is, the middle (m / cap ≤ n < m) grows to m rows, and the tail
    (n < m / cap) to cap · n rows: ``max(n, min(m, cap · n))``. New rows are copies, each row as often as any other to
    one; or lie between neighbours as SMOTE makes them, with text of the nearer of the two rows and gaps where the row they start from has them. With two
    classes the median is the mean of the two sizes: the rarer class grows to that, or to cap times its rows when that is less, so it stays the
    rarer one. The report that this follows names head, middle, tail and a cap and not their limits; these are inferred.

    Why it matters
    --------------
    Growing a class of ten rows to the size of one of ten thousand shows each row a thousand times, and the learner knows them by heart. The cap
    limits that. Copies tell the learner that misses cost more and raise probabilities of the classes that grow; how much differs from class to class.

    What to do
    ----------
    It is meant for many classes. Compare it with doing nothing and the right threshold, or class weights, which are the things to beat.
    Calibrate afterwards.

    Parameters
    ----------
    cap : float
        How many times as many rows a class may have after as before.
    how : str
        "copy" draws rows again; "interpolate" makes rows between neighbours.
    k : int
        Neighbours within the class, where rows are interpolated.

    References
    ----------
    Political evasion at SemEval-2026, task 6 (2026), arXiv 2606.15770, for tiers and a cap.
    """
    from core.learners.sampling.goals import Tiers
    from core.learners.sampling.sampler import OverSampler
    from core.learners.wrapping import Resampled

    goal, options = Tiers(cap), {"how": how, "k": k}
    sampler = OverSampler(_again, options, sampling_strategy=goal, random_state=random_state)
    return Resampled(classifier, sampler)


def _again(draw: Any, *, how: str, k: int) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
    from core.learners.sampling.rows_between import rows_between_neighbours

    seeds = draw.seeds()
    return draw.members[seeds] if how == "copy" else rows_between_neighbours(draw, seeds, k, "seed")
