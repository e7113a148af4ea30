"""Losses against closed forms: where a constant model ends, weights and margins that are printed elsewhere, and what equals what."""

import importlib

import numpy as np
import pandas as pd
import pytest

from core import learners
from core.learners.loss import constant_scores
from core.numerics.class_weighting import effective_number, inverse_effective, inverse_power
from core.numerics.focal import focal_curve, focal_optimum
from core.numerics.loss_terms import Known, Late, Terms, cross_entropy, indicator, log_softmax, softmax
from core.recipe import Recipe
from core.registry import method
from core.study import Study
from core.synthetic import planted

PRIORS = [(0.99, 0.01), (0.9, 0.1), (0.6, 0.3, 0.1), (0.3, 0.25, 0.2, 0.15, 0.1), (0.97, 0.02, 0.01)]
GAMMAS = (0.5, 1.0, 2.0, 3.0, 5.0)


def loss_of(slug, **options):
    return method(slug).fn(learners.make("linear"), **options).loss


def inside(slug):
    return importlib.import_module(f"core.remedies.losses.{slug}")


def of_class_sizes(loss, *sizes):
    """Bare and meant probabilities of the best constant model."""
    scores = constant_scores(loss, np.array(sizes, dtype=float))[:, None]
    return softmax(scores)[:, 0], loss.proba(scores, loss.known(sizes))[:, 0]


def table(n_classes=3, n=40, seed=0):
    rng = np.random.default_rng(seed)
    counts = np.array([600.0, 90.0, 30.0])[:n_classes, None]
    return 2 * rng.normal(size=(n_classes, n)), indicator(np.arange(n) % n_classes, n_classes), Known(counts)


