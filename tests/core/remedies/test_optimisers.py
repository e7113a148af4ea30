"""Optimisers: closed forms of their steps, and DBS-Adam beside Adam."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from benchmarks.optimisers import METRICS, paired, summary
from core.learners.neural import NeuralNetwork
from core.numerics.loss_terms import cross_entropy, indicator
from core.numerics.optimising import Step
from core.registry import methods
from core.remedies.optimisers.dbs_adam import _scale

OPTIMISERS = {m.slug: m for m in methods("remedy", "optimisers")}
EACH = pytest.mark.parametrize("slug", OPTIMISERS)


class Holder(ClassifierMixin, BaseEstimator):
    """Keeps the optimiser that it is given."""

    def __init__(self, optimiser=None):
        self.optimiser = optimiser


def made(slug, **options):
    """The optimiser that a remedy gives to a learner, without decay unless asked."""
    if slug in ("adamw", "dbs_adam"):
        options = {"weight_decay": 0.0, **options}
    return OPTIMISERS[slug].fn(Holder(), **options).optimiser


def path(optimiser, gradients, losses=None, *, start=1.0, rate=0.1, decays=None):
    """Weights (n_steps, n_networks, n_parameters) after each of some given gradients (n_steps, n_networks, n_parameters)."""
    gradients = np.asarray(gradients, dtype=float)
    weights, memory, seen = np.full(gradients.shape[1:], start), {}, []
    decays = np.ones(gradients.shape[2]) if decays is None else decays
    for number, gradient in enumerate(gradients):
        loss = np.ones((len(weights), 1)) if losses is None else losses[number]
        optimiser(weights, gradient.copy(), memory, Step(number + 1, rate, loss, decays))
        seen.append(weights.copy())
    return np.array(seen)


def trained(optimiser, n_steps, *, batch_size=300):
    """Slope and intercept of a logistic regression on one column, as a softmax of two classes, and as scikit-learn has them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    codes = (rng.random(300) < 1 / (1 + np.exp(1.5 - x))).astype(int)
    own, X = indicator(codes, 2), np.stack([x, np.ones(300)])
    weights, memory = np.zeros((1, 4)), {}
    for number in range(1, n_steps + 1):
        rows = rng.permutation(300)[:batch_size]
        terms = cross_entropy(weights.reshape(2, 2) @ X[:, rows], own[:, rows])
        gradient = (terms.gradient @ X[:, rows].T / batch_size).reshape(1, 4)
        rate = 3 * optimiser.rate * (1 - number / (n_steps + 1))
        optimiser(weights, gradient, memory, Step(number, rate, terms.value.mean(keepdims=True)[None], np.ones(4)))
    reference = LogisticRegression(C=np.inf, tol=1e-8).fit(x[:, None], codes)
    return np.diff(weights.reshape(2, 2), axis=0)[0], np.array([reference.coef_[0, 0], reference.intercept_[0]])


GRADIENTS = np.random.default_rng(0).normal(size=(30, 3, 5))
LOSSES = np.random.default_rng(1).exponential(size=(30, 3, 1))


@pytest.mark.parametrize("slug", ["adam", "adamw", "dbs_adam"])
def test_adams_first_step_is_as_long_as_the_rate(slug):
    """Whatever the gradient: ``m̂ / √v̂`` is its sign."""
    first = path(made(slug), GRADIENTS[:1])[0]
    assert np.allclose(first, 1 - 0.1 * np.sign(GRADIENTS[0]), atol=1e-6)


def test_adam_by_hand():
    """The textbook's recursion, step by step."""
    mean, square, weights, expected = 0, 0, 1.0, []
    for t, g in enumerate(GRADIENTS, 1):
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
        weights = weights - 0.1 * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        expected.append(weights)
    assert np.allclose(path(made("adam"), GRADIENTS), expected, rtol=1e-10)


