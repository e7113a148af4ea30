"""A working sample speaks of the whole table: fits, thresholds, scores and counts agree with those of all rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import StratifiedKFold

from core import learners
from core.dataset import Dataset
from core.diagnostics.leakage.target_leakage import target_leakage
from core.diagnostics.model.evidence import evidence
from core.diagnostics.model.hidden_class import hidden_class
from core.evaluation.compare import evaluate
from core.evaluation.scoring import AT_OWN, calibration, score_fold
from core.explanation import view_of
from core.judge import weighted_count_interval
from core.learners.contributions import innermost, prior_shift
from core.learners.cross_fitting import inner_folds
from core.learners.rows import Rows
from core.learners.wrapping import fit_on
from core.ledger.case import Case
from core.numerics.case_control import at_shares, draw, sampling_plan
from core.numerics.decisions import CRITERIA, best_threshold, confusion
from core.numerics.ranking import average_precision, bootstrap_average_precision, permuted_average_precision
from core.numerics.saturation import recall_at_prevalence
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted


def sampled(whole, size, seed=0):
    """A working sample of a dataset."""
    codes = Study(whole).codes
    rows, represents = draw(codes, sampling_plan(np.bincount(codes), size), seed)
    X, y = (part.iloc[rows].reset_index(drop=True) for part in (whole.X, whole.y))
    return replace(whole, X=X, y=y, represents=represents, groups=pd.DataFrame(), fingerprint=f"sample {size}")


def named(X, rare):
    return Dataset.from_frame(pd.DataFrame(X, columns=[f"m{j}" for j in range(X.shape[1])]).assign(y=rare), "y")


@pytest.fixture(scope="module")
def million():
    """1,000,000 rows, 1 in 100 rare by a logistic law, and what all of them say."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000_000, 4))
    rare = rng.random(len(X)) < 1 / (1 + np.exp(-(X @ [1.5, -1.0, 0.5, 0.0] - 6.3)))
    rows, line = np.column_stack([X, np.ones(len(X))]), np.array([1.0, -1.0, 0, 0, -5.5])
    for _ in range(6):  # Newton's steps of the logistic regression
        p = 1 / (1 + np.exp(-(rows @ line)))
        line = line + np.linalg.solve(rows.T @ (rows * (p * (1 - p))[:, None]), rows.T @ (rare - p))
    return X, rare, line, p


@pytest.fixture(scope="module")
def study(million):
    """The working sample of 20,000 of them."""
    X, rare = million[:2]
    rows, represents = draw(rare.astype(int), sampling_plan(np.bincount(rare), 20_000), 1)
    dataset = named(X[rows], np.where(rare[rows], "rare", "common"))
    return Study(replace(dataset, represents=represents), learner="linear", n_repeats=1)


def test_the_sample_knows_the_table(million, study):
    n_rare = million[1].sum()
    assert study.classes == ("common", "rare")
    assert study.positive == "rare"
    assert study.class_sizes.tolist() == [20_000 - n_rare, n_rare]
    assert study.table_sizes.tolist() == [1_000_000 - n_rare, n_rare]
    assert study.class_shares[1] == million[1].mean()
    assert study.dataset.imbalance_ratio == pytest.approx((1_000_000 - n_rare) / n_rare)


def test_slopes_and_intercept_of_a_million_rows(million, study):
    """Each coefficient lies within the interval that the sample states for it: its model's own information, five read together."""
    fitted = study.fitted(None, np.arange(len(study.codes)))
    learner = innermost(fitted)
    unit, middle = learner.encoder_.unit, learner.encoder_.middle
    slopes = learner.model_.coef_[0] / unit
    ours = np.append(slopes, learner.model_.intercept_[0] - slopes @ middle + prior_shift(fitted)[1])
    rows = np.column_stack([study.dataset.X.to_numpy(), np.ones(len(study.codes))])
    p = learner.predict_proba(study.dataset.X)[:, 1]
    error = np.sqrt(np.diag(np.linalg.inv(rows.T @ (rows * (p * (1 - p))[:, None]))))
    assert (np.abs(ours - million[2]) < 2.576 * error).all()
    assert error.max() < 0.031
    assert prior_shift(fitted)[1] == pytest.approx(-np.log(study.standing[0]))