def same(one, other):
    for name in ("value", "gradient", "hessian"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_focal_of_a_constant_model_is_the_closed_form_and_back(gamma):
    for prior in PRIORS:
        bare, meant = of_class_sizes(loss_of("focal", gamma=gamma), *(1e4 * share for share in prior))
        np.testing.assert_allclose(bare, focal_optimum(np.array(prior), gamma)[0], rtol=1e-4)
        np.testing.assert_allclose(meant, prior, rtol=1e-4)


@pytest.mark.parametrize(
    ("slug", "options"),
    [
        *(("weighted_cross_entropy", {"rule": rule}) for rule in ("inverse", "square root", "cube root")),
        ("weighted_cross_entropy", {"rule": "effective number"}),
        ("class_balanced", {"beta": 0.99, "gamma": 0.0}),
        ("class_balanced", {"beta": 0.999, "gamma": 2.0}),
        ("ldam", {"margin": 2.0, "deferred": 1.0}),
        ("ldam", {"margin": 1.0, "deferred": 0.5}),
        ("balanced_softmax", {}),
        ("logit_adjustment", {"tau": 0.5}),
        ("logit_adjustment", {"tau": 2.0}),
        ("adaptive_class_balanced", {"gamma": 2.0}),
        ("asymmetric", {"gamma_rare": 1.0, "gamma_common": 3.0, "margin": 0.0}),
        ("asymmetric", {"gamma_rare": 0.0, "gamma_common": 2.0, "margin": 0.05}),
        ("cross_entropy", {"smoothing": 0.1}),
    ],
)
def test_what_is_carried_back_are_the_shares(slug, options):
    for sizes in ((900, 100), (800, 150, 50)):
        shares = np.array(sizes) / np.sum(sizes)
        bare, meant = of_class_sizes(loss_of(slug, calibrated=True, **options), *sizes)
        np.testing.assert_allclose(meant, shares, rtol=1e-4)
        assert np.abs(bare - shares).max() > 0.01
        np.testing.assert_allclose(of_class_sizes(loss_of(slug, calibrated=False, **options), *sizes)[1], bare)


def test_weights_multiply_the_odds():
    bare, meant = of_class_sizes(loss_of("weighted_cross_entropy", rule="inverse"), 950, 50)
    np.testing.assert_allclose([bare, meant], 0.5, atol=1e-6)
    bare, _ = of_class_sizes(loss_of("weighted_cross_entropy", rule="square root"), 900, 100)
    assert bare[1] == pytest.approx(0.25, abs=1e-6)
    bare, _ = of_class_sizes(loss_of("weighted_cross_entropy", rule="cube root"), 8000, 1000)
    assert bare[1] == pytest.approx(0.2, abs=1e-6)


def test_effective_numbers_and_weights():
    """Ratios as the paper's formula gives them, and mean 1 over the rows."""
    counts = np.array([[5000.0], [500.0], [50.0]])
    assert effective_number(counts, 0.999).ravel() == pytest.approx([993.28, 393.62, 48.79], abs=0.01)
    assert effective_number(counts, 0.0).ravel().tolist() == [1, 1, 1]
    assert effective_number(counts, 0.9999).ravel() == pytest.approx([3934.84, 487.73, 49.88], abs=0.01)
    for weights in (inverse_effective(counts, 0.999), inverse_power(counts, 0.5)):
        assert (weights * counts).sum() == pytest.approx(counts.sum())
    assert (inverse_power(counts, 0.5) / inverse_power(counts, 0.5)[0]).ravel() == pytest.approx([1, 10**0.5, 10])
    scores, own, known = table()
    same(loss_of("class_balanced", beta=0.0)(scores, own, known), cross_entropy(scores, own))
    focused = loss_of("class_balanced", beta=0.0, gamma=2.0)(scores, own, known)
    same(focused, loss_of("focal", gamma=2.0)(scores, own, known))


@pytest.mark.parametrize(
    ("start", "ratios"), [(100, [3.41, 2.12, 1.54, 1.21, 1.00]), (1, [8.73, 2.94, 1.78, 1.28, 1.00])]
)
def test_the_schedule_of_virtual_counts(start, ratios):
    """Old against new in the stages 1, 3, 5, 7, 9 of 10: the smaller classes are the old ones."""
    counts = np.array([[900.0], [60.0], [40.0]])
    found = [
        inside("adaptive_class_balanced")._weights(Known(counts, progress=(stage + 0.5) / 10), start, 10)
        for stage in (1, 3, 5, 7, 9)
    ]
    assert [float(weights[1, 0] / weights[0, 0]) for weights in found] == pytest.approx(ratios, abs=0.005)
    assert all(weights[1] == weights[2] and (weights * counts).sum() == pytest.approx(1000) for weights in found)
    scores, own, known = table()
    same(loss_of("adaptive_class_balanced", start=start)(scores, own, known), cross_entropy(scores, own))
    above, below = Known(np.array([[500.0], [350.0], [150.0]]), progress=0.0), 1000 / 3
    weights = inside("adaptive_class_balanced")._weights(above, start, 10)[:, 0]
    assert (weights > weights.min()).tolist() == (above.counts[:, 0] < below).tolist()


def test_margins_and_deferred_weights():
    """Margins fall with the fourth root of the size; weights wait for their share of the training."""
    counts = np.array([[1600.0], [100.0]])
    assert inside("ldam")._margins(counts, 2.0).ravel() == pytest.approx([1.0, 2.0])
    scores, own, _ = table(2)
    early, late = Known(counts, progress=0.79), Known(counts, progress=0.8)
    loss = loss_of("ldam", margin=2.0, deferred=0.8)
    moved = scores - np.array([[1.0], [2.0]]) * own
    same(loss(scores, own, early), cross_entropy(moved, own))
    weight = (inverse_effective(counts, 0.9999) * own).sum(axis=0, keepdims=True)
    same(loss(scores, own, late), cross_entropy(moved, own, weight=weight))
    same(loss_of("ldam", margin=0.0, deferred=1.0)(scores, own, late), cross_entropy(scores, own))


def test_logit_adjustment_has_the_right_sign():
    """The shares are added inside the loss: a model that knows nothing then holds all classes equal, and not the common one twice."""
    sizes = (1531, 72, 83)
    bare, meant = of_class_sizes(loss_of("logit_adjustment", tau=1.0), *sizes)
    np.testing.assert_allclose([bare, meant], 1 / 3, atol=1e-6)
    shares = np.array(sizes) / np.sum(sizes)
    np.testing.assert_allclose(of_class_sizes(loss_of("logit_adjustment", tau=0.0), *sizes)[0], shares, atol=1e-6)
    inverse = (1 / shares) / (1 / shares).sum()
    np.testing.assert_allclose(of_class_sizes(loss_of("logit_adjustment", tau=2.0), *sizes)[0], inverse, atol=1e-6)
    scores, own, known = table()
    same(loss_of("logit_adjustment", tau=1.0)(scores, own, known), loss_of("balanced_softmax")(scores, own, known))
    same(loss_of("logit_adjustment", tau=0.0)(scores, own, known), cross_entropy(scores, own))
    gain = loss_of("logit_adjustment", tau=1.0)(scores, own, known).gradient - cross_entropy(scores, own).gradient
    assert (gain[0] > 0).all() and (gain[2] < 0).all()


def test_asymmetric_loss_is_the_binary_one_of_its_paper():
    """Positive label: the rare class; shifted probability on the negative side; cross-entropy without focus and margin."""
    scores, own, known = table(2)
    loss = loss_of("asymmetric", gamma_rare=1.0, gamma_common=4.0, margin=0.05)
    p = 1 / (1 + np.exp(scores[0] - scores[1]))
    shifted = np.maximum(p - 0.05, 0)
    expected = np.where(own[1] == 1, -(1 - p) * np.log(p), -(shifted**4) * np.log(1 - shifted))
    np.testing.assert_allclose(loss(scores, own, known).value, expected, rtol=1e-10, atol=1e-15)
    flat = loss_of("asymmetric", gamma_rare=0.0, gamma_common=0.0, margin=0.0)
    for n_classes in (2, 3):
        scores, own, known = table(n_classes)
        same(flat(scores, own, known), cross_entropy(scores, own))
    even = loss_of("asymmetric", gamma_rare=2.0, gamma_common=2.0, margin=0.0)
    np.testing.assert_allclose(
        even(scores, own, known).gradient, loss_of("focal", gamma=2.0)(scores, own, known).gradient, rtol=1e-12
    )


def test_slide_weight_peaks_at_the_running_mean():
    """1 far below the mean, highest from 0.1 below it to the mean, and falling to 1 behind it."""
    p, mean = np.linspace(0, 1, 1001)[None, :], np.array([[0.4]])
    weight, falls = inside("slide_focal")._slide(p, mean)
    assert weight[p == 0.4] == weight.max() == pytest.approx(np.exp(0.6))
    assert (weight[p <= 0.3] == 1).all() and (weight[(p > 0.301) & (p <= 0.4)] == weight.max()).all()
    assert weight[0, -1] == pytest.approx(1) and (np.diff(weight[0, 400:]) < 0).all()
    assert falls[0, 400:].all() and not falls[0, :400].any()


def test_slide_focal_is_focal_where_the_weight_is_one():
    """Above a mean of 1.1 no row reaches the slide; the mean moves by a tenth of its way."""
    scores, own, known = table()
    slide, plain = loss_of("slide_focal", gamma=2.0), loss_of("focal", gamma=2.0)(scores, own, known)
    same(slide(scores, own, Known(known.counts, state=np.array([[1.1]]))), plain)
    first = slide(scores, own, known)
    p = np.exp((log_softmax(scores) * own).sum(axis=0))
    assert first.state.shape == (1, 1) and first.state[0, 0] == pytest.approx(0.9 / 3 + 0.1 * p.mean())
    ratio = first.value / plain.value
    np.testing.assert_allclose(ratio[p >= 1 / 3], np.exp(1 - p[p >= 1 / 3]), rtol=1e-12)
    np.testing.assert_allclose(ratio[p <= 1 / 3 - 0.1], 1, rtol=1e-12)


def test_smoothed_labels_keep_the_order_of_rows():
    loss = loss_of("cross_entropy", smoothing=0.1, calibrated=True)
    scores = np.stack([np.linspace(-9, 9, 50), np.zeros(50)])
    proba = loss.proba(scores, loss.known([90, 10]))
    assert (np.diff(proba[0]) > 0).all() and proba[0, 0] < 1e-4


def test_focal_curve_keeps_its_digits_near_one():
    """At p = 1 − 1e-9 the loss is about 1e-9 to the power of γ + 1, and its slope (γ + 1) times as steep over (1 − p)."""
    rest = 1e-9
    value, slope, bend = focal_curve(np.array([np.log1p(-rest)]), 2.0)
    assert [value[0], slope[0], bend()[0]] == pytest.approx([rest**3, -3 * rest**2, 6 * rest], rel=1e-6)
    value, slope, bend = focal_curve(np.array([0.0], dtype=np.float32), 0.5)
    assert np.isfinite([value[0], slope[0], bend()[0]]).all()


def test_a_second_derivative_is_computed_once_and_only_if_read():
    calls = []
    late = Terms(np.zeros(1), np.zeros((1, 1)), lambda: calls.append(1) or np.ones((1, 1)))
    both = late.plus(late, 2.0)
    assert not calls
    assert both.hessian[0, 0] == both.hessian[0, 0] == 3 and len(calls) == 1
    assert isinstance(vars(Terms)["hessian"], Late)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_a_trained_model_ends_where_the_closed_form_says(gamma):
    """A logistic model of one column with two values can hold any share in each: it is fitted, not solved, and read both ways."""
    X = pd.DataFrame({"x": np.repeat([0.0, 1.0], 1000)})
    y = np.r_[np.arange(1000) < 20, np.arange(1000) < 350].astype(int)
    for calibrated in (True, False):
        recipe = method("focal").fn(learners.make("linear").set_params(C=1e9), gamma=gamma, calibrated=calibrated)
        fitted = recipe.fit(X, y).predict_proba(X.iloc[[0, -1]])
        true = np.array([[0.98, 0.02], [0.65, 0.35]])
        expected = true if calibrated else [focal_optimum(prior, gamma)[0] for prior in true]
        np.testing.assert_allclose(fitted, expected, rtol=1e-4)


@pytest.mark.parametrize("learner", ["linear", "boosted"])
def test_a_free_constant_takes_the_shift_up(learner):
    """Logit adjustment in training, with the shares put back, is plain cross-entropy."""
    dataset = planted("overlap", class_sizes=(160, 50, 14))
    codes = Study(dataset).codes
    recipes = ("cross_entropy", "balanced_softmax:calibrated=True", "logit_adjustment:tau=2,calibrated=True")
    plain, *others = (
        Recipe.parse(text).apply(learners.make(learner)).fit(dataset.X, codes).predict_proba(dataset.X)
        for text in recipes
    )
    np.testing.assert_allclose(others, np.broadcast_to(plain, (2, *plain.shape)), atol=1e-4)
