"""What a working sample of a large table saves, and what it costs: three recipes on 1,000,000 rows and on samples of them.

    python -m benchmarks.working_sample

Writes ``benchmarks/working_sample.csv`` and ``benchmarks/working_sample.md``. 1 row in 100 is rare; its odds follow lines, a square, a
product and a small island, so that the linear learner cannot fit them and trees can. Every size is scored by five folds, all rows
by one fold, for time. ``AP, fresh`` is the average precision on 500,000 rows that nobody has seen: there the models themselves are compared.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

from core import engine
from core.dataset import Dataset
from core.evaluation.scoring import AT_OWN, score_fold
from core.judge import fold_interval
from core.numerics.case_control import draw, sampling_plan
from core.numerics.ranking import average_precision
from core.recipe import Recipe
from core.study import Study

TARGET = Path(__file__).with_suffix(".md")
N, FRESH, N_FEATURES, SHARE = 1_000_000, 500_000, 20, 0.01
SIZES = (20_000, 50_000, 100_000)
RECIPES = ("", "class_weights", "smote+calibrated_probabilities")
RECIPE_TITLES = tuple(Recipe.parse(text).title for text in RECIPES)
METRICS = (("average precision", ""), ("ROC-AUC", ""), ("Brier score", ""), ("log loss", ""))
METRICS += (("observed over expected", ""), ("recall", AT_OWN), ("precision", AT_OWN))
UNREALISTIC = "Generated rows: no gaps, no text, classes labelled without error."


def generated(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows and whether each is rare."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, N_FEATURES))
    score = X[:, 0] + 0.8 * X[:, 1] - 0.6 * X[:, 2] + 0.6 * (X[:, 3] ** 2 - 1) + 0.7 * X[:, 4] * X[:, 5]
    score += 3.0 * ((X[:, 6] > 1.5) & (X[:, 7] > 0.5)) - 6.54  # the intercept that makes 1 row in 100 rare
    rare = rng.random(n) < 1 / (1 + np.exp(-score))
    return pd.DataFrame(X, columns=[f"measure {j + 1}" for j in range(N_FEATURES)]), rare


def working_sample(whole: Dataset, size: int) -> Dataset:
    """All rare rows and a random share of the others."""
    codes = Study(whole).codes
    rows, represents = draw(codes, sampling_plan(np.bincount(codes), size))
    X, y = (part.iloc[rows].reset_index(drop=True) for part in (whole.X, whole.y))
    return replace(whole, X=X, y=y, represents=represents, fingerprint=f"{whole.fingerprint} {size}")


def measured(study: Study, recipe: Recipe, n_folds: int, fresh: tuple[pd.DataFrame, np.ndarray]) -> dict[str, float]:
    """Seconds per fold, scores with intervals, and the average precision on fresh rows."""
    start = time.process_time()
    outcomes = [score_fold(study, recipe, fold) for fold in range(n_folds)]
    found = {"rows": len(study.codes), "seconds": (time.process_time() - start) / n_folds}
    for key in METRICS:
        values = np.array([outcome.scores[key] for outcome in outcomes])
        found |= dict(zip((key[0], f"{key[0]} low", f"{key[0]} high"), fold_interval(values, 0.25), strict=True))
    train = np.arange(len(study.codes)) if n_folds > 1 else study.folds[0][0]
    proba = study.fitted(recipe, train).predict_proba(fresh[0])[:, study.positive_code]
    return found | {"AP, fresh": average_precision(proba, fresh[1]), "mean probability, fresh": proba.mean()}


def main() -> None:
    """Measure all sizes and write both files."""
    fresh, (X, rare) = generated(FRESH, 1), generated(N, 0)
    whole = Dataset.from_frame(X.assign(outcome=np.where(rare, "rare", "common")), "outcome", working_rows=0)
    records = []
    for learner in ("linear", "boosted"):
        for size in (*SIZES, N):
            study = Study(whole if size == N else working_sample(whole, size), positive="rare", learner=learner)
            for text in RECIPES:
                record = {"learner": learner, "recipe": Recipe.parse(text).title}
                records.append(record | measured(study, Recipe.parse(text), 1 if size == N else 5, fresh))
                print(records[-1]["learner"], text, size, f"{records[-1]['seconds']:.1f} s", flush=True)
    table = pd.DataFrame(records)
    table.to_csv(TARGET.with_suffix(".csv"), index=False, float_format="%.5g")
    TARGET.write_text(written(table, fresh[1].mean(), rare.mean()), "utf-8")


def written(table: pd.DataFrame, fresh_share: float, share: float) -> str:
    """The table in words."""
    head = ["learner", "recipe", "rows", "s per fold", "times quicker", "AP", "AP, fresh", "recall", "precision"]
    head += ["Brier × 1,000", "observed / expected", "scores that hold those of all rows"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for (learner, recipe), rows in table.groupby(["learner", "recipe"], sort=False):
        last = rows.iloc[-1]
        for _, row in rows.iterrows():
            held = sum(row[f"{name} low"] <= last[name] <= row[f"{name} high"] for name, _ in METRICS)
            whole = row["rows"] == last["rows"]
            cells = [learner, recipe, f"{row['rows']:,.0f}", f"{row['seconds']:.2f}"]
            cells += ["1" if whole else f"{last['seconds'] / row['seconds']:.0f}", _span(row, "average precision")]
            cells += [f"{row['AP, fresh']:.3f}", _span(row, "recall"), _span(row, "precision")]
            cells += [_span(row, "Brier score", 1000), _span(row, "observed over expected")]
            lines.append("| " + " | ".join([*cells, "" if whole else f"{held} of {len(METRICS)}"]) + " |")
    made = f"{N:,} rows of {N_FEATURES} columns, {share:.2%} rare; {FRESH:,} fresh rows, {fresh_share:.2%} rare. {UNREALISTIC}"
    how = (
        "Processor seconds, one thread. Samples: mean over five folds with the corrected 95 % interval; all rows: one fold of five, so "
        "without an interval, and fitted on its training rows for the fresh rows."
    )
    said = [f"- {sentence}" for sentence in read(table)]
    return "\n".join([*said, "", *lines, "", made, how, f"python {engine.versions()['python']}.", ""])


def read(table: pd.DataFrame) -> list[str]:
    """What the table says, in sentences whose numbers are its own."""
    cells = table.set_index(["learner", "recipe", "rows"])
    some = table[table["rows"] < N]
    times = [cells.loc[(row.learner, row.recipe, N), "seconds"] / row.seconds for row in some.itertuples()]
    by_size = pd.Series(times).groupby(some["rows"].to_numpy()).agg(["min", "max"])
    quick = ", ".join(f"{low:.0f} to {high:.0f} times at {size:,.0f} rows" for size, low, high in by_size.itertuples())
    fresh = cells["AP, fresh"].xs("Do nothing", level="recipe").unstack("learner")
    trees = cells.xs(("boosted", "Do nothing"), level=("learner", "recipe"))
    brier = (trees["Brier score"] / trees.loc[N, "Brier score"] - 1).drop(N)
    mended = cells.loc[("boosted", RECIPE_TITLES[2], SIZES[0])]
    gap = (some["average precision"] / some["AP, fresh"] - 1)[
        (some["learner"] == "linear") & (some["rows"] == SIZES[0])
    ]
    ratio = "observed over expected"
    return [
        f"A working sample is quicker: {quick}.",
        f"Ranking is kept. Average precision on fresh rows, from the smallest sample to all rows: linear {_row(fresh['linear'])}; "
        f"boosted trees {_row(fresh['boosted'])}.",
        f"Boosted trees lose in their probabilities: those of the smallest sample are too low (observed over expected "
        f"{_span(trees.loc[SIZES[0]], ratio)}; with {SIZES[-1]:,} rows {_span(trees.loc[SIZES[-1]], ratio)}), and the Brier score is "
        f"{brier.max():.1%} to {brier.min():.1%} worse than with all rows. The known sampling rates mend a linear model, not the shrinkage of "
        f"trees; calibrated probabilities do ({_span(mended, ratio)}).",
        f"Where one row stands for about {(N * (1 - SHARE)) / (SIZES[0] - N * SHARE):.0f}, few common rows lie among the highest scores, and the average "
        f"precision of a fold of the linear learner is {gap.min():.0%} to {gap.max():.0%} higher than on fresh rows; its interval says how little it knows. "
        "Take a larger sample where average precision matters.",
    ]


def _row(values: pd.Series) -> str:
    return ", ".join(f"{value:.3f}" for value in values.sort_index())


def _span(row: pd.Series, name: str, times: float = 1) -> str:
    value, low, high = (times * row[name + end] for end in ("", " low", " high"))
    return f"{value:.3f}" if np.isnan(low) else f"{value:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
