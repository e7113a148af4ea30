"""Rows of the other classes that look like the class of interest."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.judge import proportion_interval
from core.label_quality import APART, EVIDENCE, label_quality, nearest_labels
from core.numerics.contamination import Contamination, contamination, normal_scores
from core.numerics.mixing import overlap_of_scores
from core.params import Range
from core.recipe import Recipe
from core.registry import About
from core.result import Finding, Result
from core.study import Study
from core.validation import folds

ABOUT = About(
    "Hidden positives",
    "Which rows of the other classes look like the class of interest?",
    maturity="emerging",
    cost="seconds",
    names=("hidden_positives",),
)

FEWEST = 20
"""Rows of the class of interest, and of the others, that are needed."""

PROBES, FEWEST_PROBES = 0.1, 10
"""Share of the class of interest whose label is changed in the training copies; 10 rows where that is at most an eighth of it."""

N_REPEATS, N_PARTS, LARGEST_FIT = 4, 2, 1500
"""Repeats, parts of each repeat, and rows that one model is fitted to."""

K = 10
"""Which nearest row of each class gives the distance to it."""

NOTABLE, ENOUGH = 0.005, 3
"""An issue needs this many rows, as a share of the class of interest at the low end of its interval, and in all."""


class Audit(NamedTuple):
    """Hardness and the model fitted to it; ``others`` are the rows that may be flagged."""

    score: np.ndarray
    hardness: np.ndarray
    wrong: np.ndarray
    probes: np.ndarray
    others: np.ndarray
    fit: Contamination


def hidden_positives(
    study: Study,
    *,
    false_alarms: Annotated[float, Range(0.001, 0.05, 0.001)] = 0.005,
    confidence: Annotated[float, Range(0.5, 0.99, 0.01)] = 0.7,
) -> Result:
    """Rows with another label that are as hard to believe as rows of the class of interest whose label was changed on purpose.

    Probes are known rows of the class of interest, about a tenth of it, that count as other rows in the training copies.
    With p the probability of the class of interest from models that did not see the row, its loss under another label is
    ``−log(1 − p)``; stable hardness is the mean of the loss over 4 repeats minus its standard deviation. The score of a row
    is the sum of two rank scores: hardness, and ``log r_other / r_own``, the distance to the 10th nearest row of the most
    frequent other class over that to the class of interest. On the score stands the model of the check of label noise,
    ``P(score | other label) = (1 − κ) N(−d′/2, 1) + κ N(d′/2, 1)``. Stable hardness, probes and an asymmetric threshold are
    published only in words: the formulas here are our inference, hence emerging.

    How it is detected
    ------------------
    Only rows with another label are flagged: those above a threshold. It is the lowest score at which the row itself is
    hidden with probability ``confidence`` and at most ``false_alarms`` of the ordinary rows are flagged. The share of the
    probes found says how many hidden rows this audit finds, if they are like known ones. Nothing is named unless κ adds 12 to twice the log-likelihood of a
    model with overlap and wrong labels of the class of interest alone, and unless the check of label noise, which is trained on the
    labels as they are, sees more than overlap between the two classes as well. At least half of the 10 nearest rows must belong to the
    class of interest; a probe counts as found on the same two terms. 3 rows that amount to 0.5 % of the class of interest, at the low end of the
    interval, are an issue, less is a caution; so is any number where a third as many rows of the class of interest look mislabelled the
    other way, for then labels are exchanged, which the check of label noise names.

    Why it matters
    --------------
    A rare class is often rare because it was overlooked. Hidden rows teach the model that the rare pattern is common, and in a test
    they count a right alarm as a false one.

    What to do
    ----------
    Ask whoever labelled them about the flagged rows, the surest first; few rows of a large class are soon read. Change a
    label only when it was checked.

    Parameters
    ----------
    false_alarms : float
        Largest share of the ordinary rows with another label that may be flagged, by the fitted model.
    confidence : float
        Smallest probability of a wrong label for a row to be flagged.

    Returns
    -------
    Result
        ``review``: one line per flagged row, the surest first: row (1 is the first row with a label), given label, hidden
        (probability that it belongs to the class of interest), hardness, reason. ``audit``: class (of interest), n_samples,
        flagged, share with low and high (flagged rows over rows of the class of interest), null (right labels expected among
        the flagged rows), probes, probes_found, found_share with found_low and found_high (of the probes), hidden_share (κ),
        evidence, mixing (without rows whose label is not believed), other_way (rows of the class of interest that look mislabelled). ``hardness``: group (probe, flagged, or ordinary: 200 of them), hardness.

    References
    ----------
    Pleiss, Zhang, Elenberg and Weinberger (2020), NeurIPS 33 (threshold samples with a known wrong label). Dorfman and Alf
    (1969), Journal of Mathematical Psychology 6. Scott, Blanchard and Handy (2013), COLT (mutual contamination).
    """
    study = study.judged
    n_own = int(study.class_sizes[study.positive_code])
    if n_own < FEWEST or len(study.codes) - n_own < FEWEST:
        side = f"Class {wording.quoted(study.positive)} has" if n_own < FEWEST else "The other classes together have"
        rows = wording.plural(min(n_own, len(study.codes) - n_own), "row")
        raise NotApplicable(f"{side} {rows}; {FEWEST} are needed.")
    audit = _audit(study)
    flagged = _flagged(audit, false_alarms, confidence)
    quality = label_quality(study)
    found = audit.score[audit.probes] >= audit.score[flagged].min(initial=np.inf)
    found[found] = _surrounded(study, audit.probes[found])
    named = flagged & (audit.fit.evidence > EVIDENCE) & (quality.error_probability > 0)
    named[named] = _surrounded(study, np.flatnonzero(named))
    mixing = _mixing(study, audit, flagged, confidence)
    other_way = int((quality.suspect & (study.codes == study.positive_code)).sum())
    table = _table(study, audit, named, found, mixing).assign(other_way=other_way)
    review = _review(study, audit, named)
    tables = {"review": review, "audit": table, "hardness": _groups(study, audit, named)}
    return Result(tables, _findings(table.iloc[0], flagged.sum()))


def _audit(study: Study) -> Audit:
    rng = np.random.default_rng(study.random_state)
    own = study.codes == study.positive_code
    rows = np.flatnonzero(own)
    n_probes = max(round(PROBES * len(rows)), min(FEWEST_PROBES, len(rows) // 8))
    probes = rng.choice(rows, n_probes, replace=False)
    loss = _losses(study, probes, rng)
    hardness = loss.mean(axis=0) - loss.std(axis=0)
    other = 0 if study.positive_code else 1
    reach = label_quality(study).distances[:, [other, study.positive_code]]
    near = np.subtract(*np.log(np.clip(np.nan_to_num(reach, nan=1e9), 1e-9, 1e9)).T)
    score = normal_scores(hardness, own) + normal_scores(near, own)
    kept = np.setdiff1d(np.arange(len(own)), probes)
    fit, wrong = contamination(score[kept], own[kept], "second"), np.zeros(len(own))
    wrong[kept] = fit.wrong
    return Audit(score, hardness, wrong, probes, ~own, fit)


def _surrounded(study: Study, rows: np.ndarray) -> np.ndarray:
    """Whether at least half of the nearest rows belong to the class of interest."""
    labels = nearest_labels(study, rows, K)
    own = (labels == study.positive_code).sum(axis=1)
    return own >= (labels >= 0).sum(axis=1) - own


def _mixing(study: Study, audit: Audit, flagged: np.ndarray, confidence: float) -> float:
    """Mixing of the class of interest with the others, without rows whose label the model does not believe."""
    kept, proba = audit.wrong < confidence, study.out_of_fold()[:, study.positive_code]
    sides = proba[kept & ~audit.others], proba[kept & audit.others & ~flagged]
    return overlap_of_scores(*sides) if all(map(len, sides)) else 1.0


def _losses(study: Study, probes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Loss (n_repeats, n_samples) of every row as if it had another label, from models that did not see it."""
    X, own = study.dataset.X, (study.codes == study.positive_code).astype(int)
    own[probes] = 0
    loss = np.zeros((N_REPEATS, len(own)))
    for repeat in range(N_REPEATS):
        part = _parts(study, own, rng)
        for left_out in range(N_PARTS):
            train, test = _sample(np.flatnonzero(part != left_out), own > 0, rng), np.flatnonzero(part == left_out)
            p = study.fitted(Recipe(), train, own).predict_proba(X.iloc[test])[:, 1]
            loss[repeat, test] = -np.log1p(-np.clip(p, 1e-6, 1 - 1e-6))
    return loss


