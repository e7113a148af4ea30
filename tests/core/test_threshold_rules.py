"""Rules that turn probabilities into decisions: what each makes best, what it refuses, and how uncertain the threshold is."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import balanced_accuracy_score, f1_score, fbeta_score, precision_score, recall_score

from core.dataset import Dataset
from core.errors import UserError
from core.evaluation.compare import evaluate
from core.evaluation.scoring import AT_OWN, decided, score_fold
from core.evaluation.threshold_band import draw, threshold_band
from core.numerics.class_rules import accepted_thresholds, class_factors, first_accepted
from core.numerics.decisions import best_threshold
from core.numerics.platt import platt_line, raw_threshold
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

GAP, SHARE = 1.8, 0.01


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose probability of class 1 stands in the column "p"."""

    def fit(self, X, y, sample_weight=None):
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def predict_proba(self, X):
        return np.column_stack([1 - X["p"], X["p"]])


def scored(n=600, seed=0, rare=0.1):
    rng = np.random.default_rng(seed)
    found = rng.random(n) < rare
    return np.round(np.clip(rng.normal(0.3 + 0.3 * found, 0.2), 0, 1) / 4, 2) * 4, found


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("criterion", "setting"), [("F-beta", 2.0), ("F-beta", 0.5), ("precision floor", 0.4), ("capacity", 80.0)]
)
def test_a_rule_takes_the_best_of_all_thresholds(criterion, setting, seed):
    scores, found = scored(seed=seed)
    worth = {
        "F-beta": lambda pred: fbeta_score(found, pred, beta=setting, zero_division=0),
        "precision floor": lambda pred: (
            recall_score(found, pred) * (precision_score(found, pred, zero_division=0) >= setting)
        ),
        "capacity": lambda pred: pred.mean() * (pred.mean() <= setting / 1000),
    }[criterion]
    chosen = scores >= best_threshold(scores, found, criterion, setting)
    assert worth(chosen) == pytest.approx(max(worth(scores >= cut) for cut in [*np.unique(scores), 2]))
    if criterion == "precision floor":
        assert precision_score(found, chosen) >= setting and recall_score(found, chosen) > 0


def test_a_floor_that_no_threshold_reaches_takes_the_highest_precision():
    scores, found = np.array([0.9, 0.8, 0.7, 0.6, 0.1]), np.array([False, True, True, False, False])
    assert best_threshold(scores, found, "precision floor", 0.9) == pytest.approx(0.65)
    assert best_threshold(scores, found, "capacity", 100.0) == pytest.approx(0.95)  # not one of five rows may be taken


def test_rules_count_a_row_as_often_as_it_stands_for():
    scores, found = scored(200, 3)
    weight = np.random.default_rng(0).integers(1, 4, 200)
    many = np.repeat(scores, weight), np.repeat(found, weight)
    for criterion, setting in (("F-beta", 2.0), ("precision floor", 0.4), ("capacity", 80.0)):
        assert best_threshold(scores, found, criterion, setting, weight) == best_threshold(*many, criterion, setting)


@pytest.mark.parametrize("seed", range(2))
def test_two_factors_are_the_best_single_threshold(seed):
    scores, found = scored(400, seed)
    proba = np.column_stack([1 - scores, scores])
    for criterion, worth in (
        ("macro-F1", lambda pred: f1_score(found, pred, average="macro", zero_division=0)),
        ("balanced accuracy", lambda pred: balanced_accuracy_score(found, pred)),
    ):
        factors = class_factors(proba, found.astype(int), criterion, pull=0)
        assert factors.prod() == pytest.approx(1)
        best = max(worth(scores >= cut) for cut in np.unique(scores))
        assert worth((proba * factors).argmax(axis=1) == 1) == pytest.approx(best)


