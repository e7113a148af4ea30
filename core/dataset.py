"""A table with its target: what every study starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from core.alignment import as_features
from core.cost_column import costs
from core.errors import UserError, unknown
from core.marked_rows import Imported, imported, with_marked
from core.population import Population
from core.reading.dependence import dependent_columns
from core.roles import SYNTHETIC, UNSEEN, as_before, chosen_roles, dates_as_numbers, group_codes, order_of, times, told
from core.synthetic_marks import Mark, marked_apart
from core.table import Reading, Table
from core.target_rule import MAX_CLASSES, TargetRule
from core.wording import count, plural, quoted
from core.working_sample import WORKING_ROWS, in_hand

FEWER = "Leave fewer columns out, or choose a file with more columns."
CHOOSE = "Choose another target column."
MAKE = "Choose another target column, or make fewer classes of it by a rule such as {}."


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
        Columns by the role that was chosen, see ``core.roles.ROLES``; features are not listed. A column with the role "group"
        keeps its rows on one side of every fold, one with the role "time" orders the folds; neither is learned from. A sensitive
        column stays a feature.
    fingerprint : str
        Changes with the file's content and with every choice.
    reading : Reading
        How the file was read.
    notes : tuple of str
        What was changed when the target was chosen: rows without a label, infinite values.
    groups : pandas.DataFrame (n_samples, n_columns)
        The columns with the role "group" as they stand in the file, then those that are suspected of it, also those that were
        left out.
    represents : ndarray (n_samples,) or None
        How many rows of the whole table each row stands for, the same number within a class; None when every row of the
        table is here.
    population : core.population.Population or None
        What is in all rows of the table; None when every row is here.
    sampled : str
        One sentence about the rows that are here when they are a working sample, else empty.
    test : Dataset or None
        A declared test set with the same columns and classes, see ``core.held_out``. Nothing is fitted or tuned on it.
    times : pandas.DataFrame (n_samples, n_columns)
        The columns with the role "time" as numbers; dates in days.
    costs : pandas.DataFrame (n_samples, n_columns)
        The column with the role "cost", what a miss of each row costs; no column without that role.
    suspected : mapping of str to tuple of str
        "group" and "time": columns that seem to say which rows belong together or which came first, as long as no column has
        that role.
    synthetic : Dataset or None
        Rows that a column marks as synthetic, in the same form, see ``core.marked_rows``; all else here speaks of the real rows.
    mark : core.synthetic_marks.Mark or None
    forms : mapping of str to str
        Features that were changed: by column the format of its dates, which are counted in days, or ``""`` where numbers became text.
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
    population: Population | None = None
    sampled: str = ""
    test: Dataset | None = None
    synthetic: Dataset | None = None
    mark: Mark | None = None
    times: pd.DataFrame = field(default_factory=pd.DataFrame)
    costs: pd.DataFrame = field(default_factory=pd.DataFrame)
    suspected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_table(
        cls,
        table: Table,
        target: str,
        leave_out: Iterable[str] = (),
        *,
        roles: Mapping[str, str] | None = None,
        as_category: Iterable[str] = (),
        rule: str = "",
        working_rows: int = WORKING_ROWS,
        synthetic_values: Iterable[str] = (),
    ) -> Dataset:
        """Choose the target and the columns to leave out.

        Parameters
        ----------
        table : Table
            Not changed.
        target : str
            The column with the classes.
        leave_out : iterable of str
            Columns that no method may see.
        roles : mapping of str to str, optional
            The role by column, one of ``core.roles.ROLES``.
        as_category : iterable of str
            Numeric columns whose numbers are codes; they become text.
        rule : str
            How the target becomes classes, see ``core.target_rule.TargetRule``.
        working_rows : int
            A table with more rows is worked on by a case–control sample of this size: all rows of the rare classes, a random
            share of the others; 0 for all rows.
        synthetic_values : iterable of str
            The values of the column with the role "synthetic mark" that mean synthetic; found out when left out.

        Raises
        ------
        UserError
            A column or a role is not known; the target has fewer than 2 or more than ``MAX_CLASSES`` classes; no column is left.
        """
        if table.frame.shape[1] == 0:
            raise UserError("The table has no columns.", "Choose a file that holds a table.")
        target, codes = str(target), tuple(sorted({str(column) for column in _several(as_category)} - {str(target)}))
        if strange := [column for column in (target, *codes) if column not in table.frame.columns]:
            raise unknown("column", strange[0], table.frame.columns)
        left = tuple(dict.fromkeys(str(column) for column in _several(leave_out) if str(column) != target))
        chosen = chosen_roles(table.frame.columns, target, left, roles or {})
        mark, real = marked_apart(table, chosen[SYNTHETIC], _several(synthetic_values))
        here = in_hand(real, target, TargetRule.parse(rule), working_rows, partial(_labels, target=target))
        frame, unseen = here.frame, [column for role in (*UNSEEN, "group", "time") for column in chosen[role]]
        features = frame.drop(columns=[target, *unseen])
        if features.shape[1] == 0:
            raise UserError("No column is left to learn from.", FEWER)
        forms = {column: "" for column in codes if column in features}
        features, dated, dates = dates_as_numbers(as_before(features, forms))
        X, infinite = as_features(features)
        ordered, suspected = times(frame[list(chosen["time"])]), dependent_columns(real.frame, target)
        suspected = {role: () if chosen[role] else columns for role, columns in suspected.items()}
        groups = frame[[*chosen["group"], *suspected["group"]]]
        priced = costs(frame[list(chosen["cost"])])
        notes = _notes(target, here.n_unlabelled, infinite) + told(groups[list(chosen["group"])], ordered, priced)
        last = (working_rows if here.sampled else "", *(mark.synthetic if mark else ()))
        key = _digest(table.fingerprint, target, chosen, codes, TargetRule.parse(rule).text, last)
        whole = {name: getattr(here, name) for name in ("represents", "population", "sampled")}
        held = {"groups": groups, "times": ordered, "costs": priced, "suspected": suspected, "forms": forms | dated}
        y, notes = here.labels.rename(target), (*notes, *dates)
        found = cls(X, y, table.name, target, chosen, key, table.reading, notes, **held, **whole)
        return with_marked(found, table, mark, rule=rule, most=working_rows)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, target: str, name: str = "table", leave_out: Iterable[str] = (), **choices: Any
    ) -> Dataset:
        """Take a data frame and choose its target; see ``from_table``."""
        return cls.from_table(Table.from_frame(frame, name), target, leave_out, **choices)

    def take(self, rows: np.ndarray) -> Dataset:
        """The dataset of some rows (positions); a declared test set stays with it."""
        parts = (self.X, self.y, self.groups, self.times, self.costs)
        X, y, groups, ordered, priced = (part.iloc[rows].reset_index(drop=True) for part in parts)
        digest = hashlib.blake2b(np.asarray(rows, dtype=np.int64).tobytes(), digest_size=8).hexdigest()
        stands = None if self.represents is None else self.represents[rows]
        held = {"groups": groups, "times": ordered, "costs": priced, "represents": stands}
        return replace(self, X=X, y=y, fingerprint=f"{self.fingerprint} {digest}", **held)

    @cached_property
    def group_codes(self) -> np.ndarray | None:
        """The group of each row (n_samples,) by the columns with that role, −1 for a row without one; None without such a column."""
        columns = list(self.roles.get("group", ()))
        return group_codes(self.groups[columns]) if columns else None

    @cached_property
    def order(self) -> np.ndarray | None:
        """The place of each row in time (n_samples,), NaN where it is not known; None without a column with that role."""
        return order_of(self.times) if self.times.shape[1] else None

    @cached_property
    def imported(self) -> Imported | None:
        """The synthetic rows as a sampler adds them; None without any."""
        return imported(self)

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
        return rows.iloc[order].rename("n_samples").rename_axis(None)  # the target may be named as a column of a result

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


def _several(columns: Iterable[str]) -> Iterable[str]:
    return [columns] if isinstance(columns, str) else columns


def _notes(target: str, n_unlabelled: int, infinite: int) -> list[str]:
    notes = []
    if n_unlabelled:
        notes.append(f"{plural(n_unlabelled, 'row')} without a label in column {quoted(target)} left out.")
    if infinite:
        notes.append(f"{plural(infinite, 'infinite value')} taken as missing.")
    return notes


def _digest(
    fingerprint: str, target: str, roles: Mapping[str, tuple[str, ...]], codes: tuple, rule: str, last: tuple
) -> str:
    """Changes with every choice; in the order of the file or not, equal choices are equal."""
    others = sorted((column, role) for role, columns in roles.items() if role != "leave out" for column in columns)
    more = (tuple(others), codes, rule) if others or codes or rule else ()
    more += tuple(value for value in last if value != "")
    choices = repr((fingerprint, target, sorted(roles["leave out"]), *more))
    return hashlib.blake2b(choices.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _labels(column: pd.Series, rule: TargetRule, target: str) -> pd.Series:
    labels = rule.apply(column) if column.notna().any() else column
    if labels.dtype != "str":
        labels = labels.map(str, na_action="ignore").astype("str")
    n_classes = labels.nunique()
    if len(labels) == 0:
        raise UserError("The table has no rows.", "Choose a file with rows under its header.")
    if labels.isna().all():
        raise UserError(f"Column {quoted(target)} has only missing cells.", CHOOSE)
    if n_classes == 1:
        only = quoted(labels.dropna().iloc[0])
        raise UserError(f"Column {quoted(target)} has 1 class, {only}; at least 2 are needed.", CHOOSE)
    if n_classes == labels.notna().sum() > 2:
        problem = f"Column {quoted(target)} has a different value in each of {plural(n_classes, 'row')}."
        raise UserError(
            problem, MAKE.format("cut:above=0.9") if pd.api.types.is_numeric_dtype(column.dtype) else CHOOSE
        )
    if n_classes > MAX_CLASSES:
        kind = "different values" if pd.api.types.is_numeric_dtype(column.dtype) else "classes"
        problem = (
            f"Column {quoted(target)} has {count(n_classes)} {kind}; at most {MAX_CLASSES} classes can be analysed."
        )
        form = "bins:n=3 or cut:above=0.9" if kind == "different values" else "merge:fewer_than=10"
        raise UserError(problem, MAKE.format(form))
    return labels