def _parts(study: Study, own: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The part of each row; rows that are kept together stand in the same part."""
    part, groups = np.empty(len(own), dtype=int), study.dataset.group_codes
    if groups is not None:
        for i, (_, rows) in enumerate(
            folds(own, n_folds=N_PARTS, random_state=int(rng.integers(2**31)), groups=groups)
        ):
            part[rows] = i
        return part
    order = rng.permutation(len(own))
    part[order[np.argsort(own[order], kind="stable")]] = np.arange(len(own)) % N_PARTS
    return part


def _sample(rows: np.ndarray, own: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All rows, or those of the class of interest and as many of the others as one fit may hold, at least as many again."""
    rare, rest = rows[own[rows]], rows[~own[rows]]
    rare = rare if len(rare) <= LARGEST_FIT // 2 else rng.choice(rare, LARGEST_FIT // 2, replace=False)
    room = LARGEST_FIT - len(rare)
    rest = rest if len(rest) <= room else rng.choice(rest, room, replace=False)
    return np.sort(np.concatenate([rare, rest]))


def _flagged(audit: Audit, false_alarms: float, confidence: float) -> np.ndarray:
    order = np.flatnonzero(audit.others)
    order = order[np.argsort(-audit.score[order], kind="stable")]
    alarms = np.cumsum(1 - audit.wrong[order]) / len(order)
    passed = (audit.wrong[order] >= confidence) & (alarms <= false_alarms)
    flagged = np.zeros(len(audit.score), dtype=bool)
    flagged[order[passed]] = True
    return flagged


def _table(study: Study, audit: Audit, named: np.ndarray, found: np.ndarray, mixing: float) -> pd.DataFrame:
    n_own, n = int(study.class_sizes[study.positive_code]), int(named.sum())
    low, high = (float(value) for value in proportion_interval(min(n, n_own), n_own))
    ends = (float(value) for value in proportion_interval(found.sum(), len(found)))
    record = {"class": study.positive, "n_samples": n_own, "flagged": n, "share": n / n_own, "low": low}
    record |= {"high": max(high, n / n_own)}
    record |= {"null": float((1 - audit.wrong[named]).sum()), "probes": len(found), "probes_found": int(found.sum())}
    record |= {"found_share": found.mean()} | dict(zip(("found_low", "found_high"), ends, strict=True))
    record |= {"hidden_share": audit.fit.shares[1], "evidence": audit.fit.evidence, "mixing": mixing}
    return pd.DataFrame([record])


def _review(study: Study, audit: Audit, named: np.ndarray) -> pd.DataFrame:
    rows = np.flatnonzero(named)
    rows = rows[np.lexsort((rows, -audit.score[rows]))]
    total = min(K, len(study.codes) - 1)
    near = (nearest_labels(study, rows, K) == study.positive_code).sum(axis=1)
    among = np.sort(audit.hardness[audit.probes])
    harder = np.searchsorted(among, audit.hardness[rows], side="right")
    text = "{} of its {} nearest rows are {}; its label is as hard to believe as that of {} of {} probes."
    name = wording.quoted(study.positive)
    reasons = [text.format(n, total, name, h, len(among)) for n, h in zip(near, harder, strict=True)]
    table = {"row": study.place[rows] + 1, "given label": np.array(study.classes, dtype=object)[study.codes[rows]]}
    return pd.DataFrame(table | {"hidden": audit.wrong[rows], "hardness": audit.hardness[rows], "reason": reasons})


def _groups(study: Study, audit: Audit, named: np.ndarray) -> pd.DataFrame:
    """Hardness of probes, flagged rows and at most 200 others, evenly spread over their ranks."""
    ordinary = np.sort(audit.hardness[audit.others & ~named])
    ordinary = ordinary[np.unique(np.linspace(0, len(ordinary) - 1, 200).astype(int))] if len(ordinary) else ordinary
    sides = np.sort(audit.hardness[audit.probes]), np.sort(audit.hardness[named])
    parts = zip(("ordinary", "probe", "flagged"), (ordinary, *sides), strict=True)
    return pd.concat([pd.DataFrame({"group": name, "hardness": x}) for name, x in parts], ignore_index=True)


def _findings(row: pd.Series, n_flagged: int) -> tuple[Finding, ...]:
    name, n = wording.quoted(row["class"]), int(row["flagged"])
    probes = (
        f"{wording.count(row['probes_found'])} of {wording.plural(row['probes'], 'probe')}, known rows of the class under a "
        "false label, stand out in the same way"
    )
    if n:
        one_way = 3 * row["other_way"] < n
        severity = "issue" if n >= ENOUGH and row["low"] > NOTABLE and one_way else "caution"
        verb, expected = ("looks", "It is") if n == 1 else ("look", "They are")
        right = "fewer than one" if row["null"] < 1 else f"about {wording.count(row['null'])}"
        text = (
            f"{wording.plural(n, 'row')} with another label {verb} like class {name}, which has "
            f"{wording.plural(row['n_samples'], 'row')}. {expected} hard to explain by overlap, which would put {right} there. "
            f"{probes}, so of hidden rows like them the audit finds {wording.share(row['found_low'])} to {wording.share(row['found_high'])}."
        )
        if not one_way:
            text += f" {wording.plural(row['other_way'], 'row')} of the class look mislabelled the other way: labels are exchanged."
        return (Finding(severity, text),)
    if row["mixing"] > APART:
        text = (
            f"No row is flagged: class {name} and the others are mixed to {wording.share(row['mixing'])} of what shuffled labels "
            "would show, so a hidden row cannot be told from overlap."
        )
        return (Finding("fine", text),)
    text = f"No row with another label looks like class {name} beyond what overlap explains."
    return (Finding("fine", text + (f" {wording.plural(n_flagged, 'row')} came close." if n_flagged else "")),)


def draw(result: Result) -> dict[str, go.Figure]:
    """Hardness of ordinary rows, probes and flagged rows."""
    if not result.tables:
        return {}
    title = "Hardness of a label"
    caption = "How hard it is to believe that rows do not belong to the class of interest."
    axes = {"x_title": "stable hardness (loss)", "y_title": "group", "caption": caption}
    return {title: charts.strips(result.tables["hardness"], "hardness", "group", by="group", title=title, **axes)}


def sick(random_state: int = 0) -> Dataset:
    """Rows from the rare cloud carry the common label: a quarter as many as the rare class."""
    return synthetic.planted("hidden_positives", class_sizes=(1800, 200), random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """The same classes with every label right."""
    return synthetic.planted("clean", class_sizes=(1800, 200), random_state=random_state)
