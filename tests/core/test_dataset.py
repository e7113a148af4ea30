"""Choosing a target: every odd table gives a dataset that says what was changed, or one error with its remedy."""

import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from core.dataset import MAX_CLASSES, Dataset
from core.errors import UserError
from core.table import Table, unique_names

LABELS = ["a"] * 6 + ["b"] * 4


def frame(**columns):
    return pd.DataFrame({"x": range(10), **columns})


REFUSED = {
    "no columns": (pd.DataFrame(), "y", "has no columns"),
    "no rows": (pd.DataFrame({"x": [], "y": []}), "y", "has no rows"),
    "one column": (pd.DataFrame({"y": LABELS}), "y", "No column is left"),
    "one class": (frame(y=["a"] * 10), "y", "has 1 class, 'a'; at least 2 are needed"),
    "all missing": (frame(y=[None] * 10), "y", "only missing cells"),
    "all blank": (frame(y=["", " "] * 5), "y", "only missing cells"),
    "measurement": (frame(y=np.linspace(0, 1, 10)), "y", "different value in each of 10 rows"),
    "500 classes": (pd.DataFrame({"x": range(1000), "y": [f"c{i % 500}" for i in range(1000)]}), "y", "500 classes"),
    "500 numbers": (pd.DataFrame({"x": range(1000), "y": [i % 500 for i in range(1000)]}), "y", "500 different values"),
    "typing error": (frame(outcome=LABELS), "outcom", "no column named 'outcom'. Did you mean 'outcome'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_remedy(case):
    table, target, problem = REFUSED[case]
    with pytest.raises(UserError, match=problem) as caught:
        Dataset.from_frame(table, target)
    assert caught.value.remedy.strip()


def test_leaving_out():
    table = frame(z=range(10), y=LABELS)
    assert list(Dataset.from_frame(table, "y", leave_out=["z", "y"]).X) == ["x"]
    assert list(Dataset.from_frame(table, "y", leave_out="z").X) == ["x"]
    with pytest.raises(UserError, match="No column is left"):
        Dataset.from_frame(table, "y", leave_out=["x", "z"])
    with pytest.raises(UserError, match="no column named 'zz'"):
        Dataset.from_frame(table, "y", leave_out=["zz"])


def test_counts_and_ratio():
    dataset = Dataset.from_frame(frame(y=["c"] * 2 + ["b"] * 2 + ["a"] * 6), "y")
    assert dataset.classes == ("a", "b", "c")
    assert dataset.counts.to_dict() == {"a": 6, "b": 2, "c": 2}
    assert dataset.imbalance_ratio == 3
    assert dataset.n_samples == 10


def test_the_name_of_the_target_does_not_travel_with_the_counts():
    """A table of a result may have a column of that name."""
    counts = Dataset.from_frame(pd.DataFrame({"share": ["p", "q", "q"], "a": [1, 2, 3]}), "share").counts
    assert counts.index.name is None


def test_a_class_with_one_row_is_kept():
    assert Dataset.from_frame(frame(y=["a"] * 9 + ["b"]), "y").counts.to_dict() == {"a": 9, "b": 1}


def test_rows_without_a_label_are_left_out_and_told():
    dataset = Dataset.from_frame(frame(y=["a", None, "", "b", "a", "b", "a", "b", np.nan, "a"]), "y")
    assert dataset.n_samples == 7 == len(dataset.X)
    assert dataset.notes == ("3 rows without a label in column 'y' left out.",)
    assert dataset.X["x"].tolist() == [0, 3, 4, 5, 6, 7, 9]


def test_words_that_look_missing_stay_labels():
    words = ["nan", "NA", "None", "Straße/正例 🦠", "null"] * 2
    assert set(Dataset.from_frame(frame(y=words), "y").classes) == set(words)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, 2] * 5, ("1", "2")),
        ([-1, 1] * 5, ("-1", "1")),
        ([0.0, 1.0] * 5, ("0.0", "1.0")),
        ([1.5, 2.5] * 5, ("1.5", "2.5")),
        ([True, False] * 5, ("False", "True")),
        (pd.Categorical([3, 4] * 5), ("3", "4")),
        ([0, "0"] * 2 + [1] * 6, ("1", "0")),
        (pd.array([1, None, 0, 1, 1, 1, 1, 1, 0, 1], "Int64"), ("1", "0")),
    ],
)
def test_labels_as_text(labels, classes):
    assert Dataset.from_frame(frame(y=labels), "y").classes == classes


