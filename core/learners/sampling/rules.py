"""Rules that an analyst writes about rows: ``age >= 18; weight > 0; if pregnant = yes then sex = female``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import UserError, unknown
from core.wording import quoted

EXAMPLE = "age >= 18; weight > 0; if pregnant = yes then sex = female"
FORMS = f"Write rules like: {EXAMPLE}."
DEEPEST = 20
KEYWORDS = ("if", "then", "and", "or", "not", "is", "in", "missing")
SIGNS = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}
TRUE, FALSE = ("true", "yes"), ("false", "no")
TOKEN = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([<>=!]=|<>|[<>=≠≤≥(),])|([^\s"'<>=!≠≤≥(),]+))""")

Verdict = tuple[np.ndarray, np.ndarray]
"""Which rows surely fulfil a condition and which surely do not; a missing cell leaves it open."""


@dataclass(frozen=True)
class Word:
    """One piece of a rule: a name, a value, a sign or a keyword."""

    text: str
    kind: str


@dataclass(frozen=True)
class Comparison:
    """A column against a value, several values, another column or a missing cell."""

    column: str
    sign: str
    values: tuple[Word, ...] = ()

    def judge(self, X: pd.DataFrame) -> Verdict:
        """Which rows fulfil it, and which do not."""
        names = {str(name): place for place, name in enumerate(X.columns)}
        column = _named(X, names, self.column)
        if self.sign == "missing":
            gap = column.isna().to_numpy(dtype=bool)
            return gap, ~gap
        if _is_number(column):
            values, known = _numbers(column)
            others = [_other_side(X, names, word, self.column) for word in self.values]
            known = known & np.all([present for _, present in others], axis=0)
            with np.errstate(invalid="ignore"):
                yes = np.any([_compared(values, self.sign, other) for other, _ in others], axis=0)
        else:
            if self.sign not in ("=", "!="):
                raise UserError(
                    f"{quoted(self.column)} holds text, which {self.sign} does not compare.", "Use = or !=."
                )
            column = column.astype("category")
            wanted = [_level(self.column, word.text, column.cat.categories) for word in self.values]
            codes = column.cat.codes.to_numpy()
            known, yes = codes >= 0, np.isin(codes, wanted) == (self.sign == "=")
        return yes & known, ~yes & known


@dataclass(frozen=True)
class Joined:
    """Conditions joined by *and* or *or*, or turned round by *not*."""

    how: str
    parts: tuple[Any, ...]

    def judge(self, X: pd.DataFrame) -> Verdict:
        """Which rows fulfil it, and which do not."""
        found = [part.judge(X) for part in self.parts]
        yes, no = (np.array(side) for side in zip(*found, strict=True))
        if self.how == "not":
            return no[0], yes[0]
        return (yes.all(axis=0), no.any(axis=0)) if self.how == "and" else (yes.any(axis=0), no.all(axis=0))


@dataclass(frozen=True)
class Rule:
    """One rule: its text, and what must hold where.

    Parameters
    ----------
    text : str
    then : Comparison or Joined
        What must hold.
    given : Comparison, Joined or None
        Where it must hold; None is everywhere.
    """

    text: str
    then: Any
    given: Any = None

    def broken(self, X: pd.DataFrame) -> np.ndarray:
        """Which rows (n_samples,) surely break the rule; one that depends on a missing cell is not broken.

        Raises
        ------
        UserError
            A column or a value is not there.
        """
        no = self.then.judge(X)[1]
        return no if self.given is None else no & self.given.judge(X)[0]


def read_rules(text: str) -> tuple[Rule, ...]:
    """Read rules, divided by ";" or by lines.

    A comparison is ``column sign value``: the sign is one of = != < <= > >=, or ``in (a, b)``, or ``is missing``; the value is a number, a level of a
    text column, or another numeric column. Comparisons are joined by ``and``, ``or``, ``not`` and brackets. ``if A then B`` asks for B only where A
    holds. Names and values with signs or keywords in them stand between quotes. Nothing else is understood, and nothing is executed.

    Raises
    ------
    UserError
        A rule cannot be read.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [17.0, 40.0, np.nan], "sex": ["female", "male", "male"]})
    >>> [rule.broken(X).tolist() for rule in read_rules("age >= 18; if age > 30 then sex = female")]
    [[True, False, False], [False, True, False]]
    """
    pieces = re.findall(r"""(?:"[^"]*"|'[^']*'|[^;\n"']|["'])+""", text)
    return tuple(_Reader(piece.strip()).rule() for piece in pieces if piece.strip())


