"""Under-sampling ensembles: what members are given, which rows leave, and what the vote says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from imblearn.ensemble import BalancedBaggingClassifier, EasyEnsembleClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.tree import DecisionTreeClassifier

from core import learners
from core.dataset import Dataset
from core.errors import NotApplicable
from core.learners.contributions import contributions
from core.learners.ensembles import CommonClass, with_inner
from core.learners.rows import Rows
from core.learners.wrapping import fit_on
from core.numerics.case_control import at_shares, draw, sampling_plan
from core.recipe import Recipe
from core.remedies.ensembles.balance_cascade import kept
from core.remedies.ensembles.self_paced_ensemble import _choose, filled, shares
from core.study import Study

ENSEMBLES = ("balanced_bagging", "easy_ensemble", "balance_cascade", "self_paced_ensemble")
EACH = pytest.mark.parametrize("slug", ENSEMBLES)
SIZES = (240, 60, 12)


class Spy(ClassifierMixin, BaseEstimator):
    """Notes the rows (column "row") that each member is given; a row is the harder to tell the larger "x" is."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None, rows=None):
        Spy.seen.append((X["row"].to_numpy(dtype=int), np.asarray(y)))
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def predict_proba(self, X):
        last = X["x"].to_numpy()[:, None] * np.ones((1, len(self.classes_) - 1)) / (len(self.classes_) - 1)
        return np.column_stack([1 - last.sum(axis=1), last])


def spied(slug, y, rows=None, **parameters):
    """The rows and labels of every member, on a table with columns "row" and "x" from 0 to 1."""
    X = pd.DataFrame({"row": np.arange(len(y)), "x": np.random.default_rng(0).permutation(len(y)) / len(y)})
    Spy.seen.clear()
    fitted = fit_on(Recipe.of(slug, **{slug: parameters}).apply(Spy(), random_state=3), X, y, rows)
    return list(Spy.seen), X, fitted


@EACH
@pytest.mark.parametrize(("ratio", "expected"), [(1, [12, 12, 12]), (3, [36, 36, 12]), (10, [120, 60, 12])])
def test_members_are_given_what_is_said(slug, ratio, expected):
    """Every class as large as ``ratio`` times the smallest, no row twice, small classes whole, and draws that differ."""
    y = np.repeat([0, 1, 2], SIZES)
    seen, _, fitted = spied(slug, y, ratio=ratio)
    assert len(fitted.members_) == 10
    assert len(seen) == 10 + (slug == "self_paced_ensemble")
    for rows, labels in seen:
        assert np.bincount(labels).tolist() == expected
        assert len(set(rows)) == len(rows)
        assert set(np.flatnonzero(y == 2)) <= set(rows)
    assert len({tuple(rows) for rows, _ in seen}) == len(seen)
    assert fitted.factor_.tolist() == [size / n for size, n in zip(SIZES, expected, strict=True)]


@pytest.mark.parametrize(
    ("theirs", "options"), [(BalancedBaggingClassifier, {"bootstrap": False}), (EasyEnsembleClassifier, {})]
)
def test_draws_are_as_large_as_those_of_imbalanced_learn(theirs, options):
    """Each member of theirs sees as many rows of every class as its smallest; so does ours, and the smallest whole."""
    y = np.repeat([0, 1, 2], SIZES)
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    model = theirs(estimator=DecisionTreeClassifier(max_depth=1), n_estimators=3, random_state=0, **options).fit(X, y)
    ours = [np.bincount(labels).tolist() for _, labels in spied("balanced_bagging", y, n_members=3)[0]]
    drawn = [pipe[0].sample_indices_ for pipe in model.estimators_]
    assert [len(rows) for rows in drawn] == [sum(counts) for counts in ours] == [36, 36, 36]


def test_the_cascade_keeps_the_share_of_the_paper():
    """f = (|P| / |N|) ^ (1 / (T − 1)); after T − 1 rounds |P| rows of N are left, the hardest ones."""
    y = np.repeat([0, 1], [1000, 10])
    f = (10 / 1000) ** (1 / 4)
    assert (
        [kept(1000, 0.01, i, 5) for i in range(5)] == [round(1000 * f**i) for i in range(5)] == [1000, 316, 100, 32, 10]
    )
    seen, X, _ = spied("balance_cascade", y, n_members=5)
    x = X["x"].to_numpy()
    for i, (rows, labels) in enumerate(seen):
        hardest = set(np.argsort(-np.where(y == 0, x, -1))[: kept(1000, 0.01, i, 5)])
        assert set(rows[labels == 0]) <= hardest
    assert set(seen[-1][0][:10]) == hardest


def test_self_paced_shares_are_those_of_the_paper():
    """p_l = 1 / (h_l + α), α = tan(i π / 2n): by hand for three bins, early, in the middle and at the end."""
    hardness, capacity = np.array([0.02, 0.3, 0.9]), np.array([900, 80, 20])
    for i in (1, 5):
        weight = 1 / (hardness + np.tan(i * np.pi / 20))
        np.testing.assert_allclose(shares(hardness, capacity, i, 10), weight / weight.sum())
    np.testing.assert_allclose(shares(hardness, capacity, 10, 10), 1 / 3)
    np.testing.assert_allclose(shares(hardness, np.array([900, 0, 20]), 10, 10), [0.5, 0, 0.5])
    assert filled(np.array([0.5, 0.3, 0.2]), np.array([900, 80, 2]), 40).tolist() == [24, 14, 2]
    assert filled(np.array([0.5, 0.5, 0.0]), np.array([3, 4, 0]), 9).tolist() == [3, 4, 0]


