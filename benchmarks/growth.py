"""How long every quick diagnostic takes as rows are added: seconds of one core, one thread.

    python -m benchmarks.growth              10,000, 30,000 and 100,000 rows of 20 columns

Writes ``benchmarks/growth.md``. The last column is the time at the largest size over that at the smallest: near the ratio of the
rows for a method that looks at each row once, below it for one that samples.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

from core import engine
from core.dataset import Dataset
from core.registry import methods
from core.study import Study
from core.synthetic import clouds

TARGET = Path(__file__).with_suffix(".md")
SIZES = (10_000, 30_000, 100_000)


def study_of(n_samples: int, n_features: int = 20) -> Study:
    """One row in 20 is rare, three columns have gaps, and the clouds lie 3 standard deviations apart."""
    rng = np.random.default_rng(0)
    sizes = [n_samples - n_samples // 20, n_samples // 20]
    frame, codes = clouds(sizes, n_features=n_features, distance=3.0, rng=rng)
    frame.iloc[:, :3] = frame.iloc[:, :3].mask(rng.random((n_samples, 3)) < 0.1)
    table = frame.assign(outcome=np.array(["common", "rare"])[codes])
    return Study(Dataset.from_frame(table, "outcome", working_rows=0))


def seconds(n_samples: int) -> dict[str, float]:
    """Processor seconds of the shared parts and of every method, at one size."""
    study, spent = study_of(n_samples), {}

    def timed(name: str, call: object) -> None:
        start = time.process_time()
        call()
        spent[name] = time.process_time() - start

    timed("shared: out-of-fold probabilities", study.out_of_fold)
    timed("shared: neighbour table", lambda: study.neighbours)
    for method in methods("diagnostic"):
        if method.cost != "minutes" and method.group != "explanation":
            timed(method.slug, lambda slug=method.slug: engine.run(slug, study))
    return spent | {"all": sum(spent.values())}


def main(*sizes: int) -> None:
    """Measure all sizes and write the table."""
    engine.strict = True
    seconds(2_000)  # compiled and imported before anything is timed
    sizes = sizes or SIZES
    table = pd.DataFrame({f"{n:,} rows, s": seconds(n) for n in sizes})
    table["times"] = table.iloc[:, -1] / np.maximum(table.iloc[:, 0], 0.005)
    lines = ["| part | " + " | ".join(table.columns) + " |", "|---" * (table.shape[1] + 1) + "|"]
    for name, row in table.iterrows():
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row[:-1]) + f" | {row.iloc[-1]:.1f} |")
    machine = f"One thread. python {engine.versions()['python']}, numpy {engine.versions()['numpy']}."
    TARGET.write_text("\n".join([*lines, "", f"{max(sizes) / min(sizes):.0f} times the rows. {machine}", ""]), "utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
