"""Known answers of distributions, associations, correlations and the page about one column."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core import engine
from core.column_profile import column_profile, draw_column
from core.dataset import Dataset
from core.errors import UserError
from core.sampled_columns import sampled_columns
from core.study import Study
from core.synthetic import planted


def study_of(frame, label, **choices):
    return Study(Dataset.from_frame(pd.DataFrame(frame).assign(outcome=label), "outcome", **choices))


def by_column(result, table="columns", key="column"):
    return result.tables[table].set_index(key)


@pytest.fixture(scope="module")
def mixed():
    """1,200 rows, a tenth of them rare: numbers and texts that tell something, a code for missing, gaps, a repeated column."""
    rng = np.random.default_rng(0)
    label = np.where(np.arange(1200) % 10 == 0, "rare", "common")
    rare = label == "rare"
    size = np.round(rng.normal(size=1200) + 2 * rare, 2)
    together = rng.normal(size=(1200, 2))
    together[:, 1] = np.where(rare, together[:, 0] + 0.3 * together[:, 1], together[:, 1])
    frame = pd.DataFrame({"size": size, "inch": size / 2.54, "left": together[:, 0], "right": together[:, 1]})
    frame["dose"] = np.where(rng.random(1200) < 0.02, 999, rng.integers(1, 40, 1200)).astype(float)
    frame["colour"] = np.where(rare & (rng.random(1200) < 0.5), "red", rng.choice(["blue", "green", "unknown"], 1200))
    frame["shade"] = frame["colour"].map({"red": "warm", "blue": "cold", "green": "mild", "unknown": "none told"})
    frame.loc[rng.random(1200) < 0.1, "inch"] = np.nan
    frame["nothing"] = np.nan
    return study_of(frame, label)


def test_distributions_are_shares_in_bins_that_extremes_cannot_squeeze(mixed):
    rng = np.random.default_rng(1)
    values = np.append(rng.normal(size=995), np.full(5, 1e7))
    result = engine.run("column_distributions", study_of({"a": values}, np.where(np.arange(1000) % 10 == 0, "r", "c")))
    bins = result.tables["bins"]
    inner = bins[bins["label"].str.contains(" to ")]
    assert inner["to"].max() < 5 and bins["to"].max() == 1e7 and bins.loc[bins["drawn"], "place"].max() < 6
    assert (
        by_column(result).loc["a", "n_far"] == 5
        and result.severity == "caution"
        and "5 of 1,000 rows" in result.findings[0].text
    )
    result = engine.run("column_distributions", mixed)
    total = result.tables["bins"].groupby(["column", "class"])["share"].sum()
    assert np.allclose(total, 1) and set(total.index.get_level_values(0)) == set(mixed.dataset.X.columns) - {"nothing"}
    told = by_column(result)
    assert told["distance"].idxmax() in ("size", "inch") and told.loc["nothing", ["distance", "p"]].isna().all()
    assert told.loc[["left", "right", "dose"], "p_holm"].min() > 0.01 and told.loc["colour", "cut"] == "'red'"
    assert told.loc["colour", "share_rest"] == 0 and told.loc["colour", "p_holm"] < 1e-20
    quartiles = by_column(result, "quartiles").loc["size"].set_index("class")
    assert (
        quartiles.loc["rare", "low"] < 2.05 < quartiles.loc["rare", "high"]
        and quartiles.loc["common", "n_samples"] == 1080
    )


def test_associations_are_shares_of_what_there_is_to_know(mixed):
    """A column that is the class tells all; a copy of half of it tells what the formula says; noise tells nothing."""
    label = np.where(np.arange(1000) < 100, "rare", "common")
    rng = np.random.default_rng(0)
    frame = {"same": label.copy(), "half": np.where(np.arange(1000) < 50, "u", "v"), "noise": rng.normal(size=1000)}
    told = by_column(engine.run("column_associations", study_of(frame, label)))
    assert told.loc["same", "share"] == pytest.approx(1, abs=0.01) and told.loc["noise", "p_holm"] > 0.01
    whole, left = (-(p * np.log2(p) + (1 - p) * np.log2(1 - p)) for p in (0.1, 50 / 950))
    assert told.loc["half", "bits"] + told.loc["half", "chance_bits"] == pytest.approx(whole - 0.95 * left)
    assert told.loc["half", "low"] < told.loc["half", "share"] < told.loc["half", "high"] < 1
    result = engine.run("column_associations", mixed)
    assert by_column(result).loc["nothing", ["share", "bits"]].tolist() == [0, 0]
    assert by_column(result).loc[["colour", "size"], "p_holm"].max() < 1e-6


def test_correlations_see_what_one_column_hides(mixed):
    """Two columns that no class differs in go together in the rare class only; copies in another unit form clusters."""
    result = engine.run("correlations", mixed)
    first = result.tables["differing"].iloc[0]
    assert {first["column"], first["other"]} == {"left", "right"} and first["in_class"] > 0.9 > 0.1 > abs(
        first["in_rest"]
    )
    assert first["p_holm"] < 1e-6 and "'left' and 'right' most of all" in " ".join(f.text for f in result.findings)
    clusters = result.tables["clusters"].groupby("cluster")["column"].agg(list).tolist()
    assert sorted(map(sorted, clusters)) == [["colour", "shade"], ["inch", "size"]]
    assert by_column(result, "clusters").loc[["size", "inch"], "keep"].tolist() == [True, False]
    measures = result.tables["pairs"].set_index(["column", "other"])["measure"]
    assert measures["inch", "size"] == "Spearman" and measures["colour", "shade"] == "Cramér's V"
    assert measures["colour", "size"] == "correlation ratio"


def test_a_working_sample_stands_for_the_whole_table():
    """Statistics over all classes of a weighted table are those of the table with its rows repeated."""
    rng = np.random.default_rng(0)
    label = np.repeat(["c", "b", "a"], [300, 150, 60])
    each = {"c": 6, "b": 2, "a": 1}
    code = np.repeat([0, 1, 2], [300, 150, 60])
    frame = pd.DataFrame({"x": np.round(rng.normal(size=510) + code, 1), "z": rng.integers(0, 9, 510) * 1.0})
    frame["t"] = np.array(["u", "v", "w", "k"])[np.minimum(rng.integers(0, 3, 510) + (code == 2), 3)]
    frame.loc[rng.random(510) < 0.2 * (1 + code), "z"] = np.nan
    weights = pd.Series(label).map(each).to_numpy(dtype=float)
    weighted = study_of(frame, label)
    weighted = Study(replace(weighted.dataset, represents=weights), positive="a")
    rows = np.repeat(np.arange(510), weights.astype(int))
    whole = Study(study_of(frame.iloc[rows], label[rows]).dataset, positive="a")
    assert weighted.classes == whole.classes
    for slug, table, names in (
        ("column_roles", "columns", ["missing_share", "top_share", "typical"]),
        ("column_distributions", "columns", ["distance", "share_class", "share_rest"]),
        ("class_distribution", "classes", ["n_samples", "share"]),
    ):
        key = "class" if table == "classes" else "column"
        found, expected = (by_column(engine.run(slug, one), table, key)[names] for one in (weighted, whole))
        pd.testing.assert_frame_equal(found.sort_index(), expected.sort_index(), check_dtype=False)
    ties = [
        engine.run("correlations", one).tables["pairs"].set_index(["column", "other"])["value"]
        for one in (weighted, whole)
    ]
    assert ties[0]["x", "z"] == pytest.approx(ties[1]["x", "z"])
    told = [by_column(engine.run("column_associations", one)) for one in (weighted, whole)]
    told = [(one["bits"] + one["chance_bits"])["t"] for one in told]
    assert told[0] == pytest.approx(told[1])
    frequent = [column_profile(one, "t").tables["frequent"].set_index("value")["share"] for one in (weighted, whole)]
    pd.testing.assert_series_equal(*frequent)


def test_a_large_table_is_looked_at_by_a_sample_that_says_so():
    study = Study(planted("clean", class_sizes=(36_000, 900)))
    sample = sampled_columns(study)
    assert sample.sizes.tolist() == [9_100, 900] and sample.weights.sum() == pytest.approx(36_900)
    for slug in ("column_distributions", "column_associations", "correlations"):
        assert any("10,000 of 36,900 rows (27 %) were looked at" in f.text for f in engine.run(slug, study).findings), (
            slug
        )


def test_everything_about_one_column(mixed):
    check = engine.run("column_associations", mixed)
    result = column_profile(mixed, "size", {"Association": check})
    tables, y = result.tables, mixed.dataset.y == "rare"
    assert tables["area"]["area"][0] == pytest.approx(roc_auc_score(y, mixed.dataset.X["size"]))
    assert tables["area"]["low"][0] < 0.92 < tables["area"]["high"][0]
    assert tables["ties"].iloc[0][["other", "measure"]].tolist() == ["inch", "Spearman"]
    expected = mixed.dataset.X["size"].groupby(mixed.dataset.y).max()
    assert tables["quantiles"].set_index("class")["maximum"].to_dict() == expected.to_dict()
    assert tables["extremes"]["value"].abs().max() == mixed.dataset.X["size"].abs().max()
    assert tables["facts"].set_index("fact")["value"]["different values"] == str(mixed.dataset.X["size"].nunique())
    assert any("'size'" in text for text in tables["checks"]["sentence"])
    figures = draw_column(result)
    assert list(figures) == ["Distribution per class", "Closest columns"]
    assert set(np.unique(figures["Distribution per class"].data[0].y)) <= set(tables["bins"]["share"])
    gaps = column_profile(mixed, "inch").tables["gaps"]
    assert gaps["n_missing"].sum() == mixed.dataset.X["inch"].isna().sum()


@pytest.mark.parametrize(("name", "value"), [("dose", "999"), ("colour", "unknown"), ("size", None)])
def test_values_that_may_stand_for_a_gap_are_asked_about(mixed, name, value):
    result = column_profile(mixed, name)
    assert result.tables["suspects"]["value"].tolist() == ([value] if value else [])
    assert result.severity == ("caution" if value else "fine")


def test_a_zero_is_asked_about_where_it_stands_alone():
    """Blood pressures of 40 and more with zeros in between; money, where half of the rows have none."""
    rng = np.random.default_rng(0)
    pressure = np.where(np.arange(400) % 10 == 0, 0, rng.integers(40, 120, 400))
    money = np.where(np.arange(400) % 10 < 7, 0, rng.integers(5000, 5100, 400))
    study = study_of({"pressure": pressure, "money": money}, np.where(np.arange(400) % 7, "x", "y"))
    found = {name: column_profile(study, name).tables["suspects"] for name in ("pressure", "money")}
    assert found["pressure"][["value", "n_rows"]].values.tolist() == [["0", 40]] and found["money"].empty


def test_a_very_wide_table_is_cut_to_the_columns_that_vary_most():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 310))).add_prefix("m")
    frame.iloc[:, :10] = (np.arange(60) < 2)[:, None] * 1.0
    result = engine.run("correlations", study_of(frame, np.where(np.arange(60) % 4, "x", "y")))
    looked_at = result.tables["looked_at"].iloc[0]
    assert looked_at["left_out"] == 10 and looked_at["n_pairs"] == 300 * 299 / 2 and len(result.tables["pairs"]) == 300
    assert not {*result.tables["pairs"]["column"], *result.tables["pairs"]["other"]} & {f"m{i}" for i in range(10)}
    assert "10 columns that vary least were not looked at" in result.findings[-1].text


def test_an_empty_column_and_unknown_ones_get_sentences(mixed):
    result = column_profile(mixed, "nothing")
    assert "1,200 of 1,200 cells (100 %) missing" in result.findings[0].text and list(draw_column(result)) == [
        "Gaps per class"
    ]
    for name, words in (("colur", "Did you mean 'colour'"), ("outcome", "is the target")):
        with pytest.raises(UserError, match=words):
            column_profile(mixed, name)
    left_out = study_of(mixed.dataset.X, mixed.dataset.y, leave_out=["dose"])
    with pytest.raises(UserError, match="'leave out'"):
        column_profile(left_out, "dose")


def test_names_from_a_file_stay_text_on_the_page_of_a_column():
    hostile = "<img src=x onerror=alert(1)>" + "x" * 500
    rng = np.random.default_rng(0)
    frame = {hostile: rng.choice([hostile, "$x$", "two\nlines"], 60), "b": rng.normal(size=60)}
    result = column_profile(study_of(frame, np.where(np.arange(60) % 3, hostile + "1", "=cmd()")), hostile)
    assert all("\n" not in f.text and len(f.text) < 800 for f in result.findings)
    drawn = " ".join(figure.to_json() for figure in draw_column(result).values())
    assert "<img" not in drawn and "$x$" not in drawn and "x" * 200 not in drawn
