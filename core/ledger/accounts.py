"""The ledger of a class: every row of it that the model misses stands in exactly one account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import wording
from core.errors import NotApplicable
from core.ledger.case import Case
from core.ledger.gains import Gain, expected_gains
from core.ledger.sorting import FREE, SORTERS
from core.study import Study

FEWEST = 10
"""Rows that a class needs before its misses are sorted."""


@dataclass(frozen=True)
class Account:
    """One reason for which rows of a class are missed.

    Parameters
    ----------
    title : str
        The reason, in the reader's words.
    short : str
        The reason in a word or two.
    remedy : str
        What would win the rows back.
    suggests : tuple of str
        Slugs of the remedies in the catalogue that do so.
    """

    title: str
    short: str
    remedy: str
    suggests: tuple[str, ...] = ()


ACCOUNTS = {
    "threshold": Account(
        "Found by the right threshold", "threshold", "Move the threshold.", ("tuned_threshold", "cost_threshold")
    ),
    "contradicted": Account(
        "Contradicted by an equal row", "equal rows", "Add a column that tells the equal rows apart."
    ),
    "gaps": Account(
        "Hidden behind missing cells", "missing cells", "Fill in these cells where the value can still be had."
    ),
    "sub_cluster": Account(
        "In a small group of its own", "small groups", "Collect more rows like these.", ("random_oversampling",)
    ),
    "mislabelled": Account("Probably mislabelled", "labels", "Review these labels."),
    "overlap": Account("In another class's region", "overlap", "Add a column that separates the two classes."),
    "scarce": Account("Too few examples", "more rows", "Collect more rows of the class."),
    "unexplained": Account("Unexplained", "unexplained", "Nothing here explains these rows; look at them one by one."),
}
"""The accounts by name. A row that fits several stands in the first of them."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """Where the missed rows of one class stand.

    Parameters
    ----------
    label : str
        The class.
    n_class : int
        Its rows.
    missed : ndarray of int (n_missed,)
        Positions of its rows that the model takes for another class, out of fold.
    account, reason : ndarray of str (n_missed,)
        The account of each, and what put it there, as a sentence.
    probability, threshold : ndarray (n_missed,)
        Out-of-fold probability of the class, and the threshold of the row's fold.
    rival : ndarray of int (n_missed,)
        Code of the class that the row is most like otherwise, with class frequencies removed.
    alarms : tuple of int
        Rows of other classes that are taken for the class: as it is, and with the right threshold. A row of a working sample
        counts as many rows as it stands for.
    alarm_limits : tuple of (low, high)
        Limits of both numbers; the numbers themselves unless the rows are a working sample.
    sampled : bool
        Whether they are one.
    gains : dict of str to Gain
        Expected gain in recall by account.
    """

    label: str
    n_class: int
    missed: np.ndarray
    account: np.ndarray
    reason: np.ndarray
    probability: np.ndarray
    threshold: np.ndarray
    rival: np.ndarray
    alarms: tuple[int, int]
    alarm_limits: tuple[tuple[float, float], ...]
    sampled: bool
    gains: dict[str, Gain]


def ledger(study: Study) -> Ledger:
    """Put every missed row of the class of interest in the first account that fits.

    Parameters
    ----------
    study : Study
        Its ``positive`` is the class.

    Returns
    -------
    Ledger

    Raises
    ------
    NotApplicable
        The class has fewer than ``FEWEST`` rows.
    """
    case = Case(study)
    if case.n_class < FEWEST:
        raise NotApplicable(
            f"Class {wording.quoted(study.positive)} has {wording.plural(case.n_class, 'row')}; {FEWEST} are needed."
        )
    account = np.full(len(case.missed), FREE, dtype="<U12")
    reason = np.full(len(case.missed), "No check explains this row.", dtype=object)
    for name, sort in SORTERS.items():
        free = account == FREE
        if free.any():
            fits, reasons = sort(case, account)
            account[fits & free], reason[fits & free] = name, reasons[fits & free]
    return Ledger(
        study.positive,
        case.n_class,
        case.missed,
        account,
        reason,
        case.p[case.missed],
        case.threshold[case.missed],
        case.rival[case.missed],
        case.alarms,
        case.alarm_limits,
        study.represents is not None,
        expected_gains(case, account),
    )
