"""What a sampler did: its made rows against real rows that it did not see, or the rows that it left."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, learners
from core.charts_distributions import small_multiples
from core.engine import provenance
from core.errors import NotApplicable
from core.evaluation.audited_columns import Rows, drawn, marginals
from core.evaluation.fidelity_words import AGREEMENT, SHARES, kept_findings, made_findings
from core.evaluation.made_rows import Sampled, sampled
from core.evaluation.row_audit import NAMES, fidelity_of
from core.evaluation.verdict import IMPORTED
from core.judge import difference_interval, proportion_interval
from core.learners.sampling.rules import read_rules
from core.recipe import Recipe
from core.result import Result
from core.study import Study
from core.validation import folds
from core.wording import quoted

SPLIT, FEWEST, MOST_CLASSES, MOST_KEPT = 3, 20, 3, 10_000
"""One row in so many is kept from the sampler; rows of a class that must then be there, or the whole class is shown to it; classes and kept
rows that are looked at."""

FLATTERED = (
    "Imported rows may have been made from the very rows with which they are compared here. What differs does differ; what looks alike "
    "may do so for that reason."
)


def fidelity(study: Study, recipe: Recipe, *, rules: str = "") -> Result:
    """Audit the rows that a recipe's sampler makes, or those that it leaves.

    A third of the rows is kept from the sampler, whole groups where rows belong together. The rest is sampled as inside a fold, and the made rows of
    a class are compared with its kept rows: columns (Kolmogorov–Smirnov or total variation, Holm-adjusted), pairs of columns, whole rows (two
    classifiers that try to tell made from real, cross-fitted, rows near one record in one fold), coverage and density, Fréchet distance (cells
    cut at 3 interquartile ranges from the median), gaps, copies, impossible cells, rules, and whether a model of the kept rows gives them their class as often as the rows they were made from. Each number
    stands beside what real rows give at the same sizes. Made rows count as no more than the rows they were made from; that is our inference.
    Rows that came with the table are audited in the same way, those left out whose group is kept apart.
    Of an undersampler, the rows that remain are compared with those that were taken away.

    Why it matters
    --------------
    A model learns what made rows have and real ones have not: fewer gaps, narrower columns, values that cannot be.

    What to do
    ----------
    Choose a sampler whose rows pass; compare its scores with doing nothing.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
    rules : str
        Rules as ``core.learners.sampling.rules`` reads them; those of the recipe when left out.

    Returns
    -------
    Result
        ``rows``: class, n_real, n_seen, n_unseen, n_made, n_kept. ``measures``, ``columns``, ``pairs``, ``cells``: class, and what ``fidelity_of`` returns,
        measures with *label agreement*. ``shapes``: of, column, label, from, to, place, class (made or real rows), share. Where rows were only taken
        away: ``rows`` and ``columns`` (kept rows against those taken away). ``notes``: note, what could not be done as asked. The first finding is the verdict on the class of interest.

    References
    ----------
    See ``core.evaluation.row_audit.fidelity_of``.
    """
    start = time.perf_counter()
    try:
        result = _audited(study, recipe, rules)
    except NotApplicable as reason:
        result = Result.sentence("not applicable", str(reason))
    stamp = provenance("fidelity", {"recipe": recipe.text, "rules": rules}, study, time.perf_counter() - start)
    return Result(result.tables, result.findings, stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """Shares beside what real rows give, and the columns that differ most."""
    figures = {}
    if "measures" in result.tables:
        shown = result.tables["measures"]
        shown = shown[shown["measure"].isin(SHARES) & (shown["class"] == shown["class"].iloc[0])]
        title = f"Made rows of {charts.label(quoted(shown['class'].iloc[0]))} beside real ones"
        caption = (
            "Each share of made rows with its 95 % interval; grey marks show what real rows give at the same sizes."
        )
        axes = {"x_title": "share or chance", "y_title": "measure"}
        figures[title] = charts.bars(shown, "value", "measure", null="null", title=title, caption=caption, **axes)
    if len(shapes := result.tables.get("shapes", pd.DataFrame())):
        shapes, title = shapes[shapes["of"] == shapes["of"].iloc[0]], "The columns in which made rows differ most"
        caption = "The share of made and of real rows in each bin, for the columns with the smallest p-values."
        figures[title] = small_multiples(shapes, title=title, caption=caption)
    if "measures" not in result.tables and "columns" in result.tables:
        gaps, title = (
            result.tables["columns"].dropna(subset=["distance"]).head(20),
            "Kept rows against those taken away",
        )
        caption = (
            "The largest difference between the shares of kept rows and of rows taken away, by column; 0 is alike."
        )
        axes = {"x_title": "distance of the two distributions", "y_title": "column"}
        figures[title] = charts.bars(gaps, "distance", "column", by="class", title=title, caption=caption, **axes)
    return figures


def parted(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Rows that a sampler is given, and rows that are kept from it: a third of each class that is large enough."""
    data = study.dataset
    every = np.arange(data.n_samples)
    rare = np.bincount(study.codes, minlength=len(study.classes)) < SPLIT * FEWEST
    if rare.all():
        return every, every[:0]
    groups = data.group_codes
    n_folds = SPLIT if groups is None else min(SPLIT, len(np.unique(groups[groups >= 0])) + int((groups < 0).sum()))
    if n_folds < 2:
        return every, every[:0]
    held = folds(study.codes, n_folds=n_folds, groups=groups, random_state=study.random_state)[0][1]
    apart = np.zeros(len(every), dtype=bool)
    apart[held] = ~rare[study.codes[held]]
    few = np.bincount(study.codes[apart], minlength=len(rare)) < FEWEST
    apart &= ~few[study.codes]
    return np.flatnonzero(~apart), np.flatnonzero(apart)


