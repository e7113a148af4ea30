"""Search over recipes and learners by successive halving on folds, within a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from core import judge
from core.errors import UserError
from core.evaluation.distinguishing import margin_of
from core.evaluation.scoring import AT_OWN, COST, LOWER_IS_BETTER, FoldOutcome, miss_costs
from core.evaluation.search_plan import Candidate, Plan, Searched, plain, twin
from core.recipe import Recipe
from core.study import Study

ENTRY, FINAL, FEWEST_FOLDS = 0.4, 0.5, 4
"""Shares of the time: by which the first rung ends, and at most kept for those that are left; and folds of these that must fit into it."""

MOST_LEFT, TWINNED = 8, 3
"""Candidates beside doing nothing that are compared on all folds, and how many of the best are tried with calibrated probabilities as well."""

BEFOREHAND = {"boosted": 1.0, "linear": 1.0, "neural": 3.0}
"""How many times as long as the first fold of doing nothing a learner is taken to need before it was seen."""

WAITING, RUNNING, DROPPED, KEPT, SLOW, FAILED = "waiting", "running", "dropped", "kept", "too slow", "cannot run"


@dataclass(eq=False)
class Search:
    """What has been scored, and what comes next.

    Parameters
    ----------
    study : Study
        Its learner with the empty recipe is the baseline.
    plan : Plan
    order : sequence of Candidate
        The baseline first; the earlier one of equals is the simpler one.
    key : (str, str)
        The metric and cut to choose by.
    seconds : float
        The time, from ``start`` on.
    clock : callable
        Gives the time in seconds.
    score : callable
        As ``core.evaluation.scoring.score_fold``.
    """

    study: Study
    plan: Plan
    order: list[Candidate]
    key: tuple[str, str]
    seconds: float
    clock: Callable[[], float]
    score: Callable[[Study, Recipe, int], FoldOutcome]
    outcomes: dict[Candidate, dict[int, FoldOutcome]] = field(default_factory=dict)
    took: dict[Candidate, list[float]] = field(default_factory=dict)
    state: dict[Candidate, str] = field(default_factory=dict)
    rung: dict[Candidate, int] = field(default_factory=dict)
    left_over: list[Candidate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = self.clock()
        self.base = self.order[0]
        self.state = dict.fromkeys(self.order, WAITING)
        self.outcomes = {one: {} for one in self.order}
        given = {"recipe": Recipe(), "given": self.plan.folds}
        names = ("dataset", "positive", "n_folds", "n_repeats", "miss_cost", "random_state")
        given |= {name: getattr(self.study.whole, name) for name in names}
        learners = dict.fromkeys(one.learner for one in self.order)
        self.studies = {name: Searched(learner=name, **given) for name in learners}
        sizes = [len(train) for train, _ in self.plan.folds]
        self.growth = float(np.mean([sizes[f] for f in self.plan.apart]) / np.mean(sizes[: self.plan.rungs[-1]]))

    def run(self) -> Iterator[None]:
        """The entry, and then those that are left on all folds; gives None before every fit, and stops when the time is over or when it is told to."""
        yield from self._enter()
        for rung, n_folds in enumerate(self.plan.rungs[1:], start=1):
            yield from self._catch_up(self._better_half(rung), n_folds)
        yield from self._catch_up(self._twins(), self.plan.rungs[-1])
        yield from self._compare()

    @property
    def left(self) -> float:
        """Seconds until the time is over."""
        return self.start + self.seconds - self.clock()

    @property
    def limit(self) -> float:
        """When the entry ends: what is left is for the leader beside doing nothing on all folds, or on the fewest where a slower one comes to them."""
        others = [one for one, state in self.state.items() if state == RUNNING and one != self.base]
        wanted = [self._at_the_end(one, FEWEST_FOLDS) for one in others]
        if others:
            leader = max(others, key=lambda one: self._signed(one, range(self.plan.rungs[0])))
            wanted.append(self._at_the_end(leader, len(self.plan.apart)))
        return self.start + self.seconds - min(FINAL * self.seconds, max(wanted, default=0.0))

    @property
    def shared(self) -> list[int]:
        """Folds on which all that are left were scored."""
        every = range(len(self.plan.folds) if self.left_over else 0)
        return [f for f in every if all(f in self.outcomes[one] for one in self.left_over)]

    @property
    def compared(self) -> list[int]:
        """Those of them on which no candidate is given up."""
        return [f for f in self.shared if f in self.plan.apart]

    def mean(self, one: Candidate, key: tuple[str, str], folds: Iterable[int] = ()) -> float:
        """Of a score over some folds, or all: doing nothing's, and what the candidate has more on those that it has, each by its rows."""
        folds = tuple(folds) or range(len(self.plan.folds))
        own = [f for f in folds if f in self.outcomes[self.base]]
        base = self._weighted([self.outcomes[self.base][f].scores[key] for f in own], own)
        if one == self.base:
            return base
        both = [f for f in own if f in self.outcomes[one]]
        return base + self._weighted(self.changes(one, key, both), both)

    def changes(self, one: Candidate, key: tuple[str, str], folds: Iterable[int]) -> np.ndarray:
        """Paired differences to doing nothing, fold by fold."""
        base = self.outcomes[self.base]
        return np.array([self.outcomes[one][f].scores[key] - base[f].scores[key] for f in folds])

    def interval(self, one: Candidate, key: tuple[str, str]) -> tuple[float, float, float]:
        """Mean difference to doing nothing over the folds that it has, with its corrected interval."""
        both = [f for f in sorted(self.outcomes[one]) if f in self.outcomes[self.base]]
        return judge.fold_interval(self.changes(one, key, both), self.share(both))

    def choice(self, folds: Iterable[int], margin: float) -> Candidate:
        """Of those that are left, the best on some folds, or the simplest one within the margin of it; doing nothing where nothing is better."""
        folds = tuple(folds)
        values = {one: self._signed(one, folds) for one in self.order if one in self.left_over}
        best = max(values.values())
        if not best > values[self.base]:
            return self.base
        near = margin_of(margin, [self.outcomes[self.base][f] for f in folds], self.key)
        return next(one for one, value in values.items() if one != self.base and value >= best - near)

    def winner(self, margin: float) -> Candidate:
        """What all folds together choose."""
        return self.choice(self.shared, margin) if self.compared else self.base

    def nested(self, margin: float) -> dict[int, Candidate]:
        """For every fold on which no candidate was given up, what the other folds choose."""
        return {f: self.choice(self.plan.others(f, self.shared), margin) for f in self.compared}

    def confirmed(self, chosen: dict[int, Candidate]) -> tuple[float, float, float]:
        """Mean difference to doing nothing of what was chosen for each fold, on that fold, with its corrected interval.

        The interval of a cost reaches at least two standard errors of McNemar's count: with few rows decided otherwise, all folds may differ by about one
        row, and the spread over folds would be nearly none. At least as many rows are decided otherwise as the misses and the false alarms changed in number; this bound is inferred.
        """
        pairs = [(self.outcomes[one][f], self.outcomes[self.base][f]) for f, one in chosen.items()]
        change = np.array([out.scores[self.key] - other.scores[self.key] for out, other in pairs])
        mean, low, high = judge.fold_interval(change, self.share(chosen))
        least = NormalDist().inv_cdf((1 + judge.LEVEL) / 2) * self._error_of_counts(pairs)
        return mean, min(low, mean - least), max(high, mean + least)

    def _error_of_counts(self, pairs: Sequence[tuple[FoldOutcome, FoldOutcome]]) -> float:
        """Of a cost per 1,000 rows; 0 for other metrics."""
        changed = [out.matrices[AT_OWN] - other.matrices[AT_OWN] for out, other in pairs if self.key[0] == COST]
        own, total = self.study.positive_code, sum(out.matrices[AT_OWN].sum() for out, _ in pairs)
        misses = sum(abs(d[own].sum() - d[own, own]) for d in changed)
        alarms = sum(abs(d[:, own].sum() - d[own, own]) for d in changed)
        squared = float(np.mean(miss_costs(self.study)[self.study.codes == own] ** 2))
        return 1000 * float(np.sqrt(squared * misses + alarms)) / total if changed else 0.0

    def _enter(self) -> Iterator[None]:
        """The first rung, candidate by candidate, until its part of the time is over."""
        for one in self.order:
            n_running = sum(state == RUNNING for state in self.state.values())
            ends = self.start + ENTRY * self.seconds if n_running > FEWEST_FOLDS else self.limit
            if one != self.base and self.clock() + self._expected(one) > ends:
                continue
            self.state[one], self.rung[one] = RUNNING, 0
            for fold in range(self.plan.rungs[0]):
                late = (fold or one != self.base) and self.clock() + self._expected(one) > self.limit
                if late or self.state[one] != RUNNING:
                    break
                yield None
                self._fit(one, fold)

    def _catch_up(self, alive: Sequence[Candidate], n_folds: int) -> Iterator[None]:
        """Score some candidates on the first folds, fold by fold, until the time of the entry is over; who is not through by then is given up."""
        for fold in range(n_folds):
            for one in alive:
                ends = self.limit if one != self.base else self.start + self.seconds
                late = self.clock() + self._expected(one) > ends
                if fold in self.outcomes[one] or self.state[one] != RUNNING or late:
                    continue
                yield None
                self._fit(one, fold)

    def _fit(self, one: Candidate, fold: int) -> None:
        start = self.clock()
        try:
            outcome = self.score(self.studies[one.learner], one.recipe, fold)
        except UserError:
            self.state[one] = FAILED
            return
        self.outcomes[one][fold] = outcome
        known = any(other != one and other.learner == one.learner for other in self.took)
        if fold < self.plan.rungs[-1]:  # the first fit of a learner waits for its imports
            self.took[one] = [*(self.took.get(one, []) if known else []), self.clock() - start]
        most = FINAL * self.seconds * (1 if known else 2)
        if one != self.base and self._at_the_end(one, FEWEST_FOLDS) > most:
            self.state[one] = SLOW

    def _ranked(self, n_folds: int) -> list[Candidate]:
        """Those beside doing nothing that have the first folds, the best one first."""
        others = [one for one in self.order if self.state[one] == RUNNING and one != self.base]
        ready = [one for one in others if all(f in self.outcomes[one] for f in range(n_folds))]
        return sorted(ready, key=lambda one: -self._signed(one, range(n_folds)))

    def _keep(self, kept: Iterable[Candidate]) -> None:
        kept = {self.base, *kept}
        self.state |= {one: DROPPED for one, state in self.state.items() if state == RUNNING and one not in kept}

    def _better_half(self, rung: int) -> list[Candidate]:
        """Doing nothing and the better half of the others."""
        ranked = self._ranked(self.plan.rungs[rung - 1])
        alive = [self.base, *ranked[: (len(ranked) + 1) // 2]]
        self._keep(alive)
        self.rung |= dict.fromkeys(alive, rung)
        return alive

    def _twins(self) -> list[Candidate]:
        """Doing nothing and the best candidates, with calibrated probabilities."""
        best = [one for one in (self.base, *self._ranked(self.plan.rungs[-1])) if not one.recipe.stage("calibration")]
        roots = list(dict.fromkeys(Candidate(one.learner, plain(one.recipe)) for one in best))[: 1 + TWINNED]
        twins = [Candidate(one.learner, twin(one.recipe, self.key[0] == COST)) for one in roots]
        twins = [one for one in twins if one not in self.state]
        self.order += twins
        self.state |= dict.fromkeys(twins, RUNNING)
        self.rung |= dict.fromkeys(twins, len(self.plan.rungs) - 1)
        self.outcomes |= {one: {} for one in twins}
        return twins

    def _compare(self) -> Iterator[None]:
        """Score the best of the entry and doing nothing on the folds that are left: as many candidates as the time allows on the folds that the leader comes to."""
        ranked, n_all = self._ranked(self.plan.rungs[-1]), len(self.plan.apart)
        if (
            not all(f in self.outcomes[self.base] for f in range(self.plan.rungs[-1]))
            or self.state[self.base] == FAILED
        ):
            return
        fits = {one: int(self.left // max(self._at_the_end(one, 1), 1e-9)) for one in ranked}
        leader = next((one for one in ranked if fits[one] >= max(FEWEST_FOLDS, n_all // 2)), None)
        leader = leader or max(ranked, key=fits.get, default=None)
        if leader is None:
            return
        n_folds = min(n_all, fits[leader])
        self.left_over, room = [self.base, leader], self.left - self._at_the_end(leader, n_folds)
        for one in ranked:
            takes = n_folds * self.growth * self._expected(one)
            if one != leader and takes <= room and len(self.left_over) <= MOST_LEFT:
                self.left_over.append(one)
                room -= takes
        self._keep(self.left_over)
        self.rung |= dict.fromkeys(self.left_over, len(self.plan.rungs))
        for fold in self.plan.apart[:n_folds]:
            if self.left < self.growth * sum(map(self._expected, self.left_over)):
                return
            for one in tuple(self.left_over):
                if self.left < 0:
                    return
                yield None
                self._fit(one, fold)
            self.left_over = [one for one in self.left_over if self.state[one] != FAILED]

    def _signed(self, one: Candidate, folds: Iterable[int]) -> float:
        value = self.mean(one, self.key, folds)
        value = -value if self.key[0] in LOWER_IS_BETTER else value
        return -np.inf if np.isnan(value) else value

    def _expected(self, one: Candidate) -> float:
        """Seconds of a fit: those seen of it, of its recipe without calibration and decision, of its learner, or of doing nothing."""
        for seen in (one, Candidate(one.learner, plain(one.recipe)), Candidate(one.learner)):
            if seen in self.took:
                return float(np.mean(self.took[seen]))
        return BEFOREHAND.get(one.learner, 1.0) * float(np.mean(self.took.get(self.base, [0.0])))

    def _at_the_end(self, one: Candidate, n_folds: int) -> float:
        """Seconds that a candidate and doing nothing need on folds after the entry."""
        n_folds = min(n_folds, len(self.plan.apart))
        return n_folds * self.growth * (self._expected(one) + self._expected(self.base))

    def share(self, positions: Iterable[int]) -> float:
        """Test rows per training row, on average over some folds."""
        shares = [len(test) / len(train) for train, test in (self.plan.folds[f] for f in positions)]
        return float(np.mean(shares)) if shares else np.nan

    def _weighted(self, values: Sequence[float], folds: Sequence[int]) -> float:
        """Mean of the values that are known, each by the rows of its fold; NaN where none is."""
        values, weight = np.asarray(values, dtype=float), np.array([len(self.plan.folds[f][1]) for f in folds])
        known = ~np.isnan(values)
        return float(np.average(values[known], weights=weight[known])) if known.any() else np.nan
