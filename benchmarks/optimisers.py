"""DBS-Adam beside Adam: the neural learner on three tables, five and twenty seeds, paired tests.

    python -m benchmarks.optimisers --data FOLDER

FOLDER holds ``stroke.csv`` (Kaggle) and ``yeast.csv`` (UCI repository); the third table is scikit-learn's digits, thinned to a long tail in which the
largest class has 20 times as many rows as the smallest. Both optimisers take the same first weights, batches, folds, rate and decay: at three rates without weight decay, and at the learner's own rate and decay. Digits
are scored on the rows that were left out of the draw, among which the rare classes are frequent, the other tables out of five folds; a seed changes the draw, the folds and the weights. A third side is Adam at
the rate times the mean factor of DBS-Adam's steps: what is left against it is due to which steps are longer, and not to how long they are. Writes
``benchmarks/optimisers.csv``, one line a table, setting, optimiser and seed, and ``benchmarks/optimisers.md`` with the paired differences: tests on the first five
seeds, as the method was published with five, and the interval of all twenty. The exact Wilcoxon test of five pairs has no p below 0.0625. Intervals speak of
other seeds, not of other tables.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from scipy.stats import spearmanr, t, wilcoxon
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score, f1_score, log_loss
from sklearn.model_selection import StratifiedKFold

from core.learners.neural import NeuralNetwork
from core.learners.together import fit_together
from core.numerics.batching import Batches, BatchRows, instance
from core.numerics.optimising import Step
from core.registry import method
from core.remedies.optimisers.dbs_adam import _scale, _update

TARGET = Path(__file__).with_suffix(".md")
TABLES = {"stroke": ("stroke", ["id"]), "yeast": ("site", ["sequence"])}
MISSING = ["N/A", "Unknown"]
IMBALANCE, LARGEST = 20, 150
"""Rows of the largest class of the digits over those of the smallest, and rows of the largest."""

FIRST, BATCH = 5, 64
"""Seeds of the five-seed tests, and rows in a batch: few enough that batches differ in how many rare rows they hold."""

ADAM, DBS, SHORTER = "adam", "dbs_adam", "shorter_adam"
OWN = (NeuralNetwork().rate, NeuralNetwork().weight_decay)
SETTINGS = ((0.003, 0.0), (0.01, 0.0), (0.03, 0.0), OWN)
"""Rates and weight decays: Adam without decay at three rates, and the learner's own."""

KINDS = {
    "five": "On five seeds",
    "all": "On all seeds",
    "same": "On all seeds, against Adam whose steps are as long on average",
}
METRICS = {"average_precision": "average precision", "macro_f1": "macro-F1", "log_loss": "held-out loss"}
Split = tuple[np.ndarray, np.ndarray]


def long_tail(codes: np.ndarray, rng: np.random.Generator) -> Split:
    """Rows of a draw in which class sizes fall off evenly on a logarithmic scale, and the rows that are left."""
    n_classes = int(codes.max()) + 1
    drawn = []
    for c in range(n_classes):
        size = round(LARGEST * IMBALANCE ** (-c / (n_classes - 1)))
        drawn.append(rng.permutation(np.flatnonzero(codes == c))[:size])
    train = np.concatenate(drawn)
    return train, np.setdiff1d(np.arange(len(codes)), train)


def tables(folder: Path) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    """Columns and classes of each table."""
    digits = load_digits()
    found = {"digits, long tail": (pd.DataFrame(digits.data), digits.target)}
    for name, (target, dropped) in TABLES.items():
        frame = pd.read_csv(folder / f"{name}.csv", na_values=MISSING).drop(columns=dropped)
        labels = frame.pop(target).astype(str)
        order = labels.value_counts().index
        text = frame.select_dtypes(exclude="number").columns
        found[name] = frame.astype(dict.fromkeys(text, "category")), order.get_indexer(labels)
    return found


def splits(name: str, codes: np.ndarray, seed: int) -> list[Split]:
    """The draw of the digits; five folds of the others."""
    if name.startswith("digits"):
        return [long_tail(codes, np.random.default_rng(seed))]
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(codes, codes))


def network(optimiser: str, rate: float, decay: float, seed: int) -> NeuralNetwork:
    """The neural learner with small batches and one of the two optimisers; AdamW without decay is Adam."""
    plain = NeuralNetwork(batch_size=BATCH, random_state=seed)
    return method(DBS if optimiser == DBS else "adamw").fn(plain, rate=rate, weight_decay=decay)


