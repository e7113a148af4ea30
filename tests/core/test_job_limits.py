"""What several people share: sessions take turns, and a study stops at its limits with what has arrived."""

import sys
import time

import numpy as np
import pytest

from core import jobs, jobs_limits, memory
from core.errors import UserError
from core.job import GIGABYTE, Budget, Job
from core.jobs_shared import MOST, Shared
from core.run_tasks import run_tasks

WATCHED = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is told on Linux only")


@pytest.fixture(scope="module")
def runner():
    made = jobs.Runner(2)
    yield made
    made.stop(now=True)


def wait(*running, seconds=30):
    end = time.monotonic() + seconds
    while any(job.live for job in running):
        assert time.monotonic() < end, "the job did not end"
        time.sleep(0.005)


def test_a_session_with_many_jobs_does_not_hold_up_another_one(runner):
    many = [runner.start([(time.sleep, (0.05,))] * 10, owner="first") for _ in range(6)]
    other = runner.start([(time.sleep, (0.05,))] * 4, owner="second")
    assert (many[0].others(), other.others(), many[0].state, other.state) == (1, 1, "running", "queued")
    wait(other)
    assert sum(job.done for job in many) <= 8, "each session has one of two workers"
    for job in many:
        job.cancel()
    assert other.others() == 0


def test_a_short_study_waits_for_one_fold_of_a_long_one_and_not_for_one_before_each_of_its_own(runner):
    long = [runner.start([(time.sleep, (0.6,))] * 4, owner="long") for _ in range(3)]
    time.sleep(0.3)
    start, short = time.monotonic(), runner.start([(time.sleep, (0.02,))] * 10, owner="short")
    wait(short)
    assert time.monotonic() - start < 2, "ten turns behind tasks of .6 s on two workers would take 3 s"
    assert sum(job.done for job in long) <= 5
    for job in long:
        job.cancel()


def test_a_study_stops_at_its_time_and_goes_on_when_it_is_renewed(runner):
    budget, start = Budget(seconds=1.0), time.monotonic()
    both = [runner.start([(time.sleep, (0.1,))] * 40, owner="slow", budget=budget) for _ in range(2)]
    free = runner.start([(time.sleep, (0.1,))] * 8, owner="other", budget=Budget(seconds=60))
    wait(*both, free)
    assert time.monotonic() - start < 6 and free.state == "done"
    assert {job.state for job in both} == {"cancelled"} and 4 <= sum(job.done for job in both) <= 18
    assert both[0].reason == "Stopped: this study has computed for 1.0 s, which is its limit."
    late = runner.start([(abs, (-1,))], budget=budget)
    assert (late.state, late.reason) == ("cancelled", both[0].reason)
    budget.renew()
    late = runner.start([(abs, (-1,))], budget=budget)
    wait(late)
    assert late.results == [1]


def fill(size, seconds):
    held = np.ones(size // 8)
    time.sleep(seconds)
    return len(held)


@WATCHED
def test_a_study_that_takes_too_much_memory_is_stopped_alone(runner):
    other = runner.start([(time.sleep, (0.2,))] * 5, owner="other")
    small, large = ((fill, (size, 5 if size > 10**8 else 0.3)) for size in (10**6, 300 * 10**6))
    job = runner.start([small, large], owner="greedy", budget=Budget(memory=0.15 * GIGABYTE))
    wait(job, other)
    assert (job.state, job.done) == ("cancelled", 1)
    assert job.reason == "Stopped: a computation took more than 0.15 GB of memory, which is the limit of this study."
    assert (other.state, other.done) == ("done", 5), "what ran beside it was run again"


@WATCHED
def test_the_machine_is_stopped_from_swapping(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10**6)
    with pytest.raises(UserError, match="almost no memory left"):
        run_tasks([(fill, (50 * 10**6, 20))], "processes", workers=1)


def test_a_task_that_goes_on_after_it_was_stopped_gives_way(runner, monkeypatch):
    monkeypatch.setattr(jobs_limits, "GRACE", 0.3)
    stuck = [runner.start([(time.sleep, (60,))], owner="first") for _ in range(2)]
    time.sleep(0.3)
    for job in stuck:
        job.cancel()
    after = runner.start([(abs, (-1,)), (abs, (-2,))], owner="second")
    wait(after, seconds=10)
    assert after.results == [1, 2]


@WATCHED
def test_memory_is_what_the_system_or_the_container_says(tmp_path, monkeypatch):
    assert 10**6 < memory.resident() < memory.total() and 0 < memory.available() <= memory.total()
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 400000\n")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    assert (memory.total(), memory.available()) == (3_000_000, 900_000)
    monkeypatch.setattr(memory, "PROCESSES", tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    assert (memory.resident(), memory.total(), memory.available()) == (None, None, None)
    assert not Budget().over and not Budget().too_large(10**15) and Job([]).others() == 0


def test_what_workers_tell_each_other_is_bounded():
    shared = Shared()
    for n in range(10):
        shared.add("study", {n: (MOST // 4, f"part {n}")})
    assert shared.of("study") == {n: f"part {n}" for n in (6, 7, 8, 9)}
    for n in range(9):
        shared.add(n, {"a": (1, "b")})
    shared.add(None, {"a": (1, "b")})
    assert shared.of("study") == shared.of(None) == {} and shared.of(8) == {"a": "b"}
