"""How long a changed loss takes to answer: the neural learner on five folds with their inner folds, shared out among two processes as the Remedy page does it.

    python -m benchmarks.live_speed                     10,000 and 100,000 rows of 20 columns, five rounds
    python -m benchmarks.live_speed --rows 10000 --rounds 9

Seconds on the clock run from the choice to the complete result, by way of ``core.jobs``; processor seconds are those of the slower of the two tasks, in one
process of one thread, because other work on the machine changes these least. Written to ``benchmarks/live_speed.md``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.cases import study as made_study
from core import jobs
from core.evaluation.live_training import live_result, live_tasks
from core.recipe import Recipe
from core.study import Study

WARM = (
    "core.evaluation.live_training",
    "core.learners.together",
    "sklearn.metrics",
    "sklearn.linear_model",
    "scipy.stats",
)
HEAD = """# How long a changed loss takes to answer

`python -m benchmarks.live_speed`: the neural learner on five folds and three inner folds of each, 20 columns, in two processes. The clock runs
from the choice to the complete result, the middle and the least of all rounds; `load` is that of the machine's {cores} cores as the rounds began. Processor
seconds are those of the slower task: on quiet cores the clock shows little more.

| rows | what is trained | first curves (s) | complete, middle (s) | complete, least (s) | processor (s) | load |
|--:|---|--:|--:|--:|--:|--:|
"""


def answered(runner: jobs.Runner, study: Study, recipes: list[Recipe]) -> tuple[float, float]:
    """Seconds to the first curves and to the complete result."""
    start, first = time.perf_counter(), 0.0
    job = runner.start(live_tasks(study.with_(), recipes))
    while job.live:
        time.sleep(0.002)
        if not first and any(seen.curves for seen in job.latest):
            first = time.perf_counter() - start
    if job.error:
        raise job.error
    assert "scores" in live_result(study, recipes, job.latest).tables
    return first, time.perf_counter() - start


def processor(study: Study, recipes: list[Recipe]) -> float:
    """Processor seconds of the slower task; what the study knows already is not trained."""
    spent = []
    for function, given in live_tasks(study, recipes):
        start = time.process_time()
        for _ in function(*given):
            pass
        spent.append(time.process_time() - start)
    return max(spent)


def lines(n_rows: int, rounds: int) -> list[str]:
    """A changed loss while cross-entropy is known, and both anew."""
    study, runner = made_study(n_samples=n_rows).with_(learner="neural"), jobs.Runner(2)
    runner.warm(*WARM)
    answered(runner, study, [])
    changed = [Recipe.of("focal", focal={"gamma": 0.5 * (k + 1)}) for k in range(rounds)]
    load = os.getloadavg()[0]
    one = [answered(runner, study, [recipe]) for recipe in changed]
    anew = [study.with_(random_state=k + 1) for k in range(rounds)]
    both = [answered(runner, other, [changed[0]]) for other in anew]
    runner.stop()
    processor(study, [])
    spent = processor(study, [changed[0]]), processor(anew[0], [changed[0]])
    rows = zip(("a changed loss", "cross-entropy and a loss"), (one, both), spent, strict=True)
    return [_line(n_rows, name, timed, seconds, load) for name, timed, seconds in rows]


def _line(n_rows: int, name: str, timed: list[tuple[float, float]], spent: float, load: float) -> str:
    first, whole = zip(*timed, strict=True)
    middle = statistics.median(whole)
    return f"| {n_rows:,} | {name} | {statistics.median(first):.2f} | {middle:.2f} | {min(whole):.2f} | {spent:.2f} | {load:.1f} |"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = [line for n_rows in given.rows for line in lines(n_rows, given.rounds)]
    text = HEAD.format(cores=os.cpu_count()) + "\n".join(found) + "\n"
    print(text)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
