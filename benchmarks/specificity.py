"""How often each diagnostic calls each planted condition an issue, over class sizes and seeds.

``python -m benchmarks.specificity [n_seeds]`` writes ``benchmarks/specificity.csv``, which the page *Learn* draws. It takes minutes.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from core import engine
from core.registry import methods
from core.study import Study
from core.synthetic import CONDITIONS, planted

SIZES = ((900, 100), (1900, 100), (990, 110, 100), (3960, 40), (7920, 80))
TARGET = Path(__file__).with_suffix(".csv")


def named(task: tuple[str, tuple[int, ...], int]) -> list[dict]:
    """One planted table: which diagnostics call it an issue."""
    condition, sizes, seed = task
    study = Study(planted(condition, class_sizes=sizes, random_state=seed))
    judged = [m for m in methods("diagnostic") if m.group != "explanation" and m.cost != "minutes"]
    severities = {method.slug: engine.run(method.slug, study).severity for method in judged}
    text = " : ".join(map(str, sizes))
    return [
        {"condition": condition, "class_sizes": text, "method": slug, "n_seeds": 1, "named": int(severity == "issue")}
        for slug, severity in severities.items()
    ]


def main(n_seeds: int = 8) -> None:
    """Measure and write the table."""
    engine.strict = True
    tasks = list(product(CONDITIONS, SIZES, range(n_seeds)))
    records = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for i, found in enumerate(pool.map(named, tasks, chunksize=4)):
            records += found
            print(f"\r{i + 1} of {len(tasks)}", end="", flush=True)
    table = pd.DataFrame(records).groupby(["condition", "class_sizes", "method"], sort=False, as_index=False).sum()
    table.to_csv(TARGET, index=False)
    print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
