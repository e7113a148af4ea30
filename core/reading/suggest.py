"""Which column may be the target, and which columns no method should see: suggestions, each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.dataset import MAX_CLASSES
from core.errors import unknown
from core.table import Table
from core.wording import count, plural

STRONG = frozenset(re.findall(r"\w+", "target class label outcome y response diagnosis classification dependent"))
LIKELY = frozenset(
    re.findall(
        r"\w+",
        "churn churned default defaulted fraud fraudulent failure failed fault faulty defect defective outlier anomaly attack "
        "intrusion risk survived survival death died dead mortality disease result status converted conversion clicked spam "
        "stroke diabetes cancer malignant biopsy bankrupt bankruptcy relapse readmitted dropout attrition decision approved "
        "accepted rejected purchased subscribed revenue species emotion sentiment income positive event category",
    )
)
WEAK = frozenset(re.findall(r"\w+", "type group kind grade quality level state condition"))
UNLIKELY = frozenset(
    re.findall(
        r"\w+",
        "id gender sex age city country region date day month year time name number amount count address zip code",
    )
)
IDENTIFIER = frozenset(
    re.findall(r"\w+", "id ids uid udi uuid guid key index idx no nr number serial identifier row record")
)
MIN_ROWS = 20
NEAR_UNIQUE = 0.9
MAX_SUGGESTIONS = 5
STEPS = 0.99


@dataclass(frozen=True)
class Suggestion:
    """A column that may be the target.

    Parameters
    ----------
    column : str
        Its name.
    reason : str
        One sentence that explains it.
    """

    column: str
    reason: str


def suggest_targets(table: Table) -> tuple[Suggestion, ...]:
    """Suggest target columns, best first.

    A target has from 2 to ``MAX_CLASSES`` classes, most of them with several rows. Names such as "class", "outcome" or
    "churn", the last place in the table and few classes speak for a column.

    Parameters
    ----------
    table : Table
        Not changed.

    Returns
    -------
    tuple of Suggestion
        At most ``MAX_SUGGESTIONS``; empty if no column can be a target.

    Examples
    --------
    >>> table = Table.from_frame(pd.DataFrame({"age": range(40), "churn": ["no", "yes"] * 20}))
    >>> suggest_targets(table)[0].column
    'churn'
    """
    scored = []
    last = _last_informative(table.frame)
    for position, (name, column) in enumerate(table.frame.items()):
        n_classes = _n_classes(column)
        if n_classes:
            scored.append(
                (-_score(name, n_classes, name == last), position, _suggestion(name, n_classes, name == last))
            )
    return tuple(suggestion for _, _, suggestion in sorted(scored, key=lambda item: item[:2])[:MAX_SUGGESTIONS])


def suggest_leave_out(table: Table, target: str) -> dict[str, str]:
    """Suggest columns to leave out: without a value, constant, or with a new name or number in every row.

    A measurement is never suggested just because all its values are different, nor a column whose only value has gaps:
    where it is missing may tell something.

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

    Raises
    ------
    UserError
        There is no such target.

    Examples
    --------
    >>> table = Table.from_frame(pd.DataFrame({"id": range(40), "age": [30.5] * 40, "churn": ["no", "yes"] * 20}))
    >>> suggest_leave_out(table, "churn")["age"]
    'It has the same value in all 40 rows.'
    """
    if target not in table.frame.columns:
        raise unknown("column", target, table.frame.columns)
    others = [(name, column) for name, column in table.frame.items() if name != target]
    reasons = {name: why_out(str(name), column) or _numbers_rows(column, table.n_rows) for name, column in others}
    return {name: reason for name, reason in reasons.items() if reason}


def _numbers_rows(column: pd.Series, n_rows: int) -> str:
    """A random share of the rows shows that a column numbers them if its whole numbers rise and reach as far as there are rows."""
    if n_rows == len(column) or not pd.api.types.is_integer_dtype(column.dtype) or column.isna().any():
        return ""
    values = column.to_numpy("int64")
    reach = int(values[-1]) - int(values[0]) + 1
    if not (np.diff(values) > 0).all() or not STEPS * n_rows <= reach <= n_rows:
        return ""
    return f"It numbers the rows: whole numbers that rise over {count(n_rows)} rows and reach as far."


def _last_informative(frame: pd.DataFrame) -> str | None:
    """The last column that could be a target at all."""
    return next((name for name in reversed(frame.columns) if _n_classes(frame[name])), None) if len(frame) else None


def _n_classes(column: pd.Series) -> int:
    """Number of classes if the column can be a target, else 0."""
    known = column.dropna()
    if len(known) < 2:
        return 0
    if pd.api.types.is_float_dtype(known.dtype) and not _whole(known.to_numpy()[:1000]):
        return 0
    n_classes = known.nunique()
    return int(n_classes) if 2 <= n_classes <= min(MAX_CLASSES, max(2, len(known) // 2)) else 0


def _whole(values: np.ndarray) -> bool:
    return bool(np.all(np.mod(values[np.isfinite(values)], 1) == 0))


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters.

    Examples
    --------
    >>> words_of("PatientID_2")
    ['patient', 'id']
    """
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", name[:200])
    return re.findall(r"[a-z]+", parted.lower())


