"""A table with its target: what every study starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from core.errors import UserError, unknown
from core.reading.dependence import dependent_columns
from core.table import Reading, Table
from core.wording import count, plural, quoted

MAX_CLASSES = 100
CHOOSE = "Choose another target column."


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table whose target is chosen.

    Parameters
    ----------
    X : pandas.DataFrame (n_samples, n_features)
        Numeric columns are float64 with NaN for missing; text columns are ``category`` with sorted levels.
    y : pandas.Series (n_samples,)
        The labels as text, without missing cells.
    name : str
        The name of the table.
    target : str
        The name of the target column.
    roles : mapping of str to tuple of str
        Columns by role: "ignore" holds those that were left out; "group" and "time" those that seem to say which rows
        belong together or which came first, also among the columns that were left out.
    fingerprint : str
        Changes with the file's content and with every choice.
    reading : Reading
        How the file was read.
    notes : tuple of str
        What was changed when the target was chosen: rows without a label, infinite values.
    groups : pandas.DataFrame (n_samples, n_columns)
        The columns with the role "group" as they stand in the file, also those that were left out.
    represents : ndarray (n_samples,) or None
        How many rows of the whole table each row stands for, the same number within a class; None when every row of the
        table is here.
    test : Dataset or None
        A declared test set with the same columns and classes, see ``core.held_out``. Nothing is fitted or tuned on it.
    """

    X: pd.DataFrame
    y: pd.Series
    name: str
    target: str
    roles: Mapping[str, tuple[str, ...]]
    fingerprint: str
    reading: Reading = field(default_factory=Reading)
    notes: tuple[str, ...] = ()
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    represents: np.ndarray | None = None
    test: Dataset | None = None

    @classmethod
    def from_table(cls, table: Table, target: str, leave_out: Iterable[str] = ()) -> Dataset:
        """Choose the target and the columns to leave out.

        Parameters
        ----------
        table : Table
            Not changed.
        target : str
            The column with the classes.
        leave_out : iterable of str
            Columns that no method may see.

        Raises
        ------
        UserError
            A column is not known; the target has fewer than 2 or more than ``MAX_CLASSES`` classes; no column is left.
        """
        if table.frame.shape[1] == 0:
            raise UserError("The table has no columns.", "Choose a file that holds a table.")
        target = str(target)
        chosen = [leave_out] if isinstance(leave_out, str) else leave_out
        ignored = tuple(dict.fromkeys(str(column) for column in chosen if str(column) != target))
        for column in (target, *ignored):
            if column not in table.frame.columns:
                raise unknown("column", column, table.frame.columns)
        labels = _labels(table.frame[target], target)
        features = table.frame.drop(columns=[target, *ignored])
        if features.shape[1] == 0:
            raise UserError(
                "No column is left to learn from.", "Leave fewer columns out, or choose a file with more columns."
            )
        kept = labels.notna().to_numpy()
        X, infinite = _features(features.loc[kept])
        notes = []
        if not kept.all():
            notes.append(f"{plural((~kept).sum(), 'row')} without a label in column {quoted(target)} left out.")
        if infinite:
            notes.append(f"{plural(infinite, 'infinite value')} taken as missing.")
        digest = hashlib.blake2b(
            repr((table.fingerprint, target, sorted(ignored))).encode("utf-8", "replace"), digest_size=16
        )
        y = labels[kept].reset_index(drop=True).rename(target)
        roles = {"ignore": ignored, **dependent_columns(table.frame, target)}
        groups = table.frame.loc[kept, list(roles["group"])].reset_index(drop=True)
        X, read, key = X.reset_index(drop=True), table.reading, digest.hexdigest()
        return cls(X, y, table.name, target, roles, key, read, tuple(notes), groups)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, target: str, name: str = "table", leave_out: Iterable[str] = ()
    ) -> Dataset:
        """Take a data frame and choose its target; see ``from_table``."""
        return cls.from_table(Table.from_frame(frame, name), target, leave_out)

    @cached_property
    def counts(self) -> pd.Series:
        """Rows in hand per class, most frequent in the whole table first; ties in the order of the labels."""
        return self.y.value_counts().reindex(self.table_counts.index).rename("n_samples")

    @cached_property
    def table_counts(self) -> pd.Series:
        """Rows of the whole table per class, those that ``represents`` says; most frequent first, ties as in ``counts``."""
        rows = self.y.value_counts()
        if self.represents is not None:
            rows = pd.Series(self.represents).groupby(self.y.to_numpy()).sum().round().astype("int64")
        order = np.lexsort((rows.index.astype(str), -rows.to_numpy()))
        return (
            rows.iloc[order].rename("n_samples").rename_axis(None)
        )  # the target may be named as a column of a result

    @property
    def classes(self) -> tuple[str, ...]:
        """The class labels, most frequent first."""
        return tuple(self.counts.index)

    @property
    def imbalance_ratio(self) -> float:
        """Rows of the largest class over rows of the smallest in the whole table; at least 1."""
        return float(self.table_counts.iloc[0] / self.table_counts.iloc[-1])

    @property
    def numeric(self) -> tuple[str, ...]:
        """Names of the numeric columns."""
        return tuple(column for column, dtype in self.X.dtypes.items() if dtype != "category")

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the text columns."""
        return tuple(column for column, dtype in self.X.dtypes.items() if dtype == "category")

    @property
    def n_samples(self) -> int:
        """Rows with a label."""
        return len(self.y)


def _labels(column: pd.Series, target: str) -> pd.Series:
    labels = column.map(str, na_action="ignore").astype("str")
    n_classes = labels.nunique()
    if len(labels) == 0:
        raise UserError("The table has no rows.", "Choose a file with rows under its header.")
    if labels.isna().all():
        raise UserError(f"Column {quoted(target)} has only missing cells.", CHOOSE)
    if n_classes == 1:
        only = quoted(labels.dropna().iloc[0])
        raise UserError(f"Column {quoted(target)} has 1 class, {only}; at least 2 are needed.", CHOOSE)
    if n_classes == labels.notna().sum() > 2:
        raise UserError(f"Column {quoted(target)} has a different value in each of {plural(n_classes, 'row')}.", CHOOSE)
    if n_classes > MAX_CLASSES:
        kind = "different values" if pd.api.types.is_numeric_dtype(column.dtype) else "classes"
        problem = (
            f"Column {quoted(target)} has {count(n_classes)} {kind}; at most {MAX_CLASSES} classes can be analysed."
        )
        raise UserError(problem, "Choose another target column, or merge its values into fewer classes in the file.")
    return labels


def _features(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    columns, infinite = {}, 0
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column.dtype):
            values = column.to_numpy(dtype="float64", na_value=np.nan, copy=True)
            odd = np.isinf(values)
            infinite += int(odd.sum())
            values[odd] = np.nan
            columns[name] = values
        else:
            columns[name] = pd.Categorical(column, categories=sorted(column.dropna().unique()))
    return pd.DataFrame(columns, index=frame.index), infinite
