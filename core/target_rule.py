"""Rules that turn a column into classes: merge the small ones, keep some, cut a number at a threshold or into bins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd

from core.errors import UserError
from core.wording import clip, count, plural, quoted, share

MAX_CLASSES = 100
OTHER = "other"
MANY_LEVELS = 20
FEWEST = 10
"""Rows that a class should have; smaller ones are merged by the rule that is suggested."""

FORMS = "merge:fewer_than=30, merge:a|b, keep:a|b, bins:n=3, cut:at=7 or cut:above=0.9"


@dataclass(frozen=True)
class TargetRule:
    """A rule for the classes of a target, as text for a link or the command line.

    ``merge:fewer_than=30`` puts all classes with fewer rows into one, ``merge:a|b`` those that are named, ``keep:a|b`` all
    but those that are named. ``bins:n=3`` parts a number into bins of about equally many rows, ``cut:at=7`` parts it
    into less than 7 and the rest, ``cut:above=0.9`` into the highest tenth and the rest. Names of classes are written as in
    a web address: ``%7C`` stands for ``|``.

    Parameters
    ----------
    kind : str
        "merge", "keep", "bins" or "cut"; empty does nothing.
    option : str
        "fewer_than", "n", "at" or "above"; empty where classes are named.
    value : float
        Of the option.
    names : tuple of str
        The classes that are named.
    """

    kind: str = ""
    option: str = ""
    value: float = 0.0
    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> TargetRule:
        """Read a rule.

        Raises
        ------
        UserError
            The text is no rule, or its value is out of range.

        Examples
        --------
        >>> TargetRule.parse("merge:fewer_than=30").value
        30.0
        >>> TargetRule.parse("keep:yes|don%27t know").names
        ('yes', "don't know")
        """
        text = text.strip()
        if not text:
            return cls()
        kind, _, rest = text.partition(":")
        option, sign, value = rest.partition("=")
        if (kind, option) in LIMITS and sign:
            return cls(kind, option, _value(text, value, *LIMITS[kind, option]))
        if kind in ("merge", "keep") and rest and not sign:
            return cls(kind, names=tuple(dict.fromkeys(unquote(name) for name in rest.split("|"))))
        raise UserError(f"{quoted(text)} is no rule for a target.", f"Write {FORMS}.")

    @property
    def text(self) -> str:
        """The rule as it is written; ``parse`` reads it back.

        Examples
        --------
        >>> TargetRule("keep", names=("a|b", "c")).text
        'keep:a%7Cb|c'
        """
        if not self.kind:
            return ""
        named = "|".join(quote(name, safe=" ") for name in self.names)
        return f"{self.kind}:{self.option}={_plain(self.value)}" if self.option else f"{self.kind}:{named}"

    def apply(self, column: pd.Series) -> pd.Series:
        """Turn a column into labels.

        Parameters
        ----------
        column : pandas.Series (n_samples,)
            As it stands in the table; not changed.

        Returns
        -------
        pandas.Series of str (n_samples,)
            Missing where the column is.

        Raises
        ------
        UserError
            The rule needs numbers and the column holds text, a class that is named is not there, or a cut has an empty side.
        """
        if self.kind in ("bins", "cut"):
            bins, names = self._binned(column)
            return pd.Series(pd.Categorical.from_codes(bins, names), index=column.index).astype("str")
        labels = column if column.dtype == "str" else column.map(str, na_action="ignore").astype("str")
        counts = labels.value_counts()
        known = set(counts.index)
        if strange := [name for name in self.names if name not in known]:
            raise UserError(
                f"Column {quoted(column.name)} has no class {quoted(strange[0])}.",
                "Name classes as they stand in the file.",
            )
        if self.option:
            merged = set(counts.index[counts < self.value])
        else:
            merged = set(self.names) if self.kind == "merge" else known - set(self.names) if self.kind else set()
        kept = known - merged
        name = next(name for name in (OTHER, *(f"{OTHER} {i}" for i in range(2, len(kept) + 3))) if name not in kept)
        return labels.where(~labels.isin(merged), name) if len(merged) > 1 or self.names else labels

    def _binned(self, column: pd.Series) -> tuple[np.ndarray, list[str]]:
        """The bin of each row, −1 where it is missing, and the name of each bin."""
        if not pd.api.types.is_numeric_dtype(column.dtype):
            raise UserError(
                f"Column {quoted(column.name)} holds text, which cannot be cut.",
                "Merge its classes, as in merge:fewer_than=30.",
            )
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        known = ~np.isnan(values)
        seen = values[known]
        if self.option == "at":
            edges, names = np.array([self.value]), [f"below {_plain(self.value)}", f"{_plain(self.value)} or more"]
            bins = np.searchsorted(edges, seen, side="right")
        else:
            shares = [self.value] if self.option == "above" else np.arange(1, self.value) / self.value
            edges = np.unique(np.quantile(seen, shares, method="inverted_cdf")) if len(seen) else np.zeros(0)
            edges = edges[edges < seen.max(initial=-np.inf)]
            between = [f"above {_plain(a)} to {_plain(b)}" for a, b in pairwise(edges)]
            names = [f"up to {_plain(edges[0])}", *between, f"above {_plain(edges[-1])}"] if len(edges) else ["all"]
            bins = np.searchsorted(edges, seen, side="left")
        if len(np.unique(bins)) < 2 and len(seen):
            least, most = _plain(seen.min()), _plain(seen.max())
            raise UserError(
                f"By {quoted(self.text)} all rows of column {quoted(column.name)} fall into one class; its values go from {least} to "
                f"{most}, and {share(float((seen == seen.max()).mean()))} of them are {most}.",
                "Choose another cut.",
            )
        placed = np.full(len(values), -1)
        placed[known] = bins
        return placed, names


LIMITS: dict[tuple[str, str], tuple[float, float, Callable[[str], float]]] = {
    ("merge", "fewer_than"): (2, 1e9, int),
    ("bins", "n"): (2, MANY_LEVELS, int),
    ("cut", "at"): (-1.7e308, 1.7e308, float),
    ("cut", "above"): (0.001, 0.999, float),
}


def preview(column: pd.Series, rule: TargetRule) -> pd.DataFrame:
    """Count the rows of the classes that a rule would make.

    Parameters
    ----------
    column : pandas.Series (n_samples,)
        Not changed.
    rule : TargetRule

    Returns
    -------
    pandas.DataFrame
        class, n_samples, share; bins and cuts in the order of their values, other classes the most frequent first.

    Examples
    --------
    >>> preview(pd.Series(range(10), name="score"), TargetRule.parse("cut:at=7"))["n_samples"].tolist()
    [7, 3]
    """
    if rule.kind in ("bins", "cut"):
        bins, names = rule._binned(column)
        counts = np.bincount(bins[bins >= 0], minlength=len(names))
    else:
        found = rule.apply(column).value_counts()
        found = found.iloc[np.lexsort((found.index.astype(str), -found.to_numpy()))]
        names, counts = list(found.index), found.to_numpy()
    return pd.DataFrame({"class": names, "n_samples": counts, "share": counts / max(counts.sum(), 1)})


def suggested_rule(column: pd.Series) -> tuple[TargetRule, str] | None:
    """Suggest a rule for a target that is continuous or has very many classes.

    Parameters
    ----------
    column : pandas.Series (n_samples,)
        Not changed.

    Returns
    -------
    (TargetRule, str) or None
        The rule and one sentence with the reason; None for a column whose classes are fine, or that no rule can help.

    Examples
    --------
    >>> suggested_rule(pd.Series(["a", "b"] * 50)) is None
    True
    """
    known = column.dropna()
    n_levels = known.nunique()
    if n_levels <= MANY_LEVELS:
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        rule = TargetRule("cut", "above", 0.9)
        try:
            table = preview(column, rule)
        except UserError:
            return None
        text = f"It has {count(n_levels)} different numbers. {table['class'].iloc[1][:1].upper()}{table['class'].iloc[1][1:]}"
        return rule, f"{text} lie {plural(table['n_samples'].iloc[1], 'row')} ({share(table['share'].iloc[1])})."
    sizes = known.value_counts().to_numpy()
    fewest = max(FEWEST, int(sizes[MAX_CLASSES - 1]) + 1 if n_levels > MAX_CLASSES else 0)
    kept = int((sizes >= fewest).sum())
    if kept < 2 or kept > MAX_CLASSES - 1 or kept == n_levels:
        return None
    text = (
        f"It has {count(n_levels)} classes; {count(n_levels - kept)} of them have fewer than {plural(fewest, 'row')}."
    )
    return TargetRule("merge", "fewer_than", float(fewest)), text


def _value(text: str, value: str, low: float, high: float, kind: Callable[[str], float]) -> float:
    try:
        number = float(kind(value))
    except ValueError:
        number = np.nan
    if not low <= number <= high:
        reach = f"from {low:g} to {high:g}" if abs(low) < 1e300 else "such as 7 or 0.5"
        whole = "a whole number " if kind is int else "a number "
        raise UserError(f"{quoted(clip(value, 40))} does not fit in {quoted(text)}.", f"Write {whole}{reach}.")
    return number


def _plain(value: float) -> str:
    return f"{float(value):.15g}"
