"""Known answers about gaps: how many, in which classes, together, and what they give away."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, fisher_exact, mannwhitneyu, ttest_ind
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from core import engine
from core.dataset import Dataset
from core.missing_profile import MissingProfile, missing_profile
from core.numerics.mask import counts_by_class, patterns
from core.population import Population
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
    assert result.findings[0].text.startswith("The class of interest has 3 rows of 63; at least 10 rows")


def nested(n=400, random_state=0):
    """Rows that stop: whoever lacks "a" lacks "b", whoever lacks "b" lacks "c"; all rows that lack "a" but one are rare."""
    rng = np.random.default_rng(random_state)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("cbad"))
    for column, share in (("c", 0.4), ("b", 0.2), ("a", 0.1)):
        frame.loc[: int(share * n) - 1, column] = np.nan
    return study_of(frame, np.where((np.arange(n) < 0.1 * n - 1) | (np.arange(n) >= n - 5), "rare", "common"))


def test_the_profile_is_what_pandas_counts():
    """Text and numbers, one column empty, one without gaps; more columns than one word of bits holds."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 70)).astype(object)).mask(rng.random((300, 70)) < 0.02)
    frame = frame.astype(float).assign(text=rng.choice(["u", "v", None], 300), empty=np.nan, full=1.0)
    study = study_of(frame.rename(columns=str), rng.permutation(["x"] * 250 + ["y"] * 50))
    found, mask = missing_profile(study), study.dataset.X.isna()
    mask = mask.loc[:, mask.any()]
    assert found.names.tolist() == mask.columns.tolist() and missing_profile(study) is found
    assert np.array_equal(found.mask(), mask) and len(found.shapes) == len(mask.drop_duplicates())
    assert np.array_equal(found.missing, mask.groupby(study.codes).sum().T)
    assert np.array_equal(found.both, mask.T.astype(int) @ mask.astype(int))
    assert found.complete.tolist() == [int((~mask.any(axis=1) & (study.codes == c)).sum()) for c in (0, 1)]
    assert mask.columns[found.partly].tolist() == [name for name in mask if name != "empty"]


def test_the_burden_of_the_rare_class_counts_rows():
    """Two columns that are missing together are one loss per row: the interval is that of Welch's errors, not of cells."""
    study = with_gaps((0.1, 0.4), (900, 100), n_columns=1)
    frame = study.dataset.X.assign(again=study.dataset.X["m0"])
    result = engine.run("missing_cells", study_of(frame, study.dataset.y))
    row = result.tables["burden"].set_index("class").loc["rare"]
    k, other = study.dataset.X["m0"].isna().groupby(study.dataset.y).sum()[["rare", "common"]]
    assert (row["n_cells"], row["n_missing"], row["share"]) == (200, 2 * k, k / 100)
    assert row["ratio"] == pytest.approx(k / 100 / (other / 900))
    error = np.sqrt((1 - k / 100) / k * 100 / 99 + (1 - other / 900) / other * 900 / 899)
    assert row["ratio_high"] == pytest.approx(row["ratio"] * np.exp(1.959964 * error))
    values = [study.dataset.X["m0"].isna()[study.dataset.y == name].astype(float) for name in ("rare", "common")]
    assert row["p"] == pytest.approx(ttest_ind(*values, equal_var=False).pvalue)
    said = next(f for f in result.findings if f.text.startswith("Over all columns"))
    assert said.severity == "caution" and f"{row['ratio']:.2f} times" in said.text


def test_patterns_are_counted_and_tested_exactly():
    result = engine.run("missing_patterns", nested())
    patterns = result.tables["patterns"].set_index("columns")
    assert patterns["n_samples"].to_dict() == {"none": 240, "'c'": 80, "'c' and 'b'": 40, "'c', 'b' and 'a'": 40}
    row = patterns.loc["'c', 'b' and 'a'"]
    assert (row["n_class"], row["class_share"], row["expected"]) == (39, 39 / 40, 44 / 400)
    assert row["p"] == pytest.approx(2 * fisher_exact([[39, 1], [5, 355]], alternative="greater").pvalue)
    assert row["p_holm"] == pytest.approx(4 * row["p"])
    assert "Of the 40 rows that lack just 'c', 'b' and 'a', 97.5 % are of 'rare'" in result.findings[0].text


def test_nested_gaps_are_named_and_gaps_by_chance_are_not():
    result = engine.run("missing_patterns", nested())
    structure = result.tables["structure"].set_index("measure")
    assert (
        structure.loc["order of nested columns", "value"] == 1 and structure.loc["order of nested columns", "low"] < 1
    )
    assert (
        result.tables["order"]["column"].tolist() == ["a", "b", "c"]
        and "The gaps of 3 columns are nested" in result.findings[1].text
    )
    assert result.tables["order"]["expected"].tolist() == pytest.approx([40 * 0.8 + 40 * 0.6, 80 * 0.6, 0])
    assert structure.loc["complete rows", "value"] == 0.6
    assert structure.loc["complete rows", "expected"] == pytest.approx(0.6 * 0.8 * 0.9)
    chance = [engine.run("missing_patterns", with_gaps((0.3, 0.3), (450, 50), 4, seed)) for seed in range(10)]
    values = [r.tables["structure"].set_index("measure").loc["order of all columns"] for r in chance]
    assert all(abs(v["value"]) < 0.15 and v["low"] < 0.1 for v in values) and {r.severity for r in chance} == {"fine"}


def test_nested_columns_are_found_among_others():
    study = nested(2000)
    rng = np.random.default_rng(1)
    frame = study.dataset.X.assign(**{f"n{j}": np.where(rng.random(2000) < 0.15, np.nan, 1.0) for j in range(5)})
    order = engine.run("missing_patterns", study_of(frame, study.dataset.y)).tables["order"]
    assert order.loc[order["nested"] == 1, "column"].tolist() == ["a", "b", "c"]