def test_scores_of_a_million_rows(million, study):
    """Every score of all rows lies within the interval of the sample's folds."""
    _, rare, _, p = million
    cut = best_threshold(p, rare, "F1")
    taken, share = p >= cut, rare.mean()
    truth = {
        "average precision": average_precision(p, rare),
        "Brier score": np.mean((p - rare) ** 2),
        "log loss": -np.mean(np.log(np.where(rare, p, 1 - p))),
        "recall": (taken & rare).sum() / rare.sum(),
        "precision": (taken & rare).sum() / taken.sum(),
        "observed over expected": 1.0,
        "calibration slope": 1.0,
    }
    result = evaluate(study, [])
    scores = result.tables["scores"].query("cut in ('', @AT_OWN)").set_index("metric")
    for name, value in truth.items():
        assert scores.loc[name, "low"] <= value <= scores.loc[name, "high"], name
    assert scores.loc["average precision", "value"] == pytest.approx(truth["average precision"], rel=0.2)
    evidence = result.tables["evidence"].set_index("measure")["value"]
    assert evidence["prevalence (average precision of a random ranking)"] == pytest.approx(share)
    assert evidence["other rows in the whole table"] == (~rare).sum()
    mean = np.average(study.out_of_fold()[:, 1], weights=study.represents)
    assert mean == pytest.approx(p.mean(), rel=0.03)
    assert any(f"{rare.sum():,} of 1,000,000 rows" in finding.text for finding in result.findings)


RECIPES = ("", "class_weights", "class_weights:power=0.5", "random_oversampling", "random_oversampling:balance=0.3")
RECIPES += ("random_undersampling", "random_undersampling:balance=0.5", "smote", "smote:balance=0.3")


@pytest.mark.parametrize("text", RECIPES)
def test_a_recipe_reaches_the_prior_that_it_reaches_on_all_rows(text, large):
    """Mean probability and mean log-odds on fresh rows, of the linear learner."""
    whole, sample, fresh = large
    odds = {}
    for name, study in {"all": whole, "sample": sample}.items():
        proba = study.fitted(Recipe.parse(text), np.arange(len(study.codes))).predict_proba(fresh)[:, 1]
        odds[name] = np.mean(np.log(proba / (1 - proba))), proba.mean()
    assert odds["sample"][0] == pytest.approx(odds["all"][0], abs=0.2)
    assert odds["sample"][1] == pytest.approx(odds["all"][1], rel=0.1)


