"""Where planted rows stand in the ledger, over causes, ratios and seeds.

``python -m benchmarks.ledger [n_seeds]`` writes ``benchmarks/ledger.csv``, which the page *Learn* shows. It takes minutes.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "core")]

from causes import CAUSES, COSTS, SIZES, untouched  # noqa: E402

from core.ledger.accounts import ACCOUNTS, ledger  # noqa: E402
from core.study import Study  # noqa: E402

TARGET = Path(__file__).with_suffix(".csv")


def placed(task: tuple[str, str, int]) -> list[dict]:
    """One planted table: in which accounts its missed planted rows stand; every missed row, where nothing was planted."""
    cause, ratio, seed = task
    dataset, planted = (CAUSES | {"clean": untouched})[cause](SIZES[ratio], seed)
    found = ledger(Study(dataset, miss_cost=COSTS.get(cause, 0.0)))
    rows = planted[found.missed] | (cause == "clean")
    counts = pd.Series(found.account[rows]).value_counts()
    title = "Nothing planted" if cause == "clean" else ACCOUNTS[cause].title
    return [
        {"planted": title, "ratio": ratio, "account": ACCOUNTS[name].title, "n_rows": int(n)}
        for name, n in counts.items()
    ]


def main(n_seeds: int = 20) -> None:
    """Measure and write the table."""
    tasks = list(product([*CAUSES, "clean"], SIZES, range(n_seeds)))
    records = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for i, found in enumerate(pool.map(placed, tasks, chunksize=2)):
            records += found
            print(f"\r{i + 1} of {len(tasks)}", end="", flush=True)
    table = pd.DataFrame(records).groupby(["planted", "ratio", "account"], sort=False, as_index=False).sum()
    table["share"] = table["n_rows"] / table.groupby(["planted", "ratio"])["n_rows"].transform("sum")
    table["n_seeds"] = n_seeds
    table.round(4).to_csv(TARGET, index=False)
    print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
