"""How hard each class is to tell from the others, by the measures of the literature."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.numerics import complexity
from core.numerics.complexity import MEASURES
from core.numerics.neighbourhoods import measures_at_equal_sizes, measures_of_classes
from core.numerics.neighbours import even_sample
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Complexity measures", "How hard is each class to tell from the others?", "emerging", "seconds", gravest="caution"
)

FEWEST = 10
"""Rows that a class needs to be judged."""

DRAWN, MOST_DRAWS = 150, 60
"""Rows of a class in a draw at equal sizes; draws over all classes, the rarest first."""

MOST_CLASSES = 100
"""Classes up to which a line is fitted for each."""

LOOKED_UP, FITTED, WORK, FEW_CLASSES = (2000, 1000), (1000, 10_000), 20_000_000, 12
"""Rows up to which N2 takes all, and rows drawn beyond; fewest and most rows of a line; work of all lines; classes up to which
labels are shuffled three times, and once beyond."""

DEFINITIONS = {
    "F1": "1 / (1 + the largest Fisher ratio of a column); pymfe agrees, problexity counts the numerator twice",
    "F1v": "1 / (1 + Fisher's ratio along the best direction); problexity agrees, pymfe divides by one row less",
    "N1": "share of rows that the minimum spanning tree joins to another class; pymfe agrees, problexity counts edges",
    "N2": "nearest own over nearest other row, sums of distances, as r / (1 + r); pymfe: one ratio per row",
    "N3": "share of rows whose nearest row is of another class; pymfe and problexity agree",
    "L1": "distance on the wrong side of a linear classifier, mean s as s / (1 + s); problexity agrees for two classes",
    "L2": "share of rows on the wrong side of a linear classifier; problexity agrees for two classes",
    "imbalance degree": "distance from equal class sizes and number of short classes (Hellinger distance)",
    "LRID": "likelihood-ratio statistic of equal class sizes; grows with the number of rows",
}


def complexity_measures(study: Study, *, level: Annotated[float, Range(0.3, 0.95, 0.05)] = 0.7) -> Result:
    """Nine measures of complexity in one table, for all classes together and for each class against the others.

    F1 and F1v compare means with spreads, N1, N2 and N3 look at nearest rows, L1 and L2 at the errors of a linear classifier,
    imbalance degree and LRID at class sizes alone. Each is larger for a harder table. A class's relative complexity is the
    median over F1 to L2 of ``measure / measure with shuffled labels``, both on draws of as many rows of the class as of all others
    together: 1 is as hard as telling nothing.

    How it is detected
    ------------------
    Packages disagree on several definitions; the table ``measures`` states ours and where others differ. Missing cells are
    skipped by F1, N1, N2 and N3, and count as the median of the column for F1v, L1 and L2. A class is named, as a
    caution, when its relative complexity exceeds ``level``. It is taken at equal sizes, because F1 and the linear
    measures hardly move for a rare class, however far apart it lies. The median of ratios is our inference: hence emerging.

    Why it matters
    --------------
    The measures say in which way a class is hard: no column tells it (F1), no direction does (F1v, L2), it lies among
    other rows (N1, N3), or it is scattered (N2). Imbalance degree and LRID tell how unequal the sizes are, which is no fault.

    What to do
    ----------
    Where a line does badly and neighbours do well, a flexible learner will do. Where all measures are near those of
    shuffled labels, look for another column before you resample.

    Parameters
    ----------
    level : float
        Relative complexity above which a class is named.

    Returns
    -------
    Result
        ``classes``: class, measure, value, null (shuffled labels), equal_sizes, equal_sizes_null, relative (equal_sizes over its
        null), standard_error (of a sample; N2
        only). ``overall``: measure, value, null, n_rows (that it was measured on). ``summary``: class, n_rows, relative_complexity.
        ``measures``: measure, definition; higher is harder throughout. F1, F1v, N1 and N3 use all rows (N1 and N3 of the shared
        table of neighbours, a sample above 30,000 rows). N2 looks up all rows up to 2,000 and beyond 1,000, evenly drawn
        from the classes; L1 and L2 use 1,000 to 10,000 rows drawn so and weighted back. F1v, L1 and L2 are missing beyond
        300 encoded columns, L1 and L2 also beyond 100 classes.

    References
    ----------
    Lorena, Garcia, Lehmann, Souto and Ho (2019), ACM Computing Surveys 52. Ho and Basu (2002), IEEE TPAMI 24. Ortigosa-Hernández,
    Inza and Lozano (2017), Pattern Recognition Letters 98. Zhu, Wang and Xue (2018), Pattern Recognition Letters 116.
    """
    judged = np.flatnonzero(study.class_sizes >= FEWEST)
    if len(judged) < 2:
        second = wording.plural(study.class_sizes[1], "row")
        raise NotApplicable(f"The second largest class has {second}; {FEWEST} are needed.")
    if not study.Z.shape[1]:
        raise NotApplicable("There are no columns to compare classes by.")
    overall, classes, error, n_rows = _measured(study)
    kept = classes[judged]
    equal, equal_null = _equal_sizes(study, judged)
    relative = np.divide(equal, equal_null, out=np.full_like(equal, np.nan), where=equal_null > 0)
    names = np.array(study.classes, dtype=object)[judged]
    long = {
        "class": np.repeat(names, len(MEASURES)),
        "measure": np.tile(MEASURES, len(names)),
        "value": kept[:, 0].ravel(),
    }
    long |= {"null": kept[:, 1].ravel(), "equal_sizes": equal.ravel(), "equal_sizes_null": equal_null.ravel()}
    long |= {"relative": relative.ravel()}
    errors = np.where(np.tile(MEASURES, len(names)) == "N2", np.repeat(error[judged], len(MEASURES)), np.nan)
    sizes = [complexity.imbalance_degree(study.table_sizes), complexity.likelihood_ratio_imbalance(study.table_sizes)]
    whole = {"measure": list(DEFINITIONS), "value": [*overall[0], *sizes], "null": [*overall[1], 0.0, 0.0]}
    summary = {"class": names, "n_rows": study.class_sizes[judged]}
    summary |= {"relative_complexity": [_middle(row) for row in relative]}
    tables = {
        "classes": pd.DataFrame(long | {"standard_error": errors}),
        "overall": pd.DataFrame(whole | {"n_rows": [*n_rows, len(study.codes), len(study.codes)]}),
        "summary": pd.DataFrame(summary),
        "measures": pd.DataFrame({"measure": list(DEFINITIONS), "definition": list(DEFINITIONS.values())}),
    }
    return Result(tables, _findings(study, tables, level))


def _measured(study: Study) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]:
    """Measures and their null of all classes (2, 7) and of each (n_classes, 2, 7), the error of N2, rows used per measure."""
    Z, codes, n_classes, table = study.Z, study.codes, len(study.classes), study.neighbours
    rng = np.random.default_rng(study.random_state)
    filled = np.where(np.isnan(Z), 0.0, Z)
    fitted = int(np.clip(WORK // max(1, n_classes * Z.shape[1] ** 2), *FITTED))
    labellings = [codes, *(rng.permutation(codes) for _ in range(3 if n_classes <= FEW_CLASSES else 1))]
    values = [_along_columns(Z, filled, labels, n_classes, fitted, rng) for labels in labellings]
    overall, classes = (np.stack([value[part] for value in values]) for part in (0, 1))
    overall = np.stack([overall[0], overall[1:].mean(axis=0)])
    classes = np.stack([classes[0], classes[1:].mean(axis=0)], axis=1)
    found = table.rows, table.indices, table.distances
    near = measures_of_classes(Z, codes, found, sampled=table.sampled, random_state=study.random_state)
    shares = study.class_sizes / len(codes)
    for j, column in (("N1", 6), ("N3", 5)):
        classes[:, :, MEASURES.index(j)] = np.stack([part[:, column] for part in near], axis=1)
        overall[:, MEASURES.index(j)] = [shares @ part[:, column] for part in near]
    n_drawn = len(codes) if len(codes) <= LOOKED_UP[0] else LOOKED_UP[1]
    rows = [even_sample(labels, n_drawn, rng) for labels in labellings[:2]]
    ratios = [complexity.nearest_ratio(Z, labellings[i], n_classes, rows[i]) for i in (0, 1)]
    for i, (whole, each, _) in enumerate(ratios):
        overall[i, 3], classes[:, i, 3] = whole, each
    n, fitted = len(codes), min(len(codes), fitted)
    return overall, classes, ratios[0][2], [n, n, n, len(rows[0]), len(table.rows), fitted, fitted]


def _equal_sizes(study: Study, judged: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Measures of each judged class beside as many rows of the others (n_judged, 7), and the same with shuffled labels."""
    rng = np.random.default_rng(study.random_state)
    measured = np.full((2, len(judged), len(MEASURES)), np.nan)
    draws = int(np.clip(MOST_DRAWS // len(judged), 1, 3))
    for i, c in list(enumerate(judged))[-MOST_DRAWS:]:
        own = study.codes == c
        sides = np.flatnonzero(own), np.flatnonzero(~own)
        n = min(len(sides[0]), len(sides[1]), DRAWN)
        drawn = []
        for _ in range(draws):
            rows = np.concatenate([rng.choice(side, n, replace=False) for side in sides])
            Z = study.Z[rows]
            filled = np.where(np.isnan(Z), 0.0, Z)
            for labels in (own[rows].astype(int), *(rng.permutation(own[rows]).astype(int) for _ in range(2))):
                values = _along_columns(Z, filled, labels, 2, 2 * n, rng)[1][1]
                values[3] = complexity.nearest_ratio(Z, labels, 2, np.arange(2 * n))[1][1]
                drawn.append(values)
        drawn = np.reshape(drawn, (draws, 3, -1))
        measured[0, i], measured[1, i] = drawn[:, 0].mean(axis=0), drawn[:, 1:].mean(axis=(0, 1))
        near = measures_at_equal_sizes(study.Z, own, n, n_draws=draws, rng=rng)
        measured[:, i, 2], measured[:, i, 4] = [part[6] for part in near], [part[5] for part in near]
    return measured[0], measured[1]


def _middle(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _along_columns(
    Z: np.ndarray, filled: np.ndarray, codes: np.ndarray, n_classes: int, fitted: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """F1, F1v, L1 and L2 of all classes (7,) and of each (n_classes, 7); the others are missing."""
    overall, classes = np.full(len(MEASURES), np.nan), np.full((n_classes, len(MEASURES)), np.nan)
    overall[0], classes[:, 0] = complexity.fisher(Z, codes, n_classes)
    if Z.shape[1] <= complexity.WIDEST:
        overall[1], classes[:, 1] = complexity.directional_fisher(filled, codes, n_classes)
    if Z.shape[1] <= complexity.WIDEST and n_classes <= MOST_CLASSES:
        rows = even_sample(codes, fitted, rng)
        weight = np.bincount(codes, minlength=n_classes) / np.maximum(np.bincount(codes[rows], minlength=n_classes), 1)
        overall[5:], classes[:, 5:] = complexity.linear(filled[rows], codes[rows], n_classes, weight[codes[rows]])
    return overall, classes


def _findings(study: Study, tables: dict[str, pd.DataFrame], level: float) -> tuple[Finding, ...]:
    summary = tables["summary"].sort_values("relative_complexity", ascending=False, kind="stable")
    relative = tables["classes"].pivot(index="class", columns="measure", values="relative")
    findings = []
    named = summary[summary["relative_complexity"] > level]
    if len(summary) == 2:
        named = named[named["class"] == study.positive] if (named["class"] == study.positive).any() else named
    for row in named.head(5).itertuples():
        easiest = relative.loc[row[1]].astype(float).idxmin()
        text = (
            f"{wording.quoted(row[1])} is hard to tell from the others: the middle measure reaches {wording.share(min(row.relative_complexity, 1))} "
            f"of what shuffled labels give, at equal class sizes. The least hard is {easiest} with {wording.share(min(relative.loc[row[1], easiest], 1))}."
        )
        findings.append(Finding("caution", text, ("tuned_threshold",)))
    if not findings:
        row = summary.dropna(subset="relative_complexity").iloc[0]
        text = (
            f"No class is hard by most measures. The hardest, {wording.quoted(row['class'])}, reaches "
            f"{wording.share(min(row['relative_complexity'], 1))} of what shuffled labels give, at equal class sizes."
        )
        findings.append(Finding("fine", text))
    if study.Z.shape[1] > complexity.WIDEST:
        text = f"F1v, L1 and L2 are left out: there are {wording.count(study.Z.shape[1])} encoded columns, more than {complexity.WIDEST}."
        findings.append(Finding("fine", text))
    return tuple(findings)


def draw(result: Result) -> dict[str, go.Figure]:
    """Each measure by class, and how hard each class is beside shuffled labels."""
    title, second = "Complexity by class", "Relative complexity"
    axes = {
        "y_title": "class",
        "by": "measure",
        "caption": "Each measure over its value with shuffled labels, by class.",
    }
    one = {"y_title": "class", "caption": "The middle of the seven ratios, by class."}
    x_title = "share of the value with shuffled labels, at equal sizes (higher is harder)"
    table, summary = result.tables["classes"], result.tables["summary"]
    return {
        title: charts.points(table, "relative", "class", title=title, x_title=x_title, **axes),
        second: charts.bars(summary, "relative_complexity", "class", title=second, x_title=x_title, **one),
    }


def sick(random_state: int = 0) -> Dataset:
    """Centres one standard deviation apart: hard by every measure."""
    return synthetic.planted("overlap", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Centres four standard deviations apart: as rare, and easy."""
    return synthetic.planted("clean", random_state=random_state)
