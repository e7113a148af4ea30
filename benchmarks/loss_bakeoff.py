"""Every loss of the catalogue at its defaults, on five tables with rare classes, with a neural network and with boosted trees.

    python -m benchmarks.loss_bakeoff --data FOLDER                       all that loss_bakeoff.csv does not hold yet
    python -m benchmarks.loss_bakeoff --data FOLDER --again focal ohem    these losses anew
    python -m benchmarks.loss_bakeoff --words                             only loss_bakeoff.md, from the CSV

FOLDER holds yeast, page_blocks and nsl_kdd_train20 as CSV files, from the UCI repository and the Canadian Institute for Cybersecurity; the digits come with
scikit-learn. One line of the CSV is a table, a seed, a learner and a side: a loss, "none" (the learner as it is, which trains by cross-entropy), or
"posthoc_logit_adjustment" (the probabilities of "none" divided by the class shares of the training rows).

A seed divides each class at random into 60 % training, 20 % validation and 20 % test rows; of each class at least one row goes to validation and one to
test. The digits are made long-tailed: ``n_c = n_max · IR^(−c / 9)`` rows of the c-th digit are trained on or validate, three quarters and a quarter, and all other
rows of the digit test, weighted so that the classes have the same shares in the test. Which digit is how rare goes round with the seed.

Scores named "thresholds" are of decisions with one factor for each class, those named "strength" with one power of the class shares, both chosen for macro-F1 on
the validation rows in the same way for every side (``benchmarks/right_thresholds.py``), then kept. Nothing else is tuned. The networks of a split are trained together, and their seconds are shared.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from benchmarks.loss_bakeoff_words import written
from benchmarks.right_thresholds import SMALLEST, right_strength, right_thresholds
from core.dataset import Dataset
from core.learners import make
from core.learners.loss import prepared
from core.learners.together import fit_together
from core.numerics.case_control import at_shares
from core.numerics.decisions import confusion, decision_scores
from core.recipe import Recipe
from core.registry import served
from pages.kit.bake_off import ADJUSTED, CALIBRATION, CURRENCIES, DECISIONS, PLAIN

TARGET = Path(__file__).with_suffix(".csv")
REAL = {
    "yeast": ("site", ["sequence"]),
    "page_blocks": ("Class", []),
    "nsl_kdd_train20": ("class5", ["attack", "difficulty"]),
}
"""Target, and columns left out: a name that is nearly unique, and two that tell the class."""

DIGITS = {"digits, ratio 20": 20, "digits, ratio 50": 50}
TABLES = (*DIGITS, *REAL)
LEARNERS = ("neural", "boosted")
SEEDS = 10
KEPT_DIGITS = 0.8
"""Share of the smallest digit that may be trained on or validate."""

BINS, LEAST = 15, 1e-15
KEYS = ["table", "seed", "learner", "side"]


class Split(NamedTuple):
    """One table in three parts; ``weight`` is that of the test rows."""

    X: pd.DataFrame
    codes: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    weight: np.ndarray

    @property
    def tail(self) -> np.ndarray:
        """The rarest third of the classes."""
        sizes = np.bincount(self.codes[self.train])
        return np.argsort(sizes, kind="stable")[: max(1, round(len(sizes) / 3))]


def divided(codes: np.ndarray, rng: np.random.Generator, shares: tuple[float, float]) -> list[np.ndarray]:
    """Training rows, and rows of two further parts with these shares of each class, at least one each."""
    parts: list[list[np.ndarray]] = [[], [], []]
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(codes == code))
        n_validation, n_test = (max(1, round(share * len(rows))) if share else 0 for share in shares)
        for part, found in zip(
            parts, np.split(rows, [len(rows) - n_validation - n_test, len(rows) - n_test]), strict=True
        ):
            part.append(found)
    return [rng.permutation(np.concatenate(part)) for part in parts]


def split_of(folder: Path | None, name: str, seed: int) -> Split:
    """One table as one seed divides it."""
    rng = np.random.default_rng(seed)
    if name in DIGITS:
        return long_tailed(DIGITS[name], seed, rng)
    target, dropped = REAL[name]
    data = Dataset.from_frame(pd.read_csv(folder / f"{name}.csv").drop(columns=dropped), target)
    codes = np.unique(data.y.astype(str), return_inverse=True)[1]
    train, validation, test = divided(codes, rng, (0.2, 0.2))
    return Split(data.X, codes, train, validation, test, np.ones(len(test)))


def long_tailed(ratio: int, seed: int, rng: np.random.Generator) -> Split:
    """The digits, cut."""
    X, digits = load_digits(return_X_y=True)
    sizes = np.bincount(digits)
    ranks = (np.arange(10) + seed) % 10
    wanted = np.round(int(KEPT_DIGITS * sizes.min()) * ratio ** (-ranks / 9)).astype(int)
    order = rng.permutation(len(digits))
    kept = np.concatenate([order[digits[order] == digit][:n] for digit, n in enumerate(wanted)])
    train, validation, _ = (kept[part] for part in divided(digits[kept], rng, (0.25, 0)))
    test = np.setdiff1d(order, kept)
    weight = (wanted / wanted.sum() / (sizes - wanted))[digits[test]] * len(test)
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(X.shape[1])])
    return Split(frame, digits, train, validation, test, weight)


def sides_of(learner: str) -> list[str]:
    """The baseline and every loss that serves a learner."""
    return [PLAIN, *(item.slug for item in served(learner, "losses"))]


def fitted(split: Split, learner: str, seed: int, sides: list[str]) -> dict[str, tuple[Any, float]]:
    """By side the fitted classifier and its seconds; the networks of a split are trained together."""
    X, y = split.X.iloc[split.train].reset_index(drop=True), split.codes[split.train]
    unfitted = {
        side: (Recipe.of(side) if side != PLAIN else Recipe()).apply(make(learner, seed), random_state=seed)
        for side in sides
    }
    if learner != "neural":
        found = {}
        for side, classifier in unfitted.items():
            start = time.process_time()
            found[side] = (classifier.fit(X, y), time.process_time() - start)
        return found
    start = time.process_time()
    ready = [prepared(classifier, X, y) for classifier in unfitted.values()]
    networks = fit_together([(each.learner, X, each.y, each.sample_weight) for each in ready])
    seconds = (time.process_time() - start) / len(sides)
    done = [each.completed(network) for each, network in zip(ready, networks, strict=True)]
    return {side: (classifier, seconds) for side, classifier in zip(sides, done, strict=True)}


def block(split: Split, learner: str, seed: int, sides: list[str]) -> list[dict[str, Any]]:
    """The scores of all sides on one split."""
    shares = np.bincount(split.codes[split.train]) / len(split.train)
    starts = [np.zeros(len(shares)), -np.log(shares)]
    records = []
    for side, (classifier, seconds) in fitted(split, learner, seed, sides).items():
        parts = [
            np.asarray(classifier.predict_proba(split.X.iloc[rows]), float) for rows in (split.validation, split.test)
        ]
        codes = split.codes[split.validation]
        factors = right_thresholds(parts[0], codes, starts), right_strength(parts[0], codes, shares) * starts[1]
        chosen = dict(zip(CURRENCIES, (starts[0], *factors), strict=True))
        records.append({"side": side, "seconds": seconds} | scored(split, parts[1], chosen))
        if side == PLAIN:
            moved = at_shares(parts[1], 1 / shares)
            scores = scored(split, moved, {CURRENCIES[0]: starts[0]})
            records.append({"side": ADJUSTED, "seconds": seconds} | scores)
    return records


def scored(split: Split, proba: np.ndarray, chosen: dict[str, np.ndarray]) -> dict[str, float]:
    """Decisions in each currency, whose logarithms of factors are given, and how true the probabilities are."""
    if not np.isfinite(proba).all():
        raise ValueError("A probability is not a number.")
    found = {}
    for currency, factors in chosen.items():
        moved = proba if not factors.any() else np.log(np.maximum(proba, SMALLEST)) + factors
        found |= decided(split, moved.argmax(axis=1), currency)
    codes, weight = split.codes[split.test], split.weight / split.weight.sum()
    own = np.eye(proba.shape[1])[codes]
    values = (
        -weight @ np.log(np.clip(proba[np.arange(len(codes)), codes], LEAST, 1)),
        weight @ ((proba - own) ** 2).sum(axis=1),
        np.mean([apart(p, is_own, weight) for p, is_own in zip(proba.T, own.T, strict=True)]),
    )
    return found | dict(zip(CALIBRATION, map(float, values), strict=True))


def decided(split: Split, pred: np.ndarray, currency: str) -> dict[str, float]:
    """Scores of decisions, rows counted by their weight."""
    matrix = confusion(split.codes[split.test], pred, split.codes.max() + 1, split.weight)
    recall = np.diag(matrix) / matrix.sum(axis=1)
    scores = decision_scores(matrix, 0)
    values = (scores["macro-F1"], recall[split.tail].mean(), scores["balanced accuracy"])
    return {f"{metric}, {currency}": float(value) for metric, value in zip(DECISIONS, values, strict=True)}


def apart(proba: np.ndarray, own: np.ndarray, weight: np.ndarray) -> float:
    """Calibration error of one class: mean distance of share and mean probability over bins of equal width."""
    place = np.minimum((proba * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(place, weight * (own - proba), minlength=BINS)).sum())


def main() -> None:
    """Measure what is not known yet, block by block, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--learners", nargs="*", default=LEARNERS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--again", nargs="*", default=())
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    known = pd.read_csv(options.target) if options.target.exists() else pd.DataFrame(columns=KEYS)
    known = known[~known["side"].isin(options.again)]
    for name in () if options.words else options.tables:
        for seed in range(options.seeds):
            for learner in options.learners:
                known = extended(known, options, name, seed, learner)
    options.target.with_suffix(".md").write_text(written(pd.read_csv(options.target)), "utf-8")


def extended(known: pd.DataFrame, options: argparse.Namespace, name: str, seed: int, learner: str) -> pd.DataFrame:
    """All records with those of one block, written to the file."""
    own = (known["table"] == name) & (known["seed"] == seed) & (known["learner"] == learner)
    sides = [side for side in sides_of(learner) if side not in set(known["side"][own])]
    if not sides:
        return known
    start = time.monotonic()
    about = {"table": name, "seed": seed, "learner": learner}
    found = pd.DataFrame([about | record for record in block(split_of(options.data, name, seed), learner, seed, sides)])
    known = pd.concat([known, found], ignore_index=True) if len(known) else found
    order = {side: i for i, side in enumerate([PLAIN, ADJUSTED, *sides_of("neural")])}
    ranks = known.assign(
        table=known["table"].map(list(TABLES).index),
        learner=known["learner"].map(LEARNERS.index),
        side=known["side"].map(order),
    )
    known = known.loc[ranks.sort_values(KEYS, kind="stable").index]
    known.to_csv(options.target, index=False, float_format="%.4g")
    print(*about.values(), f"{len(found)} sides, {time.monotonic() - start:.1f} s", flush=True)
    return known


if __name__ == "__main__":
    main()
