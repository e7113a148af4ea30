"""Which role each column may have, and which numbers may be codes: suggestions, each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import unknown
from core.numerics import single_column as told
from core.reading.dates import date_format, spoken
from core.reading.dependence import MOST_DIFFERENT, dependent_columns, repeated_codes
from core.reading.suggest import why_out, words_of
from core.table import Table
from core.target_rule import MAX_CLASSES, TargetRule
from core.wording import count, number, of, plural, quoted, score

SENSITIVE = frozenset(
    re.findall(
        r"\w+",
        "sex gender age race ethnicity ethnic religion religious nationality native foreign citizenship marital disability disabled "
        "orientation caste tribe birthplace pregnant geschlecht alter edad sexo genre",
    )
)
CODES = frozenset(
    re.findall(r"\w+", "code codes type kind category class zone region area district department dept channel method")
)
COUNTS = frozenset(
    re.findall(
        r"\w+",
        "age count counts number num n nr no year years month months day days hour hours children dependents grade score level rating "
        "rank stage size total times visits quantity qty duration length weight height",
    )
)
CLOCKS = frozenset(("time", "timestamp", "date", "datetime"))
MOST_ROWS, MOST_CELLS = 30_000, 2_000_000
ENOUGH = 10
"""Rows that a class, or a value, must have before it is looked at."""
PERFECT, MARKS, COVERS, ALIKE = 0.999, 0.98, 0.05, 0.3
"""Areas and shares from which a column decides the class, a value marks a class, it covers one, and a column goes with the target."""
COPIED, MARKED, MOST_FLAGS = 100, 40, 20
"""Rows that must hold the second most frequent value of a copy, and a value that marks a class; values of a column that marks."""
N_LEVELS, N_FOLDS = 50, 5
FEWEST_CODES, MOST_CODES = 3, 20


@dataclass(frozen=True)
class RoleSuggestion:
    """A role that a column may have.

    Parameters
    ----------
    role : str
        One of ``core.roles.ROLES``.
    reason : str
        One sentence.
    confidence : str
        "certain", "likely" or "guess".
    """

    role: str
    reason: str
    confidence: str


def suggest_roles(table: Table, target: str, rule: str = "") -> dict[str, RoleSuggestion]:
    """Suggest a role for every column that is not plainly a feature.

    Looked for, in this order: a date, or a clock that runs from row to row (time); no value, or one value (leave out); a new name or
    number in every row (identifier); a column that nearly decides the class, or copies or marks it, and columns beside the
    target that hold the same values and go with it (second label); names that repeat (group); and words such as "sex" or
    "age" (sensitive). In more than 30,000 rows a random sample tells whether a column decides the class.

    Parameters
    ----------
    table : Table
        Not changed.
    target : str
        The column with the classes; never suggested.
    rule : str
        How the target becomes classes, see ``core.target_rule.TargetRule``.

    Returns
    -------
    dict of str to RoleSuggestion
        In the order of the table.

    Raises
    ------
    UserError
        There is no such target, or the rule does not fit it.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": range(40), "stays": [1, 0] * 20, "churn": ["no", "yes"] * 20})
    >>> {name: found.role for name, found in suggest_roles(Table.from_frame(frame), "churn").items()}
    {'id': 'identifier', 'stays': 'second label'}
    """
    if target not in table.frame.columns:
        raise unknown("column", target, table.frame.columns)
    frame = table.frame.drop(columns=target)
    found = {name: _by_itself(str(name), column) for name, column in frame.items()}
    open_ = [name for name, suggestion in found.items() if suggestion is None]
    for name, reason, confidence in _second_labels(table.frame, target, open_, rule):
        found[name] = RoleSuggestion("second label", reason, confidence)
    groups = dependent_columns(frame, "")["group"]
    coded = repeated_codes(frame[[name for name in open_ if found[name] is None]])
    for name in open_:
        if found[name] is None and (name in groups or name in coded):
            found[name] = _group(name, frame[name], name in groups)
        elif found[name] is None and SENSITIVE.intersection(words_of(str(name))):
            word = next(word for word in words_of(str(name)) if word in SENSITIVE)
            reason = f"Its name holds the word '{word}': reports can say how well each group is served."
            found[name] = RoleSuggestion("sensitive", reason, "guess")
    return {str(name): suggestion for name, suggestion in found.items() if suggestion}


def suggest_categories(table: Table, target: str) -> dict[str, str]:
    """Suggest numeric columns whose numbers may be codes of categories.

    A column of ``FEWEST_CODES`` to ``MOST_CODES`` different whole numbers is suggested when its name says that it holds codes, or when
    the share of the most frequent class goes up and down over its numbers more than chance and a straight line explain.
    Names that say a count or a measure speak against it.

    Parameters
    ----------
    table : Table
        Not changed.
    target : str
        The column with the classes; never suggested.

    Returns
    -------
    dict of str to str
        The reason for each column, one sentence.
    """
    from scipy.special import chdtri

    labels = table.frame[target]
    first = (labels == labels.mode().iloc[0]).to_numpy() if labels.notna().any() else np.zeros(len(labels), dtype=bool)
    found = {}
    for name, column in table.frame.drop(columns=target).items():
        values = (
            column[labels.notna()].to_numpy(dtype="float64", na_value=np.nan) if _is_number(column) else np.zeros(0)
        )
        levels, rows = np.unique(values[~np.isnan(values)], return_counts=True)
        if (
            not FEWEST_CODES <= len(levels) <= MOST_CODES
            or (levels % 1).any()
            or COUNTS.intersection(words_of(str(name)))
        ):
            continue
        if CODES.intersection(words_of(str(name))):
            found[str(name)] = f"Its name says that its {len(levels)} whole numbers are codes."
            continue
        own = first[labels.notna().to_numpy()]
        hits = np.array([own[values == level].sum() for level in levels])
        kept = rows >= 2 * ENOUGH
        rest, turns = _off_the_line(levels[kept], rows[kept], hits[kept])
        if turns >= 2 and rest > chdtri(max(kept.sum() - 2, 1), 1e-6):
            found[str(name)] = (
                f"The share of {quoted(labels.mode().iloc[0])} turns {plural(turns, 'time')} over its {len(levels)} whole numbers, "
                "more than chance: they may be codes."
            )
    return found


def _off_the_line(levels: np.ndarray, rows: np.ndarray, hits: np.ndarray) -> tuple[float, int]:
    """The chi-square of class shares around a straight line over the levels, and how often the shares turn."""
    if len(levels) < FEWEST_CODES or not 0 < hits.sum() < rows.sum():
        return 0.0, 0
    shares, mean = hits / rows, hits.sum() / rows.sum()
    x = levels - np.average(levels, weights=rows)
    line = mean + x * (rows * x * shares).sum() / (rows * x**2).sum()
    turns = int((np.diff(np.sign(np.diff(shares))) != 0).sum())
    return float((rows * (shares - line) ** 2).sum() / (mean * (1 - mean))), turns


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype)


def _by_itself(name: str, column: pd.Series) -> RoleSuggestion | None:
    """What a column tells without the class: a date, nothing at all, or a name for each row."""
    if not _is_number(column):
        form = date_format(column) if date_format(column.dropna().head(3)) else None
        if form:
            return RoleSuggestion("time", f"It holds dates, written {spoken(form[0])}.", form[1])
    elif CLOCKS.intersection(words_of(name)[-1:]):
        values = column.dropna().to_numpy()
        if len(np.unique(values)) >= MOST_CODES and (np.diff(values) >= 0).all():
            return RoleSuggestion("time", "Its name says so, and it never falls from row to row.", "likely")
    reason = why_out(name, column)
    if not reason:
        return None
    if column.nunique() <= 1:
        return RoleSuggestion("leave out", reason, "certain")
    return RoleSuggestion("identifier", reason, "likely")


def _group(name: str, column: pd.Series, named: bool) -> RoleSuggestion:
    n_groups, n_rows = column.nunique(), column.notna().sum()
    why = "its name says whom they belong to" if named else "they look like codes"
    reason = (
        f"{count(n_groups)} values stand in {plural(n_rows, 'row')}, and {why}: rows of one {quoted(name)} may be alike, so that folds "
        "should keep them together."
    )
    return RoleSuggestion("group", reason, "likely" if named and n_groups <= MOST_DIFFERENT / 2 * n_rows else "guess")


def _second_labels(frame: pd.DataFrame, target: str, names: list[str], rule: str) -> list[tuple[str, str, str]]:
    labels = TargetRule.parse(rule).apply(frame[target]) if frame[target].notna().any() else frame[target]
    codes = pd.factorize(labels)[0]
    n_classes = int(codes.max(initial=-1)) + 1
    if not 2 <= n_classes <= MAX_CLASSES or not names:
        return []
    rng, rows = np.random.default_rng(0), np.flatnonzero(codes >= 0)
    most = int(np.clip(MOST_CELLS / len(names), 2_000, MOST_ROWS))
    rows = np.sort(rng.choice(rows, most, replace=False)) if len(rows) > most else rows
    codes, sizes = codes[rows], np.bincount(codes[rows], minlength=n_classes)
    fold, order = np.empty(len(rows), dtype=int), rng.permutation(len(rows))
    fold[order[np.argsort(codes[order], kind="stable")]] = np.arange(len(rows)) % N_FOLDS
    found, totals = [], {}
    for name in names:
        levels, values = _levels(frame[name].iloc[rows], codes)
        counts = told.counts_by_level(levels + 1, codes, fold, n_classes)
        totals[name] = counts.sum(axis=0)
        reason = _told(counts, values, sizes, labels.iloc[rows].to_numpy(), codes)
        if reason:
            found.append((name, *reason))
    return found + _siblings(frame, target, totals, {name for name, *_ in found})


def _levels(column: pd.Series, codes: np.ndarray) -> tuple[np.ndarray, list[str] | None]:
    """The level of each row, −1 for missing, and the value of each level where each is one value."""
    if _is_number(column):
        values = column.to_numpy(dtype="float64", na_value=np.nan, copy=True)
        values[np.isinf(values)] = np.nan
        levels, exact = told.levels_of_numbers(values, codes, N_LEVELS)
        return levels, [number(x) for x in np.unique(values[levels >= 0])] if exact else None
    raw, texts = pd.factorize(column)
    levels = told.levels_of_text(raw, 4 * N_LEVELS)
    names = np.empty(levels.max(initial=-1) + 1, dtype=object)
    names[levels[levels >= 0]] = np.asarray(texts, dtype=object)[raw[levels >= 0]]
    return levels, [str(text) for text in names] if len(texts) <= 4 * N_LEVELS else None


def _told(
    counts: np.ndarray, values: list[str] | None, sizes: np.ndarray, labels: np.ndarray, codes: np.ndarray
) -> tuple[str, str] | None:
    """Why a column may be a second label, and how sure that is."""
    total, counted = counts.sum(axis=0), sizes >= ENOUGH
    if counted.sum() < 2:
        return None
    areas = np.nan_to_num(told.area_by_fold(counts, told.out_of_fold_rates(counts))).mean(axis=0)[counted]
    if areas.mean() >= PERFECT and areas.min() >= 0.99:
        reason = f"It alone ranks every class with an area under the ROC curve of at least {score(areas.min())}, out of fold."
        return reason, "guess" if values is None else "likely"
    if values is None:
        return None
    single = np.ones(len(total), dtype=bool)
    if told.copies_class(total, single, counted, PERFECT) and np.sort(total.sum(axis=1))[-2] >= COPIED:
        return "All rows of a class share one value of it, and not the same one in all classes.", "likely"
    rare = counted & (sizes <= sizes.sum() / (2 * len(sizes)))
    n_rows = total.sum(axis=1, keepdims=True)
    marks = (total >= MARKS * n_rows) & (n_rows >= MARKED) & (total >= COVERS * sizes) & rare
    marks[0] = False
    if not marks.any() or len(values) > MOST_FLAGS:
        return None
    level, c = np.unravel_index(np.where(marks, total, -1).argmax(), marks.shape)
    label = labels[np.argmax(codes == c)]
    part = of(total[level, c], n_rows[level, 0])
    return (
        f"{part} with the value {quoted(values[level - 1])} are {quoted(label)}: it may follow from the outcome.",
        "guess",
    )


def _siblings(
    frame: pd.DataFrame, target: str, totals: dict[str, np.ndarray], known: set[str]
) -> list[tuple[str, str, str]]:
    """Columns in a row beside the target that hold the same two values and go with it."""
    levels, found, place = set(frame[target].dropna().unique()), [], list(frame.columns).index(target)
    if len(levels) != 2:
        return found
    for side in (frame.columns[:place][::-1], frame.columns[place + 1 :]):
        for name in side:
            if name not in totals or set(frame[name].dropna().unique()) != levels:
                break
            association = _phi(totals[name][1:])
            if abs(association) < ALIKE:
                break
            reason = f"It stands beside the target, holds the same values, and goes with it (correlation {number(association, 2)})."
            found += [(name, reason, "guess")] if name not in known else []
    return found


def _phi(total: np.ndarray) -> float:
    margins = np.prod(total.sum(axis=0)) * np.prod(total.sum(axis=1))
    return float(np.linalg.det(total) / np.sqrt(margins)) if total.shape == (2, 2) and margins > 0 else 0.0
