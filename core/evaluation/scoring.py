"""One recipe on one fold: fitted on the training rows, scored on the others in both currencies."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.numerics.decisions import confusion, decide, decision_scores
from core.recipe import Recipe
from core.study import Study

AT_HALF, AT_OWN = "at 0.5", "at its own threshold"
RANKING = ("average precision", "ROC-AUC")
PROBABILITY = ("Brier score", "log loss")
CALIBRATION = ("observed over expected", "calibration intercept", "calibration slope")
DECISIONS = ("recall", "precision", "F1", "macro-F1", "balanced accuracy", "Matthews correlation")
COST = "cost per 1,000 rows"
TOTAL, WEIGHTED, EXPECTED = "total classification cost", "weighted accuracy", "expected weighted accuracy"
COST_METRICS = (TOTAL, WEIGHTED, EXPECTED)
"""What ``core.evaluation.cost_scores`` adds at the stated costs and the prevalence of use; the total cost is that of 1,000 cases."""

LOWER_IS_BETTER = (*PROBABILITY, COST, TOTAL)
SCARCE = 50
"""Rows of the class of interest below which a tuned threshold is too uncertain to prefer."""

SMALLEST = 1e-15
MOST_LOG_ODDS = 15.0
FEWEST_FOR_SLOPE = 5
"""Rows of each side that a fold needs before a line through its log-odds is fitted."""


@dataclass(frozen=True, eq=False)
class FoldOutcome:
    """What one recipe did on one fold.

    Parameters
    ----------
    recipe : Recipe
        As it was given, without the decision added by ``decided``.
    fold : int
        Position in ``study.folds``.
    scores : mapping of (metric, cut) to float
        The cut is ``AT_HALF``, ``AT_OWN`` or "" for metrics that need none. NaN where the fold holds no row of the class of interest.
    threshold : float
        The recipe's own, chosen inside the training rows; NaN where the rule is not one threshold.
    matrices : mapping of cut to ndarray (n_classes, n_classes)
        Rows of each class by predicted class; those of the whole table when a working sample stands for it.
    test_share : float
        Test rows over training rows.
    seconds : float
    log_odds : ndarray of float32 (n_test,) or None
        Of the class of interest, row by row of the test part, which tell probabilities near 0 and near 1 apart.
    """

    recipe: Recipe
    fold: int
    scores: Mapping[tuple[str, str], float]
    threshold: float
    matrices: Mapping[str, np.ndarray]
    test_share: float
    seconds: float
    log_odds: np.ndarray | None = None


def decided(study: Study, recipe: Recipe) -> Recipe:
    """The recipe with a threshold of its own: what it says, or else what fits the stated costs.

    Without stated costs the threshold makes F1 best. With them it makes the expected cost least, or follows from the
    costs alone, on calibrated scores, when the class of interest has fewer than ``SCARCE`` rows: a tuned threshold is then mostly chance.
    Logit adjustment and its like stand at the stage of calibration, but what they give are no risks, and is calibrated as well.
    """
    if recipe.stage("decision"):
        return recipe
    settings = {slug: dict(values) for slug, values in recipe.steps}
    if not study.miss_cost:
        return Recipe.of(**settings, tuned_threshold={})
    if study.class_sizes[study.positive_code] < SCARCE:
        last = recipe.stage("calibration")
        true = last and study.classifier(Recipe.of(**{last.slug: settings[last.slug]}))
        return Recipe.of(**settings, cost_threshold={"calibrated": not getattr(true, "restores_prior", False)})
    return Recipe.of(**settings, tuned_threshold={"criterion": "expected cost"})


def score_fold(study: Study, recipe: Recipe, fold: int) -> FoldOutcome:
    """Fit a recipe on the training rows of a fold and score it on the test rows, at their natural class sizes.

    In a working sample each test row counts as many rows as it stands for, so that all scores speak of the whole table. Where a row
    stands for very many, few common rows lie among the highest scores, and the average precision of a fold tends to be too high:
    by 2 to 18 % of itself where a row stands for 99, by 1 to 3 % where it stands for 11 (1,000,000 generated rows, 1 % rare).

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
        The empty recipe is the baseline: do nothing, with the right threshold.
    fold : int
        Position in ``study.folds``.
    """
    start = time.perf_counter()
    train, test = study.folds[fold]
    fitted = study.fitted(decided(study, recipe), train)
    proba, own = answers(study, fitted, study.dataset.X.iloc[test])
    outcome = fold_outcome(study, recipe, fold, proba, float(fitted.threshold_), own)
    return replace(outcome, seconds=time.perf_counter() - start)


def answers(study: Study, fitted: Any, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What a fitted recipe with a decision of its own says of rows.

    Parameters
    ----------
    study : Study
    fitted : classifier
        Fitted on codes of the study. Its method ``decide(proba, X)`` gives positions in its ``classes_``.
    X : pandas.DataFrame (n_samples, n_features)

    Returns
    -------
    proba : ndarray (n_samples, n_classes)
    own : ndarray of int (n_samples,)
        The code that is taken for each row.
    """
    proba = np.zeros((len(X), len(study.classes)))
    known = fitted.predict_proba(X)
    proba[:, fitted.classes_] = known
    return proba, fitted.classes_[fitted.decide(known, X)]


