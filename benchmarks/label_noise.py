"""Plants wrong labels of known place and counts how many of them the check of label noise names, and how many right ones.

    python benchmarks/label_noise.py                  the whole grid, three seeds
    python benchmarks/label_noise.py --seeds 1

Exchanged labels: a share of the smallest class, and as many rows of each other class, carry another label. Hidden rows: as many
as that share of the smallest class carry the label of the largest. Precision and recall are pooled over the seeds. The table is
written to ``benchmarks/label_noise.md``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from core.dataset import Dataset  # noqa: E402
from core.diagnostics.labels.hidden_positives import hidden_positives  # noqa: E402
from core.diagnostics.labels.label_noise import label_noise  # noqa: E402
from core.study import Study  # noqa: E402
from core.synthetic import clouds, names, swap_labels  # noqa: E402

SIZES = ((900, 100), (1900, 100), (4750, 250), (9900, 100), (990, 110, 100))
SHARES = (0.0, 0.05, 0.1, 0.2)
DISTANCES = (3.0, 4.0, 5.0)
Planted = tuple[Dataset, np.ndarray]


def exchanged(sizes: tuple[int, ...], share: float, distance: float, seed: int) -> Planted:
    """A table with exchanged labels, and which rows carry one."""
    rng = np.random.default_rng(seed)
    frame, codes = clouds(sizes, n_features=6, distance=distance, rng=rng)
    noisy = swap_labels(codes, share, rng) if share else codes
    return Dataset.from_frame(frame.assign(outcome=names(noisy)), "outcome"), noisy != codes


def hidden(sizes: tuple[int, ...], share: float, distance: float, seed: int) -> Planted:
    """A table whose largest class holds rows of the smallest one; the class sizes as stated are those of the labels."""
    rng, n_hidden = np.random.default_rng(seed), round(share * sizes[-1])
    frame, codes = clouds(
        (sizes[0] - n_hidden, *sizes[1:-1], sizes[-1] + n_hidden), n_features=6, distance=distance, rng=rng
    )
    noisy = codes.copy()
    noisy[rng.choice(np.flatnonzero(codes == len(sizes) - 1), n_hidden, replace=False)] = 0
    return Dataset.from_frame(frame.assign(outcome=names(noisy)), "outcome"), noisy != codes


def measure(check: Callable, plant: Callable, learner: str, cell: tuple, seeds: Iterable[int]) -> dict:
    """Precision and recall of a check on one cell of the grid, and the largest share of a class that it flags."""
    flagged = right = planted = 0
    worst = worst_rows = 0.0
    for seed in seeds:
        dataset, wrong = plant(*cell, seed)
        review = check(Study(dataset, learner=learner)).tables["review"]
        rows = review["row"].to_numpy() - 1
        flagged, right, planted = flagged + len(rows), right + wrong[rows].sum(), planted + wrong.sum()
        shares = review["given label"].value_counts() / dataset.counts
        worst, worst_rows = (
            max(worst, float(shares.max(skipna=True) if len(rows) else 0.0)),
            max(worst_rows, len(rows) / len(wrong)),
        )
    scores = {"precision": right / flagged if flagged else np.nan, "recall": right / planted if planted else np.nan}
    return {"flagged": flagged, **scores, "of a class": worst, "of all rows": worst_rows}


def grid(seeds: int) -> pd.DataFrame:
    """Every cell of the grid, one row each."""
    records = []
    for check, plant in ((label_noise, exchanged), (hidden_positives, hidden)):
        for learner in ("boosted", "linear"):
            for distance in DISTANCES:
                for sizes in SIZES:
                    for share in SHARES:
                        found = measure(check, plant, learner, (sizes, share, distance), range(seeds))
                        cell = {"check": check.__name__, "learner": learner, "distance": distance}
                        records.append(cell | {"sizes": " : ".join(map(str, sizes)), "planted": share} | found)
                        print(records[-1], flush=True)
    return pd.DataFrame(records)


def markdown(table: pd.DataFrame) -> str:
    """The table in Markdown; shares with two decimals."""
    lines = ["| " + " | ".join(table.columns) + " |", "|---" * table.shape[1] + "|"]
    for row in table.itertuples(index=False):
        cells = ["–" if value != value else f"{value:.3g}" if isinstance(value, float) else str(value) for value in row]
        lines.append("| " + " | ".join(cells) + " |")
    note = "Distance in standard deviations between class centres; planted as a share of the smallest class; the last two columns are"
    return "\n".join([*lines, "", f"{note} the largest over the seeds.", ""])


def main() -> None:
    """Run the grid and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    table = grid(parser.parse_args().seeds)
    (Path(__file__).parent / "label_noise.md").write_text(markdown(table), encoding="utf-8")


if __name__ == "__main__":
    main()
