"""The neural learner: scikit-learn's checks, gradients against finite differences, networks together against networks alone."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from benchmarks import network_speed
from core.errors import NotApplicable
from core.learners.contributions import contributions
from core.learners.dense_input import DenseInput
from core.learners.loss import Loss
from core.learners.neural import NeuralNetwork
from core.learners.together import fit_together
from core.numerics.batching import Batches
from core.numerics.loss_terms import Terms, cross_entropy
from core.numerics.network import Networks, Passes, Shape, with_ones
from core.numerics.network_lesson import plain
from core.numerics.optimising import Optimiser, adam
from core.registry import method

RNG = np.random.default_rng(0)


@parametrize_with_checks([NeuralNetwork(n_epochs=15)])
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("hidden", "branches"), [(0, 1), (5, 1), (5, 3)])
def test_gradients_are_those_of_finite_differences(hidden, branches):
    shape, n_networks, codes = Shape(4, 3, hidden, branches), 2, np.arange(11) % 3
    flat = 0.5 * RNG.normal(size=(n_networks, shape.n_parameters))
    X, own = with_ones(RNG.normal(size=(1, 11, 4)), float), (codes == np.arange(3)[:, None]) * 1.0

    def loss(values, j):
        return plain(Networks(shape, values).scores(X[..., :-1]), own).value[j].mean()

    scores = np.empty((n_networks, 3, 11))
    passes = Passes(Networks(shape, flat), 1, 11)
    passes.forward(X, scores)
    np.testing.assert_allclose(scores, Networks(shape, flat).scores(X[..., :-1]), atol=1e-12)
    found = passes.backward(X, plain(scores, own).gradient / 11)
    for place in range(0, shape.n_parameters, 3):
        ends = [loss(flat + step * (np.arange(shape.n_parameters) == place), 1) for step in (1e-6, -1e-6)]
        assert found[1, place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-9)


def test_plain_cross_entropy_is_cross_entropy():
    scores, own = 50 * RNG.normal(size=(2, 4, 9)), np.eye(4)[:, np.arange(9) % 4][None]
    mine, theirs = plain(scores, own), cross_entropy(scores, own)
    np.testing.assert_allclose(mine.value, theirs.value, atol=1e-12)
    np.testing.assert_allclose(mine.gradient, theirs.gradient, atol=1e-12)


def rare(n=700, seed=0):
    """A table of a rare class, with gaps and text."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.15).astype(int)
    X = pd.DataFrame(rng.normal(size=(n, 4)) + y[:, None], columns=list("abcd"))
    X.loc[::7, "b"] = np.nan
    return X.assign(word=pd.Categorical(np.where(rng.random(n) < 0.3 + 0.4 * y, "x", "y"))), y


def pulled(H, own, known, **options):
    """Half the square of the hidden layer."""
    return 0.05 * (H * H).sum(axis=-2), 0.1 * H


def counted(scores, own, known, *, factor=1.0):
    """Cross-entropy that grows from batch to batch."""
    terms = cross_entropy(scores, own)
    state = np.zeros((len(scores), 1)) if known.state is None else known.state + 1
    grown = 1 + 0.01 * factor * state
    return Terms(grown * terms.value, grown[..., None] * terms.gradient, terms.hessian, state)


def twice_rare(rows, rng):
    """Batches in which one half is of the rare class; hard rows first once losses are known."""
    half = rows.batch_size // 2
    hard = np.arange(len(rows.codes)) if rows.loss is None else np.argsort(-np.nan_to_num(rows.loss))
    drawn = [np.resize(hard[rows.codes[hard] == c], half * rows.n_steps) for c in (0, 1)]
    return np.hstack([part.reshape(rows.n_steps, -1) for part in drawn])


def test_networks_trained_together_are_those_trained_alone():
    (X, y), (other, z), groups = rare(), rare(600, seed=1), np.arange(700) % 5
    weight = np.where(y == 1, 3.0, 1.0)
    plain_net = NeuralNetwork(hidden=6, n_epochs=6, batch_size=100)
    kinds = [
        plain_net,
        replace_parameters(plain_net, loss=Loss(counted)),
        replace_parameters(plain_net, loss=Loss(counted, {"factor": 2.0}, hidden=pulled, told={"groups": groups})),
        replace_parameters(plain_net, batches=Batches(twice_rare)),
        replace_parameters(plain_net, optimiser=Optimiser(adam, {"weight_decay": 1.0}, 0.02), branches=2),
        replace_parameters(plain_net, patience=2, n_epochs=25, rate=0.1),
        replace_parameters(plain_net, hidden=0),
    ]
    tasks = [(each, X, y, None) for each in kinds] + [(kinds[0], X, y, weight)]
    tasks += [(each, other, z, None) for each in kinds if not (each.loss and each.loss.told)]
    for (learner, A, b, w), found in zip(tasks, fit_together(tasks), strict=True):
        alone = NeuralNetwork(**learner.get_params()).fit(A, b, w)
        np.testing.assert_allclose(found.predict_proba(A), alone.predict_proba(A), atol=1e-5)
        assert found.n_epochs_ == alone.n_epochs_
        pd.testing.assert_frame_equal(found.history_, alone.history_, rtol=1e-3)
    assert not hasattr(plain_net, "classes_")


