"""Search over recipes and learners by successive halving on folds, within a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from core import judge
from core.errors import UserError
from core.evaluation.distinguishing import margin_of
from core.evaluation.scoring import AT_OWN, COST, LOWER_IS_BETTER, FoldOutcome
from core.evaluation.search_plan import TWIN, Candidate, Plan, Searched
from core.recipe import Recipe
from core.study import Study

ENTRY, CONFIRM, FEWEST_FOLDS = 0.4, 0.4, 4
"""Shares of the time: by which the first rung ends, and at most kept for the rows apart; and folds of these that must fit into it."""

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
    finished: int = 0

    def __post_init__(self) -> None:
        self.start = self.clock()
        self.base = self.order[0]
        self.state = dict.fromkeys(self.order, WAITING)
        plain = {"recipe": Recipe(), "given": self.plan.folds}
        names = ("dataset", "positive", "n_folds", "n_repeats", "miss_cost", "random_state")
        plain |= {name: getattr(self.study.whole, name) for name in names}
        learners = dict.fromkeys(one.learner for one in self.order)
        self.studies = {name: Searched(learner=name, **plain) for name in learners}
        sizes = [len(train) for train, _ in self.plan.folds]
        self.growth = float(np.mean([sizes[f] for f in self.plan.apart]) / np.mean(sizes[: self.plan.rungs[-1]]))

    def run(self) -> Iterator[None]:
        """All rungs; gives None before every fit, and stops when the time is over or when it is told to."""
        yield from self._enter()
        for rung, n_folds in enumerate(self.plan.rungs[1:], start=1):
            alive = self._better_half(rung)
            for fold in range(n_folds):
                for one in alive:
                    if fold in self.outcomes[one] or self.state[one] in (SLOW, FAILED):
                        continue
                    if self.clock() + self._expected(one) > self.limit:
                        return
                    yield None
                    self._fit(one, fold)
            self.finished = rung

    def confirm(self, one: Candidate) -> Iterator[None]:
        """Score a candidate and doing nothing on the rows apart, as many folds as time allows."""
        for fold in self.plan.apart:
            if self.left < self.growth * (self._expected(one) + self._expected(self.base)):
                return
            for either in (self.base, one):
                yield None
                self._fit(either, fold)

    @property
    def left(self) -> float:
        """Seconds until the time is over."""
        return self.start + self.seconds - self.clock()

    @property
    def limit(self) -> float:
        """When the search ends: what is left is for all folds of the rows apart if the leader comes to them, or the fewest if a slower one does."""
        others = [one for one, state in self.state.items() if state == RUNNING and one != self.base]
        wanted = [self._at_the_end(one, FEWEST_FOLDS) for one in others]
        if others:
            leader = max(others, key=lambda one: self._signed(one, self.plan.rungs[self.finished]))
            wanted.append(self._at_the_end(leader, len(self.plan.apart)))
        return self.start + self.seconds - min(CONFIRM * self.seconds, max(wanted, default=0.0))

    def mean(self, one: Candidate, key: tuple[str, str], n_folds: int = 0) -> float:
        """Of a score over the folds that choose, or the first of them: doing nothing's, and what the candidate has more on the folds that it has."""
        base = _mean(out.scores[key] for out in self.chosen(self.base, n_folds))
        return base if one == self.base else base + _mean(self.changes(one, key, n_folds))

    def changes(self, one: Candidate, key: tuple[str, str], n_folds: int = 0) -> np.ndarray:
        """Paired differences to doing nothing, fold by fold of those that choose."""
        base = self.outcomes.get(self.base, {})
        pairs = [(out, base[out.fold]) for out in self.chosen(one, n_folds) if out.fold in base]
        return np.array([out.scores[key] - other.scores[key] for out, other in pairs])

    def interval(self, one: Candidate, key: tuple[str, str]) -> tuple[float, float, float]:
        """Mean difference to doing nothing over the folds that choose, with its corrected interval."""
        return judge.fold_interval(self.changes(one, key), self.share(range(self.plan.rungs[-1])))

    def confirmed(self, one: Candidate) -> tuple[tuple[float, float, float], list[int]]:
        """Mean difference to doing nothing on the rows apart, with its corrected interval; and the folds that it rests on.

        The interval of a cost reaches at least two standard errors of McNemar's count: with few rows decided otherwise, all folds may differ by about one
        row, and the spread over folds would be nearly none. At least as many rows are decided otherwise as the misses and the false alarms changed in number; this bound is inferred.
        """
        both = [f for f in self.plan.apart if f in self.outcomes[one] and f in self.outcomes[self.base]]
        pairs = [(self.outcomes[one][f], self.outcomes[self.base][f]) for f in both]
        change = np.array([out.scores[self.key] - other.scores[self.key] for out, other in pairs])
        mean, low, high = judge.fold_interval(change, self.share(both))
        least = NormalDist().inv_cdf((1 + judge.LEVEL) / 2) * self._error_of_counts(pairs)
        return (mean, min(low, mean - least), max(high, mean + least)), both

    def _error_of_counts(self, pairs: Sequence[tuple[FoldOutcome, FoldOutcome]]) -> float:
        """Of a cost per 1,000 rows; 0 for other metrics."""
        changed = [out.matrices[AT_OWN] - other.matrices[AT_OWN] for out, other in pairs if self.key[0] == COST]
        own, total = self.study.positive_code, sum(out.matrices[AT_OWN].sum() for out, _ in pairs)
        misses = sum(abs(d[own].sum() - d[own, own]) for d in changed)
        alarms = sum(abs(d[:, own].sum() - d[own, own]) for d in changed)
        return 1000 * float(np.sqrt(self.study.miss_cost**2 * misses + alarms)) / total if changed else 0.0

    def chosen(self, one: Candidate, n_folds: int = 0) -> list[FoldOutcome]:
        """What a candidate did on the folds that choose, or on the first of them."""
        own, most = self.outcomes.get(one, {}), n_folds or self.plan.rungs[-1]
        return [own[f] for f in sorted(own) if f < most]

    def margin(self, margin: float) -> float:
        """On the scale of the metric."""
        return margin_of(margin, self.chosen(self.base), self.key)

    def ready(self) -> list[Candidate]:
        """Who has all folds of the last rung that was finished, and can still be scored on rows apart."""
        least, going = self.plan.rungs[self.finished], (RUNNING, KEPT)
        return [one for one in self.order if len(self.chosen(one)) >= least and self.state[one] in going]

    def rival(self, margin: float) -> Candidate | None:
        """The candidate that is best beside doing nothing, or the simplest one within the margin of it; None where doing nothing is best.

        Those that are ready are compared on the folds that all of them have; folds of a rung come one after the other for all.
        """
        ready = self.ready()
        n_folds = min((len(self.chosen(one)) for one in ready), default=0)
        values = {one: self._signed(one, n_folds) for one in ready}
        best = max(values.values(), default=np.nan)
        if self.base not in values or not best > values[self.base]:
            return None
        return next(
            one
            for one in self.order
            if one in values and one != self.base and values[one] >= best - self.margin(margin)
        )

    def _enter(self) -> Iterator[None]:
        """The first rung, candidate by candidate, until its part of the time is over."""
        for one in self.order:
            if one != self.base and self.clock() + self._expected(one) > self.start + ENTRY * self.seconds:
                continue
            self.state[one], self.rung[one] = RUNNING, 0
            for fold in range(self.plan.rungs[0]):
                late = (fold or one != self.base) and self.clock() + self._expected(one) > self.limit
                if late or self.state[one] != RUNNING:
                    break
                yield None
                self._fit(one, fold)

    def _fit(self, one: Candidate, fold: int) -> None:
        start = self.clock()
        try:
            outcome = self.score(self.studies[one.learner], one.recipe, fold)
        except UserError:
            self.state[one] = FAILED
            return
        self.outcomes.setdefault(one, {})[fold] = outcome
        if fold < self.plan.rungs[-1]:
            self.took.setdefault(one, []).append(self.clock() - start)
        if one != self.base and self._at_the_end(one, FEWEST_FOLDS) > CONFIRM * self.seconds:
            self.state[one] = SLOW

    def _better_half(self, rung: int) -> list[Candidate]:
        """Who goes on: doing nothing, the better half of the others, and on the last rung their calibrated twins."""
        n_folds = self.plan.rungs[rung - 1]
        others = [one for one in self.order if self.state[one] == RUNNING and one != self.base]
        ranked = sorted(others, key=lambda one: -self._signed(one, n_folds))
        kept = set(ranked[: (len(ranked) + 1) // 2])
        self.state |= {one: DROPPED for one in others if one not in kept}
        alive = [one for one in self.order if one in kept]
        if rung == len(self.plan.rungs) - 1:
            alive += self._twins(alive)
        self.rung |= dict.fromkeys((self.base, *alive), rung)
        return [self.base, *alive]

    def _twins(self, alive: Sequence[Candidate]) -> list[Candidate]:
        plain = [one for one in (self.base, *alive) if one.recipe.stage("calibration") is None]
        twins = [Candidate(one.learner, Recipe.parse(f"{one.recipe.text}+{TWIN}")) for one in plain]
        twins = [one for one in twins if one not in self.state]
        self.order += twins
        self.state |= dict.fromkeys(twins, RUNNING)
        self.outcomes |= {one: {} for one in twins}
        return twins

    def _signed(self, one: Candidate, n_folds: int) -> float:
        value = self.mean(one, self.key, n_folds)
        value = -value if self.key[0] in LOWER_IS_BETTER else value
        return -np.inf if np.isnan(value) else value

    def _expected(self, one: Candidate) -> float:
        """Seconds of a fit: those seen of it, of its recipe without calibration, of its learner, or of doing nothing."""
        plain = Candidate(one.learner, one.recipe.without("calibration"))
        for seen in (one, plain, Candidate(one.learner)):
            if seen in self.took:
                return _mean(self.took[seen])
        return BEFOREHAND.get(one.learner, 1.0) * _mean(self.took.get(self.base, [0.0]))

    def _at_the_end(self, one: Candidate, n_folds: int) -> float:
        """Seconds that a candidate and doing nothing need on rows apart."""
        n_folds = min(n_folds, len(self.plan.apart))
        return n_folds * self.growth * (self._expected(one) + self._expected(self.base))

    def share(self, positions: Iterable[int]) -> float:
        """Test rows per training row, on average over some folds."""
        shares = [len(test) / len(train) for train, test in (self.plan.folds[f] for f in positions)]
        return float(np.mean(shares)) if shares else np.nan


def _mean(values: Iterable[float]) -> float:
    """Of the values that are known; NaN where none is."""
    known = [float(value) for value in values if value == value]
    return sum(known) / len(known) if known else np.nan
