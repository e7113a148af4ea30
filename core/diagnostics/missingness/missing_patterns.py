"""Which combinations of columns are missing, in which classes, and in what order."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.missing_profile import MissingProfile, missing_profile
from core.numerics.gap_burden import at_table_shares, table_share
from core.numerics.hypergeometric import two_sided
from core.numerics.mask import blocks, nested_chain, nested_order, phi
from core.numerics.multiplicity import holm
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Missing patterns", "Which combinations of columns are missing, and in what order?", gravest="caution")

FEWEST = 10
TESTED, DRAWN, NAMED = 50, 12, 6
SIGNIFICANT, LIFT = 0.01, 1.5
TOGETHER, NONE_SEEN = 0.8, 3.69


def missing_patterns(study: Study, *, nested: Annotated[float, Range(0.3, 1.0, 0.05)] = 0.8) -> Result:
    """Which combinations of columns are missing in the same row, how often, and whether the gaps have an order.

    A pattern is the set of columns that a row lacks. Columns stand from the fewest gaps to the most; an error is a pair of columns in a
    row of which the earlier is missing and the later is filled. With E errors, and E₀ = Σ_{i<j} m_i (1 − m_j / n) expected when columns
    with m_i gaps each go missing for themselves, H = 1 − E / E₀: 1 when the gaps are nested (monotone), 0 by chance.

    How it is detected
    ------------------
    Rows are grouped by the bits of their mask. In each of the 50 most frequent patterns with at least 10 rows the number of rows of the class
    of interest is compared with its share of the table by the exact hypergeometric test (two-sided: twice the smaller
    tail; Holm over these patterns): a caution when the corrected p is at most 0.01 and the class is at least 1.5 times as frequent in the pattern as
    in the table, or at most 1 / 1.5 times. Columns that go missing in the same rows (correlation of their gaps at least 0.8) count as one for the
    order, the one with most gaps. Columns are called nested, a caution, when in each pair of them H is at least ``nested``, at least 5 errors were
    expected, and chance gives so few in less than 1 % of tables (over all pairs); the longest such row of columns is shown. The interval of H is
    by the delta method over rows; without a single error its lower end allows for 3.69 (Poisson). Nothing here is an issue: patterns are a fact
    about how the table was made.

    Why it matters
    --------------
    Few patterns mean few reasons: a form that was not handed out, a site without the device, a patient who left the study. Nested gaps mean
    that rows stop at some point. Where a pattern belongs to one class, its reason does too.

    What to do
    ----------
    Ask what the rows of a frequent pattern have in common. Nested gaps can be filled column by column, from the column with fewest gaps on. A
    column that holds the pattern's number tells a learner everything that the gaps tell.

    Parameters
    ----------
    nested : float
        The value of H from which two columns are called nested.

    Returns
    -------
    Result
        ``patterns``: pattern (number, the most frequent first), columns (missing ones; at most 6 named), n_columns, n_samples, share, share_low,
        share_high, class (of interest), n_class, class_share (n_class / n_samples), low, high, expected (the class's share of the table), p, p_holm;
        at most 50. ``cells``: pattern, column, missing (1 or 0); the 12 most frequent patterns.
        ``order``: column, block (0 for none), nested (1 or 0), n_missing, share, errors, expected (as the earlier of two); fewest gaps first.
        ``structure``: measure, value, low, high, expected, p; complete rows, distinct patterns, blocks of columns, H of all columns ("order of all
        columns") and of the nested ones ("order of nested columns").

    Raises
    ------
    NotApplicable
        No cell is missing.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, section 1.2, for patterns. Loevinger (1948), Psychological Bulletin 45, and
    Mokken (1971), A Theory and Procedure of Scale Analysis, for H and its test. Holm (1979), Scandinavian Journal of Statistics 6.
    """
    gaps = missing_profile(study)
    if not len(gaps.names):
        raise NotApplicable(f"No cell is missing in {wording.plural(study.dataset.n_samples, 'row')}.")
    frequent = np.argsort(-gaps.sizes.round(6), kind="stable")
    order, structure = _structure(gaps, study.dataset.n_samples, nested)
    tables = {
        "patterns": _patterns(gaps, frequent[:TESTED], study),
        "cells": _cells(gaps, frequent[:DRAWN]),
        "order": order,
        "structure": structure,
    }
    return Result(tables, (*_by_class(tables["patterns"], study), _ordered(tables), _frequent(tables, gaps, study)))


def _patterns(gaps: MissingProfile, shown: np.ndarray, study: Study) -> pd.DataFrame:
    """The most frequent patterns, and the class of interest in each."""
    c, n, counts = study.positive_code, study.dataset.n_samples, gaps.by_class[shown]
    size, own, n_class = counts.sum(axis=1), counts[:, c], study.class_sizes[c]
    p, n_known = two_sided(own, n, size, n_class), np.full(len(size), float(n))
    if study.represents is not None:  # the rest is that of the table, known as well as by so many rows of it
        n_known, (share, n_rest) = (
            table_share(counts, study.class_sizes, study.class_shares)[1],
            _of_rest(study, counts),
        )
        p = np.array(
            [
                two_sided(k, n_class + r, k + g, n_class)
                for k, g, r in zip(own, np.rint(share * n_rest), n_rest, strict=True)
            ]
        )
    p, share = np.where(size >= FEWEST, p, np.nan), gaps.sizes[shown] / n
    share_low, share_high = judge.proportion_interval(share * n_known, n_known)
    rest = (counts @ study.standing - own * study.standing[c]) / np.maximum(size - own, 1)
    ends = (own / size, *judge.proportion_interval(own, size))
    class_share, low, high = (at_table_shares(end, study.standing[c], rest) for end in ends)
    table = {"pattern": np.arange(len(shown)) + 1, "columns": [_named(gaps, i) for i in shown]}
    table |= {"n_columns": gaps.shapes[shown].sum(axis=1), "n_samples": size, "share": share}
    table |= {"share_low": share_low, "share_high": share_high, "class": study.positive, "n_class": own}
    table |= {"class_share": class_share, "low": low, "high": high, "expected": study.class_shares[c]}
    return pd.DataFrame(table | {"p": p, "p_holm": holm(p)})


def _of_rest(study: Study, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of each pattern among the rows of the table outside the class of interest, and the rows that know it as well."""
    others = np.arange(len(study.classes)) != study.positive_code
    share, n_rows = table_share(
        counts[:, others], study.class_sizes[others], study.class_shares[others] / study.class_shares[others].sum()
    )
    return share, np.rint(n_rows)


def _named(gaps: MissingProfile, pattern: int) -> str:
    lacking = gaps.names[gaps.shapes[pattern]]
    return wording.listing(lacking, NAMED) if len(lacking) else "none"


def _cells(gaps: MissingProfile, shown: np.ndarray) -> pd.DataFrame:
    """The most frequent patterns spread over the columns that they lack, most gaps first."""
    lacking = np.flatnonzero(gaps.shapes[shown].any(axis=0))
    lacking = lacking[np.argsort(-gaps.missing[lacking].sum(axis=1), kind="stable")][:DRAWN]
    grid = gaps.shapes[np.ix_(shown, lacking)]
    pattern, column = np.repeat(np.arange(len(shown)) + 1, len(lacking)), np.tile(gaps.names[lacking], len(shown))
    return pd.DataFrame({"pattern": pattern.astype(str), "column": column, "missing": grid.ravel().astype(int)})


def _structure(gaps: MissingProfile, n: int, nested: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The order of the columns with its errors, and what the mask looks like as a whole."""
    usable, total = gaps.partly, gaps.missing @ gaps.weights
    usable = usable[np.argsort(total[usable].round(6), kind="stable")]
    both, block = gaps.both[np.ix_(usable, usable)], np.full(len(usable), -1)
    if len(usable) > 1:
        block = blocks(phi(both, n), n, TOGETHER)
    last = {int(b): i for i, b in enumerate(block) if b >= 0}
    single = np.array([i for i, b in enumerate(block) if b < 0 or last[int(b)] == i], dtype=int)
    chain = single[nested_chain(both[np.ix_(single, single)], n, nested)]
    order = {"column": gaps.names[usable], "block": block + 1}
    order |= {"nested": np.isin(np.arange(len(usable)), chain).astype(int)}
    order |= {"n_missing": np.rint(total[usable]).astype(int), "share": total[usable] / n}
    order |= {"errors": np.full(len(usable), np.nan), "expected": np.full(len(usable), np.nan)}
    whole = float(gaps.complete @ gaps.weights)
    low, high = (float(end) for end in judge.proportion_interval(whole, n))
    rows = [("complete rows", whole / n, low, high, float(np.prod(1 - total / n)), np.nan)]
    rows.append(("distinct patterns", len(gaps.shapes), *[np.nan] * 4))
    rows.append(("blocks of columns", len(last), *[np.nan] * 4))
    for measure, chosen in (("order of all columns", single), ("order of nested columns", chain)):
        if len(chosen) > 1:
            shapes = gaps.shapes[:, usable[chosen]]
            found = nested_order(shapes, gaps.sizes, both[np.ix_(chosen, chosen)])
            order["errors"][chosen], order["expected"][chosen] = found["errors"], found["expected"]
            rows.append((measure, *_h(found)))
    return pd.DataFrame(order), pd.DataFrame(rows, columns=["measure", "value", "low", "high", "expected", "p"])


def _h(found: dict) -> tuple[float, ...]:
    """H with its interval, what chance gives, and p."""
    from scipy.special import ndtr

    reach = 1.96 * found["error"] if found["h"] < 1 else NONE_SEEN / found["expected"].sum()
    return (found["h"], found["h"] - reach, min(found["h"] + reach, 1.0), 0.0, float(ndtr(-found["z"])))


def _by_class(patterns: pd.DataFrame, study: Study) -> tuple[Finding, ...]:
    """The pattern in which the class of interest is most unlike its share of the table."""
    lift = patterns["class_share"] / patterns["expected"]
    clear = patterns[(patterns["p_holm"] <= SIGNIFICANT) & ((lift >= LIFT) | (lift <= 1 / LIFT))]
    clear = clear[clear["n_columns"] > 0]
    n_tested = int(patterns["p"].notna().sum())
    if clear.empty:
        text = (
            f"{wording.quoted(study.positive)} is not clearly more or less frequent in any of the "
            f"{wording.plural(n_tested, 'pattern')} with {FEWEST} rows or more that were tested."
        )
        return (Finding("fine", text),)
    row = clear.loc[clear["p"].idxmin()]
    text = (
        f"Of the {wording.plural(row['n_samples'], 'row')}{' in hand' if study.represents is not None else ''} that lack just {row['columns']}, {wording.share(row['class_share'])} are of "
        f"{wording.quoted(study.positive)}{', each class by its share of the table' if study.represents is not None else ''} (interval {wording.share(row['low'])} to {wording.share(row['high'])}), and "
        f"{wording.share(row['expected'])} of all rows: this combination of gaps has to do with the class. "
        f"This holds for {wording.count(len(clear))} of the {wording.plural(n_tested, 'pattern')} tested."
    )
    return (Finding("caution", text),)


def _ordered(tables: dict[str, pd.DataFrame]) -> Finding:
    """Whether the gaps of some columns are nested."""
    order, structure = tables["order"], tables["structure"].set_index("measure")["value"]
    if "order of all columns" not in structure:
        return Finding(
            "fine", "Gaps have no order to look for: one column, or one block of columns, has gaps beside values."
        )
    chain = order[order["nested"] == 1]
    if chain.empty:
        text = (
            f"No column's gaps are nested in another's: the order of all is {wording.number(structure['order of all columns'], 2)} "
            "(1 is nested, 0 is chance)."
        )
        return Finding("fine", text)
    errors, expected = chain["errors"].sum(), chain["expected"].sum()
    stop = "Rows seem to stop at some point, as when somebody leaves a study."
    meant = stop if len(chain) > 2 else "What empties the one seems to empty the other."
    text = (
        f"The gaps of {wording.plural(len(chain), 'column')} are nested: where {wording.quoted(chain['column'].iloc[0])} is missing, so nearly always "
        f"{'is' if len(chain) == 2 else 'are'} {wording.listing(chain['column'].iloc[1:])} ({wording.plural(errors, 'pair')} of gaps against the order, where "
        f"{wording.count(expected)} would be chance). {meant}"
    )
    return Finding("caution", text)


def _frequent(tables: dict[str, pd.DataFrame], gaps: MissingProfile, study: Study) -> Finding:
    n, n_patterns = int(study.table_sizes.sum()), int(gaps.shapes.any(axis=1).sum())
    lacking = tables["patterns"].iloc[int((tables["patterns"]["n_columns"].to_numpy() > 0).argmax())]
    with_gaps = 1 - gaps.complete @ gaps.weights / study.dataset.n_samples
    text = (
        f"{wording.of(round(with_gaps * n), n)} have gaps, in {wording.plural(n_patterns, 'pattern')}. The most frequent one lacks "
        f"{lacking['columns']} and nothing else, in {wording.of(round(lacking['share'] * n), n)}."
    )
    if study.represents is not None:
        text += f" This is estimated from {wording.plural(study.dataset.n_samples, 'row')} in hand, each class by its share of the table."
    return Finding("fine", text)


def draw(result: Result) -> dict[str, go.Figure]:
    """The most frequent patterns, and the share of the class of interest in each."""
    first, second = "Most frequent patterns", "The class of interest by pattern"
    table = result.tables["patterns"].head(DRAWN)
    table = table.assign(pattern=table["pattern"].astype(str))
    axes = {
        "y_title": "pattern",
        "caption": f"The {DRAWN} most frequent combinations of missing columns; 1 is missing.",
    }
    grid = charts.heatmap(
        result.tables["cells"], "column", "pattern", "missing", title=first, x_title="column",
        value_title="missing", low=0, high=1, **axes,
    )  # fmt: skip
    axes["caption"] = f"Share of the class of interest among the rows of the {DRAWN} most frequent patterns."
    x_title = "share of the rows of the pattern"
    bars = charts.bars(table, "class_share", "pattern", title=second, x_title=x_title, null="expected", **axes)
    return {first: grid, second: bars}


def sick(random_state: int = 0) -> Dataset:
    """Rows that stop: a quarter lack the last column, half of these the one before too, and half of those one more."""
    dataset = healthy(random_state)
    frame = synthetic.planted("clean", random_state=random_state).X
    stop = np.random.default_rng(random_state).random(len(frame))
    for column, share in (("measure 6", 0.25), ("measure 5", 0.12), ("measure 4", 0.06)):
        frame = frame.assign(**{column: frame[column].mask(stop < share)})
    return Dataset.from_frame(frame.assign(outcome=dataset.y), "outcome", name="rows that stop")


def healthy(random_state: int = 0) -> Dataset:
    """Two columns with gaps, each for itself and whatever the class."""
    return synthetic.planted("random_gaps", random_state=random_state)
