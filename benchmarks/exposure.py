"""Compares the forecast of revealed records with what the attack finds, on generated tables and on tables of a folder.

    python benchmarks/exposure.py                    ten generated settings, five seeds, two samplers
    python benchmarks/exposure.py --tables FOLDER    also yeast, abalone_rings and mammography, when they are there

Generated: 60 records, 8 normal columns. With imbalanced-learn's SMOTE seeds are random and rows on an edge Poisson; with ours seeds are even and rows
on an edge binomial. ``published`` are numbers of the same formula and attack as reported for these settings. Written to ``benchmarks/exposure.csv``
and ``exposure.md``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from imblearn.over_sampling import SMOTE  # noqa: E402
from scipy.spatial import cKDTree  # noqa: E402

from core.dataset import Dataset  # noqa: E402
from core.evaluation.attack import attack  # noqa: E402
from core.numerics.exposure import exposed  # noqa: E402
from core.numerics.neighbours import nearest  # noqa: E402
from core.numerics.reconstruction import reconstruct  # noqa: E402
from core.recipe import Recipe  # noqa: E402
from core.study import Study  # noqa: E402

FOLDER = Path(__file__).parent
N, D = 60, 8
SETTINGS = ((5, 5), (8, 5), (10, 5), (15, 5), (20, 5), (27, 5), (40, 5), (20, 3), (20, 10), (10, 3))
PUBLISHED = {(5, 5): 0.130, (8, 5): 0.467, (10, 5): 0.677, (15, 5): 0.910, (20, 5): 0.993, (27, 5): 0.997, (40, 5): 1.0}
PUBLISHED |= {(20, 3): 0.950, (20, 10): 0.967}
CLASSES = (
    ("yeast", "site", "ME2", ("sequence",)),
    ("abalone_rings", "rings", "19", ()),
    ("abalone_rings", "rings", "18", ()),
    ("abalone_rings", "rings", "16", ()),
    ("mammography", "calcification", "'1'", ()),
)


def with_random_seeds(ratio: int, k: int, seed: int) -> dict[str, float]:
    """The forecast and the attack on rows of imbalanced-learn's SMOTE."""
    rng = np.random.default_rng(seed)
    records, others = rng.normal(size=(N, D)), rng.normal(size=(N * (ratio + 1), D))
    X, y = np.vstack([others, records]), np.repeat([0, 1], [len(others), N])
    made = SMOTE(k_neighbors=k, random_state=seed).fit_resample(X, y)[0][len(X) :]
    near = nearest(records, records, k, itself=True)[0]
    forecast, bold, _ = exposed(near, np.full(N, float(ratio)), even=False)
    start = time.perf_counter()
    found = reconstruct(made, 2 * k * ratio + 1)
    spent = time.perf_counter() - start
    hit = cKDTree(records).query(found)[0] < 1e-5 if len(found) else np.zeros(0, dtype=bool)
    recall = np.mean(cKDTree(found).query(records)[0] < 1e-5) if len(found) else 0.0
    scores = {"forecast": forecast.mean(), "recall": recall, "precision": hit.mean() if len(found) else np.nan}
    return scores | {"two lines, forecast": bold.mean(), "seconds": spent}


def with_even_seeds(ratio: int, k: int, seed: int) -> dict[str, float]:
    """The forecast and the attack on rows of our SMOTE."""
    rng = np.random.default_rng(seed)
    records, others = rng.normal(size=(N, D)), rng.normal(size=(N * (ratio + 1), D))
    frame = pd.DataFrame(np.vstack([others, records]), columns=[f"x{j}" for j in range(D)])
    frame["outcome"] = np.repeat(["common", "rare"], [len(others), N])
    return measured(frame, "outcome", "rare", k, seed, 10_000)


