"""Where the missed rows of the class of interest go."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.judge import proportion_interval
from core.ledger.accounts import ACCOUNTS, Ledger, ledger
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Missed rows", "Where do the missed rows go?", "emerging", "seconds", gravest="caution")

NOTABLE, ENOUGH = 0.1, 5
"""A caution needs this share of the class, and this many rows, in accounts that name a reason."""


def missed_rows(study: Study) -> Result:
    """Every row of the class that the model misses, in exactly one account, with what would win it back.

    A row of class c is missed when another class has the largest out-of-fold probability. It stands in the first account that
    fits, so that the accounts add up to the missed rows. With p its probability, π the class share, and q_j ∝ p_j / π_j the
    probability at equal class sizes: found by the right threshold, ``p ≥ t`` and ``p > π`` (in every training fold) with t the threshold of the largest F1 on the other folds
    (or ``1 / (1 + cost of a miss)`` where a cost is stated; rows that are found as it is stay found); contradicted by at least as many equal rows of other classes; hidden
    behind missing cells; in a small group of its own class; probably mislabelled; in a region that another class owns; too few
    examples; unexplained. The accounts are the house's own, and their order is a choice: hence emerging.

    How it is detected
    ------------------
    An account that blames a cause is opened only when the cause is proved for the class. Missing cells: rows of the class with a gap in
    a column are found more seldom than rows without (Fisher's exact test, shared by all columns), so much so that at least half of
    their misses are due to it. Small groups: the class falls into groups, and the small ones, where the class is denser than elsewhere, are found
    more seldom than the largest (the same two conditions). Wrong labels: the check of label noise
    names the two classes, the row's probability of a wrong label is at least 0.5, and its class is no group around it. Another's
    region: two classes, with their sizes made equal and the rows of the accounts before set aside, are mixed to more than a fifth of what
    shuffled labels would show, by the model and by the neighbours, and both place the row there; from a half on, the rest of the class as
    well. Too few: the learning curve climbs, as the check of scarcity sees it; then a mixture below a half is put down to it. What is
    left is unexplained. The waterfall wins back only gains whose interval leaves zero out.

    Why it matters
    --------------
    "Recall is 40 %" does not say what to do. A miss by the threshold is mended without new data, at the price of false alarms; a miss by overlap
    is found by resampling only together with rows of the other class; a miss by a wrong label is no miss at all.

    What to do
    ----------
    Start with the largest account. Move the threshold first, look at the rows of the other accounts, and spend money on new rows or columns
    only where an account says that they would help.

    Returns
    -------
    Result
        ``accounts``: account, n_rows, share (of the class) with low and high, remedy, gain (expected in recall) with gain_low and
        gain_high (missing where none can be promised), basis. ``waterfall``: step, value (share of the class), measure. ``rows``: row (1 is the first), account,
        probability, threshold, most_like (the likeliest other class, class frequencies removed), reason. ``alarms``: decision,
        found, n_class, recall with low and high, false_alarms (of the whole table; where a working sample stands for it with alarms_low and
        alarms_high, the limits of Fay and Feuer).

    References
    ----------
    Napierala and Stefanowski (2016), Journal of Intelligent Information Systems 46, for types of minority rows. Lipton, Elkan and
    Naryanaswamy (2014), ECML PKDD, for the threshold of F1. Jo and Japkowicz (2004), SIGKDD Explorations 6, for small disjuncts.
    """
    study = study.judged
    found = ledger(study)
    accounts = _accounts(found)
    tables = {
        "accounts": accounts.reset_index(drop=True),
        "waterfall": _waterfall(accounts),
        "rows": _rows(found, study),
        "alarms": _alarms(found),
    }
    return Result(tables, (*_findings(found, accounts, tables["alarms"]), _rests(study)))


def _accounts(found: Ledger) -> pd.DataFrame:
    names = [name for name in ACCOUNTS if (found.account == name).any()]
    n_rows = np.array([(found.account == name).sum() for name in names], dtype=int)
    low, high = proportion_interval(n_rows, np.full(len(names), found.n_class))
    gains = [found.gains[name] for name in names]
    return pd.DataFrame(
        {
            "account": [ACCOUNTS[name].title for name in names],
            "n_rows": n_rows,
            "share": n_rows / found.n_class,
            "low": low,
            "high": high,
            "remedy": [ACCOUNTS[name].remedy for name in names],
            "gain": [gain.value for gain in gains],
            "gain_low": [gain.low for gain in gains],
            "gain_high": [gain.high for gain in gains],
            "basis": [gain.basis for gain in gains],
        },
        index=pd.Index(names, name="name"),
    )


def _waterfall(accounts: pd.DataFrame) -> pd.DataFrame:
    """From every row of the class down to what is found, and up again to what can be won back."""
    won = accounts[accounts["gain_low"] > 0]
    steps = [("All rows of the class", 1.0, "absolute")]
    steps += [(row.account, -row.share, "relative") for row in accounts.itertuples()]
    steps += [("Found now", 1 - accounts["share"].sum(), "total")]
    steps += [(f"Won back: {ACCOUNTS[row.Index].short}", row.gain, "relative") for row in won.itertuples()]
    steps += [("Within reach", 1 - accounts["share"].sum() + won["gain"].sum(), "total")]
    return pd.DataFrame(steps, columns=["step", "value", "measure"])


def _rows(found: Ledger, study: Study) -> pd.DataFrame:
    order = np.argsort([list(ACCOUNTS).index(name) for name in found.account], kind="stable")
    table = {
        "row": study.place[found.missed] + 1,
        "account": [ACCOUNTS[name].title for name in found.account],
        "probability": found.probability,
        "threshold": found.threshold,
        "most_like": np.array(study.classes, dtype=object)[found.rival],
        "reason": found.reason,
    }
    return pd.DataFrame(table).iloc[order].reset_index(drop=True)


def _alarms(found: Ledger) -> pd.DataFrame:
    now = found.n_class - len(found.missed)
    hits = np.array([now, now + (found.account == "threshold").sum()])
    low, high = proportion_interval(hits, np.full(2, found.n_class))
    table = {"decision": ["the most probable class", "the right threshold"], "found": hits, "n_class": found.n_class}
    table |= {"recall": hits / found.n_class, "low": low, "high": high, "false_alarms": found.alarms}
    if found.sampled:
        table |= dict(zip(("alarms_low", "alarms_high"), zip(*found.alarm_limits, strict=True), strict=True))
    return pd.DataFrame(table)


def _findings(found: Ledger, accounts: pd.DataFrame, alarms: pd.DataFrame) -> tuple[Finding, ...]:
    missed, label = len(found.missed), wording.quoted(found.label)
    if not missed:
        return (
            Finding(
                "fine",
                f"No row of {label} is missed: all {wording.plural(found.n_class, 'row')} are found out of fold.",
            ),
        )
    named = accounts[accounts.index != "unexplained"]
    grave = named["n_rows"].sum() >= ENOUGH and proportion_interval(named["n_rows"].sum(), found.n_class)[0] > NOTABLE
    parts = [
        f"{wording.count(row.n_rows)} {row.account[0].lower()}{row.account[1:]}"
        for row in accounts.sort_values("n_rows", ascending=False, kind="stable").itertuples()
    ]
    text = f"{wording.of(missed, found.n_class)} of {label} are missed out of fold: {', '.join(parts)}."
    suggests = tuple(dict.fromkeys(slug for name in named.index for slug in ACCOUNTS[name].suggests[:1]))
    return tuple(
        filter(
            None,
            [
                Finding("caution" if grave else "fine", text, suggests),
                _regained(accounts, alarms),
                _lost(found, accounts),
            ],
        )
    )


def _rests(study: Study) -> Finding:
    """What every account stands on; the intervals are in the table."""
    own = wording.count(study.class_sizes[study.positive_code])
    text = (
        f"This rests on {wording.plural(len(study.codes), 'row')}, {own} of them {wording.quoted(study.positive)}, each judged by a model that was not trained on it, "
        f"in {wording.plural(study.n_folds, 'fold')} (seed {study.random_state}). Every account and every gain has its interval in the table."
    )
    return Finding("fine", text)


def _regained(accounts: pd.DataFrame, alarms: pd.DataFrame) -> Finding | None:
    if "threshold" not in accounts.index:
        return None
    gain = accounts.loc["threshold"]
    before, after = alarms.itertuples()
    text = (
        f"Lowering the threshold alone takes recall from {wording.share(before.recall)} to {wording.share(after.recall)} "
        f"(interval of the gain {wording.share(gain['gain_low'])} to {wording.share(gain['gain_high'])}); false alarms go from "
        f"{wording.count(before.false_alarms)} to {wording.count(after.false_alarms)}"
    )
    if "alarms_low" in alarms:
        span = f"{wording.count(round(after.alarms_low))} to {wording.count(round(after.alarms_high))}"
        text += f" in the whole table (interval {span}, as the rows are a sample)"
    text += "."
    return Finding("fine", text)


def _lost(found: Ledger, accounts: pd.DataFrame) -> Finding | None:
    parts = []
    if "contradicted" in accounts.index:
        rows = wording.of(accounts.at["contradicted", "n_rows"], found.n_class)
        parts.append(
            f"{rows} cannot be won back with these columns: whatever finds them takes at least as many equal rows of other classes."
        )
    if "overlap" in accounts.index:
        rows = wording.of(accounts.at["overlap", "n_rows"], found.n_class)
        parts.append(
            f"{rows} lie where another class lies too: with these columns, a still lower threshold, weights or copies would "
            "find them only together with rows of that class that look the same."
        )
    return Finding("fine", " ".join(parts)) if parts else None


def draw(result: Result) -> dict[str, go.Figure]:
    """Recall lost by account, and what can be won back."""
    title, caption = (
        "Recall lost and won back",
        "Share of the class, from all of its rows to those found, and back to what is within reach.",
    )
    table = result.tables["waterfall"]
    axes = {"x_title": "share of the class", "y_title": "account", "caption": caption}
    return {title: charts.waterfall(table, "value", "step", title=title, **axes)}


def sick(random_state: int = 0) -> Dataset:
    """Centres one standard deviation apart: most of the class lies in the other's region."""
    return synthetic.planted("overlap", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """As rare, and separable."""
    return synthetic.planted("clean", random_state=random_state)
