"""The sentences and tables of ``benchmarks/loss_bakeoff.md``, every number from ``benchmarks/loss_bakeoff.csv``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from core import engine
from core.judge import fold_interval
from pages.kit import bake_off
from pages.kit.bake_off import (
    ADJUSTED,
    ADJUSTMENT,
    AS_IT_COMES,
    AS_THEY_COME,
    CALIBRATION,
    DECISIONS,
    DUELS,
    GOALS,
    LEARNERS,
    PLAIN,
    STRENGTH,
    TEST_SHARE,
    THRESHOLDS,
    TUNED,
    title_of,
)


def written(measured: pd.DataFrame) -> str:
    """The whole page."""
    parts = ["# Which losses earned their keep", "", *(f"- {sentence}" for sentence in read(measured)), ""]
    parts += ["## How often", "", *_lines(summary(measured)), ""]
    for name, rows in counts(measured):
        parts += [f"### {name}", "", *_lines(rows), ""]
    parts += [
        "In brackets: by plain 95 % intervals. Better means higher, and lower for log loss, Brier score and calibration error.",
        "",
    ]
    parts += [
        "## What the simple moves did to cross-entropy (plain 95 % intervals)",
        "",
        *_lines(move_table(measured)),
        "",
    ]
    parts += ["## Scores, means over the tables", "", *_lines(scores(measured)), ""]
    for metric, duel, goal in [
        *GOALS.values(),
        ("tail recall", TUNED, "tail recall, both with right thresholds"),
        ("Brier score", AS_THEY_COME, "Brier score, against cross-entropy (above 0: lower)"),
    ]:
        for learner, name in LEARNERS.items():
            parts += [f"## {name.capitalize()}: {goal}", "", *_lines(by_table(measured, metric, duel, learner)), ""]
    return "\n".join([*parts, "## How", "", *how(measured), ""])


def read(measured: pd.DataFrame) -> list[str]:
    """What the intervals allow to say."""
    said = bake_off.sentences(measured)
    families = measured.groupby(["table", "learner"]).ngroups
    said.append(
        f"Each table, learner and goal is a family of its own with one chance in twenty of a false difference: with {families * len(GOALS)} families, {families * len(GOALS) / 20:.1f} of them are expected to name "
        "one by chance, in half of the cases for the better."
    )
    said += [without_thresholds(measured, learner) for learner in LEARNERS]
    said.append(moved(measured))
    said += [control(measured, learner) for learner in LEARNERS]
    same = list(equal(measured))
    return [*said, *same]


def without_thresholds(measured: pd.DataFrame, learner: str) -> str:
    """What losses do where nobody moves anything afterwards."""
    words = []
    for metric in ("macro-F1", "tail recall", "Brier score"):
        table = bake_off.compared(measured, metric, AS_THEY_COME)
        found = bake_off.counted(table[table["learner"] == learner], "").sum()
        whole = bake_off.over_tables(measured, metric, AS_THEY_COME)
        average = bake_off.on_average(whole[whole["learner"] == learner])
        words.append(
            f"{metric}: {found['better']} comparisons better and {found['worse']} worse by plain 95 % intervals. {average}"
        )
    return f"{LEARNERS[learner].capitalize()}, as they come against cross-entropy as it comes. {' '.join(word[0].upper() + word[1:] for word in words)}"


MOVES = {
    "macro-F1 by right thresholds": ("macro-F1", PLAIN, THRESHOLDS),
    "macro-F1 by right strength": ("macro-F1", PLAIN, STRENGTH),
    "macro-F1 by logit adjustment": ("macro-F1", ADJUSTED, AS_IT_COMES),
    "balanced accuracy by logit adjustment": ("balanced accuracy", ADJUSTED, AS_IT_COMES),
}


def moves(measured: pd.DataFrame) -> pd.DataFrame:
    """What the simple moves themselves did to cross-entropy: mean differences with plain 95 % intervals."""
    records = []
    for (learner, table), own in measured.groupby(["learner", "table"], sort=False):
        sides = own.set_index("seed").groupby("side")
        plain = sides.get_group(PLAIN)
        for move, (metric, side, way) in MOVES.items():
            change = sides.get_group(side)[f"{metric}, {way}"] - plain[f"{metric}, {AS_IT_COMES}"]
            ends = fold_interval(change.to_numpy(), TEST_SHARE)
            record = {"learner": LEARNERS[learner], "table": table, "move": move}
            records.append(record | dict(zip(("difference", "low", "high"), ends, strict=True)))
    return pd.DataFrame(records)


def moved(measured: pd.DataFrame) -> str:
    """The same in a sentence."""
    words = []
    for move, rows in moves(measured).groupby("move", sort=False):
        up, down = (rows["low"] > 0).sum(), (rows["high"] < 0).sum()
        words.append(f"{move}: raised on {up}, lowered on {down}, median change {_signed(rows['difference'].median())}")
    n = measured.groupby(["table", "learner"]).ngroups
    return f"What the simple moves do to cross-entropy, on {n} pairs of table and learner, beyond plain 95 % intervals: {'; '.join(words)}."


def move_table(measured: pd.DataFrame) -> list[list[str]]:
    """The same in a table."""
    lines = [["learner", "table", *MOVES]]
    for keys, rows in moves(measured).groupby(["learner", "table"], sort=False):
        lines.append([*keys, *(_cell(row.difference, row.low, row.high) for row in rows.itertuples())])
    return lines


def control(measured: pd.DataFrame, learner: str) -> str:
    """The catalogue's own cross-entropy beside the same loss as the learner has it."""
    words = []
    for metric, duel in dict.fromkeys(
        (metric, AS_THEY_COME if duel == ADJUSTMENT else duel) for metric, duel, _ in GOALS.values()
    ):
        table = bake_off.compared(measured, metric, duel)
        rows = table.loc[(table["learner"] == learner) & (table["loss"] == "cross_entropy"), "difference"]
        words.append(f"{metric}, {duel}, {_signed(rows.min())} to {_signed(rows.max())}")
    return (
        f"A control, {LEARNERS[learner]}: cross-entropy as a loss of the catalogue differs from the same loss as the learner has it, in the means of the tables, by {'; '.join(words)}. "
        "A loss that differs by no more than that has changed nothing."
    )


