"""What prior correction repairs and what it over-corrects: both learners on generated tables, scored on fresh rows.

    python -m benchmarks.prior_correction

Writes ``benchmarks/prior_correction.csv`` and ``benchmarks/prior_correction.md``. Six tables of 8,000 rows, about 1 row in 45 rare, in three
clusters per class, so that a linear model cannot fit them and trees can; 40,000 fresh rows each.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

from core import engine, learners
from core.numerics.case_control import at_shares
from core.recipe import Recipe

TARGET = Path(__file__).with_suffix(".md")
N, FRESH, N_FEATURES, SEEDS = 8_000, 40_000, 20, range(6)
STEPS = ("class_weights", "random_oversampling", "smote", "random_undersampling")


def generated(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows and whether each is rare; the first ``N`` are learned from."""
    from sklearn.datasets import make_classification

    choices = {"n_informative": 8, "n_redundant": 4, "n_clusters_per_class": 3, "weights": [0.98], "flip_y": 0.005}
    X, y = make_classification(N + FRESH, N_FEATURES, random_state=seed, **choices)
    return pd.DataFrame(X, columns=[f"measure {j + 1}" for j in range(N_FEATURES)]), y


def measured(X: pd.DataFrame, y: np.ndarray, learner: str, step: str) -> dict[str, float | bool]:
    """Observed over expected and Brier score on fresh rows, before and after, and what the check decided."""
    fresh, found = X.iloc[N:], y[N:]
    fit = Recipe.parse(f"{step}+prior_correction").apply(learners.make(learner), random_state=0).fit(X.iloc[:N], y[:N])
    mapped = Recipe.parse(f"{step}+calibrated_probabilities").apply(learners.make(learner), random_state=0)
    before = fit.classifier_.predict_proba(fresh)
    given = {"before": before, "corrected": at_shares(before, fit.factor_), "checked": fit.predict_proba(fresh)}
    given["calibrated"] = mapped.fit(X.iloc[:N], y[:N]).predict_proba(fresh)
    given["nothing"] = learners.make(learner).fit(X.iloc[:N], y[:N]).predict_proba(fresh)
    record: dict[str, float | bool] = {"kept": fit.corrected_}
    for name, proba in given.items():
        record[f"O/E {name}"] = found.mean() / proba[:, 1].mean()
        record[f"Brier {name}"] = float(((proba[:, 1] - found) ** 2).mean())
    return record


def main() -> None:
    """Measure both learners with every step, and write both files."""
    records = []
    for seed in SEEDS:
        X, y = generated(seed)
        for learner in ("linear", "boosted"):
            for step in STEPS:
                records.append({"table": seed, "learner": learner, "step": step, **measured(X, y, learner, step)})
                print(seed, learner, step, flush=True)
    table = pd.DataFrame(records)
    table.to_csv(TARGET.with_suffix(".csv"), index=False, float_format="%.5g")
    TARGET.write_text(written(table), "utf-8")


def written(table: pd.DataFrame) -> str:
    """The table in words: means over the generated tables, observed over expected with its range."""
    names = ("nothing", "before", "corrected", "calibrated")
    head = ["learner", "step", *(f"O/E {name}" for name in names), *(f"Brier × 1,000 {name}" for name in names)]
    lines = ["| " + " | ".join([*head, "kept by the check"]) + " |", "|---" * (len(head) + 1) + "|"]
    for (learner, step), rows in table.groupby(["learner", "step"], sort=False):
        cells = [_range(rows[f"O/E {name}"]) for name in names]
        cells += [f"{1000 * rows[f'Brier {name}'].mean():.1f}" for name in names]
        kept = f"{int(rows['kept'].sum())} of {len(rows)}"
        lines.append("| " + " | ".join([learner, Recipe.parse(step).title, *cells, kept]) + " |")
    made = (
        f"Means over {table['table'].nunique()} generated tables with the range in brackets; {N:,} rows learned from, {FRESH:,} fresh rows each. "
        'O/E is observed over expected for the rare class: 1 is right, above 1 its probabilities are too low. "nothing" is the learner without '
        'any step; "before" with the step alone. Generated rows: no gaps, no text, few labels wrong.'
    )
    return "\n".join(
        [
            *(f"- {sentence}" for sentence in read(table)),
            "",
            *lines,
            "",
            made,
            f"python {engine.versions()['python']}.",
            "",
        ]
    )


def read(table: pd.DataFrame) -> list[str]:
    """What the table says, in sentences whose numbers are its own."""
    said = []
    for learner, rows in table.groupby("learner", sort=False):
        own = rows.groupby("step")[["O/E before", "O/E corrected", "O/E calibrated"]].mean()
        said.append(
            f"{learner.capitalize()}: before, observed over expected is {_ends(own['O/E before'])}; after the correction {_ends(own['O/E corrected'])}; "
            f"with calibrated probabilities instead {_ends(own['O/E calibrated'])} (means of the {len(own)} steps)."
        )
    return said


def _range(values: pd.Series) -> str:
    return f"{values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"


def _ends(values: pd.Series) -> str:
    return f"{values.min():.2f} to {values.max():.2f}"


if __name__ == "__main__":
    main()
