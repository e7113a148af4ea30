"""Taking a class for a far one costs more than for a near one."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, cross_entropy, softmax
from core.numerics.set_terms import of_probabilities
from core.params import Choice, Range
from core.registry import About

ABOUT = About(
    "Geometric cost", "What if taking a class for a far one cost more than for a near one?", maturity="emerging"
)


def geometric_cost(
    classifier: Any,
    *,
    costs: Annotated[str, Choice("geometric", "uniform")] = "geometric",
    strength: Annotated[float, Range(0, 5, 0.25)] = 1.0,
) -> Any:
    """Add to cross-entropy what the predicted classes cost on average.

    ``−log p_y + λ Σ_k p_k C[y, k]``: with one true class, what it costs to carry the predicted distribution to the true one. Geometric costs are the
    distances between class centres in the plane of their two discriminant axes, over the largest. The control is uniform, ``C = 1`` off the diagonal, where the
    term is ``1 − p_y`` and knows nothing of the plane. The second derivative handed to boosted trees is a bound from above.

    Why it matters
    --------------
    If the uniform control does as well, the gain is not owed to the geometry. The term rewards being sure, in either form, so that it
    makes probabilities too sure: of two classes of which no column tells anything, a share of 10 % comes out as 5.7 % at λ = 1. It cannot tell classes apart that lie in one place, and moves errors to near classes at best.

    What to do
    ----------
    Run both forms on the same folds. It is of use where far errors are worse than near ones, as with ordered or circular classes: look at
    the severity of errors and not at their number. With two classes both forms are one. Calibrate before probabilities are read.

    Measured on 5 tables (neural network and boosted trees), macro-F1 with right thresholds was −0.002 and −0.004 apart from cross-entropy's in
    the mean, and balanced accuracy −0.069 and −0.076 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    costs : str
        From the distance of class centres in the training rows, or the same for every error.
    strength : float
        λ; 0 is cross-entropy.

    References
    ----------
    After a study of circumplex degeneracy (2026), known to us by its abstract. Fisher (1936), Annals of Eugenics 7, for the plane.
    """
    from core.learners.loss import with_loss

    asks = ("cost",) if costs == "geometric" else ()
    return with_loss(classifier, _loss, exact=False, asks=asks, costs=costs, strength=strength)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, costs: str, strength: float) -> Terms:
    proba, cost = softmax(scores), 1 - own
    if costs == "geometric" and known.cost is not None:
        cost = np.swapaxes(known.cost.astype(scores.dtype, copy=False), -1, -2) @ own
    expected = Terms((proba * cost).sum(axis=-2), *of_probabilities(proba, cost))
    return cross_entropy(scores, own).plus(expected, strength)
