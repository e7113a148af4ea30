"""What is gained, falsely, by copying rare rows before the rows are split."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.numerics.duplicates import identical_rows
from core.numerics.memorised import between_others, scores_of_copies
from core.numerics.near_copies import different_rows
from core.numerics.neighbours import nearest, squared_distances
from core.numerics.ranking import average_precision
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Resampling before the split",
    "How much would copying rare rows before the split fake, and has it been done?",
    "emerging",
    "seconds",
    gravest="caution",
)

COPIES = (1, 2, 4, 8)
SHOWN_COPIES = 4
TABLES = ("this table", "labels at random")
SPLITS = ("copies at random", "copies held together")
KINDS = ("equal to an earlier row", "on the line between two others")
MAX_ROWS, FEWEST, OF_INTEREST, N_FOLDS = 600, 10, 40, 5
LINES = 0.25
"""How much smaller the share on lines may be: chance gives none, and not every interpolated row has both ends among its nearest."""

LOOKED_AT, OF_ALL, K = 300, 2000, 10


def resample_before_split(
    study: Study,
    *,
    tolerated: Annotated[float, Range(0.05, 0.9, 0.05)] = 0.2,
    n_draws: Annotated[int, Range(3, 50)] = 5,
) -> Result:
    """How well a learner that memorises seems to do when the rare rows are copied before the rows are split into folds.

    Each row of the class of interest stands 1, 2, 4 or 8 times in the table. The table is split into five folds, once with
    copies at random and once with all copies of a row in one fold. The learner is the nearest neighbour: with the
    distances d₊ and d₋ to the nearest training row of the class of interest and of the rest, the score is d₋ / (d₊ + d₋). The same
    is done with labels at random at the same class sizes, where there is nothing to learn: what is scored there is the
    fault of the split.

    How it is detected
    ------------------
    The first part is a demonstration and never a finding against the table: on every table the plain split looks excellent. The
    second part asks whether the file has been resampled already. It is a caution when the share of rows of the class of interest that
    equal an earlier row of it is at least ``tolerated`` more than the same share in the rest, or the share of those that lie exactly on the
    line between two of their ten nearest rows (as interpolated rows do) a quarter of that; at least 10 rows each, and the lower limit
    of the share above the share in the rest. The lines, the
    score and the limits are our inference. Noisy copies are the business of the check of near duplicates.

    Why it matters
    --------------
    Copies of a row on both sides of a split let the model recognise it. With four copies of each rare row, a learner that
    memorises finds nearly all of them although the labels are noise.

    What to do
    ----------
    Resample the training rows of each fold only: every recipe here does. If the file was resampled before, go back to the file before
    that step. No split of the resampled file gives a fair score.

    Parameters
    ----------
    tolerated : float
        How much larger the share of copies may be in the class of interest than in the rest.
    n_draws : int
        How often rows and folds are drawn.

    Returns
    -------
    Result
        ``gap``: table, split, series (both together), copies, measure, value, low, high, prevalence (of the copied table: the baseline of
        average precision); low and high are the smallest and the largest of the draws. ``copies``: class, kind, n_rows, n_found, share,
        low, high, other_share.

    Raises
    ------
    NotApplicable
        The class of interest or the rest has fewer than 10 rows.

    References
    ----------
    Santos et al. (2018), IEEE Computational Intelligence Magazine 13, for oversampling before cross-validation. Cover and Hart (1967), IEEE
    Transactions on Information Theory 13, for the learner.
    """
    positive = study.codes == study.positive_code
    if min(positive.sum(), (~positive).sum()) < FEWEST:
        raise NotApplicable(
            f"The class of interest has {wording.plural(positive.sum(), 'row')} of {wording.count(len(positive))}; at least {FEWEST} rows of "
            "it and of the rest are needed."
        )
    rng = np.random.default_rng(study.random_state)
    gap = _gap(study, positive, n_draws, rng)
    copies = _copies(study, positive, rng)
    return Result({"gap": gap, "copies": copies}, (*_carried(study, copies, tolerated), _demonstration(study, gap)))


def _gap(study: Study, positive: np.ndarray, n_draws: int, rng: np.random.Generator) -> pd.DataFrame:
    records = []
    for _ in range(n_draws):
        rows = _sample(positive, rng)
        distances = _distances(study.Z[rows])
        for table, labels in zip(TABLES, (positive[rows], rng.permutation(positive[rows])), strict=True):
            records += [(table, *record) for record in _measured(distances, labels, rng)]
    columns = ["table", "split", "copies", "measure", "value", "prevalence"]
    keys = ["table", "split", "copies", "measure"]
    drawn = pd.DataFrame(records, columns=columns).groupby(keys, sort=False)
    gap = drawn.agg(
        value=("value", "mean"), low=("value", "min"), high=("value", "max"), prevalence=("prevalence", "mean")
    )
    gap = gap.reset_index()
    gap.insert(2, "series", gap["table"] + ", " + gap["split"])
    return gap


def _sample(positive: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    own, rest = np.flatnonzero(positive), np.flatnonzero(~positive)
    share = min(1.0, MAX_ROWS / len(positive))
    n_own = min(len(own), max(round(share * len(own)), min(OF_INTEREST, MAX_ROWS - FEWEST)))
    n_rest = min(len(rest), max(MAX_ROWS - n_own, FEWEST))
    return np.concatenate([rng.choice(own, n_own, replace=False), rng.choice(rest, n_rest, replace=False)])


def _distances(Z: np.ndarray) -> np.ndarray:
    distances = np.sqrt(squared_distances(Z, Z))
    known = distances[np.isfinite(distances)]
    distances[~np.isfinite(distances)] = 2 * known.max() + 1 if len(known) else 1.0
    np.fill_diagonal(distances, 0.0)
    return distances.round(9)


def _measured(distances: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> list[tuple]:
    records = []
    for n in COPIES:
        for split in SPLITS:
            scores, truth = scores_of_copies(distances, labels, n, N_FOLDS, split == SPLITS[1], rng)
            values = {"recall": (scores[truth] > 0.5).mean(), "average precision": average_precision(scores, truth)}
            records += [(split, n, measure, value, truth.mean()) for measure, value in values.items()]
    return records


def _copies(study: Study, positive: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Equal rows and interpolated rows of the class of interest, and their shares in the rest."""
    counted = [_counts(study, part, rng) for part in (positive, ~positive)]
    rows = []
    for kind, (n_found, n_rows), (other, n_other) in zip(KINDS, *counted, strict=True):
        low, high = judge.proportion_interval(n_found, n_rows)
        share = n_found / n_rows if n_rows else 0.0
        rows.append((study.positive, kind, n_rows, n_found, share, float(low), float(high), other / max(n_other, 1)))
    return pd.DataFrame(rows, columns=["class", "kind", "n_rows", "n_found", "share", "low", "high", "other_share"])


