"""Class gradients against a plain loop and finite differences, their read-outs by hand, and networks trained at once."""

import time

import numpy as np
import pytest

from core.numerics.gradients import (
    class_gradients,
    conflict_mass,
    conflict_matrix,
    cosine_with,
    directed_interference,
    gram,
    no_structure_level,
    norm_share,
)
from core.numerics.network import Networks, Passes, Shape, with_ones
from core.numerics.network_lesson import Plan
from core.numerics.network_training import training
from core.numerics.optimising import Optimiser, adam

SIZES = np.array([7, 4, 3])
BOUNDS = np.r_[0, np.cumsum(SIZES)]
CODES = np.repeat(np.arange(3), SIZES)


def exact(n_networks=2, n_sets=1, n_features=4, n_classes=3):
    """Networks with biases in double precision, and rows."""
    drawn = Networks.drawn(n_networks, Shape(n_features, n_classes, 5), 1)
    rng = np.random.default_rng(2)
    networks = Networks(drawn.shape, drawn.flat + 0.1 * rng.normal(size=drawn.flat.shape))
    return networks, rng.normal(size=(n_sets, len(CODES), n_features))


def loss(networks, X, rows, j):
    """Mean cross-entropy of some rows in network j."""
    proba = networks.proba(X)[j, rows]
    return -np.log(proba[np.arange(len(rows)), CODES[rows]]).mean()


def moved(networks, name, place, step):
    """The same networks with one weight changed."""
    changed = Networks(networks.shape, networks.flat.copy())
    getattr(changed, name)[place] += step
    return changed


def whole_step(networks, X, weight):
    """Gradients of the weighted cross-entropy of all rows, in the order W1, b1, W2, b2."""
    rows, slope = with_ones(X, float), np.empty((len(networks.flat), 3, len(CODES)))
    passes = Passes(networks, len(X), len(CODES))
    passes.forward(rows, slope)
    slope[:] = (networks.proba(X).swapaxes(1, 2) - (np.arange(3)[:, None] == CODES)) * weight
    found = Networks(networks.shape, passes.backward(rows, slope))
    return found.W1, found.b1, found.W2, found.b2


@pytest.mark.parametrize("n_sets", [1, 2])
def test_class_gradients_are_those_of_finite_differences(n_sets):
    networks, X = exact(n_sets=n_sets)
    found = class_gradients(networks, X, BOUNDS).reshape(2, 3, 4, 5)
    for j, c, i, h in [(0, 0, 0, 0), (0, 1, 3, 2), (1, 2, 1, 4), (1, 0, 2, 3)]:
        rows = np.flatnonzero(c == CODES)
        up, down = (loss(moved(networks, "W1", (j, i, h), step), X, rows, j) for step in (1e-6, -1e-6))
        assert found[j, c, i, h] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-9)


def test_class_gradients_are_those_of_a_plain_loop():
    networks, X = exact(n_networks=1)
    looped = np.zeros((3, 4, 5))
    for x, c in zip(X[0], CODES, strict=True):
        hidden = np.maximum(x @ networks.W1[0] + networks.b1[0, 0], 0)
        logits = hidden @ networks.W2[0] + networks.b2[0, 0]
        error = np.exp(logits) / np.exp(logits).sum() - (np.arange(3) == c)
        looped[c] += np.outer(x, (networks.W2[0] @ error) * (hidden > 0)) / SIZES[c]
    np.testing.assert_allclose(class_gradients(networks, X, BOUNDS)[0], looped.reshape(3, -1), rtol=1e-12, atol=1e-14)


def test_the_step_of_training_is_the_sum_of_class_gradients_by_their_shares():
    networks, X = exact()
    prior = np.array([0.9, 0.07, 0.03])
    whole = whole_step(networks, X, (prior / SIZES)[CODES])
    by_class = (prior[:, None] * class_gradients(networks, X, BOUNDS)).sum(axis=1)
    np.testing.assert_allclose(whole[0].reshape(2, -1), by_class, rtol=1e-10, atol=1e-14)
    for name, gradient in zip(("b1", "W2", "b2"), whole[1:], strict=True):
        place = (1, 0, 2)
        ends = [
            sum(
                p * loss(moved(networks, name, place, step), X, np.flatnonzero(c == CODES), 1)
                for c, p in enumerate(prior)
            )
            for step in (1e-6, -1e-6)
        ]
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-9)


def test_read_outs_by_hand():
    inner = gram(np.array([[3.0, 0.0], [-1.0, 1.0]]))
    assert inner.tolist() == [[9, -3], [-3, 2]]
    assert conflict_matrix(inner)[0, 1] == pytest.approx(-1 / np.sqrt(2))
    assert conflict_mass(conflict_matrix(inner)) == pytest.approx(1 / np.sqrt(2))
    # I(0←1) = 0.25 · 3 / (0.75 · 9); I(1←0) = 0.75 · 3 / (0.25 · 2)
    assert directed_interference(inner, np.array([0.75, 0.25])).tolist() == [[0, pytest.approx(1 / 9)], [4.5, 0]]
    assert norm_share(inner, np.array([0.5, 0.5])).tolist() == pytest.approx([3 / (3 + 2**0.5), 2**0.5 / (3 + 2**0.5)])
    assert cosine_with(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])) == pytest.approx([0.5**0.5])


