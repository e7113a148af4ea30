"""New rows that keep how the columns of a rare class go together."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.learners.sampling.rules import EXAMPLE, read_rules, tidied
from core.params import Range, Text
from core.registry import About

ABOUT = About(
    "Copula synthesis", "What if there were new rows whose columns go together as in the rare class?", "emerging"
)

MOST_FITTED = 20_000
"""Rows of a class that the copula is fitted on; of more, a random sample of so many."""

MOST_RULES = 500
LIMIT = Range(0.5, 1.0, 0.05)


def copula_synthesis(
    classifier: Any,
    *,
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    rules: Annotated[str, Text(MOST_RULES, EXAMPLE, tidied)] = "",
    impossible_pairs: bool = True,
    recognised: Annotated[float, LIMIT] = 0.9,
    other_class: Annotated[float, LIMIT] = 0.9,
    random_state: int = 0,
) -> Any:
    """Add rows drawn from the distribution of the smaller classes, in the training part of each fold only, and turn implausible ones away.

    Behind each column of a class stands a normal variable that is cut into the column's values by their shares; rows are
    ``Z ~ N(0, R)`` cut in the same way. R holds, for two 0/1 columns, the correlation ρ that solves
    ``Φ₂(z₁, z₂; ρ) = P(both)`` (tetrachoric); for a 0/1 column and a number the polyserial one; for two numbers that of their normal scores.
    A pair counts as unrelated as far as chance explains it: its correlation r in n rows is multiplied by ``max(0, 1 − 1/((n − 1) r²))``, so
    that small classes lean towards independence. R is made a correlation matrix by setting negative eigenvalues to 0. Numbers lie between values
    that the class has.

    A text column is asked level by level, the level with the strongest ties to other columns first: is it this one, and if not, the next? Each
    question has a normal variable, up to eight; further levels are drawn by their shares alone. What is lost is a tie that shows only among
    rows with one of the further levels, and how three or more columns go together beyond their pairs; where several text columns say the same, not all
    correlations can hold at once, and they are weakened. Which cells are missing is one more such column, whose levels are the patterns that rows of
    the class have: a made row has no other.

    A made row is turned away, and another drawn, when it breaks a rule of yours, holds a pair of levels that no real row of the class holds although
    five were expected to, is recognised as made by a model that tells made rows from real ones, or looks like another class to a model of the
    classes. After eight rounds copies of real rows fill what is missing, and this is said. The paper on binary tables publishes neither
    formula nor filter: both, and the treatment of other columns, are our own inference, hence emerging.

    Why it matters
    --------------
    Rows between neighbours (SMOTE) have values that no 0/1 column has, or copy a neighbour; rows drawn column by column forget that columns go
    together; and the usual copula takes the correlation of 0/1 columns for that of the normal variables, which weakens it by up to half.
    Made rows hold no more than the rows they were learned from: with boosted trees and a tuned threshold the gain mostly vanishes, and the
    probabilities of the rare class become too high.

    What to do
    ----------
    Compare it with doing nothing and the right threshold. Write down as rules what no real row could be. If many rows are turned away,
    trust the made ones less. Calibrate afterwards.

    Parameters
    ----------
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.
    rules : str
        What must hold in made rows, divided by ";": ``age >= 18; if pregnant = yes then sex = female``. Signs are = != < <= > >=, ``in (a, b)``,
        ``is missing``, ``and``, ``or``, ``not``; names with such words or signs in them stand between quotes. A missing cell breaks no rule.
    impossible_pairs : bool
        Turn away rows with two levels that never come together in the class.
    recognised : float
        Turn away rows that are told from real ones with at least this probability; 1 asks no model.
    other_class : float
        Turn away rows that look like another class with at least this probability; 1 asks no model.

    References
    ----------
    Binary Gaussian copula synthesis (2024), arXiv 2403.00965, whose abstract alone was had. Emrich and Piedmonte (1991), The American
    Statistician 45. Olsson, Drasgow and Dorans (1982), Psychometrika 47. Frank and Kramer (2004), ICML: nested dichotomies.
    """
    from core.learners.sampling.sampler import oversampled

    options = {
        "rules": rules,
        "impossible_pairs": impossible_pairs,
        "recognised": recognised,
        "other_class": other_class,
    }
    read_rules(rules)
    return oversampled(classifier, _drawn, balance=balance, random_state=random_state, **options)


def _drawn(
    draw: Any, *, rules: str, impossible_pairs: bool, recognised: float, other_class: float
) -> tuple[np.ndarray, np.ndarray]:
    from core.learners.sampling.plausibility import Gate, through
    from core.numerics.gaussian_copula import fit
    from core.wording import count, plural

    numbers, levels = draw.numbers, draw.levels
    if len(numbers) > MOST_FITTED:
        draw.note(f"Correlations were taken from {count(MOST_FITTED)} random rows of {count(len(numbers))}.")
        rows = np.sort(draw.rng.choice(len(numbers), MOST_FITTED, replace=False))
        numbers, levels = numbers[rows], levels[rows]
    ordered = np.array([bool(found.ordered) for found in draw.space.categories], dtype=bool)
    copula = fit(numbers, levels, ordered)
    if copula.n_latent > len(copula.tied):
        left = plural(copula.n_latent - len(copula.tied), "normal variable")
        draw.note(
            f"The correlations of {count(len(copula.tied))} normal variables were kept; {left} that vary less were drawn alone."
        )
    gate = Gate(read_rules(rules), impossible_pairs, recognised, other_class)
    return through(draw, lambda n: copula.draw(n, draw.rng), gate)
