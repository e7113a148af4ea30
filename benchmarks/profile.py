"""The profile page against two report generators, in turn within one run, and the missingness profile of a million rows.

    python -m benchmarks.profile                       100,000 rows of 20 columns, 3 rounds
    python -m benchmarks.profile --rows 20000 --rounds 1

Each side is a process of its own on one thread: it reads the same file, which is not timed, and then turns the data frame into a page written to
disk. Ours runs every check of the families "profile" and "missingness" and draws all of their figures. The peers are looked for in virtual
environments of their own (``--ydata``, ``--sweetviz``); one that is absent is left out with a sentence. Writes ``benchmarks/profile.md`` and
``benchmarks/profile.csv``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
TARGET = Path(__file__).with_suffix(".md")
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
FAMILIES = ("profile", "missingness")
LEARNER_BASED = "missingness_leak"

OURS_NAMES = {"ours, the page as it is": "", "ours, all rows": ", working_rows=0"}

ABOUT = """Each side is a process of its own on one thread. It reads the same file, which is not timed, and turns the data frame into a page on disk; the
sides take turns. What is compared is the processor time that each process reports of itself, as other work on the machine lengthens the wall time; the
wall time stands beside it.

Ours runs every check of the families "profile" and "missingness" in one process, and draws all of their figures: once as the page does it, on a
working sample of 50,000 rows that holds all rows of the rare class, with class counts, gaps and the profile of each column from all rows; and once with all rows in
hand. In both, checks that compare distributions, pairs of columns or gaps with values look at 10,000 rows and say so, with the standard error; gaps, copies, and what
each column holds are counted in every row in hand. The page of the dashboard needs the checks and draws the figures that are looked at, so the ratio for the checks is the one for the page, and the others are given
beside it. ydata-profiling makes its minimal report with one worker; sweetviz analyses against the target. Libraries are imported before the time is taken on every side."""

CONTENTS = """# What each page says about imbalance and missing cells

Read in the three pages that this run wrote (the table has a rare class of 1 %, a column with more gaps in the rare class, two columns missing together, three
nested ones and one whose gaps follow another column).

| what | ours | ydata-profiling, minimal | sweetviz |
|---|---|---|---|
| rows and share of each class | yes | as the values of one text column among 21 | yes, as the values of the target |
| how rare the class is | a sentence: "100 times as many rows" | no; its imbalance alert is for categorical columns, and the minimal report takes texts for text | no |
| columns by class | spread by class, and what each tells about the class, with intervals | no | share of the target along each column, correlation ratio without an interval |
| missing cells of each column | count, share, interval | count, share, an alert for each of 12 columns | count, share |
| missing cells of each class and column | count, share, interval, exact test, corrected over all | no | no |
| how much worse the rare class is hit over all columns | ratio with its interval | no | no |
| what a gap says about the class | share of the class where a column is missing and where it is filled, interval, corrected test | no | no |
| area under the ROC curve of the gaps alone | with interval and chance | no | no |
| rows that remain without gaps, by class | yes | no | no |
| columns missing together | correlation of gaps with interval, blocks | no; its diagrams of gaps belong to the full report | no |
| patterns of gaps | the most frequent of 538, with the class in each, interval, corrected test | no | no |
| structure | nested columns, blocks, complete rows against chance | no | no |
| whether gaps are by chance | Little's test on values and normal scores | no | no |
| which columns the gaps follow | each pair, with interval and corrected test | no | no |

They say things that ours does not: both the memory that the table takes, kurtosis, and sums; ydata-profiling also extreme values, and the words and
characters of texts; sweetviz also the uncertainty coefficient between columns of text.
"""

BEGIN = """
import json, resource, sys, time
start = time.perf_counter(), time.process_time()
def spent():
    return time.perf_counter() - start[0], time.process_time() - start[1]
"""

END = """
done = spent()
used = [b - a for a, b in zip(ready, done)]
print("\\n" + json.dumps({"version": version, "import": loaded[1], "wall": used[0], "cpu": used[1], "megabytes": size / 1e6,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **more}))
"""

READ = """
import pandas as pd
frame = pd.read_csv(sys.argv[1])
ready = spent()
more = {}
"""

OURS = (
    """
from core import engine
from core.dataset import Dataset
from core.registry import methods
from core.report.build import build, to_html
from core.study import Study
import numpy, pandas, scipy.special, scipy.stats, scipy.sparse.csgraph, plotly.graph_objects
chosen = methods("diagnostic", "profile", "missingness")
loaded = spent()
"""
    + READ
    + """
study = Study(Dataset.from_frame(frame, "outcome", name="table"CHOICE))
of_table = time.process_time()
pairs, spent_by, before = [], {}, of_table
for item, result in engine.run_all(study, chosen):
    pairs.append((item, result))
    now = time.process_time()
    spent_by[item.slug], before = now - before, now
of_checks = time.process_time()
page = to_html(build(study, pairs))
size = len(page.encode())
open(sys.argv[2], "w").write(page)
more = {"dataset": of_table - start[1] - ready[1], "checks": of_checks - of_table, "figures and file": time.process_time() - of_checks}
more |= spent_by
version = "this commit"
"""
)

YDATA = (
    """
