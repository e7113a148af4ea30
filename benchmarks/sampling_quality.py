"""What resampling does to ranking, probabilities and decisions on seven tables with gaps, against no resampling.

    python -m benchmarks.sampling_quality FOLDER --overnan PATH       all tables that sampling_quality.csv does not hold yet
    python -m benchmarks.sampling_quality FOLDER stroke               one table, anew

FOLDER holds the tables named in ``TABLES`` as CSV files, from the UCI repository, Kaggle and OverNaN's own repository; PATH is the folder or wheel of
OverNaN 0.2.0. Writes ``benchmarks/sampling_quality.csv`` after every table, and ``benchmarks/sampling_quality.md``. Ten repeats of a stratified
70/30 split, the same for all samplers; a sampler sees training rows only. Where a table has more, ``MOST`` of the training rows are used.

A miss costs N / P false alarms, P and N being the rows of the class and of all others, so that on true probabilities the threshold is the
share P / (P + N) and the cost per N is 1 − recall + false alarm rate. Three thresholds: that share on the probabilities as they come
("as they come"); the share of the class among the rows learned from, which is what the same rule asks of a learner whose probabilities
fit these rows ("learned share"); and the one of least cost on the two halves of the training rows, each predicted
from the other one, resampled inside ("tuned").
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu
from sklearn.base import clone
from sklearn.model_selection import train_test_split

import core
from benchmarks.sampling_peers import Filled, Made, as_given, disagreement, overnan_samplers
from benchmarks.sampling_quality_words import METRICS, RULES, written
from core.dataset import Dataset
from core.judge import fold_interval
from core.learners.boosted import BoostedTrees
from core.learners.cross_fitting import cross_fitted
from core.learners.linear import LinearModel
from core.numerics.decisions import best_threshold
from core.numerics.ranking import average_precision
from core.recipe import Recipe
from core.validation import folds

TARGET = Path(__file__).with_suffix(".csv")
TABLES = {
    "horse_colic": ("outcome", [], 60),
    "cervical_cancer": ("Biopsy", ["Hinselmann", "Schiller", "Cytology"], None),
    "stroke": ("stroke", ["id"], None),
    "hr_job_change": ("target", ["enrollee_id"], None),
    "soybean": ("class", [], 100),
    "graphene_oxide": ("carboxyl groups", ["file_name", "carboxyl_concentration"], None),
    "polish_bankruptcy_y1": ("class", [], None),
}
"""Target, columns left out, and of a table with more than two classes the most rows of a class of interest: scores are means over these, each
told from all others. Of two classes the rarer one is of interest."""

MISSING = ["?", "N/A", "Unknown"]
MOST, REPEATS, TEST = 3_000, 10, 0.3
FEWEST = 20
"""Real rows of a class from which it can be learned how they look."""

LEARNERS = {"LightGBM": BoostedTrees(), "logistic": LinearModel()}
SEEDED = ("seed", "donor", "preserve", "interpolate", "random")
OURS = (
    *("smote" if gaps == "seed" else f"smote:gaps={gaps}" for gaps in SEEDED),
    *("adasyn", "borderline_smote", "rose", "random_oversampling", "tiered_upsampling", "balanced_mixup"),
    *("neighbourhood_constrained_smote", "cluster_inverse_oversampling", "ceos", "class_proxy_sampler"),
    *("gaussian_prototypes", "mean_shift_prototypes", "copula_synthesis"),
    *("random_undersampling", "prototype_undersampling", "majority_pruning", "case_control"),
    *("imbalanced_learn:sampler=SMOTE", "imbalanced_learn"),
)
RIVALS = {"median and SMOTE": "smote"}
RIVALS |= {f"OverNaN's {slug.upper()}NaN": slug for slug in ("smote", "adasyn", "rose")}
"""What does the same in our way."""


class Ours:
    """One of our samplers by the text of its recipe; a remedy that also corrects its learner is used as it is."""

    def __init__(self, text: str) -> None:
        self.recipe = Recipe.parse(text)
        self.corrects = text == "case_control"

    def __call__(self, X: pd.DataFrame, y: np.ndarray, seed: int) -> Made:
        """Change which rows there are."""
        if self.corrects:
            return X, y, as_given
        ((slug, values),) = self.recipe.steps
        return *core.sampler(slug, **{**dict(values), "random_state": seed}).fit_resample(X, y), as_given

    def around(self, learner: Any, seed: int) -> Any:
        """The learner, not fitted."""
        return self.recipe.apply(clone(learner), random_state=seed) if self.corrects else clone(learner)


def nothing(X: pd.DataFrame, y: np.ndarray, seed: int) -> Made:
    """No resampling."""
    return X, y, as_given


def plain_sides() -> dict[str, Any]:
    """All that is compared but OverNaN."""
    ours = {text: Ours(text) for text in OURS}
    return {"none": nothing, **ours, "median": Filled(False), "median and SMOTE": Filled(True)}


def read(folder: Path, name: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features, classes by number, and the classes of interest."""
    target, dropped, most = TABLES[name]
    frame = pd.read_csv(folder / f"{name}.csv", na_values=MISSING)
    if target not in frame:
        frame[target] = np.where(frame["carboxyl_concentration"] > 0, "present", "absent")
    data = Dataset.from_frame(frame.drop(columns=dropped), target)
    codes = np.unique(data.y, return_inverse=True)[1]
    sizes = np.bincount(codes)
    return data.X, codes, np.array([sizes.argmin()]) if most is None else np.flatnonzero(sizes <= most)