def _counts(study: Study, part: np.ndarray, rng: np.random.Generator) -> list[tuple[int, int]]:
    rows = np.flatnonzero(part)
    text = set(study.dataset.categorical)
    frame = study.dataset.X.iloc[rows]
    columns = [(values.cat.codes if name in text else values).to_numpy() for name, values in frame.items()]
    group = identical_rows([*columns, study.codes[rows]])
    n_equal = len(rows) - int(group.max()) - 1
    own = np.nan_to_num(study.Z[rows if len(rows) <= OF_ALL else np.sort(rng.choice(rows, OF_ALL, replace=False))])
    own = own[different_rows(own)]
    if len(own) <= K:
        return [(n_equal, len(rows)), (0, len(own))]
    looked = np.sort(rng.permutation(len(own))[:LOOKED_AT])
    indices = nearest(own[looked], own, K + 1)[0]
    itself = indices == looked[:, None]
    itself[~itself.any(axis=1), -1] = True
    lines = between_others(own, looked, indices[~itself].reshape(-1, K))
    return [(n_equal, len(rows)), (int(lines.sum()), len(looked))]


def _carried(study: Study, copies: pd.DataFrame, tolerated: float) -> tuple[Finding, ...]:
    limit = np.where(copies["kind"] == KINDS[0], tolerated, LINES * tolerated)
    more = (copies["share"] - copies["other_share"] >= limit) & (copies["low"] > copies["other_share"])
    more = copies[more & (copies["n_found"] >= FEWEST)]
    return tuple(
        Finding(
            "caution",
            f"{wording.of(row['n_found'], row['n_rows'])} of {wording.quoted(study.positive)} are {row['kind']}, against "
            f"{wording.share(row['other_share'])} in the rest: the file seems to have been resampled before it was split. Unless such rows "
            "are honestly alike, its scores are too good; go back to the rows before that step.",
        )
        for _, row in more.iterrows()
    )


def _demonstration(study: Study, gap: pd.DataFrame) -> Finding:
    recall = gap[(gap["measure"] == "recall") & (gap["copies"] == SHOWN_COPIES)].set_index(["table", "split"])["value"]
    words = [[wording.score(recall[table, split]) for split in SPLITS] for table in TABLES]
    return Finding(
        "fine",
        f"If each row of {wording.quoted(study.positive)} stood {SHOWN_COPIES} times in the table before the split, a learner that memorises would seem "
        f"to find {words[0][0]} of them, and {words[0][1]} with the copies of a row held together. With labels at random it would seem to find "
        f"{words[1][0]}, and {words[1][1]} with copies held together: this is the size of the false gain. No recipe here copies before the split.",
    )


def draw(result: Result) -> dict[str, go.Figure]:
    """Recall by number of copies, for both splits, on this table and with labels at random."""
    title, caption = "Recall when rows are copied before the split", "Share of rare rows found by a nearest neighbour."
    table = result.tables["gap"].query("measure == 'recall'")
    return {
        title: charts.points(
            table, "copies", "value", title=title, x_title="copies of each rare row", y_title="recall",
            caption=caption, by="series", lines=True,
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """A file in which 60 of the 100 rare rows are copies of the other 40."""
    rng = np.random.default_rng(random_state)
    frame, codes = synthetic.clean(synthetic.SIZES, 6, rng)
    rare = np.flatnonzero(codes > 0)
    frame.iloc[rare[40:]] = frame.iloc[rng.choice(rare[:40], len(rare) - 40)].to_numpy()
    return Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome", name="copied before")


def healthy(random_state: int = 0) -> Dataset:
    """No row was made from another."""
    return synthetic.planted("clean", random_state=random_state)
