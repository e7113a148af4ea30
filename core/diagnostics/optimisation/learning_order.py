"""In which order a network learns the classes, and whether rarity delays the class of interest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.registry import About
from core.result import Finding, Result
from core.study import Study
from core.training_trace import EPOCHS, FEWEST, N_EPOCHS, Run, middle, network_input, training_trace

ABOUT = About(
    "Learning order",
    "Which classes are learned first, and which late?",
    maturity="emerging",
    cost="seconds",
    gravest="caution",
)

REACHED, HALF_WAY = 0.9, 0.5
"""Shares of the own final recall, and of the final recall at equal sizes, whose epochs are counted."""

LATE = 0.8 * N_EPOCHS
"""A caution needs the class of interest to be half-way later than this."""

LEAST_CLASSES, SHOWN = 5, 8
"""Classes that a rank correlation needs to be spoken of; classes in the figure of curves."""

PROPERTIES = {
    "share": "share of the rows",
    "variance": "spread of the class",
    "centre_distance": "distance to the nearest class",
}


def learning_order(study: Study) -> Result:
    """After how many epochs a small network knows each class, at the table's class shares and at equal sizes.

    For class c, ``epochs`` is the first epoch from which its training recall stays at or above 90 % of its final value;
    ``half_way`` is the first from which it stays at or above half of what it ends with at equal class sizes.

    How it is detected
    ------------------
    Ten networks with 16 hidden units are trained for 100 epochs of one step on up to 1,500 rows, every class weighing
    its share of the table; ten more, from the same weights, with no class larger than the class of interest and all
    weighing the same. That is the null. A median of three neighbouring epochs is taken before recalls are compared. A caution
    is given when the class of interest is not half-way within 80 % of the epochs, at the low end of the interval over the
    networks, and later than all of the null. The epochs are set beside the spread of each class (the sum of the variances of its
    standardised columns), the distance of its centre to the nearest other one, and its share, as rank correlations.

    Of diffusion models it is claimed that spread decides first, then centres, and that imbalance changes the order. A
    network that tells classes apart need not follow that law: the correlations are reported and nothing is concluded from
    them. The measure is our inference from the abstract: emerging.

    Why it matters
    --------------
    Training that stops early, or a budget that is counted in epochs, serves the classes that are learned first. A rare
    class may be late although nothing but its share stands in its way.

    What to do
    ----------
    Where the class of interest is late at its own share and early at equal sizes, weight the classes or move the threshold. Where
    it is late in both, look at overlap and at the labels; equal sizes do not help there.

    Returns
    -------
    Result
        ``classes``, in the order of learning: class, n_rows, share, epochs with low and high, null, null_low, null_high;
        position and null_position (1 is first); half_way with half_way_low and half_way_high, null_half_way and
        null_half_way_high (101 stands for "not within the 100 epochs"); final_recall and null_recall; variance and
        centre_distance. Classes of fewer than 10 rows are left out.
        ``correlation``: property, correlation (Spearman, with epochs, over the classes) with low and high, null, null_low,
        null_high; empty cells with fewer than 3 classes. Its interval is over the networks and says nothing of other classes.
        ``curves``: epoch, class, recall with low and high, null.
        Values are medians over the ten networks, low and high the central 95 %. Recalls are on training rows.

    References
    ----------
    Interplay of structure and imbalance in diffusion models (2026), arXiv 2605.06367 (abstract).
    """
    trace = training_trace(study)
    judged = np.flatnonzero(study.class_sizes >= FEWEST)
    classes = _classes(study, trace.natural, trace.equal, judged)
    tables = {
        "classes": classes.sort_values(["epochs", "share"], ascending=[True, False], kind="stable", ignore_index=True),
        "correlation": _correlation(classes, trace.natural, trace.equal, judged),
        "curves": pd.concat([_curve(study, trace.natural, trace.equal, c) for c in judged], ignore_index=True),
    }
    return Result(tables, _findings(study, tables))


def _first_from(recall: np.ndarray, level: np.ndarray) -> np.ndarray:
    """First epoch from which recall (n_epochs, …) stays at or above a level; one after the last when it does not."""
    calm = recall.copy()
    calm[1:-1] = np.median(np.stack([recall[:-2], recall[1:-1], recall[2:]]), axis=0)
    below = calm < level - 1e-9
    last = np.where(below.any(axis=0), len(EPOCHS) - 1 - below[::-1].argmax(axis=0), -1)
    return np.r_[EPOCHS, N_EPOCHS + 1][last + 1].astype(float)


def _epochs(run: Run) -> np.ndarray:
    """Epochs (n_networks, n_classes) to 90 % of the final recall; a class that ends at 0 is never learned."""
    final = run.recall[-2:].mean(axis=0)
    return np.where(final > 0, _first_from(run.recall, REACHED * final), N_EPOCHS + 1.0)


def _classes(study: Study, natural: Run, equal: Run, judged: np.ndarray) -> pd.DataFrame:
    usual = np.median(equal.recall[-1], axis=0)
    table = {"class": np.array(study.classes, dtype=object), "n_rows": study.class_sizes, "share": natural.prior}
    table |= dict(zip(("epochs", "low", "high"), middle(_epochs(natural), axis=0), strict=True))
    table |= dict(zip(("null", "null_low", "null_high"), middle(_epochs(equal), axis=0), strict=True))
    late, usual_late = (middle(_first_from(run.recall, HALF_WAY * usual), axis=0) for run in (natural, equal))
    table |= dict(zip(("half_way", "half_way_low", "half_way_high"), late, strict=True))
    table |= {"null_half_way": usual_late[0], "null_half_way_high": usual_late[2]}
    table |= {"final_recall": np.median(natural.recall[-1], axis=0), "null_recall": usual}
    variance, distance = _shape(study)
    found = pd.DataFrame(table | {"variance": variance, "centre_distance": distance}).iloc[judged]
    return found.assign(position=found["epochs"].rank(method="min"), null_position=found["null"].rank(method="min"))


def _shape(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Sum of variances of each class, and the distance of its centre to the nearest other one, in standard deviations."""
    X, n = network_input(study.Z, study.codes).astype(float), len(study.classes)
    centres = np.stack([np.bincount(study.codes, column, n) for column in X.T], axis=1) / study.class_sizes[:, None]
    squares = np.bincount(study.codes, ((X - centres[study.codes]) ** 2).sum(axis=1), n) / study.class_sizes
    apart = np.linalg.norm(centres[:, None] - centres, axis=2)
    np.fill_diagonal(apart, np.inf)
    return squares, apart.min(axis=1)


