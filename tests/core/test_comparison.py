"""Told apart, practically equal, not distinguishable: what a comparison says beyond its intervals, and what it refuses to say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from core.__main__ import main
from core.dataset import Dataset
from core.evaluation import compare as comparing
from core.evaluation import instability, live_words, moved_rows
from core.evaluation.compare import BASELINE, compare
from core.evaluation.distinguishing_words import rows_in_words
from core.evaluation.redrawn import redrawn
from core.evaluation.scoring import fold_outcome, score_fold
from core.numerics.ranking import average_precision
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

AP = ("average precision", "")
SMOTE, WEIGHTS, COPIES = Recipe.of("smote"), Recipe.of("class_weights"), Recipe.of("random_oversampling")
CHANCES = ["better", "equivalent", "worse"]


@pytest.fixture(scope="module")
def study():
    return Study(planted("overlap", class_sizes=(400, 80)), learner="linear")


def made_up(study, seed=0):
    """Outcomes of a model that nobody has fitted: probabilities that tell the classes apart a little."""
    rng, found, outcomes = np.random.default_rng(seed), study.codes == study.positive_code, []
    for fold, (_, test) in enumerate(study.folds):
        p = expit(rng.normal(-2, 1, len(test)) + found[test])
        outcomes.append(fold_outcome(study, BASELINE, fold, np.column_stack([1 - p, p]), 0.2))
    return outcomes


@pytest.fixture(scope="module")
def base(study):
    return made_up(study)


def changed(outcomes, by, noise=0.001, seed=0):
    """The same outcomes with another average precision: more by a mean, and by what differs from fold to fold."""
    moved = np.random.default_rng(seed).normal(size=len(outcomes))
    moved = by + noise * (moved - moved.mean()) / moved.std(ddof=1)
    return [
        replace(one, scores={**one.scores, AP: one.scores[AP] + more})
        for one, more in zip(outcomes, moved, strict=True)
    ]


def texts(result):
    return " ".join(finding.text for finding in result.findings)


@pytest.mark.parametrize(
    ("by", "noise", "verdict", "said"),
    [
        (0.05, 0.005, "better", "A gain of more than 0.01 has probability above 0.999."),
        (0.005, 0.001, "better by too little to matter", "The gain may be too small to matter."),
        (-0.05, 0.005, "worse", "'SMOTE' is worse than doing nothing in average precision"),
        (0.001, 0.005, "practically equal", "'SMOTE' is practically equal to doing nothing: the difference lies within 0.01"),
        (0.03, 0.1, "not distinguishable", "To tell the difference of +0.030 that 'SMOTE' showed, if it is real, would take"),
        (0.003, 0.1, "not distinguishable", "To tell a difference of 0.01, if it is real, would take"),
    ],
)  # fmt: skip
def test_a_recipe_is_told_apart_or_not(study, base, by, noise, verdict, said):
    result = compare(study, {BASELINE: base, SMOTE: changed(base, by, noise)})
    assert result.tables["verdicts"]["verdict"].tolist() == [verdict]
    assert said in texts(result)
    row = result.tables["differences"].query("recipe == 'SMOTE' and metric == 'average precision'").iloc[0]
    assert row[CHANCES].sum() == pytest.approx(1)
    assert (row["low"] > 0 or row["high"] < 0) == (row["p"] < 0.05) and row["p"] == row["p_holm"]


def test_the_rows_that_would_be_needed_are_those_of_the_formula(study, base):
    result = compare(study, {BASELINE: base, SMOTE: changed(base, 0.03, 0.1)})
    needed = result.tables["verdicts"].iloc[0]
    error = 0.1 * np.sqrt(1 / 10 + base[0].test_share)
    times = ((2.2622 + 0.8834) * error / 0.03) ** 2  # quantiles .975 and .8 of Student's t with 9 degrees of freedom
    assert needed["times_more"] == pytest.approx(times, rel=1e-3)
    assert (needed["positives_needed"], needed["rows_needed"]) == pytest.approx((80 * times, 480 * times), rel=1e-3)
    assert "with 480 rows, 80 of them 'rare', in 10 folds drawn with seed 0" in texts(result)
    assert rows_in_words(np.inf) == rows_in_words(1_000_001) == "more than a million rows"
    assert rows_in_words(1_000_000) == "about 1,000,000 rows"


def test_all_recipes_against_each_other(study, base):
    found = {BASELINE: base, SMOTE: changed(base, 0.04, 0.02), WEIGHTS: changed(base, 0.02, 0.02, seed=1)}
    result = compare(study, found, margin=0.005)
    table = result.tables["better_than"].set_index(["recipe", "other"])
    assert len(table) == 6 and (table["n_folds"] == 10).all()
    ours, theirs = table.loc[("SMOTE", "Class weights")], table.loc[("Class weights", "SMOTE")]
    assert ours["difference"] == pytest.approx(0.02) == -theirs["difference"]
    assert (ours["better"], ours["equivalent"], ours["worse"]) == pytest.approx(
        (theirs["worse"], theirs["equivalent"], theirs["better"])
    )
    assert table.loc[("SMOTE", "Do nothing"), "better"] > 0.9
    figures = comparing.draw(result)
    grid = figures["How probably one recipe beats another"].data[0].z
    assert np.isnan(np.diag(grid)).all() and np.isfinite(grid).sum() == 6


def test_several_recipes_are_corrected_step_by_step(study, base):
    """Three recipes gain; the interval of the third, which holds for all at once, reaches zero, and Holm's last step does not."""
    found = {BASELINE: base, SMOTE: changed(base, 0.1, 0.02), WEIGHTS: changed(base, 0.1, 0.03, seed=1)}
    found[COPIES] = changed(base, 0.03, 0.06, seed=2)
    weak = compare(study, found)
    assert "2 recipes do better than doing nothing after Holm's correction for 3" in texts(weak)
    found[COPIES] = changed(base, 0.03, 0.0195, seed=2)
    result = compare(study, found)
    rows = result.tables["differences"].query("metric == 'average precision' and recipe == 'Random oversampling'")
    assert rows["low"].iloc[0] < 0 < rows["difference"].iloc[0] and rows["p_holm"].iloc[0] == rows["p"].iloc[0] < 0.05
    assert "3 recipes do better" in texts(result)
    assert "The intervals of 'Random oversampling', which hold for all recipes at once, still reach zero" in texts(
        result
    )
    assert "'SMOTE' has the best score of 4" in texts(result)


