"""What neural networks cost that are trained together: against scikit-learn's, several recipes against one, and at 100,000 rows.

    python -m benchmarks.network_speed               one thread and two, five rounds
    python -m benchmarks.network_speed --rounds 3

Both sides of a ratio take turns in one process, after a round that is not counted; ratios are of processor seconds, round by round, because other work on the
machine changes those least. Seconds on the clock are given beside them. Written to ``benchmarks/network_speed.md``.
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
LOSSES = """Each loss at its defaults, five folds of 10,000 rows trained and predicted on one thread: the least processor seconds of three rounds."""
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
    from core.learners.together import fit_together, look_ahead
    from core.recipe import Recipe

    network = NeuralNetwork(HIDDEN, EPOCHS, BATCH, weight_decay=DECAY)
    tables = [X.iloc[train] for train, _ in folds]
    losses = [Recipe.parse(text).apply(network).loss if text else None for text in recipes]
    tasks = []
    for loss in losses:
        for table, (train, _) in zip(tables, folds, strict=True):
            told = None if loss is None else loss.of_table(table, y[train], None)
            tasks.append((clone(network).set_params(loss=told), table, y[train], None))
    fitted, tests = fit_together(tasks), [X.iloc[test] for _, test in folds]
    for place, test in enumerate(tests):
        look_ahead(fitted[place::FOLDS], test)
    return [each.predict_proba(tests[place % FOLDS]) for place, each in enumerate(fitted)]


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


def bare(n_recipes: int) -> None:
    """Forward and backward passes and steps of the same networks, with scores taken for slopes: no table, no loss, nothing noted."""
    import numpy as np

    from core.numerics.network import Networks, Passes, Shape
    from core.numerics.optimising import Step, adam

    networks = Networks.drawn(n_recipes * FOLDS, Shape(20, 2, HIDDEN))
    passes, memory = Passes(networks, FOLDS, BATCH), {}
    X, scores = np.ones((FOLDS, BATCH, 21), np.float32), np.empty((n_recipes * FOLDS, 2, BATCH), np.float32)
    decays = networks.shape.decays.astype(np.float32)
    for number in range(1, EPOCHS * 8_000 // BATCH + 1):
        passes.forward(X, scores)
        step = Step(number, 1e-4, scores[:, 0, :1], decays)
        adam(networks.flat, passes.backward(X, scores), memory, step, weight_decay=DECAY)


def each_loss(rounds: int) -> dict[str, float]:
    """The least processor seconds of each loss, five folds of 10,000 rows."""
    from core.registry import methods

    table, found = data(10_000), {}
    for loss in methods("remedy", "losses"):
        taken = [seconds(lambda slug=loss.slug: ours(*table, (slug,)))[0] for _ in range(rounds)]
        found[loss.about.title] = min(taken)
    return found


def live(rounds: int) -> dict[str, list]:
    """Processor seconds of the slower of the two tasks that the Remedy page shares the folds out to: cross-entropy alone, and with three losses."""
    from benchmarks.cases import study
    from benchmarks.live_speed import processor
    from core.recipe import Recipe

    table, others = study(n_samples=10_000).with_(learner="neural"), [Recipe.parse(text) for text in RECIPES[1:]]
    processor(table, [])
    found: dict[str, list] = {"live one": [], "live four": []}
    for k in range(1, rounds + 1):
        for name, recipes in (("live one", []), ("live four", others)):
            found[name].append((processor(table.with_(random_state=k), recipes), 0.0))
    return found


def measured(rounds: int) -> dict:
    """All numbers of one setting of threads."""
    small, large = data(10_000), data(100_000)
    calls = {
        "one": lambda: ours(*small, RECIPES[:1]),
        "peer": lambda: theirs(*small),
        "four": lambda: ours(*small, RECIPES),
        "in turn": lambda: [ours(*small, (recipe,)) for recipe in RECIPES],
        "changed": lambda: ours(*small, RECIPES[1:2]),
        "bare one": lambda: bare(1),
        "bare four": lambda: bare(4),
    }
    found: dict = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            taken = seconds(call)
            if number:
                found[name].append(taken)
    found |= live(rounds)
    found["large"] = [seconds(lambda: ours(*large, RECIPES[1:2])) for _ in range(2)]
    _, y, folds = small
    found["precision"] = [precision(y, ours(*small, RECIPES[:1]), folds), precision(y, theirs(*small), folds)]
    return found


def described(found: dict, threads: str) -> list[str]:
    """Rows of the table for one setting of threads."""

    def both(name: str) -> str:
        cpu, clock = (statistics.median(values) for values in zip(*found[name], strict=True))
        return f"{cpu:.2f} ({clock:.2f})"

    def middle(name: str) -> str:
        return f"{statistics.median(taken for taken, _ in found[name]):.2f}"

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
        f"| {threads} | four recipes together over the same four one after the other | | {ratio('four', 'in turn')} |",
        f"| {threads} | four recipes over one of scikit-learn's | | {ratio('four', 'peer')} |",
        f"| {threads} | one recipe: passes and steps alone | {both('bare one')} | |",
        f"| {threads} | four recipes: passes and steps alone | {both('bare four')} | {ratio('bare four', 'bare one')} of one |",
        f"| {threads} | on the Remedy page, with inner folds: cross-entropy | {middle('live one')} | |",
        f"| {threads} | on the Remedy page: cross-entropy and three losses | {middle('live four')} | {ratio('live four', 'live one')} of one |",
        f"| {threads} | a changed loss, five folds, 10,000 rows; aim 1 s | {both('changed')} | |",
        f"| {threads} | a changed loss, five folds, 100,000 rows; aim 10 s | {both('large')} | |",
    ]


def _inside(what: str, threads: str, rounds: int) -> dict:
    """Numbers of a process of its own."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
    command = [sys.executable, "-m", "benchmarks.network_speed", "--inside", what, "--rounds", str(rounds)]
    done = subprocess.run(command, env={**os.environ, **limits}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    """Measure each setting of threads in a process of its own, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inside", choices=("ratios", "losses"), help="print the numbers of this process")
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps((measured if asked.inside == "ratios" else each_loss)(asked.rounds)))
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
        lines += described(_inside("ratios", threads, asked.rounds), threads)
    lines += ["", LOSSES, "", "| loss | seconds |", "|---|--:|"]
    losses = sorted(_inside("losses", "1", 3).items(), key=lambda item: -item[1])
    lines += [f"| {title} | {taken:.2f} |" for title, taken in losses]
    text = "\n".join([*lines, "", ", ".join(f"{name} {version}" for name, version in versions().items()) + ".", ""])
    print(text)
    (FOLDER / "network_speed.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