import warnings
warnings.simplefilter("ignore")
from ydata_profiling import ProfileReport, __version__ as version
loaded = spent()
"""
    + READ
    + """
page = ProfileReport(frame, minimal=True, progress_bar=False, pool_size=1, title="table").to_html()
size = len(page.encode())
open(sys.argv[2], "w").write(page)
"""
)

SWEETVIZ = (
    """
import warnings
warnings.simplefilter("ignore")
import numpy
if not hasattr(numpy, "VisibleDeprecationWarning"):
    numpy.VisibleDeprecationWarning = numpy.exceptions.VisibleDeprecationWarning
import sweetviz
version = sweetviz.__version__
loaded = spent()
"""
    + READ
    + """
frame["outcome"] = frame["outcome"] == "rare"
ready = spent()
sweetviz.config_parser.set("General", "use_cjk_font", "0")
report = sweetviz.analyze(frame, target_feat="outcome")
report.show_html(sys.argv[2], open_browser=False)
size = len(open(sys.argv[2]).read().encode())
"""
)

MILLION = """
import time
import numpy as np, pandas as pd
from core import engine
from core.dataset import Dataset
from core.missing_profile import missing_profile
from core.study import Study
rng = np.random.default_rng(0)

def study_of(n):
    values = rng.normal(size=(n, 20))
    values[rng.random(values.shape) < 0.1] = np.nan
    frame = pd.DataFrame(values, columns=[f"measure {j + 1}" for j in range(20)])
    frame["outcome"] = np.where(rng.random(n) < 0.01, "rare", "common")
    return Study(Dataset.from_frame(frame, "outcome", working_rows=0))

def seconds(study):
    study.class_sizes, study.folds
    found, start = {}, time.process_time()
    missing_profile(study)
    found["counts, patterns, Gram product"] = time.process_time() - start
    for slug in SLUGS:
        start = time.process_time()
        engine.run(slug, study)
        found[slug] = time.process_time() - start
    return found

SLUGS = ("missing_cells", "gaps_together", "missing_patterns", "missing_at_random", "missingness_leak")
seconds(study_of(3000))
study, runs = study_of(1_000_000), []
for _ in range(5):
    study._memory.clear()
    runs.append(seconds(study))