def fold_outcome(
    study: Study, recipe: Recipe, fold: int, proba: np.ndarray, threshold: float, own: np.ndarray | None = None
) -> FoldOutcome:
    """Score probabilities of the test rows of a fold; in no time.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
        What the probabilities come from.
    fold : int
        Position in ``study.folds``.
    proba : ndarray (n_test, n_classes)
    threshold : float
        Chosen inside the training rows.
    own : ndarray of int (n_test,) or None
        The codes that a rule of more than one threshold takes; None decides by the threshold.
    """
    train, test = study.folds[fold]
    codes, positive, n_classes = study.codes[test], study.positive_code, len(study.classes)
    weight = None if study.represents is None else study.represents[test]
    halves = proba.argmax(axis=1) if n_classes > 2 else decide(proba, positive, 0.5)
    taken = {AT_HALF: halves, AT_OWN: decide(proba, positive, threshold) if own is None else own}
    matrices = {cut: confusion(codes, pred, n_classes, weight) for cut, pred in taken.items()}
    scores = _ranking_scores(proba, codes, positive, weight)
    truth = calibration(proba[:, positive], codes == positive, weight)
    scores |= {(name, ""): value for name, value in truth.items()}
    for cut, matrix in matrices.items():
        scores |= {(name, cut): value for name, value in decision_scores(matrix, positive).items()}
        if study.miss_cost:
            lost = miss_costs(study)[test][(codes == positive) & (taken[cut] != positive)]
            stands = 1.0 if weight is None else weight[(codes == positive) & (taken[cut] != positive)]
            scores[COST, cut] = cost_per_1000(float((lost * stands).sum()), matrix, positive)
    odds = log_odds(proba[:, positive], most=np.inf).astype(np.float32)
    return FoldOutcome(recipe, fold, scores, threshold, matrices, len(test) / len(train), 0.0, odds)


def calibration(scores: np.ndarray, found: np.ndarray, weight: np.ndarray | None = None) -> dict[str, float]:
    """How true the probabilities of the class of interest are.

    Parameters
    ----------
    scores : ndarray (n_samples,)
        Probabilities.
    found : ndarray of bool (n_samples,)
        Whether the row belongs to the class.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; None counts each once.

    Returns
    -------
    dict of str to float
        "observed over expected": rows of the class over the sum of the probabilities; 1 is right, below 1 they are too high.
        "calibration slope" and "calibration intercept" of the logistic regression of the class on the log-odds; 1 and 0
        are right, a slope below 1 means that the probabilities are too extreme. NaN where a fold has fewer than
        ``FEWEST_FOR_SLOPE`` rows on either side, or where one cut parts the class from all others, when no slope is steep enough.

    References
    ----------
    Cox (1958), Biometrika 45. Van Calster et al. (2019), BMC Medicine 17.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    counts = np.ones(len(scores)) if weight is None else weight
    expected, seen = float((scores * counts).sum()), float(counts[found].sum())
    result = dict.fromkeys(CALIBRATION, np.nan) | {CALIBRATION[0]: seen / expected if expected > 0 else np.nan}
    odds = log_odds(scores)
    if min(found.sum(), (~found).sum()) >= FEWEST_FOR_SLOPE and not _parted(odds[found], odds[~found]):
        with (
            warnings.catch_warnings()
        ):  # where nearly one cut parts the classes, the solver goes on by smaller steps and says so
            warnings.simplefilter("ignore", ConvergenceWarning)
            line = LogisticRegression(C=1e6, tol=1e-6, solver="newton-cholesky").fit(odds[:, None], found, weight)
        result |= {"calibration intercept": float(line.intercept_[0]), "calibration slope": float(line.coef_[0, 0])}
    return result


def log_odds(scores: np.ndarray, most: float = MOST_LOG_ODDS) -> np.ndarray:
    """The log-odds of probabilities, cut at ``most`` on either side; those of 0 and 1 are cut at about 34.5 in any case."""
    odds = np.log(np.maximum(scores, SMALLEST)) - np.log1p(-np.minimum(scores, 1 - SMALLEST))
    return np.clip(odds, -most, most)


def _parted(own: np.ndarray, others: np.ndarray) -> bool:
    """Whether one cut parts some numbers from others; also where all are equal."""
    return bool(own.min() >= others.max() or own.max() <= others.min())


def _ranking_scores(
    proba: np.ndarray, codes: np.ndarray, positive: int, weight: np.ndarray | None
) -> dict[tuple[str, str], float]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    found = codes == positive
    given = np.clip(proba[np.arange(len(codes)), codes], SMALLEST, 1)
    scores = {
        ("Brier score", ""): float(np.average((proba[:, positive] - found) ** 2, weights=weight)),
        ("log loss", ""): float(-np.average(np.log(given), weights=weight)),
    }
    both = found.any() and not found.all()
    for name, score in (("average precision", average_precision_score), ("ROC-AUC", roc_auc_score)):
        scores[name, ""] = float(score(found, proba[:, positive], sample_weight=weight)) if both else np.nan
    return scores


def miss_costs(study: Study) -> np.ndarray:
    """What a miss of each row costs (n_samples,), in false alarms: what the study says, in the mean over the class of interest where a column prices each row."""
    raw = study.row_costs
    if raw is None:
        return np.full(len(study.codes), study.miss_cost)
    return raw * study.miss_cost / raw[study.codes == study.positive_code].mean()


def even_cost(study: Study) -> float:
    """What every miss costs, in false alarms; 0 where no cost is stated, and where a column prices each row: then counts do not say what misses cost."""
    return study.miss_cost if study.row_costs is None else 0.0


def cost_per_1000(lost: float, matrix: np.ndarray, positive: int) -> float:
    """What misses and false alarms cost together per 1,000 rows of a confusion matrix, where all misses cost ``lost``."""
    alarms = matrix[:, positive].sum() - matrix[positive, positive]
    return float(1000 * (lost + alarms) / matrix.sum())
