"""A second file: a declared test set, kept apart until the final score, or rows without labels from where decisions will be made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import numpy as np
import pandas as pd

from core.alignment import aligned, labelled_alike
from core.cost_column import costs
from core.dataset import Dataset
from core.errors import UserError
from core.roles import as_before
from core.synthetic_marks import Mark
from core.table import Table
from core.target_rule import TargetRule
from core.wording import count, listing, of, plural, quoted, share

MARKS = (
    "train",
    "training",
    "trn",
    "test",
    "testing",
    "tst",
    "valid",
    "validation",
    "val",
    "dev",
    "holdout",
    "hold-out",
)
TEST_MARKS = ("test", "testing", "tst", "holdout", "hold-out")
TOO_MANY_SHARED = 0.5
MOST_AT_USE = 100_000
"""Rows without labels; of more, some are drawn at random."""

ANOTHER = "Choose a file with other rows and the same columns."


def with_test(dataset: Dataset, table: Table, *, training: Table | None = None, rule: str = "") -> Dataset:
    """Declare a second table as the test set of a dataset.

    Parameters
    ----------
    dataset : Dataset
        The training rows; not changed.
    table : Table
        The test rows, read in the same way.
    training : Table, optional
        What the dataset was made of; needed with a rule.
    rule : str
        How the target of the dataset became classes; its cuts and names are those of the training rows.

    Returns
    -------
    Dataset
        The same training rows, with ``test``. A text level that no training row has is taken as missing there and told; so
        is a class that no training row has, whose rows are left out.

    Raises
    ------
    UserError
        A column is missing or of another kind, no row can be scored, or half of its rows stand in the training file.
    """
    missing = [name for name in (dataset.target, *dataset.X.columns) if name not in table.frame.columns]
    if missing:
        raise UserError(f"The test file has no {plural_names(missing)}.", "Give both files the same column names.")
    notes: list[str] = []
    if dataset.mark is not None:
        training = training and dataset.mark.real_rows(training)
        table, notes = _real(dataset.mark, table)
    first = None if training is None else training.frame[dataset.target]
    labels = labelled_alike(table.frame[dataset.target], dataset.classes, first, TargetRule.parse(rule))
    known = labels.isin(dataset.classes).to_numpy()
    notes += _left_out(labels, known)
    if table.all_rows is not None:
        notes.append(
            f"The test file has {plural(table.n_rows, 'row')}; {count(len(labels))} of them, drawn at random, are scored."
        )
    if not known.any():
        problem = f"No test row carries a class of column {quoted(dataset.target)} that the training file has."
        raise UserError(problem, f"The training classes are {listing(dataset.classes)}.")
    further = as_before(table.frame, dataset.forms).loc[known]
    X, unknown = aligned(dataset.X, further, kind="test", first="training")
    notes += unknown
    y = labels[known].reset_index(drop=True).rename(dataset.target)
    notes += _shared(dataset, X, y)
    priced = _costs(dataset, further)
    notes += _unpriced(dataset, priced, len(y))
    digest = hashlib.blake2b(f"{dataset.fingerprint} {table.fingerprint}".encode(), digest_size=16).hexdigest()
    test = replace(
        dataset, X=X, y=y, name=table.name, fingerprint=table.fingerprint, reading=table.reading, notes=tuple(notes),
        groups=pd.DataFrame(index=X.index), times=pd.DataFrame(index=X.index), costs=priced,
        represents=None, test=None, synthetic=None,
    )  # fmt: skip
    return replace(dataset, test=test, fingerprint=digest)


def _costs(dataset: Dataset, further: pd.DataFrame) -> pd.DataFrame:
    """What a miss of each test row costs; no column where the test rows do not say it."""
    there = [name for name in dataset.costs if name in further and further[name].notna().any()]
    return costs(further[there].reset_index(drop=True))


def _unpriced(dataset: Dataset, priced: pd.DataFrame, n_rows: int) -> list[str]:
    """Which test rows do not say what a miss of them costs, and what they are taken to cost."""
    notes = []
    for name in dataset.costs:
        without = int(priced[name].isna().sum()) if name in priced else n_rows
        below = int((priced[name] < 0).sum()) if name in priced else 0
        if without:
            rows = f"{plural(without, 'test row')} without a value in {quoted(name)}"
            notes.append(f"{rows} taken to cost the mean of the training rows of the class of interest.")
        if below:
            notes.append(f"{plural(below, 'test row')} with a negative value in {quoted(name)} taken to cost nothing.")
    return notes


def rows_at_use(dataset: Dataset, table: Table) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows without labels from where decisions will be made, in the form of the dataset; a column of labels is left aside.

    Parameters
    ----------
    dataset : Dataset
        Not changed.
    table : Table
        Read in the same way.

    Returns
    -------
    pandas.DataFrame (n_rows, n_features)
        As ``Dataset.X``; at most ``MOST_AT_USE`` rows.
    tuple of str
        What was changed, a sentence each.

    Raises
    ------
    UserError
        A column is missing or of another kind, there is no row, or half of the rows stand in the table that the model learns from.
    """
    missing = [name for name in dataset.X.columns if name not in table.frame.columns]
    if missing:
        raise UserError(f"The file has no {plural_names(missing)}.", "Give both files the same column names.")
    notes: list[str] = []
    if dataset.mark is not None:
        table, notes = _real(dataset.mark, table, "row at use")
    rows = table.frame
    if not len(rows):
        raise UserError("The file has no rows.", ANOTHER)
    if max(table.n_rows, len(rows)) > len(rows[:MOST_AT_USE]):
        rows = rows.sample(min(len(rows), MOST_AT_USE), random_state=0)
        notes.append(
            f"The file has {plural(table.n_rows, 'row')}; {count(len(rows))} of them, drawn at random, are looked at."
        )
    further = as_before(rows.reset_index(drop=True), dataset.forms)
    X, unknown = aligned(dataset.X, further, kind="use", first="training")
    return X, (*notes, *unknown, *_known(dataset.X, X))


