"""The learners on real tables: gaps, text, unseen levels, extreme cells; and no look at rows that are held back."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from core import learners
from core.errors import UserError
from core.learners.encoding import LARGEST, distance_matrix_input, one_hot, robust_units, scaled
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

EACH = pytest.mark.parametrize("name", learners.LEARNERS)
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def table():
    """Numbers with gaps and extremes, text with a rare level, an empty and a constant column."""
    n = 240
    y = (RNG.random(n) < 0.25).astype(int)
    frame = pd.DataFrame(
        {"a": RNG.normal(size=n) + 2 * y, "b": RNG.normal(size=n), "whole": RNG.integers(0, 3, n).astype(float)}
    )
    frame.loc[::5, "b"] = np.nan
    frame.loc[3, "a"], frame.loc[4, "a"] = 1e200, -1e200
    frame["empty"], frame["constant"] = np.nan, 1.0
    frame["word"] = pd.Categorical(RNG.choice(["x", "y", "z"], n, p=[0.6, 0.35, 0.05]))
    frame["no word"] = pd.Categorical([np.nan] * n, categories=[])
    return frame, y


@EACH
def test_any_table_is_learned(name, table):
    X, y = table
    fitted = learners.make(name).fit(X, y)
    proba = fitted.predict_proba(X)
    assert np.isfinite(proba).all()
    assert np.allclose(proba.sum(axis=1), 1)
    assert (fitted.predict(X) == y).mean() > 0.8


@EACH
def test_a_level_that_was_not_seen_counts_as_unknown(name, table):
    X, y = table
    fitted = learners.make(name).fit(X, y)
    later = X.head(4).copy()
    later["word"] = pd.Categorical(["new", "x", None, "z"])
    assert np.isfinite(fitted.predict_proba(later)).all()


@EACH
def test_levels_in_another_order_mean_the_same(name, table):
    X, y = table
    fitted = learners.make(name).fit(X, y)
    turned = X.assign(word=X["word"].cat.reorder_categories(["z", "y", "x"]))
    assert np.array_equal(fitted.predict_proba(turned), fitted.predict_proba(X))


@EACH
def test_several_classes_with_a_single_row(name):
    dataset = planted("clean", class_sizes=(60, 20, 1))
    study = Study(dataset, learner=name)
    proba = study.out_of_fold()
    assert proba.shape == (81, 3)
    assert np.allclose(proba.sum(axis=1), 1)


@EACH
def test_odd_column_names_do_not_matter(name, table):
    X, y = table
    odd = X.set_axis(['{"a": [1,2]}', "b" * 5000, "", "<b>", "x\ny", "word", "no word"], axis=1)
    assert np.array_equal(
        learners.make(name).fit(odd, y).predict_proba(odd), learners.make(name).fit(X, y).predict_proba(X)
    )


@EACH
def test_clone_and_parameters(name):
    learner = learners.make(name, random_state=7)
    assert clone(learner).get_params() == learner.get_params()
    assert learner.get_params()["random_state"] == 7


def test_an_unknown_learner_is_named():
    with pytest.raises(UserError, match="'forest'"):
        learners.make("forest")


@EACH
@pytest.mark.parametrize("recipe", ["", "smote+calibrated_probabilities+tuned_threshold"])
def test_nothing_that_is_fitted_sees_a_held_back_row(name, recipe, table):
    """Held-back rows are spoiled, all but the first: encoder, scaler, imputer, sampler, calibrator and threshold stay as they were."""
    X, y = table
    train, test = np.arange(180), np.arange(180, 240)
    spoiled = X.copy()
    spoiled.loc[181:, ["a", "b", "whole"]] = 1e9
    spoiled.loc[181:, "word"] = "z"
    wrapped = Recipe.parse(recipe).apply(learners.make(name), random_state=0, positive=1)
    first = wrapped.fit(X.iloc[train], y[train])
    again = clone(wrapped).fit(spoiled.iloc[train], y[train])
    assert np.array_equal(first.predict_proba(X.iloc[test[:1]]), again.predict_proba(spoiled.iloc[test[:1]]))
    scored = again.predict_proba(spoiled.iloc[test])[:1]
    assert np.allclose(scored, first.predict_proba(X.iloc[test])[:1], rtol=1e-12)


@EACH
def test_one_thread_or_two_give_the_same_numbers(name):
    dataset = planted("overlap", class_sizes=(300, 60))
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            results.append(Study(dataset, learner=name).out_of_fold(Recipe.of("smote")))
    assert np.array_equal(*results)


def test_scaling_is_robust_and_keeps_gaps():
    values = np.column_stack([[0.0, 1, 2, 3, 1e9], [np.nan, 5, 5, 5, 5], [np.nan] * 5, [0, 0, 0, 0, 7.0]])
    units = scaled(values, *robust_units(values))
    assert units[:, 0].tolist() == [-1, -0.5, 0, 0.5, LARGEST]
    assert np.isnan(units[0, 1])
    assert (units[1:, 1] == 0).all()
    assert np.isnan(units[:, 2]).all()
    assert units[4, 3] > 0
    largest = np.array([-1.79e308, -1.79e308, 0, 1.79e308, 1.79e308])[:, None]
    assert np.isfinite(scaled(largest, *robust_units(largest))).all()


def test_two_different_levels_lie_at_distance_one():
    X = pd.DataFrame({"w": pd.Categorical(["x", "y", None, "x"])})
    Z = one_hot(X)
    distance = np.linalg.norm(Z[:, None] - Z[None], axis=2)
    assert np.allclose(distance, [[0, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0]])


def test_distances_ignore_the_unit_of_a_column():
    X = pd.DataFrame({"m": RNG.normal(size=50), "n": RNG.normal(size=50)})
    assert np.allclose(distance_matrix_input(X), distance_matrix_input(X.assign(m=1000 * X["m"])))


@EACH
def test_classes_of_hardly_two_rows_each_are_learned_without_a_word(name):
    X, codes = pd.DataFrame({"a": np.arange(40.0)}), np.arange(40) % 30
    proba = learners.make(name, 0).fit(X, codes).predict_proba(X)
    assert proba.shape == (40, 30) and proba.sum(axis=1) == pytest.approx(np.ones(40))
