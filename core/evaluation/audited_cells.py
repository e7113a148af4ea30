"""Made rows cell by cell: gaps, copies, values that cannot be, and rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.evaluation.audited_columns import Rows
from core.evaluation.made_rows import equal_rows
from core.judge import difference_interval, proportion_interval
from core.learners.sampling.rules import Rule
from core.numerics.fidelity import area, area_spread

MASK, MASKS = "missing cells per row", "gaps never seen"
COPIES, RULES = "exact copies", "rows that break a rule"
ODD, BEYOND = "rows with odd cells", "rows beyond the table"
Z95 = 1.96


def cell_measures(rows: Rows, rules: Sequence[Rule]) -> list[tuple]:
    """Gaps, copies, impossible cells and broken rules: measure, value, low, high, null, null_low, null_high, differs."""
    return [*_gaps(rows), _copies(rows), *_odd(rows), *([_broken(rows, rules)] if rules else [])]


def odd_cells(rows: Rows) -> pd.DataFrame:
    """Cells of made rows that no real row could have, or that no real row of the class has, by column."""
    found, own = [], rows.own
    for name in rows.made.columns:
        made, table, inside = rows.made[name].dropna(), rows.table[name].dropna(), own[name].dropna()
        if made.dtype == "category":
            cells, known, here = made.astype(str), set(table.astype(str)), set(inside.astype(str))
            counts = {"never seen": (~cells.isin(known)).sum(), "not in the class": (~cells.isin(here)).sum()}
        else:
            whole = len(table) > 0 and bool(np.all(table == np.round(table)))
            counts = {
                "out of range": _outside(made, table),
                "not in the class": _outside(made, inside),
                "not whole": int((made != np.round(made)).sum()) if whole else 0,
            }
        found += [(name, problem, int(n), len(rows.made)) for problem, n in counts.items() if n]
    return pd.DataFrame(found, columns=["column", "problem", "n_cells", "n_rows"])


def _outside(made: pd.Series, known: pd.Series) -> int:
    return int(((made < known.min()) | (made > known.max())).sum()) if len(known) else len(made)


def _gaps(rows: Rows) -> list[tuple]:
    """Whether made rows lack as many cells as real ones, and the same ones together."""
    made, own = rows.made.isna().to_numpy(), rows.own.isna().to_numpy()
    if not made.any() and not own.any():
        return []
    counts = made.sum(axis=1), own.sum(axis=1)
    value, chance = area(*counts), Z95 * area_spread(*counts, rows.worth)
    shapes_made, shapes_own = equal_rows([pd.DataFrame(made.astype(float)), pd.DataFrame(own.astype(float))])
    new, once = ~np.isin(shapes_made, shapes_own), np.bincount(shapes_own)[shapes_own] == 1
    worth = max(round(new.mean() * rows.worth), 0), rows.worth
    more = difference_interval(*worth, once.sum(), len(once))[0] > 0
    ends, null = proportion_interval(*worth), proportion_interval(once.sum(), len(once))
    return [
        (MASK, value, value - chance, value + chance, 0.5, 0.5 - chance, 0.5 + chance, bool(abs(value - 0.5) > chance)),
        (MASKS, float(new.mean()), *map(float, ends), float(once.mean()), *map(float, null), bool(more)),
    ]


def _copies(rows: Rows) -> tuple:
    """Made rows equal to a seen one, beside real rows equal to another real one."""
    seen, made, unseen = equal_rows([rows.seen, rows.made, rows.unseen])
    copied = np.isin(made, seen)
    twice = np.isin(unseen, seen) if len(unseen) else np.bincount(seen)[seen] > 1
    ends, null = proportion_interval(copied.sum(), len(made)), proportion_interval(twice.sum(), len(twice))
    more = difference_interval(copied.sum(), len(made), twice.sum(), len(twice))[0] > 0
    return (COPIES, float(copied.mean()), *map(float, ends), float(twice.mean()), *map(float, null), bool(more))


def _odd(rows: Rows) -> list[tuple]:
    """Made rows with a cell that no column could have; and with one beyond the values of the table, beside what chance gives a real row.

    Of N + 1 independent rows the last one holds the smallest or the largest value of a column with probability 2 / (N + 1) at most.
    """
    bad, beyond, chance = (np.zeros(len(rows.made)) for _ in range(3))
    for name in rows.made.columns:
        cells, known = rows.made[name], rows.table[name].dropna()
        if cells.dtype == "category":
            bad += (cells.notna() & ~cells.astype("str").isin(set(known.astype(str)))).to_numpy()
        elif len(known):
            beyond += ((cells < known.min()) | (cells > known.max())).to_numpy()
            chance += 2 / (len(known) + 1)
            if np.all(known == np.round(known)):
                bad += (cells.notna() & (cells != np.round(cells))).to_numpy()
    n, out, null = int((bad > 0).sum()), float((beyond > 0).mean()), float(min(chance[0], 1.0))
    ends = proportion_interval(round(out * rows.worth), rows.worth)
    return [
        (ODD, n / len(bad), *map(float, proportion_interval(n, len(bad))), 0.0, 0.0, 0.0, n > 0),
        (BEYOND, out, *map(float, ends), null, np.nan, np.nan, bool(ends[0] > null)),
    ]


def _broken(rows: Rows, rules: Sequence[Rule]) -> tuple:
    """Rows that surely break a rule, beside the real rows of the class that do."""
    made, own = (np.any([rule.broken(part) for rule in rules], axis=0) for part in (rows.made, rows.own))
    ends, null = proportion_interval(made.sum(), len(made)), proportion_interval(own.sum(), len(own))
    more = difference_interval(made.sum(), len(made), own.sum(), len(own))[0] > 0
    return (RULES, float(made.mean()), *map(float, ends), float(own.mean()), *map(float, null), bool(more))