def measured(frame: pd.DataFrame, target: str, positive: str, k: int, seed: int, max_rows: int) -> dict[str, float]:
    """What ``attack`` says of one class against all others."""
    study = Study(Dataset.from_frame(frame, target), positive=positive, random_state=seed)
    result = attack(study, Recipe.of("smote", smote={"k": k}), max_rows=max_rows, changes=False)
    rows = result.tables["attacks"].set_index("attack")
    own, bold = rows.iloc[0], rows.loc["made rows, 2 lines"]
    mixed = rows.loc["records and made rows mixed"]
    return {
        "n_records": own["n_records"], "n_made": own["n_made"], "forecast": own["forecast"], "recall": own["recall"],
        "precision": own["precision"], "two lines, recall": bold["recall"], "two lines, precision": bold["precision"],
        "mixed, recall": mixed["recall"], "mixed, precision": mixed["precision"], "seconds": result.provenance["seconds"],
    }  # fmt: skip


def generated(seeds: int) -> list[dict[str, object]]:
    """The ten settings, each with two samplers; means over the seeds."""
    rows = []
    for ratio, k in SETTINGS:
        for name, run in (("imbalanced-learn", with_random_seeds), ("ours", with_even_seeds)):
            mean = pd.DataFrame([run(ratio, k, seed) for seed in range(seeds)]).mean().to_dict()
            row = {"table": "normal", "sampler": name, "k": k, "ratio": ratio, "n_records": N, "n_made": N * ratio}
            rows.append(row | mean | {"published recall": PUBLISHED.get((ratio, k), np.nan)})
            print(rows[-1], flush=True)
    return rows


def of_tables(folder: Path, seeds: int) -> list[dict[str, object]]:
    """One class of a table against all others at parity, one seed, and against eight times as many, means over the seeds."""
    rows = []
    for name, target, label, out in CLASSES:
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        frame = pd.read_csv(path).drop(columns=list(out))
        frame[target] = np.where(frame[target].astype(str) == label, "own", "other")
        few = 8 * (frame[target] == "own").sum() / (frame[target] == "other").sum()
        for share, n_seeds in ((1.0, 1), (few, seeds)):
            rng = np.random.default_rng(0)
            own, other = (np.flatnonzero(frame[target] == side) for side in ("own", "other"))
            chosen = np.concatenate([own, rng.choice(other, round(share * len(other)), replace=False)])
            part = frame.iloc[np.sort(chosen)].reset_index(drop=True)
            mean = (
                pd.DataFrame([measured(part, target, "own", 5, seed, 12_000) for seed in range(n_seeds)])
                .mean()
                .to_dict()
            )
            row = {"table": f"{name} {label}", "sampler": "ours", "k": 5, "ratio": mean["n_made"] / mean["n_records"]}
            rows.append(row | mean)
            print(rows[-1], flush=True)
    return rows


def markdown(table: pd.DataFrame) -> str:
    """The table in Markdown, and the largest difference."""
    lines = ["| " + " | ".join(table.columns) + " |", "|---" * table.shape[1] + "|"]
    for row in table.itertuples(index=False):
        cells = ["–" if value != value else f"{value:.3g}" if isinstance(value, float) else str(value) for value in row]
        lines.append("| " + " | ".join(cells) + " |")
    worst = table["difference"].abs().max()
    note = f"Largest difference between forecast and recall: {worst:.3f}. Lowest precision: {table['precision'].min():.3f}."
    return "\n".join([*lines, "", note, ""])


def main() -> None:
    """Run all settings and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", type=Path, help="a folder with CSV files")
    given = parser.parse_args()
    rows = generated(given.seeds) + (of_tables(given.tables, 2 * given.seeds) if given.tables else [])
    table = pd.DataFrame(rows)
    table.insert(8, "difference", table["recall"] - table["forecast"])
    table.round(4).to_csv(FOLDER / "exposure.csv", index=False)
    (FOLDER / "exposure.md").write_text(markdown(table), encoding="utf-8")
    print(markdown(table))


if __name__ == "__main__":
    main()
