"""Jobs: in turn, in order, stoppable, and in other processes that keep what they were given."""

import math
import operator
import os
import threading
import time
from dataclasses import dataclass

import pytest

from core import jobs, jobs_working
from core.errors import UserError


def wait(*running, seconds=60):
    end = time.monotonic() + seconds
    while any(job.live for job in running):
        assert time.monotonic() < end, "the job did not end"
        time.sleep(0.005)


def refuse(_):
    raise UserError("The table is empty.", "Choose another.")


@dataclass
class Thing:
    key: str
    payload: int


def payload_of(thing):
    return thing.payload


@pytest.fixture(scope="module")
def runner():
    made = jobs.Runner(2)
    yield made
    made.stop()


def test_inline_runner_gives_results_in_order_at_once():
    job = jobs.Runner(0).start([(math.factorial, (n,)) for n in range(5)])
    assert (job.state, job.done, job.total, job.results) == ("done", 5, 5, [1, 1, 2, 6, 24])


def test_inline_runner_keeps_an_analysts_mistake_and_raises_a_defect():
    job = jobs.Runner(0).start([(refuse, (1,)), (math.factorial, (3,))])
    assert job.state == "failed"
    assert str(job.error) == "The table is empty. Choose another."
    with pytest.raises(ZeroDivisionError):
        jobs.Runner(0).start([(operator.truediv, (1, 0))])


def test_processes_give_results_in_the_order_of_the_tasks(runner):
    job = runner.start([(time.sleep, (0.2,)), *((operator.add, (n, 1)) for n in range(6))])
    wait(job)
    assert job.state == "done"
    assert job.results == [None, 1, 2, 3, 4, 5, 6]


def test_a_mistake_travels_back_with_both_sentences(runner):
    job = runner.start([(refuse, (1,))])
    wait(job)
    assert job.state == "failed"
    assert (job.error.problem, job.error.remedy) == ("The table is empty.", "Choose another.")


def test_cancel_is_seen_at_once_and_keeps_what_has_arrived(runner):
    job = runner.start([(time.sleep, (0.1,))] * 50)
    while job.done < 2:
        time.sleep(0.005)
    start = time.monotonic()
    job.cancel()
    assert job.state == "cancelled"
    assert time.monotonic() - start < 0.05
    time.sleep(0.3)
    assert 2 <= job.done <= 4


def test_a_finished_job_cannot_be_cancelled():
    job = jobs.Runner(0).start([(abs, (1,))])
    job.cancel()
    assert job.state == "done"


def test_a_long_job_does_not_hold_up_a_short_one(runner):
    long = runner.start([(time.sleep, (0.1,))] * 40)
    short = runner.start([(abs, (-1,))])
    wait(short)
    assert long.done < 20
    long.cancel()


def test_a_worker_keeps_what_has_a_key():
    jobs_working._kept.clear()
    assert jobs_working.call(payload_of, (Thing("a", 1),)) == 1
    assert jobs_working.call(payload_of, (Thing("a", 2),)) == 1, "the kept one is used again"
    for n in range(jobs_working.KEPT):
        jobs_working.call(payload_of, (Thing(str(n), n),))
    assert len(jobs_working._kept) == jobs_working.KEPT
    assert jobs_working.call(payload_of, (Thing("a", 3),)) == 3, "the oldest was dropped"
    jobs_working._kept.clear()


def test_a_killed_process_fails_its_job_and_the_next_job_runs():
    runner = jobs.Runner(1)
    killed = runner.start([(os._exit, (1,))])
    wait(killed)
    assert killed.state == "failed"
    assert isinstance(killed.error, UserError)
    after = runner.start([(abs, (-3,))])
    wait(after)
    assert after.results == [3]
    runner.stop()


def note_and_sleep(path, n):
    with open(path, "a") as file:
        file.write(f"{n}\n")
    time.sleep(0.03)
    return n


