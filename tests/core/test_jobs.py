"""Jobs: in turn, in order, stoppable, and in other processes that keep what they were given."""

import math
import operator
import os
import time
from dataclasses import dataclass

import pytest

from core import jobs
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
    jobs._kept.clear()
    assert jobs._call(payload_of, (Thing("a", 1),)) == 1
    assert jobs._call(payload_of, (Thing("a", 2),)) == 1, "the kept one is used again"
    for n in range(jobs.KEPT):
        jobs._call(payload_of, (Thing(str(n), n),))
    assert len(jobs._kept) == jobs.KEPT
    assert jobs._call(payload_of, (Thing("a", 3),)) == 3, "the oldest was dropped"
    jobs._kept.clear()


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


def test_the_number_of_workers_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("COUNTERPOISE_WORKERS", "0")
    assert jobs.workers_of_this_machine() == 0
    monkeypatch.delenv("COUNTERPOISE_WORKERS")
    assert 1 <= jobs.workers_of_this_machine() <= 2


def test_warming_returns_at_once(runner):
    start = time.monotonic()
    runner.warm("statistics")
    assert time.monotonic() - start < 0.2
