"""The final score on declared test rows: what scikit-learn says, paired, and never claimed on a handful of rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from core.errors import UserError
from core.evaluation.final import _ranking, _tail, final_score
from core.held_out import with_test
from core.judge import proportion_interval
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted
from core.table import Table

OVERLAP = [planted("overlap", class_sizes=(450, 50), random_state=seed) for seed in (0, 1)]
GROUPS = pd.DataFrame({"patient": np.arange(500)})


@pytest.fixture(scope="module")
def study():
    test = Table.from_frame(OVERLAP[1].X.assign(outcome=OVERLAP[1].y), "later")
    return Study(with_test(OVERLAP[0], test), learner="linear", miss_cost=9.0)


def test_ranking_agrees_with_scikit_learn_also_with_ties_and_weights():
    rng = np.random.default_rng(0)
    score, found = rng.integers(0, 12, 300) / 12, rng.random(300) < 0.2
    draws = rng.integers(0, 4, (3, 300)).astype(float)
    for weight, ours in zip(draws, _ranking(score, found, draws), strict=True):
        assert ours["average precision"] == pytest.approx(average_precision_score(found, score, sample_weight=weight))
        assert ours["ROC-AUC"] == pytest.approx(roc_auc_score(found, score, sample_weight=weight))


def test_the_chosen_recipe_stands_beside_the_baseline_on_the_same_rows(study):
    result = final_score(study, Recipe.parse("class_weights"))
    scores, differences = result.tables["scores"], result.tables["differences"].set_index("metric")
    assert scores["recipe"].unique().tolist() == ["Do nothing", "Class weights"]
    values = scores.pivot_table(index="metric", columns="recipe", values="value")
    assert np.allclose(differences["difference"], (values["Class weights"] - values["Do nothing"])[differences.index])
    assert (scores["low"] <= scores["value"]).all() and (scores["value"] <= scores["high"]).all()
    assert result.tables["classes"]["n_test"].tolist() == [450, 50]
    confusion = result.tables["confusion"].groupby("recipe")["n_rows"].sum()
    assert confusion.tolist() == [500, 500]
    assert "On 500 test rows, 50 of them 'rare', doing nothing has cost per 1,000 rows" in result.findings[0].text
    assert len(result.findings) == 1, "both files have the same class shares"


def test_a_recipe_equal_to_the_baseline_is_not_told_apart(study):
    result = final_score(study, Recipe.parse("tuned_threshold:criterion=expected cost"))
    assert result.tables["differences"]["difference"].abs().max() == pytest.approx(0)
    assert "not told apart" in result.findings[0].text


def test_a_handful_of_rows_claims_nothing_and_shifted_shares_are_told(study):
    test = study.dataset.test
    rows = np.flatnonzero((test.y == "common") | (np.cumsum(test.y == "rare") <= 5))
    few = replace(test, X=test.X.iloc[rows], y=test.y.iloc[rows])
    result = final_score(study.with_(dataset=replace(study.dataset, test=few)), Recipe())
    assert "has 5 rows of 'rare'; below 10 nothing can be claimed" in result.findings[0].text
    assert "10 % of the training rows and 1.1 % of the test rows" in result.findings[1].text


def test_without_a_test_file_there_is_no_final_score():
    with pytest.raises(UserError, match="No test file"):
        final_score(Study(OVERLAP[0]), Recipe())


def test_intervals_are_exact_for_shares_wider_for_few_rows_and_silent_on_groups_no_more(study):
    scores = final_score(study, Recipe()).tables["scores"].set_index("metric")
    recall = scores.loc["recall"]
    assert [recall["low"], recall["high"]] == pytest.approx(
        [float(end) for end in proportion_interval(round(recall["value"] * 50), 50)]
    )
    assert _tail(10) == pytest.approx(0.0086, abs=1e-4)
    assert _tail(100_000) == pytest.approx(0.025, abs=1e-5)
    grouped = study.with_(
        dataset=replace(study.dataset, roles={**study.dataset.roles, "group": ("patient",)}, groups=GROUPS)
    )
    assert any("share one 'patient'" in finding.text for finding in final_score(grouped, Recipe()).findings)
