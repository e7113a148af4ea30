"""Curves of a study: numbers that stand in tables, chance beside them, people that add up, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score, f1_score, recall_score, roc_auc_score

from core import wording
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation import curves_words, cutoff_words
from core.evaluation.curves import curves_of, draw
from core.evaluation.decision_curve import with_plain_lines
from core.evaluation.locked import locked
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted


def known(sizes=(950, 50), informative=1.8, **choices):
    """A study with out-of-fold probabilities that are known: true ones of a binormal table."""
    study = Study(planted("clean", class_sizes=sizes), learner="linear", n_repeats=1, **choices)
    share = sizes[1] / sum(sizes)
    x = np.random.default_rng(0).normal(informative * study.codes, 1)
    p = expit(np.log(share / (1 - share)) + informative * x - informative**2 / 2)
    study._memory["out_of_fold", Recipe()] = np.column_stack([1 - p, p])
    return study, p, study.codes == 1


def test_the_tables_hold_what_scikit_learn_says_and_what_people_see():
    study, p, found = known(miss_cost=9)
    result = curves_of(study)
    value = result.tables["measures"].set_index("measure")
    assert value.loc["average precision", "value"] == pytest.approx(average_precision_score(found, p))
    assert value.loc["ROC-AUC", "value"] == pytest.approx(roc_auc_score(found, p))
    assert (value["low"] < value["value"]).all() and (value["value"] < value["high"]).all()
    assert 0.05 < value.loc["average precision", "chance"] < 0.06 < value.loc["average precision", "chance_high"] < 0.1
    taken = locked(study, Recipe()).taken
    scores = result.tables["decisions"].set_index(["cut", "metric"])["value"]
    assert scores["at its own threshold", "F1"] == pytest.approx(f1_score(found, taken))
    assert scores["at 0.5", "recall"] == pytest.approx(recall_score(found, p >= 0.5))
    assert scores["at its own threshold", "cost per 1,000 rows"] == (
        9 * (found & ~taken).sum() + (taken & ~found).sum()
    )
    people = result.tables["people"].set_index(["cut", "outcome"])["n_cases"]
    assert people["at its own threshold"].sum() == 1000 and people["at 0.5", "found"] == (found & (p >= 0.5)).sum()
    assert result.findings[1].text.startswith("Of 1,000 cases 50 are 'rare'. At the threshold")
    benefit = result.tables["decision_curve"].set_index("recipe")
    at = benefit.loc["Do nothing"].iloc[30]
    hits, alarms = (found & (p >= at["threshold"])).sum(), (~found & (p >= at["threshold"])).sum()
    assert at["net_benefit_per_1000"] == pytest.approx(hits - alarms / at["miss_cost"])
    assert (benefit.loc["take none", "net_benefit_per_1000"] == 0).all()


def test_every_figure_draws_a_table():
    study, _, _ = known()
    result = curves_of(study, [Recipe.of("class_thresholds")])
    figures = draw(result)
    assert list(figures) == [
        "Precision and recall",
        "ROC curve",
        "Gain",
        "Lift",
        "Net benefit",
        "Cost curve",
        "Of 1,000 cases",
    ]
    numbers = np.concatenate([table.select_dtypes("number").to_numpy().ravel() for table in result.tables.values()])
    for title, figure in figures.items():
        assert figure.layout.title.text == title and figure.layout.meta["caption"]
        for trace in figure.data:
            if trace.name not in (None, "random ranking") and trace.type == "scatter":
                assert np.isin(np.asarray(trace.y, dtype=float), numbers).all()


def test_one_threshold_and_another_prevalence():
    """Scores stay, rows are weighed: recall does not move with the prevalence, average precision and people do."""
    study, p, found = known()
    plain, rare = curves_of(study, threshold=0.2), curves_of(study, threshold=0.2, prevalence=0.005)
    recall = [
        result.tables["decisions"].set_index(["cut", "metric"])["value"]["at the chosen threshold", "recall"]
        for result in (plain, rare)
    ]
    assert recall == pytest.approx([recall_score(found, p >= 0.2)] * 2)
    weight = np.where(found, 0.1, 0.995 / 0.95)
    measures = rare.tables["measures"].set_index("measure")["value"]
    assert measures["average precision"] == pytest.approx(average_precision_score(found, p, sample_weight=weight))
    assert measures["ROC-AUC"] == pytest.approx(plain.tables["measures"].set_index("measure")["value"]["ROC-AUC"])
    people = rare.tables["people"].set_index(["cut", "outcome"])["n_cases"]["at 0.5"]
    assert people["found"] + people["missed"] == 5
    assert rare.tables["measures"].set_index("measure")["chance"]["average precision"] < 0.01
    with pytest.raises(UserError, match=re.escape("The threshold is 1.")):
        curves_of(study, threshold=1.0)
    benefit = rare.tables["decision_curve"].set_index("recipe")
    at_use = expit(np.log(p / (1 - p)) + np.log(0.005 / 0.995) - np.log(0.05 / 0.95))
    for row in benefit.loc["Do nothing"].iloc[[5, 30, 50]].itertuples():
        taken = at_use >= row.threshold
        worth = (found & taken) @ weight - (~found & taken) @ weight / row.miss_cost
        assert row.net_benefit_per_1000 == pytest.approx(worth) and (taken == (p >= row.threshold_in_table)).all()
    assert draw(rare)["Net benefit"].layout.xaxis.title.text == "threshold (probability at use)"
    texts = " ".join(finding.text for finding in rare.findings)
    assert "At the threshold 0.2 on probabilities of this table" in texts and "on probabilities of this table)" in texts
    assert "rows among which 'rare' makes up 5 %" in texts and "those where it makes up 0.5 %" in texts
    assert "of this table" not in " ".join(finding.text for finding in plain.findings)


def test_thresholds_are_carried_from_the_share_among_the_rows_that_are_tested():
    """Folds that follow time leave the first rows out, among which the class may be rarer than it was later."""
    at = np.arange(300)
    frame = pd.DataFrame(
        {"x": at % 7, "when": at, "y": np.where((at == 9) | (at >= 60) & (at % 4 == 0), "rare", "common")}
    )
    study = Study(Dataset.from_frame(frame, "y", roles={"when": "time"}))
    usual = study.judged.class_shares[1]
    assert usual > study.class_shares[1] + 0.02
    rows = with_plain_lines(pd.DataFrame({"threshold": [0.05]}), study, 0.05)
    assert rows["threshold_in_table"].dropna().to_numpy() == pytest.approx(usual)
    assert f"rare' makes up {wording.share(usual)}. Thresholds of net benefit" in curves_words._scales(study, 0.05).text
    text = cutoff_words._elsewhere(study, 19.0, 0.05).text
    assert f"this cost stands for {wording.number(usual)} on them" in text, "and in the words of a cut-off"


def test_chance_is_called_chance_and_few_rows_are_not_read():
    study, _, _ = known(informative=0.01)
    first = curves_of(study).findings[0]
    assert first.severity == "caution" and "not told apart from chance" in first.text
    few = Study(planted("clean", class_sizes=(200, 8)), learner="linear", n_repeats=1)
    (only,) = curves_of(few).findings
    assert only.severity == "caution" and "too few to read curves" in only.text
    some, _, _ = known(sizes=(570, 30))
    assert "prefer the one that the costs imply" in curves_of(some).findings[-1].text


def test_of_a_very_rare_class_more_than_a_thousand_cases_are_spoken_of():
    study, p, found = known()
    rare = curves_of(study, threshold=0.3, prevalence=0.0004)
    people = rare.tables["people"].set_index(["cut", "outcome"])["n_cases"]["at the chosen threshold"]
    assert people.sum() == 100_000 and people["found"] + people["missed"] == 40
    assert people["false alarms"] == round(99_960 * (p >= 0.3)[~found].mean())
    assert rare.findings[1].text.startswith("Of 100,000 cases 40 are 'rare'.") and "Of 100,000 cases" in draw(rare)


def test_rules_of_many_classes_have_no_threshold_but_people():
    study = Study(planted("overlap", class_sizes=(200, 60, 40)), learner="linear", n_repeats=1)
    result = curves_of(study, [Recipe.of("class_thresholds")])
    rows = result.tables["people"].query("recipe == 'Class thresholds' and cut != 'at 0.5'")
    assert rows["threshold"].isna().all() and rows["n_cases"].sum() == 1000
    assert any("By its own rule 'Class thresholds' finds" in finding.text for finding in result.findings)


def test_the_command_prints_measures_people_and_bands(capsys, tmp_path):
    from core.__main__ import main

    rng, path = np.random.default_rng(0), tmp_path / "table.csv"
    y = np.arange(300) < 60
    rows = [f"{x:.3f},{'yes' if own else 'no'}" for x, own in zip(rng.normal(1.5 * y, 1), y, strict=True)]
    path.write_text("x,outcome\n" + "\n".join(rows), encoding="utf-8")
    arguments = [
        str(path),
        "--target",
        "outcome",
        "--learner",
        "linear",
        "--recipes",
        "cost_threshold",
        "class_thresholds",
    ]
    assert main(["curves", *arguments, "--cost", "4"]) == 0
    out = capsys.readouterr().out
    for text in (
        "average precision   ",
        "; by chance 0.2",
        "Of 1,000 cases\n",
        "Cost threshold: threshold",
        "Class thresholds: F1",
    ):
        assert text in out
    assert main(["curves", *arguments, "--threshold", "2"]) == 2
    assert "--threshold is 2." in capsys.readouterr().err
