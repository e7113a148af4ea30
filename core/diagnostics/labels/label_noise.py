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
from core.label_quality import APART, FEWEST, LabelQuality, label_quality, nearest_labels
from core.numerics.confident import confident_counts, surest
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Label noise", "Which labels are probably wrong?", maturity="emerging", cost="seconds", names=("label_noise",)
)

CONFIDENT_CAP = 0.1
"""Largest share of a class that confident learning may count."""

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
    ``4 e (1 − e)`` with the balanced error e of ``log q_a / q_b``, as in the check of class overlap. That the model takes the
    place of a threshold is our inference, hence emerging. Beside it stands the published method, confident learning:
    ``t_j`` is the mean of p_j over the rows labelled j, and a row is counted for another class whose p reaches its t. Where
    classes overlap it counts up to a third of a rare class whose labels are all right (33 of 100 rows among 9,900, with clouds 1.8
    standard deviations apart), so it names nothing here: it is a second opinion on each row.

    How it is detected
    ------------------
    A row is a suspect when the model and its nearest rows both place it with another class, with class frequencies removed,
    and its probability of a wrong label is at least ``confidence``. Suspects are named where exchanged labels explain the
    rows of the two classes better than overlap alone: both κ add 12 to twice the log-likelihood, plus twice the logarithm of
    the number of pairs of classes. They are not named where the two classes, with the suspects set aside, are still mixed to
    more than 0.36 of what shuffled labels would show: there overlap is too strong to tell a wrong label from it. The null is
    the number of right labels to be expected among the named rows; 5 rows, and 2 % of a class at the low end of the
    interval, are an issue, less is a caution.

    Why it matters
    --------------
    In a rare class a few wrong labels are a large share: they teach the model the wrong thing and spoil its test.

    What to do
    ----------
    Look at the rows in the review queue and ask whoever labelled them. Do not delete them unseen: a rare but right row
    looks the same. A contradiction with the true world that no column shows cannot be found here. Rows that equal a row of
    another class stand in the queue too, but are judged by the check of duplicate rows.

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
        cap (most rows that may be named), capped (rows that the cap leaves out), confident (rows that confident learning counts
        for another class, at most 10 % of a class), confident_capped (the least sure ones that this cap leaves out), confirmed
        (named rows that confident learning counts too). ``review``: one line per row to look at, the surest first: row (1 is the
        first row with a label), kind (suspect, or contradiction: a row outvoted by equal rows or tied with them), given label,
        likely label, margin (balanced probability of the likely minus the given label), wrong (probability that the label is
        wrong; of a contradiction, the share of equal rows with another label), confirmed, reason. ``pairs``: class,
        other class, distance (d′), labelled as class, labelled as other (the two κ), evidence, suspects, mixing without them.

    References
    ----------
    Northcutt, Jiang and Chuang (2021), Journal of Artificial Intelligence Research 70 (confident learning). Scott,
    Blanchard and Handy (2013), COLT (mutual contamination). Dorfman and Alf (1969), Journal of Mathematical Psychology 6.
    """
    study = study.judged
    if study.class_sizes[1] <= FEWEST:
        text = f"The second largest class has {wording.plural(study.class_sizes[1], 'row')}; more than {FEWEST} are needed."
        raise NotApplicable(text)
    quality = label_quality(study, confidence, k)
    cap = np.floor(max_share * study.class_sizes).astype(int)
    named = surest(study.codes, quality.suspect, quality.error_probability, cap)
    counted, kept = _confident(study)
    outvoted, likely, share = _outvoted(study, quality)
    listed = surest(study.codes, outvoted, share, cap)
    parts = [
        _review(study, quality, counted, "suspect", named, quality.likely, quality.error_probability),
        _review(study, quality, counted, "contradiction", listed, likely, share),
    ]
    parts[0]["reason"] = _reasons(study, quality, parts[0], k)
    parts[1]["reason"] = _equal_reasons(study, quality.group, np.flatnonzero(listed))
    review = pd.concat(parts).sort_values(["wrong", "row"], ascending=[False, True]).reset_index(drop=True)
    review["row"] = study.place[review["row"].to_numpy(dtype=int) - 1] + 1
    classes = _classes(study, quality, named, cap).assign(
        confident=_per_class(study, kept),
        confident_capped=_per_class(study, counted & ~kept),
        confirmed=_per_class(study, named & counted),
    )
    findings = [*_findings(classes, quality.pairs, len(study.codes)), *_second_opinion(classes)]
    findings += _contradictions(outvoted, listed)
    return Result({"classes": classes, "review": review, "pairs": quality.pairs}, tuple(findings))


def _confident(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Rows that confident learning counts for another class, and those of them that its cap keeps."""
    proba, codes = study.out_of_fold(), study.codes
    guess = confident_counts(proba, codes).guess
    counted = (guess >= 0) & (guess != codes)
    sureness = proba[np.arange(len(codes)), guess] - proba[np.arange(len(codes)), codes]
    return counted, surest(codes, counted, sureness, np.floor(CONFIDENT_CAP * study.class_sizes))


