"""Calibration and class shares at use against scikit-learn, closed forms, brute force and planted truths."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from core.learners.deciding import Calibrated
from core.numerics.calibration import binned, brier_parts, class_errors, line_errors, places
from core.numerics.calibration_maps import Beta, beta_map, venn_abers
from core.numerics.label_shift import most_likely, shares_by_confusion, shares_by_em


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


def logistic(rng, n, share, distance=1.5):
    """Rows of two normal classes, and their true log-odds in a table with this share of the second."""
    y = (rng.random(n) < share).astype(int)
    x = rng.normal(size=n) + distance * y
    return y, distance * x - distance**2 / 2 + logit(share)


def both(score):
    return np.column_stack([1 - expit(score), expit(score)])


@pytest.mark.parametrize("weighted", [False, True])
def test_the_parts_of_the_brier_score_are_murphys(weighted):
    rng = np.random.default_rng(3)
    p = rng.choice([0.05, 0.1, 0.3, 0.6, 0.9], 2000)
    found, weight = rng.random(2000) < p**1.3, rng.integers(1, 6, 2000).astype(float) if weighted else np.ones(2000)
    place = places(p, weight, 50)
    assert len(np.unique(place)) == 5, "equal scores share a bin"
    raw, mended = (brier_parts(p, found, place, weight, corrected=corrected) for corrected in (False, True))
    assert raw.brier == pytest.approx(brier_score_loss(found, p, sample_weight=weight))
    assert raw.within == pytest.approx(0, abs=1e-12), "one probability in each bin: Murphy's three parts are all"
    groups = [found[p == level].astype(float) for level in np.unique(p)], [weight[p == level] for level in np.unique(p)]
    observed, mass = (
        np.array([f(*pair) for pair in zip(*groups, strict=True)])
        for f in (lambda y, w: w @ y / w.sum(), lambda y, w: w.sum())
    )
    base = weight @ found / weight.sum()
    assert raw.reliability == pytest.approx(mass @ (np.unique(p) - observed) ** 2 / mass.sum())
    assert raw.resolution == pytest.approx(mass @ (observed - base) ** 2 / mass.sum())
    assert raw.uncertainty == pytest.approx(base * (1 - base))
    if not weighted:  # Ferro and Fricker (2012), equations of their section 3
        chance = sum(len(y) * y.mean() * (1 - y.mean()) / (len(y) - 1) for y in groups[0]) / 2000
        assert raw.reliability - mended.reliability == pytest.approx(chance)
        assert mended.uncertainty == pytest.approx(base * (1 - base) * 2000 / 1999)
    assert mended.reliability - mended.resolution + mended.uncertainty == pytest.approx(raw.brier)


def test_bins_are_those_of_scikit_learn_and_true_probabilities_have_no_reliability_left():
    rng, left = np.random.default_rng(4), []
    for _ in range(60):
        score = logistic(rng, 600, 0.1)[1]
        found = rng.random(600) < expit(score)
        left.append(brier_parts(expit(score), found, places(expit(score), np.ones(600), 10)).reliability)
    assert abs(np.mean(left)) < 3 * np.std(left) / np.sqrt(60) + 5e-5
    p = expit(score)
    bins = binned(p, found, places(p, np.ones(600), 10))
    observed, mean = calibration_curve(found, p, n_bins=10, strategy="quantile")
    assert bins.observed == pytest.approx(observed) and bins.mean == pytest.approx(mean)
    even = binned(p, found, places(p, p * (1 - p), 5))
    assert (even.n_rows * even.mean * (1 - even.mean)).std() < 0.15 * (even.n_rows * even.mean * (1 - even.mean)).mean()


def test_the_calibration_error_of_true_probabilities_is_what_chance_gives_it():
    """Also in a working sample, where a common row stands for ten."""
    rng, ranks = np.random.default_rng(5), {1.0: [], 10.0: []}
    for stands, own in ranks.items():
        for _ in range(60):
            score = logistic(rng, 2000, 0.1)[1]
            codes = (rng.random(2000) < expit(score)).astype(int)
            kept = (codes == 1) | (rng.random(2000) < 1 / stands)
            error, chance = class_errors(both(score)[kept], codes[kept], np.array([stands, 1.0]), 10, 40, rng)
            own.append(np.mean(chance[:, 1] < error[1]))
            assert chance[:, 1].min() > 0
        assert 0.35 < np.mean(own) < 0.65 and np.mean(np.array(own) > 0.9) < 0.25
    error, chance = class_errors(both(2 * score), codes, np.ones(2), 10, 40, rng)
    assert error[1] == pytest.approx(error[0]) and error[1] > chance[:, 1].max()


def test_standard_errors_of_the_calibration_line_are_what_repeating_gives():
    rng, lines = np.random.default_rng(6), []
    for _ in range(80):
        y, score = logistic(rng, 800, 0.15)
        fitted = LogisticRegression(C=1e6, solver="newton-cholesky").fit(score[:, None], y)
        lines.append((fitted.intercept_[0], fitted.coef_[0, 0]))
    found = line_errors(score, y == 1, *lines[-1])
    assert found == pytest.approx(np.std(lines, axis=0), rel=0.3)
    assert line_errors(np.repeat(score, 2), np.repeat(y == 1, 2), *lines[-1]) == pytest.approx(
        np.array(found) / np.sqrt(2)
    )
    assert np.isnan(line_errors(np.ones(9), np.arange(9) > 4, 0.0, 1.0)).all()


def test_planted_shares_at_use_lie_within_their_intervals():
    """40 tables with a fifth of rare rows, whose probabilities are too extreme and too high; half of the rows at use are of that class."""
    hits, estimates = np.zeros(2), []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        (y, score), (_, at_use) = logistic(rng, 600, 0.2), logistic(rng, 400, 0.5)
        proba, new = both(1.6 * score + 0.5), both(1.6 * (at_use - logit(0.5) + logit(0.2)) + 0.5)
        share, draws = shares_by_em(proba, y, np.ones(2), new, 60, rng)
        called = [(p[:, 1] > 0.2).astype(int) for p in (proba, new)]
        other, other_draws, determinant = shares_by_confusion(called[0], y, called[1], 2, 400, rng)
        rates = [np.mean(called[0][y == c]) for c in (0, 1)]
        assert other[1] == pytest.approx(np.clip((np.mean(called[1]) - rates[0]) / (rates[1] - rates[0]), 0, 1))
        assert np.quantile(determinant, 0.025) > 0
        for i, drawn in enumerate((draws, other_draws)):
            low, high = np.quantile(drawn[:, 1], [0.025, 0.975])
            hits[i] += low <= 0.5 <= high
        estimates.append((share[1], other[1]))
    assert (hits >= 35).all(), hits
    assert np.mean(estimates, axis=0) == pytest.approx([0.5, 0.5], abs=0.025)


def test_the_most_likely_shares_are_the_maximum():
    rng = np.random.default_rng(7)
    ratio = both(logistic(rng, 500, 0.02)[1]) / [0.98, 0.02]
    best = minimize_scalar(
        lambda q: -np.log(ratio @ [1 - q, q]).sum(), bounds=(1e-9, 1), method="bounded", options={"xatol": 1e-10}
    )
    starts = np.array([[0.5, 0.5], [0.98, 0.02]])
    found = most_likely(np.stack([ratio, ratio]), np.ones((2, 500)), starts)
    assert found[:, 1] == pytest.approx(best.x, abs=1e-5)
    three = rng.dirichlet([1, 1, 1], 400)
    q = most_likely(three[None], np.ones((1, 400)), np.full((1, 3), 1 / 3))[0]
    gradient = (three / (three @ q)[:, None]).mean(axis=0)
    assert gradient[q > 1e-4] == pytest.approx(1, abs=1e-3) and (gradient <= 1 + 1e-3).all()
