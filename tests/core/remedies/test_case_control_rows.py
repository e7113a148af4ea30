"""Case-control sampling: natural probabilities from few common rows, by weights or by the intercept."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from core import learners
from core.learners.contributions import innermost
from core.learners.rows import Rows
from core.recipe import Recipe

BETA = np.array([1.0, -0.7, 0.5])


def logistic(n, constant, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = (rng.random(n) < 1 / (1 + np.exp(-(X @ BETA + constant)))).astype(int)
    return pd.DataFrame(X, columns=list("abc")), y


def remedy(classifier, seed=0, extra=(), **parameters):
    return Recipe.of("case_control", *extra, case_control=parameters).apply(classifier, random_state=seed)


def unpenalised():
    return LogisticRegression(C=np.inf, solver="newton-cholesky")


def test_intercept_and_weights_reproduce_the_published_pattern():
    """The intercept is off by log(n0 / (J n1)); slopes come closer to those of all rows with more controls; with one
    control, weights cost precision. With 20 they do not: measured over 20 draws of 3 tables, their errors were 0.8 to 1.0 times as large."""
    X, y = logistic(40_000, -5.5)
    whole, n1 = unpenalised().fit(X, y), int(y.sum())
    errors = {}
    for J in (1, 5, 20):
        for correct in ("intercept", "weights"):
            runs = [remedy(unpenalised(), seed, controls=J, correct=correct).fit(X, y) for seed in range(6)]
            slopes = np.array([innermost(run).coef_[0] for run in runs])
            moved = np.mean([innermost(run).intercept_[0] for run in runs]) - whole.intercept_[0]
            errors[J, correct] = np.sqrt(np.mean((slopes - whole.coef_[0]) ** 2))
            expected = np.log((len(y) - n1) / (J * n1)) if correct == "intercept" else 0.0
            assert moved == pytest.approx(expected, abs=0.15 if J == 1 else 0.05)
            assert runs[0].n_samples_fit_ == (J + 1) * n1
            share = np.mean([run.predict_proba(X)[:, 1].mean() for run in runs])
            assert share == pytest.approx(y.mean(), rel=0.12 if J == 1 else 0.05)
    for correct in ("intercept", "weights"):
        assert errors[1, correct] > errors[5, correct] > errors[20, correct]
    assert 1.15 * errors[1, "intercept"] < errors[1, "weights"]


def test_rows_of_all_classes_add_up_and_classes_that_are_small_stay_whole():
    X, _ = logistic(1000, -3)
    y = np.repeat([0, 1, 2], [900, 80, 20])
    for drawn in ("once", "repeatedly"):
        fitted = remedy(learners.make("linear"), controls=5, drawn=drawn).fit(X, y)
        kept = fitted.sampler_.sample_indices_
        assert np.bincount(y[kept]).tolist() == [100, 80, 20]
        assert np.isin(np.arange(900, 1000), kept).all()
        assert (len(set(kept)) == 200) == (drawn == "once")
        np.testing.assert_allclose(np.bincount(y[kept], fitted.represents_), [900, 80, 20])
        np.testing.assert_allclose(fitted.predict_proba(X).mean(axis=0), [0.9, 0.08, 0.02], atol=0.015)


@pytest.mark.parametrize("correct", ["intercept", "weights"])
def test_a_working_sample_speaks_of_the_whole_table(correct):
    """3,000 of 60,000 rows: of those without the event one in 21, as a study has them."""
    X, y = logistic(60_000, -5)
    rng = np.random.default_rng(1)
    rows = np.sort(np.r_[np.flatnonzero(y == 1), rng.choice(np.flatnonzero(y == 0), 3000, replace=False)])
    represents = np.where(y[rows] == 1, 1.0, np.sum(y == 0) / 3000)
    from core.learners.wrapping import PriorCorrected

    fitted = remedy(PriorCorrected(learners.make("linear")), controls=3, correct=correct)
    fitted.fit(X.iloc[rows], y[rows], Rows(represents=represents))
    assert fitted.represents_.sum() == pytest.approx(60_000)
    assert fitted.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.08)


@pytest.mark.parametrize("correct", ["intercept", "weights"])
def test_class_weights_mean_what_they_mean_on_all_rows(correct):
    """Weights that make the classes equal bring the mean probability near a half, whichever rows were left out."""
    X, y = logistic(20_000, -4)
    whole = Recipe.of("class_weights").apply(learners.make("linear")).fit(X, y).predict_proba(X)[:, 1].mean()
    part = remedy(learners.make("linear"), extra=("class_weights",), correct=correct).fit(X, y)
    assert part.predict_proba(X)[:, 1].mean() == pytest.approx(whole, abs=0.03)
