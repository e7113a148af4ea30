"""Scores less the logarithm of the class shares, after training."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Choice, Range
from core.registry import About

ABOUT = About(
    "Logit adjustment after training", "Which class does a row speak for, if all classes were equally frequent?"
)


def posthoc_logit_adjustment(
    classifier: Any,
    *,
    tau: Annotated[float, Range(0, 2, 0.25)] = 1.0,
    prior: Annotated[str, Choice("frequency", "confidence")] = "frequency",
    random_state: int = 0,
) -> Any:
    """Divide each probability by the share of its class, ``p_c ∝ p_c · π_c^{−τ}``: on the scores, ``z_c − τ log π_c``.

    With τ 1 and true probabilities this is the decision that a table with equal classes would ask for, the one with the best mean of the
    recalls. The sign is minus here and plus in training. π are the class shares of the training rows; "confidence" takes instead the mean
    probability that the model gives each class on rows that inner folds left out, which is near 1 / n_classes already where sampling or
    weights did the same before. That second reading is our inference from an abstract.

    Why it matters
    --------------
    It costs nothing: no second model, no changed row, and with two classes the ranking and average precision stay as they are. With two classes it
    is the same as moving the threshold from 0.5 to the share of the class of interest. What comes out are not risks any more: a 2 % risk reads 50 %
    where the class makes up 2 % of the rows.

    What to do
    ----------
    Take it as the measure for every loss that claims to help rare classes: a loss that does no better than this one after plain training has not earned
    its keep. Where costs are known, state them and take the threshold of the costs on plain probabilities instead. Do not put it on top of sampling,
    weights or a loss that raise rare classes already: they add up.

    Parameters
    ----------
    tau : float
        How much of the shares is taken out; 0 changes nothing, 1 all of it.
    prior : str
        What the shares are read from: class frequency, or the mean confidence of the model.

    References
    ----------
    Menon et al. (2021), International Conference on Learning Representations. The prior by confidence is our inference.
    """
    from core.learners.offsets import PriorOffset

    return PriorOffset(classifier, tau, prior, random_state)
