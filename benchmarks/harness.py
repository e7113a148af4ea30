"""Times our paths against what a user would run instead, in turn within one run, and writes ratios.

    python benchmarks/harness.py                  all cases, five rounds
    python benchmarks/harness.py --only read      one case
    python benchmarks/harness.py --rounds 9

Absolute seconds depend on the machine and on what else it does; the ratio of the two sides, taken round by round,
does not. Both sides run on one thread. The table is written to ``benchmarks/results.md`` and ``results.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cases import CASES  # noqa: E402
from core.engine import versions  # noqa: E402

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Timing:
    """Both sides of one case.

    Parameters
    ----------
    case, ours, peer : str
        What was timed, and what each side is.
    our_seconds, peer_seconds : float
        Medians over the rounds.
    ratio, ratio_low, ratio_high : float
        Ours over the peer's, round by round: median, smallest, largest. Below 1 is faster.
    """

    case: str
    ours: str
    peer: str
    our_seconds: float
    peer_seconds: float
    ratio: float
    ratio_low: float
    ratio_high: float


def measure(name: str, rounds: int) -> Timing:
    """Time one case: a round that is not counted, then ``rounds`` rounds in which the two sides take turns."""
    case = CASES[name]()
    pairs = [(_seconds(case.ours), _seconds(case.peer)) for _ in range(rounds + 1)][1:]
    ratios = [ours / peer for ours, peer in pairs]
    ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Timing(name, case.our_name, case.peer_name, ours, peer, statistics.median(ratios), min(ratios), max(ratios))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def markdown(timings: list[Timing]) -> str:
    """The table of ratios."""
    lines = ["| case | ours | peer | ours, s | peer, s | ratio (smallest to largest) |", "|---|---|---|---|---|---|"]
    for t in timings:
        numbers = (
            f"{t.our_seconds:.3f} | {t.peer_seconds:.3f} | {t.ratio:.2f} ({t.ratio_low:.2f} to {t.ratio_high:.2f})"
        )
        lines.append(f"| {t.case} | {t.ours} | {t.peer} | {numbers} |")
    stack = ", ".join(f"{name} {version}" for name, version in versions().items())
    return "\n".join([*lines, "", f"One thread. {stack}.", ""])


def main() -> None:
    """Run the chosen cases and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    timings = []
    for name in options.only:
        timings.append(measure(name, options.rounds))
        print(f"{name}: ratio {timings[-1].ratio:.2f}", flush=True)
    if set(options.only) == set(CASES):
        (FOLDER / "results.json").write_text(json.dumps([asdict(t) for t in timings], indent=1) + "\n")
        (FOLDER / "results.md").write_text(markdown(timings))
    print(markdown(timings))


if __name__ == "__main__":
    main()