def test_a_lucky_winner_is_named_with_what_its_choice_gains(study, base):
    """SMOTE leads by one lucky fold of each draw. There the others choose weights; in the other folds the lucky one chooses SMOTE."""
    found = {BASELINE: base}
    for recipe, more in ((SMOTE, [0.12, 0.06, 0.06, 0.06, 0.06]), (WEIGHTS, [0.07] * 5)):
        pairs = zip(base, 2 * more, strict=True)
        found[recipe] = [replace(one, scores={**one.scores, AP: one.scores[AP] + m}) for one, m in pairs]
    result = compare(study, found)
    row, chosen = result.tables["selection"].iloc[0], result.tables["chosen"]
    assert (row["naive"], row["difference"], row["times_chosen"]) == pytest.approx((0.072, 0.062, 8))
    assert row["difference"] == pytest.approx(chosen["difference"].mean()) and row["n_folds"] == len(chosen) == 10
    first = chosen.set_index("fold").loc[0]
    means = {recipe.title: np.mean([found[recipe][f].scores[AP] for f in (1, 2, 3, 4)]) for recipe in found}
    assert first["recipe"] == max(means, key=means.get)
    assert "and the best of several looks better than it is" in texts(result) and "and not by +0.072" in texts(result)


def test_fewer_than_ten_rows_of_the_class_carry_no_claim():
    few = Study(planted("clean", class_sizes=(300, 9)), learner="linear", positive="rare")
    base = made_up(few)
    worse = [replace(o, scores={**o.scores, AP: o.scores[AP] - 0.3, ("Brier score", ""): 0.9}) for o in base]
    result = compare(few, {BASELINE: base, SMOTE: worse})
    assert result.tables["verdicts"]["verdict"].tolist() == ["too few rows to say"]
    live = dict(result.tables, differences=result.tables["differences"].assign(against=live_words.BASE))
    said = live_words.findings(few, live, "average precision", [SMOTE], [])
    for findings in (result.findings, said):
        assert "has 9 rows: too few to say which" in findings[0].text and findings[0].severity == "caution"
        assert not any(
            word in finding.text for finding in findings for word in ("worse", "helps", "equal to", "distinguish")
        )


