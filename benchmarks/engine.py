"""What it costs to run tasks somewhere: 200 tasks that wait a tenth of a second, in threads, in processes, and on a Dask cluster of one and of two workers.

    python -m benchmarks.engine               three rounds; the cluster needs ``pip install distributed``

A task waits instead of computing, so that the clock shows what is added to the tasks and not how many cores are free. Written to ``benchmarks/engine.md``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from core.run_tasks import DASK, run_tasks

N_TASKS, SECONDS = 200, 0.1
HEAD = """# What it costs to run tasks somewhere

`python -m benchmarks.engine`: {n} tasks that wait {seconds} s each, on a machine of {cores} cores. At best they take {seconds} s · {n} / workers. Middle and least of
{rounds} rounds, the start of threads and processes and the connection to the cluster included; the cluster itself was running. A task waits instead of computing, so
that what is seen is what is added to the tasks. Load of the machine before: {load:.1f}.

| where | workers | at best (s) | middle (s) | least (s) | overhead, middle | overhead, least |
|---|--:|--:|--:|--:|--:|--:|
"""


def rounds_of(engine: str, workers: int, rounds: int) -> list[float]:
    """Seconds of each round."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        assert len(run_tasks([(time.sleep, (SECONDS,))] * N_TASKS, engine, workers=workers)) == N_TASKS
        seconds.append(time.perf_counter() - start)
    return seconds


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """The address of a cluster of processes on this machine."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as made:
        yield DASK + made.scheduler_address.removeprefix("tcp://")


def row(where: str, workers: int, seconds: list[float]) -> str:
    """One line of the table."""
    best, middle, least = N_TASKS * SECONDS / workers, statistics.median(seconds), min(seconds)
    over = " | ".join(f"{100 * (value / best - 1):.1f} %" for value in (middle, least))
    return f"| {where} | {workers} | {best:.1f} | {middle:.2f} | {least:.2f} | {over} |"


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds, load = parser.parse_args().rounds, os.getloadavg()[0]
    lines, gain = [], ""
    for engine in ("here", "threads", "processes"):
        for workers in (1,) if engine == "here" else (1, 2):
            lines.append(row(engine, workers, rounds_of(engine, workers, rounds)))
            print(lines[-1], flush=True)
    if find_spec("distributed"):
        middle = []
        for workers in (1, 2):
            with cluster(workers) as engine:
                seconds = rounds_of(engine, workers, rounds)
            middle.append(statistics.median(seconds))
            lines.append(row("Dask", workers, seconds))
            print(lines[-1], flush=True)
        gain = f"\nFrom one to two Dask workers the middle round is {middle[0] / middle[1]:.2f} times as quick.\n"
    head = HEAD.format(n=N_TASKS, seconds=SECONDS, cores=os.cpu_count(), rounds=rounds, load=load)
    Path(__file__).with_suffix(".md").write_text(head + "\n".join(lines) + "\n" + gain, encoding="utf-8")


if __name__ == "__main__":
    main()
