"""Under-sampling ensembles on real tables, against boosted trees that may train as long, and against boosted trees as they are.

    python -m benchmarks.ensembles FOLDER

FOLDER holds the tables named in ``TABLES`` as CSV files, from the UCI repository, OpenML and Kaggle. Writes ``benchmarks/ensembles.csv`` and
``benchmarks/ensembles.md``. The opponent of an ensemble is the same boosted learner with as many more rounds as fit into the time that
the ensemble's fit takes on that table, and a learning rate of ``10 / rounds``, between .01 and .1. Every side chooses its threshold on the same inner folds:
one that makes F1 best, and one that makes the cost least when a miss costs 10 false alarms. Differences are paired over repeated folds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from sklearn.base import clone

from core import engine
from core.dataset import Dataset
from core.judge import fold_interval
from core.learners.boosted import BoostedTrees
from core.learners.cross_fitting import cross_fitted
from core.numerics.decisions import best_threshold
from core.numerics.ranking import average_precision
from core.recipe import Recipe
from core.registry import method
from core.study import Study

TARGET = Path(__file__).with_suffix(".md")
TABLES = {
    "mammography": ("calcification", [], None, 2),
    "ai4i2020": ("Machine failure", ["UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF"], None, 1),
    "stroke": ("stroke", ["id"], None, 2),
    "oil_spill": ("oil_slick", [], None, 2),
    "yeast": ("site", ["sequence"], "ME2", 2),
    "page_blocks": ("Class", [], None, 1),
    "polish_bankruptcy_y1": ("class", [], None, 1),
    "hr_job_change": ("target", ["enrollee_id"], None, 1),
}
"""Target, columns left out, the class that is told from all others (None keeps all classes), and repeats of five folds."""

MISSING = ["N/A", "Unknown"]
ENSEMBLES = ("balanced_bagging", "easy_ensemble", "balance_cascade", "self_paced_ensemble")
PLAIN, EQUAL = "boosted trees as they are", "boosted trees, equal time"
MISS_COST = 10.0
LOWER = ("Brier score", "log loss", "cost per 1,000 rows")
METRICS = ("average precision", "F1", *LOWER)
SMALLEST = 1e-15


def study_of(folder: Path, name: str) -> Study:
    """One table as a study; the class of interest is the rarest."""
    target, dropped, rare, n_repeats = TABLES[name]
    frame = pd.read_csv(folder / f"{name}.csv", na_values=MISSING).drop(columns=dropped)
    labels = frame.pop(target).astype(str)
    if rare is not None:
        labels = labels.where(labels == rare, "other")
    return Study(Dataset.from_frame(frame.assign(**{"the class": labels}), "the class"), n_repeats=n_repeats)


def fit_seconds(classifier: Any, X: pd.DataFrame, y: np.ndarray, n: int = 3) -> float:
    """Median processor seconds of a fit."""
    found = []
    for _ in range(n):
        start = time.process_time()
        clone(classifier).fit(X, y)
        found.append(time.process_time() - start)
    return float(np.median(found))


def longer(rounds: int) -> BoostedTrees:
    """The opponent: more rounds, smaller steps."""
    return BoostedTrees(rounds, learning_rate=float(np.clip(10 / rounds, 0.01, 0.1)))


def opponent(seconds: float, X: pd.DataFrame, y: np.ndarray) -> BoostedTrees:
    """Boosted trees whose fit takes as long: rounds by the line through the times of two fits, then corrected once."""
    few, many = 50, 200
    at_few, at_many = (fit_seconds(longer(n), X, y) for n in (few, many))
    rounds = few + (seconds - at_few) * (many - few) / (at_many - at_few)
    rounds = max(10, rounds)
    return longer(max(10, round(rounds * seconds / fit_seconds(longer(round(rounds)), X, y))))


def outcome(study: Study, classifier: Any, fold: int) -> dict[str, float]:
    """Scores of one classifier on one fold, with both thresholds chosen inside its training rows."""
    train, test = study.folds[fold]
    X, codes, own = study.dataset.X, study.codes, study.positive_code
    inner = cross_fitted(classifier, X.iloc[train], codes[train], np.arange(len(study.classes)), 0)[:, own]
    start = time.process_time()
    fitted = clone(classifier).fit(X.iloc[train], codes[train])
    seconds = time.process_time() - start
    found = codes[test] == own
    proba = np.zeros((len(test), len(study.classes)))
    proba[:, fitted.classes_] = fitted.predict_proba(X.iloc[test])
    scores = {"fit seconds": seconds} | truth(proba, codes[test], own)
    if hasattr(fitted, "members_"):
        raw = fitted.set_params(corrected=False).predict_proba(X.iloc[test])
        as_learned = np.zeros_like(proba)
        as_learned[:, fitted.classes_] = raw
        scores |= {f"{name}, not corrected": value for name, value in truth(as_learned, codes[test], own).items()}
    yes = proba[:, own] >= best_threshold(inner, codes[train] == own, "F1")
    scores["F1"] = 2 * (yes & found).sum() / max(1, yes.sum() + found.sum())
    yes = proba[:, own] >= best_threshold(inner, codes[train] == own, "expected cost", MISS_COST)
    scores[LOWER[2]] = 1000 * (MISS_COST * (found & ~yes).sum() + (yes & ~found).sum()) / len(test)
    return scores


def truth(proba: np.ndarray, codes: np.ndarray, own: int) -> dict[str, float]:
    """Ranking, and how true the probabilities are."""
    found = codes == own
    given = np.clip(proba[np.arange(len(codes)), codes], SMALLEST, 1)
    return {
        "average precision": average_precision(proba[:, own], found),
        "Brier score": float(np.mean((proba[:, own] - found) ** 2)),
        "log loss": float(-np.log(given).mean()),
        "observed over expected": found.sum() / proba[:, own].sum(),
    }


def measured(study: Study, name: str) -> Iterator[dict[str, Any]]:
    """Every side on every fold, then means and paired differences."""
    train, codes = study.folds[0][0], study.codes
    X, y = study.dataset.X.iloc[train], codes[train]
    sides = {PLAIN: BoostedTrees()} | {slug: Recipe.of(slug).apply(BoostedTrees()) for slug in ENSEMBLES}
    sides |= {f"{EQUAL}: {slug}": opponent(fit_seconds(sides[slug], X, y), X, y) for slug in ENSEMBLES}
    scores = {
        side: pd.DataFrame([outcome(study, classifier, fold) for fold in range(len(study.folds))])
        for side, classifier in sides.items()
    }
    rare = study.class_sizes[study.positive_code]
    about = {"table": name, "rows": len(codes), "rare rows": rare, "classes": len(study.classes)}
    for side, table in scores.items():
        rounds = getattr(sides[side], "n_estimators", np.nan)
        for metric in table:
            record = about | {"side": side, "rounds": rounds, "metric": metric, "folds": len(table)}
            yield record | _interval(table[metric], "")
            for rival in [PLAIN, f"{EQUAL}: {side}"] if side in ENSEMBLES and metric in METRICS else []:
                change = _interval(table[metric] - scores[rival][metric], "difference")
                yield record | {"against": rival.partition(":")[0]} | change


def _interval(values: pd.Series, name: str) -> dict[str, float]:
    ends = (f"{name}{' ' if name else ''}{end}" for end in ("mean", "low", "high"))
    return dict(zip(ends, fold_interval(values.to_numpy(), 0.25), strict=True))


def main() -> None:
    """Measure the tables named, or all of them, keep what is known of the others, and write both files."""
    start = time.process_time()
    for name in sys.argv[2:] or TABLES:
        found = pd.DataFrame(measured(study_of(Path(sys.argv[1]), name), name))
        known = pd.read_csv(TARGET.with_suffix(".csv")) if TARGET.with_suffix(".csv").exists() else found.head(0)
        table = pd.concat([known[known["table"] != name], found], ignore_index=True)
        order = pd.Series({each: i for i, each in enumerate(TABLES)})
        table = table.sort_values("table", key=order.get, kind="stable")
        table.to_csv(TARGET.with_suffix(".csv"), index=False, float_format="%.5g")
        print(name, f"{time.process_time() - start:.0f} s so far", flush=True)
    TARGET.write_text(written(pd.read_csv(TARGET.with_suffix(".csv"))), "utf-8")


def written(table: pd.DataFrame) -> str:
    """The counts in sentences, then the scores and the differences."""
    sides = table[table["against"].isna()].set_index(["table", "side", "metric"])
    changes = table[table["against"].notna()]
    scores = [["table", "rows (rare)", "side", "fit, s", *METRICS, "observed / expected", "Brier, not corrected"]]
    for (name, side), rows in table[table["against"].isna()].groupby(["table", "side"], sort=False):
        about, cells = rows.iloc[0], sides.loc[name].loc[side]
        rounds = f" ({about['rounds']:.0f} rounds)" if about["rounds"] == about["rounds"] else ""
        raw = "Brier score, not corrected"
        row = [
            name,
            f"{about['rows']:,} ({about['rare rows']:,})",
            f"{side}{rounds}",
            f"{cells.loc['fit seconds', 'mean']:.2f}",
        ]
        row += [_span(cells.loc[metric], "") for metric in METRICS] + [
            f"{cells.loc['observed over expected', 'mean']:.2f}"
        ]
        scores.append([*row, f"{cells.loc[raw, 'mean']:.4f}" if raw in cells.index else ""])
    paired = [["table", "ensemble", "against", *METRICS]]
    for keys, rows in changes.groupby(["table", "side", "against"], sort=False):
        cells = rows.set_index("metric")
        paired.append(
            [*keys, *(_span(cells.loc[metric], "difference ") + _mark(cells.loc[metric], metric) for metric in METRICS)]
        )
    how = (
        f"Means over repeated five folds (column folds of the CSV file) with corrected 95 % intervals; differences paired by fold, **+** better and **−** worse where the "
        f"interval leaves zero out, not corrected for their number. A miss costs {MISS_COST:.0f} false alarms. Processor seconds, one thread. python {engine.versions()['python']}."
    )
    return "\n".join(
        [correction(sides), "", *_lines(counted(changes)), "", *_lines(scores), "", *_lines(paired), "", how, ""]
    )


def counted(changes: pd.DataFrame) -> list[list[str]]:
    """On how many tables an ensemble is better and worse, and the median difference."""
    lines = [["ensemble", "against", *METRICS]]
    for keys, rows in changes.groupby(["side", "against"], sort=False):
        cells = []
        for metric in METRICS:
            own = rows[rows["metric"] == metric]
            marks = [_mark(row, metric).strip() for _, row in own.iterrows()]
            middle = f"median {own['difference mean'].median():+.4f}"
            cells.append(f"{marks.count('**+**')} better, {marks.count('**−**')} worse of {len(own)}; {middle}")
        lines.append([method(keys[0]).title, keys[1], *cells])
    return lines


def correction(sides: pd.DataFrame) -> str:
    """What the correction does, in a sentence."""
    wide = sides["mean"].unstack("metric").loc[(slice(None), list(ENSEMBLES)), :]
    raw, before, after = (
        wide["Brier score, not corrected"] / wide["Brier score"],
        100 * wide["observed over expected, not corrected"],
        100 * wide["observed over expected"],
    )
    return (
        f"Without the correction the Brier score is {raw.min():.1f} to {raw.max():.1f} times that with it, and of 100 rare rows that the "
        f"probabilities announce {before.min():.0f} to {before.max():.0f} come; with it {after.min():.0f} to {after.max():.0f}."
    )


def _mark(row: pd.Series, metric: str) -> str:
    if row["difference low"] <= 0 <= row["difference high"]:
        return ""
    return " **+**" if (row["difference mean"] > 0) != (metric in LOWER) else " **−**"


def _span(row: pd.Series, name: str) -> str:
    mean, low, high = (row[f"{name}{end}"] for end in ("mean", "low", "high"))
    digits = 1 if max(abs(low), abs(high)) > 2 else 4 if max(abs(low), abs(high)) < 0.1 else 3
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _lines(rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]


if __name__ == "__main__":
    main()