def scores(codes: np.ndarray, proba: np.ndarray) -> dict[str, float]:
    """Average precision (of the rare class, or the mean over classes), macro-F1 of the most probable class, and loss."""
    own = np.eye(proba.shape[1])[codes]
    two = proba.shape[1] == 2
    average = average_precision_score(codes, proba[:, 1]) if two else average_precision_score(own, proba)
    macro = f1_score(codes, proba.argmax(axis=1), average="macro", zero_division=0)
    return {"average_precision": average, "macro_f1": macro, "log_loss": log_loss(codes, proba)}


def of_seed(name: str, X: pd.DataFrame, codes: np.ndarray, seed: int, factor: float) -> Iterator[dict[str, Any]]:
    """One line for each setting and optimiser; everything of a table and seed is trained together. The shorter Adam has the rate times a factor."""
    cut = splits(name, codes, seed)
    parts = [(train, X.iloc[train]) for train, _ in cut]
    sides = [(optimiser, *setting) for setting in SETTINGS for optimiser in (ADAM, DBS, SHORTER)]
    tasks = []
    for optimiser, rate, decay in sides:
        learner = network(optimiser, rate * (factor if optimiser == SHORTER else 1), decay, seed)
        tasks += [(learner, part, codes[train], None) for train, part in parts]
    fitted = iter(fit_together(tasks))
    for optimiser, rate, decay in sides:
        proba = np.concatenate([_proba(next(fitted), X.iloc[test], codes.max() + 1) for _, test in cut])
        truth = np.concatenate([codes[test] for _, test in cut])
        setting = {"table": name, "rate": rate, "decay": decay, "optimiser": optimiser, "seed": seed}
        yield {**setting, **scores(truth, proba)}


def _proba(fitted: Any, X: pd.DataFrame, n_classes: int) -> np.ndarray:
    proba = np.zeros((len(X), n_classes))
    proba[:, fitted.classes_] = fitted.predict_proba(X)
    return proba


class Trace:
    """Notes, step by step, the share of rare rows in the batch, and the factor of DBS-Adam."""

    def __init__(self) -> None:
        self.shares: list[np.ndarray] = []
        self.factors: list[float] = []
        self.memory: dict[str, np.ndarray] = {}

    def compose(self, rows: BatchRows, rng: np.random.Generator) -> np.ndarray:
        """Plain batches; a row is rare in a class that is smaller than the average class."""
        batches = instance(rows, rng)
        size = np.bincount(rows.codes)
        self.shares.append((size < size.mean())[rows.codes[batches]].mean(axis=1))
        return batches

    def update(self, weights: np.ndarray, gradient: np.ndarray, memory: dict, step: Step, **options: float) -> None:
        """The factor, unclipped, and DBS-Adam's step."""
        self.factors.append(float(_scale(gradient, self.memory, step, options["keeps"], np.inf)[0, 0]))
        _update(weights, gradient, memory, step, **options)


def traced(X: pd.DataFrame, codes: np.ndarray, train: np.ndarray, seed: int) -> dict[str, float]:
    """How the factor goes with the share of rare rows in the batch, in one training at the middle rate without decay."""
    trace, learner = Trace(), network(DBS, *SETTINGS[1], seed)
    optimiser = replace(learner.optimiser, update=trace.update)
    learner.set_params(batches=Batches(trace.compose), optimiser=optimiser).fit(X.iloc[train], codes[train])
    factors = np.array(trace.factors)
    shares = np.concatenate(trace.shares)[: len(factors)]
    found = spearmanr(factors, shares)
    return {
        "spearman": float(found.statistic),
        "mean_factor": float(np.clip(factors, 0.5, 2).mean()),
        "clipped": float(((factors < 0.5) | (factors > 2)).mean()),
        "steps": len(factors),
    }


def against_zero(differences: np.ndarray) -> tuple[float, float, float, float, float]:
    """Mean, its 95 % interval, and p of the t test and of the exact Wilcoxon test."""
    mean, error = differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))
    reach = t.ppf(0.975, len(differences) - 1) * error
    p_t = 2 * t.sf(abs(mean) / error, len(differences) - 1) if error else 1.0
    return mean, mean - reach, mean + reach, p_t, wilcoxon(differences, method="exact").pvalue


