"""Known answers of the profile: classes, columns, equal rows."""

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.study import Study
from core.synthetic import planted


def run(slug, frame, label, **parameters):
    return engine.run(
        slug, Study(Dataset.from_frame(pd.DataFrame(frame).assign(outcome=label), "outcome")), **parameters
    )


def measured(result, measure):
    return result.tables["summary"].set_index("measure").loc[measure]


@pytest.mark.parametrize(
    ("rare", "severity"), [(6, "issue"), (9, "issue"), (10, "caution"), (29, "caution"), (30, "fine")]
)
def test_small_classes_are_named_by_their_counts(rare, severity):
    result = engine.run("class_distribution", Study(planted("clean", class_sizes=(900, rare))))
    assert result.severity == severity


def test_counts_are_written_without_double_brackets():
    text = engine.run("class_distribution", Study(planted("few_rows"))).findings[-1].text
    assert "the rarest, 'rare', with 6 of 906 rows (0.7 %)." in text and "))" not in text


def test_few_tolerated_rows_move_the_limit():
    study = Study(planted("few_rows"))
    assert engine.run("class_distribution", study, fewest=5).severity == "fine"
    assert engine.run("class_distribution", study, fewest=200).severity == "issue"


def test_three_strata_with_more_than_ten_classes():
    table = engine.run("class_distribution", Study(planted("clean", class_sizes=(500, *[20] * 11)))).tables["classes"]
    assert table["stratum"].iloc[0] == "head" and set(table["stratum"]) == {"head", "medium", "tail"}


def test_equal_rows_with_two_labels_are_counted():
    """Groups a: 3 common, 1 rare; b: 2 rare; c: 1 common, 2 rare; the others are single."""
    values = np.array([1.0] * 4 + [2.0] * 2 + [3.0] * 3 + list(range(10, 31)))
    label = ["common"] * 3 + ["rare"] * 3 + ["common"] + ["rare"] * 2 + ["common"] * 21
    result = run("duplicate_rows", {"a": values, "b": ["k"] * 30}, label)
    classes = result.tables["classes"].set_index("class")
    assert classes["contradictory_rows"].to_dict() == {"common": 4, "rare": 3}
    assert classes["unavoidable_errors"].to_dict() == {"common": 1, "rare": 1}
    assert classes["copies"].to_dict() == {"common": 2, "rare": 2}
    assert measured(result, "unavoidable errors")["value"] == 2
    assert result.tables["groups"]["first_row"].tolist() == [1, 1, 7, 7]


def test_missing_cells_are_equal_to_missing_cells():
    result = run("duplicate_rows", {"a": [np.nan, np.nan, *range(18)]}, ["x", "y"] + ["x", "y"] * 9)
    assert measured(result, "contradictory rows")["value"] == 2


def test_a_coarse_table_is_not_called_badly_labelled():
    """Few values, and labels that follow them: contradictions, but fewer than chance would give."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 2000), rng.integers(0, 3, 2000)
    label = np.where(rng.random(2000) < np.where(a == 5, 0.6, 0.01), "rare", "common")
    result = run("duplicate_rows", {"a": a, "b": b}, label)
    judged = measured(result, "unavoidable errors")
    assert judged["value"] < judged["null_low"]
    assert "coarse table" in result.findings[0].text and "not bad labels" in result.findings[0].text


def test_the_null_keeps_class_sizes_and_groups():
    """Every row twice: a pair is contradictory with probability 2 · .2 · .8 (a little more without replacement)."""
    values = np.repeat(np.arange(200.0), 2)
    label = np.where(np.arange(400) < 80, "rare", "common")
    judged = measured(run("duplicate_rows", {"a": values}, label), "contradictory rows")
    assert judged["value"] == 0 and judged["expected"] == pytest.approx(2 * 200 * 2 * 80 * 320 / (400 * 399), rel=0.1)


def test_each_column_has_a_role():
    n = 400
    rng = np.random.default_rng(0)
    frame = {
        "row": rng.permutation(n),
        "name": [f"customer {i}" for i in range(n)],
        "same": ["mm"] * n,
        "nothing": np.full(n, np.nan),
        "flag": [1] + [0] * (n - 1),
        "town": [f"town {i % 80}" for i in range(n)],
        "size": rng.normal(size=n),
        "count": rng.integers(0, 9, n),
        "gap": [np.nan] * 5 + [1.0] * (n - 5),
    }
    table = run("column_roles", frame, np.where(np.arange(n) % 4, "x", "y")).tables["columns"].set_index("column")
    expected = [
        "identifier",
        "identifier",
        "constant",
        "empty",
        "nearly constant",
        "many levels",
        "feature",
        "feature",
        "feature",
    ]
    assert table["role"].tolist() == expected
    assert table.loc["gap", "n_missing"] == 5 and table.loc["gap", "n_distinct"] == 1
    assert table.loc["count", "typical"] == str(int(pd.Series(frame["count"]).median()))


def test_columns_named_like_arguments_are_only_names():
    frame = {"self": np.arange(40.0) % 7, "index": np.arange(40.0) % 5, "outcome ": ["a"] * 40}
    assert run("column_roles", frame, ["x", "y"] * 20).tables["columns"]["column"].tolist() == list(frame)
