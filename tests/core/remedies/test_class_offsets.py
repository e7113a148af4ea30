"""Logit adjustment after training and learned offsets: closed forms, a planted shift of class shares, and what is left alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from core import learners
from core.learners.offsets import LearnedOffset, PriorOffset
from core.learners.rows import Rows
from core.numerics.class_offsets import FEWEST, learned_offsets
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

MEANS = np.array([[0.0, 0.0], [1.6, 0.0], [0.0, 1.6]])


class Exact(ClassifierMixin, BaseEstimator):
    """The posterior of three normal classes at class shares that it is told; it learns nothing."""

    def __init__(self, shares=(0.8, 0.15, 0.05)):
        self.shares = shares

    def fit(self, X, y, sample_weight=None):
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def predict_proba(self, X):
        Z = X.to_numpy()
        scores = Z @ MEANS.T - (MEANS**2).sum(axis=1) / 2 + np.log(self.shares)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def normal_rows(sizes, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(3), sizes)
    return pd.DataFrame(rng.normal(size=(len(codes), 2)) + MEANS[codes], columns=["a", "b"]), codes


@pytest.mark.parametrize("shares", [(0.8, 0.15, 0.05), (0.2, 0.3, 0.5), (0.98, 0.01, 0.01)])
def test_learned_offsets_recover_a_planted_shift_of_class_shares(shares):
    """A model that is right at some shares is carried to equal ones, b = log(1/3) − log π, whatever the shares of the rows; tolerance 0.1."""
    planted_shift = -np.log(shares) + np.mean(np.log(shares))
    for sizes in ((4000, 4000, 4000), (9000, 3000, 1500)):
        X, codes = normal_rows(sizes)
        fitted = LearnedOffset(Exact(shares)).fit(X, codes)
        assert np.log(fitted.factor_) == pytest.approx(planted_shift, abs=0.1)
        equal = Exact((1 / 3, 1 / 3, 1 / 3)).fit(X, codes).predict_proba(X)
        assert np.abs(fitted.predict_proba(X) - equal).mean() < 0.01


def test_the_gradient_vanishes_at_the_learned_offsets():
    X, codes = normal_rows((300, 80, 20))
    proba, weight = Exact().fit(X, codes).predict_proba(X), np.random.default_rng(1).uniform(0.5, 2, len(codes))
    b = learned_offsets(np.log(proba), codes, np.array([0.75, 0.2, 0.05]), weight)
    moved = proba * np.exp(b)
    moved /= moved.sum(axis=1, keepdims=True)
    means = np.stack([np.average(moved[codes == c], axis=0, weights=weight[codes == c]) for c in range(3)])
    assert means.sum(axis=0) == pytest.approx(np.ones(3), abs=1e-5)
    assert b.mean() == pytest.approx(0, abs=1e-12)


def test_a_class_with_few_rows_keeps_the_offset_of_its_share():
    X, codes = normal_rows((900, 300, FEWEST - 1))
    log_proba, shares = np.log(Exact().fit(X, codes).predict_proba(X)), np.array([0.7, 0.25, 0.05])
    b = learned_offsets(log_proba, codes, shares)
    two = learned_offsets(log_proba[codes < 2, :2], codes[codes < 2], shares[:2])
    assert b[0] - b[1] == pytest.approx(two[0] - two[1], abs=1e-5)
    assert b[2] + np.log(shares[2]) == pytest.approx((b[:2] + np.log(shares[:2])).mean())
    none = learned_offsets(log_proba[-15:], codes[-15:], shares)
    assert none == pytest.approx(-np.log(shares) + np.log(shares).mean())


def test_logit_adjustment_divides_by_powers_of_the_shares():
    X, codes = normal_rows((800, 150, 50))
    plain, shares = Exact().fit(X, codes).predict_proba(X), np.array([0.8, 0.15, 0.05])
    assert PriorOffset(Exact(), tau=0).fit(X, codes).predict_proba(X) == pytest.approx(plain, abs=1e-15)
    for tau in (0.5, 1.0, 2.0):
        told = plain / shares**tau
        found = PriorOffset(Exact(), tau=tau).fit(X, codes).predict_proba(X)
        assert found == pytest.approx(told / told.sum(axis=1, keepdims=True), abs=1e-12)
    equal = Exact((1 / 3, 1 / 3, 1 / 3)).fit(X, codes).predict_proba(X)
    assert PriorOffset(Exact()).fit(X, codes).predict_proba(X) == pytest.approx(equal, abs=1e-12)


def test_the_prior_by_confidence_is_the_mean_probability_of_rows_left_out():
    X, codes = normal_rows((800, 150, 50))
    said = Exact().fit(X, codes).predict_proba(X).mean(axis=0)
    fitted = PriorOffset(Exact(), prior="confidence").fit(X, codes)
    assert fitted.factor_ * said == pytest.approx(np.full(3, (fitted.factor_ * said)[0]))
    even = PriorOffset(Exact((1 / 3, 1 / 3, 1 / 3)), prior="confidence").fit(X, codes)
    assert np.ptp(np.log(even.factor_)) < np.ptp(np.log(fitted.factor_)) / 2
    assert fitted.out_of_fold_proba_.sum(axis=1) == pytest.approx(np.ones(1000))


def test_a_working_sample_counts_as_the_table_does():
    X, codes = normal_rows((400, 150, 50))
    rows = Rows(represents=np.where(codes == 0, 20.0, 1.0))
    shares = np.array([8000, 150, 50]) / 8200
    for prior in ("frequency", "confidence"):
        fitted = PriorOffset(Exact(tuple(shares)), prior=prior).fit(X, codes, rows)
        assert np.ptp(np.log(fitted.factor_ * shares)) == pytest.approx(0, abs=1e-9 if prior == "frequency" else 0.5)


def test_with_two_classes_it_is_the_threshold_at_the_share_of_the_rare_class():
    study = Study(planted("overlap", class_sizes=(300, 60)), learner="linear")
    X, y = study.dataset.X, study.codes
    plain = learners.make("linear").fit(X, y).predict_proba(X)[:, 1]
    moved = study.classifier(Recipe.of("posthoc_logit_adjustment")).fit(X, y)
    assert np.array_equal(moved.predict(X), (plain >= 60 / 360).astype(int))
    assert np.array_equal(np.argsort(moved.predict_proba(X)[:, 1], kind="stable"), np.argsort(plain, kind="stable"))
    slight = study.classifier(Recipe.parse("learned_offsets+tuned_threshold")).fit(X, y)
    assert 0 < slight.threshold_ < 1
