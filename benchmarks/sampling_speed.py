"""How fast samplers are, and how much memory they take: ours and a peer in turn within one process, one thread.

    python -m benchmarks.sampling_speed                       all cases but OverNaN's, whose last rows are kept
    python -m benchmarks.sampling_speed --overnan FOLDER      with OverNaN 0.2.0, which lies unpacked in FOLDER

Ratios are ours over the peer's in processor seconds, round by round, after a round that is not counted. OverNaN runs once, and is set
against the median of seven runs of ours. Memory is the most that a fresh process held beyond what it held with the table and all modules
loaded, over the size of the table that comes out. Written to ``benchmarks/sampling_speed.md`` and ``.csv``.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse  # noqa: E402
import csv  # noqa: E402
import re  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

import core  # noqa: E402
from core.engine import versions  # noqa: E402

FOLDER = Path(__file__).parent
N_NUMBERS, COLUMNS = 20, ("case", "rows", "rare", "ours_s", "peer_s", "ratio", "lowest", "highest", "rounds", "target")


def table(n: int, *, share: float = 0.05, gaps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (n, 20), of which five tell a rare class, and the class; filled block by block, to leave no trace in memory."""
    rng = np.random.default_rng(0)
    X, y = np.empty((n, N_NUMBERS)), (np.arange(n) % round(1 / share) == 0).astype(int)
    for start in range(0, n, 10_000):
        part = X[start : start + 10_000]
        part[...] = rng.normal(size=part.shape)
        part[y[start : start + 10_000] == 1, :5] += 0.8
        if gaps:
            part[rng.random(part.shape) < gaps] = np.nan
    return X, y


def mixed(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Ten columns of numbers and ten of text with five levels."""
    X, y = table(n)
    frame = pd.DataFrame(X[:, :10], columns=[f"x{j}" for j in range(10)])
    levels = np.random.default_rng(1).integers(0, 5, (n, 10))
    for j in range(10):
        frame[f"t{j}"] = pd.Categorical(np.array(list("abcde"))[levels[:, j]])
    return frame, y


def compare(ours: Callable, peer: Callable, rounds: int, *, first: bool = True) -> list[tuple[float, float]]:
    """Processor seconds of both sides, round by round."""
    if first:
        ours()
        peer()
    return [(_seconds(ours), _seconds(peer)) for _ in range(rounds)]


def _seconds(call: Callable) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def cases(overnan: str | None) -> list[tuple[str, Any, Callable, Callable, int, float]]:
    """Name, table, our call, the peer's, rounds, and the ratio that is aimed at."""
    from imblearn.over_sampling import SMOTE, SMOTENC
    from sklearn.impute import SimpleImputer

    def ours(data: tuple, name: str = "smote") -> Callable:
        return lambda: core.sampler(name).fit_resample(*data)

    def imputed(data: tuple) -> Callable:
        filled = lambda: SimpleImputer(strategy="median").fit_transform(data[0])  # noqa: E731
        return lambda: SMOTE(random_state=0).fit_resample(filled(), data[1])

    found = []
    for n, share, rounds in (
        (1_000, 0.05, 15),
        (10_000, 0.05, 9),
        (10_000, 0.2, 5),
        (100_000, 0.05, 3),
        (1_000_000, 0.05, 1),
    ):
        whole = table(n, share=share)
        peer = lambda data=whole: SMOTE(random_state=0).fit_resample(*data)  # noqa: E731
        found.append(("SMOTE, complete: imbalanced-learn", whole, ours(whole), peer, rounds, 1.0))
    for n, rounds in ((10_000, 9), (100_000, 3)):
        gappy = table(n, gaps=0.2)
        name = "SMOTE, 20 % missing: median, then imbalanced-learn"
        found.append((name, gappy, ours(gappy), imputed(gappy), rounds, 1 / 5))
    texts = mixed(10_000)
    peer = lambda: SMOTENC(list(range(10, 20)), random_state=0).fit_resample(*texts)  # noqa: E731
    found.append(("SMOTE, ten text columns: SMOTENC", texts, ours(texts), peer, 3, 1 / 20))
    if overnan:
        sys.path.insert(0, overnan)
        import overnan as theirs

        gappy = table(10_000, gaps=0.2)
        for name, target in (("SMOTE", 1 / 500), ("ADASYN", 1 / 1000)):
            peer = lambda name=name: theirs.OverNaN(method=name, random_state=0).fit_resample(*gappy)  # noqa: E731
            found.append((f"{name}, 20 % missing: OverNaN", gappy, ours(gappy, name.lower()), peer, 1, target))
    return found


def peak(n: int, kind: str) -> float:
    """The most memory beyond the loaded table, over the table that comes out; to be run in a process of its own."""
    X, y = table(n, gaps=0.2 if "gaps" in kind else 0.0)
    core.sampler("smote").fit_resample(*table(160_000))  # loads what is loaded once, the compiled search too
    data = pd.DataFrame(X, copy=False) if "frame" in kind else X
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    X_new, y_new = core.sampler("smote").fit_resample(data, y)
    size = (np.asarray(X_new).nbytes + y_new.nbytes) / 1024
    return (_memory("VmHWM") - before) / size


def _memory(name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text()).group(1))


