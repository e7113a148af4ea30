"""A peer on one table, run by a Python that has it: reads a table to learn from and one to answer for, writes probabilities.

PYTHON benchmarks/recommend_peer.py FOLDER SECONDS; the first of FLAML, AutoGluon and PyCaret that this Python has. Its clock shows processor seconds, so
that a busy machine takes nothing from it.
"""

import time

BEGUN = time.time()
time.time = lambda: BEGUN + time.process_time()

import importlib.util  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402


def flaml(train: pd.DataFrame, test: pd.DataFrame, seconds: float, folder: Path) -> tuple[np.ndarray, str]:
    """Probabilities with the log loss as the goal, and the learner that was best."""
    from flaml import AutoML

    automl, y = AutoML(), train.pop("own").to_numpy()
    automl.fit(train, y, task="classification", metric="log_loss", time_budget=seconds, n_jobs=1, seed=0, verbose=0)
    return automl.predict_proba(test)[:, 1], automl.best_estimator


def autogluon(train: pd.DataFrame, test: pd.DataFrame, seconds: float, folder: Path) -> tuple[np.ndarray, str]:
    """The same of AutoGluon, by its medium preset."""
    from autogluon.tabular import TabularPredictor

    given = {"label": "own", "problem_type": "binary", "eval_metric": "log_loss", "verbosity": 0}
    predictor = TabularPredictor(path=str(folder / "models"), **given)
    predictor.fit(train, time_limit=seconds, num_cpus=1, num_gpus=0, fit_strategy="sequential")
    return predictor.predict_proba(test)[1].to_numpy(), predictor.model_best


def pycaret(train: pd.DataFrame, test: pd.DataFrame, seconds: float, folder: Path) -> tuple[np.ndarray, str]:
    """The same of PyCaret: the model that is best in average precision, which it has no log loss for."""
    from pycaret.classification import ClassificationExperiment
    from sklearn.metrics import average_precision_score

    one = ClassificationExperiment()
    one.setup(train, target="own", session_id=0, n_jobs=1, verbose=False, html=False, fold=5, data_split_stratify=True)
    one.add_metric("ap", "AP", average_precision_score, target="pred_proba")
    best = one.compare_models(sort="AP", budget_time=seconds / 60, verbose=False, exclude=["ridge", "svm"], turbo=True)
    shown = one.predict_model(one.finalize_model(best), data=test, raw_score=True, verbose=False)
    return shown["prediction_score_1"].to_numpy(), type(best).__name__


PEERS = {"flaml": flaml, "autogluon.tabular": autogluon, "pycaret": pycaret}
SHORT = {"flaml": "FLAML", "autogluon.tabular": "AutoGluon", "pycaret": "PyCaret"}


def main() -> None:
    """Search for the time, one thread, and write ``proba.npy`` and ``peer.json``."""
    warnings.simplefilter("ignore")
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    name = next(name for name in PEERS if importlib.util.find_spec(name.split(".")[0]))
    columns = json.loads((folder / "columns.json").read_text())
    train, test = (
        pd.read_csv(folder / f"{part}.csv", dtype=dict.fromkeys(columns, "str")) for part in ("train", "test")
    )
    for column in columns:
        levels = pd.CategoricalDtype(train[column].dropna().unique())
        train[column], test[column] = train[column].astype(levels), test[column].astype(levels)
    wall = time.perf_counter()
    start = time.process_time()
    proba, best = PEERS[name](train, test, seconds, folder)
    told = {"name": SHORT[name], "version": version(name), "best": best, "seconds": time.process_time() - start}
    np.save(folder / "proba.npy", proba)
    (folder / "peer.json").write_text(json.dumps(told | {"wall_seconds": time.perf_counter() - wall}))


if __name__ == "__main__":
    main()
