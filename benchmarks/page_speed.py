"""How long the Remedy page takes to answer a changed loss, in a real browser: from the click to the first curves, to the complete table, and until nothing moves.

    python -m benchmarks.page_speed                     10,000 rows of 20 columns, five losses
    python -m benchmarks.page_speed --rows 100000

It starts the server and Chromium itself (``COUNTERPOISE_CHROMIUM`` names it, or the path is searched), so it needs Playwright, as the tests of the browser do. A script in the page notes when
what is asked for stands there. Processor seconds are those of both workers, of the server and of the browser. Written to ``benchmarks/page_speed.md``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cases import study as made_study

LOSSES = ("Focal loss", "Balanced softmax", "Class-balanced loss", "Asymmetric loss", "Label-distribution-aware margin")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
WATCH = """(wanted) => {
  const seen = window.seen = {start: 0, curves: 0, table: 0, still: 0, runs: 0, state: ''};
  const now = () => (performance.now() - seen.start) / 1000;
  const pen = CanvasRenderingContext2D.prototype;
  window.fillText = window.fillText || pen.fillText;
  pen.fillText = function (text, ...rest) {
    if (seen.start && !seen.table && String(text).startsWith(wanted.slice(0, 12))) seen.table = now();
    return window.fillText.call(this, text, ...rest);
  };
  let due = 0;
  const look = () => {
    due = 0;
    const live = document.querySelector('.st-key-live');
    if (!live) return;
    const drawn = [...live.querySelectorAll('.js-plotly-plot')].filter(plot => plot.querySelector('.scatterlayer'));
    if (!seen.curves && drawn.some(plot => (plot.data || []).some(line => (line.name || '').startsWith(wanted.slice(0, 12))))) seen.curves = now();
  };
  new MutationObserver(() => {
    if (!seen.start) return;
    seen.still = now();
    const state = document.querySelector('[data-testid=stApp]').dataset.testScriptState;
    if (state !== seen.state && state === 'running') seen.runs += 1;
    seen.state = state;
    due = due || setTimeout(look, 10);
  }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
  document.addEventListener('click', () => { seen.start = seen.start || performance.now(); }, {capture: true, once: true});
}"""
STANDS = """() => { const app = document.querySelector('[data-testid=stApp]');
  return app && app.dataset.testScriptState === 'notRunning' && !document.querySelector('[data-testid=stProgress], [data-testid=stSkeleton]'); }"""
HEAD = """# How long the Remedy page takes to answer a changed loss

`python -m benchmarks.page_speed`: server, two workers and Chromium (without a graphics card) on the same machine, the neural learner on five folds. The clock runs from the click
in the browser. The table is there when its first cell with the new loss is painted; still is the last change of the page, also for
screen readers, who are told of cells .2 s later. Processor seconds are those of the
whole answer; `load` is that of the machine's {cores} cores as the round began.

| rows | loss | first curves (s) | complete table (s) | still (s) | runs | workers (s) | server (s) | browser (s) | load |
|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|
"""


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """A server of its own: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    root = Path(__file__).parents[1]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://localhost:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def spent(server: int) -> dict[str, float]:
    """Processor seconds so far of the server, of its workers, and of what else this process has started; on Linux."""
    parents, seconds = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        parents[int(folder.name)], seconds[int(folder.name)] = int(fields[1]), (int(fields[11]) + int(fields[12])) / 100
    told = {"workers": 0.0, "server": seconds.get(server, 0.0), "browser": 0.0}
    for process in parents:
        above = process
        while above not in (server, os.getpid(), 0):
            above = parents.get(above, 0)
        if above and process not in (server, os.getpid()):
            told["workers" if above == server else "browser"] += seconds[process]
    return told


def opened(page: Any, address: str, table: Path) -> None:
    """Upload the table and go to the Remedy page; it is ready when cross-entropy is trained and scored."""
    page.goto(f"{address}/?data=upload&target=outcome&learner=neural&repeats=1&folds=5")
    page.wait_for_function(STANDS)
    page.locator('input[type="file"]').first.set_input_files(table)
    page.get_by_text("What was read").wait_for()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Remedy", exact=True).click()
    page.locator(".st-key-live [role=gridcell]").first.wait_for(state="attached")
    page.wait_for_timeout(500)
    page.wait_for_function(STANDS)
    page.wait_for_timeout(1500)


def answered(page: Any, loss: str, server: int) -> dict[str, float]:
    """Choose a loss and wait until the page stands."""
    load = os.getloadavg()[0]
    box = page.get_by_test_id("stSelectbox").filter(has=page.get_by_text("Losses", exact=True)).locator("input").first
    box.click()
    page.keyboard.type(loss)
    option = page.get_by_role("option", name=loss, exact=True)
    option.wait_for()
    page.wait_for_timeout(300)
    page.evaluate(WATCH, loss)
    before = spent(server)
    option.click()
    stands = f"() => seen.table && ({STANDS})() && (performance.now() - seen.start) / 1000 - seen.still > 1"
    page.wait_for_function(stands, polling=250)
    return page.evaluate("seen") | {k: v - before[k] for k, v in spent(server).items()} | {"load": load}


def lines(n_rows: int) -> list[str]:
    """One line for each loss."""
    from playwright.sync_api import sync_playwright

    data = made_study(n_samples=n_rows).dataset
    chromium = os.environ.get("COUNTERPOISE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, served() as (address, server), sync_playwright() as playwright:
        table = Path(folder) / "made.csv"
        data.X.assign(outcome=data.y.to_numpy()).to_csv(table, index=False)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(120_000)
        opened(page, address, table)
        found = [_line(n_rows, loss, answered(page, loss, server)) for loss in LOSSES]
        browser.close()
    return found


def _line(n_rows: int, loss: str, seen: dict[str, float]) -> str:
    clock = " | ".join(f"{seen[name]:.2f}" for name in ("curves", "table", "still"))
    work = " | ".join(f"{seen[name]:.2f}" for name in ("workers", "server", "browser"))
    line = f"| {n_rows:,} | {loss} | {clock} | {seen['runs']:.0f} | {work} | {seen['load']:.1f} |"
    print(line, flush=True)
    return line


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000])
    given = parser.parse_args()
    found = [line for n_rows in given.rows for line in lines(n_rows)]
    path = Path(__file__).with_suffix(".md")
    path.write_text(HEAD.format(cores=os.cpu_count()) + "\n".join(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