def _audited(study: Study, recipe: Recipe, rules: str) -> Result:
    train, held = parted(study)
    done = sampled(study, recipe, train)
    known = read_rules(rules or _own_rules(recipe))
    sizes = np.bincount(done.codes, minlength=len(study.classes))
    tables = {"rows": _counts(study, done, held)}
    if done.notes:
        tables["notes"] = pd.DataFrame({"note": done.notes})
    if not len(done.made):
        if done.kept.all():
            raise NotApplicable(
                " ".join(done.notes)
                if IMPORTED in recipe.slugs
                else f"'{recipe.title}' neither makes rows of this table nor takes any away."
            )
        tables["columns"] = _remaining(study, done)
        return Result(tables, kept_findings(study, tables, done.notes))
    order = sorted(np.flatnonzero(sizes), key=lambda code: (code != study.positive_code, -sizes[code]))
    audits = {int(code): _class(study, done, held, code, known) for code in order[:MOST_CLASSES]}
    for name in ("measures", "columns", "pairs", "cells", "shapes"):
        by = "of" if name == "shapes" else "class"
        parts = [found[name].assign(**{by: study.classes[code]}) for code, found in audits.items() if len(found[name])]
        if parts:
            table = pd.concat(parts, ignore_index=True)
            tables[name] = table[[by, *(column for column in table.columns if column != by)]]
    imported, names = IMPORTED in recipe.slugs, [study.classes[code] for code in audits]
    notes = (*done.notes, *([FLATTERED] if imported else []))
    return Result(tables, made_findings(study, tables, names, len(order), notes, imported=imported))


def _class(study: Study, done: Sampled, held: np.ndarray, code: int, known: tuple) -> dict[str, pd.DataFrame]:
    X, codes = study.dataset.X, study.codes
    seen, unseen = (rows[codes[rows] == code] for rows in (done.rows, held))
    made = done.made[done.codes == code].reset_index(drop=True)
    found = fidelity_of(X.iloc[seen], made, X.iloc[unseen], table=X, rules=known, random_state=study.random_state)
    extra = _agreement(study, made, seen, held, code) if len(unseen) else None
    if extra:
        more = pd.DataFrame([extra], columns=NAMES).astype({"differs": object})
        found["measures"] = pd.concat([found["measures"].astype({"differs": object}), more], ignore_index=True)
    return found


def _agreement(study: Study, made: pd.DataFrame, seen: np.ndarray, held: np.ndarray, code: int) -> tuple | None:
    """The share of made rows to which a model of the kept rows gives their class, against that of the rows they were made from.

    The model saw neither. A class counts as given where its probability over its share is largest.
    """
    codes, rng = study.codes, np.random.default_rng(study.random_state)
    if len(np.unique(codes[held])) < 2:
        return None
    fitting = held if len(held) <= MOST_KEPT else rng.choice(held, MOST_KEPT, replace=False)
    model = learners.make(study.learner, study.random_state).fit(study.dataset.X.iloc[fitting], codes[fitting])
    shares = np.array([np.mean(codes[fitting] == label) for label in model.classes_])
    made = drawn(made, MOST_KEPT, rng)
    given = [
        model.classes_[(model.predict_proba(part) / shares).argmax(axis=1)] == code
        for part in (made, study.dataset.X.iloc[seen])
    ]
    worth = max(len(made) * len(seen) // (len(made) + len(seen)), 1)
    hits, real = round(given[0].mean() * worth), int(given[1].sum())
    low, high = difference_interval(hits, worth, real, len(seen))
    ends, null = proportion_interval(hits, worth), proportion_interval(real, len(seen))
    return (
        AGREEMENT,
        float(given[0].mean()),
        *map(float, ends),
        real / len(seen),
        *map(float, null),
        bool(low > 0 or high < 0),
    )


def _counts(study: Study, done: Sampled, held: np.ndarray) -> pd.DataFrame:
    n, codes = len(study.classes), study.codes
    counts = {
        "n_real": study.class_sizes,
        "n_seen": np.bincount(codes[done.rows], minlength=n),
        "n_unseen": np.bincount(codes[held], minlength=n),
        "n_made": np.bincount(done.codes, minlength=n),
        "n_kept": np.bincount(codes[done.rows[done.kept]], minlength=n),
    }
    return pd.DataFrame({"class": study.classes} | counts)


def _remaining(study: Study, done: Sampled) -> pd.DataFrame:
    """The kept rows of each class that lost some, against those taken away."""
    parts, rng = [], np.random.default_rng(study.random_state)
    for code, label in enumerate(study.classes):
        own = study.codes[done.rows] == code
        kept, gone = (study.dataset.X.iloc[done.rows[own & side]] for side in (done.kept, ~done.kept))
        if min(len(kept), len(gone)) < 2:
            continue
        kept, gone = (drawn(part.reset_index(drop=True), MOST_KEPT, rng) for part in (kept, gone))
        found = marginals(Rows(kept, kept, gone, study.dataset.X, rng))
        parts.append(
            found.assign(**{"class": label}).rename(
                columns={"missing_made": "missing_kept", "missing_real": "missing_gone"}
            )
        )
    if not parts:
        raise NotApplicable("Fewer than 2 rows of each class were taken away, or left.")
    table = pd.concat(parts, ignore_index=True)
    return table[["class", *(column for column in table.columns if column != "class")]]


def _own_rules(recipe: Recipe) -> str:
    return next((str(values["rules"]) for values in (dict(own) for _, own in recipe.steps) if values.get("rules")), "")
