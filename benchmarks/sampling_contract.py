"""How many checks of imbalanced-learn and scikit-learn our samplers pass, and OverNaN's three beside them.

    python -m benchmarks.sampling_contract --overnan FOLDER      with OverNaN 0.2.0, which lies unpacked in FOLDER

The checks of imbalanced-learn are those that it has for samplers that take gaps, text and data frames; those of scikit-learn are the ones
that ask for no ``predict`` and ``transform``, as ``tests/contract/test_samplers.py`` lists them. Both sides run the same checks;
OverNaN on every fourth row of imbalanced-learn's, as its loops over pairs of rows take minutes. Written to ``benchmarks/sampling_contract.md``.
"""

from __future__ import annotations

import argparse
import copy
import functools
import importlib.util
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from imblearn.utils import estimator_checks as theirs
from sklearn.utils import estimator_checks

import core
from core.engine import versions
from core.registry import methods

FOLDER = Path(__file__).parent
STEP = 1
"""OverNaN's loops over pairs of rows take minutes on all rows: it gets every fourth."""


def checks() -> tuple[list[Callable], list[Callable]]:
    """The checks of imbalanced-learn and of scikit-learn, on six columns of imbalanced-learn's rows."""
    X, y = theirs.sample_dataset_generator()
    theirs.sample_dataset_generator = lambda: (X[::STEP, :6], y[::STEP])
    path = FOLDER.parent / "tests" / "contract" / "test_samplers.py"
    spec = importlib.util.spec_from_file_location("test_samplers", path)
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    of_sampler = theirs._yield_all_checks(core.sampler("smote"))
    return list(of_sampler), [getattr(estimator_checks, name) for name in tests.OF_SCIKIT_LEARN]


def not_passed(sampler: Any, found: list[Callable]) -> list[str]:
    """Names of the checks that a sampler does not pass."""
    failed = []
    for check in found:
        name = (check.func if isinstance(check, functools.partial) else check).__name__
        try:
            check(type(sampler).__name__, copy.deepcopy(sampler))
        except (Exception, SystemExit):
            failed.append(name)
    return failed


def samplers(overnan: str | None) -> dict[str, Any]:
    """Ours by slug, with classes made equal, and OverNaN's three."""
    found = {}
    for remedy in methods("remedy", "sampling"):
        found[remedy.slug] = core.sampler(remedy.slug).set_params(balance=1.0, sampling_strategy="auto")
    if overnan:
        sys.path.insert(0, overnan)
        import overnan as peer

        found |= {
            f"OverNaN({name!r})": peer.OverNaN(method=name, random_state=0) for name in ("SMOTE", "ADASYN", "ROSE")
        }
        each = (peer.SMOTENaN, peer.ADASYNNaN, peer.ROSENaN)
        found |= {f"OverNaN's {kind.__name__}": kind(random_state=0) for kind in each}
    return found


def main() -> None:
    """Run all checks and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--overnan")
    warnings.simplefilter("ignore")
    imblearn, sklearn = checks()
    lines = [
        "# Checks that samplers pass",
        "",
        f"Of {len(imblearn)} checks of imbalanced-learn and {len(sklearn)} of scikit-learn (`benchmarks/sampling_contract.py`).",
        "",
        "| sampler | imbalanced-learn | scikit-learn | not passed |",
        "|---|---|---|---|",
    ]
    for name, sampler in samplers(parser.parse_args().overnan).items():
        global STEP
        STEP = 4 if "OverNaN" in name else 1
        failed = not_passed(sampler, imblearn), not_passed(sampler, sklearn)
        counts = [
            f"{len(all_) - len(bad)} of {len(all_)}" for all_, bad in zip((imblearn, sklearn), failed, strict=True)
        ]
        names = ", ".join(f"`{bad.removeprefix('check_')}`" for bad in (*failed[0], *failed[1])) or "none"
        lines.append(f"| {name} | {counts[0]} | {counts[1]} | {names} |")
        print(lines[-1], flush=True)
    stack = ", ".join(f"{name} {version}" for name, version in versions().items())
    lines += ["", f"{stack}, OverNaN 0.2.0 on every fourth row of the checks' table.", ""]
    (FOLDER / "sampling_contract.md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