def _correlation(classes: pd.DataFrame, natural: Run, equal: Run, judged: np.ndarray) -> pd.DataFrame:
    records = []
    for name, text in PROPERTIES.items():
        record = {"property": text}
        for run, ends in ((natural, ("correlation", "low", "high")), (equal, ("null", "null_low", "null_high"))):
            each = [_spearman(epochs, classes[name].to_numpy()) for epochs in _epochs(run)[:, judged]]
            record |= dict(zip(ends, middle(np.array(each), axis=0), strict=True))
        records.append(record)
    return pd.DataFrame(records)


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import rankdata

    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def _curve(study: Study, natural: Run, equal: Run, c: int) -> pd.DataFrame:
    table = {"epoch": EPOCHS, "class": study.classes[c]}
    table |= dict(zip(("recall", "low", "high"), middle(natural.recall[..., c], axis=1), strict=True))
    return pd.DataFrame(table).assign(null=np.median(equal.recall[..., c], axis=1))


def _findings(study: Study, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    classes = tables["classes"]
    own = classes[classes["class"] == study.positive].iloc[0]
    late = own["half_way_low"] > max(LATE, own["null_half_way_high"])
    text = (
        f"At the class shares of the table the network takes {_in_words(own['half_way'])} ({_ends(own)}) to know "
        f"{wording.quoted(study.positive)} half as well as after {N_EPOCHS} epochs at equal class sizes, where it takes "
        f"{_in_words(own['null_half_way'])}."
    )
    findings = [Finding("caution" if late else "fine", text, ("class_weights", "tuned_threshold") if late else ())]
    order, null = (_order(classes.sort_values(name, kind="stable"), name) for name in ("epochs", "null"))
    findings.append(Finding("fine", f"Epochs to 90 % of its own final recall: {order}; at equal class sizes: {null}."))
    if len(classes) >= LEAST_CLASSES:
        table = tables["correlation"].dropna(subset=["correlation"])
        parts = [
            f"{row.property} {wording.with_interval(row.correlation, row.low, row.high)}" for row in table.itertuples()
        ]
        text = f"Rank correlation of epochs over {len(classes)} classes: {'; '.join(parts) or 'none can be computed'}."
        findings.append(Finding("fine", text + " It is reported, not explained."))
    return tuple(findings)


def _ends(own: pd.Series) -> str:
    """The interval of the epochs to half-way; beyond the last epoch nothing is known."""
    low, high = own["half_way_low"], own["half_way_high"]
    if low > N_EPOCHS:
        return "at both ends of the interval"
    return f"interval {low:.0f} to {high:.0f}" if high <= N_EPOCHS else f"interval {low:.0f} to more than {N_EPOCHS}"


def _in_words(epochs: float) -> str:
    return f"more than {N_EPOCHS} epochs" if epochs > N_EPOCHS else wording.plural(np.ceil(epochs), "epoch")


def _order(classes: pd.DataFrame, name: str) -> str:
    shown = [
        f"{wording.quoted(label, 40)} {_in_words(n)}" for label, n in zip(classes["class"], classes[name], strict=True)
    ]
    if len(shown) <= 5:
        return ", ".join(shown)
    return ", ".join(shown[:2]) + f", {len(shown) - 4} more, " + ", ".join(shown[-2:])


def draw(result: Result) -> dict[str, go.Figure]:
    """Epochs per class beside those at equal sizes, and the recall of the first and the last classes."""
    classes, curves = result.tables["classes"], result.tables["curves"]
    first, second = "Epochs until a class is known", "Recall while training"
    text = f"First epoch from which recall stays above 90 % of its final value; {N_EPOCHS + 1} is never. Grey: equal class sizes."
    axes = {"x_title": "epochs", "y_title": "class", "caption": text}
    shown = classes["class"].iloc[np.r_[:4, -4:0] if len(classes) > SHOWN else slice(None)]
    lines = {
        "x_title": "epoch",
        "y_title": "recall on training rows",
        "caption": "Recall of each class at the table's shares.",
    }
    some = curves[curves["class"].isin(shown)]
    return {
        first: charts.bars(classes, "epochs", "class", title=first, null="null", **axes),
        second: charts.points(some, "epoch", "recall", by="class", lines=True, title=second, **lines),
    }


def sick(random_state: int = 0) -> Dataset:
    """Rare and close: centres one standard deviation apart."""
    return synthetic.planted("overlap", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """As rare, and apart: centres four standard deviations apart."""
    return synthetic.planted("clean", random_state=random_state)
