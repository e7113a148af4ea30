"""New rows between a rare row and the nearest rows of other classes."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.interpolation import between
from core.params import Range
from core.registry import About
from core.wording import count, plural, share

ABOUT = About(
    "Constrained expansive oversampling (CEOS)",
    "What if the rare class reached out towards its neighbours?",
    maturity="emerging",
)

LOOKED_AT, NEAR, POOL = 200, 5, 30_000
"""Made rows whose surroundings are looked at, how many real rows make the surroundings, and among how many these are looked up."""


def ceos(
    classifier: Any,
    *,
    k: Annotated[int, Range(1, 5)] = 1,
    dominance: Annotated[float, Range(0.5, 0.95, 0.05)] = 0.7,
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    random_state: int = 0,
) -> Any:
    """Add rows that lie a little way from a rare row towards a row of another class, in the training part of each fold only.

    A made row is λ · x + (1 − λ) · e: x is a row of the class, e one of the k rows of other classes that lie nearest to it,
    λ is uniform between ``dominance`` and 1, and the label stays that of x. So no made row is further than 1 − ``dominance`` of the
    way to a row of another class. Text cells and gaps are those of x, and x's value stays where e has none. Whole numbers are rounded towards x.
    Rows of other classes are looked up among 30,000 random ones when there are more. The formula is that of the authors' released
    code, which draws x from a normal distribution of embeddings and divides the made row by its length; for a table x is a real row
    and nothing is divided.

    Why it matters
    --------------
    SMOTE stays inside the rare class. This method widens it towards the other classes, which moves the boundary outwards: recall at a
    fixed cut grows, false alarms grow too, and probabilities of the rare class become too high. Where classes overlap, made rows land among
    rows of other classes; a note says how many of them do, beside how many real rows do.

    What to do
    ----------
    Compare it with doing nothing and the right threshold, which is the thing to beat. Read the note: when many more made rows than real
    ones lie among other classes, raise the dominance or leave the method. Calibrate afterwards.

    Parameters
    ----------
    k : int
        Nearest rows of other classes that a made row may reach out to.
    dominance : float
        The smallest share λ of the rare row in a made row.
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.

    References
    ----------
    Revisiting prototype rehearsal for exemplar-free continual learning (2026), CVPR Findings, for CEOS and its released code, where k is 1. Its cousin EOS:
    Dablain et al. (2023), Efficient augmentation for imbalanced deep learning, ICDE. What it does with text, gaps and whole numbers is our own.
    """
    from core.learners.sampling.sampler import oversampled

    options = {"k": k, "dominance": dominance}
    return oversampled(classifier, _reach_out, balance=balance, random_state=random_state, **options)


def _reach_out(draw: Any, *, k: int, dominance: float) -> tuple[np.ndarray, np.ndarray]:
    space, rng = draw.space, draw.rng
    enemies = draw.looked_up(np.flatnonzero(draw.codes != draw.code))
    rows = draw.members[draw.seeds()]
    asked, place = np.unique(rows, return_inverse=True)
    near, _ = space.nearest(asked, enemies, min(k, len(enemies)))
    partners = near[place, rng.integers(0, near.shape[1], draw.n)]
    own = space.numbers[rows]
    way = (1 - dominance) * rng.random((draw.n, 1))
    numbers = between(own, space.numbers[partners], way, "seed", rng)
    whole = space.whole
    numbers[:, whole] = own[:, whole] + np.trunc(numbers[:, whole] - own[:, whole])
    levels = space.levels[rows]
    draw.note(_over_reach(draw, numbers, levels))
    return numbers, levels


def _over_reach(draw: Any, numbers: np.ndarray, levels: np.ndarray) -> str:
    """How many made rows have mostly rows of other classes around them, beside the same of real rows of the class, themselves counted."""
    from core.learners.sampling.near_made import some

    space, rng = draw.space, np.random.default_rng(0)
    pool = some(np.arange(len(space)), POOL, rng)
    made = some(np.arange(draw.n), LOOKED_AT, rng)
    real = some(draw.members, LOOKED_AT, rng)
    k = min(NEAR, len(pool))
    foreign = []
    for cells, texts in ((numbers[made], levels[made]), (space.numbers[real], space.levels[real])):
        near, _ = space.nearest_to(cells, texts, pool, k)
        foreign.append(float(np.mean((draw.codes[near] != draw.code).mean(axis=1) > 0.5)))
    return (
        f"Of {plural(len(made), 'made row')} of a class, {share(foreign[0])} have mostly rows of other classes among their {k} nearest "
        f"real rows; of {count(len(real))} of its real rows, each counted among its own, {share(foreign[1])}."
    )
