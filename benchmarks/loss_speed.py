"""What a loss of ours costs boosted trees: against LightGBM's own cross-entropy, in turn within one process, one thread.

    python -m benchmarks.loss_speed                          all losses, seven rounds
    python -m benchmarks.loss_speed --only focal lovasz      some of them; nothing is written

Ratios are ours over LightGBM's in processor seconds, round by round, after a round that is not counted: ``fit`` of 50 rounds of 15 leaves, with
everything that the loss asks of the table. Written to ``benchmarks/loss_speed.md`` and ``.csv``.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from core.engine import versions  # noqa: E402
from core.learners.boosted import BoostedTrees  # noqa: E402
from core.learners.rows import Rows  # noqa: E402
from core.learners.wrapping import fit_on  # noqa: E402
from core.recipe import Recipe  # noqa: E402
from core.registry import methods  # noqa: E402

FOLDER = Path(__file__).parent
N_ROWS, N_COLUMNS, AIM = 10_000, 20, 1.5
SHARES = {2: (0.95, 0.05), 5: (0.6, 0.2, 0.1, 0.06, 0.04)}


def table(n_classes: int) -> tuple[pd.DataFrame, np.ndarray, Rows]:
    """Normal columns, of which five tell the classes apart, and groups of twenty rows."""
    rng = np.random.default_rng(0)
    codes = rng.choice(n_classes, N_ROWS, p=SHARES[n_classes])
    X = rng.normal(size=(N_ROWS, N_COLUMNS))
    X[:, :5] += rng.normal(size=(n_classes, 5))[codes]
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(N_COLUMNS)])
    return frame, codes, Rows(groups=np.arange(N_ROWS) // 20)


def seconds(call: Callable[[], object]) -> float:
    """Processor seconds of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def measured(slugs: list[str], n_classes: int, rounds: int) -> pd.DataFrame:
    """One row per loss: our seconds, LightGBM's, and the ratio with its smallest and largest."""
    X, codes, rows = table(n_classes)
    found = []
    for slug in slugs:
        ours = lambda slug=slug: fit_on(Recipe.of(slug).apply(BoostedTrees(), random_state=0), X, codes, rows)  # noqa: E731
        theirs = lambda: BoostedTrees().fit(X, codes)  # noqa: E731
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds + 1)][1:]
        ratios = [mine / other for mine, other in pairs]
        mine, other = (statistics.median(side) for side in zip(*pairs, strict=True))
        found.append((slug, n_classes, mine, other, statistics.median(ratios), min(ratios), max(ratios)))
        print(f"{slug}, {n_classes} classes: {found[-1][4]:.2f}", flush=True)
    return pd.DataFrame(found, columns=["loss", "classes", "ours_s", "built_in_s", "ratio", "lowest", "highest"])


def markdown(rows: pd.DataFrame, rounds: int) -> str:
    """The table, and what it says in a sentence."""
    above = rows[rows["ratio"] > AIM]
    names = ", ".join(f"{row.loss} with {row.classes} classes ({row.ratio:.2f})" for row in above.itertuples())
    lines = [
        "# What a loss costs boosted trees",
        "",
        f"Ours over LightGBM's own cross-entropy in processor seconds; {N_ROWS:,} rows, {N_COLUMNS} columns, 50 rounds, one thread "
        f"(`benchmarks/loss_speed.py`); medians of {rounds} rounds. Aim: at most {AIM}. "
        + (f"Above it: {names}." if len(above) else "All losses meet it."),
        "",
        "| loss | classes | ours, s | LightGBM's own, s | ratio (smallest to largest) |",
        "|---|---|---|---|---|",
    ]
    for row in rows.itertuples():
        ratio = f"{row.ratio:.2f} ({row.lowest:.2f} to {row.highest:.2f})"
        lines.append(f"| {row.loss} | {row.classes} | {row.ours_s:.3f} | {row.built_in_s:.3f} | {ratio} |")
    return "\n".join([*lines, "", ", ".join(f"{name} {version}" for name, version in versions().items()) + ".", ""])


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", help="slugs of losses")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    served = (remedy for remedy in methods("remedy") if remedy.group == "losses" and remedy.serves("boosted"))
    slugs = asked.only or [remedy.slug for remedy in served]
    rows = pd.concat([measured(slugs, n_classes, asked.rounds) for n_classes in SHARES], ignore_index=True)
    text = markdown(rows, asked.rounds)
    print(text)
    if not asked.only:
        (FOLDER / "loss_speed.md").write_text(text, encoding="utf-8")
        rows.round(4).to_csv(FOLDER / "loss_speed.csv", index=False)


if __name__ == "__main__":
    main()