def split_mark(table: Table) -> tuple[str, str] | None:
    """Find a column that marks which rows are for training and which for testing.

    Parameters
    ----------
    table : Table
        Not changed.

    Returns
    -------
    (column, value) or None
        The column and the value that marks test rows.

    Examples
    --------
    >>> split_mark(Table.from_frame(pd.DataFrame({"set": ["train"] * 3 + ["test"] * 2, "y": list("ababa")})))
    ('set', 'test')
    """
    for name, column in table.frame.items():
        if pd.api.types.is_numeric_dtype(column.dtype):
            continue
        levels = column.dropna().unique()
        if 2 <= len(levels) <= 3 and all(str(level).strip().lower() in MARKS for level in levels):
            test = [str(level) for level in levels if str(level).strip().lower() in TEST_MARKS]
            if test and len(test) < len(levels):
                return str(name), test[0]
    return None


def parted(table: Table, column: str, value: str) -> tuple[Table, Table]:
    """Part a table at a mark: the rows to train on, and those that carry the mark, both without the column."""
    marked = (table.frame[column].astype("str") == value).to_numpy()
    parts = []
    for rows, word in ((~marked, "training"), (marked, "test")):
        frame = table.frame.loc[rows].drop(columns=column).reset_index(drop=True)
        parts.append(replace(table, frame=frame, fingerprint=f"{table.fingerprint} {word} {column} {value}"))
    return parts[0], parts[1]


def pool(dataset: Dataset) -> NoReturn:
    """Refuse to join a declared pair and to split it anew.

    Raises
    ------
    UserError
        Always, with the reason.
    """
    train, test = (data.y.value_counts(normalize=True) for data in (dataset, dataset.test))
    label = (train - test.reindex(train.index, fill_value=0.0)).abs().idxmax()
    problem = (
        f"The two files are not joined and split anew: {quoted(label)} makes up {share(train[label])} of the training rows and "
        f"{share(test.get(label, 0.0))} of the test rows. A random split would mix rows that were kept apart on purpose, and score too well."
    )
    raise UserError(problem, "Score the recipe once on the test file, or take the declaration back.")


def plural_names(names: Sequence[str]) -> str:
    """Name one column or several."""
    return f"column {quoted(names[0])}" if len(names) == 1 else f"columns {listing(names)}"


def _real(mark: Mark, table: Table, noun: str = "test row") -> tuple[Table, list[str]]:
    """The rows of a second file that are real; all of them where it has no marks."""
    if mark.column not in table.frame.columns:
        return table, []
    real = mark.real_rows(table)
    lost = len(table.frame) - len(real.frame)
    if not len(real.frame):
        raise UserError(f"Column {quoted(mark.column)} marks no {noun} as real.", ANOTHER)
    told = f"{plural(lost, noun)} that {quoted(mark.column)} does not mark as real left out."
    return real, [told] if lost else []


def _left_out(labels: pd.Series, known: np.ndarray) -> list[str]:
    empty = int(labels.isna().sum())
    notes = [f"{plural(empty, 'test row')} without a label left out."] if empty else []
    other = labels[~known].dropna()
    if len(other):
        classes = listing(other.value_counts().index)
        notes.append(f"{plural(len(other), 'test row')} of classes that no training row has left out: {classes}.")
    return notes


def _shared(dataset: Dataset, X: pd.DataFrame, y: pd.Series) -> list[str]:
    """Test rows that equal a training row in every column and the label."""
    keys = [
        pd.util.hash_pandas_object(frame.assign(**{"\x00label": labels.to_numpy()}), index=False, categorize=True)
        for frame, labels in ((dataset.X, dataset.y.astype(object)), (X, y.astype(object)))
    ]
    n_shared = int(keys[1].isin(keys[0]).sum())
    if n_shared > TOO_MANY_SHARED * len(X):
        problem = f"{of(n_shared, len(X), 'test row')} also stand in the training file, so the test file is no test."
        raise UserError(problem, ANOTHER)
    if n_shared:
        return [f"{count(n_shared)} of {plural(len(X), 'test row')} equal a training row; their scores are too good."]
    return []


def _known(known: pd.DataFrame, X: pd.DataFrame) -> list[str]:
    """Rows at use that equal a row of the table in every column; in a table of few columns rows equal each other anyway."""
    first, further = (pd.util.hash_pandas_object(frame, index=False, categorize=True) for frame in (known, X))
    n, usual = int(further.isin(first).sum()), first.duplicated(keep=False).mean()
    if n > max(TOO_MANY_SHARED, 2 * usual) * len(X):
        raise UserError(
            f"{of(n, len(X), 'row')} of the file also stand in the table, so the file tells nothing new.", ANOTHER
        )
    if n > (0.01 + usual) * len(X):
        return [f"{of(n, len(X), 'row')} of the file equal a row of the table, from which the model has learned."]
    return []