def test_a_column_that_gaps_follow_is_named():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(1000, 3)), columns=list("abc")).assign(site=rng.choice(["u", "v"], 1000))
    cause = frame["b"].copy()
    frame.loc[rng.random(1000) < np.where(cause > 0, 0.4, 0.1), "a"] = np.nan
    frame.loc[rng.random(1000) < np.where(frame["site"] == "u", 0.3, 0.1), "c"] = np.nan
    result = engine.run("missing_at_random", study_of(frame, ["x", "y"] * 500))
    pairs = result.tables["pairs"].set_index(["column", "other"])
    gap = frame["a"].isna()
    assert pairs.loc[("a", "b"), "value"] == pytest.approx(roc_auc_score(gap, frame["b"]))
    assert pairs.loc[("a", "b"), "p"] == pytest.approx(
        mannwhitneyu(frame["b"][gap], frame["b"][~gap], use_continuity=False).pvalue
    )
    table = pd.crosstab(frame["c"].isna(), frame["site"])
    chi = chi2_contingency(table, correction=False)
    assert pairs.loc[("c", "site"), "value"] == pytest.approx(np.sqrt(chi.statistic / 1000))
    assert pairs.loc[("c", "site"), "p"] == pytest.approx(chi.pvalue)
    assert result.tables["columns"].set_index("column")["other"].to_dict() == {"a": "b", "c": "site"}
    assert result.tables["test"]["p"].max() < 0.001 and result.severity == "caution"


def test_little_says_where_it_does_not_apply():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=100), "t": np.where(rng.random(100) < 0.3, None, "u")})
    result = engine.run("missing_at_random", study_of(frame, ["x", "y"] * 50))
    assert "does not apply here: the columns with gaps hold text" in result.findings[1].text
    assert result.tables["test"].empty


def test_a_working_sample_speaks_of_the_whole_table():
    """All rare rows and one common row in ten: shares are those of all rows, counts by class those in hand."""
    whole = with_gaps((0.1, 0.5), (18_000, 1_000), n_columns=2)
    rare = (whole.dataset.y == "rare").to_numpy()
    rows = np.sort(np.concatenate([np.flatnonzero(rare), np.flatnonzero(~rare)[::10]]))
    kept = Dataset.from_frame(whole.dataset.X.iloc[rows].assign(outcome=whole.dataset.y.iloc[rows]), "outcome")
    sample = Study(replace(kept, represents=np.where(rare[rows], 1.0, 10.0)))
    both = [engine.run("missing_cells", study).tables for study in (whole, sample)]
    assert all(t["columns"]["n_samples"].eq(19_000).all() for t in both)
    assert both[1]["classes"].query("`class` == 'common'")["n_samples"].eq(1_800).all()
    for name, column in (("columns", "share"), ("of_interest", "prevalence"), ("burden", "ratio")):
        all_rows, some = (
            t[name].set_index("class" if name == "burden" else "column")[column].sort_index() for t in both
        )
        np.testing.assert_allclose(some, all_rows, rtol=0.15, err_msg=name)
    assert "estimated from 2,800 rows in hand" in engine.run("missing_cells", sample).findings[-1].text
    patterns = [
        engine.run("missing_patterns", study).tables["patterns"].set_index("columns") for study in (whole, sample)
    ]
    for column in ("share", "class_share", "expected"):
        np.testing.assert_allclose(
            patterns[1][column].sort_index(), patterns[0][column].sort_index(), rtol=0.25, err_msg=column
        )


def test_cells_counted_in_all_rows_are_taken_over():
    """With what was counted when the file was read, counts and tests are those of all rows, whichever rows are in hand."""
    whole = with_gaps((0.1, 0.5), (6_000, 500), n_columns=2)
    X, y = whole.dataset.X, whole.dataset.y
    rows = np.sort(np.concatenate([np.flatnonzero(y == "rare"), np.flatnonzero(y == "common")[::10]]))
    kept = Dataset.from_frame(X.iloc[rows].assign(outcome=y.iloc[rows]), "outcome")
    kept = replace(kept, represents=np.where(kept.y == "rare", 1.0, 10.0))
    object.__setattr__(kept, "population", Population.of_frame(X.assign(outcome=y), "outcome", y))
    found, exact = engine.run("missing_cells", Study(kept)), engine.run("missing_cells", whole)
    for name in ("columns", "classes", "of_interest"):
        pd.testing.assert_frame_equal(found.tables[name], exact.tables[name])
    assert (
        "The cells were counted in all rows; the rows without gaps are estimated from 1,100" in found.findings[-1].text
    )


def test_a_million_rows_are_counted_within_a_fifth_of_a_second():
    """Masks, patterns, counts by class and the Gram product of 1,000,000 × 20; ``benchmarks/profile.md`` holds the tests on top of them."""
    rng = np.random.default_rng(0)
    gaps = rng.integers(0, 256, (20, 1_000_000), dtype=np.uint8) < 26
    columns, codes = [np.where(gap, np.nan, 1.0) for gap in gaps], (np.arange(1_000_000) % 100 == 0).astype(np.intp)
    spent = []
    for _ in range(3):
        start = time.process_time()
        pattern, shapes = patterns([np.isnan(column) for column in columns])
        found = MissingProfile(np.arange(20), pattern, shapes, counts_by_class(pattern, codes, 2), np.ones(2))
        both = found.both
        spent.append(time.process_time() - start)
    assert np.array_equal(np.diag(both), gaps.sum(axis=1)) and min(spent) <= 0.2
