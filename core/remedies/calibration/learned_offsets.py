"""One offset per class, learned on rows that the learner had not seen."""

from __future__ import annotations

from typing import Any

from core.registry import About

ABOUT = About("Learned class offsets", "By how much should each class be raised, as rows left out say?", "emerging")


def learned_offsets(classifier: Any, *, random_state: int = 0) -> Any:
    """Add to the scores of each class one number, learned so that the log loss is smallest when every class counts the same.

    ``b = argmin mean_c mean_{i: y_i = c} −log softmax(z_i + b)_c`` over rows that inner folds left out. For true probabilities ``b_c = −log π_c``, which is logit
    adjustment; where the model is too sure or too timid about a class, b makes up for it. A class with fewer than 10 rows keeps ``−log π_c``.
    The published method takes one part of the rows for this and searches without gradients; inner folds, L-BFGS and the rule for few rows are
    our reading. Its thresholds per class are left out.

    Why it matters
    --------------
    Boosted trees take on only a part of what sampling or weights tell them, so that a formula from class shares over- or undershoots. Rows that were
    left out say how much is missing. What comes out speaks of a table with equal classes: these are not risks.

    What to do
    ----------
    Compare it with logit adjustment after training, which learns nothing, and with a tuned threshold, which for two classes is the same dial. It can only be
    better than these where there are several classes with some dozens of rows each.

    References
    ----------
    SEVAL (2024), arXiv 2407.05370. What differs is our inference.
    """
    from core.learners.offsets import LearnedOffset

    return LearnedOffset(classifier, random_state)
