"""What is in all rows of a table: its classes, its missing cells, the profile of its columns; and the sample that is worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.numerics.case_control import draw, sampling_plan
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
    def of_frame(cls, frame: pd.DataFrame, target: str, labels: pd.Series) -> Population:
        """Describe a table in memory, exactly.

        Parameters
        ----------
        frame : pandas.DataFrame
            All rows; not changed.
        target : str
        labels : pandas.Series of str (n_samples,)
            The class of each row, missing where there is none.
        """
        counts = ordered(labels.value_counts())
        codes = pd.Index(counts.index).get_indexer(labels)
        found = {}
        for name, column in frame.items():
            gaps = column.isna().to_numpy() & (codes >= 0)
            if name != target and gaps.any():
                by = np.bincount(codes[gaps], minlength=len(counts))
                found |= {(name, label): int(n) for label, n in zip(counts.index, by, strict=True)}
        columns = pd.DataFrame([{"column": name, **_described(column)} for name, column in frame.items()])
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
    >>> drawn(np.array([0] * 90 + [1] * 10), ("no", "yes"), 30).sentence[:63]
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


def _described(column: pd.Series) -> dict:
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    measures = dict.fromkeys(("mean", "sd", "low", *QUANTILES, "high"), np.nan)
    n_infinite = 0
    if numeric:
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        n_infinite = int(np.isinf(values).sum())
        values = values[np.isfinite(values)]
        if len(values):
            parts = np.quantile(values, list(QUANTILES.values()))
            with np.errstate(over="ignore", invalid="ignore"):
                mean, sd = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else np.nan
            measures = {
                "mean": mean,
                "sd": sd,
                "low": values.min(),
                **dict(zip(QUANTILES, parts, strict=True)),
            }
            measures["high"] = values.max()
    return {
        "kind": "number" if numeric else "text",
        "n_missing": int(column.isna().sum()),
        "n_infinite": n_infinite,
        "n_different": int(column.nunique()),
        **measures,
    }
