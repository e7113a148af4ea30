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
from core.wording import count, plural, quoted

MAX_CLASSES = 100
CHOOSE = "Choose another target column."
NUMBERS_AS_OBJECTS = ("integer", "floating", "mixed-integer-float", "decimal")


@dataclass(frozen=True, eq=False)
class Reading:
    """How a file was read.

    Parameters
    ----------
    kind : str
        "CSV", "Parquet", "Excel" or "data frame".
    encoding, delimiter, decimal : str
        Empty where they do not apply.
    notes : tuple of str
        What was decided on the way, one sentence each.
    missing_tokens : mapping of str to int
        Which cells were taken as missing, and how many of each; the empty cell is ``""``.
    suspects : mapping of str to int
        Words that look like missing values and were kept, with their counts; suggested, never applied unasked.
    """

    kind: str = "data frame"
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    notes: tuple[str, ...] = ()
    missing_tokens: Mapping[str, int] = field(default_factory=dict)
    suspects: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Table:
    """What a file held, before a target is chosen.

    Parameters
    ----------
    frame : pandas.DataFrame
        Numeric columns are int64, Int64 (whole numbers with gaps) or float64; everything else is ``str`` text with the
        file's own spelling.
        Column names are unique and not empty. Missing cells are NaN.
    name : str
        The file's name without its folder.
    fingerprint : str
        A digest of the file's bytes and of every choice made while reading it.
    reading : Reading
        How it was read.
    """

    frame: pd.DataFrame
    name: str
    fingerprint: str
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, name: str = "table") -> Table:
        """Take a data frame as a table; names are made unique, other types become numbers or text.

        As in a file, a text cell without a visible character is missing.
        """
        tidy = _tidy(frame)
        digest = hashlib.blake2b(pd.util.hash_pandas_object(tidy, index=False).to_numpy().tobytes(), digest_size=16)
        digest.update(repr(list(tidy.columns)).encode("utf-8", "replace"))
        return cls(tidy, name, digest.hexdigest())


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
        """Rows per class, most frequent first; ties in the order of the labels."""
        counts = self.y.value_counts()
        order = np.lexsort((counts.index.astype(str), -counts.to_numpy()))
        return (
            counts.iloc[order].rename("n_samples").rename_axis(None)
        )  # the target may be named as a column of a result

    @property
    def classes(self) -> tuple[str, ...]:
        """The class labels, most frequent first."""
        return tuple(self.counts.index)

    @property
    def imbalance_ratio(self) -> float:
        """Rows of the largest class over rows of the smallest; at least 1."""
        return float(self.counts.iloc[0] / self.counts.iloc[-1])

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


def unique_names(names: Iterable[object]) -> list[str]:
    """Make column names unique and not empty: a second "a" becomes "a.2", an empty one "column 3".

    Examples
    --------
    >>> unique_names(["a", "a", ""])
    ['a', 'a.2', 'column 3']
    """
    seen: set[str] = set()
    result = []
    for position, name in enumerate(names, start=1):
        nameless = name is None or name != name or not str(name).strip()
        base = f"column {position}" if nameless else str(name)
        candidate, copy = base, 2
        while candidate in seen:
            candidate, copy = f"{base}.{copy}", copy + 1
        seen.add(candidate)
        result.append(candidate)
    return result


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame.columns = unique_names(frame.columns)
    return frame.apply(_tidy_column) if frame.shape[1] else frame


def _tidy_column(column: pd.Series) -> pd.Series:
    typed = _typed(column)
    return pd.Series(np.full(len(typed), np.nan)) if typed.isna().all() else typed


def _typed(column: pd.Series) -> pd.Series:
    if pd.api.types.infer_dtype(column, skipna=True) in NUMBERS_AS_OBJECTS and column.dtype == object:
        column = pd.to_numeric(column)
    if pd.api.types.is_bool_dtype(column.dtype):
        return _text(column)
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        whole = pd.api.types.is_integer_dtype(column.dtype) and column.dtype != "uint64"
        return column.astype("float64" if not whole else "Int64" if column.isna().any() else "int64")
    return _text(column)


def _text(column: pd.Series) -> pd.Series:
    text = column.astype(object).where(column.notna(), None).map(str, na_action="ignore").astype("str")
    return text.where(text.str.strip() != "")


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