def replace_parameters(learner, **changed):
    return NeuralNetwork(**{**learner.get_params(deep=False), **changed})


def test_equal_tables_are_encoded_once_and_training_can_be_ended(monkeypatch):
    X, y = rare(300)
    seen, epochs = [], []
    monkeypatch.setattr("core.learners.neural.DenseInput", lambda *given: seen.append(1) or DenseInput(*given))
    tasks = [(NeuralNetwork(loss=loss), X, y, None) for loss in (None, Loss(counted), Loss(cross_entropy))]

    def follow(epoch, learners):
        epochs.append((epoch, [each.n_epochs_ for each in learners], learners[1].predict_proba(X).shape))
        return epoch < 3

    found = fit_together(tasks, follow)
    assert len(seen) == 1
    assert epochs == [(n, [n] * 3, (300, 2)) for n in (1, 2, 3)]
    assert [each.n_epochs_ for each in found] == [3, 3, 3]


def test_a_network_stops_by_rows_held_out_and_keeps_its_best_weights():
    X, y = rare(1500)
    fitted = NeuralNetwork(n_epochs=60, patience=3, rate=0.05).fit(X, y)
    history = fitted.history_.query("rows == 'held out'")
    total = (history["loss"] * history["n"]).groupby(history["epoch"]).sum()
    assert fitted.n_epochs_ < 60 and fitted.n_held_out_ == history.query("epoch == 1")["n"].sum() == 150
    assert fitted.n_epochs_ == total.idxmin() + 3
    assert NeuralNetwork(patience=3).fit(X[:400], y[:400]).n_held_out_ == 0
    late = Loss(lambda scores, own, known: cross_entropy(scores, own, weight=2.0 if known.progress > 0.5 else 1.0))
    assert NeuralNetwork(n_epochs=8, patience=1, rate=0.05, loss=late).fit(X, y).n_epochs_ == 8


def test_a_loss_begins_where_doing_nothing_does():
    """Cross-entropy asked for is cross-entropy unasked; a loss that makes classes equal begins with equal shares."""
    X, y = rare()
    losses = (method(slug).fn(NeuralNetwork()).loss for slug in ("cross_entropy", "balanced_softmax"))
    plainly, asked, even = (NeuralNetwork(n_epochs=3, loss=loss).fit(X, y) for loss in (None, *losses))
    np.testing.assert_allclose(plainly.predict_proba(X), asked.predict_proba(X), atol=1e-5)
    assert plainly.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.03)
    assert even.predict_proba(X)[:, 1].mean() == pytest.approx(0.5, abs=0.1)


def test_history_tells_loss_recall_and_gradient_of_each_class():
    X, y = rare(250)
    fitted = NeuralNetwork(n_epochs=5, batch_size=250, hidden=0).fit(X, y)
    history = fitted.history_
    assert list(history.columns) == ["epoch", "class", "rows", "loss", "recall", "gradient", "n"]
    assert history["n"].tolist() == [4 * (y == c).sum() for _ in range(5) for c in (0, 1)]
    assert history["loss"].iloc[-1] < history["loss"].iloc[1]
    longer = NeuralNetwork(n_epochs=400, batch_size=250, hidden=0, weight_decay=0.0).fit(X, y)
    last = longer.history_.tail(2).set_index("class")
    recall = [np.mean(longer.predict(X)[y == c] == c) for c in (0, 1)]
    proba = longer.predict_proba(X)
    assert last["recall"].tolist() == pytest.approx(recall, abs=0.02)
    assert last["loss"].tolist() == pytest.approx([-np.log(proba[y == c, c]).mean() for c in (0, 1)], rel=0.02)
    means = [np.linalg.norm((proba[y == c] - np.eye(2)[c]).mean(axis=0)) for c in (0, 1)]
    assert last["gradient"].tolist() == pytest.approx(means, rel=0.02)