def test_nothing_is_told_apart_before_all_folds_are_there(study, base):
    result = compare(study, {BASELINE: base, SMOTE: changed(base, 0.1)[:9]})
    assert all(
        not len(result.tables[name]) for name in ("better_than", "verdicts", "gain", "redrawn", "chosen", "selection")
    )
    assert "The verdict follows" in result.findings[0].text


def test_what_a_recipe_changes_beside_what_it_gains(study, base):
    """Log-odds that are all moved up change probabilities and no rank; the numbers are those of the rows."""
    up = [replace(one, log_odds=one.log_odds + 1) for one in base]
    result = compare(study, {BASELINE: base, WEIGHTS: up})
    row = result.tables["gain"].iloc[0]
    by_hand = np.mean([np.abs(expit(a.log_odds + 1.0) - expit(a.log_odds.astype(float))).mean() for a in base])
    assert row["behaviour"] == pytest.approx(by_hand, abs=1e-6) and row["rank_change"] == row["difference"] == 0
    figure = comparing.draw(result)["What a recipe changes and what it gains"]
    assert [(trace.x[0], trace.y[0]) for trace in figure.data] == [(row["behaviour"], row["difference"])]
    assert all(one.log_odds.dtype == np.float32 and len(one.log_odds) == 96 for one in base)


def test_a_working_sample_is_spoken_of_as_the_whole_table(study):
    """Each common row stands for four: scores of drawn rows weigh them so, and the rows that would be needed are of the table."""
    data = study.dataset
    sample = Study(replace(data, represents=np.where(data.y == "rare", 1.0, 4.0)), learner="linear", n_repeats=1)
    result = compare(sample, {BASELINE: made_up(sample), SMOTE: made_up(sample, seed=1)})
    needed, change = result.tables["verdicts"].iloc[0], result.tables["redrawn"].iloc[0]
    assert needed["rows_needed"] == pytest.approx(needed["positives_needed"] * (80 + 4 * 400) / 80)
    assert change["difference"] == pytest.approx(needed["difference"], abs=1e-6) and change["low"] < change["high"]
    assert "with 480 rows of the working sample, 80 of them 'rare'" in texts(result)


def test_rows_drawn_anew_one_by_one_spread_as_far(study, base):
    noise = np.random.default_rng(0)
    other = [replace(one, log_odds=one.log_odds + noise.normal(size=96).astype(np.float32)) for one in base]
    row, found = redrawn(study, {BASELINE: base, SMOTE: other}).iloc[0], study.codes == study.positive_code

    def change(weight):
        pairs = [
            [average_precision(one.log_odds, found[test], weight[test]) for one in (ours, theirs)]
            for ours, theirs, (_, test) in zip(other, base, study.folds, strict=True)
        ]
        return np.mean(np.diff(pairs, axis=1)) * -1

    draws = []
    for _ in range(60):
        sides = (np.flatnonzero(side) for side in (found, ~found))
        rows = np.concatenate([noise.choice(side, len(side)) for side in sides])
        draws.append(change(np.bincount(rows, minlength=480).astype(float)))
    assert row["difference"] == pytest.approx(change(np.ones(480)))
    assert row["high"] - row["difference"] == pytest.approx(1.9905 * np.std(draws, ddof=1), rel=0.25)  # t with 79


