"""All rows of a table that is too large for memory: described and sampled in passes, never held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from core.population import Population, drawn, ordered
from core.private_folder import Folder
from core.reading.database import Field, Relation
from core.reading.limits import check_shape
from core.reading.scan import numbers_of, profile, rows_of, values_of
from core.table import Table
from core.target_rule import TargetRule


@dataclass(frozen=True, eq=False)
class AllRows:
    """A handle on all rows of a table; its private files are deleted with it.

    Parameters
    ----------
    relation : Relation
        Where the rows are.
    n_rows : int
        How many there are.
    folder : Folder
        The private files.
    """

    relation: Relation
    n_rows: int
    folder: Folder
    _known: dict[str, Population] = field(default_factory=dict, repr=False)

    def field(self, name: str) -> Field:
        """The column of this name."""
        return next(field for field in self.relation.shown if field.name == name)

    def population(self, target: str = "", rule: TargetRule | None = None) -> Population:
        """Class counts, missing cells and the profile of all columns, in one pass.

        Parameters
        ----------
        target : str
            The column with the classes; empty for none.
        rule : TargetRule, optional
            How its values become classes; missing cells are then not counted by class.

        Raises
        ------
        UserError
            The target has far more values than classes can be analysed.
        """
        if rule is not None and rule.kind:
            _, counts = self.classes(target, rule)
            return replace(self.population(), target=target, counts=counts)
        if target not in self._known:
            self._known[target] = profile(self.relation, target)
        return self._known[target]

    def classes(self, target: str, rule: TargetRule | None = None) -> tuple[np.ndarray, pd.Series]:
        """The class of every row.

        Parameters
        ----------
        target : str
            The column with the classes.
        rule : TargetRule, optional
            How its values become classes.

        Returns
        -------
        codes : ndarray of int (n_rows,)
            In the order of ``counts``; −1 for a row without a label.
        counts : pandas.Series
            Rows of each class, most frequent first.
        """
        rule, chosen = rule or TargetRule(), self.field(target)
        if rule.kind in ("bins", "cut") and chosen.numeric:
            codes, names = rule._binned(pd.Series(numbers_of(self.relation, chosen), name=target))
            return _in_order(codes, np.array(names, dtype=object))
        codes, values = values_of(self.relation, chosen)
        if not len(values):
            return codes, pd.Series(dtype="int64")
        rows = np.bincount(codes[codes >= 0], minlength=len(values))
        labels = _applied(rule, values, rows).to_numpy(dtype=object)
        names, places = np.unique(labels.astype(str), return_inverse=True)
        return _in_order(np.append(places, -1)[codes], names.astype(object))

    def sample(self, target: str, size: int, random_state: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw a case–control sample: all rows of the rare classes, a random share of the others.

        Parameters
        ----------
        target : str
        size : int
            Rows of the sample.
        random_state : int
            Seed; the sample is the same for any number of threads.

        Returns
        -------
        frame : pandas.DataFrame
            The rows, in the order of the table; those without a label are left out.
        represents : ndarray (n_kept,)
            How many rows each one stands for, the same number within a class.
        """
        codes, counts = self.classes(target)
        found = drawn(codes, tuple(counts.index), size, random_state)
        rows = np.flatnonzero(codes >= 0) if found is None else found.rows
        return self.rows(rows), np.ones(len(rows)) if found is None else found.represents

    def rows(self, rows: Sequence[int] | np.ndarray) -> pd.DataFrame:
        """Take rows by their rising numbers.

        Raises
        ------
        UserError
            There are more cells than a table in memory may hold.
        """
        check_shape(len(rows), len(self.relation.shown))
        return rows_of(self.relation, rows)

    def preview(self, n_rows: int, random_state: int = 0) -> pd.DataFrame:
        """Take rows at random, each with the same chance, in the order of the table."""
        if n_rows >= self.n_rows:
            return self.rows(np.arange(self.n_rows))
        chosen = np.random.default_rng(random_state).choice(self.n_rows, n_rows, replace=False)
        return self.rows(np.sort(chosen))


def population_of(table: Table, target: str = "", rule: TargetRule | None = None) -> Population:
    """Describe all rows of a table of any size.

    Parameters
    ----------
    table : Table
    target : str
        The column with the classes; empty for none.
    rule : TargetRule, optional
        How its values become classes.
    """
    if table.all_rows is not None:
        return table.all_rows.population(target, rule)
    if not target:
        return Population.of_frame(table.frame, "", pd.Series([None] * len(table.frame), dtype="str"))
    return Population.of_frame(table.frame, target, (rule or TargetRule()).apply(table.frame[target]))


def _applied(rule: TargetRule, values: pd.Series, rows: np.ndarray) -> pd.Series:
    """Labels of the different values; a rule about small classes looks at their rows."""
    if rule.option != "fewer_than":
        return rule.apply(values)
    labels = TargetRule().apply(values)
    sizes = pd.Series(rows).groupby(labels.to_numpy()).sum()
    small = tuple(sizes.index[sizes < rule.value])
    return TargetRule("merge", names=small).apply(values) if len(small) > 1 else labels


def _in_order(codes: np.ndarray, names: np.ndarray) -> tuple[np.ndarray, pd.Series]:
    """Number the classes by their rows; classes without a row are left out."""
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    counts = ordered(pd.Series(sizes, index=names)[sizes > 0])
    place = pd.Index(counts.index).get_indexer(names)
    return np.append(place, -1)[codes].astype("int16"), counts