@pytest.fixture(scope="module")
def large():
    """30,000 rows, 2 in 100 rare, a working sample of 4,000, and fresh rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(33_000, 3))
    rare = rng.random(len(X)) < 1 / (1 + np.exp(-(X @ [1.2, -0.8, 0.4] - 5.0)))
    whole = named(X[:30_000], np.where(rare[:30_000], "rare", "common"))
    fresh = pd.DataFrame(X[30_000:], columns=whole.X.columns)
    return Study(whole, learner="linear"), Study(sampled(whole, 4_000), learner="linear"), fresh


def test_weights_are_rows():
    """Whole-number weights give what the rows repeated so often give."""
    rng = np.random.default_rng(0)
    codes, times = rng.integers(0, 3, 240), rng.integers(1, 6, 240)
    proba = np.round(rng.dirichlet([1, 1, 1], 240) + 0.2 * np.eye(3)[codes], 2)
    proba /= proba.sum(axis=1, keepdims=True)
    score, own, weight = proba[:, 1], codes == 1, times.astype(float)
    many = [np.repeat(values, times, axis=0) for values in (score, own, codes, proba.argmax(axis=1))]
    assert average_precision(score, own, weight) == pytest.approx(average_precision(*many[:2]), abs=1e-12)
    assert recall_at_prevalence(score, own, weight) == pytest.approx(recall_at_prevalence(*many[:2]), abs=1e-12)
    assert np.array_equal(confusion(codes, proba.argmax(axis=1), 3, weight), confusion(many[2], many[3], 3))
    for criterion in CRITERIA:
        assert best_threshold(score, own, criterion, 3.0, weight) == best_threshold(*many[:2], criterion, 3.0)
    for name, value in calibration(score, own, weight).items():
        assert value == pytest.approx(calibration(*many[:2])[name], abs=1e-5)
    one = np.ones(240)
    for draws in (bootstrap_average_precision, permuted_average_precision):
        plain, weighted = (draws(score, own, 20, np.random.default_rng(1), given) for given in (None, one))
        assert np.array_equal(plain, weighted)


@pytest.mark.parametrize("learner", learners.LEARNERS)
def test_scores_of_a_fold_are_those_of_the_rows_it_stands_for(learner):
    """A test fold weighted by whole numbers scores as the same rows written out."""
    study = Study(replace(planted("overlap", class_sizes=(300, 60)), represents=np.repeat(3.0, 360)), learner=learner)
    plain = Study(planted("overlap", class_sizes=(300, 60)), learner=learner)
    ours, theirs = (score_fold(one, Recipe(), 0) for one in (study, plain))
    assert ours.matrices[AT_OWN].tolist() == (3 * theirs.matrices[AT_OWN]).tolist()
    for key, value in theirs.scores.items():
        assert ours.scores[key] == pytest.approx(value, rel=1e-4), key


class Spy(ClassifierMixin, BaseEstimator):
    """Notes the groups and times that it learns from and those that it is asked about; columns "group" and "time"."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None):
        self.learned_, self.classes_, self.n_features_in_ = X[["group", "time"]], np.unique(y), X.shape[1]
        return self

    def predict_proba(self, X):
        Spy.seen.append((self.learned_, X[["group", "time"]]))
        p = 1 / (1 + np.exp(-X["x"].to_numpy()))
        return np.column_stack([1 - p, p])


@pytest.mark.parametrize("text", ["tuned_threshold", "calibrated_probabilities", "smote+calibrated_probabilities"])
@pytest.mark.parametrize("kind", ["group", "time"])
def test_inner_folds_keep_groups_whole_and_time_in_order(text, kind):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=180), "group": np.arange(180.0) % 23, "time": rng.permutation(180) + 0.0})
    y = (rng.random(180) < 0.3).astype(int)
    known = {"groups": X["group"].to_numpy(dtype=int)} if kind == "group" else {"order": X["time"].to_numpy()}
    if "smote" in text:
        X = X.assign(
            group=X["group"].astype(int).astype(str).astype("category")
        )  # synthetic rows take a level that is there
    Spy.seen.clear()
    wrapped = Recipe.parse(text).apply(Spy(), random_state=0, positive=1)
    fit_on(wrapped, X, y, Rows(**known))
    assert len(Spy.seen) == 3
    for learned, asked in Spy.seen:
        if kind == "group":
            assert not set(learned["group"]) & set(asked["group"])
        else:
            assert learned["time"].max() < asked["time"].min()
    fresh = wrapped.predict_proba(X) if kind == "group" else wrapped.predict_proba(X.head(0))
    assert np.isfinite(fresh).all()


def test_inner_folds_without_groups_are_those_they_were():
    y = np.random.default_rng(0).integers(0, 3, 100)
    expected = StratifiedKFold(3, shuffle=True, random_state=7).split(np.zeros(100), y)
    for ours, theirs in zip(inner_folds(y, 7), expected, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(ours, theirs, strict=True))
    assert inner_folds(y, 7, Rows(groups=np.zeros(100, dtype=int))) == ()


