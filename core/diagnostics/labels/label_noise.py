"""Rows whose label is probably wrong."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.judge import proportion_interval
from core.label_quality import APART, FEWEST, LabelQuality, label_quality
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Label noise", "Which labels are probably wrong?", maturity="emerging", cost="seconds", names=("label_noise",)
)

NOTABLE, ENOUGH = 0.02, 5
"""An issue needs this share of a class, at the low end of its interval, and this many rows."""


def label_noise(
    study: Study,
    *,
    max_share: Annotated[float, Range(0.05, 0.4, 0.05)] = 0.2,
    confidence: Annotated[float, Range(0.5, 0.99, 0.01)] = 0.7,
    k: Annotated[int, Range(1, 30)] = 10,
) -> Result:
    """Rows that lie deep inside another class, more of them than overlap between the two classes can explain.

    From out-of-fold probabilities p and class shares π, balanced probabilities ``q_j ∝ p_j / π_j`` remove the class
    frequencies. For each pair of classes a, b the score of a row is the sum of two rank scores: ``log q_a / q_b`` and
    ``log r_b / r_a``, where r is the distance to the k-th nearest row of a class. On the ranks of this score stands the
    model ``P(score | label a) = (1 − κ_a) N(d′/2, 1) + κ_a N(−d′/2, 1)``, and likewise for b. d′ measures overlap, which
    falls off towards the core of the other class; κ_a measures exchanged labels, whose share stays flat. Mixing is
    ``4 e (1 − e)`` with the balanced error e of ``log q_a / q_b``, as in the check of class overlap. Confident learning
    counts the rows above a threshold per class, which names over a quarter of a clean rare class; that the model takes the
    place of the threshold is our inference, hence emerging.

    How it is detected
    ------------------
    A row is a suspect when the model and its nearest rows both place it with another class, with class frequencies removed,
    and its probability of a wrong label is at least ``confidence``. Suspects are named where exchanged labels explain the
    rows of the two classes better than overlap alone: both κ add 12 to twice the log-likelihood, plus twice the logarithm of
    the number of pairs of classes. They are not named where the two classes, with the suspects set aside, are still mixed to
    more than a third of what shuffled labels would show: there overlap is too strong to tell a wrong label from it. The null is
    the number of right labels to be expected among the named rows; 5 rows, and 2 % of a class at the low end of the
    interval, are an issue, less is a caution.

    Why it matters
    --------------
    In a rare class a few wrong labels are a large share: they teach the model the wrong thing and spoil its test.

    What to do
    ----------
    Look at the rows in the review queue and ask whoever labelled them. Do not delete them unseen: a rare but right row
    looks the same. A contradiction with the true world that no column shows cannot be found here, and rows with an
    identical row of another class are left to the check of duplicate rows.

    Parameters
    ----------
    max_share : float
        Largest share of a class that is named, the surest rows first. What exceeds it is likely overlap, and the
        sentence says so.
    confidence : float
        Smallest probability of a wrong label for a row to be named.
    k : int
        Which nearest row of each class gives the distance to the class; at most 500 rows per class are drawn for it. Among
        its k nearest rows the likely label must outweigh the given one, with and without class frequencies: wrong labels
        lie scattered, while rows that lie together are a group of their own.

    Returns
    -------
    Result
        ``classes``: class, n_samples, named, share with low and high, null (right labels expected among the named rows),
        cap (most rows that may be named), capped (rows that the cap leaves out). ``review``: row (1 is the first), given
        label, likely label, margin (balanced probability of the likely minus the given label), wrong (probability), reason;
        the surest first. ``pairs``: class, other class, distance (d′), labelled as class, labelled as other (the two κ),
        evidence, suspects, mixing without them.

    References
    ----------
    Northcutt, Jiang and Chuang (2021), Journal of Artificial Intelligence Research 70 (confident learning). Scott,
    Blanchard and Handy (2013), COLT (mutual contamination). Dorfman and Alf (1969), Journal of Mathematical Psychology 6.
    """
    if study.class_sizes[1] <= FEWEST:
        text = f"The second largest class has {wording.plural(study.class_sizes[1], 'row')}; more than {FEWEST} are needed."
        raise NotApplicable(text)
    quality = label_quality(study, confidence, k)
    review = _review(study, quality)
    cap = np.floor(max_share * study.dataset.counts)
    kept = review.groupby("given label").cumcount() < review["given label"].map(cap)
    classes = _classes(study, review[kept], review, cap)
    tables = {"classes": classes, "review": review[kept], "pairs": quality.pairs}
    tables = {name: table.reset_index(drop=True) for name, table in tables.items()}
    return Result(tables, _findings(classes, tables["pairs"], len(study.codes)))


def _review(study: Study, quality: LabelQuality) -> pd.DataFrame:
    rows = np.flatnonzero(quality.suspect)
    labels, given, likely = np.array(study.classes, dtype=object), study.codes[rows], quality.likely[rows]
    other = quality.balanced[rows, likely]
    text = "{} by the other rows, with class frequencies removed; its nearest rows of that class are closer too."
    reasons = [text.format(wording.share(value)) for value in other]
    table = {"row": rows + 1, "given label": labels[given], "likely label": labels[likely]}
    table |= {
        "margin": other - quality.balanced[rows, given],
        "wrong": quality.error_probability[rows],
        "reason": reasons,
    }
    return pd.DataFrame(table).sort_values(["wrong", "row"], ascending=[False, True])


def _classes(study: Study, kept: pd.DataFrame, review: pd.DataFrame, cap: pd.Series) -> pd.DataFrame:
    counts = study.dataset.counts
    named, before = (t["given label"].value_counts().reindex(counts.index, fill_value=0) for t in (kept, review))
    null = (1 - kept["wrong"]).groupby(kept["given label"]).sum().reindex(counts.index, fill_value=0.0)
    low, high = proportion_interval(named.to_numpy(), counts.to_numpy())
    table = {
        "class": counts.index,
        "n_samples": counts,
        "named": named,
        "share": named / counts,
        "low": low,
        "high": high,
    }
    return pd.DataFrame(table | {"null": null, "cap": cap.astype(int), "capped": before - named})


def _findings(classes: pd.DataFrame, pairs: pd.DataFrame, n_samples: int) -> tuple[Finding, ...]:
    found = classes[classes["named"] > 0].sort_values("share", ascending=False, kind="stable")
    findings = [_finding(row) for row in found.itertuples()]
    if found.empty:
        text = f"No label stands out as wrong among {wording.plural(n_samples, 'row')}, beyond what overlap explains."
        findings.append(Finding("fine", text))
    hidden = pairs[pairs["mixing without them"] > APART]
    if len(hidden):
        most = hidden.sort_values(["suspects", "mixing without them"]).iloc[-1]
        rows = f", even without {wording.plural(most['suspects'], 'suspect row')}" if most["suspects"] else ""
        text = (
            f"In {wording.plural(len(hidden), 'pair')} of classes, overlap is too strong to tell a wrong label from it: "
            f"{wording.quoted(most['class'])} and {wording.quoted(most['other class'])} are mixed to "
            f"{wording.share(most['mixing without them'])} of what shuffled labels would show{rows}."
        )
        findings.append(Finding("fine", text))
    return tuple(findings)


def _finding(row: NamedTuple) -> Finding:
    severity = "issue" if row.low > NOTABLE and row.named >= ENOUGH else "caution"
    expected = "fewer than one" if row.null < 1 else f"about {wording.count(row.null)}"
    looks, them = ("looks", "it") if row.named == 1 else ("look", "them")
    text = (
        f"{wording.of(row.named, row.n_samples)} of class {wording.quoted(row[1])} {looks} mislabelled: model and nearest "
        f"rows place {them} with another class, where overlap would put {expected}. "
        f"Review {them}; do not delete {them} unseen."
    )
    if row.capped:
        looks = "looks" if row.capped == 1 else "look"
        more = wording.plural(row.capped, "more row")
        text += f" {more} {looks} so too, above the cap of {wording.count(row.cap)}; the excess is likely overlap."
    return Finding(severity, text)


def draw(result: Result) -> dict[str, go.Figure]:
    """One bar per class: rows named, with the right labels expected among them."""
    if not (result.tables and result.tables["classes"]["named"].any()):
        return {}
    title, caption = "Labels to review", "Rows of each class to review; the mark shows how many are likely right."
    table = result.tables["classes"].drop(columns=["low", "high"])
    axes = {"x_title": "rows", "y_title": "given label", "caption": caption}
    return {title: charts.bars(table, "named", "class", title=title, null="null", **axes)}


def sick(random_state: int = 0) -> Dataset:
    """A tenth of the rare class, and as many rows of the common one, carry the other label."""
    return synthetic.planted("label_noise", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """The same classes with every label right."""
    return synthetic.planted("clean", random_state=random_state)
