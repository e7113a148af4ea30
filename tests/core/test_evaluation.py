"""The comparison: baseline always there, both currencies, paired intervals, verdicts that keep to them."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import UserError
from core.evaluation.compare import BASELINE, METRICS, compare, draw, evaluate, with_baseline
from core.evaluation.scoring import (
    AT_HALF,
    AT_OWN,
    COST,
    DECISIONS,
    EXPECTED,
    TOTAL,
    WEIGHTED,
    calibration,
    decided,
    score_fold,
)
from core.recipe import Recipe
from core.registry import served
from core.study import Study
from core.synthetic import planted

FORBIDDEN = ("accuracy", "weighted")


@pytest.fixture(scope="module")
def study():
    return Study(planted("overlap", class_sizes=(400, 80)), learner="linear")


@pytest.fixture(scope="module")
def result(study):
    return evaluate(study, [Recipe.of("class_weights"), Recipe.of("random_undersampling")])


@pytest.fixture(scope="module")
def base(study):
    return tuple(score_fold(study, BASELINE, fold) for fold in range(10))


@pytest.fixture(scope="module")
def weighted(study):
    return tuple(score_fold(study, Recipe.of("class_weights"), fold) for fold in range(10))


def test_the_baseline_is_always_there_and_first(result):
    assert with_baseline([Recipe.of("smote"), BASELINE]) == (BASELINE, Recipe.of("smote"))
    assert result.tables["scores"]["recipe"].iloc[0] == "Do nothing"


def test_every_recipe_is_shown_in_both_currencies(result):
    scores = result.tables["scores"]
    for recipe, rows in scores.groupby("recipe"):
        for metric in DECISIONS:
            assert set(rows.loc[rows["metric"] == metric, "cut"]) == {AT_HALF, AT_OWN}, recipe
    assert set(METRICS) - set(scores["metric"]) == {COST, TOTAL, WEIGHTED}, "no cost is stated"


def test_no_accuracy_and_no_weighted_average(result):
    for name in result.tables["scores"]["metric"]:
        assert name in ("balanced accuracy", EXPECTED) or not any(word in name for word in FORBIDDEN)
    assert not any(" accuracy" in finding.text for finding in result.findings)


def test_intervals_enclose_their_value(result):
    scores, differences = result.tables["scores"], result.tables["differences"]
    assert ((scores["low"] <= scores["value"]) & (scores["value"] <= scores["high"])).all()
    assert (
        (differences["low"] <= differences["difference"]) & (differences["difference"] <= differences["high"])
    ).all()
    assert (scores["n_folds"] == 10).all()


def test_differences_are_paired_by_fold(study, result, base, weighted):
    outcomes = {BASELINE: list(base), Recipe.of("class_weights"): list(weighted)}
    again = compare(study, outcomes)
    by_hand = np.mean(
        [
            a.scores["F1", AT_OWN] - b.scores["F1", AT_OWN]
            for a, b in zip(outcomes[Recipe.of("class_weights")], outcomes[BASELINE], strict=True)
        ]
    )
    for table in (again.tables["differences"], result.tables["differences"]):
        row = table.query("recipe == 'Class weights' and metric == 'F1' and cut == @AT_OWN")
        assert row["difference"].iloc[0] == pytest.approx(by_hand)


def test_more_recipes_widen_every_interval(study, base, weighted):
    outcomes = {BASELINE: list(base[:5]), Recipe.of("class_weights"): list(weighted[:5])}
    one = compare(study, outcomes).tables["differences"].query("recipe == 'Class weights'")
    more = {**outcomes, Recipe.of("random_oversampling"): outcomes[BASELINE], Recipe.of("smote"): outcomes[BASELINE]}
    three = compare(study, more).tables["differences"].query("recipe == 'Class weights'")
    assert (three["high"] - three["low"]).sum() > (one["high"] - one["low"]).sum()


def test_unrelated_columns_give_no_winner():
    """Where nothing can help, nothing is said to help."""
    rng = np.random.default_rng(0)
    noise = planted("clean", class_sizes=(300, 60))
    shuffled = noise.X.apply(lambda column: rng.permutation(column))
    study = Study(type(noise).from_frame(shuffled.assign(outcome=noise.y), "outcome"), learner="linear")
    verdict = evaluate(study, [Recipe.of("class_weights"), Recipe.of("smote")]).findings[0]
    assert verdict.text.startswith("No remedy does better than doing nothing")


def test_equal_outcomes_are_no_gain(study, base):
    result = compare(study, {BASELINE: list(base), Recipe.of("smote"): list(base)})
    rows = result.tables["differences"].query("recipe == 'SMOTE'")
    assert (rows[["difference", "low", "high"]] == 0).all(axis=None)
    assert result.findings[0].text.startswith("No remedy")


def test_the_verdict_claims_only_what_the_interval_says(study, base):
    """A made-up gain of .05 in every fold is called a gain; one of .005 is called too small; a loss is called a loss."""

    def shifted(by):
        key = ("average precision", "")
        return [type(o)(**{**vars(o), "scores": {**o.scores, key: o.scores[key] + by + 0.0001 * o.fold}}) for o in base]

    texts = {
        by: compare(study, {BASELINE: list(base), Recipe.of("smote"): shifted(by)}).findings
        for by in (0.05, 0.005, -0.05)
    }
    assert texts[0.05][0].text.startswith("'SMOTE' helps: average precision goes from")
    assert "too small to matter" in texts[0.005][0].text
    assert texts[-0.05][0].text.startswith("No remedy")
    assert any("'SMOTE' is worse than doing nothing in average precision" in finding.text for finding in texts[-0.05])


def test_costs_choose_the_threshold_and_the_metric():
    dataset = planted("overlap", class_sizes=(400, 80))
    costly = Study(dataset, learner="linear", miss_cost=20)
    assert decided(costly, BASELINE).text == "tuned_threshold:criterion=expected cost"
    few = Study(planted("overlap", class_sizes=(400, 40)), miss_cost=20)
    assert decided(few, BASELINE).text == "cost_threshold:calibrated=True"
    assert decided(few, Recipe.of("calibrated_probabilities")).text == "calibrated_probabilities+cost_threshold"
    adjusted = decided(few, Recipe.of("posthoc_logit_adjustment")).text
    assert adjusted == "posthoc_logit_adjustment+cost_threshold:calibrated=True", "its scores are no risks"
    result = evaluate(costly, [])
    assert result.provenance["parameters"]["metric"] == COST
    scores = result.tables["scores"].query("metric == @COST").set_index("cut")["value"]
    assert scores[AT_OWN] < scores[AT_HALF]


def test_the_cost_threshold_is_the_formula():
    study = Study(planted("overlap", class_sizes=(400, 40)), miss_cost=19)
    assert score_fold(study, Recipe.of("cost_threshold"), 0).threshold == pytest.approx(1 / 20)


def test_scarce_classes_limit_the_claim():
    few = Study(planted("clean", class_sizes=(300, 30)), learner="linear")
    texts = " ".join(finding.text for finding in evaluate(few, []).findings)
    assert "a tuned threshold is uncertain" in texts
    fewer = Study(planted("clean", class_sizes=(300, 8)), learner="linear", positive="rare")
    assert evaluate(fewer, [Recipe.of("smote")]).findings[0].severity == "caution"
    assert "too few to say" in evaluate(fewer, []).findings[0].text


def test_broken_probabilities_are_named_and_calibration_mends_them(study):
    weights, mended = Recipe.of("class_weights"), Recipe.of("class_weights", "calibrated_probabilities")
    result = evaluate(study, [weights, mended])
    brier = result.tables["scores"].query("metric == 'Brier score'").set_index("recipe")["value"]
    assert brier[weights.title] > 1.2 * brier["Do nothing"] > 0.9 * brier[mended.title]
    assert any(
        "Do not read them as risks" in finding.text and "'Class weights'" in finding.text for finding in result.findings
    )


def test_several_classes_and_a_class_of_one_row():
    study = Study(planted("clean", class_sizes=(120, 40, 1)), learner="linear", positive="class 2")
    result = evaluate(study, [Recipe.of("smote", "calibrated_probabilities")])
    assert np.isfinite(result.tables["scores"]["value"]).all()


def test_equal_seeds_give_equal_numbers(study, result):
    again = evaluate(study.with_(), [Recipe.of("class_weights"), Recipe.of("random_undersampling")])
    for name, table in result.tables.items():
        assert table.equals(again.tables[name]), name


def test_figures_show_the_tables(result):
    figures = draw(result)
    gains = result.tables["differences"].query("metric == 'average precision' and recipe != 'Do nothing'")
    assert list(next(iter(figures.values())).data[0].x) == gains["difference"].tolist()
    assert all(figure.layout.title.text and figure.layout.meta["caption"] for figure in figures.values())


def test_recipes_are_read_written_and_refused():
    recipe = Recipe.parse("tuned_threshold + smote:k=3")
    assert recipe.text == "smote:k=3+tuned_threshold"
    assert recipe == Recipe.of("tuned_threshold", smote={"k": 3})
    assert recipe.title == "SMOTE (k 3) + Tuned threshold"
    wrongs = ("smot", "smote:k=99", "smote:q=1", "smote:k=x", "smote+random_oversampling", "class_distribution")
    for wrong in (*wrongs, "smote:k=3,k=4", "smote+smote:k=3"):
        with pytest.raises(UserError) as error:
            Recipe.parse(wrong)
        assert error.value.remedy.endswith((".", "?"))


def test_no_verdict_while_folds_are_missing(study, base):
    first = compare(study, {BASELINE: list(base[:3])}).findings[0]
    assert first.text == "3 of 10 folds (30 %) scored so far. The verdict follows when all are."


def test_calibration_is_read_off_known_probabilities():
    """True probabilities have slope 1 and intercept 0; doubled log-odds halve the slope; inflated ones show in both others."""
    rng = np.random.default_rng(0)
    odds = rng.normal(-2, 1.5, 60_000)
    found = rng.random(len(odds)) < 1 / (1 + np.exp(-odds))
    cases = {
        name: calibration(1 / (1 + np.exp(-shown)), found)
        for name, shown in {"true": odds, "doubled": 2 * odds, "up": odds + 1}.items()
    }
    assert list(cases["true"].values()) == pytest.approx([1, 0, 1], abs=0.05)
    assert cases["doubled"]["calibration slope"] == pytest.approx(0.5, abs=0.02)
    assert cases["up"]["calibration intercept"] == pytest.approx(-1, abs=0.05)
    assert cases["up"]["observed over expected"] < 0.8
    few = calibration(np.array([0.1, 0.2, 0.9]), np.array([False, False, True]))
    assert few["observed over expected"] == pytest.approx(1 / 1.2)
    assert np.isnan(few["calibration slope"])


@pytest.mark.parametrize(("n_rare", "learner"), [(1, "linear"), (2, "boosted"), (1, "neural")])
def test_every_remedy_is_scored_on_a_class_of_hardly_any_rows(n_rare, learner):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(size=40), "b": rng.normal(size=40), "y": ["u"] * (40 - n_rare) + ["v"] * n_rare}
    )
    small = Study(Dataset.from_frame(frame, "y"), positive="v", learner=learner, n_folds=2, n_repeats=1)
    stages = ("optimisers", "batches") if learner == "neural" else ()
    alone = [Recipe.parse(item.slug) for item in served(learner, *stages)]
    compared = evaluate(small, alone)
    assert set(compared.tables["scores"]["recipe"]) == {recipe.title for recipe in (BASELINE, *alone)}
    assert "too few" in compared.findings[0].text


def test_no_verdict_while_a_recipe_has_no_fold_yet(study, base):
    """The baseline is done, another recipe has only begun: it is not shown, and it is waited for."""
    result = compare(study, {BASELINE: list(base), Recipe.of("class_weights"): []})
    assert result.findings[0].text.startswith("10 of 20 folds (50 %) scored so far.")
    assert set(result.tables["scores"]["recipe"]) == {"Do nothing"}


@pytest.mark.parametrize("turned", [False, True])
def test_no_slope_is_steep_enough_for_classes_that_one_cut_parts(turned):
    found = np.repeat([False, True], [40, 30])
    scores = np.clip(np.where(found != turned, 0.9, 0.1) + np.linspace(-0.05, 0.05, 70), 0, 1)
    told = calibration(scores, found)
    assert np.isnan([told["calibration slope"], told["calibration intercept"]]).all()
    assert told["observed over expected"] == pytest.approx(30 / scores.sum())
