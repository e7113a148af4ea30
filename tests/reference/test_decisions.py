"""Scores and thresholds against scikit-learn and against brute force."""

import numpy as np
import pytest
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from core.numerics.decisions import best_threshold, confusion, decide, decision_scores


@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_scikit_learn(n_classes, seed):
    rng = np.random.default_rng(seed)
    y, pred = rng.integers(0, n_classes, 200), rng.integers(0, n_classes, 200)
    matrix = confusion(y, pred, n_classes)
    assert np.array_equal(matrix, confusion_matrix(y, pred))
    ours = decision_scores(matrix, 1)
    assert ours["recall"] == pytest.approx(recall_score(y, pred, labels=[1], average=None)[0])
    assert ours["precision"] == pytest.approx(precision_score(y, pred, labels=[1], average=None)[0])
    assert ours["F1"] == pytest.approx(f1_score(y, pred, labels=[1], average=None)[0])
    assert ours["macro-F1"] == pytest.approx(f1_score(y, pred, average="macro"))
    assert ours["balanced accuracy"] == pytest.approx(balanced_accuracy_score(y, pred))
    assert ours["Matthews correlation"] == pytest.approx(matthews_corrcoef(y, pred))


def test_a_class_that_is_never_predicted_scores_zero_and_an_absent_one_nothing():
    never = decision_scores(np.array([[10, 0], [5, 0]]), 1)
    assert (never["recall"], never["precision"], never["F1"], never["Matthews correlation"]) == (0, 0, 0, 0)
    absent = decision_scores(np.array([[10, 2], [0, 0]]), 1)
    assert np.isnan([absent["recall"], absent["precision"], absent["F1"]]).all()
    assert absent["balanced accuracy"] == pytest.approx(10 / 12)


@pytest.mark.parametrize("criterion", ["F1", "balanced accuracy", "expected cost"])
@pytest.mark.parametrize("seed", range(6))
def test_the_best_threshold_is_the_best(criterion, seed):
    rng = np.random.default_rng(seed)
    found = rng.random(80) < 0.2
    scores = np.round(np.clip(rng.normal(0.3 + 0.3 * found, 0.2), 0, 1), 1 if seed % 2 else 3)

    def value(threshold):
        pred = scores >= threshold
        if criterion == "F1":
            return f1_score(found, pred, zero_division=0)
        if criterion == "balanced accuracy":
            return balanced_accuracy_score(found, pred)
        return -(7 * np.sum(found & ~pred) + np.sum(~found & pred))

    best = best_threshold(scores, found, criterion, 7)
    assert value(best) == pytest.approx(max(value(t) for t in [*np.unique(scores), 1.01]))


def test_a_threshold_without_two_classes_is_half():
    assert best_threshold(np.array([0.2, 0.9]), np.array([True, True]), "F1") == 0.5


def test_deciding_at_half_is_the_most_probable_of_two_classes():
    proba = np.random.default_rng(0).dirichlet([1, 1], 100)
    assert np.array_equal(decide(proba, 1, 0.5), proba.argmax(axis=1))


def test_below_the_threshold_the_most_probable_other_class_is_taken():
    proba = np.array([[0.2, 0.3, 0.5], [0.1, 0.3, 0.6]])
    assert decide(proba, 2, 0.55).tolist() == [1, 2]