def test_infinite_values_are_missing_and_told():
    dataset = Dataset.from_frame(frame(w=[np.inf, -np.inf] + [1e200] * 8, y=LABELS), "y")
    assert dataset.X["w"].isna().sum() == 2
    assert dataset.X["w"].max() == 1e200
    assert dataset.notes == ("2 infinite values taken as missing.",)


def test_types_of_columns():
    table = frame(
        constant=1,
        empty=np.nan,
        nothing=[None] * 10,
        mixed=[1, "two", 3.0, None, b"q", True, "1", 1, 2, 2],
        objects=pd.Series([1, None, *range(8)], dtype=object),
        money=[Decimal("1.5")] * 10,
        when=pd.to_datetime(["2020-01-01"] * 10),
        flag=[True, False] * 5,
        large=np.array([2**63] * 10, "uint64"),
        gaps=pd.array([1, None] * 5, "Int64"),
        y=LABELS,
    )
    dataset = Dataset.from_frame(table, "y")
    assert set(dataset.categorical) == {"mixed", "flag"} and (dataset.X["when"] == 18262).all()
    assert dataset.X["empty"].isna().all()
    assert dataset.X["nothing"].dtype == "float64"
    assert dataset.X["gaps"].isna().sum() == 5
    assert dataset.X["objects"].sum() == 29
    assert sorted(dataset.X["flag"].cat.categories) == ["False", "True"]


def test_names():
    assert unique_names(["a", "a", "a.2", "", None, np.nan, " "]) == [
        "a",
        "a.2",
        "a.2.2",
        "column 4",
        "column 5",
        "column 6",
        "column 7",
    ]
    twice = pd.DataFrame([[1, 2, "a"], [3, 4, "b"]], columns=["v", "v", "y"])
    assert list(Dataset.from_frame(twice, "y").X) == ["v", "v.2"]
    numbered = pd.DataFrame([[1, "a"], [2, "b"]])
    assert list(Dataset.from_frame(numbered, 1).X) == ["0"]


@pytest.mark.parametrize(
    "name", ["n" * 5000, "<img src=x onerror=alert(1)>", "$x$", "=cmd()", "a\nb", "a\x00b", "index", "[0]"]
)
def test_names_are_kept_as_they_are(name):
    dataset = Dataset.from_frame(pd.DataFrame({name: range(4), "y": ["a", "b"] * 2}), "y")
    assert list(dataset.X) == [name]
    with pytest.raises(UserError) as caught:
        Dataset.from_frame(pd.DataFrame({"x": range(4), name: ["a"] * 4}), name)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_nothing_is_changed_in_place():
    table = frame(w=[np.inf] * 10, y=LABELS)
    before = table.copy()
    Dataset.from_frame(table, "y")
    pd.testing.assert_frame_equal(table, before)


def test_fingerprint_follows_content_and_choices():
    table = Table.from_frame(frame(z=range(10), y=LABELS))
    other = Table.from_frame(frame(z=range(1, 11), y=LABELS))
    whole = Dataset.from_table(table, "y")
    assert whole.fingerprint == Dataset.from_table(table, "y").fingerprint
    assert whole.fingerprint != Dataset.from_table(other, "y").fingerprint
    assert whole.fingerprint != Dataset.from_table(table, "y", ["z"]).fingerprint
    renamed = Table.from_frame(frame(zz=range(10), y=LABELS))
    assert whole.fingerprint != Dataset.from_table(renamed, "y").fingerprint


def test_as_many_classes_as_allowed():
    labels = [f"c{i % MAX_CLASSES}" for i in range(2 * MAX_CLASSES)]
    assert len(Dataset.from_frame(pd.DataFrame({"x": range(len(labels)), "y": labels}), "y").classes) == MAX_CLASSES


def test_travels():
    dataset = Dataset.from_frame(frame(y=LABELS), "y")
    copy = pickle.loads(pickle.dumps(dataset))
    assert copy.fingerprint == dataset.fingerprint
    pd.testing.assert_frame_equal(copy.X, dataset.X)
