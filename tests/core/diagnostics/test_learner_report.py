"""What the study's own network reports: the numbers of its history, with the recipe and without, and nothing for other learners."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.diagnostics.optimisation.gradient_interference import draw
from core.learner_report import draw as learner_report_figures
from core.learner_report import learner_report
from core.learners.neural import NeuralNetwork
from core.recipe import Recipe
from core.registry import method
from core.study import Study
from core.synthetic import planted

NOTHING, BATCHES = "Do nothing", "Class-aware batches"


def network_study(text="", **choices):
    return Study(planted("overlap", class_sizes=(270, 30)), learner="neural", recipe=Recipe.parse(text), **choices)


@pytest.fixture(scope="module")
def study():
    return network_study("class_aware_batches+tuned_threshold")


@pytest.fixture(scope="module")
def result(study):
    return engine.run("gradient_interference", study)


def test_the_table_holds_the_history_of_a_network_fitted_by_hand(result):
    study = network_study()
    train = study.folds[0][0]
    history = NeuralNetwork().fit(study.dataset.X.iloc[train], study.codes[train]).history_
    table = result.tables["learner"].query("recipe == @NOTHING")
    assert list(table["class"].unique()) == ["rare", "common"]
    total = history["gradient"] * history["n"]
    history["part"] = total / total.groupby(history["epoch"]).transform("sum")
    for code, label in enumerate(study.classes):
        told, kept = table[table["class"] == label], history[history["class"] == code]
        columns = ["epoch", "loss", "recall", "gradient_norm", "n_rows", "gradient_share"]
        np.testing.assert_array_equal(told[columns], kept[["epoch", "loss", "recall", "gradient", "n", "part"]])
    over_all = result.tables["learner_classes"].set_index(["recipe", "class"]).loc[(NOTHING, "rare")]
    kept = history[history["class"] == 1]
    assert over_all["rows_share"] == pytest.approx(0.1) and over_all["final_recall"] == kept["recall"].iloc[-1]
    assert over_all["gradient_share"] == pytest.approx(total[kept.index].sum() / total.sum())


def test_batches_with_every_class_give_the_rare_one_a_larger_part(result):
    classes = result.tables["learner_classes"].set_index(["recipe", "class"])
    assert classes.loc[(BATCHES, "rare"), "rows_share"] == pytest.approx(0.5, abs=0.02)
    first = result.tables["learner"].query("epoch == 1 and `class` == 'rare'").set_index("recipe")["gradient_share"]
    assert first[BATCHES] > first[NOTHING] + 0.1
    assert classes.loc[(BATCHES, "rare"), "gradient_share"] > classes.loc[(NOTHING, "rare"), "gradient_share"]
    assert classes.loc[(BATCHES, "rare"), "first_epoch"] <= classes.loc[(NOTHING, "rare"), "first_epoch"]
    assert "50 % of the rows" in result.findings[-2].text and "With nothing done instead" in result.findings[-1].text


def test_it_stands_beside_the_diagnosis_and_is_never_graver(study, result):
    trace = {"training_trace": study._memory["training_trace"]}
    alone = engine.run("gradient_interference", Study(study.dataset, _memory=trace))
    extra = ["learner", "learner_classes"]
    assert list(result.tables) == [*alone.tables, *extra] and not set(extra) & set(alone.tables)
    assert result.findings[: len(alone.findings)] == alone.findings
    assert {finding.severity for finding in result.findings[len(alone.findings) :]} == {"fine"}
    returns = method("gradient_interference").text.sections["Returns"]
    for name in extra:
        assert f"``{name}``" in returns and all(column in returns for column in result.tables[name].columns)
    new = draw(result).keys() - draw(alone).keys()
    assert len(new) == 1
    figure = draw(result)[new.pop()]
    shown = np.concatenate([line.y for line in figure.data])
    assert len(figure.data) == 4 and set(shown) == set(result.tables["learner"]["gradient_share"])


def test_what_comes_after_training_does_not_change_the_report(result):
    study = network_study("tuned_threshold")
    found = learner_report(study)
    expected = result.tables["learner"].query("recipe == @NOTHING").reset_index(drop=True)
    pd.testing.assert_frame_equal(found.tables["learner"], expected)
    inside = study.fitted(study.recipe, study.folds[0][0]).classifier_
    np.testing.assert_array_equal(
        inside.class_means()[:, 1, :3].T, expected[expected["class"] == "rare"][["loss", "recall", "gradient_norm"]].T
    )
    assert "after the training" in found.findings[-1].text
    assert learner_report(study).tables["learner"].equals(found.tables["learner"])
    assert [key for key in study._memory if key[0] == "learner_report"] == [("learner_report", Recipe())]


@pytest.mark.parametrize("text", ["balanced_bagging", "easy_ensemble"])
def test_several_networks_get_a_sentence(text):
    found = learner_report(network_study(text))
    assert not found.tables and found.severity == "fine" and "several networks" in found.findings[0].text
    assert not learner_report_figures(found)


@pytest.mark.parametrize("learner", ["boosted", "linear"])
def test_other_learners_have_no_report(learner):
    found = learner_report(Study(network_study().dataset, learner=learner))
    assert not found.tables and not found.findings


def test_a_working_sample_reports_the_rows_in_hand(study, result):
    stands = np.where(study.codes == study.positive_code, 1.0, 4.0)
    sample = Study(replace(study.dataset, represents=stands), learner="neural")
    assert sample.class_shares[1] == pytest.approx(30 / 1110)
    expected = result.tables["learner"].query("recipe == @NOTHING").reset_index(drop=True)
    pd.testing.assert_frame_equal(learner_report(sample).tables["learner"], expected)


def test_folds_in_time_learn_from_the_first_fold_that_knows_the_class():
    when = np.arange(180)
    label = np.where((when >= 36) & (when % 6 == 0), "rare", np.where(when % 3 == 1, "other", "common"))
    frame = pd.DataFrame({"a": np.sin(when) + (label == "rare"), "when": when, "outcome": label})
    study = Study(Dataset.from_frame(frame, "outcome", roles={"when": "time"}), learner="neural")
    assert study.positive == "rare" and study.positive_code not in study.codes[study.folds[0][0]]
    first = learner_report(study).tables["learner"].query("epoch == 1").set_index("class")["n_rows"]
    train = study.folds[1][0]
    assert first["rare"] / first.sum() == pytest.approx((study.codes[train] == study.positive_code).mean(), abs=0.02)
