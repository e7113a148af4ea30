"""Rows of all classes mixed with rows drawn evenly from the classes."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.interpolation import MASKS, between, nearer
from core.params import Choice, Range
from core.registry import About

ABOUT = About("Balanced-MixUp", "What if rows were mixed with rows of evenly drawn classes?", maturity="emerging")


def balanced_mixup(
    classifier: Any,
    *,
    alpha: Annotated[float, Range(0.1, 2.0, 0.1)] = 0.2,
    amount: Annotated[float, Range(0.1, 2.0, 0.1)] = 1.0,
    gaps: Annotated[str, Choice(*MASKS)] = "seed",
    random_state: int = 0,
) -> Any:
    """Add mixtures of a random row with a row of an evenly drawn class, in the training part of each fold only.

    A mixture is λ · b + (1 − λ) · x: x is a random row of the table, b a random row of a class that is drawn with the same chance as
    any other, λ has the distribution Beta(alpha, 1). Its label is that of b with probability λ, else that of x. For any loss that adds up
    over rows the expected loss is that of the soft label (λ for b's class, 1 − λ for x's), which learners for tables do not take; one draw is noisier.
    So with K classes of sizes n_c, n in all, and ``e = alpha / (1 + alpha)``, a mixture has label c with probability ``e / K + (1 − e) · n_c / n``: at alpha 0.2 a class of
    5 % among two has 12.5 % of the mixtures. Of ``amount · n`` mixtures each class gets exactly that share, by largest remainder, and its
    mixtures are drawn from the distribution given the label: with probability ``(e / K) / (e / K + (1 − e) · n_c / n)`` the label is b's and λ has Beta(alpha + 1, 1), else it is x's and λ has
    Beta(alpha, 2). The rows that were there stay too, which the published method leaves out.

    Text cells are those of the row that the label comes from; gaps too, by default. Columns of whole numbers are rounded, so a 0/1 column takes the value
    of the row with the larger share. At alpha 0.2 four of ten λ are below 0.01: many mixtures are nearly copies of x. The
    formula is from memory of the paper, and the form for tables is inferred.

    Why it matters
    --------------
    It shows rare rows more often, but seldom twice the same, and tends to make probabilities timid. They are
    also too high for rare classes, as after any sampling, though less than at full balance. Mixtures across classes lie where no row is, with a hard label.

    What to do
    ----------
    It was made for networks that see images, so nothing promises that it helps here. Compare it with doing nothing and the right threshold,
    which is the thing to beat. Calibrate afterwards.

    Parameters
    ----------
    alpha : float
        How much evenly drawn rows count: their mean share in a mixture is alpha / (1 + alpha).
    amount : float
        Mixtures per row of the table.
    gaps : str
        Where a mixture has missing cells: "seed" as the row its label comes from, "donor" as a random row of that class, "preserve" where either
        parent has, "interpolate" where both have, "random" by the toss of a coin where one has.

    References
    ----------
    Galdran, Carneiro and González Ballester (2021), Balanced-MixUp for highly imbalanced medical image classification, MICCAI.
    """
    from core.learners.sampling.goals import MixedShares
    from core.learners.sampling.sampler import OverSampler
    from core.learners.wrapping import Resampled

    goal, options = MixedShares(alpha, amount), {"alpha": alpha, "gaps": gaps}
    sampler = OverSampler(_mixed, options, sampling_strategy=goal, random_state=random_state)
    return Resampled(classifier, sampler)


def _mixed(draw: Any, *, alpha: float, gaps: str) -> tuple[np.ndarray, np.ndarray]:
    from core.learners.sampling.goals import MixedShares

    space, rng = draw.space, draw.rng
    stands = np.ones(len(space)) if space.represents is None else space.represents
    table = np.bincount(draw.codes, stands)
    even = alpha / (1 + alpha) / len(table)
    balanced = rng.random(draw.n) < even / MixedShares(alpha, 1.0).shares(table)[draw.code]
    others = np.where(balanced, _any_rows(stands, draw.n, rng), _even_rows(draw.codes, draw.n, rng))
    weight = np.where(balanced, rng.beta(alpha + 1, 1, draw.n), 1 - rng.beta(alpha, 2, draw.n))
    rows, donors = draw.members[draw.seeds()], rng.choice(draw.members, draw.n)
    numbers, levels = ((cells[rows], cells[others]) for cells in (space.numbers, space.levels))
    made = between(*numbers, 1 - weight[:, None], gaps, rng, space.numbers[donors])
    return made, nearer(*levels, np.zeros((draw.n, 1)), gaps, rng, space.levels[donors])


def _any_rows(stands: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Random rows, each as likely as the rows of the table that it stands for are many."""
    ends = np.cumsum(stands)
    return np.minimum(np.searchsorted(ends, rng.random(n) * ends[-1], side="right"), len(stands) - 1)


def _even_rows(codes: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Random rows of random classes, each class as likely as any other."""
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    drawn = rng.integers(0, len(sizes), n)
    return order[np.cumsum(sizes)[drawn] - sizes[drawn] + np.floor(rng.random(n) * sizes[drawn]).astype(int)]
