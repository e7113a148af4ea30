"""Reads the spoilt tables of ``tests/corpus`` with this project and four other packages; writes ``reading.csv`` and ``reading.md``.

    READING_PEERS=/path/to/python [READING_FOLDER=folder] python benchmarks/reading.py

``READING_PEERS`` is a Python in which pandas, polars, duckdb and clevercsv are installed (nothing here depends on them; a
package that is not there is left out with a sentence). Every reader gets the same files, all called ``.csv``, and is called by
its defaults, as ``benchmarks/reading_peers.py`` shows. In ``READING_FOLDER`` the files and what the others read of them are
kept, and a reader that has read the very same files there is not asked again.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests" / "corpus")]

from compare import cells_of, difference  # noqa: E402
from generate import EVERY, Case, clean_files, pairs, singles, triples  # noqa: E402
from later_pollutions import POLLUTIONS  # noqa: E402
from reading_peers import READERS  # noqa: E402

from core.errors import UserError  # noqa: E402
from core.reading.read import read  # noqa: E402

OURS = "counterpoise"
DRAWN = {case.name for case in pairs(EVERY)}
OUTCOMES = ("exact", "refused", "wrong and told", "wrong in silence")
CALLS = {
    OURS: "`core.reading.read.read(data)`",
    "pandas": "`pandas.read_csv(path)`",
    "pandas-sniffing": '`pandas.read_csv(path, sep=None, engine="python")`',
    "polars": "`polars.read_csv(path)`",
    "duckdb": "`select * from read_csv(path)`",
    "clevercsv": "`clevercsv.read_dataframe(path)`",
}
COUNTING = """
A file is read **exactly** if the number of rows, the names, the missing cells and every value are those of the clean table: a
number as a number, text to the letter; or if it holds what nobody can read with certainty (3 of the pollutions) and the reader
refuses it. **Refused**: an error and no table. **Wrong and told**: a table that differs, with a warning or a note; of ours every
note counts that the clean table does not get. **Wrong in silence**: a table that differs, and not a word. The others are counted
more kindly than we count ourselves: text that spells the right number, and a truth value or a day instead of its word, are as
good as the number and the word there, while this project must also return the type.

Every reader was given the same bytes in a file called `.csv`, workbooks and packed files included, and was called by its
defaults. The others can be told much of this by an option; the question here is what they find out. Pollutions whose truth lets
a column of row numbers, of empty cells or a mark be read in two ways allow both. Workbooks, archives and ARFF are no files for a
reader of CSV, so the text files are also counted by themselves.

The reader was mended with these very files, so the shares say what it can, not what it would do with a fault that nobody thought
of. Two measurements speak of that: the last 23 pollutions were written after the reader had been mended with all others, and at
first sight it read 42 of their 59 files exactly (71 %; clevercsv 20, pandas 14, duckdb 12, polars 9 of the same); and nothing was
mended with the triples, of which it read 650 of 656 exactly at first sight.
"""
PACKED = {"xlsx", "gzipped", "zipped", "attribute_relation_file"}
TITLES = {
    "single": "One pollution",
    "pair": "Two pollutions",
    "triple": "Three pollutions, a part of the triples drawn by chance",
}


def ours(case: Case) -> tuple[str, str]:
    """What this project makes of a file, and the first difference."""
    try:
        table = read(case.data(), "table.csv")
    except UserError as error:
        return judged(case, str(error), [], [], 0, True)
    return judged(case, "", *cells_of(table.frame), len(table.reading.notes), True)


def judged(case: Case, error: str, names: list, columns: list, n_told: int, strict: bool = False) -> tuple[str, str]:
    """Name the outcome of one reading."""
    if error:
        return ("exact" if case.sheet.refused else "refused"), error
    reason, place = ("shape", "read, although it should be refused") if case.sheet.refused else ("", "")
    reason, place = (reason, place) if reason else difference(case.sheet, names, columns, strict)
    if not reason:
        return "exact", ""
    return ("wrong and told" if n_told else "wrong in silence"), f"{reason}: {place}"


def theirs(reader: str, folder: str, cases: dict[str, Case]) -> tuple[str, dict[str, tuple[str, str]]] | None:
    """Let another reader read all files in its own Python; None where it is not installed."""
    python = os.environ.get("READING_PEERS", sys.executable)
    kept = Path(folder) / f"{reader}.json"
    if not kept.exists():
        run = subprocess.run([python, str(HERE / "reading_peers.py"), folder, reader], capture_output=True, text=True)
        if run.returncode:
            print(f"{reader} is not installed or failed, and is left out: {run.stderr.strip().splitlines()[-1:]}")
            return None
    version, found = json.loads(kept.read_text())
    return version, {name: judged(case, *found[name]) for name, case in cases.items()}


def written(folder: Path, cases: dict[str, Case]) -> None:
    """Write the files; what others read of other files is thrown away."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {name: case.data() for name, case in cases.items()}
    kept = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    if kept != contents:
        for path in (*folder.glob("*.csv"), *folder.glob("*.json")):
            path.unlink()
        for name, content in contents.items():
            (folder / name).write_bytes(content)


