"""FLAML on one table, run by a Python that has it: reads a table to learn from and one to answer for, writes probabilities.

PYTHON benchmarks/recommend_peer.py FOLDER SECONDS
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    """Search for the time with the log loss as the goal, one thread, and write ``proba.npy`` and ``peer.json``."""
    from flaml import AutoML, __version__

    warnings.simplefilter("ignore")
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    columns = json.loads((folder / "columns.json").read_text())
    train, test = (
        pd.read_csv(folder / f"{name}.csv", dtype=dict.fromkeys(columns, "str")) for name in ("train", "test")
    )
    y = train.pop("own").to_numpy()
    for column in columns:
        levels = pd.CategoricalDtype(train[column].dropna().unique())
        train[column], test[column] = train[column].astype(levels), test[column].astype(levels)
    start = time.perf_counter()
    automl = AutoML()
    automl.fit(train, y, task="classification", metric="log_loss", time_budget=seconds, n_jobs=1, seed=0, verbose=0)
    took = time.perf_counter() - start
    np.save(folder / "proba.npy", automl.predict_proba(test)[:, 1])
    (folder / "peer.json").write_text(
        json.dumps({"version": __version__, "best": automl.best_estimator, "seconds": took})
    )


if __name__ == "__main__":
    main()
