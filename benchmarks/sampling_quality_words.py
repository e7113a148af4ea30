"""The sentences and tables of ``benchmarks/sampling_quality.md``, every number from ``benchmarks/sampling_quality.csv``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import t

from core import engine
from core.judge import LEVEL
from core.recipe import Recipe

RULES = ("as they come", "learned share", "tuned")
METRICS = ("average precision", "Brier score", *(f"{what}, {rule}" for rule in RULES for what in ("recall", "cost")))
SHOWN = (
    "average precision",
    "Brier score",
    "recall, tuned",
    "cost, tuned",
    "recall, as they come",
    "cost, as they come",
)
NAMES = {
    "none": "**no resampling** (its own score)",
    "imbalanced_learn": "imbalanced-learn's TomekLinks, by our adapter",
    "imbalanced_learn:sampler=SMOTE": "imbalanced-learn's SMOTE, by our adapter",
    "median": "median imputation, no resampling",
    "median and SMOTE": "median imputation and imbalanced-learn's SMOTE",
}
PARTLY = ("tiered_upsampling", "balanced_mixup")
"""Samplers that make rows, but not until classes are equal in size."""

OVERNAN, MADE, OURS_LESS, RESAMPLES = "OverNaN's ", "missing in made rows", "ours less this: ", 10_000


def written(table: pd.DataFrame) -> str:
    """The whole page."""
    parts = [
        "# What resampling did on seven tables with gaps",
        "",
        *(f"- {sentence}" for sentence in read(table)),
        "",
        *_lines(counts(table)),
        "",
    ]
    parts += ["In brackets: with intervals raised for all comparisons of the learner.", ""]
    for learner, rows in table.groupby("learner", sort=False):
        parts += [f"## {learner}: over all tables", "", *_lines(overall(rows)), ""]
    parts += ["## Made rows beside real ones", "", *_lines(masks(table)), ""]
    for metric in SHOWN[:4]:
        for learner, rows in table.groupby("learner", sort=False):
            parts += [f"## {learner}: {metric}", "", *_lines(by_table(rows, metric)), ""]
    return "\n".join([*parts, "## Ours beside theirs", "", *_lines(rivals(table)), "", "## How", "", *how(table), ""])


def read(table: pd.DataFrame) -> list[str]:
    """What the intervals allow to say."""
    changed = table[table["sampler"] != "none"]
    n, ways, tables = len(changed), changed["sampler"].nunique(), changed["table"].nunique()
    found = {metric: counted(changed, metric) for metric in METRICS}
    chance = f"{n * (1 - LEVEL) / 2:.0f}"
    better, worse = found["average precision"]
    own = changed[~changed["sampler"].str.startswith((OVERNAN, "median"))]
    up, down = counted(own, "average precision")
    said = [
        f"Average precision: {ways} ways to change rows on {tables} tables with two learners make {n} comparisons with no resampling. It is higher beyond the 95 % interval in {better} and lower in {worse}; "
        f"chance alone would give about {chance} of each. Of the {len(own)} with our samplers and our adapter it is higher in {up} and lower in {down}."
    ]
    better, worse = found["Brier score"]
    said.append(f"The Brier score is worse beyond its interval in {worse} of them and better in {better}.")
    (better, worse), (gained, lost) = found["cost, tuned"], found["cost, as they come"]
    said.append(
        f"What decisions cost, with the threshold tuned inside the training rows on both sides, is lower in {better} and higher in {worse}. With the threshold that the costs imply, on probabilities as they come, it is lower in {gained} and higher in {lost}."
    )
    theirs = table[table[f"{OURS_LESS}Brier score: difference"].notna()]
    for sampler, rows in theirs.groupby("sampler", sort=False):
        pairs = [(metric, *counted(rows, metric, name=OURS_LESS)) for metric in ("average precision", "Brier score")]
        words = "; ".join(f"{metric} is better in {up} and worse in {down}" for metric, up, down in pairs)
        said.append(f"Ours against {_name(sampler)}, {len(rows)} comparisons: {words}.")
    nothing = table[(table["sampler"] == "none") & (table["learner"] == "LightGBM")].set_index("table")
    easy = nothing[nothing["average precision"] > 0.95]["average precision"]
    said.append(
        f"Without resampling LightGBM's average precision is already {' and '.join(f'{value:.3f} on {name}' for name, value in easy.items())}: next to nothing could be gained there."
    )
    return [*said, *filled(changed), *recognised(table)]


def filled(changed: pd.DataFrame) -> list[str]:
    """What ways that fill gaps, or keep them, did on the table whose gaps are known to differ between the classes."""
    rows = changed[changed["table"] == "hr_job_change"].set_index(["learner", "sampler"])[
        "average precision: difference"
    ]
    if rows.empty:
        return []
    words = [
        f"{_name(sampler)} {' and '.join(_signed(rows[learner, sampler]) for learner in rows.index.unique(0))}"
        for sampler in ("smote", "smote:gaps=interpolate", "median", "median and SMOTE")
    ]
    return [
        f"On hr_job_change 41 % of the people whose company has no size belong to the class, and 18 % of the others; there average precision changes (LightGBM and logistic) by: {', '.join(words)}. Ways that fill these gaps lose it."
    ]


def recognised(table: pd.DataFrame) -> list[str]:
    """Whether rows that LightGBM tells from real ones shift its probabilities less: rank correlations over samplers, table by table."""
    rows = table[(table["learner"] == "LightGBM") & table["told apart"].notna() & ~table["sampler"].isin(PARTLY)]
    found = [
        group[["told apart", "Brier score: difference"]].corr("spearman").iloc[0, 1]
        for _, group in rows.groupby("table")
    ]
    return [
        f"With LightGBM, the better it tells made rows from real ones, the less they harm the Brier score: over the {rows['sampler'].nunique()} samplers that make classes equal in size, the rank correlation is negative on "
        f"{sum(value < 0 for value in found)} of {len(found)} tables (median {_signed(np.median(found))}). A small harm can mean that made rows are recognised and set aside."
    ]


def counts(table: pd.DataFrame) -> list[list[str]]:
    """By learner and metric: better and worse than no resampling, and how many stay with intervals raised for all comparisons."""
    lines = [["learner", "comparisons", *SHOWN]]
    for learner, rows in table[table["sampler"] != "none"].groupby("learner", sort=False):
        cells = []
        for metric in SHOWN:
            (better, worse), (sure, surely) = counted(rows, metric), counted(rows, metric, len(rows))
            cells.append(f"{better} ({sure}) better, {worse} ({surely}) worse")
        lines.append([learner, str(len(rows)), *cells])
    return lines


def counted(rows: pd.DataFrame, metric: str, n: int = 1, name: str = "") -> tuple[int, int]:
    """In how many comparisons a metric is better, and worse, beyond its interval; for n comparisons the interval is raised."""
    middle, low, high = (rows[f"{name}{metric}: {end}"] for end in ("difference", "low", "high"))
    degrees = rows["repeats"] - 1
    wider = t.ppf(1 - (1 - LEVEL) / 2 / n, degrees) / t.ppf((1 + LEVEL) / 2, degrees)
    above, below = middle - (middle - low) * wider > 0, middle + (high - middle) * wider < 0
    found = int(above.sum()), int(below.sum())
    return found if _more_is_better(metric) else found[::-1]


def bootstrapped(values: np.ndarray) -> tuple[float, float]:
    """95 % of the means over tables that are drawn again; with so few tables this describes them and little else."""
    draws = np.random.default_rng(0).choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def overall(rows: pd.DataFrame) -> list[list[str]]:
    """One learner: by sampler mean differences over tables, and on how many tables each is better and worse."""
    lines = [["sampler", *(metric for metric in SHOWN)]]
    for sampler, found in rows.groupby("sampler", sort=False):
        cells = []
        for metric in SHOWN:
            if sampler == "none":
                cells.append(f"mean {found[metric].mean():.3f}")
                continue
            values = found[f"{metric}: difference"].to_numpy()
            (low, high), (better, worse) = bootstrapped(values), counted(found, metric)
            cells.append(
                f"{_signed(values.mean())} ({_signed(low)} to {_signed(high)}); {better} better, {worse} worse"
            )
        lines.append([_name(sampler), *cells])
    return lines


def by_table(rows: pd.DataFrame, metric: str) -> list[list[str]]:
    """One learner and one metric: differences by sampler and table."""
    lines = [["sampler", *rows["table"].unique()]]
    for sampler, found in rows.groupby("sampler", sort=False):
        cells = [f"{row[metric]:.3f}" if sampler == "none" else _cell(row, metric) for _, row in found.iterrows()]
        lines.append([_name(sampler), *cells])
    return lines


def masks(table: pd.DataFrame) -> list[list[str]]:
    """By sampler and table the share of missing cells in made rows, and whether their number tells made from real."""
    made = table[(table["learner"] == table["learner"].iloc[0]) & table[MADE].notna()]
    real = made.groupby("table", sort=False)["missing in real rows"].first()
    lines = [["sampler", *(f"{name} (real {share:.1%})" for name, share in real.items())]]
    for sampler, found in made.groupby("sampler", sort=False):
        cells = [
            f"{row[MADE]:.1%}, {row['AUC of missing cells']:.2f}"
            + (f"; {row['told apart']:.2f}" if row["told apart"] == row["told apart"] else "")
            for _, row in found.iterrows()
        ]
        lines.append([_name(sampler), *cells])
    return lines


def rivals(table: pd.DataFrame) -> list[list[str]]:
    """Ours less theirs, where both do the same thing."""
    found = table[table[f"{OURS_LESS}Brier score: difference"].notna()]
    lines = [["learner", "theirs", "metric", *table["table"].unique()]]
    for (learner, sampler), rows in found.groupby(["learner", "sampler"], sort=False):
        for metric in ("average precision", "Brier score", "cost, tuned"):
            cells = [_cell(row, metric, OURS_LESS) for _, row in rows.iterrows()]
            lines.append([learner, _name(sampler), metric, *cells])
    return lines


def how(table: pd.DataFrame) -> list[str]:
    """What was done, and what was not."""
    first = table.drop_duplicates("table")
    tables = "; ".join(
        f"{row['table']} {row['rows']:,} rows × {row['columns']}, {row['missing cells']:.0%} missing, "
        + (f"{row['rare rows']:,} rare" if row["of interest"] == 1 else f"all {row['of interest']} classes")
        + f", trained on {row['trained on']:,}"
        for _, row in first.iterrows()
    )
    apart = int(first["searches apart"].fillna(0).sum())
    return [
        f"Tables: {tables}. horse_colic has three classes, of which euthanized is scored; on soybean scores are means over all classes, each told from the others: "
        "on its 13 classes of up to 20 rows alone average precision stood between .99 and 1.00 in a first look of one repeat, where nothing can be seen (decided after that look). graphene_oxide: rare is no carboxyl group.",
        "",
        "Ten repeats of one stratified 70/30 split, the same for all. Test rows are all of the 30 %; training rows are drawn down to the number above, classes in their shares. Cells are mean differences to no resampling "
        "with the same learner, in brackets the 95 % interval of the corrected resampled t (Nadeau and Bengio; test share 3/7, also where training rows were drawn down), **+** better and **−** worse where it leaves zero out, not corrected "
        "for their number. Over all tables: the mean of seven differences and 95 % of the means of tables drawn again, which describes these seven; tables better and worse by their own intervals.",
        "",
        "A miss costs N / P false alarms; cost is 1 − recall + false alarm rate, so that always yes and always no cost 1. *As they come*: the threshold is the share of the class in the table, on the "
        "probabilities as they come. *Tuned*: the threshold of least cost on the two halves of the training rows, each predicted from the other, resampled inside. The file also has *learned share*: the share of "
        "the class among the rows that were learned from. All samplers by their defaults; all make classes equal in size but tiered upsampling, Balanced-MixUp, case-control sampling, prototype "
        "undersampling and TomekLinks. Nothing was calibrated afterwards, except that case-control sampling corrects its probabilities by itself.",
        "",
        "Median: numbers at the median and in standard deviations, text at the most frequent level and as 0/1 columns; so the learners see neither gaps nor levels. OverNaN takes numbers: text went in as codes of "
        "levels and came out as the nearest level, so that learners see the same columns as without resampling. Its search for neighbours, row by row in Python, was replaced by one for all rows at once; of up "
        f"to 60 rows per table, the two found neighbours at other distances for {apart}.",
        "",
        "Made rows beside real ones: the share of missing cells in made rows; the chance that a made row has more of them than a real row of its class (0.5: as many; for the median, real rows before imputation); "
        "and, in the first repeat, the chance that LightGBM tells a made row of the rarest class from a real one on three folds (0.5 and less: not at all, 1: always; a class needs 20 rows). Real shares above are those of the classes that SMOTE makes rows of; tiered upsampling and Balanced-MixUp make rows of fewer or more.",
        "",
        f"{first['minutes'].sum():.0f} minutes of one core. {', '.join(f'{name} {version}' for name, version in engine.versions().items())}, OverNaN 0.2.0.",
    ]


def _more_is_better(metric: str) -> bool:
    return not metric.startswith(("Brier", "cost"))


def _name(sampler: str) -> str:
    return NAMES.get(sampler) or (sampler if sampler.startswith(OVERNAN) else Recipe.parse(sampler).title)


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def _cell(row: pd.Series, metric: str, name: str = "") -> str:
    middle, low, high = (row[f"{name}{metric}: {end}"] for end in ("difference", "low", "high"))
    mark = "" if low <= 0 <= high else " **+**" if (middle > 0) == _more_is_better(metric) else " **−**"
    middle, low, high = (_signed(value, 3 if max(abs(low), abs(high)) > 0.01 else 4) for value in (middle, low, high))
    return f"{middle} ({low} to {high}){mark}"


def _lines(rows: Iterable[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|---" * lines[0].count(" | ") + "|---|", *lines[1:]]
