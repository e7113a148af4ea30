"""How frequent each class is where the model is used, found from rows without labels."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.errors import NotApplicable, UserError
from core.evaluation.distinguishing_words import carried
from core.evaluation.scoring import log_odds
from core.evaluation.shift_contradicted import SCORES, contradicted
from core.evaluation.shift_contradicted import findings as against_the_assumption
from core.numerics.label_shift import shares_by_confusion, shares_by_em
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

N_DRAWS, N_DRAWS_CALLS = 200, 1000
FEWEST = 10
"""Rows of a class, and rows at use, below which nothing is estimated."""

TAIL = 0.025
TABLE, EM, CALLS = "in the table", "by probabilities (EM)", "by calls (BBSE)"


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows with and without labels, scored by the same models.

    Parameters
    ----------
    place : ndarray of int (n_samples,)
        Positions of the rows with labels in the whole study.
    kept : ndarray of int (n_kept,)
        Codes of the classes that are estimated.
    codes : ndarray of int (n_samples,)
        Positions in ``kept`` of the rows with labels.
    proba, new : ndarray (n_samples, n_kept) and (n_new, n_kept)
    sizes : ndarray (n_kept,)
        Rows of the table.
    stands : ndarray (n_kept,)
        How many of them a row in hand stands for.
    """

    place: np.ndarray
    kept: np.ndarray
    codes: np.ndarray
    proba: np.ndarray
    new: np.ndarray
    sizes: np.ndarray
    stands: np.ndarray

    @property
    def prior(self) -> np.ndarray:
        """The shares in the table (n_kept,)."""
        return self.sizes / self.sizes.sum()

    def called(self, proba: np.ndarray) -> np.ndarray:
        """The class whose probability is highest over its share, so that a rare one is called too."""
        return (proba / self.prior).argmax(axis=1)


def prior_at_use(study: Study, X: pd.DataFrame, *, recipe: Recipe | None = None) -> Result:
    """Estimate the class shares of rows without labels, if only the shares have changed.

    Two ways, which take the same for granted: rows within a class look as they do in the table. "By probabilities" seeks the shares
    under which the new rows are most likely, with probabilities calibrated out of fold; take this one. "By calls" solves for the shares that
    explain how often each class is called, given how often it is called rightly and wrongly out of fold; it is wider and asks less of the
    probabilities. Each new row is scored by one of the models of the folds, drawn at random, so that both sides are scored alike.

    Parameters
    ----------
    study : Study
        Not changed.
    X : pandas.DataFrame (n_new, n_features)
        Rows at use, in the form of ``study.dataset.X``, such as ``study.dataset.test.X``.
    recipe : Recipe or None
        What the scores come from; doing nothing when left out. A threshold is left out.

    Returns
    -------
    Result
        ``shares``: class, method ("in the table", "by probabilities (EM)", "by calls (BBSE)"), share, low, high (rows drawn anew on both sides).
        ``changes``: class, method, difference (of the share at use and that in the table), low, high, odds_factor (by which the odds of the
        class against all others change, of a single row only with two classes).
        ``calls``: class, called, share (of the rows of the class that are called so, out of fold); the last class stands for the rows at use.
        ``assumption``: looked_at, column, n_bins, statistic, df, p, p_holm, distance, chance, contradicted, see ``core.evaluation.shift_contradicted``.
        Classes with fewer than ten rows are left out.

    Raises
    ------
    NotApplicable
        The class of interest or the rows at use are fewer than ten, or the calls do not tell the classes apart.
    UserError
        A column is missing.

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), Neural Computation 14. Lipton, Wang and Smola (2018), ICML. Alexandari, Kundaje and Shrikumar (2020), ICML.
    Calling by probability over share is our choice.
    """
    start, study = time.perf_counter(), study.whole
    recipe = (recipe or Recipe()).without("decision")
    _check(study, X)
    scored, rng = _scored(study, recipe, X), np.random.default_rng(study.random_state)
    n_classes, called = len(scored.kept), [scored.called(proba) for proba in (scored.proba, scored.new)]
    by_calls, drawn, determinant = shares_by_confusion(
        called[0], scored.codes, called[1], n_classes, N_DRAWS_CALLS, rng
    )
    if (
        n_classes < 2
        or np.quantile(determinant, TAIL) <= 0 <= np.quantile(determinant, 1 - TAIL)
        or np.isnan(by_calls).any()
    ):
        raise NotApplicable(
            f"Out of fold, the calls do not tell the classes {wording.listing(study.classes[c] for c in scored.kept)} apart, so how often each is "
            "called at use says nothing about how frequent it is. Leave a class out, or find columns that tell them apart."
        )
    by_em, em_draws = shares_by_em(scored.proba, scored.codes, scored.stands, scored.new, N_DRAWS, rng)
    base = rng.dirichlet(np.bincount(scored.codes, minlength=n_classes) + 0.5, size=N_DRAWS_CALLS) * scored.stands
    found = {
        TABLE: (scored.prior, base / base.sum(axis=1, keepdims=True)),
        EM: (by_em, em_draws),
        CALLS: (by_calls, drawn),
    }
    tables = _tables(study, scored, found) | {"calls": _calls(study, scored, *called)}
    tables["assumption"] = _assumption(study, scored, X, by_em, em_draws)
    stamp = provenance("prior_at_use", {"recipe": recipe.text, "n_rows": len(X)}, study, time.perf_counter() - start)
    return Result(tables, _findings(study, tables, len(X)), stamp)


