"""Whether the steps of other classes cancel what a rare class would learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, learner_report, synthetic, wording
from core.dataset import Dataset
from core.numerics.gradients import (
    conflict_mass,
    conflict_matrix,
    directed_interference,
    no_structure_level,
    norm_share,
)
from core.registry import About
from core.result import Finding, Result
from core.study import Study
from core.training_trace import EPOCHS, FEWEST, N_EPOCHS, N_NETWORKS, Run, middle, over_epochs, training_trace

ABOUT = About(
    "Gradient interference",
    "Do other classes cancel what a rare class would learn?",
    maturity="emerging",
    cost="seconds",
    gravest="caution",
)

HALF, HELD_BACK = 0.5, 0.8
"""A class is held back in an epoch below half of its recall at equal sizes; a caution needs more than this share of epochs."""

ALL_PAIRS = 20
"""With more classes, only pairs with the class of interest are listed."""

NEVER = 1e9
"""Stands for an epoch that does not come."""

TABLE, EQUAL = "this table", "equal sizes"
SPREAD = ("", "_low", "_high")


def gradient_interference(study: Study) -> Result:
    """Whether a small network, while it trains, lets the frequent classes undo what the class of interest asks for.

    With g_c the mean gradient of the cross-entropy of class c by the hidden weights, and π_c its share of the rows, one
    step of class b cancels the part ``I(a←b) = −π_b ⟨g_a, g_b⟩ / (π_a ‖g_a‖²)`` of the progress that class a makes by its own
    step. Above 1 in sum over b, the loss of class a rises. The conflict matrix holds the cosines of g_a and g_b. Sums over b
    are left out of an epoch in which ‖g_a‖ is below 2 % of its longest: a class that is learned asks for nothing.

    How it is detected
    ------------------
    Ten networks with 16 hidden units are trained for 100 epochs of one step on up to 1,500 rows, every class weighing
    its share of the table; ten more start from the same weights with no class larger than the class of interest and
    all weighing the same. That is the null: what the same class shows when nothing but its rarity is removed. A class is
    held back in an epoch when its training recall is below half of the median of the null. A caution is given when that
    holds for more than 80 % of the epochs at the low end of the interval over the networks, and longer than in the null.
    It is about rarity and closeness together: a rare class that lies apart, and a close class that is not rare, both pass.

    The cosine alone says nothing with two classes. When training comes to rest, the steps of all classes add up to zero.
    Two arrows that add up to zero point in opposite directions, so the cosine goes to −1 on any table of two classes, balanced or
    not, and I goes to 1. With K classes the level without any structure is −1/(K − 1), not 0. A linear
    model is of no use here either: before training its weights show cosine +1 and its intercepts −1 whatever the rows are.
    Hence the hidden layer without its bias and without the head, numbers over the epochs rather than at the end, and the
    null. The directed number and this rule are our inference; of the paper only the abstract was at hand: emerging.

    With the neural learner, what the study's own network reports of its training stands beside this, with the recipe and with nothing done.
    It shows what a chosen loss, way to compose batches or optimiser does; it is described and never judged.

    Why it matters
    --------------
    A class whose progress is cancelled is not learned although its rows could be told apart. More epochs help little while
    the frequent classes decide every step.

    What to do
    ----------
    If the recall at equal thresholds (``adjusted_recall``) is good, move the threshold: the network knows the class and only
    its level is wrong. If not, weight the classes or oversample. Where the classes overlap as well, expect false alarms.

    Returns
    -------
    Result
        ``classes``, the class of interest first: class, n_rows, share, held_back (share of the epochs) with low, high, null,
        null_low, null_high; first_epoch (from which its recall stays above 0; empty when never) and null_first_epoch;
        peak (largest I in the first epochs) and null_peak; interference (I averaged over the epochs) with interference_low,
        interference_high and null_interference; cancelled (the part of all its progress that was undone) and null_cancelled;
        final_recall, adjusted_recall (probabilities divided by the class shares) and null_recall after training.
        ``training``: epoch, class, run ("this table" or "equal sizes"), recall with low and high, adjusted_recall,
        interference with interference_low and interference_high, norm_share (π‖g‖ over the sum of all classes),
        consistency (cosine of the class gradient with its running average). Classes of fewer than 10 rows are left out of ``classes``.
        ``pairs``: epoch, class, other_class, cosine with low and high, null, null_low, null_high, level (−1/(K − 1)),
        interference (of class by other_class), null_interference; with more than 20 classes only those of the class of interest.
        ``mass``: epoch, run, conflict_mass (mean of max(0, −cosine)) with low and high.
        Only with the neural learner, of one network of its own: ``learner``: recipe, class, epoch, loss, recall and gradient_norm (length of the mean
        gradient by the scores) of the n_rows rows that the steps saw, gradient_share (gradient_norm · n_rows over its sum of all classes); and
        ``learner_classes``: recipe, class, rows_share, gradient_share (of the sums over all epochs), final_recall, first_epoch.
        Other values are medians over the ten networks, low and high the central 95 %. Recalls are on training rows.

    References
    ----------
    Gradient Conflict Matrix (2026), arXiv 2606.05740 (abstract). Yu et al. (2020), NeurIPS (gradient surgery).
    """
    trace = training_trace(study)
    judged = study.class_sizes >= FEWEST
    order = np.r_[study.positive_code, np.delete(np.arange(len(study.classes)), study.positive_code)]
    runs = {TABLE: trace.natural, EQUAL: trace.equal}
    tables = {
        "classes": _classes(study, trace.natural, trace.equal).iloc[order[judged[order]]].reset_index(drop=True),
        "training": pd.concat([_training(study, name, run, order) for name, run in runs.items()]),
        "pairs": _pairs(study, trace.natural, trace.equal),
        "mass": pd.concat([_mass(name, run) for name, run in runs.items()]),
    }
    tables = {name: table.reset_index(drop=True) for name, table in tables.items()}
    report = learner_report.learner_report(study)
    return Result(tables | dict(report.tables), (*_findings(study, tables), *report.findings))


def _classes(study: Study, natural: Run, equal: Run) -> pd.DataFrame:
    usual = np.median(equal.recall, axis=1, keepdims=True)
    table = {"class": study.classes, "n_rows": study.class_sizes, "share": natural.prior}
    measured = [_measured(run, usual) for run in (natural, equal)]
    for name, prefix, ends in (
        ("held_back", "", ("", "low", "high")),
        ("held_back", "null", ("", "_low", "_high")),
        ("interference", "", ("", "interference_low", "interference_high")),
    ):
        values = measured[prefix == "null"][name]
        names = [prefix + end if prefix else end or name for end in ends]
        table |= dict(zip(names, middle(values, axis=0), strict=True))
    for name in ("interference", "first_epoch", "peak", "cancelled"):
        table |= {f"null_{name}": middle(measured[1][name], axis=0)[0]}
        table |= {} if name in table else {name: middle(measured[0][name], axis=0)[0]}
    ends = {"final_recall": natural.recall, "adjusted_recall": natural.adjusted, "null_recall": equal.recall}
    table |= {name: np.median(values[-1], axis=0) for name, values in ends.items()}
    found = pd.DataFrame(table)
    for name in ("first_epoch", "null_first_epoch"):
        found[name] = found[name].where(found[name] <= N_EPOCHS)
    return found


def _measured(run: Run, usual: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers (n_networks, n_classes) over the whole of a run; never is infinite."""
    interference = run.interference()
    own = run.prior * np.diagonal(run.inner, axis1=-2, axis2=-1)
    weight = np.where(np.isnan(interference), 0, own)
    undone = over_epochs(np.where(weight > 0, interference, 0) * weight)
    progress = over_epochs(weight)
    missed = run.recall == 0
    last = np.where(missed.any(axis=0), len(EPOCHS) - 1 - missed[::-1].argmax(axis=0), -1)
    return {
        "held_back": over_epochs((run.recall < HALF * usual).astype(float)),
        "interference": over_epochs(np.nan_to_num(interference)),
        "cancelled": np.divide(undone, progress, out=np.full_like(undone, np.nan), where=progress > 0),
        "peak": np.nan_to_num(interference[EPOCHS <= 10]).max(axis=0),
        "first_epoch": np.r_[EPOCHS, NEVER][last + 1].astype(float),
    }


