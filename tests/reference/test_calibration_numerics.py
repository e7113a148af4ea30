"""Calibration and class shares at use against scikit-learn, closed forms, brute force and planted truths."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from core.learners.deciding import Calibrated
from core.numerics.calibration_maps import Beta, beta_map, venn_abers


@pytest.mark.parametrize("weighted", [False, True])
def test_venn_abers_is_two_isotonic_regressions_with_the_new_row_added(weighted):
    rng = np.random.default_rng(0)
    for n in (2, 7, 25, 50):
        score = np.round(rng.random(n), 1 + n % 3)
        found, weight = rng.random(n) < score, rng.integers(1, 5, n).astype(float) if weighted else np.ones(n)
        learned = venn_abers(score, found, weight if weighted else None)
        new = np.concatenate([rng.random(4), rng.choice(score, 4), [-1, 2]])
        for side, ours in enumerate(learned.interval(new)):
            for x, p in zip(new, ours, strict=True):
                labels, weights = np.append(found, side).astype(float), np.append(weight, 1.0)
                fitted = IsotonicRegression().fit(np.append(score, x), labels, weights)
                assert p == pytest.approx(fitted.predict([x])[0], abs=1e-9)
        low, high = learned.interval(new)
        assert learned(new) == pytest.approx(high / (1 - low + high))


def test_beta_calibration_is_a_logistic_regression_on_two_logarithms():
    """The labels drawn inwards are two rows each, as weights say."""
    rng = np.random.default_rng(1)
    true, n = Beta(0.7, 1.6, -0.4), 4000
    p = rng.beta(0.6, 2.0, n)
    found = rng.random(n) < true(p)
    ours, own = beta_map(p, found), found.sum()
    inwards = np.where(found, (own + 1) / (own + 2), 1 / (n - own + 2))
    design = np.column_stack([np.log(p), -np.log1p(-p)])
    line = LogisticRegression(C=1e9, tol=1e-10, solver="newton-cholesky")
    line.fit(np.vstack([design, design]), np.repeat([1, 0], n), np.concatenate([inwards, 1 - inwards]))
    assert [ours.a, ours.b, ours.c] == pytest.approx([*line.coef_[0], line.intercept_[0]], abs=2e-4)
    assert [ours.a, ours.b, ours.c] == pytest.approx([0.7, 1.6, -0.4], abs=0.2)
    weights = rng.integers(1, 4, n)
    heavy, copied = (
        beta_map(p, found, weights.astype(float)),
        beta_map(np.repeat(p, weights), np.repeat(found, weights)),
    )
    assert heavy(p) == pytest.approx(copied(p), abs=1e-5)
    against = beta_map(p, ~found)
    assert against.a == 0 and against.b == 0, "a falling map would turn the order of the rows round"
    assert np.isfinite(beta_map(p, p > 0.5)(np.array([0, 0.5, 1]))).all(), "also where one cut parts the classes"


def test_temperature_of_three_classes_is_the_power_that_was_planted():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(3000, 3)) * [1.0, 1.5, 0.5] + [1, 0, -2]
    true = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y = (rng.random(3000)[:, None] > true.cumsum(axis=1)).sum(axis=1)
    sharp = true**2.5 / (true**2.5).sum(axis=1, keepdims=True)
    wrapper = Calibrated(None, "temperature")
    wrapper.method_, wrapper.classes_ = "temperature", np.arange(3)
    wrapper.map_ = wrapper._learned(sharp, y, None)
    assert wrapper.map_.calibrated_classifiers_[0].calibrators[0].beta_ == pytest.approx(1 / 2.5, rel=0.08)
    assert np.abs(wrapper._mapped(sharp) - true).max() < 0.03
    assert not wrapper.restores_prior and Calibrated(None, "beta").restores_prior