def test_a_small_table_takes_a_moment():
    X, y = pd.DataFrame(RNG.normal(size=(200, 10))), np.arange(200) % 4 // 3
    X.columns, seconds = [f"x{j}" for j in range(10)], []
    for _ in range(5):
        start = time.process_time()
        NeuralNetwork().fit(X, y)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.04


def test_weights_that_tell_apart_are_followed():
    X, y = rare(600)
    heavy = NeuralNetwork().fit(X, y, np.where(y == 1, 20.0, 1.0)).predict_proba(X)[:, 1].mean()
    assert NeuralNetwork().fit(X, y).predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.02)
    assert heavy > 2 * y.mean()


@pytest.mark.parametrize("y", [np.zeros(30), np.r_[np.zeros(29), 1], np.repeat(np.arange(15), 2)])
def test_one_class_and_classes_of_one_row(y):
    X = pd.DataFrame({"a": np.r_[np.arange(29.0), 1e300], "empty": np.nan})
    fitted = NeuralNetwork(n_epochs=3).fit(X, y)
    proba = fitted.predict_proba(X)
    assert proba.shape == (30, len(np.unique(y))) and np.allclose(proba.sum(axis=1), 1)
    assert len(fitted.history_) == 3 * len(np.unique(y)) * (len(np.unique(y)) > 1)


def test_columns_are_standardised_and_owned():
    X, _ = rare()
    encode = DenseInput(X)
    Z = encode(X)
    assert encode.owners().tolist() == [0, 1, 2, 3, 1, 4, 4, 4, 4]
    assert np.allclose(Z.mean(axis=0), 0) and np.allclose(Z[:, :4].std(axis=0), 1)
    later = X.head(3).assign(word=pd.Categorical(["new", "x", None]))
    assert (encode(later)[:, 5:] > 0).argmax(axis=1).tolist() == [0, 1, 3]
    doubled = DenseInput(X.iloc[np.repeat(np.arange(len(X)), 1 + np.arange(len(X)) % 3)])
    np.testing.assert_allclose(DenseInput(X, 1.0 + np.arange(len(X)) % 3)(X), doubled(X), atol=1e-9)


@pytest.mark.parametrize(("hidden", "n_classes"), [(0, 2), (0, 3), (8, 2), (8, 3)])
def test_scores_are_split_exactly_along_the_line_from_the_average_row(hidden, n_classes):
    X, y = rare(300)
    y = y + (n_classes == 3) * (X["a"] > 1).to_numpy()
    fitted = NeuralNetwork(hidden=hidden, n_epochs=10).fit(X, y)
    parts, constant, output = contributions(fitted, X)
    np.testing.assert_allclose(parts.sum(axis=1) + constant, output, atol=1e-9)
    networks, Z = Networks(fitted.shape_, fitted.flat_), fitted.encode(X)[:5]
    at = (np.arange(4000) + 0.5) / 4000
    slopes = np.zeros((5, n_classes))
    for row, z in enumerate(Z):
        for j in np.flatnonzero(fitted.encoded_columns() == 1):
            step = 1e-6 * (np.arange(len(z)) == j)
            ends = [networks.scores((at[:, None] * z + sign * step)[None])[0].mean(axis=1) for sign in (1, -1)]
            slopes[row] += z[j] * (ends[0] - ends[1]) / 2e-6
    theirs = slopes if n_classes > 2 else np.diff(slopes, axis=1) * [-1, 1]
    np.testing.assert_allclose(parts[:5, 1], theirs, atol=2e-3)
    with pytest.raises(NotApplicable, match="gates"):
        contributions(NeuralNetwork(hidden=3, branches=2, n_epochs=1).fit(X, y), X)


def test_folds_trained_together_take_a_fraction_of_the_time_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(network_speed, "EPOCHS", 8)
    table, taken = network_speed.data(10_000), []
    for _ in range(2):
        mine = network_speed.seconds(lambda: network_speed.ours(*table, ("",)))[0]
        other = network_speed.seconds(lambda: network_speed.theirs(*table))[0]
        taken.append((mine, other, network_speed.seconds(lambda: network_speed.ours(*table, ("focal",) * 4))[0]))
    one, peer, four = np.min(taken, axis=0)
    assert one < 0.4 * peer
    assert four < 4 * one
    assert one < 1


def test_large_batches_and_tables_give_the_same_numbers_on_one_thread_or_two():
    X, y = pd.DataFrame(RNG.normal(size=(20_000, 12))).rename(columns=str), RNG.random(20_000) < 0.1
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fitted = NeuralNetwork(n_epochs=1, batch_size=20_000).fit(X, y)
            found.append((fitted.flat_, fitted.predict_proba(X)))
    assert np.array_equal(found[0][0], found[1][0]) and np.array_equal(found[0][1], found[1][1])
