"""One file is one method: writing it, and touching nothing else, adds its card, option, README row, Learn entry and tests."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLUG = "row_parity"
TITLE = "Row parity"
HERE = pytest.mark.xdist_group("one file")

METHOD = '''"""Whether the table has an even number of rows."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic
from core.dataset import Dataset
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Row parity", "Is the number of rows a multiple of something?")


def row_parity(study: Study, *, divisor: Annotated[int, Range(2, 9)] = 2) -> Result:
    """Whether the number of rows can be divided.

    With n rows and a divisor d, the remainder is n mod d.

    How it is detected
    ------------------
    The rows are counted and divided.

    Why it matters
    --------------
    It does not; it is an example.

    What to do
    ----------
    Nothing.

    Parameters
    ----------
    divisor : int
        What the number of rows is divided by.

    Returns
    -------
    Result
        ``rows``: measure, value.

    References
    ----------
    Euclid, Elements, book VII.
    """
    rest = len(study.codes) % divisor
    table = pd.DataFrame({"measure": ["rows", "remainder"], "value": [len(study.codes), rest]})
    severity = "issue" if len(study.dataset.numeric) > 6 else "fine"
    return Result({"rows": table}, (Finding(severity, f"Dividing the rows by {divisor} leaves {rest}."),))


def draw(result: Result) -> dict[str, go.Figure]:
    """The count and its remainder."""
    title, caption = "Rows and remainder", "Number of rows and what is left after dividing."
    table = result.tables["rows"]
    figure = charts.bars(table, "value", "measure", title=title, x_title="rows", y_title="measure", caption=caption)
    return {title: figure}


def sick(random_state: int = 0) -> Dataset:
    """A table with the condition."""
    return synthetic.planted("leak", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """A table without it."""
    return synthetic.planted("clean", random_state=random_state)
'''

ALL = """
import contextlib, io, json
from core.__main__ import main
from streamlit.testing.v1 import AppTest

def printed(*arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        assert main(arguments) == 0
    return out.getvalue()

def texts(app):
    return [element.value for kind in ("markdown", "title", "subheader") for element in getattr(app, kind)]

table = ["sample_data/pump_failures.csv", "--target", "failed_within_90_days", "--only", "row_parity"]
found = {"help": printed("diagnose", "--help"), "diagnosed": printed("diagnose", *table, "--row_parity.divisor", "7")}
printed("methods", "--readme", "README.md")
app = AppTest.from_file("pages/main.py", default_timeout=60)
app.switch_page("steps/diagnose.py").run()
found |= {"diagnose": texts(app), "errors": [str(error.value) for error in app.exception]}
app.switch_page("steps/learn.py").run()
found["learn"] = list(app.selectbox(key="learn").options)
app.selectbox(key="learn").set_value("row_parity").run()
found["entry"] = texts(app)
found["errors"] += [str(error.value) for error in app.exception]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the repository with one more file. Slow neighbours of other families are left out of the copy."""
    folder = tmp_path_factory.mktemp("checkout")
    others = ("readme", "one_file", "specificity", "remedies", "losses", "samplers", "sample_diagnoses")
    unwanted = shutil.ignore_patterns("__pycache__", *(f"test_{name}.py" for name in others))
    for name in ("core", "pages", "sample_data", "tests/contract"):
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    for name in ("README.md", "app.py", "pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / name, folder / name)
    for path in (folder / "core" / "diagnostics").glob("*/*.py"):
        if path.stem not in ("__init__", "class_distribution"):
            path.unlink()
    (folder / "core" / "diagnostics" / "geometry" / f"{SLUG}.py").write_text(METHOD, encoding="utf-8")
    return folder


def run(checkout, *arguments):
    """Run Python in the copy and return what it prints."""
    environment = os.environ | {"COUNTERPOISE_WORKERS": "0", "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=environment, capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found(checkout):
    """What the commands and the pages of the copy show, all in one process of its own."""
    return json.loads(run(checkout, "-c", ALL).splitlines()[-1])


@HERE
def test_it_adds_an_option_to_the_command_line(found):
    assert f"--{SLUG}.divisor VALUE" in found["help"]
    assert "Dividing the rows by 7 leaves" in found["diagnosed"]


@HERE
def test_it_adds_a_row_to_the_readme(found, checkout):
    rows = [line for line in (checkout / "README.md").read_text(encoding="utf-8").splitlines() if f"`{SLUG}`" in line]
    assert len(rows) == 1
    assert TITLE in rows[0]


@HERE
def test_it_adds_a_card_and_an_entry_to_learn(found):
    assert found["errors"] == []
    assert any(TITLE in text for text in found["diagnose"])
    assert any("Dividing the rows by 2 leaves" in text for text in found["diagnose"])
    assert any(TITLE in name for name in found["learn"])
    assert any("It does not; it is an example" in text for text in found["entry"])


def test_it_adds_its_contract_tests(checkout):
    out = run(checkout, "-m", "pytest", "tests/contract", "-k", SLUG, "-p", "no:cacheprovider", "-n", "0")
    assert "passed" in out
