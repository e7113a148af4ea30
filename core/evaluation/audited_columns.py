"""Made rows against real ones, column by column and pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from core.learners.encoding import FARTHEST, one_hot, robust_units, scaled
from core.numerics.fidelity import gap_p, largest_gap, total_variation, total_variation_p
from core.numerics.multiplicity import holm
from core.numerics.neighbour_search import search

N_DRAWS = 1999
MOST_COLUMNS = 40
"""Columns of which pairs are looked at, the first ones of the table."""

MOST_LEVELS, N_BINS, WORST = 12, 12, 4
MADE, REAL = "made rows", "real rows"


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one class, real and made; all frames have the same columns and levels.

    Parameters
    ----------
    seen : pandas.DataFrame
        Real rows from which the rows were made.
    made : pandas.DataFrame
    unseen : pandas.DataFrame
        Real rows that were kept apart; empty where the class is too small for that.
    table : pandas.DataFrame
        Real rows of all classes.
    rng : numpy.random.Generator
    """

    seen: pd.DataFrame
    made: pd.DataFrame
    unseen: pd.DataFrame
    table: pd.DataFrame
    rng: np.random.Generator

    @property
    def real(self) -> pd.DataFrame:
        """What made rows are compared with: the unseen rows, or the seen ones where there are none."""
        return self.unseen if len(self.unseen) else self.seen

    @property
    def own(self) -> pd.DataFrame:
        """All real rows of the class."""
        return pd.concat([self.seen, self.unseen], ignore_index=True)

    @property
    def worth(self) -> int:
        """How many independent rows the made ones are worth at most: n rows drawn from m ones vary as ``n m / (n + m)`` rows do."""
        return self.worth_of(len(self.made), len(self.seen))

    def worth_of(self, n: int, m: int) -> int:
        """The same for n made rows and m seen ones, such as those in which a column is filled."""
        return n if self.made is self.seen else max(n * m // max(n + m, 1), 1)

    @cached_property
    def encoded(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Seen, made and unseen rows (n, n_encoded) for distances, in robust units of the real ones; NaN is missing."""
        together = pd.concat([self.seen, self.unseen, self.made], ignore_index=True)
        text = [name for name in together.columns if together[name].dtype == "category"]
        values = together.drop(columns=text).to_numpy(dtype="float64")
        n, m = len(self.seen), len(self.seen) + len(self.unseen)
        Z = np.hstack([scaled(values, *robust_units(values[:m])), one_hot(together[text])])
        return Z[:n], Z[m:], Z[n:m]

    @cached_property
    def source(self) -> np.ndarray:
        """The seen row (n_made,) that lies nearest to each made row: rows made near one row are not independent."""
        seen, made, _ = self.encoded
        return search(made, seen, 1, np.full(len(made), -1))[0][:, 0]

    def some(self, n_made: int, n_real: int) -> Rows:
        """The same with at most so many random made and real rows."""
        if self.made is self.seen:
            return replace(self, unseen=drawn(self.unseen, n_real, self.rng))
        parts = {"made": (self.made, n_made), "seen": (self.seen, n_real), "unseen": (self.unseen, n_real)}
        return replace(self, **{name: drawn(part, most, self.rng) for name, (part, most) in parts.items()})


def drawn(part: pd.DataFrame, most: int, rng: np.random.Generator) -> pd.DataFrame:
    """At most so many random rows, in their order."""
    if len(part) <= most:
        return part
    return part.iloc[np.sort(rng.choice(len(part), most, replace=False))].reset_index(drop=True)


def alike(frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The frames with the columns of the first, and with levels that serve all of them."""
    names = list(frames[0].columns)
    frames = [frame[names].reset_index(drop=True).copy() for frame in frames]
    for name in names:
        if frames[0][name].dtype == "category":
            levels = sorted({str(v) for frame in frames for v in frame[name].dropna().astype(str).unique()})
            for frame in frames:
                frame[name] = pd.Categorical(frame[name].astype("str"), categories=levels)
        else:
            for frame in frames:
                frame[name] = frame[name].astype("float64")
    return frames


def marginals(rows: Rows) -> pd.DataFrame:
    """How far each column of the made rows lies from that of real rows.

    The p-value is that of samples with as many independent rows as there are real ones and as the made ones are worth (``Rows.worth``), not as
    many as were made: copying rows a hundred times does not make them a hundred times as sure. This is our inference.
    """
    table = pd.DataFrame([_marginal(rows, name) for name in rows.made.columns])
    return table.assign(p_adjusted=holm(table["p"].to_numpy()))


def _marginal(rows: Rows, name: str) -> dict[str, object]:
    made, real = rows.made[name], rows.real[name]
    row = {"column": name, "kind": "text" if made.dtype == "category" else "number"}
    gaps = {"missing_made": made.isna().mean(), "missing_real": real.isna().mean()}
    known = made.dropna().to_numpy(), real.dropna().to_numpy()
    if not min(map(len, known)):
        return row | {"distance": np.nan, "p": np.nan, "spread_ratio": np.nan} | gaps
    worth = rows.worth_of(len(known[0]), int(rows.seen[name].notna().sum()))
    if made.dtype == "category":
        counts = [
            np.bincount(part.cat.codes[part.notna()], minlength=len(part.cat.categories)) for part in (made, real)
        ]
        distance = total_variation(*counts)
        pooled = counts[0] * (worth / max(counts[0].sum(), 1)) + counts[1]
        p = total_variation_p(distance, pooled, worth, len(known[1]), rows.rng, N_DRAWS)
        return row | {"distance": distance, "p": p, "spread_ratio": np.nan} | gaps
    distance = largest_gap(*known)
    spread = [float(np.std(np.clip(part, -1e100, 1e100))) for part in known]
    ratio = spread[0] / spread[1] if spread[1] > 0 else np.nan
    return row | {"distance": distance, "p": gap_p(distance, worth, len(known[1])), "spread_ratio": ratio} | gaps


def for_pairs(frames: list[pd.DataFrame]) -> tuple[list[str], list[tuple[np.ndarray, np.ndarray]]]:
    """Columns of which pairs are looked at, numbers first, and each frame as numbers and levels; rare levels share one."""
    names = list(frames[0].columns[:MOST_COLUMNS])
    text = [name for name in names if frames[0][name].dtype == "category"]
    numbers = [name for name in names if name not in text]
    codes = [
        np.column_stack([part[name].cat.codes for name in text] or [np.empty((len(part), 0), dtype=np.intp)])
        for part in frames
    ]
    for j in range(len(text)):
        together = np.concatenate([part[:, j] for part in codes])
        sizes = np.bincount(together[together >= 0], minlength=1)
        rank = np.empty(len(sizes) + 1, dtype=np.intp)
        rank[np.argsort(-sizes, kind="stable")] = np.minimum(np.arange(len(sizes)), MOST_LEVELS - 1)
        rank[-1] = -1
        for part in codes:
            part[:, j] = rank[part[:, j]]
    return [*numbers, *text], [(part[numbers].to_numpy(), own) for part, own in zip(frames, codes, strict=True)]


def shapes(rows: Rows, columns: list[str]) -> pd.DataFrame:
    """Made and real rows side by side in some columns, in bins that serve both; see ``core.charts_distributions.small_multiples``."""
    parts = []
    for name in columns:
        sides = {MADE: rows.made[name].dropna(), REAL: rows.real[name].dropna()}
        if rows.made[name].dtype == "category":
            common = pd.concat(list(sides.values())).value_counts().index[:MOST_LEVELS]
            for side, cells in sides.items():
                share = cells.value_counts(normalize=True).reindex(common).fillna(0.0).to_numpy()
                place = np.arange(len(common), dtype=float)
                cell = {"label": [str(v) for v in common], "from": place, "to": place, "place": place}
                parts.append(pd.DataFrame({"column": name, **cell, "class": side, "share": share}))
            continue
        edges = _edges(np.concatenate(list(sides.values())))
        for side, cells in sides.items():
            counts = np.histogram(np.clip(cells, edges[0], edges[-1]), edges)[0]
            cell = {"label": [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]}
            cell |= {"from": edges[:-1], "to": edges[1:], "place": (edges[:-1] + edges[1:]) / 2}
            parts.append(pd.DataFrame({"column": name, **cell, "class": side, "share": counts / counts.sum()}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _edges(values: np.ndarray) -> np.ndarray:
    """Ends of bins between the outer 0.5 % of some values on either side; fewer bins where numbers lie too near each other."""
    low, high = np.quantile(np.clip(values, -FARTHEST, FARTHEST), [0.005, 0.995])
    if low == high:
        reach = max(0.5, 1e-6 * abs(low))
        low, high = low - reach, high + reach
    return np.unique(np.linspace(low, high, N_BINS + 1))
