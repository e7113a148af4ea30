"""Whether the rows of a declared test file come from where the training rows come from."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.divergence import FEWEST, compared, drawn
from core.errors import NotApplicable
from core.held_out import with_test
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study
from core.table import Table

ABOUT = About(
    "Training and test rows",
    "Do the test rows come from where the training rows come from?",
    maturity="emerging",
    gravest="caution",
)

SHOWN, NOTICED = 25, 0.02
FEW = 100
"""Rows of a file below which the model misses even large differences: of 50 test rows, one deviation in one of 20 columns nine times in ten."""


def train_test_shift(study: Study, *, max_rows: Annotated[int, Range(200, 20000, 100)] = 1500) -> Result:
    """How far the rows of the declared test file lie from the training rows, without a look at their labels.

    With densities P of the training rows, Q of the test rows and M = (P + Q) / 2: the Jensen–Shannon divergence
    D = ½ KL(P ‖ M) + ½ KL(Q ‖ M), 0 where both are spread alike and 1 where they share nothing; of each column by itself (histograms,
    less what chance gives), and of all columns together by a model that tries to tell the two files apart.

    How it is detected
    ------------------
    Of three models (degree one or two) the one is taken that predicts the rows that calibrate best; it is scored on other rows. Its value lies
    below the true one on average, so two files of one source give 0. The interval is that of the model's value: the true one may be larger. With few
    test rows it finds large differences only. It is a caution when the low end of its interval is above 0.02. Rows of one group count as one.

    Why it matters
    --------------
    A model is judged on the test file as it will be used. When the files differ, folds of the training file promise other
    scores than the test file gives, and a threshold chosen on one may be wrong for the other.

    What to do
    ----------
    Look at the columns that differ most and ask why: another time, another place, another way to measure. Trust the final score more
    than the folds. Do not join the files and split them anew: that hides the difference.

    Parameters
    ----------
    max_rows : int
        Most rows of each file that enter the model.

    Returns
    -------
    Result
        ``files``: joint with low and high, marginal (mean over the columns), n_training, n_test (rows in the model), protocol (how
        the joint value was estimated). ``columns``: column, divergence; most first.

    Raises
    ------
    NotApplicable
        No test file is declared, or it has too few rows.

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37. arXiv 2606.16411 (2026) for the estimation by a calibrated classifier.
    """
    test = study.dataset.test
    if test is None:
        raise NotApplicable("No test file is declared.")
    if min(test.n_samples, study.dataset.n_samples) < FEWEST:
        raise NotApplicable(f"The test file has {wording.plural(test.n_samples, 'row')}; {FEWEST} are needed.")
    rng = np.random.default_rng(study.random_state)
    rows = drawn(np.arange(study.dataset.n_samples), study.dataset.represents, max_rows, rng)
    groups = study.dataset.group_codes
    if groups is not None:  # the groups of test rows are not known
        groups = np.concatenate([groups[rows], np.full(test.n_samples, -1)])
    choices = {"groups": groups, "random_state": study.random_state, "max_rows": max_rows}
    found = compared(study.dataset.X.iloc[rows], test.X, **choices)
    files = pd.DataFrame(
        {
            "joint": [found.joint], "low": found.low, "high": found.high, "marginal": found.marginal,
            "n_training": found.n_first, "n_test": found.n_second, "protocol": found.protocol,
        }
    )  # fmt: skip
    columns = pd.DataFrame({"column": study.dataset.X.columns, "divergence": found.columns})
    columns = columns.sort_values("divergence", ascending=False, kind="stable", ignore_index=True)
    return Result({"files": files, "columns": columns}, (_finding(files.iloc[0], columns.iloc[0]),))


def _finding(files: pd.Series, first: pd.Series) -> Finding:
    value = (
        f"{wording.score(files['joint'])} (interval {wording.score(files['low'])} to {wording.score(files['high'])})"
    )
    scale = "on a scale from 0 (alike) to 1 (apart)"
    if files["low"] > NOTICED:
        text = (
            f"The test rows differ from the training rows: a model tells them apart by {value}, {scale}. Of the single columns, "
            f"{wording.quoted(first['column'])} differs most, by {wording.score(first['divergence'])}."
        )
        return Finding("caution", text)
    text = (
        f"No difference between test rows and training rows is shown: a model tells them apart by {value}, {scale}. With "
        f"{wording.plural(files['n_training'], 'training row')} and {wording.plural(files['n_test'], 'test row')} it may miss "
        f"{'even a large one' if min(files['n_training'], files['n_test']) < FEW else 'a small one'}."
    )
    return Finding("fine", text)


def draw(result: Result) -> dict[str, go.Figure]:
    """How far each column of the test file lies from the training file."""
    title = "Training against test, by column"
    caption = (
        f"Jensen–Shannon divergence of the training rows and the test rows in one column; at most {SHOWN} columns."
    )
    table = result.tables["columns"].head(SHOWN)
    axes = {"x_title": "divergence in bits", "y_title": "column", "caption": caption}
    return {title: charts.bars(table, "divergence", "column", title=title, **axes)}


def sick(random_state: int = 0) -> Dataset:
    """The test rows were measured with another zero in one column."""
    return _with_test(random_state, shift=1.0)


def healthy(random_state: int = 0) -> Dataset:
    """The test rows come from the same source."""
    return _with_test(random_state, shift=0.0)


def _with_test(random_state: int, shift: float) -> Dataset:
    train, other = (synthetic.planted("clean", random_state=seed) for seed in (random_state, random_state + 1000))
    frame = other.X.assign(outcome=other.y)
    frame["measure 1"] += shift
    return with_test(train, Table.from_frame(frame, "test rows"))