def test_refits_learn_from_the_same_class_sizes_and_are_told_apart_by_hand(study):
    refits = instability.run(study, [WEIGHTS], n_refits=2)
    assert [(one.recipe, one.draw) for one in refits] == instability.tasks([WEIGHTS], 2)
    assert np.array_equal(refits[0].log_odds, score_fold(study, BASELINE, 4).log_odds)
    result = moved_rows.instability(study, refits, n_refits=2)
    own = study.codes[study.folds[4][1]] == study.positive_code
    proba = [expit(one.log_odds.astype(float)) for one in refits if one.recipe == WEIGHTS]
    by_hand = np.mean([np.abs(p - proba[0])[own].mean() for p in proba[1:]])
    row = result.tables["summary"].query("recipe == 'Class weights' and rows == 'class of interest'").iloc[0]
    assert row["moved"] == pytest.approx(by_hand) and row["low"] <= row["moved"] <= row["high"] and row["n_rows"] == 16
    assert "Asked about are 96 rows that no fit has seen, 16 of them 'rare'." in result.findings[0].text
    figures = moved_rows.draw(result)
    assert list(figures["How far single rows move"].data[0].y) == result.tables["rows"]["moved"].tolist()[:96]
    assert set(result.tables["rows"]["row"] - 1) <= set(study.folds[4][1]), "counted from 1"
    assert moved_rows.instability(study, refits[:5], n_refits=2).findings[0].text == "5 of 6 fits (83 %) done so far."
    assert instability.planned([WEIGHTS], n_refits=2) == "6 fits: 3 of each of 2 recipes."


def test_rows_are_drawn_by_class_and_groups_as_a_whole():
    rng, rows = np.random.default_rng(0), np.arange(100, 140)
    codes = np.repeat([0, 1], [30, 10])
    drawn = instability._drawn(np.arange(40), codes, rows, rng)
    assert np.bincount(codes[drawn - 100]).tolist() == [30, 10] and len(np.unique(drawn)) < 40
    groups = np.arange(40) // 2
    counts = np.bincount(instability._drawn(groups, codes, rows, rng) - 100, minlength=40)
    assert (counts[::2] == counts[1::2]).all()


def test_copies_of_a_row_stand_on_one_side_of_inner_folds():
    """Columns without meaning: were copies parted, the tuned threshold would be that of rows known by heart, and take in rows of the class for sure."""
    rng = np.random.default_rng(0)
    frame = planted("clean", class_sizes=(120, 60)).X.apply(lambda column: rng.permutation(column))
    data = Dataset.from_frame(frame.assign(outcome=["other"] * 120 + ["rare"] * 60), "outcome")
    study = Study(data, learner="boosted", n_folds=3, n_repeats=1)
    kept = [instability.refit(study, BASELINE, draw).found.mean() for draw in (1, 2)]
    assert min(kept) > 0.9  # rows that cannot be told apart are all taken for the class, which is best for F1


def test_too_few_rows_to_ask_about():
    few = Study(planted("clean", class_sizes=(200, 40)), learner="linear")
    result = moved_rows.instability(few, [])
    assert (
        result.findings[0].text
        == "The rows that are asked about hold 8 rows of 'rare': too few to say how far such rows move."
    )


def test_the_command_says_the_same(capsys, tmp_path):
    data = planted("overlap", class_sizes=(120, 60))
    table = tmp_path / "table.csv"
    data.X.assign(outcome=data.y).to_csv(table, index=False)
    options = ["--target", "outcome", "--learner", "linear", "--folds", "3", "--repeats", "1", "--seed", "4"]
    assert (
        main(["compare", str(table), *options, "--recipes", "class_weights", "--margin", "0.5", "--refits", "2"]) == 0
    )
    out = capsys.readouterr().out
    assert "Class weights: practically equal" in out and "lies within 0.5 with probability above 0.999" in out
    assert "of 3 folds drawn with seed 4" in out and "Fitted again 2 times on rows drawn anew (seed 4)" in out