def test_a_killed_process_loses_no_finished_task_and_the_job_completes(tmp_path):
    path, runner = tmp_path / "ran", jobs.Runner(2)
    job = runner.start([(note_and_sleep, (str(path), n)) for n in range(20)])
    awaited(lambda: job.done >= 6)
    next(iter(runner._pool._processes.values())).kill()
    wait(job)
    assert (job.state, job.results) == ("done", list(range(20)))
    assert 20 <= len(path.read_text().split()) <= 22, "only what was running is run again"
    runner.stop()


def test_a_task_that_kills_its_process_takes_no_other_job_with_it():
    runner = jobs.Runner(2)
    others = runner.start([(time.sleep, (0.1,))] * 12)
    deadly = runner.start([(os._exit, (1,))])
    wait(others, deadly)
    assert (deadly.state, others.state, others.done) == ("failed", "done", 12)
    runner.stop()


def test_the_number_of_workers_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("COUNTERPOISE_WORKERS", "0")
    assert jobs.workers_of_this_machine() == 0
    monkeypatch.delenv("COUNTERPOISE_WORKERS")
    assert 1 <= jobs.workers_of_this_machine() <= 2


def test_warming_returns_at_once(runner):
    start = time.monotonic()
    runner.warm("statistics")
    assert time.monotonic() - start < 0.2


def counting(n, pause, path=""):
    """Gives 0 … n − 1, one after the other, and notes when it is ended early."""
    try:
        for i in range(n):
            yield i
            time.sleep(pause)
    finally:
        if path:
            with open(path, "a") as file:
                file.write(f"{i}\n")


def silent_then_stuck(n):
    """Gives nothing but moments to stop, then one number."""
    for _ in range(n):
        time.sleep(0.005)
        yield None
    yield n


def die_after(n):
    yield n
    time.sleep(0.2)
    os._exit(1)


def awaited(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.002)


def test_results_so_far_arrive_while_a_task_runs(runner):
    job = runner.start([(counting, (4, 0.05)), (operator.add, (1, 1)), (map, (abs, (-1, -2)))])
    seen = []
    while job.live:
        seen += [] if seen[-1:] == [job.latest] else [job.latest]
        time.sleep(0.005)
    assert job.results == job.latest == [3, 2, 2], "what an iterator gives last is its result"
    assert any(latest and latest[0] == 1 for latest in seen)
    assert jobs.Runner(0).start([(counting, (3, 0)), (silent_then_stuck, (1,))]).results == [2, 1]


def test_a_cancelled_iterator_ends_at_its_next_value(runner, tmp_path):
    path = tmp_path / "ended"
    job = runner.start([(counting, (1000, 0.02, str(path))), (silent_then_stuck, (10_000,))])
    awaited(lambda: job.latest and job.latest[0] >= 1)
    start = time.monotonic()
    job.cancel()
    assert (job.state, job.done) == ("cancelled", 0)
    after = runner.start([(abs, (-1,)), (counting, (2, 0)), (counting, (2, 0))])
    wait(after)
    awaited(lambda: path.exists() and path.read_text())
    assert time.monotonic() - start < 1, "both workers are free again at once"
    assert after.results == [1, 1, 1], "a task in the place of a stopped one is not stopped"
    assert int(path.read_text()) < 100
    assert job.latest[0] < 100
    assert job.results == []


def test_a_task_that_fails_ends_the_others_of_its_job(runner, tmp_path):
    path = tmp_path / "ended"
    job = runner.start([(counting, (1000, 0.02, str(path))), (refuse, (1,))])
    wait(job)
    awaited(path.exists)
    assert job.state == "failed"


def test_a_worker_that_dies_leaves_nothing_behind():
    before, runner = set(threading.enumerate()), jobs.Runner(1)
    dead = runner.start([(die_after, (5,))])
    wait(dead)
    assert (dead.state, dead.latest) == ("failed", [5])
    after = runner.start([(counting, (3, 0.02))])
    wait(after)
    assert after.results == [2]
    running = runner.start([(counting, (1000, 0.01))])
    awaited(lambda: running.latest)
    runner.stop()
    assert running.state == "cancelled"
    awaited(lambda: set(threading.enumerate()) <= before)