def test_momentum_adds_up():
    """Under one gradient the n-th step is ``rate · g (1 − μⁿ) / (1 − μ)``; Nesterov's is one ahead; without momentum it is plain descent."""
    same, powers = np.ones((12, 1, 2)), 0.9 ** np.arange(1, 14)
    steps = 0.1 * (1 - powers) / 0.1
    assert np.allclose(path(made("sgd_momentum"), same)[:, 0, 0], 1 - np.cumsum(steps[:12]))
    assert np.allclose(path(made("sgd_momentum", nesterov=True), same)[:, 0, 0], 1 - np.cumsum(steps[1:]))
    plain = path(made("sgd_momentum", momentum=0.0), GRADIENTS)
    assert np.allclose(plain, 1 - 0.1 * np.cumsum(GRADIENTS, axis=0))


def test_decay_is_beside_the_step_and_a_penalty_inside():
    """Without gradients a weight keeps ``(1 − rate · decay)`` of itself, a bias all; a penalty instead makes a step as long as the rate."""
    decays, none = np.array([1.0, 0.0]), np.zeros((7, 1, 2))
    shrunk = path(made("adamw", weight_decay=0.5), none, decays=decays)
    assert np.allclose(shrunk[:, 0, 0], 0.95 ** np.arange(1, 8)) and (shrunk[:, 0, 1] == 1).all()
    pulled = path(made("adam", penalty=0.01), none, decays=decays)
    assert np.allclose(pulled[0, 0], [0.9, 1.0], atol=1e-6)
    assert np.array_equal(path(made("adamw"), GRADIENTS), path(made("adam"), GRADIENTS))


def test_dbs_adam_is_adam_where_batches_are_equally_hard():
    """Gradients that turn but keep their length, and one loss: the same numbers; so too at ``most`` 1 and ``memory`` 0."""
    turning = GRADIENTS / np.linalg.norm(GRADIENTS, axis=-1, keepdims=True)
    even = np.sign(turning)
    assert np.array_equal(path(made("dbs_adam"), even), path(made("adam"), even))
    assert np.allclose(path(made("dbs_adam"), turning), path(made("adam"), turning), rtol=1e-12)
    for options in ({"most": 1.0}, {"memory": 0.0}):
        found = path(made("dbs_adam", **options), GRADIENTS, LOSSES)
        assert np.allclose(found, path(made("adam"), GRADIENTS), rtol=1e-12)
    assert np.abs(path(made("dbs_adam"), GRADIENTS, LOSSES) - path(made("adam"), GRADIENTS)).max() > 0.01


def test_unasked_the_neural_learner_takes_the_steps_of_adamw():
    """Rate and decay are the learner's own, so that DBS-Adam differs from doing nothing by its factor alone."""
    own = NeuralNetwork()
    for slug in ("adamw", "dbs_adam"):
        found = OPTIMISERS[slug].fn(Holder()).optimiser
        assert (found.rate, found.options["weight_decay"]) == (own.rate, own.weight_decay)


def scales(gradients, losses, most=2.0):
    memory, ones = {}, np.ones(gradients.shape[-1])
    given = enumerate(zip(gradients, losses, strict=True), 1)
    return np.array([_scale(g, memory, Step(t, 0.1, loss, ones), 0.9, most) for t, (g, loss) in given])[..., 0]


def test_the_factor_is_the_stated_formula_and_does_not_depend_on_the_scale_of_the_loss():
    found = scales(GRADIENTS, LOSSES)
    norms, n, l = np.linalg.norm(GRADIENTS, axis=-1), 0, 0
    for t in range(30):
        n, l = 0.9 * n + 0.1 * norms[t], 0.9 * l + 0.1 * LOSSES[t, :, 0]
        level = 1 - 0.9 ** (t + 1)
        expected = 0.5 * norms[t] / (n / level) + 0.5 * LOSSES[t, :, 0] / (l / level)
        assert np.allclose(found[t], np.clip(expected, 0.5, 2))
    for c in (1e-6, 1e6):
        assert np.allclose(scales(c * GRADIENTS, c * LOSSES), found, rtol=1e-9)
    assert (scales(0 * GRADIENTS, 0 * LOSSES) == 1).all()