def test_two_groups_are_two_inner_folds_and_one_group_leaves_the_threshold_at_half():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"x": rng.normal(size=60)}), rng.integers(0, 2, 60)
    assert len(inner_folds(y, 0, Rows(groups=np.arange(60) % 2))) == 2
    wrapped = Recipe.parse("calibrated_probabilities+tuned_threshold").apply(learners.make("linear"), random_state=0)
    alone = fit_on(clone(wrapped), X, y, Rows(groups=np.zeros(60, dtype=int)))
    assert alone.threshold_ == 0.5
    assert np.array_equal(alone.predict_proba(X), learners.make("linear").fit(X, y).predict_proba(X))


def test_counts_and_shares_are_those_of_the_whole_table(large):
    """As many false alarms, the same prevalence, the same averages, and explanations from the same base."""
    studies = large[:2]
    every, some = (Case(study) for study in studies)
    for count, (low, high) in zip(every.alarms, some.alarm_limits, strict=True):
        assert low <= count <= high
    assert every.alarm_limits == tuple((count, count) for count in every.alarms)
    shares, averages, bases = zip(*map(_told, studies), strict=True)
    assert shares[1] == shares[0] == every.of_class.mean()
    assert averages[1] == pytest.approx(averages[0], abs=0.01)
    assert bases[1] == pytest.approx(bases[0], abs=0.2)  # 1.3 without the correction


def _told(study):
    """The prevalence, the accuracy and the base value that the checks tell."""
    share = evidence(study, n_draws=1).tables["average_precision"]["prevalence"].iloc[0]
    base = view_of(study, study.positive, 0, 200).explained["baseline"].base[:, 1]
    return share, hidden_class(study).tables["averages"]["value"].iloc[0], np.nanmean(base)


def test_a_strong_column_is_no_leak_because_common_rows_were_left_out():
    """A mark of 97 % of the rare rows and of 2 % of the others: one marked row in 3 is rare in the table, 49 in 50 in the sample."""
    rng = np.random.default_rng(0)
    rare = np.arange(20_000) < 200
    mark = np.where(rng.random(20_000) < np.where(rare, 0.97, 0.02), "yes", "no")
    whole = Dataset.from_frame(pd.DataFrame({"mark": mark, "y": np.where(rare, "rare", "common")}), "y")
    sample = sampled(whole, 400)
    studies = [Study(data) for data in (whole, sample, replace(sample, represents=None))]
    verdicts = [target_leakage(study).tables["columns"]["verdict"].iloc[0] for study in studies]
    assert verdicts == ["", "", "decides the class"]


def test_limits_of_a_number_of_rows_hold_as_often_as_they_say():
    """Rows drawn with the rate 1 / 20: 30 and 400 rows lie within the limits in at least 95 of 100 draws, and not in all."""
    rng = np.random.default_rng(0)
    for n in (30, 400):
        drawn = rng.binomial(n, 1 / 20, 400)
        limits = {k: weighted_count_interval(np.repeat(20.0, k), 20.0) for k in np.unique(drawn)}
        held = np.mean([limits[k][0] <= n <= limits[k][1] for k in drawn])
        assert 0.95 <= held < 1
    assert weighted_count_interval(np.empty(0), 20.0) == (0, pytest.approx(-20 * np.log(0.025)))
    assert weighted_count_interval(np.ones(7), 1.0) == (7, 7)


def test_probabilities_at_other_shares_are_those_of_the_intercept():
    rng = np.random.default_rng(0)
    score = rng.normal(size=(50, 3))
    proba = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    moved = np.exp(score + np.log([3.0, 1.0, 0.2]))
    np.testing.assert_allclose(at_shares(proba, np.array([3.0, 1.0, 0.2])), moved / moved.sum(axis=1, keepdims=True))