def test_factors_of_many_classes_help_rare_ones_and_leave_a_class_of_nine_rows_alone():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2, 3], [400, 60, 30, 9])
    raw = rng.normal(size=(len(codes), 4)) + 1.2 * np.eye(4)[codes] + np.log([400, 60, 30, 9])
    proba = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)

    def score(factors):
        return f1_score(codes, (proba * factors).argmax(axis=1), average="macro", zero_division=0)

    factors = class_factors(proba, codes, pull=0)
    assert score(np.ones(4)) == pytest.approx(0.391, abs=0.001) and score(factors) == pytest.approx(0.441, abs=0.001)
    for c in range(3):  # no factor of one class alone does better
        tried = [score(factors * np.where(np.arange(4) == c, by, 1)) for by in np.geomspace(0.05, 20, 25)]
        assert max(tried) <= score(factors) + 1e-12
    alone = class_factors(proba[:, :3] / proba[:, :3].sum(axis=1, keepdims=True), np.minimum(codes, 2))
    assert len(set(alone.round(6))) == 3
    drawn = class_factors(proba, codes)
    assert np.log(drawn) == pytest.approx(np.log(factors) * np.array([400 / 420, 60 / 80, 30 / 50, 9 / 29]))
    few = class_factors(proba[codes > 2], codes[codes > 2])
    assert few == pytest.approx(np.ones(4))
    twice = np.repeat(proba, 2, axis=0), np.repeat(codes, 2)
    assert class_factors(*twice, weight=np.full(2 * len(codes), 0.5)) == pytest.approx(class_factors(*twice))


def test_accepted_predictions_are_right_often_enough():
    """Of the rows taken for a class those are accepted whose class-balanced accuracy reaches the level, by hand and by brute force."""
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1, 2], [500, 60, 5])
    raw = rng.normal(size=(len(codes), 3)) + 1.5 * np.eye(3)[codes] + np.log([500, 60, 5])
    proba = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    thresholds, each, pred = (
        accepted_thresholds(proba, codes, 0.75),
        1 / np.bincount(codes)[codes],
        proba.argmax(axis=1),
    )

    def accuracy(c, cut):
        rows = (pred == c) & (proba[:, c] >= cut)
        return (each * (codes == c))[rows].sum() / each[rows].sum()

    assert accuracy(0, 0) < 0.75 <= accuracy(0, thresholds[0])
    assert all(accuracy(0, cut) < 0.75 for cut in np.sort(proba[(pred == 0) & (proba[:, 0] < thresholds[0]), 0]))
    assert thresholds[1] == 0 and accuracy(1, 0) >= 0.75  # right often enough already
    assert thresholds[2] == 0  # five rows choose nothing
    assert first_accepted(np.array([[0.6, 0.4], [0.9, 0.1]]), np.array([0.8, 0.3])).tolist() == [1, 0]
    assert first_accepted(np.array([[0.6, 0.4]]), np.array([0.8, 0.5])).tolist() == [0]


