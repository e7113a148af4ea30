"""The rows that are worked on: all of a small table, a case–control sample of a large one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.population import WORKING_ROWS, Population, drawn, ordered
from core.table import Table
from core.target_rule import TargetRule

__all__ = ["WORKING_ROWS", "InHand", "in_hand"]


@dataclass(frozen=True, eq=False)
class InHand:
    """Rows with a label, and what they stand for.

    Parameters
    ----------
    frame : pandas.DataFrame (n_samples, n_columns)
    labels : pandas.Series of str (n_samples,)
    n_unlabelled : int
        Rows of the whole table without a label.
    represents : ndarray (n_samples,) or None
        How many rows of the whole table each row stands for; None if all are here.
    population : Population or None
        What is in all rows; None if all are here.
    sampled : str
        One sentence about what was drawn; empty if all are here.
    """

    frame: pd.DataFrame
    labels: pd.Series
    n_unlabelled: int
    represents: np.ndarray | None = None
    population: Population | None = None
    sampled: str = ""


def in_hand(
    table: Table, target: str, rule: TargetRule, size: int, labelled: Callable[[pd.Series, TargetRule], pd.Series]
) -> InHand:
    """Take the rows that are worked on.

    Parameters
    ----------
    table : Table
        Not changed.
    target : str
        The column with the classes.
    rule : TargetRule
        How its values become classes.
    size : int
        Rows of the working sample; 0 for all.
    labelled : callable
        Turns the column into labels, or raises the error that says why not.

    Raises
    ------
    UserError
        The target cannot be used, or all rows were asked for and are too many.
    """
    if table.all_rows is None:
        labels = labelled(table.frame[target], rule)
        counts = ordered(labels.value_counts())
        codes, frame = pd.Index(counts.index).get_indexer(labels), table.frame
    else:
        codes, counts = table.all_rows.classes(target, rule)
        labelled(pd.Series(list(counts.index) * 2 or [np.nan], dtype="str", name=target), TargetRule())
        labels, frame = None, None
    found = drawn(codes, tuple(counts.index), size)
    rows = np.flatnonzero(codes >= 0) if found is None else found.rows
    n_unlabelled = int((codes < 0).sum())
    if frame is None:
        taken = table.all_rows.rows(rows)
        names = pd.Series(np.array(counts.index, dtype=object)[codes[rows]], dtype="str")
    else:
        taken, names = frame.iloc[rows].reset_index(drop=True), labels.iloc[rows].reset_index(drop=True)
    if found is None:
        return InHand(taken, names, n_unlabelled)
    if frame is None:
        population = table.all_rows.population(target, rule)
    else:
        population = Population.of_frame(frame, target, labels)
    return InHand(taken, names, n_unlabelled, found.represents, population, found.sentence)
