"""The number of predicted rows of a class must agree with the number of true ones, group by group."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, cross_entropy, softmax
from core.numerics.set_terms import of_probabilities, row_weights
from core.params import Range
from core.registry import About

ABOUT = About("Count regulariser", "What if the predicted number of cases had to be right in every group?", "emerging")


def count_regulariser(classifier: Any, *, strength: Annotated[float, Range(0, 10, 0.5)] = 1.0) -> Any:
    """Add to cross-entropy how far the predicted count of each class lies from the true one, in each group of rows.

    ``λ · Σ_g Σ_k ½ (√(δ_gk² + 1) − 1) / Σ w`` with ``δ_gk = Σ_{i in g} w_i (p_ik − y_ik)``: all but ``|δ|``, which has no derivative at 0. With two classes the
    half makes it the distance of one count. Groups are those of the table, as far as a batch holds them; without groups all rows are one. The
    smoothing, the sum over classes and the division by the rows of the batch are our reading. The second derivative handed to boosted
    trees is a bound from above.

    Why it matters
    --------------
    A model may be right on average and yet predict too many cases at one site and too few at another. This penalty is small where the
    counts agree, however they come about, so it works for calibration in each group and not for the ranking.

    What to do
    ----------
    It helps where sites, devices or periods have shares of their own that the columns tell, and where numbers of cases are what is used. It needs a
    column with the role of a group, and batches in which groups have several rows. It does not find more rare rows: a threshold does.

    Measured on 5 tables (neural network and boosted trees), macro-F1 with right thresholds was −0.004 and −0.001 apart from cross-entropy's in
    the mean, and balanced accuracy −0.078 and −0.076 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    strength : float
        λ: what a batch whose counts are all wrong adds, in units of cross-entropy.

    References
    ----------
    After the loss of EpiFormer (2026), arXiv 2606.04154, which adds the distance of counts of each graph.
    """
    from core.learners.loss import with_loss

    return with_loss(classifier, _loss, exact=False, asks=("groups",), strength=strength)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, strength: float) -> Terms:
    return cross_entropy(scores, own).plus(_counts(scores, own, known), strength)


def _counts(scores: np.ndarray, own: np.ndarray, known: Known) -> Terms:
    proba, weight = softmax(scores), row_weights(known, scores)
    place = _places(known, scores)
    gap, mass = _sums(weight * (proba - own), place), _sums(np.broadcast_to(weight, proba[..., :1, :].shape), place)
    root = np.sqrt(gap * gap + 1)
    penalty = 0.5 * (root - 1).sum(axis=-2, keepdims=True)
    value = np.divide(penalty, mass, out=np.zeros_like(penalty), where=mass > 0)[..., 0, :]
    gradient, bound = of_probabilities(proba, 0.5 * gap / root)
    bend = 0.5 / (root * root * root)
    around = (bend * proba * proba).sum(axis=-2, keepdims=True)
    return Terms(value, gradient, bound + weight * proba * proba * (around + bend * (1 - 2 * proba)))


def _places(known: Known, scores: np.ndarray) -> np.ndarray:
    """Group of each row, 0 and up, (…, 1, n_samples); a negative group is a row of its own, and without groups all rows are one."""
    n = scores.shape[-1]
    if known.groups is None:
        return np.zeros((1, n), dtype=np.int64)
    groups = np.where(known.groups < 0, -1 - np.arange(n), known.groups)
    return np.unique(groups, return_inverse=True)[1].reshape(groups.shape)[..., None, :]


def _sums(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """For each row the sum over its group: (…, n, n_samples)."""
    n_groups, lines = int(place.max()) + 1, values.reshape(-1, values.shape[-1])
    flat = np.broadcast_to(place, values.shape).reshape(lines.shape) + n_groups * np.arange(len(lines))[:, None]
    sums = np.bincount(flat.ravel(), lines.ravel(), minlength=n_groups * len(lines))
    return sums[flat].reshape(values.shape).astype(values.dtype, copy=False)
