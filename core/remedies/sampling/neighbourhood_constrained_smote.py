"""New rows only between rare rows that no row of another class stands near."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import numpy as np

from core.numerics.interpolation import MASKS
from core.params import Choice, Range
from core.registry import About
from core.wording import of, share

ABOUT = About(
    "Neighbourhood-constrained SMOTE",
    "What if rows were made only where the rare class is at home?",
    maturity="emerging",
)

SHARES = (1.0, 0.75, 0.5, 0.25)
"""Shares of the edges to other classes that count, from all to a quarter; the first of equally good ones is taken."""

MADE, HELD_OUT, LEARNT, FEWEST = 300, 10_000, 2_000, 12
"""For the choice: rows made for each try; held-out rows of other classes that they are held against; rows of the class, beside the
same share of the others; and rows of the class below which nothing is tried."""


def neighbourhood_constrained_smote(
    classifier: Any,
    *,
    k: Annotated[int, Range(1, 20)] = 5,
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    gaps: Annotated[str, Choice(*MASKS)] = "seed",
    random_state: int = 0,
) -> Any:
    """Add rows between neighbouring rows of a class unless a row of another class stands nearer, in the training part of each fold only.

    Each row i of a class has edges to its k nearest rows of the class, and one, of length e_i, to the nearest row of any other class.
    Of these the longest, that is the least similar, are dropped: e_i becomes infinite beyond a threshold t. An edge of length d
    within the class is kept where d < min(e_i, e_j), and made rows are i + u · (j − i) along kept edges, u uniform between 0
    and 1; text is that of the nearer of the two. Rows without a kept edge start none, and a class without any is copied.
    With t infinite the nearest training row of a made row is one of the class, by the triangle inequality, where there are no gaps and no text;
    with t = 0 it would be SMOTE.

    The threshold is the quantile of the e_i, at 1, 0.75, 0.5 or 0.25, that does best on a third of the rows held out: the harmonic mean of the share
    of made rows whose nearest held-out row is of the class, and the share of held-out rows of the class that lie nearer to a made row than to any
    training row of another class. Classes of more than 2,000 rows try it on as many, with the same share of the others; those of fewer than 12 try nothing and
    drop nothing. The work that this follows learns a
    similarity threshold by reinforcement on graphs of accounts; only its abstract was at hand. The form for tables, the rule for edges and the
    reward are inferred.

    Why it matters
    --------------
    SMOTE also draws lines between rare rows that stand alone among rows of other classes, and what lies on such lines is mostly not of the rare class. Here fewer
    rows are made there: on two generated half-moons with wrong labels 0.6 % of the made rows lay in the other moon, of SMOTE's 10 %. What is left is a cleaner class than there really is: its hard rows get no help, and probabilities of the
    rare class become too high all the same.

    What to do
    ----------
    Try it where SMOTE helps and labels or measurements are noisy. Compare it with doing nothing and the right threshold, which is
    the thing to beat. A note says how many edges were kept. Calibrate afterwards.

    Parameters
    ----------
    k : int
        Edges of each row within its class; fewer where the class is small.
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.
    gaps : str
        Where a new row has missing cells: "seed" as the row it starts from, "donor" as a random row of the class, "preserve" where either
        parent has, "interpolate" where both have, "random" by the toss of a coin where one has.

    References
    ----------
    RABot (2026), arXiv 2602.21749, for the idea. Chawla et al. (2002), Journal of Artificial Intelligence Research 16, for SMOTE.
    """
    from core.learners.sampling.sampler import oversampled

    return oversampled(classifier, _along_edges, balance=balance, random_state=random_state, k=k, gaps=gaps)


class _Edges(NamedTuple):
    """Edges of a draw: nearest members of each member, by position; how far they are; how far the nearest row of another class is."""

    near: np.ndarray
    length: np.ndarray
    other: np.ndarray

    def kept(self, counted: float) -> np.ndarray:
        """Which edges (n_members, k) are kept when that share of the edges to other classes, the shortest, counts."""
        limit = np.quantile(self.other, counted, method="lower")
        nearest = np.where(self.other <= limit, self.other, np.inf)
        return self.length < np.minimum(nearest[:, None], nearest[self.near])


def _along_edges(draw: Any, *, k: int, gaps: str) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
    others = np.flatnonzero(draw.codes != draw.code)
    counted = _chosen(draw, others, k) if len(draw.members) >= FEWEST else 1.0
    edges = _edges(draw, others, k)
    kept = edges.kept(counted)
    draw.note(
        f"Kept between rows of a class: {of(kept.sum(), kept.size, 'edge')}; {share(counted)} of its edges to rows of other classes counted."
    )
    if not kept.any():
        draw.note("No edge was kept, so rows of the class were copied.")
        return draw.members[draw.seeds()]
    return _made(draw, edges, kept, draw.seeds(kept.any(axis=1).astype(float)), gaps)


def _edges(draw: Any, others: np.ndarray, k: int) -> _Edges:
    own = draw.looked_up(draw.members)
    near, length = draw.space.nearest(draw.members, own, min(k, len(own) - 1))
    other = draw.space.nearest(draw.members, draw.looked_up(others), 1)[1][:, 0]
    return _Edges(np.searchsorted(draw.members, near), length, other)


def _made(draw: Any, edges: _Edges, kept: np.ndarray, seeds: np.ndarray, gaps: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows along a random kept edge of each seed, a position among the members."""
    from core.learners.sampling.rows_between import rows_between

    lots = np.where(kept[seeds], draw.rng.random((len(seeds), kept.shape[1])), -1.0)
    partners = edges.near[seeds, lots.argmax(axis=1)]
    return rows_between(draw, seeds, partners, draw.rng.random((len(seeds), 1)), gaps)


def _chosen(draw: Any, others: np.ndarray, k: int) -> float:
    """The share of the edges to other classes that should count, by what held-out rows say."""
    from core.learners.sampling.near_made import some

    rng, members = draw.rng, some(draw.members, LEARNT, draw.rng)
    others = some(others, -(-len(others) * len(members) // len(draw.members)), rng)
    held, train = _split(members, rng)
    foreign_held, foreign = _split(others, rng)
    pool = np.concatenate([held, some(foreign_held, HELD_OUT, rng)])
    part = replace(draw, members=train, room=None)
    edges = _edges(part, foreign, k)
    reached = some(held, MADE, rng)
    to_foreign = draw.space.nearest(reached, draw.looked_up(foreign), 1)[1][:, 0]
    rewards = np.zeros(len(SHARES))
    for i, counted in enumerate(SHARES):
        kept = edges.kept(counted)
        starts = np.flatnonzero(kept.any(axis=1))
        if len(starts):
            made = _made(part, edges, kept, rng.choice(starts, MADE), "seed")
            rewards[i] = _reward(draw, made, pool, reached, to_foreign)
    return SHARES[int(np.argmax(rewards))]


def _reward(draw: Any, made: tuple, pool: np.ndarray, reached: np.ndarray, to_foreign: np.ndarray) -> float:
    from core.learners.sampling.near_made import nearest_made

    near, _ = draw.space.nearest_to(*made, pool, 1)
    true = float(np.mean(draw.codes[near[:, 0]] == draw.code))
    found = float(np.mean(nearest_made(draw.space, reached, made) < to_foreign))
    return 2 * true * found / (true + found) if true + found else 0.0


def _split(rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A third of the rows and the others, ascending."""
    order = rng.permutation(rows)
    third = len(rows) // 3
    return np.sort(order[:third]), np.sort(order[third:])
