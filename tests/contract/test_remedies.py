"""What every remedy keeps: unfitted in, unfitted out; fitted only on training rows; probabilities that add up."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from core import learners
from core.params import CONTEXT
from core.recipe import STAGES, Recipe
from core.registry import method, methods
from core.study import Study
from core.synthetic import planted

REMEDIES = methods("remedy")
EACH = pytest.mark.parametrize(
    "remedy", [pytest.param(remedy, id=remedy.slug, marks=pytest.mark.xdist_group(remedy.slug)) for remedy in REMEDIES]
)
SERVED = pytest.mark.parametrize(
    ("remedy", "learner"),
    [
        pytest.param(remedy, learner, id=f"{remedy.slug}-{learner}", marks=pytest.mark.xdist_group(remedy.slug))
        for remedy in REMEDIES
        for learner in learners.LEARNERS
        if remedy.serves(learner)
    ],
)


def learner_of(*remedies, first="boosted"):
    """A learner that all of some remedies are for: the first one if it can be."""
    names = sorted(learners.LEARNERS, key=lambda name: name != first)
    return next(name for name in names if all(remedy.serves(name) for remedy in remedies))


def quick(name):
    """The same learner, trained for a short while: for what does not depend on how well it learns."""
    return learners.make(name).set_params(**{"boosted": {"n_estimators": 8}, "neural": {"n_epochs": 6}}.get(name, {}))


class Spy(ClassifierMixin, BaseEstimator):
    """Notes the row numbers (column "row") that it was fitted on; predicts shares of the classes, however it is told to learn."""

    seen: list = []  # noqa: RUF012

    def __init__(self, loss=None, batches=None, optimiser=None):
        self.loss, self.batches, self.optimiser = loss, batches, optimiser

    def fit(self, X, y, sample_weight=None):
        Spy.seen.append(set(X["row"].round().astype(int)))
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_, self.n_features_in_ = counts / counts.sum(), X.shape[1]
        return self

    def predict_proba(self, X):
        tilt = 0.05 * np.tanh(X["row"].to_numpy(dtype=float)[:, None] % 7 / 7) * (np.arange(len(self.classes_)) == 0)
        proba = self.shares_ + tilt
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@cache
def mixed_table():
    """A table with numbers, text and gaps, three classes."""
    dataset = planted("overlap", class_sizes=(160, 50, 14))
    rng = np.random.default_rng(1)
    X = dataset.X.copy()
    X["place"] = pd.Categorical(np.array(["here", "there", "nowhere"])[rng.integers(0, 3, len(X))])
    X.loc[rng.random(len(X)) < 0.2, "measure 1"] = np.nan
    X["visits"] = rng.integers(0, 9, len(X)).astype(float)
    return X, Study(dataset).codes


@pytest.fixture
def mixed():
    """A table of one's own with numbers, text and gaps, three classes."""
    X, y = mixed_table()
    return X.copy(), y.copy()


def made(remedy, classifier, **few):
    """The remedy with its defaults, as a study would apply it."""
    return Recipe.of(remedy.slug, **{remedy.slug: few}).apply(classifier, random_state=0, positive=1, miss_cost=5.0)


def members(remedy, learner):
    """An ensemble has as many members as it has by default around one of its learners, and few around the others."""
    return {"n_members": 3} if remedy.group == "ensembles" and learner != learner_of(remedy) else {}


@dataclass(frozen=True, eq=False)
class Fit:
    """What went into a fit on the mixed table, which several tests look at, and what came out."""

    inner: object
    wrapped: object
    parameters: str
    X: pd.DataFrame
    y: np.ndarray
    fitted: object
    proba: np.ndarray
    labels: np.ndarray


@cache
def fit_of(remedy, learner):
    """Wrap a learner, fit a clone and let it predict, once for all tests of a remedy."""
    X, y = (part.copy() for part in mixed_table())
    inner = learners.make(learner)
    wrapped = made(remedy, inner, **members(remedy, learner))
    parameters = repr(wrapped.get_params())
    fitted = clone(wrapped).fit(X, y)
    return Fit(inner, wrapped, parameters, X, y, fitted, fitted.predict_proba(X), fitted.predict(X))


@EACH
def test_it_is_described(remedy):
    assert remedy.group in STAGES
    assert remedy.title and remedy.question.endswith("?") and remedy.why and remedy.what_to_do and remedy.reference
    assert all(parameter.help and (parameter.constraint or parameter.kind is bool) for parameter in remedy.params)
    assert not {parameter.name for parameter in remedy.params} & set(CONTEXT)


@EACH
def test_unfitted_in_unfitted_out(remedy):
    fit = fit_of(remedy, learner_of(remedy))
    assert repr(fit.wrapped.get_params()) == fit.parameters
    assert not hasattr(fit.wrapped, "classes_") and not hasattr(fit.inner, "classes_")
    assert list(fit.fitted.classes_) == [0, 1, 2]


@SERVED
def test_probabilities_add_up_and_repeat(remedy, learner, mixed):
    X, y = mixed
    first = fit_of(remedy, learner).proba
    again = made(remedy, learners.make(learner), **members(remedy, learner)).fit(X, y).predict_proba(X)
    assert first.shape == (len(y), 3)
    assert np.allclose(first.sum(axis=1), 1) and (first >= 0).all()
    assert np.array_equal(first, again)


@EACH
def test_the_table_is_not_changed(remedy, mixed):
    X, y = mixed
    fit = fit_of(remedy, learner_of(remedy))
    assert len(fit.labels) == len(y)
    pd.testing.assert_frame_equal(fit.X, X)
    assert np.array_equal(fit.y, y)


@EACH
def test_no_validation_row_is_seen(remedy):
    """Nothing that is fitted, inner folds included, sees a row of the test fold; synthetic rows stay between training rows."""
    rows = np.arange(120)
    X, y = pd.DataFrame({"row": rows.astype(float), "x": rows % 7.0}), (rows % 6 == 0).astype(int)
    train, test = rows[:90], rows[90:]
    Spy.seen.clear()
    made(remedy, Spy()).fit(X.iloc[train], y[train]).predict(X.iloc[test])
    assert Spy.seen and all(max(seen) < 90 for seen in Spy.seen)


@EACH
def test_it_composes_with_one_of_every_other_stage(remedy, mixed):
    X, y = mixed
    learner = learner_of(remedy)
    partners = {r.group: r.slug for r in REMEDIES if r.group != remedy.group and r.serves(learner)}
    few = {slug: {"n_members": 2} for slug in (remedy.slug, *partners.values()) if method(slug).group == "ensembles"}
    recipe = Recipe.of(remedy.slug, *partners.values(), **few)
    assert [recipe.stage(stage) is not None for stage in partners] == [True] * len(partners)
    wrapped = recipe.apply(quick(learner), random_state=0, positive=1, miss_cost=5.0)
    learned, other = np.arange(len(y)) % 2 == 0, np.arange(len(y)) % 2 == 1
    proba = wrapped.fit(X[learned], y[learned]).predict_proba(X[other])
    assert proba.shape == (other.sum(), 3) and np.allclose(proba.sum(axis=1), 1)


@EACH
def test_tiny_classes_and_single_rows(remedy):
    """A class of one row and one of two: an answer, not an error."""
    dataset = planted("clean", class_sizes=(40, 2, 1))
    study = Study(dataset)
    fitted = made(remedy, learners.make(learner_of(remedy, first="linear"))).fit(dataset.X, study.codes)
    proba = fitted.predict_proba(dataset.X)
    assert np.allclose(proba.sum(axis=1), 1) and np.isfinite(proba).all()