def grouped(n=900, seed=0):
    """Two places where the same score means different things, and one with hardly any row of the class."""
    rng = np.random.default_rng(seed)
    place = np.repeat(["north", "south", "tiny"], [n // 2, n // 2 - 40, 40])
    y = (rng.random(n) < np.where(place == "tiny", 0.1, 0.2)).astype(int)
    middle = np.where(place == "north", 0.2, 0.5) + 0.25 * y
    return pd.DataFrame({"p": np.clip(rng.normal(middle, 0.08), 0.01, 0.99), "place": place}), y


def test_a_group_has_a_threshold_of_its_own_drawn_to_the_common_one():
    X, y = grouped()
    own = {
        pull: Recipe.parse(f"group_thresholds:column=place,pull={pull}").apply(Given(), positive=1) for pull in (0, 50)
    }
    alone, drawn = own[0].fit(X, y), own[50].fit(X, y)
    assert set(alone.thresholds_) == {"north", "south"}  # 'tiny' has fewer than 10 rows of the class
    assert alone.thresholds_["north"] < 0.4 < 0.55 < alone.thresholds_["south"]
    n = y[X["place"] == "north"].sum()

    def odds(p):
        return np.log(p / (1 - p))

    mixed = (n * odds(alone.thresholds_["north"]) + 50 * odds(alone.threshold_)) / (n + 50)
    assert odds(drawn.thresholds_["north"]) == pytest.approx(mixed)
    common = Recipe.of("tuned_threshold").apply(Given(), positive=1).fit(X, y)
    assert common.threshold_ == alone.threshold_ == drawn.threshold_
    assert f1_score(y, alone.predict(X)) > f1_score(y, common.predict(X)) + 0.2
    new = pd.DataFrame({"p": [common.threshold_ + 1e-9, common.threshold_ - 1e-9], "place": ["unseen", "tiny"]})
    assert alone.predict(new).tolist() == [1, 0]


def test_groups_that_cannot_have_thresholds_are_refused():
    X, y = grouped(300)
    for column, problem in (("age", "no column that the learner sees"), ("p", "values; at most 30 can be groups")):
        with pytest.raises(UserError, match=problem):
            Recipe.parse(f"group_thresholds:column={column}").apply(Given(), positive=1).fit(X, y)
    few = np.where(np.arange(300) % 40 == 0, y, 0)
    few[[5, 200]] = 1
    with pytest.raises(UserError, match="No value of column 'place' has 10 rows of the class of interest"):
        Recipe.parse("group_thresholds:column=place").apply(Given(), positive=1).fit(X, few)


def test_rules_are_scored_by_what_they_decide():
    """A rule that is not one threshold is scored by its own decisions, and says that there is no such threshold."""
    study = Study(planted("overlap", class_sizes=(240, 60, 40)), learner="linear", n_repeats=1)
    outcome = score_fold(study, Recipe.of("class_thresholds"), 0)
    train, test = study.folds[0]
    fitted = study.fitted(Recipe.of("class_thresholds"), train)
    pred = fitted.predict(study.dataset.X.iloc[test])
    assert np.isnan(outcome.threshold)
    assert outcome.scores["macro-F1", AT_OWN] == pytest.approx(f1_score(study.codes[test], pred, average="macro"))


def test_few_rows_decide_at_the_costs_on_calibrated_scores():
    """The threshold on raw scores decides as the one of the costs on calibrated ones, and leaves the probabilities alone."""
    study = Study(planted("overlap", class_sizes=(400, 40)), learner="boosted", n_repeats=1, miss_cost=12)
    plain, mapped = (
        Recipe.parse("cost_threshold:calibrated=True"),
        Recipe.parse("calibrated_probabilities+cost_threshold"),
    )
    assert decided(study, Recipe()) == plain
    train, test = study.folds[0]
    one, two = (study.fitted(recipe, train) for recipe in (plain, mapped))
    X = study.dataset.X.iloc[test]
    assert two.threshold_ == pytest.approx(1 / 13) and one.threshold_ != pytest.approx(1 / 13, rel=0.2)
    assert np.array_equal(one.predict(X), two.predict(X))
    assert np.array_equal(one.predict_proba(X), study.fitted(Recipe(), train).predict_proba(X))


def test_a_line_through_log_odds():
    """True scores have the line 1, 0; where scores do not rise with the class all rows are taken or none."""
    rng = np.random.default_rng(0)
    p = expit(rng.normal(-2, 1.5, 40_000))
    found = rng.random(len(p)) < p
    assert platt_line(p, found) == pytest.approx((1, 0), abs=0.05)
    bent = expit(2 * np.log(p / (1 - p)) - 1)
    assert raw_threshold(0.2, *platt_line(bent, found)) == pytest.approx(expit(2 * np.log(0.25) - 1), abs=0.01)
    slope, intercept = platt_line(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))
    assert np.isfinite([slope, intercept]).all() and slope > 0
    flat = platt_line(np.full(10, 0.3), np.arange(10) < 2)
    assert flat[0] * np.log(0.3 / 0.7) + flat[1] == pytest.approx(np.log(0.23 / 0.77), abs=0.1)
    assert (raw_threshold(0.1, -1, 0), raw_threshold(0.9, -1, 0)) == (0, 1)


def test_a_threshold_tuned_on_few_rows_is_uncertain():
    """Binormal, 1 % prevalence, true probabilities: the threshold that is best for F1 spreads, and costs more than the one that the costs imply."""
    rng = np.random.default_rng(0)

    def cost(threshold, miss_cost=20):
        at = (np.log(threshold / (1 - threshold)) - np.log(SHARE / (1 - SHARE)) + GAP**2 / 2) / GAP
        return miss_cost * SHARE * norm.cdf(at - GAP) + (1 - SHARE) * norm.sf(at)

    bands, costs = {}, {}
    for n, n_draws in ((10, 300), (20, 200), (50, 150), (100, 100), (500, 30)):
        found = np.arange(100 * n) < n
        draws = (
            expit(np.log(SHARE / (1 - SHARE)) + GAP * rng.normal(GAP * found, 1) - GAP**2 / 2) for _ in range(n_draws)
        )
        pairs = [(best_threshold(p, found, "F1"), best_threshold(p, found, "expected cost", 20)) for p in draws]
        bands[n] = np.quantile([pair[0] for pair in pairs], [0.05, 0.95])
        costs[n] = np.mean([cost(pair[1]) for pair in pairs])
    stated = {10: (0.044, 0.408), 20: (0.057, 0.311), 50: (0.086, 0.248), 100: (0.097, 0.217), 500: (0.107, 0.173)}
    for n, (low, high) in stated.items():
        assert bands[n][0] == pytest.approx(low, abs=0.015) and bands[n][1] == pytest.approx(high, rel=0.15)
    assert cost(1 / 21) == pytest.approx(0.1362, abs=0.001)
    assert costs[10] == pytest.approx(0.142, abs=0.002) and costs[500] == pytest.approx(0.1365, abs=0.001)


def test_the_comparison_says_why_no_threshold_is_tuned_on_few_rows():
    study = Study(planted("overlap", class_sizes=(300, 40)), learner="linear", n_repeats=1, miss_cost=12)
    texts = [finding.text for finding in evaluate(study, []).findings]
    (text,) = [text for text in texts if "would mostly follow chance" in text]
    assert text.startswith(
        "With 40 rows of the class of interest a threshold tuned to the costs would mostly follow chance."
    )
    assert "on the scores of 'Do nothing' it went from" in text


def known_scores(n_class, seed=0, **choices):
    """A study whose out-of-fold probabilities are the true ones of a binormal table with a share of 1 %."""
    study = Study(planted("clean", class_sizes=(99 * n_class, n_class)), learner="linear", n_repeats=1, **choices)
    x = np.random.default_rng(seed).normal(GAP * study.codes, 1)
    p = expit(np.log(SHARE / (1 - SHARE)) + GAP * x - GAP**2 / 2)
    study._memory["out_of_fold", Recipe()] = np.column_stack([1 - p, p])
    return study, p, study.codes == 1


def test_the_band_of_a_threshold_is_that_of_rows_drawn_one_by_one():
    study, p, found = known_scores(10)
    result = threshold_band(study, Recipe(), n_draws=200)
    band, rng, drawn = result.tables["band"].set_index("measure"), np.random.default_rng(1), []
    for _ in range(200):
        rows = np.concatenate([rng.choice(np.flatnonzero(side), side.sum()) for side in (found, ~found)])
        drawn.append(best_threshold(p[rows], found[rows], "F1"))
    assert band.loc["threshold", "value"] == best_threshold(p, found, "F1")
    assert tuple(band.loc["threshold", ["low", "high"]]) == pytest.approx(
        tuple(np.quantile(drawn, [0.05, 0.95])), rel=0.15
    )
    follows = [f1_score(found, p >= t) for t in result.tables["draws"]["threshold"]]
    assert np.allclose(follows, result.tables["draws"]["F1"])
    assert "Below 50 rows" in result.findings[1].text and result.findings[1].severity == "caution"
    assert [list(table.columns) for table in result.tables.values()] == [
        ["measure", "value", "low", "high"], ["fold", "threshold"], ["threshold", "F1", "recall", "precision"],
        ["cut", "metric", "value", "low", "high"], ["metric", "difference", "low", "high"],
    ]  # fmt: skip
    many = threshold_band(known_scores(100)[0], Recipe())
    ends = many.tables["band"].set_index("measure").loc["threshold"]
    assert ends["high"] - ends["low"] < 0.75 * (band.loc["threshold", "high"] - band.loc["threshold", "low"])
    assert not any("Below 50" in finding.text for finding in many.findings)


def test_scores_at_the_locked_threshold_stand_beside_those_at_half():
    """Each fold's threshold is the best of the other folds; the intervals are those of rows drawn one by one."""
    study, p, found = known_scores(20, seed=3)
    result = threshold_band(study, Recipe())
    taken = np.zeros(len(p), dtype=bool)
    for fold in range(5):
        cut = best_threshold(p[study.fold != fold], found[study.fold != fold], "F1")
        taken[study.fold == fold] = p[study.fold == fold] >= cut
        assert result.tables["folds"]["threshold"][fold] == cut
    cuts = result.tables["cuts"].set_index(["cut", "metric"])
    assert cuts.loc[("at its own threshold", "F1"), "value"] == pytest.approx(f1_score(found, taken))
    assert cuts.loc[("at 0.5", "precision"), "value"] == pytest.approx(precision_score(found, p >= 0.5))
    gap = result.tables["differences"].set_index("metric").loc["F1"]
    assert gap["difference"] == pytest.approx(f1_score(found, taken) - f1_score(found, p >= 0.5))
    rng, drawn = np.random.default_rng(0), []
    for _ in range(100):
        rows = np.concatenate([rng.choice(np.flatnonzero(side), side.sum()) for side in (found, ~found)])
        drawn.append(f1_score(found[rows], taken[rows]) - f1_score(found[rows], (p >= 0.5)[rows]))
    assert gap["high"] - gap["low"] == pytest.approx(2 * 2.02 * np.std(drawn), rel=0.25)


def test_bands_say_where_nothing_was_chosen_and_where_there_is_no_single_threshold():
    study, _, _ = known_scores(40, miss_cost=20)
    stated = threshold_band(study, Recipe.of("cost_threshold"))
    assert "by the costs alone" in stated.findings[0].text and stated.tables["draws"]["threshold"].nunique() == 1
    placed = threshold_band(study, Recipe())
    assert "placed by the costs and a calibration" in placed.findings[0].text
    assert placed.tables["band"]["value"][0] == pytest.approx(1 / 21, rel=0.4)
    assert "cost per 1,000 rows" in set(placed.tables["cuts"]["metric"])
    three = Study(planted("clean", class_sizes=(120, 60, 40)), learner="linear", n_repeats=1)
    with pytest.raises(UserError, match="does not decide by one threshold"):
        threshold_band(three, Recipe.of("class_thresholds"))
    X, y = grouped()
    frame = X.assign(outcome=np.where(y == 1, "yes", "no"))
    people = Study(Dataset.from_frame(frame, "outcome", roles={"place": "sensitive"}), learner="linear", n_repeats=1)
    with pytest.raises(UserError, match="does not decide by one threshold"):
        threshold_band(people, Recipe.of("group_thresholds"))  # the groups are those of the sensitive column
    few = threshold_band(Study(planted("clean", class_sizes=(120, 8)), learner="linear", n_repeats=1), Recipe())
    assert [finding.severity for finding in few.findings] == ["caution"] and "nothing is claimed" in few.findings[
        0
    ].text
    assert all(figure.data for figure in draw(placed).values())