def split(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test rows of one repeat."""
    train, test = train_test_split(np.arange(len(y)), test_size=TEST, stratify=y, random_state=seed)
    if len(train) > MOST:
        train = train_test_split(train, train_size=MOST, stratify=y[train], random_state=seed)[0]
    return train, test


def predicted(
    side: Any, X: pd.DataFrame, y: np.ndarray, rows: tuple[np.ndarray, np.ndarray], seed: int
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Probabilities of test rows by learner, and what the sampler did to the training rows."""
    train, test = rows
    X_train, y_train, n_classes = X.iloc[train].reset_index(drop=True), y[train], y.max() + 1
    start = time.process_time()
    X_new, y_new, view = side(X_train, y_train, seed)
    seconds = time.process_time() - start
    proba = {}
    for name, learner in LEARNERS.items():
        wanted = side.around(learner, seed) if isinstance(side, Ours) else clone(learner)
        fitted = wanted.fit(X_new, y_new)
        proba[name] = np.zeros((len(test), n_classes))
        proba[name][:, fitted.classes_] = fitted.predict_proba(view(X.iloc[test]))
    did = {"sampler seconds": seconds, "shares": np.bincount(y_new, minlength=n_classes) / len(y_new)}
    return proba, did | masks(X_train, y_train, X_new.iloc[len(train) :], y_new[len(train) :])


def masks(X: pd.DataFrame, y: np.ndarray, made: pd.DataFrame, codes: np.ndarray) -> dict[str, float]:
    """Missing cells of made rows against those of real rows of their class: shares, and whether their number tells made from real."""
    found = []
    for code in np.unique(codes):
        real, new = (part.isna().sum(axis=1).to_numpy() for part in (X[y == code], made[codes == code]))
        area = mannwhitneyu(new, real).statistic / len(new) / len(real)
        found.append((len(new), new.mean() / X.shape[1], real.mean() / X.shape[1], area))
    table = np.array(found or [(1, np.nan, np.nan, np.nan)])
    means = (table[:, 0] @ table[:, 1:]) / table[:, 0].sum()
    return dict(zip(("missing in made rows", "missing in real rows", "AUC of missing cells"), means, strict=True))


def outcome(
    side: Any, X: pd.DataFrame, y: np.ndarray, interest: np.ndarray, seed: int
) -> Iterator[tuple[str, dict[str, float]]]:
    """By learner the scores of one sampler in one repeat."""
    train, test = split(y, seed)
    proba, did = predicted(side, X, y, (train, test), seed)
    shares, inner = did.pop("shares"), {name: np.zeros((len(train), y.max() + 1)) for name in LEARNERS}
    for inside, outside in folds(y[train], n_folds=2, random_state=seed):
        for name, found in predicted(side, X, y, (train[inside], train[outside]), seed)[0].items():
            inner[name][outside] = found
    for name in LEARNERS:
        scores = []
        for code in interest:
            own, chance = y[train] == code, np.mean(y[train] == code)
            tuned = best_threshold(inner[name][:, code], own, "expected cost", (1 - chance) / chance)
            thresholds = dict(zip(RULES, (chance, shares[code], tuned), strict=True))
            scores.append(scored(proba[name][:, code], y[test] == code, thresholds))
        yield name, pd.DataFrame(scores).mean().to_dict() | did


def scored(proba: np.ndarray, own: np.ndarray, thresholds: dict[str, float]) -> dict[str, float]:
    """Scores of one class against all others."""
    found = {"average precision": average_precision(proba, own), "Brier score": float(np.mean((proba - own) ** 2))}
    for rule, threshold in thresholds.items():
        yes = proba >= threshold
        found[f"recall, {rule}"] = float(yes[own].mean())
        found[f"cost, {rule}"] = 1 - found[f"recall, {rule}"] + float(yes[~own].mean())
    return found


def told_apart(side: Any, X: pd.DataFrame, y: np.ndarray) -> float:
    """The chance that LightGBM, on three folds, tells a made row of the rarest class from a real one; of the first repeat."""
    code = np.bincount(y).argmin()
    X_new, y_new, _ = side(X, y, 0)
    made, own = np.arange(len(y_new)) >= len(y), y_new == code
    if np.sum(y == code) < FEWEST or not (made & own).any():
        return np.nan
    made, rows = made[own].astype(int), X_new[own].reset_index(drop=True)
    scores = cross_fitted(BoostedTrees(), rows, made, np.array([0, 1]), 0)[:, 1]
    return float(mannwhitneyu(scores[made == 1], scores[made == 0]).statistic / made.sum() / (1 - made).sum())


def measured(folder: Path, name: str, peers: dict[str, Any]) -> pd.DataFrame:
    """Every sampler with both learners on one table: means, and paired differences to no resampling."""
    X, y, interest = read(folder, name)
    train = split(y, 0)[0]
    apart = disagreement(peers, X.iloc[train].reset_index(drop=True), y[train])
    sides = {**plain_sides(), **peers}
    apart_of = {
        side: told_apart(sampler, X.iloc[train].reset_index(drop=True), y[train]) for side, sampler in sides.items()
    }
    scores: dict[tuple[str, str], list[dict[str, float]]] = {}
    for side, sampler in sides.items():
        for seed in range(REPEATS):
            for learner, found in outcome(sampler, X, y, interest, seed):
                scores.setdefault((learner, side), []).append(found)
    sizes = np.bincount(y)[interest]
    about = {"table": name, "rows": len(y), "columns": X.shape[1], "classes": y.max() + 1, "trained on": len(train)}
    about |= {"missing cells": X.isna().to_numpy().mean(), "of interest": len(interest), "rare rows": sizes.sum()}
    about |= {"searches apart": apart if peers else np.nan}
    records = []
    for (learner, side), found in scores.items():
        table, base = pd.DataFrame(found), pd.DataFrame(scores[learner, "none"])
        record = about | {"learner": learner, "sampler": side, "repeats": len(table)} | table.mean().to_dict()
        record["told apart"] = apart_of[side]
        if side != "none":
            record |= differences(table, base, "")
        if side in RIVALS:
            record |= differences(pd.DataFrame(scores[learner, RIVALS[side]]), table, "ours less this: ")
        records.append(record)
    return pd.DataFrame(records)


def differences(table: pd.DataFrame, base: pd.DataFrame, name: str) -> dict[str, float]:
    """Mean paired differences over the repeats, with their intervals."""
    record = {}
    for metric in METRICS:
        change = fold_interval((table[metric] - base[metric]).to_numpy(), TEST / (1 - TEST))
        ends = (f"{name}{metric}: {end}" for end in ("difference", "low", "high"))
        record |= dict(zip(ends, change, strict=True))
    return record


def main() -> None:
    """Measure the tables that are wanted, keep the others, and write both files after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--overnan")
    options = parser.parse_args()
    peers = overnan_samplers(options.overnan) if options.overnan else {}
    warnings.simplefilter("ignore")
    known = pd.read_csv(TARGET) if TARGET.exists() else pd.DataFrame({"table": []})
    for name in options.tables or [name for name in TABLES if name not in set(known["table"])]:
        start = time.process_time()
        found = measured(options.folder, name, peers)
        found["minutes"] = (time.process_time() - start) / 60
        known = pd.concat([known[known["table"] != name], found], ignore_index=True)
        known = known.sort_values("table", key=lambda names: names.map(list(TABLES).index), kind="stable")
        known.to_csv(TARGET, index=False, float_format="%.5g")
        print(name, f"{found['minutes'].iloc[0]:.1f} minutes", flush=True)
    TARGET.with_suffix(".md").write_text(written(pd.read_csv(TARGET)), "utf-8")


if __name__ == "__main__":
    main()
