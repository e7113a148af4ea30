"""Which role each column may have, and which numbers may be codes: suggestions, each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import unknown
from core.reading.dates import date_format, spoken
from core.reading.dependence import MOST_DIFFERENT, dependent_columns, repeated_codes
from core.reading.second_labels import second_labels
from core.reading.suggest import why_out, words_of
from core.roles import SYNTHETIC
from core.synthetic_marks import looks_like_marks
from core.table import Table
from core.wording import count, plural, quoted

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
ENOUGH = 20
"""Rows that a number must have before it is looked at."""
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

    Looked for, in this order: a column that says which rows are synthetic (synthetic mark); a date, or a clock that runs from row to row
    (time); no value, or one value (leave out); a new name or number in every row (identifier); names of people or things, or codes, that
    repeat (group); a column that nearly decides the class, or copies or marks it, and columns beside the target that hold the same values
    and go with it (second label); and words such as "sex" or "age" (sensitive). In more than 30,000 rows a random sample tells whether
    a column decides the class.

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
    groups, coded = dependent_columns(frame[open_], "")["group"], repeated_codes(frame[open_])
    for name in {*groups, *coded}:  # before second labels: a group whose rows share a class decides it, too
        found[name] = _group(name, frame[name], name in groups)
    for name, reason, confidence in second_labels(table.frame, target, [n for n in open_ if found[n] is None], rule):
        found[name] = RoleSuggestion("second label", reason, confidence)
    for name in open_:
        if found[name] is None and SENSITIVE.intersection(words_of(str(name))):
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
        levels, rows = np.unique(values[np.isfinite(values)], return_counts=True)
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
        kept = rows >= ENOUGH
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
    """What a column tells without the class: a mark of synthetic rows, a date, nothing at all, or a name for each row."""
    if why := looks_like_marks(column):
        text = f"{why} Such rows may train a model and must not test it."
        return RoleSuggestion(SYNTHETIC, text, "likely")
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
