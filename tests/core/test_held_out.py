"""A declared test set: aligned, told, never pooled."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import UserError
from core.held_out import parted, pool, split_mark, with_test
from core.synthetic import planted
from core.table import Table

CLEAN = planted("clean")
FRAME = CLEAN.X.assign(colour=np.where(np.arange(1000) % 3 == 0, "red", "blue"), outcome=CLEAN.y)


def table(rows, **changes):
    return Table.from_frame(FRAME.iloc[rows].assign(**changes).reset_index(drop=True), "part")


TRAIN = Dataset.from_table(table(slice(0, 700)), "outcome")


def test_a_test_file_is_aligned_and_what_it_lacks_is_told():
    given = table(slice(700, 1000)).frame
    given.loc[0, "outcome"], given.loc[1, "outcome"], given.loc[2, "colour"] = None, "unheard of", "green"
    given.loc[3, "measure 1"] = np.inf
    dataset = with_test(TRAIN, Table.from_frame(given.iloc[:, ::-1], "later.csv"))
    assert dataset.test.n_samples == 298
    assert list(dataset.test.X.columns) == list(TRAIN.X.columns)
    assert (dataset.test.X.dtypes == TRAIN.X.dtypes).all()
    assert dataset.test.X.loc[0, "colour"] != dataset.test.X.loc[0, "colour"], "a new level is missing"
    assert np.isnan(dataset.test.X.loc[1, "measure 1"])
    told = " ".join(dataset.test.notes)
    assert "1 test row without a label" in told and "'unheard of'" in told and "1 test cell of 'colour'" in told
    assert dataset.fingerprint != TRAIN.fingerprint
    assert TRAIN.test is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (table(slice(0, 700)), "700 of 700 test rows (100 %) also stand in the training file"),
        (Table.from_frame(FRAME.drop(columns="colour")), "has no column 'colour'"),
        (table(slice(700, 1000), **{"measure 1": "high"}), "holds numbers in the training rows and text in the test rows"),
        (table(slice(700, 1000), outcome="other"), "No test row carries a class"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_test_is_refused_with_the_reason(given, sentence):
    with pytest.raises(UserError) as refused:
        with_test(TRAIN, given)
    assert sentence in refused.value.problem
    assert refused.value.remedy


def test_a_few_shared_rows_are_told():
    assert "10 of 310 test rows equal a training row" in with_test(TRAIN, table(slice(690, 1000))).test.notes[0]


def test_a_declared_pair_is_never_pooled():
    with pytest.raises(UserError, match="not joined and split anew") as refused:
        pool(with_test(TRAIN, table(slice(700, 1000))))
    assert "%" in refused.value.problem


def test_a_column_that_marks_the_test_rows_parts_the_table():
    mark = np.where(np.arange(1000) < 700, "Train", "Test")
    marked = Table.from_frame(FRAME.assign(fold=mark))
    assert split_mark(marked) == ("fold", "Test")
    train, test = parted(marked, "fold", "Test")
    assert (len(train.frame), len(test.frame)) == (700, 300)
    assert "fold" not in train.frame and train.fingerprint != test.fingerprint
    assert split_mark(Table.from_frame(FRAME)) is None
    assert split_mark(Table.from_frame(pd.DataFrame({"set": ["train", "training"] * 5}))) is None


def test_labels_that_are_numbers_are_the_same_with_and_without_a_point():
    train = Table.from_frame(pd.DataFrame({"y": [0, 1, None] * 30, "x": np.arange(90.0)}).astype({"y": "float64"}))
    test = Table.from_frame(pd.DataFrame({"y": [0, 1, 2] * 10, "x": np.arange(30) + 0.5}))
    assert with_test(Dataset.from_table(train, "y"), test).test.counts.to_dict() == {"0.0": 10, "1.0": 10}


@pytest.mark.parametrize(
    ("rule", "labels"),
    [
        ("cut:at=7", ["below 7", "7 or more", "7 or more", "nan"]),
        ("cut:above=0.9", ["up to 8", "up to 8", "above 8", "nan"]),
        ("bins:n=3", ["up to 3", "above 6", "above 6", "nan"]),
        ("merge:0|1|2", ["other", "7", "other", "nan"]),
        ("keep:6|7", ["other", "7", "other", "nan"]),
    ],
)
def test_a_rule_for_the_target_keeps_its_cuts_on_test_rows(rule, labels):
    """Values 0 to 9 to train on; 2, 7, 99 and a missing one to test."""
    train = Table.from_frame(pd.DataFrame({"score": np.tile(np.arange(10), 30), "x": np.arange(300.0)}))
    test = Table.from_frame(pd.DataFrame({"score": [2, 7, 99, None] * 5, "x": np.arange(20) + 0.5}))
    dataset = with_test(Dataset.from_table(train, "score", rule=rule), test, training=train, rule=rule)
    wanted = [label for label in labels * 5 if label in dataset.classes]
    assert dataset.test.y.tolist() == wanted
    assert len(wanted) == 15