def table_rows(reader: str, outcomes: dict[str, tuple[str, str]], cases: dict[str, Case], kinds: dict[str, str]):
    """Yield the rows of the CSV: all files of a kind, then every pollution among them."""
    for kind in ("clean", *TITLES):
        of_kind = [name for name in cases if kinds[name] == kind]
        text = [name for name in of_kind if not PACKED & set(cases[name].pollutions)]
        groups = {"all": of_kind, "all in text files": text}
        if kind == "pair":
            groups["drawn for the tests"] = [name for name in of_kind if cases[name].name in DRAWN]
        if kind != "clean":
            groups |= {p: [name for name in of_kind if p in cases[name].pollutions] for p in POLLUTIONS}
        for pollution, names in groups.items():
            if names:
                tally = Counter(outcomes[name][0] for name in names)
                yield [reader, kind, pollution, len(names), *(tally[outcome] for outcome in OUTCOMES)]


def markdown(rows: list[list], versions: dict[str, str]) -> str:
    """The summary, then every pollution by itself."""
    lines = ["# Spoilt files, read exactly", ""]
    by_key = {tuple(row[:3]): row[3:] for row in rows}
    readers = list(versions)
    whole = ", ".join(f"{reader} {by_key[reader, 'clean', 'all'][1]}" for reader in readers)
    lines += [f"Of the {by_key[OURS, 'clean', 'all'][0]} clean tables each reader reads exactly: {whole}.", ""]
    for kind, title in TITLES.items():
        n, n_text = by_key[OURS, kind, "all"][0], by_key[OURS, kind, "all in text files"][0]
        lines += [f"**{title}**: {n:,} files of 60 rows, of which {n_text:,} are text.", ""]
        lines += ["| reader | read exactly | refused | wrong and told | wrong in silence | text files read exactly |"]
        lines += ["|---|---|---|---|---|---|"]
        for reader in readers:
            counts = by_key[reader, kind, "all"][1:]
            text = by_key[reader, kind, "all in text files"][1]
            shares = [f"{100 * k / n:.1f} % ({k:,})" for k in counts] + [f"{100 * text / n_text:.1f} %"]
            lines.append(f"| {reader} | " + " | ".join(shares) + " |")
        lines.append("")
    lines += [COUNTING.strip(), "", "| reader | version | called |", "|---|---|---|"]
    lines += [f"| {r} | {versions[r]} | {CALLS[r]} |" for r in readers]
    lines += ["", "Read exactly, of the files with this pollution alone / in a pair:", ""]
    lines += ["| pollution | " + " | ".join(readers) + " |", "|---" * (1 + len(readers)) + "|"]
    for pollution in POLLUTIONS:
        cells = [
            " · ".join(
                f"{by_key[reader, kind, pollution][1]}/{by_key[reader, kind, pollution][0]}"
                for kind in ("single", "pair")
                if (reader, kind, pollution) in by_key
            )
            for reader in readers
        ]
        lines.append(f"| {pollution.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Write the files, read them with every reader, and write the tables."""
    groups = {"clean": clean_files(), "single": singles(), "pair": pairs(), "triple": triples()}
    numbered = [
        (f"{i:05}.csv", kind, case) for i, (kind, case) in enumerate((k, c) for k, g in groups.items() for c in g)
    ]
    cases, kinds = {name: case for name, _, case in numbered}, {name: kind for name, kind, _ in numbered}
    versions, outcomes = {OURS: "this commit"}, {OURS: {name: ours(case) for name, case in cases.items()}}
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(os.environ.get("READING_FOLDER", passing))
        written(folder, cases)
        for reader in READERS:
            found = theirs(reader, str(folder), cases)
            if found:
                versions[reader], outcomes[reader] = found
                print(reader, Counter(outcome for outcome, _ in found[1].values()), flush=True)
    rows = [row for reader in versions for row in table_rows(reader, outcomes[reader], cases, kinds)]
    with (HERE / "reading.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["reader", "kind", "pollution", "files", *OUTCOMES], *rows])
    (HERE / "reading.md").write_text(markdown(rows, versions), encoding="utf-8")


if __name__ == "__main__":
    main()
