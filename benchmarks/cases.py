"""What is timed: one function per case, which prepares both sides and returns them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.study import Study


@dataclass(frozen=True)
class Case:
    """Two calls that answer the same question.

    Parameters
    ----------
    our_name, peer_name : str
        What each side is.
    ours, peer : callable
        Take nothing; what they return is thrown away.
    """

    our_name: str
    ours: Callable[[], object]
    peer_name: str
    peer: Callable[[], object]


def table(n_samples: int = 10_000, n_features: int = 20, *, share: float = 0.05, gaps: float = 0.0) -> pd.DataFrame:
    """A table of a rare class: ``n_features`` numbers, of which five tell the class."""
    rng = np.random.default_rng(0)
    rare = rng.random(n_samples) < share
    values = rng.normal(size=(n_samples, n_features))
    values[rare, :5] += 0.8
    values[rng.random(values.shape) < gaps] = np.nan
    frame = pd.DataFrame(values, columns=[f"x{j}" for j in range(n_features)])
    return frame.assign(outcome=np.where(rare, "rare", "common"))


def study(**options: float) -> Study:
    """A study of ``table``."""
    return Study(Dataset.from_frame(table(**options), "outcome"))


def read() -> Case:
    """A CSV of 100,000 rows: typed, with what was decided, against pandas' reader."""
    from core.reading.read import read as read_table

    raw = table(100_000, gaps=0.02).to_csv(index=False).encode()
    return Case(
        "core.reading", lambda: read_table(raw, "table.csv"), "pandas.read_csv", lambda: pd.read_csv(io.BytesIO(raw))
    )


def compare_recipes() -> Case:
    """Three recipes on 2 × 5 folds with a threshold tuned inside each, against scikit-learn and imbalanced-learn."""
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline
    from lightgbm import LGBMClassifier
    from sklearn.model_selection import RepeatedStratifiedKFold, TunedThresholdClassifierCV, cross_validate

    from core.evaluation.compare import evaluate
    from core.recipe import Recipe

    ours = study()
    X, y = ours.dataset.X.to_numpy(), ours.codes
    metrics = ["average_precision", "roc_auc", "recall", "precision", "f1", "f1_macro", "balanced_accuracy"]
    metrics += ["matthews_corrcoef", "neg_brier_score", "neg_log_loss"]
    trees = {
        "n_estimators": 50,
        "num_leaves": 15,
        "n_jobs": 1,
        "verbosity": -1,
        "min_child_samples": 5,
        "reg_lambda": 1.0,
    }

    def peer() -> None:
        plain, weighted = LGBMClassifier(**trees), LGBMClassifier(**trees, class_weight="balanced")
        for model in (plain, weighted, make_pipeline(SMOTE(random_state=0), LGBMClassifier(**trees))):
            folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
            cross_validate(TunedThresholdClassifierCV(model, scoring="f1", cv=3), X, y, cv=folds, scoring=metrics)

    recipes = [Recipe.of("class_weights"), Recipe.of("smote")]
    return Case("core.evaluation", lambda: evaluate(ours.with_(), recipes), "scikit-learn cross_validate", peer)


def shapley() -> Case:
    """Shapley values of 300 rows out of fold, beside one TreeExplainer on one fitted model and the same rows."""
    import shap
    from lightgbm import LGBMClassifier

    from core.engine import run

    ours = study()
    X, y = ours.dataset.X.to_numpy(), ours.codes

    def peer() -> None:
        for train, test in ours.folds[:5]:
            model = LGBMClassifier(n_estimators=50, num_leaves=15, n_jobs=1, verbosity=-1).fit(X[train], y[train])
            shap.TreeExplainer(model).shap_values(X[test[:60]])

    return Case("shapley_values", lambda: run("shapley_values", ours.with_()), "shap.TreeExplainer per fold", peer)


def neighbours() -> Case:
    """Ten nearest neighbours of 10,000 rows with a fifth of the cells missing, against complete rows in scikit-learn."""
    from sklearn.neighbors import NearestNeighbors

    from core.numerics.neighbours import nearest

    with_gaps, complete = study(gaps=0.2).Z, study().Z
    searched = NearestNeighbors(n_neighbors=10, algorithm="brute", n_jobs=1).fit(complete)
    return Case(
        "core.numerics.neighbours",
        lambda: nearest(with_gaps, with_gaps, 10, itself=True),
        "scikit-learn brute",
        searched.kneighbors,
    )


CASES = {"read": read, "compare recipes": compare_recipes, "shapley values": shapley, "neighbours": neighbours}