import json
print("\\n" + json.dumps({name: sorted(run[name] for run in runs)[2] for name in runs[0]}))
"""


def table(n_samples: int, random_state: int = 0) -> pd.DataFrame:
    """Twenty columns, 13 with numbers and 7 with text, gaps in 12 of them, and a target of which 1 row in 100 is rare.

    One column lacks more cells in the rare class, two are missing in the same rows, and three are nested.
    """
    rng = np.random.default_rng(random_state)
    rare = rng.random(n_samples) < 0.01
    frame = pd.DataFrame({f"measure {j + 1}": rng.normal(size=n_samples) + 0.5 * rare for j in range(10)})
    frame["amount"] = np.exp(rng.normal(3, 1, n_samples)).round(2)
    frame["visits"] = rng.poisson(3, n_samples)
    frame["age"] = rng.integers(18, 95, n_samples)
    for name, n_levels in (
        ("site", 4),
        ("device", 12),
        ("sex", 2),
        ("plan", 6),
        ("region", 30),
        ("code", 200),
        ("town", 1500),
    ):
        share = 1 / np.arange(1, n_levels + 1)
        levels = np.array([f"{name} {i}" for i in range(n_levels)], dtype=object)
        frame[name] = levels[rng.choice(n_levels, n_samples, p=share / share.sum())]
    stop, together = rng.random(n_samples), rng.random(n_samples) < 0.08
    lost = {"measure 1": rng.random(n_samples) < np.where(rare, 0.4, 0.1), "measure 2": together, "measure 3": together}
    lost |= {f"measure {j}": stop < share for j, share in ((4, 0.05), (5, 0.1), (6, 0.2))}
    lost |= {"measure 7": rng.random(n_samples) < np.where(frame["measure 10"] > 1, 0.3, 0.05)}
    lost |= {name: rng.random(n_samples) < 0.1 for name in ("amount", "age", "site", "code", "town")}
    for name, gaps in lost.items():
        frame[name] = frame[name].mask(gaps)
    return frame.assign(outcome=np.where(rare, "rare", "common"))


def run(python: str, source: str, *files: str) -> dict:
    """Run one side in a process of its own; the last line that it prints holds what it measured."""
    done = subprocess.run(
        [python, "-c", source, *files], env=os.environ | THREADS | {"MPLBACKEND": "Agg"}, cwd=ROOT, capture_output=True, text=True
    )  # fmt: skip
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def sides(options: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """Each side that is there: its name, its Python and its program."""
    known = {
        **{name: (sys.executable, OURS.replace("CHOICE", choice)) for name, choice in OURS_NAMES.items()},
        "ydata-profiling, minimal": (options.ydata, YDATA),
        "sweetviz": (options.sweetviz, SWEETVIZ),
    }
    return {name: (python, BEGIN + source + END) for name, (python, source) in known.items() if Path(python).exists()}


def measure(options: argparse.Namespace) -> tuple[pd.DataFrame, list[str]]:
    """All rounds, the sides in turn."""
    chosen, rows, notes = sides(options), [], []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(options.keep or folder) / "table.csv")
        table(options.rows).to_csv(path, index=False)
        for turn in range(options.rounds):
            for name, (python, source) in list(chosen.items()):
                found = run(
                    python,
                    source,
                    path,
                    str(Path(options.keep or folder) / f"{name.replace(',', '').replace(' ', '_')}.html"),
                )
                print(
                    turn + 1,
                    name,
                    {k: round(v, 2) if isinstance(v, float) else v for k, v in found.items()},
                    flush=True,
                )
                if "failed" in found:
                    notes.append(f"{name} stopped with: {found['failed']}.")
                    del chosen[name]
                else:
                    rows.append({"round": turn + 1, "side": name, **found})
    for name in ("ydata-profiling, minimal", "sweetviz"):
        if name not in sides(options):
            notes.append(f"{name} was not there and is left out.")
    return pd.DataFrame(rows), notes


def ratios(rounds: pd.DataFrame, name: str) -> list[str]:
    """How many times the time of one of our two sides the others take."""
    ours = rounds[rounds["side"] == name].set_index("round")
    scopes = {
        "the checks": ours["checks"],
        "and making the dataset": ours["checks"] + ours["dataset"],
        "and drawing and writing the file": ours["cpu"],
        "and imports": ours["cpu"] + ours["import"],
    }
    lines = [f"| {name}: against | " + " | ".join(scopes) + " |", "|---" * (len(scopes) + 1) + "|"]
    for side, found in rounds[~rounds["side"].isin(OURS_NAMES)].groupby("side", sort=False):
        found = found.set_index("round")
        cells = []
        for scope, seconds in scopes.items():
            ratio = ((found["cpu"] + (found["import"] if scope == "and imports" else 0)) / seconds).dropna()
            cells.append(f"{ratio.median():.1f} ({ratio.min():.1f} to {ratio.max():.1f})")
        lines.append(f"| {side} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def markdown(rounds: pd.DataFrame, million: dict[str, float], options: argparse.Namespace, notes: list[str]) -> str:
    """The page that is written."""
    lines = [f"# One page about a table of {options.rows:,} × 20\n", f"{ABOUT}\n"]
    lines += [
        "| side | version | processor s | s | with imports, processor s | page, MB | peak memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in rounds.groupby("side", sort=False):
        middle = found[["cpu", "wall", "import", "megabytes", "peak"]].median()
        whole = (found["cpu"] + found["import"]).median()
        numbers = f"{middle['cpu']:.2f} | {middle['wall']:.2f} | {whole:.2f} | {middle['megabytes']:.1f} | {middle['peak']:,.0f}"
        lines.append(f"| {name} | {found['version'].iloc[0]} | {numbers} |")
    lines += [
        "",
        "How many times our processor time the others take: the median of the rounds (smallest to largest). What of ours is counted:\n",
    ]
    lines += [line for name in OURS_NAMES for line in ratios(rounds, name)]
    lines += [*[f"{note}\n" for note in notes], "Where our time goes, s (median):\n"]
    lines += ["| part | " + " | ".join(OURS_NAMES) + " |", "|---" * (len(OURS_NAMES) + 1) + "|"]
    told = ["side", "version", "import", "wall", "cpu", "megabytes", "peak", "round"]
    ours = rounds[rounds["side"].isin(OURS_NAMES)]
    parts = ours.drop(columns=told).groupby(ours["side"]).median()
    lines += [
        f"| {name} | " + " | ".join(f"{parts.loc[side, name]:.3f}" for side in OURS_NAMES) + " |" for name in parts
    ]
    quick = sum(value for name, value in million.items() if name != LEARNER_BASED)
    lines += ["\n# The missingness profile of 1,000,000 × 20\n"]
    lines += [
        "Numbers with 10 % gaps in every column, 1 row in 100 rare; processor seconds on one thread after the table is in memory, median of 5.\n"
    ]
    lines += ["| part | s |", "|---|---|", *[f"| {name} | {value:.3f} |" for name, value in million.items()]]
    lines += [f"| all but the ridge regression of {LEARNER_BASED} | {quick:.3f} |", "", CONTENTS]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ydata", default="/opt/peer_ydata/bin/python", help="a Python with ydata-profiling")
    parser.add_argument("--sweetviz", default="/opt/peer_sweetviz/bin/python", help="a Python with sweetviz")
    parser.add_argument("--keep", help="a folder for the table and the pages")
    options = parser.parse_args()
    rounds, notes = measure(options)
    million = run(sys.executable, MILLION)
    text = markdown(rounds, million, options, notes)
    print(text)
    if options.rows == parser.get_default("rows"):
        rounds.to_csv(TARGET.with_suffix(".csv"), index=False, float_format="%.4f")
        TARGET.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
