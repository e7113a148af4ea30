"""Classes that fall into groups which lie apart."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.judge import proportion_interval
from core.numerics import clusters as within
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Sub-clusters",
    "Does a class fall into groups, and are the small ones missed?",
    "emerging",
    "seconds",
    names=("sub_clusters",),
)

FEWEST, LISTED = 10, 1000
"""Rows that a class needs to be looked at; most rows of small sub-clusters that are listed."""

LOSS = 0.1
"""Recall that the small sub-clusters must lack before they count as missed."""

CLASS = ["class", "n_rows", "n_clusters", "entropy", "effective_clusters", "structural_imbalance", "main_share"]
CLASS += ["main_recall", "small_recall", "p"]


def sub_clusters(
    study: Study,
    *,
    contrast: Annotated[float, Range(1, 8, 0.5)] = 3.0,
    level: Annotated[float, Range(0.001, 0.1, 0.001)] = 0.05,
) -> Result:
    """The groups within each class that lie apart from each other, and the recall of each: small groups are missed first.

    Rows of a class are joined by nearness; two groups of at least 5 rows are sub-clusters when the density between them falls
    below that of the sparser one by more than ``e^contrast`` and the gap exceeds one unit (an interquartile range, or one
    text value). With K sub-clusters of shares π, the entropy is ``H = −Σ π log π``, ``e^H`` is the effective number of
    sub-clusters, and structural imbalance is ``1 − H / log K``: 0 when all are as large, near 1 when one holds nearly all.

    How it is detected
    ------------------
    Recall is counted out of fold, with class frequencies removed: each probability is divided by the size of its class, so
    that a rare class is not blamed for being rare and no threshold is at fault. The rows of all sub-clusters but the largest are
    compared with those of the largest by Fisher's exact test, corrected for the number of classes that are split. It is an
    issue when they are found less often, and by at least 10 points, for the class of interest or for half of the classes; else a caution. A
    class that is split and found throughout is fine. The rule for groups, and structural imbalance as one minus the
    evenness, are our inference; a single cloud was split in 0.4 % of 9,225 simulated classes.

    Why it matters
    --------------
    A learner sees a group of ten rows as ten rows, however large the class is as a whole. Recall of the class hides it.
    Rows interpolated between two groups lie where none belong.

    What to do
    ----------
    Read the rows of the missed group: it may be a kind of its own that deserves more examples or a column that marks it.
    Weigh or repeat rows of the class; be careful with interpolation.

    Parameters
    ----------
    contrast : float
        Logarithm of the fall in density between two sub-clusters; fewer are found when it is larger.
    level : float
        Chance of calling a class by accident, over all split classes.

    Returns
    -------
    Result
        ``classes``: class, n_rows, n_clusters, entropy, effective_clusters, structural_imbalance, main_share (of the rows in the
        largest sub-cluster), main_recall, small_recall (of all other sub-clusters), p (Fisher, corrected; missing with
        one cluster). ``clusters``: class, sub_cluster (class, number, rows), n_rows, n_found, recall with low and high.
        ``small``: row (1 is the first), class, sub_cluster, found, for the rows outside the largest sub-cluster, at most 1,000.

    References
    ----------
    Jo and Japkowicz (2004), SIGKDD Explorations 6 (small disjuncts). ScaffAug (2025), arXiv 2510.16306 (structural
    imbalance). Campello, Moulavi and Sander (2013), PAKDD (density clusters).
    """
    study = study.judged
    judged = np.flatnonzero(study.class_sizes >= FEWEST)
    if not len(judged) or study.class_sizes[1] < FEWEST:
        text = f"The second largest class has {wording.plural(study.class_sizes[1], 'row')}; {FEWEST} are needed."
        raise NotApplicable(text)
    found = (study.out_of_fold() / study.table_sizes).argmax(axis=1) == study.codes
    clusters, classes, small = [], [], []
    for c in judged:
        rows = np.flatnonzero(study.codes == c)
        labels = within.sub_clusters(study.Z[rows], contrast=contrast, random_state=study.random_state)
        sizes, hits = np.bincount(labels), np.bincount(labels, found[rows]).astype(int)
        names = [f"{study.classes[c]}, {i + 1}: {wording.plural(n, 'row')}" for i, n in enumerate(sizes)]
        low, high = proportion_interval(hits, sizes)
        columns = {"sub_cluster": names, "n_rows": sizes, "n_found": hits, "recall": hits / sizes}
        clusters.append(pd.DataFrame({"class": study.classes[c]} | columns | {"low": low, "high": high}))
        classes.append((study.classes[c], len(rows), *_summary(sizes, hits)))
        out = np.flatnonzero(labels > 0)
        listed = {
            "row": study.place[rows[out]] + 1,
            "class": study.classes[c],
            "sub_cluster": np.array(names, object)[labels[out]],
        }
        small.append(pd.DataFrame(listed | {"found": found[rows[out]]}))
    table = pd.DataFrame(classes, columns=CLASS)
    table["p"] = np.minimum(table["p"] * max(1, table["p"].notna().sum()), 1)
    tables = {"classes": table, "clusters": pd.concat(clusters, ignore_index=True)}
    tables["small"] = pd.concat(small, ignore_index=True).head(LISTED)
    return Result(tables, _findings(study, tables, level))


def _summary(sizes: np.ndarray, hits: np.ndarray) -> tuple:
    """What ``classes`` tells of one class from the sizes of its sub-clusters and the rows found in them."""
    from scipy.stats import fisher_exact

    share = sizes / sizes.sum()
    entropy = max(0.0, float(-(share * np.log(share)).sum()))
    if len(sizes) == 1:
        return 1, 0.0, 1.0, 0.0, 1.0, hits[0] / sizes[0], np.nan, np.nan
    pooled = [[hits[0], sizes[0] - hits[0]], [hits[1:].sum(), sizes[1:].sum() - hits[1:].sum()]]
    p = float(fisher_exact(pooled, alternative="greater").pvalue)
    uneven = 1 - entropy / np.log(len(sizes))
    recall = hits[0] / sizes[0], hits[1:].sum() / sizes[1:].sum()
    return len(sizes), entropy, float(np.exp(entropy)), max(0.0, uneven), share[0], *recall, p


def _findings(study: Study, tables: dict[str, pd.DataFrame], level: float) -> tuple[Finding, ...]:
    classes, clusters = tables["classes"], tables["clusters"]
    split = classes[classes["n_clusters"] > 1]
    lost = (split["p"] <= level) & (split["main_recall"] - split["small_recall"] >= LOSS)
    missed = split[lost].sort_values("p", kind="stable")
    half = 2 * len(missed) >= len(classes)
    findings = []
    for row in missed.head(5).itertuples():
        own = clusters[clusters["class"] == row[1]].iloc[1:]
        worst = own.loc[own["high"].idxmin()]
        text = (
            f"{wording.quoted(row[1])} falls into {wording.plural(row.n_clusters, 'group')} that lie apart. Outside the largest, "
            f"{wording.of(own['n_found'].sum(), own['n_rows'].sum())} are found, in the largest {wording.share(row.main_recall)}; the "
            f"least found group has {wording.plural(worst['n_rows'], 'row')} (recall {wording.share(worst['recall'])}, interval "
            f"{wording.share(worst['low'])} to {wording.share(worst['high'])}). Class frequencies are removed."
        )
        severity = "issue" if half or row[1] == study.positive else "caution"
        findings.append(Finding(severity, text, ("class_weights", "random_oversampling")))
    calm = split[~lost].sort_values("n_clusters", ascending=False, kind="stable")
    for row in calm.head(3).itertuples():
        text = (
            f"{wording.quoted(row[1])} falls into {wording.plural(row.n_clusters, 'group')} that lie apart, the largest with "
            f"{wording.share(row.main_share)} of its rows. The others are not found clearly less often: {wording.share(row.small_recall)} "
            f"against {wording.share(row.main_recall)}."
        )
        findings.append(Finding("fine", text))
    if split.empty:
        text = f"None of the {wording.plural(len(classes), 'class', 'classes')} looked at falls into groups that lie apart."
        findings.append(Finding("fine", text))
    return tuple(findings)


def draw(result: Result) -> dict[str, go.Figure]:
    """Recall and size of every sub-cluster."""
    table = result.tables["clusters"]
    first, second = "Recall by sub-cluster", "Size of the sub-clusters"
    axes = {"y_title": "class, sub-cluster: rows", "by": "class"}
    recall = {"x_title": "recall out of fold, class frequencies removed", "caption": "Recall by sub-cluster."}
    size = {"x_title": "rows", "caption": "Rows by sub-cluster, on a logarithmic scale.", "log": True}
    sizes = table.drop(columns=["low", "high"])
    return {
        first: charts.intervals(table, "recall", "sub_cluster", title=first, **axes, **recall),
        second: charts.bars(sizes, "n_rows", "sub_cluster", title=second, **axes, **size),
    }


def sick(random_state: int = 0) -> Dataset:
    """A rare class with a cloud of its own and small groups in hollows of the common cloud."""
    return synthetic.planted("sub_clusters", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """One cloud per class: as rare, and found."""
    return synthetic.planted("clean", random_state=random_state)
