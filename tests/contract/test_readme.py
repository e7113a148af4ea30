"""The README says what is true: its table is current, and its commands and its snippet run."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.recommend_words import with_gains
from core import __main__ as command_line
from core.evaluation import kept_scores
from core.report.methods import with_methods

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(marker):
    """The code block after a marker."""
    return re.search(rf"<!-- {marker} -->\n```\w+\n(.*?)```", README, re.DOTALL)[1]


LINES = block("command lines").strip().splitlines()
pytestmark = pytest.mark.xdist_group("README")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A folder that looks like the checkout and may be written to."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("core", "sample_data"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module", autouse=True)
def remembered():
    """Several of the examples score the same recipe on the same folds."""
    known, plain = {}, kept_scores.score_fold

    def score(study, recipe, fold):
        key = kept_scores._key(study, recipe, fold)
        if key not in known:
            known[key] = plain(study, recipe, fold)
        return known[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept_scores, "score_fold", score)
        yield


def test_the_table_of_methods_is_current():
    assert with_methods(README) == README, "run: python -m core methods --readme README.md"


def test_the_table_of_gains_is_current():
    measured = pd.read_csv(ROOT / "benchmarks" / "recommend.csv")
    assert with_gains(README, measured) == README, "run: python -m benchmarks.recommend --words"


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_runs(line, checkout, monkeypatch, capsys):
    """Each in this process: what it imports is here already. That ``python -m core`` is a command, one of them shows."""
    python, *arguments = shlex.split(line)
    assert python == "python" and arguments[:2] == ["-m", "core"]
    monkeypatch.chdir(checkout)
    assert command_line.main(arguments[2:]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out
    if "--report" in arguments:
        page = (checkout / "report.html").read_text(encoding="utf-8")
        assert page.lstrip().startswith("<!doctype html>")


def test_a_command_line_is_a_process(checkout):
    done = subprocess.run(
        [sys.executable, *shlex.split(LINES[0])[1:]], cwd=checkout, capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_library_snippet_runs(checkout, monkeypatch, capsys):
    """With nothing at hand but what it imports, from the folder of the checkout."""
    monkeypatch.chdir(checkout)
    exec(compile(block("library"), "README.md", "exec"), {"__name__": "__main__"})
    assert "share" in capsys.readouterr().out


def test_the_start_command_starts_the_app():
    setup, install, start = block("start command").strip().split(" && ")
    assert setup == "python3 -m venv .venv"
    assert (ROOT / install.split()[-1]).is_file()
    assert start.split()[:2] == [".venv/bin/streamlit", "run"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true"]
    command = [sys.executable, "-m", *start.split()[0].rsplit("/", 1)[-1:], *start.split()[1:], *options]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert healthy(f"http://localhost:{port}/_stcore/health", server)
    finally:
        server.terminate()
        server.wait(20)


def healthy(address, server, seconds=60):
    """Whether the server says ok before the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read() == b"ok"
        except OSError:
            time.sleep(0.3)
    return False


def test_the_test_command_is_the_one_that_ci_runs():
    *setup, last = block("test command").strip().split(" && ")
    assert last == ".venv/bin/python -m pytest"
    assert (ROOT / setup[-1].split()[-1]).is_file()
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert 'command_after "test command"' in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["requirements.txt", "tests/requirements.txt"])
def test_requirements_are_pinned_and_name_no_host(name):
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line.strip()]
    assert not [line for line in lines if "://" in line]
    assert all(re.match(r"[\w.-]+==[\w.]+|\s*#|-r \.\./requirements\.txt$", line) for line in lines)


def test_guides_are_short_and_complete():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    assert len(guide) < 60
    opening = " ".join(guide[:6])
    assert "from a `Study` to a `Result`" in opening
    assert "from an unfitted classifier to an unfitted classifier" in opening
    for name in re.findall(r"\]\(([^)]+)\)|`(LICENSE|sample_data/README\.md)`", README):
        assert (ROOT / (name[0] or name[1])).exists()
