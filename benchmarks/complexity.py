"""Times each complexity measure at 2,000 × 20 against what a user would run instead, and writes ``benchmarks/complexity.md``.

    python benchmarks/complexity.py

pymfe is asked for one measure as its manual says (``MFE(features=[...]).fit(X, y).extract()``), and its bare function is
timed beside it; problexity's measures are plain functions. A package that is not installed is said to be so. Each time is the
smallest of several; one thread.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402

from core.numerics import complexity, neighbourhoods  # noqa: E402
from core.numerics.neighbours import neighbour_table  # noqa: E402


def table(n_samples: int = 2000, n_features: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """A table of a rare class, one row in ten, that five columns tell in part."""
    rng = np.random.default_rng(0)
    codes = (rng.random(n_samples) < 0.1).astype(int)
    X = rng.normal(size=(n_samples, n_features))
    X[codes == 1, :5] += 0.8
    return X, codes


def ours(X: np.ndarray, codes: np.ndarray) -> dict[str, Callable[[], object]]:
    """Our call for each measure, its own search for neighbours included."""

    def border() -> float:
        found = neighbour_table(X, codes, 10)
        edges = neighbourhoods.border_edges(X, (found.rows, found.indices, found.distances), np.random.default_rng(0))
        return neighbourhoods.on_the_border(edges, codes).mean()

    one = np.ones(len(X))
    return {
        "F1": lambda: complexity.fisher(X, codes, 2),
        "F1v": lambda: complexity.directional_fisher(X, codes, 2),
        "N1": border,
        "N2": lambda: complexity.nearest_ratio(X, codes, 2, np.arange(len(X))),
        "N3": lambda: (codes[neighbour_table(X, codes, 1).indices[:, 0]] != codes).mean(),
        "L1": lambda: complexity.linear(X, codes, 2, one),
        "L2": lambda: complexity.linear(X, codes, 2, one),
    }


def peers(X: np.ndarray, codes: np.ndarray) -> dict[str, Callable[[str], object] | None]:
    """What each package is asked for one measure; None where the package is not installed."""
    calls: dict[str, Callable[[str], object] | None] = {"pymfe": None, "pymfe's function": None, "problexity": None}
    if find_spec("pymfe"):
        from pymfe.complexity import MFEComplexity
        from pymfe.mfe import MFE

        def asked(measure: str) -> object:
            mfe = MFE(groups=["complexity"], features=[measure], summary=["mean"], suppress_warnings=True)
            return mfe.fit(X, codes).extract()

        calls["pymfe"] = asked
        calls["pymfe's function"] = lambda measure: getattr(MFEComplexity, f"ft_{measure}")(X, codes)
    if find_spec("problexity"):
        import problexity

        calls["problexity"] = lambda measure: getattr(problexity, measure)(X, codes)
    return calls


def seconds(call: Callable[[], object], rounds: int) -> float:
    """The smallest of several times; NaN where the call fails."""
    best = np.inf
    for _ in range(rounds):
        start = time.perf_counter()
        try:
            call()
        except ValueError:
            return float("nan")
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Time all measures and write the table."""
    warnings.simplefilter("ignore")
    X, codes = table()
    others = peers(X, codes)
    lines = [f"| measure | ours, ms | {' | '.join(f'{name}, ms (times ours)' for name in others)} |"]
    lines.append("|---" * (2 + len(others)) + "|")
    for measure, call in ours(X, codes).items():
        call()
        own, cells = seconds(call, 9), []
        for asked in others.values():
            took = seconds(partial(asked, measure.lower()), 3) if asked else None
            failed = "not installed" if took is None else "fails"
            cells.append(f"{1000 * took:,.1f} ({took / own:,.0f})" if took and np.isfinite(took) else failed)
        lines.append(f"| {measure} | {1000 * own:.2f} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    text = "\n".join([*lines, "", "2,000 rows, 20 columns, two classes, one thread, smallest of several times.", ""])
    (Path(__file__).parent / "complexity.md").write_text(text)


if __name__ == "__main__":
    main()