def _hint(name: str) -> tuple[float, str]:
    """How much a name speaks for a target, and the word that does."""
    words = words_of(name)
    for known, points in ((STRONG, 4.0), (LIKELY, 2.5), (WEAK, 1.0)):
        found = [word for word in words if word in known]
        if found:
            return points + (0.5 if len(words) == 1 else 0), found[0]
    return (-1.5 if set(words) & UNLIKELY else 0.0), ""


def _score(name: str, n_classes: int, is_last: bool) -> float:
    few = 0.75 if n_classes == 2 else 0.5 if n_classes <= 10 else 0.25 if n_classes <= 20 else 0
    return _hint(name)[0] + few + (2.0 if is_last else 0)


def _suggestion(name: str, n_classes: int, is_last: bool) -> Suggestion:
    points, word = _hint(name)
    reasons = []
    if points > 0:
        reasons.append(f"its name holds the word '{word}'")
    if is_last:
        reasons.append("it is the last column that has classes")
    reasons.append(f"it has {plural(n_classes, 'different value')}")
    text = ", ".join(reasons[:-1]) + (" and " if len(reasons) > 1 else "") + reasons[-1]
    return Suggestion(name, text[0].upper() + text[1:] + ".")


def why_out(name: str, column: pd.Series) -> str:
    """Why a column should be left out, one sentence; empty when nothing speaks for it."""
    known = column.dropna()
    if not len(known):
        return "It has no value in any row."
    n_different = known.nunique()
    if n_different == 1:
        return "" if len(known) < len(column) else f"It has the same value in all {count(len(column))} rows."
    if len(known) < MIN_ROWS:
        return ""
    if pd.api.types.is_integer_dtype(column.dtype):
        return _number_identifier(name, known, n_different)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return _text_identifier(len(known), n_different)
    return ""


def _number_identifier(name: str, known: pd.Series, n_different: int) -> str:
    if n_different < len(known):
        return ""
    values = known.to_numpy("int64")
    reach = int(values.max()) - int(values.min()) + 1
    if reach == len(values):
        return f"It numbers the rows: {count(len(values))} whole numbers without a gap, each one once."
    if set(words_of(name)) & IDENTIFIER:
        return (
            f"It looks like an identifier: its name says so, and all {count(len(values))} whole numbers are different."
        )
    rising = bool((np.diff(values) > 0).all())
    return (
        "It numbers the rows: whole numbers that rise from row to row." if rising and reach <= 2 * len(values) else ""
    )


def _text_identifier(n_known: int, n_different: int) -> str:
    if n_different == n_known:
        return f"It looks like an identifier: its text is different in all {count(n_known)} rows."
    if n_different > NEAR_UNIQUE * n_known:
        return f"Its text is new in nearly every row: {count(n_different)} different texts in {count(n_known)} rows."
    return ""
