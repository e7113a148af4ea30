"""Which account a missed row fits, and why: one function per account."""

from __future__ import annotations

import numpy as np

from core import wording
from core.label_quality import nearest_labels
from core.ledger.case import NEIGHBOURS, Case, held_back

MIXED, APART = 0.5, 0.2
"""Mixing of two classes above which no part of the class is apart, and below which no region counts as another's."""

SURE = 0.5
"""Smallest probability of a wrong label that puts a missed row among the mislabelled."""

FREE = "unexplained"
"""What the account of a row is until one fits."""

SET_ASIDE = ("contradicted", "gaps", "sub_cluster", "mislabelled")
"""Accounts whose rows say nothing of how close two classes lie."""

Sorted = tuple[np.ndarray, np.ndarray]
"""Which missed rows fit (n_missed,), and why (n_missed,)."""


def _by_threshold(case: Case, account: np.ndarray) -> Sorted:
    p, t = case.p[case.missed], case.threshold[case.missed]
    texts = [
        f"Its probability of {wording.share(a)} reaches the threshold of {wording.share(b)}."
        for a, b in zip(p, t, strict=True)
    ]
    return p >= t, np.array(texts, dtype=object)


def _by_contradiction(case: Case, account: np.ndarray) -> Sorted:
    group, rows = case.quality.group, case.missed
    sizes = np.bincount(group)
    own = np.bincount(group[case.of_class], minlength=len(sizes))
    others = (sizes - own)[group[rows]]
    text = "{} of other classes {} equal to it in every column."
    reasons = [text.format(wording.plural(n, "row"), "is" if n == 1 else "are") for n in others]
    return (others > 0) & (others >= own[group[rows]]), np.array(reasons, dtype=object)


def _by_gaps(case: Case, account: np.ndarray) -> Sorted:
    """Columns whose gaps go with misses: fewer rows of the class are found where the cell is missing."""
    column = case.gap_columns
    rows = case.missed
    gaps = case.study.dataset.X.iloc[rows, column].isna().to_numpy().reshape(len(rows), len(column))
    names = case.study.dataset.X.columns[column]
    reasons = [f"Missing here: {wording.listing(names[gap], 3)}." if gap.any() else "" for gap in gaps]
    return gaps.any(axis=1), np.array(reasons, dtype=object)


def _by_sub_cluster(case: Case, account: np.ndarray) -> Sorted:
    small, mine = case.small_clusters, case.cluster[case.missed]
    sizes = np.bincount(case.cluster[case.of_class])
    text = "It lies in a group of {} of its class, apart from the {} of the largest group."
    reasons = [text.format(wording.plural(sizes[c], "row"), wording.count(sizes[0])) for c in mine]
    opened = held_back(case.found[small], case.found[case.main_cluster])
    return small[case.missed] & opened, np.array(reasons, dtype=object)


def _by_label(case: Case, account: np.ndarray) -> Sorted:
    """Wrong labels lie scattered: a row with others of its class around it is no suspect, however alone they all are."""
    rows, rival = case.missed, case.rival[case.missed]
    sizes, each = case.study.table_sizes, case.study.standing
    wrong = case.quality.error_probability[rows]
    near = nearest_labels(case.study, rows, NEIGHBOURS)
    n_own, n_rival = (near == case.own).sum(axis=1), (near == rival[:, None]).sum(axis=1)
    outweighed = n_own * each[case.own] * np.maximum(1, sizes[rival] / sizes[case.own]) <= n_rival * each[rival]
    alone = (n_own <= 1) | outweighed
    text = "Its label is wrong with a probability of {}; model and nearest rows place it with {}."
    names = [wording.quoted(case.study.classes[c]) for c in rival]
    reasons = [text.format(wording.share(w), name) for w, name in zip(wrong, names, strict=True)]
    return (wrong >= SURE) & alone, np.array(reasons, dtype=object)


def _by_overlap(case: Case, account: np.ndarray) -> Sorted:
    """A rival's region: at equal class sizes model and neighbours place the row there, or nothing of the class is apart."""
    balanced, fits = case.quality.balanced, np.zeros(len(case.missed), dtype=bool)
    reasons = np.full(len(case.missed), "", dtype=object)
    rival, rows = case.rival[case.missed], case.missed
    for c in np.unique(rival[account == FREE]):
        mixing = case.mixing(c, np.isin(account, SET_ASIDE))
        mine = rival == c
        placed = (balanced[rows, c] > balanced[rows, case.own]) & (case.reach[rows, c] < case.reach[rows, case.own])
        least = MIXED if mixing > APART and case.climbs else APART
        fits |= mine & (placed if mixing <= MIXED else True) & (mixing > least)
        name = wording.quoted(case.study.classes[c])
        whole = f"the two classes as a whole are mixed to {wording.share(min(mixing, 1))} of what shuffled labels would show"
        shares = balanced[rows[mine], c] / (balanced[rows[mine], c] + balanced[rows[mine], case.own])
        reasons[mine] = [
            f"At equal class sizes, {name} has {wording.share(share)} of its probability; {whole}."
            if share > 0.5
            else f"T{whole[1:]}; at equal class sizes, {name} has {wording.share(share)} of its probability."
            for share in shares
        ]
    return fits, reasons


def _by_scarcity(case: Case, account: np.ndarray) -> Sorted:
    """Whatever nothing else explains, while the learning curve of the class still climbs."""
    curve, rows = case.curve, case.missed
    text = "The learning curve still climbs. From half to all training rows, its probability went from {} to {}."
    pairs = zip(curve.own_half[rows], curve.own_full[rows], strict=True)
    reasons = [text.format(wording.share(a), wording.share(b)) for a, b in pairs]
    return np.full(len(rows), case.climbs), np.array(reasons, dtype=object)


SORTERS = {
    "threshold": _by_threshold,
    "contradicted": _by_contradiction,
    "gaps": _by_gaps,
    "sub_cluster": _by_sub_cluster,
    "mislabelled": _by_label,
    "overlap": _by_overlap,
    "scarce": _by_scarcity,
}
"""How rows are sorted: (case, accounts so far) to (which missed rows fit, why)."""