def markdown(rows: list[dict[str, Any]], memory: list[tuple[int, str, float]]) -> str:
    """Both tables with what was measured."""
    lines = [
        "# Speed and memory of samplers",
        "",
        "Ours over the peer's; below 1 is faster. Tables of 20 columns (`benchmarks/sampling_speed.py`).",
        "",
        "| sampler, table: peer | rows (rare) | ours, s | peer, s | ratio (smallest to largest) | aim | rounds |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        lines.append(
            f"| {r['case']} | {r['rows']:,} ({r['rare']:,}) | {r['ours_s']:.3g} | {r['peer_s']:.3g} "
            f"| {r['ratio']:.3g} ({r['lowest']:.3g} to {r['highest']:.3g}) | {r['target']:.3g} | {r['rounds']} |"
        )
    lines += ["", "| SMOTE of | rows | peak memory over the table that comes out |", "|---|---|---|"]
    lines += [f"| {kind} | {n:,} | {ratio:.2f} |" for n, kind, ratio in memory]
    stack = ", ".join(f"{name} {version}" for name, version in versions().items())
    lines += [
        "",
        f"One thread; processor seconds, which what else runs changes little. {stack}. OverNaN 0.2.0 in a folder of its own; one round, as it takes long.",
        "",
    ]
    return "\n".join(lines)


def kept(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the last run for cases that were not run now: those with OverNaN, which take minutes."""
    path, now = FOLDER / "sampling_speed.csv", {row["case"] for row in rows}
    if not path.exists():
        return []
    with path.open(newline="") as file:
        last = [{k: v if k == "case" else float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    whole = ("rows", "rare", "rounds")
    return [row | {k: int(row[k]) for k in whole} for row in last if row["case"] not in now]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--overnan")
    parser.add_argument("--peak", nargs=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.peak:
        print(peak(int(options.peak[0]), options.peak[1]))
        return
    rows = []
    for case, data, ours, peer, rounds, target in cases(options.overnan):
        pairs = compare(ours, peer, rounds, first="OverNaN" not in case)
        if "OverNaN" in case:
            pairs = [(statistics.median(_seconds(ours) for _ in range(7)), seconds) for _, seconds in pairs]
        ratios = [a / b for a, b in pairs]
        a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
        values = (case, len(data[1]), int(data[1].sum()), a, b, statistics.median(ratios), min(ratios), max(ratios))
        rows.append(dict(zip(COLUMNS, (*values, rounds, target), strict=True)))
        print(*(f"{v:.4g}" if isinstance(v, float) else v for v in values), flush=True)
    rows += kept(rows)
    memory = []
    for n, kind in ((100_000, "array"), (1_000_000, "array"), (1_000_000, "array with gaps"), (1_000_000, "frame")):
        told = [sys.executable, "-m", "benchmarks.sampling_speed", "--peak", str(n), kind]
        out = subprocess.run(told, capture_output=True, text=True, check=True, cwd=FOLDER.parent)
        memory.append((n, kind, float(out.stdout)))
        print(memory[-1], flush=True)
    (FOLDER / "sampling_speed.md").write_text(markdown(rows, memory))
    with (FOLDER / "sampling_speed.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
