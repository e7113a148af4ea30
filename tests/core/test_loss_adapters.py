"""One loss for boosted trees and the linear model: as the libraries' own, as weights, at its optimum, exactly explained, composed."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit, softmax
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from core import engine
from core.learners import make
from core.learners.boosted import BoostedTrees
from core.learners.boosted_loss import LONGEST, Asked
from core.learners.contributions import contributions, innermost
from core.learners.explained import explain, largest_gap
from core.learners.linear import LinearModel
from core.learners.linear_loss import descended
from core.learners.loss import Loss, LossTrained
from core.learners.rows import Rows
from core.learners.scored_rows import ScoredRows
from core.learners.wrapping import Weighted, fit_on
from core.numerics.focal import focal_optimum
from core.numerics.loss_terms import Terms, cross_entropy, of_own
from core.numerics.loss_terms import softmax as proba_of
from core.numerics.set_terms import falling
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

PLAIN = Loss(cross_entropy)
EACH = pytest.mark.parametrize("learner", ["boosted", "linear"])
SIZES = pytest.mark.parametrize("class_sizes", [(900, 100), (800, 150, 50)])


def table(class_sizes=(240, 60), *, mixed=False):
    """A planted table and its codes, 0 the most frequent class; ``mixed`` with text and gaps."""
    data = planted("overlap", class_sizes=class_sizes, n_features=4)
    X, codes = data.X.copy(), Study(data).codes
    if mixed:
        rng = np.random.default_rng(1)
        X["place"] = pd.Categorical(np.array(["here", "there", "nowhere"])[rng.integers(0, 3, len(X))])
        X.loc[rng.random(len(X)) < 0.2, X.columns[0]] = np.nan
    return X, codes


def weighted(scores, own, known):
    """Cross-entropy with the weights of ``Weighted``: those of the rows are 1 on average."""
    each = 1 / known.counts.astype(scores.dtype)
    return cross_entropy(
        scores, own, weight=of_own(each / (each * known.shares.astype(scores.dtype)).sum(axis=-2), own)
    )


def balanced(scores, own, known):
    return cross_entropy(scores + np.log(known.shares).astype(scores.dtype), own)


def bounded(scores, own, known):
    """One minus the probability of the own class: not convex, and flat where a row is badly wrong."""
    proba = proba_of(scores)
    chance = of_own(proba, own)
    apart = own - proba
    return Terms((1 - chance)[..., 0, :], -chance * apart, -chance * (apart * apart - proba * (1 - proba)))


def remedied(recipe, learner, **changed):
    return Recipe.parse(recipe).apply(make(learner).set_params(**changed), random_state=0, positive=1, miss_cost=5.0)


@SIZES
def test_cross_entropy_grows_the_trees_of_the_library(class_sizes):
    """Both begin at the class shares, take the second derivative K / (K − 1) times and round to float32; ties in a split may fall otherwise."""
    X, y = table(class_sizes, mixed=True)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    for given in (None, weight):
        theirs = make("boosted").fit(X, y, given).predict_proba(X)
        ours = make("boosted").set_params(loss=PLAIN).fit(X, y, given)
        apart = np.abs(ours.predict_proba(X) - theirs)
        assert apart.mean() < 1e-4 and np.quantile(apart, 0.99) < 1e-3
        shares = np.bincount(y, given) / np.bincount(y, given).sum()
        start = ours.model_.start if len(shares) > 2 else np.array([0, ours.model_.start[0]])
        np.testing.assert_allclose(softmax(start), shares, atol=1e-6)


@SIZES
def test_cross_entropy_leaves_the_linear_model_where_it_is(class_sizes):
    X, y = table(class_sizes, mixed=True)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    for C in (1.0, 0.01):
        fitted = make("linear").set_params(C=C, loss=PLAIN).fit(X, y, weight)
        ours, theirs = fitted.model_, LogisticRegression(C=C, solver="newton-cholesky", tol=1e-8)
        theirs.fit(fitted.encode(X), y, weight)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-3)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-3)


@EACH
@SIZES
def test_a_weighted_loss_is_class_weights(learner, class_sizes):
    X, y = table(class_sizes)
    by_rows = Weighted(make(learner)).fit(X, y)
    by_loss = LossTrained(make(learner), Loss(weighted)).fit(X, y)
    apart = np.abs(by_loss.predict_proba(X) - by_rows.predict_proba(X))
    assert apart.mean() < 1e-3
    if learner == "linear":
        theirs, ours = by_rows.classifier_.model_, by_loss.classifier_.model_
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-3)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-3)


@EACH
def test_rows_of_a_working_sample_weigh_what_they_stand_for(learner):
    X, y = table()
    stands = np.where(y == 0, 20.0, 1.0)
    told = fit_on(LossTrained(make(learner), PLAIN), X, y, Rows(represents=stands))
    plain = make(learner).fit(X, y, stands / stands.mean())
    assert np.abs(told.predict_proba(X) - plain.predict_proba(X)).mean() < 1e-3


@EACH
@pytest.mark.parametrize("sizes", [(495, 5), (300, 150, 50)])
def test_focal_probabilities_are_carried_back_to_the_class_shares(learner, sizes):
    """With nothing to learn from, focal loss asserts more of a rare class than there is, and its inverse map takes that back."""
    X, y = pd.DataFrame({"a": np.ones(sum(sizes))}), np.repeat(np.arange(len(sizes)), sizes)
    shares = np.array(sizes) / sum(sizes)
    carried = remedied("focal", learner, **({"C": 1e6} if learner == "linear" else {})).fit(X, y)
    np.testing.assert_allclose(carried.predict_proba(X[:1])[0], shares, atol=1e-4)
    bent = remedied("focal:calibrated=false", learner).fit(X, y).predict_proba(X[:1])[0]
    np.testing.assert_allclose(bent, focal_optimum(shares, 2.0)[0], atol=1e-4 if learner == "boosted" else 5e-3)


def test_balanced_softmax_ranks_as_weights_do_and_is_taken_back_by_the_shares():
    X, y = table((1900, 100))
    found = {
        "balanced": LinearModel(loss=Loss(balanced)).fit(X, y),
        "weights": Weighted(LinearModel()).fit(X, y).classifier_,
        "plain": LinearModel().fit(X, y),
    }
    score = {name: learner.model_.decision_function(learner.encode(X)) for name, learner in found.items()}
    assert spearmanr(score["balanced"], score["weights"]).statistic > 0.99
    assert (score["balanced"] > 0).mean() > 3 * (score["plain"] > 0).mean()
    apart = score["balanced"] + np.log(100 / 1900) - score["plain"]
    assert np.abs(apart).mean() < 0.05


@EACH
@pytest.mark.parametrize("class_sizes", [(240, 60), (200, 70, 30)])
def test_contributions_add_up_to_the_score_that_the_loss_reads(learner, class_sizes):
    X, y = table(class_sizes, mixed=True)
    fitted = remedied("focal", learner).fit(X, y)
    parts, constant, output = contributions(innermost(fitted), X)
    assert largest_gap(parts, constant, output) < 1e-9
    loss, mass = innermost(fitted).loss, np.bincount(y)
    scores = output.T if len(mass) > 2 else np.stack([np.zeros(len(y)), output[:, 1]])
    np.testing.assert_allclose(loss.proba(scores, loss.known(mass)).T, fitted.predict_proba(X), atol=1e-9)
    if learner == "boosted":
        trees = innermost(fitted).model_.booster_.predict(innermost(fitted).encode(X), pred_contrib=True)
        start = innermost(fitted).model_.start
        np.testing.assert_allclose(constant[-len(start) :], trees[0].reshape(len(start), -1)[:, -1] + start)
    folds = [(np.arange(0, len(y), 2), np.arange(1, len(y), 2))]
    assert explain(remedied("focal", learner), X, y, folds, np.array([1, 3, 5])).gap < 1e-9


@EACH
@pytest.mark.parametrize("loss", ["focal", "balanced_softmax", "soft_dice"])
def test_a_loss_composes_with_sampling_ensembles_and_thresholds(learner, loss):
    X, y = table((120, 40), mixed=True)
    few = {"n_estimators": 8} if learner == "boosted" else {}
    for more in ("", "+smote", "+balanced_bagging:n_members=2", "+calibrated_probabilities+tuned_threshold"):
        fitted = remedied(loss + more, learner, **few).fit(X, y)
        proba = fitted.predict_proba(X)
        assert np.isfinite(proba).all() and proba.sum(axis=1) == pytest.approx(np.ones(len(y)))
        kept = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(kept.predict_proba(X), proba)
        if not more:
            assert np.abs(proba - make(learner).set_params(**few).fit(X, y).predict_proba(X)).max() > 0.01
            np.testing.assert_array_equal(clone(fitted).fit(X, y).predict_proba(X), proba)


def test_a_loss_is_told_how_far_training_is_and_what_it_remembers():
    seen = []

    def noting(scores, own, known):
        seen.append(known)
        terms = cross_entropy(scores, own)
        return Terms(
            terms.value, terms.gradient, terms.hessian, np.full(1, 0 if known.state is None else known.state[0] + 1)
        )

    X, y = table((40, 20))
    loss = Loss(noting, told={"groups": np.arange(60) % 7, "cost": 1 - np.eye(2)})
    weight = np.arange(60.0) + 1
    BoostedTrees(n_estimators=4, loss=loss).fit(X, y, weight)
    rounds = seen[-4:]
    assert [(known.step, known.progress) for known in rounds] == [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)]
    assert [None if known.state is None else known.state[0] for known in rounds] == [None, 0, 1, 2]
    assert rounds[0].weight.mean() == pytest.approx(1) and rounds[0].groups.tolist() == (np.arange(60) % 7).tolist()
    np.testing.assert_allclose(rounds[0].counts[:, 0], np.bincount(y, weight))
    LinearModel(loss=loss).fit(X, y, weight)
    assert {known.progress for known in seen[-5:]} == {1.0} and all(known.state is None for known in seen[-5:])
    assert rounds[0].cost is seen[-1].cost


def test_second_derivatives_are_never_negative_and_never_too_small():
    codes = np.repeat([0, 1, 2], 50)
    scores = np.random.default_rng(0).normal(size=(150, 3), scale=6)
    asked = Asked(Loss(bounded), codes, None, 1)
    gradient, bend = asked(np.asfortranarray(scores), None)
    plain = ScoredRows(Loss(bounded), codes, None, np.float64).terms(scores.T)
    assert (plain.hessian < -0.01).any()
    assert (bend >= np.abs(gradient) / LONGEST - 1e-7).all()
    np.testing.assert_allclose(gradient, plain.gradient.T, atol=1e-6)
    open_ = np.abs(plain.hessian) * 1.5 > np.abs(plain.gradient) / LONGEST + 1e-6
    np.testing.assert_allclose(bend[open_.T], 1.5 * np.abs(plain.hessian.T)[open_.T], atol=1e-6)


def test_rows_that_are_picked_by_hardness_are_told_apart_by_a_first_tree():
    """At equal scores the hardest rows are all of one class: every leaf would step alike, and nothing could be split."""

    def hardest(scores, own, known):
        plain = cross_entropy(scores, own)
        kept = 3 * own[((own * plain.value).sum(axis=1) / own.sum(axis=1)).argmax()]
        return Terms(plain.value * kept, plain.gradient * kept, plain.hessian * kept)

    X, y = table((800, 150, 50))
    trained = BoostedTrees(n_estimators=10, loss=Loss(hardest)).fit(X, y)
    assert (trained.raw_scores(X).std(axis=0) > 0.03).all()
    assert trained.predict_proba(X)[y == 2, 2].mean() > trained.predict_proba(X)[y == 0, 2].mean() + 0.01


@EACH
@pytest.mark.parametrize("terms", [bounded, weighted, cross_entropy], ids=lambda terms: terms.__name__)
def test_odd_tables_are_survived(learner, terms):
    """One row of a class, thirty classes, wrong labels among certain rows, a single class, weights of zero."""
    trained = make(learner).set_params(loss=Loss(terms), **({"n_estimators": 20} if learner == "boosted" else {}))
    X, y = table((150, 40))
    wrong = pd.DataFrame({"a": np.r_[np.zeros(150), np.ones(40)]})
    y_wrong = y.copy()
    y_wrong[:3], y_wrong[-2:] = 1, 0
    lonely = np.where(np.arange(len(y)) == 7, 2, y)
    half = (np.arange(len(y)) % 2).astype(float)
    thirty = pd.DataFrame({"a": np.arange(40.0)}), np.arange(40) % 30
    cases = [
        (X, lonely, None),
        (*thirty, None),
        (wrong, y_wrong, None),
        (X, y, half),
        (X, y, np.where(y == 1, 0.0, 1.0)),
    ]
    for frame, codes, weight in cases:
        fitted = clone(trained).fit(frame, codes, weight)
        proba = fitted.predict_proba(frame)
        assert np.isfinite(proba).all() and proba.sum(axis=1) == pytest.approx(np.ones(len(codes)))
        raw = (
            fitted.raw_scores(frame) if learner == "boosted" else fitted.model_.decision_function(fitted.encode(frame))
        )
        assert np.abs(raw).max() < (100 if learner == "boosted" else 1000)
    assert trained.fit(X, np.zeros(len(X))).predict_proba(X).tolist() == [[1.0]] * len(X)


def test_the_descent_ends_where_the_gradient_is_nothing():
    X, y = table((200, 70, 30))
    Z = X.to_numpy()
    found = descended(np.zeros((5, 3)), Z, y, Loss(weighted), weight=None, penalty=2.0, max_iter=500)

    def total(flat):
        terms = ScoredRows(Loss(weighted), y, None, np.float64).terms((Z @ flat.reshape(5, 3)[:-1] + flat[-3:]).T)
        return terms.value.sum() + (flat[:-3] ** 2).sum()

    np.testing.assert_allclose(approx_fprime(found.ravel(), total, 1e-6), 0, atol=1e-2)
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-9)
    assert total(found.ravel()) < total(found.ravel() * 1.01) and total(found.ravel()) < total(found.ravel() * 0.99)


def test_without_a_loss_the_learners_are_the_libraries_own():
    X, y = table()
    boosted, linear = make("boosted").fit(X, y), make("linear").fit(X, y)
    np.testing.assert_array_equal(boosted.predict_proba(X), boosted.model_.predict_proba(boosted.encode(X)))
    np.testing.assert_array_equal(linear.predict_proba(X), linear.model_.predict_proba(linear.encode(X)))
    np.testing.assert_allclose(expit(boosted.raw_scores(X)[:, 0]), boosted.predict_proba(X)[:, 1])


def test_falling_order_in_two_passes_is_that_of_a_stable_sort():
    rng = np.random.default_rng(0)
    values = np.abs(rng.normal(size=(2, 3, 500))).astype(np.float32) ** 8
    values[..., ::3] = values[..., :1]
    values[0, 0, :9] = [0, -0.0, 1, 1e-30, 1e-45, 3e38, 0, 1, 0.5]
    for odd in (values, values[..., ::-1], np.asfortranarray(values)):
        np.testing.assert_array_equal(falling(odd), np.argsort(-odd, axis=-1, kind="stable"))


@pytest.mark.parametrize(("recipe", "words"), [("focal", "carries its scores back"), ("focal:calibrated=False", "")])
def test_a_score_that_is_carried_back_is_not_taken_for_a_probability(recipe, words):
    study = Study(planted("overlap", class_sizes=(190, 20)), learner="linear", recipe=Recipe.parse(recipe))
    texts = " ".join(finding.text for finding in engine.run("shapley_values", study).findings)
    assert (words in texts) and (bool(words) or "carries its scores back" not in texts)
    assert not words or "moves the level of all probabilities" not in texts
