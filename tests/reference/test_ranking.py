"""Average precision against scikit-learn; its null against chance."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from core.numerics.mixing import overlap_of_scores
from core.numerics.ranking import average_precision, bootstrap_average_precision, permuted_average_precision


@pytest.mark.parametrize("decimals", [1, 8])
@pytest.mark.parametrize("seed", range(4))
def test_average_precision_equals_scikit_learn_with_and_without_ties(seed, decimals):
    rng = np.random.default_rng(seed)
    positive = rng.random(300) < 0.1
    scores = np.round(rng.normal(size=300) + positive, decimals)
    assert average_precision(scores, positive) == pytest.approx(average_precision_score(positive, scores))


def test_shuffled_labels_reach_about_the_prevalence():
    rng = np.random.default_rng(0)
    positive = np.arange(2000) < 100
    null = permuted_average_precision(rng.normal(size=2000), positive, 400, rng)
    assert null.mean() == pytest.approx(0.05, abs=0.01)


def test_the_bootstrap_keeps_class_sizes_and_surrounds_the_value():
    rng = np.random.default_rng(0)
    positive = np.arange(500) < 50
    scores = rng.normal(size=500) + 2 * positive
    low, high = np.quantile(bootstrap_average_precision(scores, positive, 300, rng), [0.025, 0.975])
    assert low < average_precision(scores, positive) < high
    perfect = bootstrap_average_precision(positive.astype(float), positive, 5, rng)
    assert np.allclose(perfect, 1)


def test_the_mixing_of_scores_follows_from_the_area_under_the_curve():
    rng = np.random.default_rng(0)
    first, second = rng.normal(1.5, 1, 20000), rng.normal(0, 1, 20000)
    error = 0.2266  # Φ(−0.75)
    assert overlap_of_scores(first, second) == pytest.approx(4 * error * (1 - error), abs=0.01)
    assert roc_auc_score(np.repeat([1, 0], 20000), np.concatenate([first, second])) == pytest.approx(0.8556, abs=0.005)
    assert overlap_of_scores(second, first) == 1.0
    assert overlap_of_scores(np.zeros(5), np.zeros(5)) == 1.0