def _outvoted(study: Study, quality: LabelQuality) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows whose label has no majority among equal rows, the largest other class there, and the share of other labels."""
    rows = np.flatnonzero(quality.contradicted)
    outvoted, likely, share = np.zeros(len(study.codes), dtype=bool), study.codes.copy(), np.zeros(len(study.codes))
    group = np.unique(quality.group[rows], return_inverse=True)[1]
    counts = np.zeros((group.max(initial=-1) + 1, len(study.classes)))
    np.add.at(counts, (group, study.codes[rows]), 1)
    own, total = counts[group, study.codes[rows]], counts.sum(axis=1)[group]
    others = counts[group]
    others[np.arange(len(rows)), study.codes[rows]] = 0
    outvoted[rows], likely[rows], share[rows] = (
        own <= others.max(axis=1, initial=0),
        others.argmax(axis=1),
        1 - own / total,
    )
    return outvoted, likely, share


def _review(
    study: Study,
    quality: LabelQuality,
    counted: np.ndarray,
    kind: str,
    chosen: np.ndarray,
    likely: np.ndarray,
    wrong: np.ndarray,
) -> pd.DataFrame:
    rows = np.flatnonzero(chosen)
    labels, given = np.array(study.classes, dtype=object), study.codes[rows]
    margin = quality.balanced[rows, likely[rows]] - quality.balanced[rows, given]
    table = {"row": rows + 1, "kind": kind, "given label": labels[given], "likely label": labels[likely[rows]]}
    return pd.DataFrame(table | {"margin": margin, "wrong": wrong[rows], "confirmed": counted[rows]})


def _reasons(study: Study, quality: LabelQuality, review: pd.DataFrame, k: int) -> list[str]:
    """Why each suspect is one: its nearest rows, the model, and confident learning."""
    rows = review["row"].to_numpy() - 1
    near = nearest_labels(study, rows, k) == quality.likely[rows][:, None]
    total = min(k, len(study.codes) - 1)
    own = quality.balanced[rows, study.codes[rows]]
    reasons = []
    for count, label, probability, confirmed in zip(
        near[:, : k + 1].sum(axis=1), review["likely label"], own, review["confirmed"], strict=True
    ):
        text = f"{min(count, total)} of its {total} nearest rows are {wording.quoted(label)}; "
        text += f"with class sizes made equal, the model gives its label {wording.share(probability)}"
        reasons.append(text + (", and confident learning agrees." if confirmed else "."))
    return reasons


def _equal_reasons(study: Study, group: np.ndarray, rows: np.ndarray) -> list[str]:
    """What the labels of the rows are that equal a row."""
    among = np.isin(group, group[rows])
    words: dict[int, list[str]] = {}
    for (g, c), n in pd.Series(study.codes[among]).groupby([group[among], study.codes[among]]).size().items():
        words.setdefault(g, []).append(f"{wording.count(n)} of class {wording.quoted(study.classes[c])}")
    return [f"Equal rows have different labels: {', '.join(words[g][:5])}." for g in group[rows]]


def _per_class(study: Study, chosen: np.ndarray) -> np.ndarray:
    return np.bincount(study.codes[chosen], minlength=len(study.classes))


def _classes(study: Study, quality: LabelQuality, named: np.ndarray, cap: np.ndarray) -> pd.DataFrame:
    sizes, rows = study.class_sizes, _per_class(study, named)
    null = np.bincount(study.codes, named * (1 - quality.error_probability), minlength=len(sizes))
    low, high = proportion_interval(rows, sizes)
    table = {"class": study.classes, "n_samples": sizes, "named": rows, "share": rows / sizes, "low": low, "high": high}
    return pd.DataFrame(table | {"null": null, "cap": cap, "capped": _per_class(study, quality.suspect) - rows})


def _second_opinion(classes: pd.DataFrame) -> list[Finding]:
    counted, left, both, named = classes[["confident", "confident_capped", "confirmed", "named"]].sum()
    if not counted:
        return []
    text = (
        f"Confident learning, the second opinion, counts {wording.plural(counted, 'row')} for another class than the label; it "
        "takes much of a rare class for wrong where classes overlap, so it names nothing alone."
    )
    if left:
        text += f" {wording.plural(left, 'less sure row')} beyond {wording.share(CONFIDENT_CAP)} of a class left out."
    return [Finding("fine", text + (f" It confirms {wording.of(both, named, 'named row')}." if named else ""))]


def _contradictions(outvoted: np.ndarray, listed: np.ndarray) -> list[Finding]:
    if not outvoted.any():
        return []
    equal, left = wording.plural(outvoted.sum(), "row"), outvoted.sum() - listed.sum()
    verb = "equals" if outvoted.sum() == 1 else "equal"
    text = f"{equal} {verb} rows of another class that are as many or more; the check of duplicate rows judges them. "
    rest = f"The queue lists {wording.count(listed.sum())} of them, up to the cap of each class." if left else ""
    return [Finding("fine", (text + (rest or "The queue lists them.")).strip())]


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
    """A fifth of the rare class, and as many rows of the common one, carry the other label."""
    return synthetic.planted("label_noise", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """The same classes with every label right."""
    return synthetic.planted("clean", random_state=random_state)
