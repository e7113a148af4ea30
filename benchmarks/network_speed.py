"""What neural networks cost that are trained together: against scikit-learn's, several recipes against one, and at 100,000 rows.

    python -m benchmarks.network_speed               one thread and two, five rounds
    python -m benchmarks.network_speed --rounds 3

Both sides of a ratio take turns in one process, after a round that is not counted; ratios are of processor seconds, round by round, because other work on the
machine does not change those. Seconds on the clock are given beside them. Written to ``benchmarks/network_speed.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent
HIDDEN, BATCH, EPOCHS, FOLDS, DECAY = 32, 200, 30, 5, 0.4
RECIPES = ("", "focal", "logit_adjustment", "class_balanced")


def data(n_rows: int) -> tuple:
    """Columns, classes and folds of the harness table."""
    from sklearn.model_selection import StratifiedKFold

    from benchmarks.cases import table

    frame = table(n_rows, 20)
    X, y = frame.drop(columns="outcome"), (frame["outcome"] == "rare").to_numpy().astype(int)
    return X, y, list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(X, y))


def precision(y: object, found: list, folds: list) -> float:
    """Average precision, the mean over folds."""
    from sklearn.metrics import average_precision_score

    return statistics.mean(
        average_precision_score(y[test], proba[:, 1]) for (_, test), proba in zip(folds, found, strict=True)
    )


def ours(X: object, y: object, folds: list, recipes: tuple[str, ...]) -> list:
    """Probabilities of all test rows, recipe by recipe and fold by fold, by networks trained together."""
    from sklearn.base import clone

    from core.learners.neural import NeuralNetwork
    from core.learners.together import fit_together
    from core.recipe import Recipe

    network = NeuralNetwork(HIDDEN, EPOCHS, BATCH, weight_decay=DECAY)
    tables = [X.iloc[train] for train, _ in folds]
    losses = [Recipe.parse(text).apply(network).loss if text else None for text in recipes]
    tasks = []
    for loss in losses:
        for table, (train, _) in zip(tables, folds, strict=True):
            told = None if loss is None else loss.of_table(table, y[train], None)
            tasks.append((clone(network).set_params(loss=told), table, y[train], None))
    fitted = fit_together(tasks)
    return [each.predict_proba(X.iloc[folds[place % FOLDS][1]]) for place, each in enumerate(fitted)]


def theirs(X: object, y: object, folds: list) -> list:
    """The same by scikit-learn's multilayer perceptron, fold by fold."""
    from sklearn.neural_network import MLPClassifier

    values, found = X.to_numpy(), []
    for train, test in folds:
        peer = MLPClassifier((HIDDEN,), batch_size=BATCH, max_iter=EPOCHS, n_iter_no_change=EPOCHS + 1, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that it has not converged
            found.append(peer.fit(values[train], y[train]).predict_proba(values[test]))
    return found


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds and seconds on the clock."""
    start, clock = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - start, time.perf_counter() - clock


def measured(rounds: int) -> dict:
    """All numbers of one setting of threads."""
    small, large = data(10_000), data(100_000)
    calls = {
        "one": lambda: ours(*small, RECIPES[:1]),
        "peer": lambda: theirs(*small),
        "four": lambda: ours(*small, RECIPES),
        "changed": lambda: ours(*small, RECIPES[1:2]),
    }
    found: dict = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            taken = seconds(call)
            if number:
                found[name].append(taken)
    found["large"] = [seconds(lambda: ours(*large, RECIPES[1:2])) for _ in range(2)]
    _, y, folds = small
    found["precision"] = [precision(y, ours(*small, RECIPES[:1]), folds), precision(y, theirs(*small), folds)]
    return found


def described(found: dict, threads: str) -> list[str]:
    """Rows of the table for one setting of threads."""

    def both(name: str) -> str:
        cpu, clock = (statistics.median(values) for values in zip(*found[name], strict=True))
        return f"{cpu:.2f} ({clock:.2f})"

    def ratio(a: str, b: str) -> str:
        ratios = [mine[0] / other[0] for mine, other in zip(found[a], found[b], strict=True)]
        return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"

    mine, other = found["precision"]
    return [
        f"| {threads} | five folds, one recipe: ours | {both('one')} | average precision {mine:.3f} |",
        f"| {threads} | five folds: scikit-learn's MLPClassifier | {both('peer')} | average precision {other:.3f} |",
        f"| {threads} | ours over scikit-learn's; aim 0.20 | | {ratio('one', 'peer')} |",
        f"| {threads} | five folds, four recipes: ours | {both('four')} | |",
        f"| {threads} | four recipes over one; aim 2 | | {ratio('four', 'one')} |",
        f"| {threads} | four recipes over one of scikit-learn's | | {ratio('four', 'peer')} |",
        f"| {threads} | a changed loss, five folds, 10,000 rows; aim 1 s | {both('changed')} | |",
        f"| {threads} | a changed loss, five folds, 100,000 rows; aim 10 s | {both('large')} | |",
    ]


def main() -> None:
    """Measure each setting of threads in a process of its own, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inside", action="store_true", help="print the numbers of this process")
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps(measured(asked.rounds)))
        return
    from core.engine import versions

    lines = [
        "# What networks cost that are trained together",
        "",
        f"Table of `benchmarks/cases.py`, 20 columns, {HIDDEN} hidden units, batches of {BATCH}, {EPOCHS} epochs, Adam (weight decay {DECAY} in ours), no early stopping, {FOLDS} folds, "
        f"encoding and prediction included (`benchmarks/network_speed.py`). Processor seconds, and seconds on the clock in brackets, are medians of {asked.rounds} rounds; ratios are of "
        f"processor seconds, smallest to largest in brackets. The four recipes are cross-entropy, {', '.join(RECIPES[1:])}; the changed loss is {RECIPES[1]}.",
        "",
        "| threads | what | seconds | |",
        "|---|---|---|---|",
    ]
    for threads in ("1", "2"):
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        command = [sys.executable, "-m", "benchmarks.network_speed", "--inside", "--rounds", str(asked.rounds)]
        done = subprocess.run(command, env={**os.environ, **limits}, capture_output=True, text=True, check=True)
        lines += described(json.loads(done.stdout), threads)
    text = "\n".join([*lines, "", ", ".join(f"{name} {version}" for name, version in versions().items()) + ".", ""])
    print(text)
    (FOLDER / "network_speed.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