def test_a_class_without_a_gradient_has_no_cosine():
    inner = gram(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert np.isnan(conflict_matrix(inner)[0]).all() and conflict_mass(conflict_matrix(inner)) == 0
    assert np.isnan(directed_interference(inner, np.array([0.5, 0.5]))[0]).all()
    assert norm_share(gram(np.zeros((2, 2))), np.array([0.5, 0.5])).tolist() == [0, 0]


@pytest.mark.parametrize("prior", [(0.5, 0.5), (0.98, 0.02)])
def test_two_classes_at_rest_show_cosine_minus_one_whatever_their_sizes(prior):
    g = np.random.default_rng(0).normal(size=20)
    inner = gram(np.stack([g, -g * prior[0] / prior[1]]))
    assert conflict_matrix(inner)[0, 1] == pytest.approx(-1)
    assert directed_interference(inner, np.array(prior))[1, 0] == pytest.approx(1)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_equal_gradients_that_cancel_lie_at_the_level_without_structure(n_classes):
    simplex = np.eye(n_classes) - 1 / n_classes
    cosines = conflict_matrix(gram(simplex))
    assert cosines[0, 1] == pytest.approx(no_structure_level(n_classes)) == pytest.approx(-1 / (n_classes - 1))


def test_a_linear_model_shows_the_same_cosines_whatever_the_rows_are():
    """Softmax regression at zero weights on centred columns: +1 for the weights and −1 for the intercepts."""
    rng = np.random.default_rng(3)
    X, codes = rng.normal(size=(60, 4)) + np.repeat([0, 1], [45, 15])[:, None], np.repeat([0, 1], [45, 15])
    error = 0.5 - np.eye(2)[codes]
    weights = np.stack([(X - X.mean(axis=0))[codes == c].T @ error[codes == c] / np.sum(codes == c) for c in (0, 1)])
    intercepts = np.stack([error[codes == c].mean(axis=0) for c in (0, 1)])
    assert conflict_matrix(gram(weights.reshape(2, -1)))[0, 1] == pytest.approx(1)
    assert conflict_matrix(gram(intercepts))[0, 1] == pytest.approx(-1)


def test_interference_is_the_share_of_the_progress_that_is_undone():
    """To first order: the loss of class a after a step of class b alone, against a step of its own."""
    networks, X = exact(n_networks=1)
    prior, gradients = np.array([0.7, 0.2, 0.1]), class_gradients(exact(n_networks=1)[0], X, BOUNDS)
    found = directed_interference(gram(gradients), prior)[0]

    def change(a, b, rate=1e-6):
        step = moved(networks, "W1", ..., -rate * prior[b] * gradients[0, b].reshape(1, 4, 5))
        rows = np.flatnonzero(a == CODES)
        return loss(step, X, rows, 0) - loss(networks, X, rows, 0)

    for a, b in [(0, 1), (2, 0), (1, 2)]:
        assert found[a, b] == pytest.approx(-change(a, b) / change(a, a), rel=1e-3)


def rows_of_two_clouds(n=200):
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], [n - 40, 40])
    return (rng.normal(size=(1, n, 3)) + 3.0 * codes[None, :, None]).astype(np.float32), codes[None]


def test_networks_trained_at_once_are_those_trained_alone():
    X, codes = rows_of_two_clouds()
    networks, weight = Networks.drawn(3, Shape(3, 2)), np.ones((1, 200))
    before, how = networks.flat.copy(), {"plan": Plan(20, 200, fading=False), "optimiser": Optimiser(adam, {}, 0.02)}
    *_, together = training(networks, X, codes, weight, **how)
    for j in range(3):
        *_, alone = training(Networks(networks.shape, networks.flat[j : j + 1]), X, codes, weight, **how)
        np.testing.assert_allclose(together.proba(X)[j], alone.proba(X)[0], atol=1e-4)
    assert np.array_equal(networks.flat, before)


def descent(weights, gradient, memory, step):
    """Plain gradient descent."""
    weights -= (step.rate * gradient).astype(weights.dtype)


@pytest.mark.parametrize(
    ("batch_size", "optimiser"),
    [(200, Optimiser(adam, {}, 0.02)), (32, Optimiser(adam, {}, 0.02)), (200, Optimiser(descent, {}, 0.5))],
)
def test_training_learns_and_repeats_itself(batch_size, optimiser):
    X, codes = rows_of_two_clouds()
    plan = Plan(40, batch_size, fading=False)
    right = []
    for _ in range(2):
        start = Networks.drawn(2, Shape(3, 2))
        networks = training(start, X, codes, np.ones((1, 200)), plan=plan, optimiser=optimiser)
        right.append([float((now.proba(X).argmax(axis=-1) == codes).mean()) for now in networks])
    assert right[0] == right[1] and len(right[0]) == 41
    assert right[0][-1] > 0.97 > right[0][0]


def test_a_hundred_thousand_rows_take_at_most_a_quarter_of_a_second():
    X = np.random.default_rng(0).normal(size=(1, 100_000, 50)).astype(np.float32)
    networks, bounds, seconds = Networks.drawn(1, Shape(50, 10)), np.linspace(0, 100_000, 11).astype(int), []
    for _ in range(3):
        start = time.process_time()
        cosines = conflict_matrix(gram(class_gradients(networks, X, bounds)))
        seconds.append(time.process_time() - start)
    assert cosines.shape == (1, 10, 10)
    assert min(seconds) < 0.25
