"""How long large tables take, and how much memory: files of 20 columns, made here and deleted again.

    python -m benchmarks.size                        100,000, 1,000,000 and 10,000,000 rows as CSV and Parquet
    python -m benchmarks.size 1000000                other numbers of rows

Writes ``benchmarks/size.csv`` and ``benchmarks/size.md``. Each measurement is a process of its own. "command line" is
``python -m core profile FILE --target outcome`` from its start to its end, its memory that of the whole process. "upload" holds the bytes of the file in memory, as a
page does, and then reads them, describes all rows and draws the working sample; its memory counts from the imported program on,
the bytes included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

TARGET = Path(__file__)
SIZES = (100_000, 1_000_000, 10_000_000)
CHUNK = 200_000
RARE, GAPS = 0.01, 0.1
UPLOAD = """
import io, json, re, sys, time
from pathlib import Path
import core.dataset, core.reading.all_rows, core.reading.read, core.reading.large
import duckdb, pyarrow.csv, pyarrow.parquet

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

idle, steps = peak(), {}
upload = io.BytesIO(Path(sys.argv[1]).read_bytes())
steps["held"] = peak() - idle
start, spent = time.time(), time.process_time()

def step(name):
    steps[name] = time.time() - start
    steps[f"{name}, peak"] = peak() - idle

if len(upload.getbuffer()) > core.reading.large.LARGE_BYTES:  # as the app does it: into a folder, out of the memory
    folder = core.reading.all_rows.Folder()
    path = Path(folder.name) / "upload"
    path.write_bytes(upload.getbuffer())
    upload.close()
    table = core.reading.read.read(path, "table")
else:
    table = core.reading.read.read(upload.getvalue(), "table")
step("read")
if table.all_rows is not None:
    table.all_rows.population("outcome")
step("profile")
data = core.dataset.Dataset.from_table(table, "outcome")
step("sample")
print(json.dumps({"idle": idle, "cpu": time.process_time() - spent, "rows": data.n_samples, **steps}))
"""

COMMAND = """
import re, sys
from pathlib import Path
from core.__main__ import main

assert main(["profile", sys.argv[1], "--target", "outcome"]) == 0
print(int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024, file=sys.stderr)
"""


def chunks(n_rows: int) -> Iterator[pa.Table]:
    """Nine measurements, four counts, five kinds, a number for each row and a rare outcome; one cell in ten is empty."""
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, CHUNK):
        n = min(CHUNK, n_rows - start)
        rare = rng.random(n) < RARE
        columns = {f"measure {j + 1}": np.round(rng.normal(rare * (j % 3), 10), 4) for j in range(9)}
        columns |= {f"count {j + 1}": rng.integers(0, 10 ** (j + 1), n) for j in range(4)}
        for j in range(5):
            words = np.array([f"kind {k}" for k in range(2 + 10 * j)])
            columns[f"kind {j + 1}"] = words[rng.integers(0, len(words), n)]
        filled = {name: pa.array(values, mask=rng.random(n) < GAPS) for name, values in columns.items()}
        number, outcome = pa.array(np.arange(start, start + n)), pa.array(np.where(rare, "fraud", "no"))
        yield pa.table(filled | {"number": number, "outcome": outcome})


def write(n_rows: int, folder: str) -> dict[str, str]:
    """Write both files."""
    paths = {kind: f"{folder}/table.{kind}" for kind in ("csv", "parquet")}
    schema = next(chunks(1)).schema
    with csv.CSVWriter(paths["csv"], schema) as text, parquet.ParquetWriter(paths["parquet"], schema) as binary:
        for chunk in chunks(n_rows):
            text.write(chunk)
            binary.write_table(chunk)
    return paths


def command_line(path: str) -> dict[str, float]:
    """Seconds, processor seconds and peak memory of the command ``profile``."""
    start = time.time()
    before = os.times()
    found = subprocess.run([sys.executable, "-c", COMMAND, path], capture_output=True, text=True, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": time.time() - start, "cpu": cpu, "peak_mb": float(found.stderr.split()[-1])}


def upload(path: str) -> dict[str, float]:
    """Seconds and memory of each step after an upload."""
    found = subprocess.run([sys.executable, "-c", UPLOAD, path], capture_output=True, text=True, check=True)
    steps = json.loads(found.stdout)
    size = os.path.getsize(path) / 2**20
    last = {"seconds": steps["sample"], "cpu": steps["cpu"], "peak_mb": steps["sample, peak"], "idle_mb": steps["idle"]}
    return last | {
        "times_file": steps["sample, peak"] / size, "held_mb": steps["held"], "read_s": steps["read"],
        "read_mb": steps["read, peak"], "profile_s": steps["profile"], "profile_mb": steps["profile, peak"],
    }  # fmt: skip


def main(*sizes: int) -> None:
    """Measure all sizes and write the tables."""
    rows = []
    for n_rows in sizes or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            for kind, path in write(n_rows, folder).items():
                size = {"rows": n_rows, "file": kind, "file_mb": os.path.getsize(path) / 2**20}
                rows.append({**size, "way": "command line", **command_line(path)})
                if n_rows <= 1_000_000:
                    rows.append({**size, "way": "upload", **upload(path)})
                print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    table.round(2).to_csv(TARGET.with_suffix(".csv"), index=False)
    names = ["rows", "file", "file_mb", "way", "seconds", "cpu", "peak_mb", "times_file"]
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for row in table.itertuples():
        times = "" if pd.isna(row.times_file) else f"{row.times_file:.2f}"
        lines.append(
            f"| {row.rows:,} | {row.file} | {row.file_mb:,.0f} | {row.way} | {row.seconds:.1f} | {row.cpu:.1f} | {row.peak_mb:,.0f} | {times} |"
        )
    load = (
        f"Two threads; load of the machine while it was measured: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores."
    )
    TARGET.with_suffix(".md").write_text("\n".join([*lines, "", load, ""]), "utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