def equal(measured: pd.DataFrame) -> Iterator[str]:
    """Losses that give what their opponent gives."""
    for metric, duel, goal in GOALS.values():
        wide = bake_off.differences(measured, metric, duel)
        for learner, name in LEARNERS.items():
            rows = wide.xs(learner, level="learner").dropna(axis=1, how="all")
            same = [title_of(loss) for loss in rows if (rows[loss].abs() < 5e-4).all()]
            if same:
                yield f"{name.capitalize()}, {goal}: equal to the opponent to three digits in every seed: {bake_off.listed(same)}."


def in_docstrings(measured: pd.DataFrame) -> dict[str, str]:
    """By loss the sentence that its docstring holds: mean changes over all tables, and whether one is a gain."""
    parts = {
        key: bake_off.over_tables(measured, *key) for key in (("macro-F1", TUNED), ("balanced accuracy", ADJUSTMENT))
    }
    words = {}
    for loss in dict.fromkeys(parts["macro-F1", TUNED]["loss"]):
        if loss == "cross_entropy":
            continue
        own = [table[table["loss"] == loss].set_index("learner") for table in parts.values()]
        names = [name for name in LEARNERS if name in own[0].index]
        first, second = (" and ".join(_signed(rows.loc[name, "difference"]) for name in names) for rows in own)
        gains = any((rows["sure low"] > 0).any() for rows in own)
        words[loss] = (
            f"Measured on {measured['table'].nunique()} tables ({' and '.join(LEARNERS[name] for name in names)}), macro-F1 with right thresholds was {first} apart from cross-entropy's in the mean, and "
            f"balanced accuracy {second} from that of logit adjustment after training: {'a gain beyond its interval' if gains else 'no gain beyond its interval'}."
        )
    return words


def summary(measured: pd.DataFrame) -> list[list[str]]:
    """As on the page *Learn*."""
    table = bake_off.summary(measured)
    return [list(table.columns), *([str(cell) for cell in row] for row in table.itertuples(index=False))]


def counts(measured: pd.DataFrame) -> Iterator[tuple[str, list[list[str]]]]:
    """For each duel: by loss and learner on how many tables each score is better and worse."""
    for duel in DUELS:
        metrics = DECISIONS if duel not in (ADJUSTMENT, AS_THEY_COME) else (*DECISIONS, *CALIBRATION)
        found = {}
        for metric in metrics:
            table = bake_off.compared(measured, metric, duel)
            found[metric] = (bake_off.counted(table), bake_off.counted(table, ""))
        lines = [["learner", "loss", *metrics]]
        for learner, name in LEARNERS.items():
            losses = [loss for loss, own in found[metrics[0]][0].index if own == learner]
            for loss in losses:
                cells = [_counts(*(table.loc[(loss, learner)] for table in pair)) for pair in found.values()]
                lines.append([name, title_of(loss), *cells])
        yield duel.capitalize(), lines