def _training(study: Study, name: str, run: Run, order: np.ndarray) -> pd.DataFrame:
    """One row per class, in the given order, and epoch."""
    measured = dict(zip(("recall", "low", "high"), middle(run.recall, axis=1), strict=True))
    measured["adjusted_recall"] = np.median(run.adjusted, axis=1)
    spread = middle(run.interference(), axis=1)
    measured |= {f"interference{end}": values for end, values in zip(SPREAD, spread, strict=True)}
    measured["norm_share"] = np.median(norm_share(run.inner, run.prior), axis=1)
    measured["consistency"] = middle(run.consistency, axis=1)[0]
    names = np.array(study.classes, dtype=object)[order]
    table = {"epoch": np.tile(EPOCHS, len(order)), "class": np.repeat(names, len(EPOCHS)), "run": name}
    return pd.DataFrame(table | {column: values[:, order].T.ravel() for column, values in measured.items()})


def _mass(name: str, run: Run) -> pd.DataFrame:
    spread = middle(conflict_mass(conflict_matrix(run.inner)), axis=1)
    table = {"epoch": EPOCHS, "run": name}
    return pd.DataFrame(table | dict(zip(("conflict_mass", "low", "high"), spread, strict=True)))


def _pairs(study: Study, natural: Run, equal: Run) -> pd.DataFrame:
    n = len(study.classes)
    a, b = np.nonzero(~np.eye(n, dtype=bool))
    if n > ALL_PAIRS:
        a, b = np.delete(np.arange(n), study.positive_code), np.full(n - 1, study.positive_code)
        a, b = np.r_[b, a], np.r_[a, b]
    seen, names = np.repeat(EPOCHS, len(a)), np.array(study.classes, dtype=object)
    table = {"epoch": seen, "class": np.tile(names[a], len(EPOCHS)), "other_class": np.tile(names[b], len(EPOCHS))}
    for run, columns in ((natural, ("cosine", "low", "high")), (equal, ("null", "null_low", "null_high"))):
        spread = middle(conflict_matrix(run.inner)[..., a, b], axis=1).reshape(3, -1)
        table |= dict(zip(columns, spread, strict=True))
    table["level"] = no_structure_level(n)
    for run, column in ((natural, "interference"), (equal, "null_interference")):
        table[column] = middle(directed_interference(run.inner, run.prior)[..., a, b], axis=1)[0].ravel()
    return pd.DataFrame(table)