def test_a_harder_batch_takes_a_longer_step_within_its_limits():
    even, one = np.ones((20, 1, 4)), np.ones((20, 1, 1))
    for times, expected in ((1.2, (1.1, 1.2)), (0.8, (0.8, 0.9)), (100.0, (2.0, 2.0)), (0.001, (0.5, 0.5))):
        last = even.copy(), one.copy()
        for part in last:
            part[-1] *= times
        found = scales(*last)
        assert (found[:-1] == 1).all() and expected[0] <= found[-1, 0] <= expected[1]


@EACH
def test_networks_do_not_mix(slug):
    """Three networks together are three networks alone; neither gradients nor the type of the weights change."""
    together = path(made(slug), GRADIENTS, LOSSES)
    alone = [path(made(slug), GRADIENTS[:, [i]], LOSSES[:, [i]]) for i in range(3)]
    assert np.array_equal(together, np.concatenate(alone, axis=1))
    weights, gradient = np.ones((3, 5), np.float32), GRADIENTS[0].astype(np.float32)
    before = gradient.copy()
    made(slug)(weights, gradient, {}, Step(1, 0.1, LOSSES[0].astype(np.float32), np.ones(5, np.float32)))
    assert weights.dtype == np.float32 and (weights != 1).all() and np.array_equal(gradient, before)


@EACH
def test_a_softmax_regression_gets_to_its_minimum(slug):
    found, reference = trained(made(slug), 300)
    assert np.allclose(found, reference, atol=0.01)
    assert np.allclose(trained(made(slug), 300, batch_size=30)[0], reference, atol=0.2)


def test_what_is_said_of_dbs_adam_was_measured():
    """The numbers of its docstring, from the seeds that ``benchmarks/optimisers.py`` wrote: five and twenty, three tables, four settings."""
    lines = pd.read_csv(Path(__file__).parents[3] / "benchmarks" / "optimisers.csv")
    found, text = paired(lines), OPTIMISERS["dbs_adam"].what_to_do + OPTIMISERS["dbs_adam"].why
    assert found.groupby("metric").size().tolist() == [12, 12, 12] and set(lines["seed"]) == set(range(20))
    ranks = found[found["metric"] != METRICS["log_loss"]]
    assert (ranks["all_low"] <= 0).all() and found["five_p_wilcoxon"].min() == 0.0625
    worse = ranks[ranks["all_high"] < 0].groupby("metric")["all_mean"]
    assert worse.size().tolist() == [3, 5] and "three and five of twelve were worse" in text
    assert "by up to {:.3f} and {:.3f}".format(*-worse.min()) in text
    assert (
        "8 in favour of DBS-Adam and 4 of Adam" in summary(found)
        and "8 of 36 intervals were in its favour and 4 in" in text
    )
    loss = found[found["table"].str.startswith("digits") & (found["metric"] == METRICS["log_loss"])]
    for rate in (0.003, 0.03):
        change = loss.loc[loss["rate"] == rate, "all_mean"].item()
        assert f"{change:+.3f} at".replace("-", "−") in text
    own = found[found["decay"] > 0]
    own_loss = own["metric"] == METRICS["log_loss"]
    assert len(own) == 9 and (own.loc[~own_loss, "all_low"] <= 0).all() and (own.loc[own_loss, "all_high"] >= 0).all()
    traces = lines.drop_duplicates(["table", "seed"]).groupby("table")[["spearman", "mean_factor"]].mean()
    assert (
        f"{traces['spearman']['stroke']:.2f} on stroke" in text
        and f"{traces['spearman']['yeast']:.2f} on yeast" in text
    )
    assert f"{traces['spearman'].iloc[0]:.2f} on a long-tailed table of digits" in text
    assert f"{traces['mean_factor'].iloc[0]:.2f} on average on digits" in text
