"""What is in all rows of a table: its classes, its missing cells, the profile of its columns; and the sample that is worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.numerics.case_control import draw, sampling_plan
from core.numerics.value_runs import ValueRuns, value_runs
from core.wording import count, plural, quoted

WORKING_ROWS = 50_000
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
NAMED = 3


@dataclass(frozen=True, eq=False)
class Population:
    """All rows of a table.

    Parameters
    ----------
    target : str
        The column with the classes; empty for none.
    n_rows : int
        Rows, also those without a label.
    counts : pandas.Series
        Rows of each class, most frequent first; ties in the order of the labels.
    columns : pandas.DataFrame
        column, kind ("number" or "text"), n_missing, n_infinite, n_different, mean, sd, low, p05, p25, p50, p75, p95, high.
    missing : pandas.DataFrame
        column, class, n_samples, n_missing, share; only columns with a missing cell.
    approximate : bool
        Quantiles and numbers of different values are approximate.
    """

    target: str
    n_rows: int
    counts: pd.Series
    columns: pd.DataFrame
    missing: pd.DataFrame
    approximate: bool = False

    @property
    def n_unlabelled(self) -> int:
        """Rows without a label."""
        return self.n_rows - int(self.counts.sum()) if self.target else 0

    @property
    def sentence(self) -> str:
        """What was computed on all rows, and what is approximate."""
        counts = "Class counts, missing cells" if self.target else "Missing cells"
        text = f"{counts} and the profile of columns come from all {plural(self.n_rows, 'row')}"
        return f"{text}; quantiles and numbers of different values are approximate." if self.approximate else f"{text}."

    @classmethod
    def of_counts(
        cls,
        target: str,
        n_rows: int,
        columns: pd.DataFrame,
        classes: Mapping[str, int],
        gaps: Mapping[str, Mapping[str, int]],
        spelled: Mapping[str, str],
    ) -> Population:
        """Put together what a pass counted.

        Parameters
        ----------
        target : str
        n_rows : int
        columns : pandas.DataFrame
        classes : mapping of str to int
            Rows by the text of the target's cell; the empty text is missing.
        gaps : mapping of str to mapping
            Missing cells by column and text of the target's cell.
        spelled : mapping of str to str
            The label that each text stands for.
        """
        known = pd.Series({key: n for key, n in classes.items() if key}, dtype="int64")
        counts = ordered(known.groupby([spelled[key] for key in known.index]).sum()) if len(known) else known
        found = {}
        for name, by in gaps.items():
            for key, n in by.items():
                if key and name != target:
                    found[name, spelled[key]] = found.get((name, spelled[key]), 0) + n
        return cls(target, n_rows, counts, columns, _missing(found, counts), True)

    @classmethod
    def of_frame(
        cls, frame: pd.DataFrame, target: str, labels: pd.Series, known: Mapping[str, Mapping] | None = None
    ) -> Population:
        """Describe a table in memory, exactly.

        Parameters
        ----------
        frame : pandas.DataFrame
            All rows; not changed.
        target : str
        labels : pandas.Series of str (n_samples,)
            The class of each row, missing where there is none.
        known : mapping of str to mapping, optional
            What ``measured`` found in numeric columns, by name.
        """
        counts, known = ordered(labels.value_counts()), known or {}
        factors, held = pd.factorize(labels)
        codes = np.append(pd.Index(counts.index).get_indexer(held), -1)[factors]
        found, rows = {}, []
        for name, column in frame.items():
            gaps = np.flatnonzero(column.isna().to_numpy())
            if name != target and len(gaps):
                by = np.bincount(codes[gaps] + 1, minlength=len(counts) + 1)[1:]
                found |= {(name, label): int(n) for label, n in zip(counts.index, by, strict=True)} if by.any() else {}
            rows.append({"column": name, **_described(column, len(gaps), known.get(name))})
        columns = pd.DataFrame(rows)
        return cls(target, len(frame), counts, columns, _missing(found, counts))


@dataclass(frozen=True, eq=False)
class Drawn:
    """A working sample.

    Parameters
    ----------
    rows : ndarray of int (n_kept,)
        Positions in the table, rising.
    represents : ndarray (n_kept,)
        How many rows each one stands for: N_c / n_c, the same number within a class.
    sentence : str
        What was drawn, for a reader.
    """

    rows: np.ndarray
    represents: np.ndarray
    sentence: str


def drawn(codes: np.ndarray, classes: tuple[str, ...], size: int, random_state: int = 0) -> Drawn | None:
    """Draw a case–control sample: all rows of the rare classes, a random share of the others.

    Parameters
    ----------
    codes : ndarray of int (n_samples,)
        The class of each row, most frequent first; −1 for a row without a label.
    classes : tuple of str
    size : int
        Rows of the sample; 0 for all.
    random_state : int
        Seed.

    Returns
    -------
    Drawn or None
        None where no more than ``size`` rows have a label.

    Examples
    --------
    >>> drawn(np.array([0] * 90 + [1] * 10), ("no", "yes"), 30).sentence[:64]
    "All 10 rows of 'yes' and 20 of the 90 rows of 'no' make the work"
    """
    labelled = np.flatnonzero(codes >= 0)
    if not size or len(labelled) <= size:
        return None
    counts = np.bincount(codes[labelled], minlength=len(classes))
    plan = sampling_plan(counts, size)
    rows, represents = draw(codes[labelled], plan, random_state)
    return Drawn(labelled[rows], represents, _sentence(classes, counts, plan, len(codes)))


def ordered(counts: pd.Series) -> pd.Series:
    """Classes by their rows, most frequent first; ties in the order of the labels."""
    order = np.lexsort((counts.index.astype(str), -counts.to_numpy()))
    return counts.iloc[order].rename("n_samples").rename_axis(None)


def _sentence(classes: tuple[str, ...], counts: np.ndarray, plan: np.ndarray, n_rows: int) -> str:
    whole = [c for c in range(len(classes))[::-1] if plan[c] == counts[c]]
    part = [c for c in range(len(classes)) if plan[c] < counts[c]]
    told = _told([f"all {plural(counts[c], 'row')} of {quoted(classes[c])}" for c in whole], "rare class", "kept whole")
    told += _told(
        [f"{count(plan[c])} of the {plural(counts[c], 'row')} of {quoted(classes[c])}" for c in part],
        "larger class",
        "cut to an equal share",
    )
    text = ", ".join(told[:-1]) + " and " + told[-1] if len(told) > 1 else told[0]
    return (
        f"{text[0].upper()}{text[1:]} make the working sample; counts of classes, gaps and the profile of columns come from all "
        f"{plural(n_rows, 'row')}."
    )


def _told(items: list[str], noun: str, how: str) -> list[str]:
    if len(items) <= NAMED:
        return items
    return [*items[: NAMED - 1], f"{plural(len(items) - NAMED + 1, f'further {noun}', f'further {noun}es')} {how}"]


def _missing(found: Mapping[tuple[str, str], int], counts: pd.Series) -> pd.DataFrame:
    names = dict.fromkeys(name for (name, _), n in found.items() if n)
    rows = [(name, label, int(n), found.get((name, label), 0)) for name in names for label, n in counts.items()]
    table = pd.DataFrame(rows, columns=["column", "class", "n_samples", "n_missing"])
    return table.assign(share=table["n_missing"] / table["n_samples"].clip(lower=1))


def _described(column: pd.Series, n_missing: int, known: Mapping | None) -> dict:
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    found = {"kind": "number" if numeric else "text", "n_missing": n_missing, "n_infinite": 0}
    if known is not None:
        return found | dict(known)
    if numeric:
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        found["n_infinite"] = int(np.isinf(values).sum())
        finite = values[np.isfinite(values)] if found["n_infinite"] else values
        told = measured(finite, value_runs(finite))
        return found | told | {"n_different": told["n_different"] + len(np.unique(values[np.isinf(values)]))}
    n_different = (
        np.count_nonzero(np.bincount(column.cat.codes + 1)[1:]) if column.dtype == "category" else column.nunique()
    )
    return found | {"n_different": int(n_different)} | dict.fromkeys(("mean", "sd", "low", *QUANTILES, "high"), np.nan)


def measured(values: np.ndarray, runs: ValueRuns) -> dict:
    """The profile of a column of numbers: n_different, mean, sd, low, quantiles, high; NaN without values.

    Parameters
    ----------
    values : ndarray of float (n_samples,)
        NaN is missing; none is infinite.
    runs : ValueRuns
        Of these values.
    """
    found = {"n_different": runs.n_distinct} | dict.fromkeys(("mean", "sd", "low", *QUANTILES, "high"), np.nan)
    if not runs.n_filled:
        return found
    filled = values if runs.n_filled == len(values) else values[~np.isnan(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        found["mean"] = float(filled.mean())
        found["sd"] = float(filled.std(ddof=1)) if runs.n_filled > 1 else np.nan
    found |= dict(zip(QUANTILES, runs.quantiles(np.array([*QUANTILES.values()])), strict=True))
    return found | {"low": runs.values[0], "high": runs.values[-1]}