class _Reader:
    """Reads one rule from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.words, self.place, self.depth = text, [], 0, 0
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise self.wrong(f"has {quoted(text[at:].strip()[:10])}, which is not understood")
            double, single, sign, word = match.groups()
            if sign or word:
                keyword = sign or (word.lower() in KEYWORDS)
                self.words.append(Word(SIGNS.get(sign, sign) or word, "sign" if keyword else "word"))
            else:
                self.words.append(Word(double if double is not None else single, "quoted"))
            at = match.end()

    def wrong(self, what: str) -> UserError:
        return UserError(f"The rule {quoted(self.text)} {what}.", FORMS)

    def rule(self) -> Rule:
        given = None
        if self.took("if"):
            given = self.either()
            if not self.took("then"):
                raise self.wrong("has an 'if' without a 'then'")
        then = self.either()
        if self.place < len(self.words):
            raise self.wrong(f"has {quoted(self.words[self.place].text)} where it should end")
        return Rule(self.text, then, given)

    def either(self) -> Any:
        return self._chain("or", lambda: self._chain("and", self.one))

    def _chain(self, how: str, part: Any) -> Any:
        parts = [part()]
        while self.took(how):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(how, tuple(parts))

    def one(self) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"has more than {DEEPEST} brackets or comparisons")
        if self.took("not"):
            return Joined("not", (self.one(),))
        if self.took("("):
            inner = self.either()
            if not self.took(")"):
                raise self.wrong("has a bracket that is not closed")
            return inner
        return self.comparison()

    def comparison(self) -> Any:
        column = self.operand("a column").text
        if self.took("is"):
            turned = self.took("not")
            if not self.took("missing"):
                raise self.wrong("has an 'is' without 'missing'")
            found: Any = Comparison(column, "missing")
            return Joined("not", (found,)) if turned else found
        turned = self.took("not")
        if self.took("in"):
            found = Comparison(column, "=", self.several())
            return Joined("not", (found,)) if turned else found
        for sign in ("=", "!=", "<", "<=", ">", ">="):
            if not turned and self.took(sign):
                return Comparison(column, sign, (self.operand("a value"),))
        raise self.wrong(f"has no sign such as = or >= after {quoted(column)}")

    def several(self) -> tuple[Word, ...]:
        if not self.took("("):
            raise self.wrong("has an 'in' without a list between brackets")
        values = [self.operand("a value")]
        while self.took(","):
            values.append(self.operand("a value"))
        if not self.took(")"):
            raise self.wrong("has a bracket that is not closed")
        return tuple(values)

    def operand(self, what: str) -> Word:
        start = self.place
        while self.place < len(self.words) and self.words[self.place].kind == "word":
            self.place += 1
        if self.place > start:
            return Word(" ".join(word.text for word in self.words[start : self.place]), "word")
        if self.place < len(self.words) and self.words[self.place].kind == "quoted":
            self.place += 1
            return self.words[start]
        raise self.wrong(f"lacks {what}")

    def took(self, sign: str) -> bool:
        here = self.words[self.place] if self.place < len(self.words) else Word("", "end")
        found = here.kind == "sign" and here.text.lower() == sign
        self.place += found
        return found


def _named(X: pd.DataFrame, names: Mapping[str, int], name: str) -> pd.Series:
    if name not in names:
        raise unknown("column", name, names)
    return X.iloc[:, names[name]]


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype)


def _numbers(column: pd.Series) -> Verdict:
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    return values, ~np.isnan(values)


def _other_side(X: pd.DataFrame, names: Mapping[str, int], word: Word, column: str) -> tuple[Any, Any]:
    """The number, or the numbers of the column, that a word stands for, and which of them are known."""
    try:
        value = float(word.text)
    except ValueError:
        value = np.nan
    if np.isfinite(value):
        return value, True
    if word.text in names and _is_number(other := X.iloc[:, names[word.text]]):
        return _numbers(other)
    if word.text.lower() in TRUE + FALSE:
        return float(word.text.lower() in TRUE), True
    problem = f"{quoted(column)} holds numbers, and {quoted(word.text)} is neither a number nor a numeric column."
    raise UserError(problem, FORMS)


def _compared(values: np.ndarray, sign: str, other: Any) -> np.ndarray:
    signs = {"=": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal}
    return (signs | {">": np.greater, ">=": np.greater_equal})[sign](values, other)


def _level(column: str, text: str, levels: pd.Index) -> int:
    known = [str(level) for level in levels]
    for words, wanted in ((known, text), ([word.lower() for word in known], text.lower())):
        if wanted in words:
            return words.index(wanted)
    raise unknown(f"value of {quoted(column)}", text, known)


def tidied(text: str) -> str:
    """The rules of a text on one line, divided by "; ".

    Raises
    ------
    UserError
        A rule cannot be read.

    Examples
    --------
    >>> tidied(" age >= 18 ;\\n weight > 0;")
    'age >= 18; weight > 0'
    """
    return "; ".join(rule.text for rule in read_rules(text))
