"""The attack itself: rows are made, and records are looked for in them and in nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.errors import NotApplicable
from core.evaluation.made_rows import Sampled, sampled
from core.evaluation.record_graphs import UNTRIED, fractional, lines_needed, revealed
from core.evaluation.verdict import IMPORTED
from core.judge import proportion_interval
from core.numerics.exposure import POINTS
from core.numerics.reconstruction import TOLERANCE, between_others, reconstruct, standardised
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

MOST_ROWS, FEWEST_RECORDS, MOST_CLASSES = 2_000, 12, 3
"""Made rows of a class that are attacked; records that are left when a class is thinned to that end; classes."""

UNEVEN = 2
"""How many times more rows than the average record one may start, with samplers other than SMOTE."""

SAME = 1e-5
"""How near a found point must lie to a record to be that record, in standard deviations; ten times the change for a tolerant attacker."""

SHOWN = 1e-4
CHANGES = (("rounded", 1e-6), ("rounded", SHOWN), ("rounded", 1e-2), ("jitter", SHOWN))
"""What is done to made rows before they are handed on, and how coarsely, in standard deviations of each column."""

MIXED = "records and made rows mixed"
STOPS = "Rounding or jitter stops an attack only as far as it hides the lines. It is no guarantee of privacy: the rows lie where they lay."


@dataclass(frozen=True, eq=False)
class Target:
    """One class under attack: its records, all rows of the table, the rows made, in the columns that show lines, and what was forecast."""

    code: int
    rows: np.ndarray
    records: np.ndarray
    table: np.ndarray
    made: np.ndarray
    n_near: int
    lines: int
    forecast: np.ndarray | None


def attack(study: Study, recipe: Recipe, *, max_rows: int = MOST_ROWS, changes: bool = True) -> Result:
    """Make rows, and compute records from these rows alone.

    Three made rows on a straight line show it; three lines that meet show a record (ReconSMOTE). A second attack is given records and made rows
    mixed together and takes for made what lies between two others on a line (DistinSMOTE). A third is content with two lines. When more than
    ``max_rows`` rows would be made of a class, all classes are thinned at random by one factor, which keeps the ratio.

    Why it matters
    --------------
    It shows on this table what the forecast says: what is found is not near a record, it is the record.

    What to do
    ----------
    Hand on the model, not the rows.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
        One that makes rows.
    max_rows : int
    changes : bool
        Whether made rows are attacked after rounding and jitter, too.

    Returns
    -------
    Result
        ``attacks``: class, attack, n_records, n_made, n_columns, n_found, precision (found points that are rows of the table), precision_low, precision_high, recall, low, high, forecast (of
        the recall; NaN where there is none). Intervals are exact for shares of what was found and of the records.
        ``changes`` (of the first class, when asked for): class, change, size (standard deviations), attacker ("exact" or "tolerant"), n_found, precision, recall, low, high.
        ``records``: class, row, forecast, found.

    References
    ----------
    "SMOTE and Mirrors" (ReconSMOTE and DistinSMOTE), re-derived.
    """
    start = time.perf_counter()
    try:
        tables, findings = _attacked(study, recipe, max_rows, changes)
    except NotApplicable as reason:
        tables, findings = {}, (Finding("not applicable", str(reason)),)
    stamp = provenance("attack", {"recipe": recipe.text, "max_rows": max_rows}, study, time.perf_counter() - start)
    return Result(tables, findings, stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """What each attack finds, and what changes to the made rows do to it."""
    if not result.tables:
        return {}
    title, first = "Records found in the made rows", result.tables["attacks"]
    caption = "Share of the records of a class that were computed from made rows, with an exact 95 % interval."
    axes = {"x_title": "share of records found", "y_title": "attack"}
    figures = {title: charts.intervals(first, "recall", "attack", by="class", title=title, caption=caption, **axes)}
    if "changes" not in result.tables:
        return figures
    changes, title = result.tables["changes"], "Records found after a change to the made rows"
    caption = "An exact attacker expects lines to be straight to the last digit, a tolerant one allows for the change. Finding none is no guarantee."
    axes = {"x_title": "share of records found", "y_title": "change, in standard deviations"}
    chosen = changes[changes["class"] == changes["class"].iloc[0]]
    figures[title] = charts.intervals(chosen, "recall", "change", by="attacker", title=title, caption=caption, **axes)
    return figures


def _attacked(
    study: Study, recipe: Recipe, max_rows: int, change: bool
) -> tuple[dict[str, pd.DataFrame], tuple[Finding, ...]]:
    attacks, records, findings = [], [], []
    targets, thinned, reasons = _targets(study, recipe, max_rows)
    if not targets:
        raise NotApplicable(" ".join(reasons))
    for target in targets:
        name = study.classes[target.code]
        hit, scores = _scored(reconstruct(target.made, target.n_near, lines=target.lines), target, SAME)
        forecast = np.full(len(hit), np.nan) if target.forecast is None else target.forecast
        attacks.append(_row(study, target, f"made rows, {target.lines} lines", scores, float(forecast.mean())))
        if target.lines == POINTS and target.records.shape[1] > 2:
            bold = reconstruct(target.made, target.n_near, lines=2)
            attacks.append(_row(study, target, "made rows, 2 lines", _scored(bold, target, SAME)[1], np.nan))
        attacks.append(_row(study, target, MIXED, _told_apart(target), np.nan))
        records.append(pd.DataFrame({"class": name, "row": target.rows + 1, "forecast": forecast, "found": hit}))
        findings.append(_verdict(name, target, scores, float(forecast.mean())))
    tables = {"attacks": pd.DataFrame(attacks), "records": pd.concat(records, ignore_index=True)}
    findings.append(_apart(tables["attacks"].iloc[:3], targets[0]))
    if change:
        changed = [_changed(study, targets[0], *one, tolerant) for one in CHANGES for tolerant in (False, True)]
        tables["changes"] = pd.DataFrame(changed)
        findings.append(_after(tables["changes"]))
    return tables, (*findings, *(Finding("caution", text) for text in (thinned, *reasons) if text))


def _verdict(name: str, target: Target, scores: dict[str, float], forecast: float) -> Finding:
    n, right = len(target.records), round(scores["recall"] * len(target.records))
    text = f"From {wording.count(len(target.made))} made rows of {wording.quoted(name)} and nothing else, {wording.of(right, n, 'record')} were computed exactly"
    if scores["n_found"]:
        text += f"; of {wording.plural(scores['n_found'], 'point')} found, {wording.share(scores['precision'])} are rows of the table"
    if not np.isnan(forecast):
        text += f". The forecast was {wording.share(forecast)}"
    return Finding("caution", text + ".")


def _apart(attacks: pd.DataFrame, target: Target) -> Finding:
    """Whether the second attack names records better than guessing does among rows that differ."""
    row = attacks[attacks["attack"] == MIXED].iloc[0]
    guess = len(np.unique(target.records, axis=0)) / len(np.unique(np.vstack([target.records, target.made]), axis=0))
    name, right = wording.quoted(row["class"]), wording.share(row["precision"])
    if guess == 1:
        text = f"All made rows of {name} are copies: mixed with the records or not, each shows a record as it stands."
    elif row["recall"] > 0 and row["precision_low"] > guess:
        text = (
            f"Mixed with the made rows, {wording.share(row['recall'])} of the records of {name} were told from them, with a precision of {right}: in a "
            "table to which rows were added, records can be picked out."
        )
    else:
        text = f"Mixed with the made rows, records of {name} were not told from them: of {wording.plural(row['n_found'], 'row')} taken for records, "
        text += f"{right} are, and of all rows {wording.share(guess)} are."
    return Finding("caution", text)


def _after(changes: pd.DataFrame) -> Finding:
    """What rounding does, to whom, and that it guarantees nothing."""
    rounded = changes[(changes["change"] == f"rounded {SHOWN:g}")].set_index("attacker")
    exact, tolerant = (wording.share(rounded.loc[who, "recall"]) for who in ("exact", "tolerant"))
    text = (
        f"After rounding to {SHOWN:g} standard deviations, an attacker who expects exact lines finds {exact} of the records, one who allows for the "
        f"rounding {tolerant}. {STOPS}"
    )
    return Finding("caution", text)


def _targets(study: Study, recipe: Recipe, max_rows: int) -> tuple[list[Target], str, list[str]]:
    """The classes that can be attacked, a sentence where rows were left out, and the reasons for those that cannot."""
    rows, note = np.arange(study.dataset.n_samples), ""
    done = sampled(study, recipe, rows)
    sizes = np.bincount(done.codes, minlength=len(study.classes))
    if not sizes.any():
        raise NotApplicable(f"'{recipe.title}' makes no rows on this table.")
    order = sorted(np.flatnonzero(sizes), key=lambda code: (code != study.positive_code, -sizes[code]))[:MOST_CLASSES]
    share = max(max_rows / sizes[order].max(), FEWEST_RECORDS / study.class_sizes[order].min())
    if share < 1 and IMPORTED in recipe.slugs:
        done = _fewer(study, done, max_rows)
        note = f"To keep the attack short, {wording.count(max_rows)} random imported rows of each class were looked at."
    elif share < 1:
        rows = _thinned(study, share)
        done = sampled(study, recipe, rows)
        note = f"To keep the attack short, it was run on a random {wording.share(share)} of the rows of each class, at the same ratio."
    forecast, targets, reasons = _forecast(study, recipe, rows), [], []
    for code in order:
        columns = fractional(study.dataset.X, own := rows[study.codes[rows] == code])
        if len(columns) < 2:
            n = wording.plural(len(columns), "column")
            reasons.append(
                f"Of {wording.quoted(study.classes[code])}, {n} can show lines; the attack needs 2 with fractions and without gaps. {UNTRIED}"
            )
            continue
        table, made = study.dataset.X[columns].to_numpy(), done.made.loc[done.codes == code, columns].to_numpy()
        known = table[rows][~np.isnan(table[rows]).any(axis=1)]
        reach = _reach(recipe, len(own), len(made), len(columns))
        targets.append(Target(int(code), own, table[own], known, made, *reach, forecast.get(code)))
    return targets, note, reasons


def _fewer(study: Study, done: Sampled, most: int) -> Sampled:
    """At most so many imported rows of each class; real rows stay."""
    order = pd.Series(np.random.default_rng(study.random_state).permutation(len(done.codes)))
    kept = np.sort(order[order.groupby(done.codes[order]).cumcount().to_numpy() < most])
    return replace(done, made=done.made.iloc[kept].reset_index(drop=True), codes=done.codes[kept])


def _reach(recipe: Recipe, n_records: int, n_made: int, n_columns: int) -> tuple[int, int]:
    """Among how many nearest rows the attacker looks for lines, and how many lines must meet."""
    options = dict(dict(recipe.steps)[recipe.stage("sampling").slug])
    k = min(options.get("k", 5), max(n_records - 1, 1))
    uneven = 1 if recipe.stage("sampling").slug == "smote" else UNEVEN
    return int(np.ceil(2 * uneven * k * n_made / n_records)) + 1, lines_needed(k, n_columns)


def _forecast(study: Study, recipe: Recipe, rows: np.ndarray) -> dict[int, np.ndarray]:
    try:
        found = revealed(study, recipe, rows)
    except NotApplicable:
        return {}
    return {
        code: one.chance for code, one in found.items() if np.array_equal(one.rows, rows[study.codes[rows] == code])
    }


def _thinned(study: Study, share: float) -> np.ndarray:
    rng, kept = np.random.default_rng(study.random_state), []
    for code, size in enumerate(study.class_sizes):
        kept.append(rng.choice(np.flatnonzero(study.codes == code), max(round(share * size), 1), replace=False))
    return np.sort(np.concatenate(kept))


def _scored(found: np.ndarray, target: Target, same: float) -> tuple[np.ndarray, dict[str, float]]:
    """Which records were found, and precision (found points that are rows of the table) and recall with exact intervals."""
    from scipy.spatial import cKDTree

    _, middle, spread = standardised(target.records)
    known, every, points = ((part - middle) / spread for part in (target.records, target.table, found))
    hit = cKDTree(points).query(known)[0] <= same if len(points) else np.zeros(len(known), dtype=bool)
    right = int((cKDTree(every).query(points)[0] <= same).sum()) if len(points) else 0
    low, high = proportion_interval(hit.sum(), len(known))
    scores = {"n_found": len(points), "precision": right / len(points) if len(points) else np.nan}
    if len(points):
        below, above = proportion_interval(right, len(points))
    else:
        below, above = np.nan, np.nan
    scores |= {"precision_low": float(below), "precision_high": float(above)}
    return hit, scores | {"recall": float(hit.mean()), "low": float(low), "high": float(high)}


def _told_apart(target: Target) -> dict[str, float]:
    """DistinSMOTE: what of records and made rows mixed lies on no line between others, and how much of it are records."""
    both = np.unique(np.vstack([target.records, target.made]), axis=0)
    between = between_others(standardised(both)[0], int(1.25 * target.n_near))
    return _scored(both[~between], target, SAME)[1]


def _row(study: Study, target: Target, name: str, scores: dict[str, float], forecast: float) -> dict[str, object]:
    row = {"class": study.classes[target.code], "attack": name, "n_records": len(target.records)}
    row |= {"n_made": len(target.made), "n_columns": target.records.shape[1]}
    return row | scores | {"forecast": forecast}


def _changed(study: Study, target: Target, change: str, size: float, tolerant: bool) -> dict[str, object]:
    """Attack made rows that were rounded or shaken; a tolerant attacker allows for it."""
    Z, middle, spread = standardised(target.made)
    if change == "rounded":
        Z = np.round(Z / size) * size
    else:
        Z = Z + np.random.default_rng(study.random_state).normal(scale=size, size=Z.shape)
    tolerance = max(TOLERANCE, 4 * size) if tolerant else TOLERANCE
    found = reconstruct(Z * spread + middle, target.n_near, lines=target.lines, tolerance=tolerance)
    scores = _scored(found, target, max(SAME, 10 * size if tolerant else 0))[1]
    name = {"class": study.classes[target.code], "change": f"{change} {size:g}", "size": size}
    name["attacker"] = "tolerant" if tolerant else "exact"
    return name | {key: scores[key] for key in ("n_found", "precision", "recall", "low", "high")}