def told(study: Study, X: pd.DataFrame) -> Result:
    """The same, with a sentence where nothing can be estimated."""
    try:
        return prior_at_use(study, X)
    except NotApplicable as reason:
        stamp = provenance("prior_at_use", {"n_rows": len(X)}, study, 0.0)
        return Result({}, (Finding("not applicable", str(reason)),), stamp)


def share_to_take(study: Study, result: Result) -> float:
    """The estimated share of the class of interest; NaN where there is none, or where it is contradicted."""
    if "shares" not in result.tables:
        return np.nan
    shares, assumption = result.tables["shares"].set_index(["class", "method"]), result.tables["assumption"]
    own, calls = (shares.loc[(study.positive, method)] for method in (EM, CALLS))
    if _apart(own, calls) or _scores_contradict(assumption):
        return np.nan
    return float(own["share"])


def draw(result: Result) -> dict[str, go.Figure]:
    """The shares in the table and at use."""
    title = "Class shares in the table and at use"
    caption = "The shares at use hold if only the shares have changed, and rows within a class look as before. 95 % intervals."
    axes = {"x_title": "share of the rows", "y_title": "class", "caption": caption}
    return {title: charts.intervals(result.tables["shares"], "share", "class", by="method", title=title, **axes)}


def _check(study: Study, X: pd.DataFrame) -> None:
    missing = [name for name in study.dataset.X.columns if name not in X.columns]
    if missing:
        raise UserError(f"The rows at use lack {wording.listing(missing)}.", "Give both files the same column names.")
    n_own = int(study.judged.class_sizes[study.judged.positive_code])
    if n_own < FEWEST:
        label = wording.quoted(study.positive)
        raise NotApplicable(
            f"{label} has {wording.plural(n_own, 'row')}; below {FEWEST}, no share at use is estimated."
        )
    if len(X) < FEWEST:
        raise NotApplicable(f"There are {wording.plural(len(X), 'row')} at use; below {FEWEST}, no share is estimated.")


def _scored(study: Study, recipe: Recipe, X: pd.DataFrame) -> Scored:
    whole, judged = study.whole, study.judged
    proba, new = (np.zeros((n, len(whole.classes))) for n in (len(whole.codes), len(X)))
    X, turns = X[whole.dataset.X.columns], np.random.default_rng(whole.random_state).permutation(len(X)) % whole.n_folds
    folds = whole.folds[: whole.n_folds]
    for f, (train, test) in enumerate(folds):
        fitted, own = whole.fitted(recipe, train), np.flatnonzero(turns % len(folds) == f)
        for target, rows, frame in ((proba, test, whole.dataset.X.iloc[test]), (new, own, X.iloc[own])):
            target[np.ix_(rows, fitted.classes_)] = fitted.predict_proba(frame)
    kept = np.array([whole.classes.index(label) for label in judged.classes])[judged.class_sizes >= FEWEST]
    kept.sort()
    codes = whole.codes[judged.place]
    ours = np.isin(codes, kept)
    shares = [_among(p[:, kept]) for p in (proba[judged.place][ours], new)]
    sizes, codes = whole.table_sizes[kept], np.searchsorted(kept, codes[ours])
    return Scored(judged.place[ours], kept, codes, *shares, sizes, whole.standing[kept])


def _among(proba: np.ndarray) -> np.ndarray:
    """Scaled to sum 1 after classes were left out."""
    proba = np.maximum(proba, 1e-12)
    return proba / proba.sum(axis=1, keepdims=True)


