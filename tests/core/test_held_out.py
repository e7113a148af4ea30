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
        (table(slice(700, 1000), **{"measure 1": "high"}), "holds numbers in the training file and text in the test file"),
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
