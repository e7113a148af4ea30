"""Prior correction: exact where the false shares were taken on, refused by the check where they were not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification

from core import learners
from core.learners.prior_correction import CheckedCorrection, compared
from core.learners.rows import Rows
from core.learners.wrapping import PriorCorrected, fit_on
from core.numerics.case_control import at_shares
from core.recipe import Recipe

SHARES = np.array([0.8, 0.15, 0.05])
CENTRES = np.array([0.0, 1.0, 2.5])


class Bayes(ClassifierMixin, BaseEstimator):
    """Knows the densities of the classes, and believes the weighted shares of the rows it is given; or, if stubborn, ``SHARES``."""

    def __init__(self, stubborn=False):
        self.stubborn = stubborn

    def fit(self, X, y, sample_weight=None):
        mass = np.bincount(y, sample_weight, minlength=3)
        self.classes_, self.n_features_in_ = np.arange(3), X.shape[1]
        self.shares_ = SHARES if self.stubborn else mass / mass.sum()
        return self

    def predict_proba(self, X):
        density = np.exp(-0.5 * (X["x"].to_numpy()[:, None] - CENTRES) ** 2)
        return at_shares(density, self.shares_)


@pytest.fixture(scope="module")
def rows():
    codes = np.repeat([0, 1, 2], (2000 * SHARES).astype(int))
    x = np.random.default_rng(0).normal(CENTRES[codes])
    return pd.DataFrame({"x": x, "y": -x}), codes


def corrected(classifier, X, y, text):
    return Recipe.parse(text).apply(classifier, random_state=0).fit(X, y)


@pytest.mark.parametrize(
    "before", ["random_oversampling", "random_oversampling:balance=0.4", "random_undersampling", "class_weights",
               "smote+class_weights", "random_undersampling:balance=0.5+class_weights:power=0.5"],
)  # fmt: skip
@pytest.mark.parametrize("check", [True, False])
def test_distorted_probabilities_are_recovered_exactly(rows, before, check):
    X, y = rows
    fit = corrected(Bayes(), X, y, f"{before}+prior_correction:check={check}")
    truth = Bayes(stubborn=True).fit(X, y).predict_proba(X)
    assert np.abs(fit.classifier_.predict_proba(X) - truth).max() > 0.2
    assert fit.corrected_ and np.allclose(fit.predict_proba(X), truth)


def test_a_learner_that_does_not_take_the_shares_on_is_left_alone(rows):
    X, y = rows
    fit = corrected(Bayes(stubborn=True), X, y, "random_oversampling+prior_correction")
    assert not fit.corrected_ and np.allclose(fit.predict_proba(X), fit.classifier_.predict_proba(X))
    assert fit.check_.low > 0 and fit.check_.log_loss_corrected > fit.check_.log_loss
    assert fit.check_.observed == pytest.approx(1, abs=0.2) and fit.check_.observed_corrected > 2
    assert fit.sentence_.startswith("Not corrected: on rows that inner folds left out, the log loss would go from")
    assert "calibrated" not in fit.sentence_
    assert np.allclose(fit.out_of_fold_proba_, fit.predict_proba(X))
    assert corrected(Bayes(stubborn=True), X, y, "random_oversampling+prior_correction:check=false").corrected_


def test_without_anything_to_undo_nothing_is_done(rows):
    X, y = rows
    fit = corrected(Bayes(), X, y, "prior_correction")
    assert (
        np.allclose(fit.factor_, 1)
        and not fit.corrected_
        and fit.check_ is None
        and "nothing to correct" in fit.sentence_
    )
    assert np.array_equal(fit.predict_proba(X), fit.classifier_.predict_proba(X))


def test_a_working_sample_is_carried_to_the_whole_table(rows):
    X, y = rows
    stands = np.array([10.0, 2.0, 1.0])[y]
    inner = Recipe.of("random_oversampling").apply(PriorCorrected(Bayes()), random_state=0)
    fit = fit_on(CheckedCorrection(inner), X, y, Rows(represents=stands))
    table = np.bincount(y, stands)
    density = np.exp(-0.5 * (X["x"].to_numpy()[:, None] - CENTRES) ** 2)
    assert fit.corrected_ and np.allclose(fit.predict_proba(X), at_shares(density, table / table.sum()))


def test_rows_in_the_order_of_time_are_checked_on_later_ones(rows):
    X, y = rows
    order = np.random.default_rng(1).permutation(len(y)).astype(float)
    model = Recipe.parse("random_oversampling+prior_correction").apply(Bayes(), random_state=0)
    fit = fit_on(model, X, y, Rows(order=order))
    assert fit.corrected_ and np.isnan(fit.out_of_fold_proba_[:, 0]).any()


def test_the_numbers_of_the_check():
    proba, moved = np.array([[0.5, 0.5], [0.8, 0.2]]), np.array([[0.8, 0.2], [0.9, 0.1]])
    found = compared(proba, moved, np.array([0, 1]), np.array([3.0, 1.0]))
    before, after = np.array([np.log(2), -np.log(0.2)]), np.array([-np.log(0.8), -np.log(0.1)])
    assert found.log_loss == pytest.approx(before @ [0.75, 0.25])
    assert found.difference == pytest.approx((after - before) @ [0.75, 0.25])
    assert found.observed == pytest.approx(1 / (3 * 0.5 + 0.2))
    assert found.observed_corrected == pytest.approx(1 / (3 * 0.2 + 0.1))
    assert found.low < found.difference < found.high


def test_it_repairs_a_linear_model_and_over_corrects_boosted_trees():
    """As on the tables of ``benchmarks/prior_correction.md``, with fewer rows."""
    X, y = make_classification(
        12_000, 20, n_informative=8, n_redundant=4, n_clusters_per_class=3, weights=[0.95], flip_y=0.005, random_state=0
    )
    X, train, test = pd.DataFrame(X), np.arange(4_000), np.arange(4_000, 12_000)
    seen = {}
    for learner in learners.LEARNERS:
        fit = corrected(
            learners.make(learner), X.iloc[train], y[train], "random_oversampling+prior_correction:check=false"
        )
        proba = fit.classifier_.predict_proba(X.iloc[test]), fit.predict_proba(X.iloc[test])
        seen[learner] = [y[test].mean() / p[:, 1].mean() for p in proba]
    assert seen["linear"][0] < 0.3 and 0.8 < seen["linear"][1] < 1.25, seen
    assert seen["boosted"][0] < 0.8 and seen["boosted"][1] > 1.4, seen


def test_an_over_correction_that_stays_is_said():
    from core.learners.prior_correction import Checked, _sentence

    kept = _sentence(Checked(0.3, 0.1, -0.2, -0.21, -0.19, 0.2, 3.0), True)
    assert kept.startswith("Corrected:") and kept.endswith("take calibrated probabilities instead.")
    unsure = _sentence(Checked(0.1, 0.11, 0.01, -0.01, 0.03, 0.9, 1.2), False)
    assert "neither is shown to be better" in unsure and "calibrated" not in unsure