def _tables(study: Study, scored: Scored, found: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, pd.DataFrame]:
    base, base_draws = found[TABLE]
    rng, none = np.random.default_rng(study.random_state), 1 - TAIL ** (1 / len(scored.new))
    shares, changes = [], []
    for method, (share, draws) in found.items():
        low, high = np.quantile(draws, [TAIL, 1 - TAIL], axis=0)
        if method != TABLE:
            low, high = np.minimum(low, 1 - none), np.maximum(high, none)
            moved = draws - base_draws[rng.integers(len(base_draws), size=len(draws))]
            ends = np.quantile(moved, [TAIL, 1 - TAIL], axis=0)
            with np.errstate(divide="ignore"):
                factor = share / (1 - share) * (1 - base) / base
            changes += zip(scored.kept, [method] * len(share), share - base, *ends, factor, strict=True)
        shares += zip(scored.kept, [method] * len(share), share, low, high, strict=True)
    tables = {
        "shares": pd.DataFrame(shares, columns=["class", "method", "share", "low", "high"]),
        "changes": pd.DataFrame(changes, columns=["class", "method", "difference", "low", "high", "odds_factor"]),
    }
    for table in tables.values():
        table["class"] = [study.classes[c] for c in table["class"]]
    return tables


def _calls(study: Study, scored: Scored, called: np.ndarray, at_use: np.ndarray) -> pd.DataFrame:
    labels, n = [study.classes[c] for c in scored.kept], len(scored.kept)
    groups = {label: called[scored.codes == i] for i, label in enumerate(labels)} | {"rows at use": at_use}
    rows = [
        (name, label, float(share))
        for name, own in groups.items()
        for label, share in zip(labels, np.bincount(own, minlength=n) / len(own), strict=True)
    ]
    return pd.DataFrame(rows, columns=["class", "called", "share"])


def _assumption(study: Study, scored: Scored, X: pd.DataFrame, share: np.ndarray, draws: np.ndarray) -> pd.DataFrame:
    own = int(np.flatnonzero(scored.kept == study.classes.index(study.positive))[0])
    odds = [log_odds(proba[:, own]) for proba in (scored.proba, scored.new)]
    known = study.dataset.X.iloc[scored.place]
    return contradicted(known, scored.codes, X[study.dataset.X.columns], odds, share, draws)


def _scores_contradict(assumption: pd.DataFrame) -> bool:
    return bool(assumption.loc[assumption["looked_at"] == SCORES, "contradicted"].any())


def _apart(own: pd.Series, calls: pd.Series) -> bool:
    return bool(calls["low"] > own["high"] or own["low"] > calls["high"])


def _findings(study: Study, tables: dict[str, pd.DataFrame], n_new: int) -> tuple[Finding, ...]:
    shares, changes = (tables[name].set_index(["class", "method"]) for name in ("shares", "changes"))
    own, calls, base = (shares.loc[(study.positive, method)] for method in (EM, CALLS, TABLE))
    change, label = changes.loc[(study.positive, EM)], wording.quoted(study.positive)
    moved, apart = change["low"] > 0 or change["high"] < 0, _apart(own, calls)
    doubted = apart or _scores_contradict(tables["assumption"])
    text = (
        f"Of {wording.plural(n_new, 'row')} at use, {label} {'would make' if doubted else 'makes'} up {wording.share(own['share'])} (interval {wording.share(own['low'])} to "
        f"{wording.share(own['high'])}), against {wording.share(base['share'])} in the table"
    )
    if doubted:
        text += ", if only the class shares had changed. The rows contradict that, so this number does not hold."
    elif moved:
        word = "low" if change["difference"] > 0 else "high"
        text += f". Probabilities learned from the table are too {word} there: multiply the odds by {wording.number(change['odds_factor'])}, or move the threshold as much."
    else:
        text += f"; the difference may be chance (interval {wording.change(change['low'])} to {wording.change(change['high'])})."
    between = (
        f"{wording.share(calls['share'])} (interval {wording.share(calls['low'])} to {wording.share(calls['high'])})"
    )
    more = f"Counting calls gives {between}, which does not agree: more than the class shares has changed, and neither number holds." if apart else (
        f"Counting calls gives {between}, which agrees. Both hold only if rows of each class look as they do in the table."
    )  # fmt: skip
    left = [str(name) for name in study.classes if name not in set(tables["shares"]["class"])]
    findings = [Finding("caution" if moved or doubted else "fine", text), Finding("caution" if apart else "fine", more)]
    findings += against_the_assumption(tables["assumption"], n_new)
    rests = f"This rests on {carried(study, study.n_folds)}, and on rows drawn anew on both sides."
    findings.append(Finding("fine", rests))
    if left:
        told_left = f"{wording.listing(left)} {'has' if len(left) == 1 else 'have'} fewer than {FEWEST} rows and {'is' if len(left) == 1 else 'are'} left out."
        findings.append(Finding("caution", told_left))
    return tuple(findings)