def paired(lines: pd.DataFrame) -> pd.DataFrame:
    """Differences of DBS-Adam from Adam by table, setting and metric: of the first five seeds, and of all."""
    found = []
    for setting, part in lines.groupby(["table", "rate", "decay"], sort=False):
        wide = part.pivot(index="seed", columns="optimiser", values=list(METRICS)).sort_index()
        for metric, title in METRICS.items():
            adam, dbs, shorter = (wide[metric][optimiser].to_numpy() for optimiser in (ADAM, DBS, SHORTER))
            parts = [against_zero(each) for each in ((dbs - adam)[:FIRST], dbs - adam, dbs - shorter)]
            found.append((*setting, title, adam.mean(), dbs.mean(), *(value for part in parts for value in part)))
    columns = [f"{kind}_{c}" for kind in KINDS for c in ("mean", "low", "high", "p_t", "p_wilcoxon")]
    return pd.DataFrame(found, columns=["table", "rate", "decay", "metric", "adam", "dbs", *columns])


def summary(differences: pd.DataFrame) -> str:
    """How many differences go which way, in sentences."""
    parts = []
    for kind, title in KINDS.items():
        apart = differences[(differences[f"{kind}_low"] > 0) | (differences[f"{kind}_high"] < 0)]
        better = (apart[f"{kind}_mean"] > 0) != (apart["metric"] == METRICS["log_loss"])
        parts.append(
            f"{title}: {len(apart)} of {len(differences)} intervals leave zero out, {int(better.sum())} in favour of DBS-Adam and "
            f"{int((~better).sum())} of Adam."
        )
    return " ".join([*parts, f"By chance {0.05 * len(differences):.1f} of {len(differences)} are to be expected."])


def markdown(differences: pd.DataFrame, traces: pd.DataFrame, seconds: float) -> str:
    """The tables, and what they say in a sentence."""
    heads = "table", "rate", "decay", "metric", "Adam", "DBS-Adam", "five seeds", "p, t", "p, exact Wilcoxon"
    rows = [(*heads, "all seeds", "p, t", "p, exact Wilcoxon", "all seeds, against Adam of the same mean step")]
    for row in differences.itertuples(index=False):
        cells = [row.table, f"{row.rate:g}", f"{row.decay:g}", row.metric, f"{row.adam:.4f}", f"{row.dbs:.4f}"]
        for kind in KINDS:
            mean, low, high, *p = (getattr(row, f"{kind}_{c}") for c in ("mean", "low", "high", "p_t", "p_wilcoxon"))
            cells += [f"{mean:+.4f} ({low:+.4f} to {high:+.4f})", *(_p(each) for each in p if kind != "same")]
        rows.append(cells)
    of_steps = [("table", "Spearman of difficulty and share of rare rows", "mean factor of a step", "steps at a limit")]
    for name, part in traces.groupby("table", sort=False):
        rho = f"{part['spearman'].mean():.2f} ({part['spearman'].min():.2f} to {part['spearman'].max():.2f})"
        of_steps.append((name, rho, f"{part['mean_factor'].mean():.3f}", f"{part['clipped'].mean():.1%}"))
    last = (
        f"{traces['seed'].nunique()} seeds; Adam and DBS-Adam are means of them. Brackets: 95 % intervals in the first table, smallest to largest "
        f"seed in the second. {BATCH} rows in a batch. {seconds:.0f} s."
    )
    return "\n".join([summary(differences), "", *_lines(rows), "", *_lines(of_steps), "", last, ""])


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "below 0.0001"


def _lines(rows: list) -> list[str]:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]


def main() -> None:
    """Train, score, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    start, lines, traces = time.process_time(), [], []
    for name, (X, codes) in tables(options.data).items():
        for seed in range(options.seeds):
            found = traced(X, codes, splits(name, codes, seed)[0][0], seed)
            traces.append({"table": name, "seed": seed, **found})
            lines += of_seed(name, X, codes, seed, found["mean_factor"])
        print(f"{name}: {time.process_time() - start:.0f} s", flush=True)
    lines, traces = pd.DataFrame(lines), pd.DataFrame(traces)
    lines.merge(traces, on=["table", "seed"]).to_csv(TARGET.with_suffix(".csv"), index=False, float_format="%.10g")
    TARGET.write_text(markdown(paired(lines), traces, time.process_time() - start), encoding="utf-8")


if __name__ == "__main__":
    main()