def _findings(study: Study, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    classes = tables["classes"]
    held = (classes["low"] > HELD_BACK) & (classes["low"] > classes["null_high"])
    own, others = classes.iloc[0], classes["class"][held & (classes.index > 0)]
    ends = f"{wording.share(own['low'])} to {wording.share(own['high'])}"
    times = f"{wording.share(own['held_back'])} of the {N_EPOCHS} epochs (over {N_NETWORKS} networks {ends})"
    equal = f"at equal class sizes at most {wording.share(own['null_high'])}"
    if held.iloc[0]:
        text = (
            f"The other classes hold {wording.quoted(own['class'])} back: while a small network trains, its recall stays below half of what it "
            f"reaches at equal class sizes for {times}; {equal}."
        )
        detail = (
            f"{_first(own)} Early on, the steps of the other classes undo {wording.times(own['peak'])} the progress of its own step "
            f"({wording.times(own['null_peak'])} at equal sizes). {_advice(own)}"
        )
        known = own["adjusted_recall"] >= HALF * own["null_recall"]
        findings = [
            Finding("caution", text, ("tuned_threshold",) if known else ("class_weights", "random_oversampling")),
            Finding("fine", detail),
        ]
    else:
        text = f"{wording.quoted(own['class'])} is held back in {times}, {equal}. A caution needs more than {wording.share(HELD_BACK)} at the low end."
        findings = [Finding("fine", text)]
    if len(others):
        verb = "is" if len(others) == 1 else "are"
        text = f"{wording.listing(others)} {verb} held back through more than four fifths of the epochs as well."
        findings.append(Finding("caution", text, ("class_weights",)))
    return (*findings, Finding("fine", _on_cosines(tables["pairs"], len(study.classes))))


def _first(own: pd.Series) -> str:
    """From when on it finds any of its training rows."""
    when, usual = (
        f"from epoch {n:.0f} on" if n <= N_EPOCHS else "in no epoch" for n in own[["first_epoch", "null_first_epoch"]]
    )
    return f"Some of its rows are found for good {when} ({usual} at equal sizes)."


def _advice(own: pd.Series) -> str:
    found = wording.share(own["adjusted_recall"])
    if own["adjusted_recall"] >= HALF * own["null_recall"]:
        return f"With the threshold moved to equal class shares the same networks find {found} of its training rows."
    return (
        f"Even with the threshold moved to equal class shares the same networks find only {found} of its training rows."
    )


def _on_cosines(pairs: pd.DataFrame, n_classes: int) -> str:
    last = pairs[pairs["epoch"] == N_EPOCHS]
    row = last.loc[(last["cosine"] - last["null"]).fillna(0).idxmin()]
    ends = f"{wording.number(row['cosine'])}, at equal class sizes at {wording.number(row['null'])}"
    if n_classes == 2:
        return f"The cosine of the two gradients ends at {ends}; with two classes it nears −1 on any table and is no sign of conflict."
    pair = f"{wording.quoted(row['class'])} and {wording.quoted(row['other_class'])}"
    return f"Against equal class sizes the gradients of {pair} turn apart most: their cosine ends at {ends} (no structure: {wording.number(row['level'])})."


def draw(result: Result) -> dict[str, go.Figure]:
    """Recall and interference of the class of interest over the epochs, and the conflict matrix of several classes."""
    training, pairs = result.tables["training"], result.tables["pairs"]
    own = training[training["class"] == training["class"].iloc[0]]
    name = charts.label(wording.quoted(own["class"].iloc[0]))
    figures = {f"Recall of {name} while training": _lines(own, "recall", "low", "high", "recall on training rows")}
    names = ("interference", "interference_low", "interference_high", "I, progress cancelled over progress made")
    figures[f"Interference with {name}"] = _lines(own, *names)
    if pairs["class"].nunique() > 2:
        figures["Conflict matrix after training"] = _matrix(pairs[pairs["epoch"] == N_EPOCHS])
    figures = {title: figure.update_layout(title_text=title) for title, figure in figures.items()}
    return figures | learner_report.draw(result)


def _lines(own: pd.DataFrame, value: str, low: str, high: str, y_title: str) -> go.Figure:
    """This table's median, and median and ends of the central 95 % at equal sizes."""
    equal = own[own["run"] == EQUAL]
    lines = [
        own[own["run"] == TABLE].assign(line=TABLE, shown=own[value]),
        equal.assign(line=EQUAL, shown=equal[value]),
    ]
    lines += [equal.assign(line=f"{EQUAL}, {word}", shown=equal[end]) for word, end in (("low", low), ("high", high))]
    text = f"Median of {N_NETWORKS} networks in each epoch; low and high enclose 95 % of those at equal class sizes."
    axes = {"x_title": "epoch", "y_title": y_title, "caption": text}
    return charts.points(pd.concat(lines), "epoch", "shown", by="line", lines=True, title="", **axes)


def _matrix(last: pd.DataFrame) -> go.Figure:
    text = "Cosine of the mean gradients of two classes in the hidden layer, after the last epoch."
    grid = {"x_title": "other class", "y_title": "class", "value_title": "cosine", "low": -1.0, "high": 1.0}
    return charts.heatmap(last, "other_class", "class", "cosine", title="", caption=text, **grid)


def sick(random_state: int = 0) -> Dataset:
    """Rare and close: centres one standard deviation apart."""
    return synthetic.planted("overlap", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """As rare, and apart: centres four standard deviations apart."""
    return synthetic.planted("clean", random_state=random_state)
