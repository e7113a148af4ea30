"""Known answers about gaps: how many, in which classes, together, and what they give away."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from core import engine
from core.dataset import Dataset
from core.study import Study
from core.synthetic import planted


def study_of(frame, label, **choices):
    return Study(Dataset.from_frame(pd.DataFrame(frame).assign(outcome=label), "outcome"), **choices)


def with_gaps(shares, sizes=(800, 200), n_columns=2, random_state=0):
    """Columns of noise with a share of gaps for each class."""
    rng = np.random.default_rng(random_state)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    gaps = rng.random((len(codes), n_columns)) < np.array(shares)[codes][:, None]
    frame = pd.DataFrame(rng.normal(size=gaps.shape)).mask(gaps).set_axis([f"m{j}" for j in range(n_columns)], axis=1)
    return study_of(frame, np.array(["common", "rare", "third"])[codes])


def test_counts_and_exact_tests_of_a_small_table():
    values = [np.nan] * 3 + [1.0] * 27 + [np.nan] * 7 + [2.0] * 3
    result = engine.run("missing_cells", study_of({"a": values, "b": np.arange(40.0)}, ["x"] * 30 + ["y"] * 10))
    assert result.tables["columns"]["n_missing"].tolist() == [10, 0]
    cell = result.tables["classes"].set_index("class").loc["y"]
    assert (cell["n_missing"], cell["share"], cell["other_share"]) == (7, 0.7, 0.1)
    one_sided = fisher_exact([[7, 3], [3, 27]], alternative="greater").pvalue
    assert cell["p"] == pytest.approx(2 * one_sided)
    assert result.tables["complete"]["n_complete"].tolist() == [27, 3]
    assert "and of 'y' 3 of 10 rows (30 %)" in result.findings[-1].text


def test_a_table_without_gaps_is_fine():
    result = engine.run("missing_cells", Study(planted("clean")))
    assert result.severity == "fine" and result.findings[0].text == "No cell is missing in 1,000 rows and 6 columns."


def test_gaps_by_chance_are_no_finding_however_rare_the_class():
    severities = [
        engine.run("missing_cells", with_gaps((0.3, 0.3), (2000, 25), 20, random_state)).severity
        for random_state in range(10)
    ]
    assert severities == ["fine"] * 10


def test_a_small_difference_is_a_caution():
    assert engine.run("missing_cells", with_gaps((0.02, 0.09), (20000, 2000))).severity == "caution"
    assert engine.run("missing_cells", with_gaps((0.02, 0.09), (20000, 2000)), difference=0.05).severity == "issue"


def test_a_third_class_with_gaps_is_found():
    result = engine.run("missing_cells", with_gaps((0.05, 0.05, 0.6), (700, 200, 40)))
    assert result.severity == "issue" and set(result.tables["columns"]["class"]) == {"third"}


def test_blocks_of_gaps_are_found():
    rng = np.random.default_rng(0)
    one, two, alone = (rng.random(300) < share for share in (0.2, 0.1, 0.3))
    noise = rng.normal(size=(300, 6))
    gaps = np.stack([one, one, two, two, alone, np.zeros(300, dtype=bool)], axis=1)
    frame = pd.DataFrame(noise).mask(gaps).set_axis(list("abcdef"), axis=1)
    result = engine.run("gaps_together", study_of(frame, ["x", "y", "x"] * 100))
    blocks = result.tables["blocks"].groupby("block")["column"].apply(set)
    assert sorted(map(sorted, blocks)) == [["a", "b"], ["c", "d"]]
    pairs = result.tables["pairs"].set_index(["column", "other"])
    expected = np.corrcoef(one, alone)[0, 1]
    assert pairs.loc[("a", "e"), "correlation"] == pytest.approx(expected)
    assert pairs.loc[("a", "b"), "n_both"] == one.sum()


@pytest.mark.parametrize("slug", ["gaps_together", "missingness_leak"])
def test_without_gaps_there_is_nothing_to_say(slug):
    result = engine.run(slug, Study(planted("clean")))
    assert result.severity == "not applicable" and result.findings[0].text.startswith("No column")


def test_the_area_of_the_gaps_is_that_of_a_ridge_regression():
    study = with_gaps((0.2, 0.6), n_columns=4)
    overall = engine.run("missingness_leak", study).tables["overall"].iloc[0]
    mask, positive = study.dataset.X.isna().to_numpy(dtype=float), (study.codes == study.positive_code).astype(float)
    areas = [
        roc_auc_score(positive[test], Ridge(alpha=1.0).fit(mask[train], positive[train]).predict(mask[test]).round(9))
        for train, test in study.folds[:5]
    ]
    assert overall["auc"] == pytest.approx(np.mean(areas))
    assert overall["null_low"] < 0.5 < overall["null_high"] < overall["low"]


def test_gaps_by_chance_leak_nothing():
    values = [engine.run("missingness_leak", with_gaps((0.3, 0.3), random_state=seed)) for seed in range(10)]
    assert np.mean([value.severity == "fine" for value in values]) >= 0.9
    assert all(value.severity != "issue" for value in values)


def test_one_gap_that_tells_everything_is_called_a_leak():
    result = engine.run("missingness_leak", with_gaps((0.0, 1.0), n_columns=1))
    assert result.tables["overall"]["auc"].iloc[0] == 1.0 and "leak" in result.findings[0].text


def test_the_area_of_one_gap_is_its_formula():
    study = with_gaps((0.1, 0.5), n_columns=1)
    row = engine.run("missingness_leak", study).tables["columns"].iloc[0]
    gap = study.dataset.X["m0"].isna()
    assert row["auc"] == pytest.approx(roc_auc_score(study.dataset.y == "rare", gap))
    assert row["more_gaps_in"] == "the class of interest"


def test_a_tiny_class_of_interest_is_not_judged():
    result = engine.run("missingness_leak", with_gaps((0.3, 0.3), (60, 3)))
    assert result.findings[0].text.startswith("The class of interest has 3 rows of 63; at least 5")
