"""A declared test set: rows of a second file, or rows that a column marks, kept apart until the final score."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.errors import UserError
from core.roles import as_before, as_text, in_days
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
    labels = _labels(table.frame[dataset.target], dataset, training, TargetRule.parse(rule))
    known = labels.isin(dataset.classes).to_numpy()
    notes = _left_out(labels, known)
    if table.all_rows is not None:
        notes.append(
            f"The test file has {plural(table.n_rows, 'row')}; {count(len(labels))} of them, drawn at random, are scored."
        )
    if not known.any():
        problem = f"No test row carries a class of column {quoted(dataset.target)} that the training file has."
        raise UserError(problem, f"The training classes are {listing(dataset.classes)}.")
    X, unknown = _aligned(dataset.X, as_before(table.frame, dataset.forms).loc[known])
    notes += unknown
    y = labels[known].reset_index(drop=True).rename(dataset.target)
    notes += _shared(dataset, X, y)
    digest = hashlib.blake2b(f"{dataset.fingerprint} {table.fingerprint}".encode(), digest_size=16).hexdigest()
    test = replace(
        dataset, X=X, y=y, name=table.name, fingerprint=table.fingerprint, reading=table.reading, notes=tuple(notes),
        groups=pd.DataFrame(index=X.index), times=pd.DataFrame(index=X.index), represents=None, test=None,
    )  # fmt: skip
    return replace(dataset, test=test, fingerprint=digest)


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


def _labels(column: pd.Series, dataset: Dataset, training: Table | None, rule: TargetRule) -> pd.Series:
    """The classes of test rows by the rule that made those of the training rows."""
    if not rule.kind or training is None:
        return _spelled(column, dataset.classes)
    target = dataset.target
    known = training.frame[target]
    made = rule.apply(known)
    if rule.kind in ("merge", "keep"):
        spelled = known.map(str, na_action="ignore").astype("str")
        names = dict(zip(spelled, made, strict=True))
        other = sorted(set(made.dropna()) - set(spelled.dropna()))
        labels = _spelled(column, spelled.dropna().unique())
        return labels.map(lambda label: names.get(label, other[0] if other else label), na_action="ignore").astype(
            "str"
        )
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise UserError(f"Column {quoted(target)} holds text in the test file, which cannot be cut.", ANOTHER)
    if rule.option == "at":
        ends = np.array([np.nextafter(rule.value, -np.inf)])
        order = [f"below {rule.value:.15g}", f"{rule.value:.15g} or more"]
    else:
        tops = known.groupby(made).max().sort_values()
        ends, order = tops.to_numpy("float64")[:-1], list(tops.index)
    place = np.searchsorted(ends, column.to_numpy("float64", na_value=np.nan), side="left")
    labels = pd.Series(np.array(order, dtype=object)[np.minimum(place, len(order) - 1)], index=column.index)
    return labels.where(column.notna()).astype("str")


def _spelled(column: pd.Series, classes: Iterable[str]) -> pd.Series:
    """Labels as the training file spells them: 1 and 1.0 are one class."""
    labels = column.map(str, na_action="ignore").astype("str")
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return labels
    same = {}
    for label in classes:
        with suppress(ValueError):
            same[float(label)] = label
    return column.map(lambda value: same.get(float(value), str(value)), na_action="ignore").astype("str")


def _left_out(labels: pd.Series, known: np.ndarray) -> list[str]:
    empty = int(labels.isna().sum())
    notes = [f"{plural(empty, 'test row')} without a label left out."] if empty else []
    other = labels[~known].dropna()
    if len(other):
        classes = listing(other.value_counts().index)
        notes.append(f"{plural(len(other), 'test row')} of classes that no training row has left out: {classes}.")
    return notes


def _aligned(X: pd.DataFrame, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The test rows with the columns, kinds and levels of the training rows."""
    columns, notes = {}, []
    for name, column in X.items():
        given = frame[name]
        if column.dtype != "category" and not pd.api.types.is_numeric_dtype(given.dtype):
            given = days if (days := in_days(given)) is not None else given
        numeric = pd.api.types.is_numeric_dtype(given.dtype)
        if column.dtype == "category":
            text = as_text(given)
            known = text.isin(column.cat.categories)
            values = pd.Categorical(text.where(known), categories=column.cat.categories)
            new = int((~known & text.notna()).sum())
            if new:
                notes.append(
                    f"{plural(new, 'test cell')} of {quoted(name)} with a level that no training row has taken as missing."
                )
            columns[name] = values
        elif numeric or given.isna().all():
            values = given.to_numpy(dtype="float64", na_value=np.nan, copy=True)
            values[np.isinf(values)] = np.nan
            columns[name] = values
        else:
            raise UserError(
                f"Column {quoted(name)} holds numbers in the training file and text in the test file, such as "
                f"{quoted(given.dropna().iloc[0], 30)}.",
                "Write the column alike in both files, or leave it out.",
            )
    return pd.DataFrame(columns), notes


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
