"""How often recipes that are equal are called different, whether the rows said to be needed do, and what the best of several really gains.

    python benchmarks/told_apart.py

Writes ``benchmarks/told_apart.csv`` and ``benchmarks/told_apart.md``. Generated tables, 1 row in 10 rare. Every recipe is a linear discriminant on
columns of its own, so that it is known how good each really is: equally good, or better by its strength. Five folds, drawn twice, as by default.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

from core.evaluation.nested import choices, selection
from core.evaluation.scoring import FoldOutcome
from core.numerics.multiplicity import holm
from core.numerics.paired import growth, p_value, paired
from core.numerics.paired_ranking import weighted_average_precision
from core.recipe import Recipe
from core.validation import folds

TARGET = Path(__file__).with_suffix(".md")
N_TABLES, SHARE, STRENGTH = 400, 0.25, 0.9
KEY = ("average precision", "")


def scored(rng: np.random.Generator, n_rare: int, strengths: np.ndarray) -> np.ndarray:
    """Average precision (n_recipes, 10) of one discriminant per strength, each on two columns of its own."""
    codes = (np.arange(10 * n_rare) < n_rare).astype(int)
    moved = np.stack([strengths, np.zeros(len(strengths))], axis=1)
    X, values = rng.normal(size=(len(codes), len(strengths), 2)) + codes[:, None, None] * moved, []
    for train, test in folds(codes, n_folds=5, n_repeats=2, random_state=int(rng.integers(2**31))):
        own = codes[train] == 1
        weight = X[train][own].mean(axis=0) - X[train][~own].mean(axis=0)
        scores, once = (X[test] * weight).sum(axis=2), np.ones((1, len(test)), dtype=int)
        values.append([weighted_average_precision(column, codes[test] == 1, once)[0] for column in scores.T])
    return np.array(values).T


def alarms(rng: np.random.Generator, n_rare: int, n_recipes: int) -> dict[str, float]:
    """The share of tables on which any of several recipes, all as good as doing nothing, is called better or worse."""
    found = []
    for _ in range(N_TABLES):
        values = scored(rng, n_rare, np.full(n_recipes + 1, STRENGTH))
        changes = values[1:] - values[0]
        plain = ttest_1samp(changes, 0, axis=1).pvalue
        ours = np.array([p_value(paired(change, SHARE)) for change in changes])
        found.append([plain.min() < 0.05, holm(plain).min() < 0.05, ours.min() < 0.05, holm(ours).min() < 0.05])
    names = ("plain t-test", "plain t-test, Holm", "corrected", "corrected, Holm")
    return dict(zip(names, np.mean(found, axis=0), strict=True))


def power(rng: np.random.Generator, n_rare: int, strength: float) -> dict[str, float]:
    """Whether a real difference is told from none at the size that tables of ``n_rare`` rows ask for on average."""
    pairs = [paired(np.subtract(*scored(rng, n_rare, np.array([strength, STRENGTH]))), SHARE) for _ in range(N_TABLES)]
    real = float(np.mean([one.mean for one in pairs]))
    needed = float(np.median([n_rare * growth(one, real) for one in pairs]))
    again = [
        paired(np.subtract(*scored(rng, round(needed), np.array([strength, STRENGTH]))), SHARE) for _ in range(N_TABLES)
    ]
    told = float(np.mean([p_value(one) < 0.05 for one in again]))
    return {
        "difference": real,
        "rare rows needed": needed,
        "told at that size": told,
        "told before": float(np.mean([p_value(one) < 0.05 for one in pairs])),
    }


def curse(rng: np.random.Generator, n_rare: int, spread: float, n_recipes: int = 7) -> dict[str, float]:
    """What the best of several recipes gains: as it looks, by a nested choice, and in truth."""
    strengths = STRENGTH + spread * np.linspace(0, 1, n_recipes + 1)
    recipes = [Recipe(), *(Recipe.of(smote={"k": k}) for k in range(1, n_recipes + 1))]
    all_values = np.array([scored(rng, n_rare, strengths) for _ in range(N_TABLES)])
    truth = all_values.mean(axis=(0, 2)) - all_values[:, 0].mean()
    rows = []
    for values in all_values:
        outcomes = {
            recipe: [FoldOutcome(recipe, fold, {KEY: x}, 0.5, {}, SHARE, 0.0) for fold, x in enumerate(own)]
            for recipe, own in zip(recipes, values, strict=True)
        }
        row = selection(outcomes, choices(outcomes, KEY, 5), KEY).iloc[0]
        rows.append(
            (
                row["naive"],
                row["difference"],
                truth[values.mean(axis=1).argmax()],
                row["low"] <= truth[values.mean(axis=1).argmax()] <= row["high"],
            )
        )
    names = ("as it looks", "by a nested choice", "in truth", "interval holds the truth")
    return dict(zip(names, np.mean(rows, axis=0), strict=True))


def main() -> None:
    """Measure all three, and write both files."""
    rng, records = np.random.default_rng(0), []
    for n_rare in (20, 50, 150):
        for n_recipes in (1, 5, 10):
            records.append(
                {"part": "alarms", "rare rows": n_rare, "recipes": n_recipes, **alarms(rng, n_rare, n_recipes)}
            )
            print(records[-1], flush=True)
    for n_rare, strength in ((30, 1.2), (30, 1.5), (60, 1.1)):
        records.append({"part": "power", "rare rows": n_rare, "recipes": 1, **power(rng, n_rare, strength)})
        print(records[-1], flush=True)
    for n_rare, spread in ((30, 0.0), (30, 0.3), (100, 0.0), (100, 0.3)):
        records.append(
            {"part": "winner", "rare rows": n_rare, "recipes": 7, "spread": spread, **curse(rng, n_rare, spread)}
        )
        print(records[-1], flush=True)
    table = pd.DataFrame(records)
    table.to_csv(TARGET.with_suffix(".csv"), index=False, float_format="%.5g")
    TARGET.write_text(written(table), "utf-8")


def written(table: pd.DataFrame) -> str:
    """The three parts as tables with a sentence each."""
    parts = {name: rows.drop(columns="part").dropna(axis=1) for name, rows in table.groupby("part", sort=False)}
    heads = {
        "alarms": f"Share of {N_TABLES} tables on which any recipe is called better or worse though all are equal; 0.05 is promised.",
        "power": "Rare rows that are said to be needed to tell a real difference with probability 0.8, and how often tables of that size tell it.",
        "winner": "Gain of the best of seven recipes over doing nothing, in average precision. A spread of 0 means that all are equal.",
    }
    return "\n\n".join(f"{heads[name]}\n\n{_grid(rows)}" for name, rows in parts.items()) + "\n"


def _grid(rows: pd.DataFrame) -> str:
    lines = [
        list(rows.columns),
        ["---"] * rows.shape[1],
        *([f"{value:.3g}" for value in row] for row in rows.to_numpy(float)),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
