"""The bake-off of losses, as it was measured: comparisons with intervals, how many were won, and what that comes to in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import charts
from core.judge import LEVEL
from core.registry import catalogue
from core.wording import plural

MEASURED = Path(__file__).parents[2] / "benchmarks" / "loss_bakeoff.csv"
PLAIN, ADJUSTED = "none", "posthoc_logit_adjustment"
CURRENCIES = AS_IT_COMES, THRESHOLDS, STRENGTH = "most probable", "thresholds", "strength"
DECISIONS = ("macro-F1", "tail recall", "balanced accuracy")
CALIBRATION = ("log loss", "Brier score", "classwise calibration error")
KEPT, SAME = "earned its keep", "not distinguishable"
KEYS = ["table", "learner", "loss"]
LEARNERS = {"neural": "neural network", "boosted": "boosted trees"}

TEST_SHARE = 0.2 / 0.6
"""Test rows for one training row, which the corrected interval asks for."""

ENOUGH = 2
"""On so many tables a loss has to be better, and on none worse, to have earned its keep with a learner; fixed before the run."""


WORDS = {
    "better once": "better on one table",
    "depends on the table": "better on some tables and worse on others",
    "worse": "worse on at least one table and better on none",
}
"""What a verdict that is not the best one means."""


class Duel(NamedTuple):
    """How a loss decides, and whom it meets."""

    own: str
    rival: str
    rival_decides: str


DUELS = {
    "as it comes, against logit adjustment": Duel(AS_IT_COMES, ADJUSTED, AS_IT_COMES),
    "as it comes, against right thresholds": Duel(AS_IT_COMES, PLAIN, THRESHOLDS),
    "both with right thresholds": Duel(THRESHOLDS, PLAIN, THRESHOLDS),
    "as it comes, against right strength": Duel(AS_IT_COMES, PLAIN, STRENGTH),
    "both with right strength": Duel(STRENGTH, PLAIN, STRENGTH),
    "both as they come": Duel(AS_IT_COMES, PLAIN, AS_IT_COMES),
}
"""The opponent is cross-entropy: with logit adjustment after training, with its own right thresholds, or as it is."""

ADJUSTMENT, _, TUNED, _, OF_ONE_STRENGTH, AS_THEY_COME = DUELS
GOALS = {
    "macro-F1": ("macro-F1", TUNED, "macro-F1, both with right thresholds"),
    "macro-F1, one strength": ("macro-F1", OF_ONE_STRENGTH, "macro-F1, both with the right strength of adjustment"),
    "balanced accuracy": (
        "balanced accuracy",
        ADJUSTMENT,
        "balanced accuracy, against logit adjustment after training",
    ),
}
"""Metric, duel, and both in words; what each opponent is made for, so that it is not beaten at something else."""

BESIDE = {
    "macro-F1, no thresholds": ("macro-F1", AS_THEY_COME),
    "tail recall, right thresholds": ("tail recall", TUNED),
    "Brier score": ("Brier score", AS_THEY_COME),
}
"""What the summary shows beside the goals."""

MEANING = (
    "Every loss at its defaults against plain cross-entropy with a simple move that needs no other training: right thresholds, which are one factor for each class, or one "
    "strength of adjustment, both chosen on rows set aside; or logit adjustment, which divides probabilities by class shares. A loss that does no better costs more than it gives."
)


class Shown(NamedTuple):
    """What the page *Learn* shows."""

    sentences: list[str]
    figures: dict[str, Any]
    tables: dict[str, pd.DataFrame]


def shown() -> Shown | None:
    """All of it; None before it was measured."""
    measured = measurements()
    if measured is None:
        return None
    means = averages(measured)
    tables = {"losses": summary(measured), "mean_differences_of_losses": means, "scores_of_losses": scores(measured)}
    return Shown(sentences(measured), draw(means), tables)


def measurements() -> pd.DataFrame | None:
    """One line for each table, seed, learner and side; None before it was measured. Losses that are not in the catalogue are left out."""
    if not MEASURED.exists():
        return None
    found = pd.read_csv(MEASURED)
    return found[found["side"].isin([PLAIN, ADJUSTED, *catalogue()])]


def differences(measured: pd.DataFrame, metric: str, duel: str) -> pd.DataFrame:
    """Table, learner and seed by loss: the loss less its opponent; above 0 is better."""
    own, rival, rival_decides = DUELS[duel]
    names = [metric] * 2 if metric in CALIBRATION else [f"{metric}, {how}" for how in (own, rival_decides)]
    wide = measured.pivot(index=["table", "learner", "seed"], columns="side", values=list(dict.fromkeys(names)))
    losses = [side for side in dict.fromkeys(measured["side"]) if side not in (PLAIN, ADJUSTED)]
    found = wide[names[0]][losses].sub(wide[names[1]][rival], axis=0)
    return -found if metric in CALIBRATION else found


def compared(measured: pd.DataFrame, metric: str, duel: str) -> pd.DataFrame:
    """One line for each table, learner and loss.

    Columns are ``difference`` (above 0 is better), ``low`` and ``high`` of the corrected resampled t at 95 %, ``sure low`` and ``sure high`` with the level raised for
    all losses of a table and learner, and ``seeds``.
    """
    each = _long(differences(measured, metric, duel))
    table = each.groupby(KEYS, sort=False)["value"].agg(difference="mean", spread="std", seeds="size").reset_index()
    return with_intervals(table, table.groupby(["table", "learner"])["loss"].transform("size"))


def over_tables(measured: pd.DataFrame, metric: str, duel: str) -> pd.DataFrame:
    """One line for each learner and loss, as in ``compared``: the mean over all tables, seed by seed."""
    groups = _long(differences(measured, metric, duel)).groupby(["learner", "loss", "seed"], sort=False)["value"]
    each = groups.mean()[groups.size() == measured["table"].nunique()]
    table = each.groupby(["learner", "loss"], sort=False).agg(difference="mean", spread="std", seeds="size")
    table = table.reset_index()
    return with_intervals(table, table.groupby("learner")["loss"].transform("size"))


def _long(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.rename_axis(columns="loss").stack().dropna().rename("value").reset_index()


def with_intervals(table: pd.DataFrame, n_comparisons: pd.Series) -> pd.DataFrame:
    """Intervals of ``core.judge.fold_interval`` for many comparisons at once; a column ``spread`` gives way to them."""
    from scipy.special import stdtrit

    error = np.sqrt(1 / table["seeds"] + TEST_SHARE) * table["spread"]
    for name, many in (("", 1), ("sure ", n_comparisons)):
        reach = stdtrit(table["seeds"] - 1, 1 - (1 - LEVEL) / 2 / many) * error
        table[f"{name}low"], table[f"{name}high"] = table["difference"] - reach, table["difference"] + reach
    return table.drop(columns="spread")


def counted(table: pd.DataFrame, name: str = "sure ") -> pd.DataFrame:
    """By loss and learner: on how many tables it is better, worse, and not told apart, by the raised intervals unless told otherwise."""
    better, worse = table[f"{name}low"] > 0, table[f"{name}high"] < 0
    found = table[["loss", "learner"]].assign(better=better, worse=worse, **{SAME: ~better & ~worse})
    return found.groupby(["loss", "learner"], sort=False)[["better", "worse", SAME]].sum().astype(int)


def verdict(better: int, worse: int) -> str:
    """What the counts of one goal come to."""
    if better and worse:
        return "depends on the table"
    if worse:
        return "worse"
    return KEPT if better >= ENOUGH else "better once" if better else SAME


def summary(measured: pd.DataFrame) -> pd.DataFrame:
    """One line for each loss and learner: for both goals on how many tables it is better, worse and not distinguishable, and what that comes to."""
    parts = []
    for name, (metric, duel, _) in GOALS.items():
        part = counted(compared(measured, metric, duel))
        part["verdict"] = [verdict(*pair) for pair in zip(part["better"], part["worse"], strict=True)]
        parts.append(part.add_prefix(f"{name}: "))
    for name, key in BESIDE.items():
        parts.append(counted(compared(measured, *key))[["better", "worse"]].add_prefix(f"{name}: "))
    return in_words(pd.concat(parts, axis=1).reset_index())


def scores(measured: pd.DataFrame) -> pd.DataFrame:
    """One line for each side and learner: all scores and the seconds of a fit, as means over the tables."""
    each = measured.groupby(["table", "side", "learner"], sort=False).mean(numeric_only=True).drop(columns="seed")
    found = each.groupby(["side", "learner"], sort=False).mean().reset_index()
    return in_words(found.rename(columns={"side": "loss", "seconds": "seconds of a fit"}))


def sentences(measured: pd.DataFrame) -> list[str]:
    """Which losses earned their keep, and which did not."""
    n_tables, n_seeds = measured["table"].nunique(), measured.groupby("table")["seed"].nunique()
    few, many = n_seeds.min(), n_seeds.max()
    said = [
        headline(measured),
        f"Measured on {plural(n_tables, 'table')} with {plural(few, 'seed') if few == many else f'{few} to {many} seeds'} each. A loss has earned its keep with a learner "
        f"where it is better than its opponent on at least {ENOUGH} tables and worse on none, beyond intervals that are raised for the number of losses. A loss that is not "
        "distinguishable may still be a little better or worse.",
    ]
    for metric, duel, goal in GOALS.values():
        table, whole = compared(measured, metric, duel), over_tables(measured, metric, duel)
        for learner, name in LEARNERS.items():
            rows = table[table["learner"] == learner]
            if len(rows):
                more = f"{plainly(rows)} {on_average(whole[whole['learner'] == learner])}"
                said.append(f"{name.capitalize()}, {goal}: {judged(counted(rows).reset_index())} {more}")
    return said


def headline(measured: pd.DataFrame) -> str:
    """The losses that earned their keep, or that there is none."""
    earned = []
    for metric, duel, goal in GOALS.values():
        table = counted(compared(measured, metric, duel)).reset_index()
        kept = [verdict(*pair) == KEPT for pair in zip(table["better"], table["worse"], strict=True)]
        earned += [
            f"{title_of(row.loss)} with {LEARNERS[row.learner]} ({goal})" for row in table[kept].itertuples(index=False)
        ]
    n = measured.loc[~measured["side"].isin([PLAIN, ADJUSTED]), "side"].nunique()
    if not earned:
        return f"None of {plural(n, 'loss', 'losses')} earned its keep, with either learner, for any of {len(GOALS)} goals."
    return f"Of {plural(n, 'loss', 'losses')} these earned their keep: {listed(earned)}."


def plainly(rows: pd.DataFrame) -> str:
    """How far the intervals reach, how many comparisons stand out by intervals that are not raised, and how many do by chance."""
    found, reach = counted(rows, "").sum(), (rows["sure high"] - rows["difference"]).median()
    return (
        f"The raised intervals reach {reach:.3f} to either side in the median: less than that is not seen on one table. By plain 95 % intervals {found['better']} of {len(rows)} comparisons are better and {found['worse']} worse; "
        f"chance alone would give about {len(rows) * (1 - LEVEL) / 2:.0f} of each."
    )


def on_average(rows: pd.DataFrame) -> str:
    """Losses that are better or worse in the mean over all tables, by raised intervals."""
    found = counted(rows)
    words = [
        f"{way}: {listed([title_of(loss) for loss, _ in found.index[found[way] > 0]])}"
        for way in ("better", "worse")
        if found[way].any()
    ]
    return f"In the mean over all tables {'; '.join(words) or 'no loss is distinguishable'}."


def judged(rows: pd.DataFrame) -> str:
    """Losses of one learner by what they came to, the winners first."""
    names = {word: [] for word in (KEPT, *WORDS, SAME)}
    for loss, better, worse in zip(rows["loss"], rows["better"], rows["worse"], strict=True):
        names[verdict(better, worse)].append(title_of(loss))
    earned, same = names.pop(KEPT), len(names.pop(SAME))
    keep = "its keep" if len(earned) == 1 else "their keep"
    parts = [f"{listed(earned)} earned {keep}" if earned else "no loss earned its keep"]
    parts += [f"{WORDS[word]}: {listed(found)}" for word, found in names.items() if found]
    if same:
        parts.append(f"not distinguishable on any table: {same} of {plural(len(rows), 'loss', 'losses')}")
    return "; ".join(parts) + "."


def listed(names: list[str]) -> str:
    """Names one after another."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def averages(measured: pd.DataFrame) -> pd.DataFrame:
    """One line for each goal, learner and loss: the mean difference over all tables with both intervals."""
    parts = [over_tables(measured, metric, duel).assign(goal=goal) for metric, duel, goal in GOALS.values()]
    return in_words(pd.concat(parts, ignore_index=True))


def draw(means: pd.DataFrame) -> dict[str, Any]:
    """By loss and learner the mean difference over all tables, with raised intervals, for each goal."""
    figures = {}
    for metric, _, goal in GOALS.values():
        table = means[means["goal"] == goal]
        table = table.assign(low=table["sure low"], high=table["sure high"])
        caption = f"Difference in {goal}; mean over tables, right of zero is better. The intervals of a learner hold together."
        axes = {"x_title": f"difference in {metric}", "y_title": "loss", "by": "learner", "reference": 0.0}
        title = f"Change in {goal}"
        figures[title] = charts.intervals(table, "difference", "loss", title=title, caption=caption, **axes)
    return figures


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Losses and learners by their titles, ordered by learner."""
    order = table["learner"].map(list(LEARNERS).index).argsort(kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    return table.assign(loss=table["loss"].map(title_of), learner=table["learner"].map(LEARNERS))


def title_of(slug: str) -> str:
    """A side in words."""
    baselines = {PLAIN: "Cross-entropy, as the learner is", ADJUSTED: "The same, with logit adjustment after training"}
    return baselines.get(slug) or (catalogue()[slug].title if slug in catalogue() else slug)