def scores(measured: pd.DataFrame) -> list[list[str]]:
    """All scores by loss and learner."""
    table = bake_off.scores(measured)
    lines = [list(table.columns)]
    for row in table.itertuples(index=False):
        lines.append([*row[:2], f"{row[2]:.2f}", *("" if value != value else f"{value:.3f}" for value in row[3:])])
    return lines


def by_table(measured: pd.DataFrame, metric: str, duel: str, learner: str) -> list[list[str]]:
    """One metric, duel and learner: differences by loss and table, with raised intervals."""
    table = bake_off.compared(measured, metric, duel)
    table = table[table["learner"] == learner]
    lines = [["loss", *table["table"].unique()]]
    for loss, rows in table.groupby("loss", sort=False):
        cells = [_cell(row["difference"], row["sure low"], row["sure high"]) for _, row in rows.iterrows()]
        lines.append([title_of(loss), *cells])
    return lines


def how(measured: pd.DataFrame) -> list[str]:
    """What was done, and what was not."""
    seconds = measured[measured["side"] != ADJUSTED].groupby("learner")["seconds"].sum()
    seeds = measured.groupby("table", sort=False)["seed"].nunique()
    n = measured[~measured["side"].isin([PLAIN, ADJUSTED])].groupby("learner")["side"].nunique()
    return [
        f"Tables and seeds: {'; '.join(f'{name}: {count}' for name, count in seeds.items())}. Losses: {', '.join(f'{LEARNERS[name]} {n[name]}' for name in LEARNERS)}; the supervised contrastive regulariser needs a hidden layer. "
        "All at their defaults, the network and the trees too: nothing was tuned but thresholds and strength.",
        "",
        "A seed divides each class at random: 60 % of its rows train, 20 % choose thresholds, 20 % test, of each class at least one row in either of the last two; no class was left out. In yeast the smallest class has 5 rows "
        "(3, 1 and 1), in nsl_kdd_train20 11 (7, 2 and 2). The digits: of the c-th digit n_max · IR^(−c / 9) rows train (three quarters) or choose thresholds (one quarter), n_max being 80 % of the smallest digit; which digit is how rare goes round "
        "with the seed. All other rows test, weighted so that each class has the share in the test that it has in training: what was cut off makes recalls of rare classes more exact, and changes no share.",
        "",
        "Right thresholds: one factor for each class, by a search class by class for the best macro-F1 on the rows set aside, from no factors and from those of logit adjustment, the better end; the same search for every side. Rare classes have one "
        "to a few rows there, so it finds chance as well, for every side alike. The right strength is one power τ of the class shares, `p_c · π_c^−τ`, from −1 to 2 in steps of 0.1, chosen on the same rows; it was added after a first run, in which right thresholds lowered the macro-F1 of cross-entropy itself on most tables. Tail recall: mean recall of the rarest third of the classes. Calibration error: for each class over 15 bins of equal width, mean over classes. Brier score: summed over classes.",
        "",
        f"Cells of the tables above are mean differences with intervals of the corrected resampled t (Nadeau and Bengio; test rows for one training row {TEST_SHARE:.2f}, on the digits too), raised for all losses of a table and learner (Bonferroni); **+** better and **−** "
        "worse where they leave zero out. No table has groups, and only nsl_kdd_train20 has text; none has gaps, so losses that look at groups or gaps act without them.",
        "",
        f"Fits took {' and '.join(f'{seconds[name] / 60:.0f} minutes ({LEARNERS[name]})' for name in LEARNERS)} of one core. The networks of a split were trained together, and their time is shared alike. "
        f"{', '.join(f'{name} {version}' for name, version in engine.versions().items())}.",
    ]


def _counts(sure: pd.Series, plain: pd.Series) -> str:
    return f"{sure['better']} ({plain['better']}) better, {sure['worse']} ({plain['worse']}) worse"


def _signed(value: float, digits: int = 3) -> str:
    text = f"{value:+.{digits}f}".replace("-", "−")
    return text if set(text) - set("+−0.") else text[1:]


def _mark(low: float, high: float) -> str:
    return " **+**" if low > 0 else " **−**" if high < 0 else ""


def _cell(middle: float, low: float, high: float) -> str:
    digits = 3 if np.nanmax(np.abs([middle, low, high])) > 0.01 else 4
    return f"{_signed(middle, digits)} ({_signed(low, digits)} to {_signed(high, digits)}){_mark(low, high)}"


def _lines(rows: Iterable[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|---" * lines[0].count(" | ") + "|---|", *lines[1:]]
