"""What the ledger needs to know of a class, each part computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core import judge
from core.label_quality import LabelQuality, label_quality, nearest_labels
from core.learning_curve import LearningCurve, learning_curve
from core.numerics.clusters import sub_clusters
from core.numerics.decisions import best_threshold
from core.numerics.mixing import overlap_of_scores
from core.numerics.neighbours import class_distances
from core.study import Study

NEAREST = 5
"""Which nearest row of each class, at equal class sizes, says whose region a row lies in."""

ALPHA = 0.05
"""Error rate of the tests that open an account, shared by all columns or groups that are looked at."""

DUE = 0.5
"""Share of the misses of a group that must be due to what sets it apart."""

KNOWS_NOTHING = 1e-6
"""A probability this little above the share of the class, relative to it, is that share: the model knows nothing of the row."""

NEIGHBOURS = 10
"""Nearest rows that are asked about a row's class."""

FEWEST_GAPS = 5
"""Rows of the class with a gap, and without, that a column needs to be judged."""


@dataclass(frozen=True, eq=False)
class Case:
    """The class of interest of a study, its misses, and what may explain them.

    Parameters
    ----------
    study : Study
        Its ``positive`` is the class.
    """

    study: Study

    @cached_property
    def own(self) -> int:
        """The code of the class."""
        return self.study.positive_code

    @cached_property
    def of_class(self) -> np.ndarray:
        """Its rows, as a mask."""
        return self.study.codes == self.own

    @cached_property
    def n_class(self) -> int:
        """How many rows it has."""
        return int(self.of_class.sum())

    @cached_property
    def stands(self) -> np.ndarray:
        """How many rows of the whole table each row stands for; 1 where all are in hand."""
        return np.ones(len(self.study.codes)) if self.study.represents is None else self.study.represents

    @cached_property
    def p(self) -> np.ndarray:
        """Out-of-fold probability of the class, of every row."""
        return self.study.out_of_fold()[:, self.own]

    @cached_property
    def taken(self) -> np.ndarray:
        """Rows that the model takes for the class, as it is."""
        return self.study.out_of_fold().argmax(axis=1) == self.own

    @cached_property
    def missed(self) -> np.ndarray:
        """Positions of its rows that are taken for another class."""
        return np.flatnonzero(self.of_class & ~self.taken)

    @cached_property
    def threshold(self) -> np.ndarray:
        """The threshold of each row: chosen on the rows of the other folds; above what a model says that knows nothing but shares."""
        if self.study.miss_cost:
            return np.full(len(self.p), 1 / (1 + self.study.miss_cost))
        chosen = np.empty(len(self.p))
        for _, test in self.study.folds[: self.study.n_folds]:
            rest = np.ones(len(self.p), dtype=bool)
            rest[test] = False
            chosen[test] = best_threshold(self.p[rest], self.of_class[rest], "F1", weight=self.stands[rest])
        whole = self.study.whole
        own, stands = whole.codes == whole.positive_code, whole.represents
        weights = [None if stands is None else stands[train] for train, _ in whole.folds[: whole.n_folds]]
        parts = zip(whole.folds[: whole.n_folds], weights, strict=True)
        share = max(np.average(own[train], weights=weight) for (train, _), weight in parts)
        return np.maximum(chosen, share * (1 + KNOWS_NOTHING))

    @cached_property
    def found(self) -> np.ndarray:
        """Rows that are taken for the class as it is, or reach the right threshold."""
        return self.taken | (self.p >= self.threshold)

    @cached_property
    def alarms(self) -> tuple[int, int]:
        """Rows of other classes taken for it: as it is, and with the right threshold; those of the whole table."""
        some, more = (self.stands[chosen & ~self.of_class].sum() for chosen in (self.taken, self.found))
        return round(some), round(more)

    @cached_property
    def alarm_limits(self) -> tuple[tuple[float, float], ...]:
        """Limits of ``alarms``: in a working sample they are estimated, else counted."""
        largest = float(self.stands[~self.of_class].max(initial=1.0))
        chosen = (self.stands[rows & ~self.of_class] for rows in (self.taken, self.found))
        return tuple(judge.weighted_count_interval(weight, largest) for weight in chosen)

    @cached_property
    def quality(self) -> LabelQuality:
        """What model and neighbours say of each label."""
        return label_quality(self.study)

    @cached_property
    def rival(self) -> np.ndarray:
        """The likeliest other class of each row, with class frequencies removed."""
        balanced = self.quality.balanced.copy()
        balanced[:, self.own] = -1
        return balanced.argmax(axis=1)

    @cached_property
    def reach(self) -> np.ndarray:
        """Distance of each row to the near rows of every class, as many drawn of each as the class has, up to 500."""
        n_rows = min(max(50, self.n_class), 500)
        seed = self.study.random_state
        found = class_distances(self.study.Z, self.study.codes, NEAREST, max_rows=n_rows, random_state=seed)
        return np.clip(np.nan_to_num(found, nan=1e9, posinf=1e9), 1e-9, 1e9)

    @cached_property
    def gap_columns(self) -> np.ndarray:
        """Columns (positions) where fewer rows of the class are found with a gap than without, and the gap is why."""
        gaps = self.study.dataset.X.iloc[np.flatnonzero(self.of_class)].isna().to_numpy()
        n_gaps = gaps.sum(axis=0)
        judged = np.flatnonzero((n_gaps >= FEWEST_GAPS) & (len(gaps) - n_gaps >= FEWEST_GAPS))
        found = self.found[self.of_class]
        opened = [j for j in judged if held_back(found[gaps[:, j]], found[~gaps[:, j]], len(judged))]
        return np.array(opened, dtype=int)

    @cached_property
    def cluster(self) -> np.ndarray:
        """The sub-cluster of each row of the class, 0 is the largest; −1 for the rows of other classes."""
        cluster = np.full(len(self.p), -1)
        cluster[self.of_class] = sub_clusters(self.study.Z[self.of_class], random_state=self.study.random_state)
        return cluster

    @cached_property
    def main_cluster(self) -> np.ndarray:
        """Rows of the largest sub-cluster, as a mask."""
        return self.cluster == 0

    @cached_property
    def small_clusters(self) -> np.ndarray:
        """Rows of the other sub-clusters in which the class is denser than elsewhere, as a mask."""
        rows, small = np.flatnonzero(self.cluster > 0), np.zeros(len(self.p), dtype=bool)
        if len(rows):
            near = nearest_labels(self.study, rows, NEIGHBOURS) == self.own
            share = np.bincount(self.cluster[rows], near.sum(axis=1)) / np.maximum(np.bincount(self.cluster[rows]), 1)
            small[rows] = (share > NEIGHBOURS * self.n_class / len(self.p))[self.cluster[rows]]
        return small

    @cached_property
    def curve(self) -> LearningCurve:
        """How the class is learned as rows are added."""
        return learning_curve(self.study)

    @property
    def climbs(self) -> bool:
        """Whether more rows of the class still help, as the check of scarcity sees it."""
        return self.curve.climbs

    def mixing(self, rival: int, explained: np.ndarray) -> float:
        """Mixing of the class with another at equal class sizes, by the model or by the neighbours, whichever is less.

        Missed rows that are explained already (n_missed,) are set aside: wrong labels would look like overlap.
        """
        mine, other = self.of_class.copy(), self.study.codes == rival
        mine[self.missed[explained]] = False
        if not mine.any():
            return 0.0
        near = np.log(self.reach[:, rival] / self.reach[:, self.own])
        model = np.log(self.quality.balanced[:, self.own] / self.quality.balanced[:, rival])
        return min(overlap_of_scores(score[mine], score[other]) for score in (near, model))


def held_back(some: np.ndarray, others: np.ndarray, n_tests: int = 1) -> bool:
    """Whether some rows are found more seldom than others, and most of their misses are due to what sets them apart.

    Parameters
    ----------
    some, others : ndarray of bool
        Whether each row is found.
    n_tests : int
        How many such questions share the error rate ``ALPHA``.

    Returns
    -------
    bool
        Fisher's exact test says fewer, and the attributable share of the misses, ``(r − g) / (1 − g)`` with g and r the shares
        found, is at least a half.
    """
    from scipy.stats import hypergeom

    if not len(some) or not len(others) or some.all():
        return False
    n, k = len(some) + len(others), int(some.sum() + others.sum())
    fewer = hypergeom.cdf(some.sum(), n, k, len(some)) * n_tests < ALPHA
    return bool(fewer and (others.mean() - some.mean()) / (1 - some.mean()) >= DUE)