@pytest.mark.parametrize("number", [1, 10])
def test_self_paced_draws_fill_the_bins(number):
    """1,000 common rows of known hardness, 100 drawn: each bin gives its share."""
    rng = np.random.default_rng(0)
    common = CommonClass(np.arange(1000), np.ones(1000), 100.0, 11, rng)
    common.hardness, common.round = rng.random(1000) ** 3, number
    places, stands = _choose(common, n_bins=5)
    bins = (common.hardness * 5).astype(int)
    mean, size = (np.bincount(bins, w) / np.bincount(bins) for w in (common.hardness, np.bincount(bins)[bins] * 1.0))
    assert np.abs(np.bincount(bins[places], minlength=5) - 100 * shares(mean, size, number, 10)).max() <= 1
    assert len(set(places)) == 100 == stands.sum()


@EACH
def test_the_vote_is_carried_to_the_shares_of_the_table(slug):
    """Without the correction the class of 2 in 100 is predicted as if it were 1 in 2; with it the mean is right where draws are random."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(4000, 3)), columns=list("abc"))
    y = (rng.random(4000) < 1 / (1 + np.exp(-(X["a"] - 4.5)))).astype(int).to_numpy()
    corrected, learned = (
        Recipe.of(slug, **{slug: {"corrected": value, "n_members": 5}})
        .apply(learners.make("linear"))
        .fit(X, y)
        .predict_proba(X)
        for value in (True, False)
    )
    np.testing.assert_allclose(corrected, at_shares(learned, np.bincount(y) / y.sum()))
    assert learned[:, 1].mean() > 10 * y.mean()
    if slug in ENSEMBLES[:2]:
        assert corrected[:, 1].mean() == pytest.approx(y.mean(), rel=0.15)


@EACH
def test_a_working_sample_means_what_the_table_means(slug):
    """Mean log-odds on fresh rows: 30,000 rows, 2 in 100 rare, and a working sample of 4,000 of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(33_000, 3))
    rare = rng.random(len(X)) < 1 / (1 + np.exp(-(X @ [1.2, -0.8, 0.4] - 5.0)))
    frame = pd.DataFrame(X, columns=list("abc"))
    whole = Dataset.from_frame(frame[:30_000].assign(y=np.where(rare[:30_000], "rare", "other")), "y")
    codes = Study(whole).codes
    rows, represents = draw(codes, sampling_plan(np.bincount(codes), 4_000))
    parts = (part.iloc[rows].reset_index(drop=True) for part in (whole.X, whole.y))
    sample = replace(whole, **dict(zip(("X", "y"), parts, strict=True)), represents=represents, groups=pd.DataFrame())
    odds, recipe = [], Recipe.of(slug, **{slug: {"n_members": 5}})
    for study in (Study(whole, learner="linear"), Study(sample, learner="linear")):
        proba = study.fitted(recipe, np.arange(len(study.codes))).predict_proba(frame[30_000:])[:, 1]
        odds.append(np.mean(np.log(proba / (1 - proba))))
    assert odds[1] == pytest.approx(odds[0], abs=0.25)


def test_members_are_told_what_is_known_about_their_rows():
    class Asking(Spy):
        def fit(self, X, y, sample_weight=None):
            return super().fit(X, y)

    from core.learners.wrapping import Wrapped

    class Told(Wrapped):
        told: list = []  # noqa: RUF012

        def fit(self, X, y, rows=None):
            Told.told.append((X["row"].to_numpy(dtype=int), np.asarray(y), rows))
            return self._keep(self.classifier.fit(X, y))

    y = np.repeat([0, 1], [300, 30])
    X = pd.DataFrame({"row": np.arange(330), "x": np.arange(330) / 330})
    groups, stands = np.arange(330) // 3, np.where(y == 0, 7.0, 2.0)
    wrapped = Recipe.of("balanced_bagging", balanced_bagging={"n_members": 3}).apply(Told(Asking()))
    fit_on(wrapped, X, y, Rows(groups=groups, represents=stands))
    assert len(Told.told) == 3
    for index, labels, rows in Told.told:
        assert np.array_equal(rows.groups, groups[index])
        assert np.bincount(labels).tolist() == [60, 30]
        assert np.bincount(labels, rows.represents).tolist() == pytest.approx([60, 60])


@pytest.mark.parametrize("learner", learners.LEARNERS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_score_of_an_easy_ensemble_is_split_exactly(learner, n_classes):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(240, 3)), columns=list("abc"))
    y = np.minimum(np.digitize(X["a"] + rng.normal(size=240), [0.8, 1.8]), n_classes - 1)
    recipe = Recipe.of("easy_ensemble", easy_ensemble={"n_members": 3})
    fitted = recipe.apply(learners.make(learner)).fit(X, y)
    parts, constant, output = contributions(fitted, X)
    np.testing.assert_allclose(parts.sum(axis=1) + constant, output, atol=1e-6)
    proba = np.exp(output) / np.exp(output).sum(axis=1, keepdims=True) if n_classes > 2 else 1 / (1 + np.exp(-output))
    np.testing.assert_allclose(proba, fitted.predict_proba(X), atol=1e-6)
    with pytest.raises(NotApplicable, match="mean of their probabilities"):
        contributions(Recipe.parse("balanced_bagging:n_members=2").apply(learners.make(learner)).fit(X, y), X)


def test_equal_classes_are_fitted_once_and_only_the_learner_inside_changes():
    seen, _, fitted = spied("balanced_bagging", np.repeat([0, 1], 40))
    assert len(seen) == len(fitted.members_) == 1
    wrapped = Recipe.of("class_weights").apply(learners.make("boosted"))
    changed = with_inner(wrapped, n_estimators=7, unheard_of=1)
    assert (changed.classifier.n_estimators, wrapped.classifier.n_estimators) == (7, 50)
    assert with_inner(learners.make("linear"), n_estimators=7).get_params() == learners.make("linear").get_params()
