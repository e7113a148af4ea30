"""What a recommendation gains on rows that nobody has looked at: ten tables, three splits each.

    python -m benchmarks.recommend --data FOLDER
    python -m benchmarks.recommend --data FOLDER --peer PYTHON      also FLAML, by a Python that has it, at equal time
    python -m benchmarks.recommend --data FOLDER --words            what was measured before, written anew

Each table is split by seed, 70 % to learn from and 30 % to be scored on once; of the 70 % at most 6,000 rows are used, drawn within classes. ``recommend`` is given
``SECONDS`` processor seconds and a cost of a miss of N/P false alarms, rounded, at least 1 and at most 10. The recommended recipe and doing nothing with the right threshold are fitted on
the rows to learn from. Written to ``benchmarks/recommend.csv`` and ``.md``.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from core.dataset import Dataset  # noqa: E402
from core.engine import versions  # noqa: E402
from core.evaluation.recommend import recommend, recommended  # noqa: E402
from core.evaluation.scoring import answers, decided  # noqa: E402
from core.learners.wrapping import fit_on  # noqa: E402
from core.reading.read import read  # noqa: E402
from core.recipe import Recipe  # noqa: E402
from core.study import Study  # noqa: E402

FOLDER = Path(__file__).parent
SECONDS, SPLITS, MOST_ROWS, MOST_COST, DRAWS = 12.0, 3, 6_000, 10, 4_000
TABLES = {
    "hr_job_change": ("", ""), "stroke": ("", ""), "telco_churn": ("", ""), "mammography": ("", ""), "oil_spill": ("", ""),
    "abalone_rings": ("cut:above=0.93", ""), "pima_diabetes": ("", ""), "german_credit": ("", ""), "page_blocks": ("", "5"), "nsl_kdd_train20": ("", "r2l"),
}  # fmt: skip
"""The rule that makes classes of the target, and the class of interest; empty for the classes as they are and the rarest one."""


def dataset(folder: Path, name: str) -> Dataset:
    """A table of the folder, as its registry describes it."""
    entry = next(one for one in json.loads((folder / "registry.json").read_text()) if one["name"] == name)
    table = read(folder / entry["file"], missing_tokens=tuple(entry["missing_tokens"]))
    return Dataset.from_table(table, entry["target"], entry["drop"], rule=TABLES[name][0])


def split(codes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows to be scored on, drawn within classes."""
    rng, learn, held = np.random.default_rng(seed), [], []
    n_learned = int(round(0.7 * len(codes)))
    for code in np.unique(codes):
        own = rng.permutation(np.flatnonzero(codes == code))
        n = max(1, int(round(0.7 * len(own))))
        learn.append(own[: max(1, int(round(n * min(1, MOST_ROWS / n_learned))))])
        held.append(own[n:])
    return np.sort(np.concatenate(learn)), np.sort(np.concatenate(held))


def paid(study: Study, learner: str, recipe: Recipe, X: pd.DataFrame, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each row costs by a recipe that was fitted on all rows of the study: at its threshold, and at .5 or the most probable class."""
    one = study.with_(learner=learner, recipe=Recipe())
    proba, taken = answers(one, fit_on(one.classifier(recipe), one.dataset.X, one.codes), X)
    code = one.positive_code
    half = proba[:, code] >= 0.5 if proba.shape[1] == 2 else proba.argmax(axis=1) == code
    return costs(study, taken == code, own), costs(study, half, own)


def costs(study: Study, taken: np.ndarray, own: np.ndarray) -> np.ndarray:
    """One false alarm costs 1."""
    return np.where(own, study.miss_cost * ~taken, taken.astype(float))


def one_split(data: Dataset, name: str, seed: int, peer: str) -> tuple[dict, dict[str, np.ndarray]]:
    """A row of the result, and what each row costs less by the recommendation, and by the peer, than by doing nothing."""
    start, labels = time.perf_counter(), data.y.to_numpy()
    learn, held = split(pd.factorize(labels)[0], seed)
    study = Study(data.take(learn), positive=TABLES[name][1], random_state=seed)
    own_rows = int(study.class_sizes[study.positive_code])
    study = study.with_(miss_cost=float(np.clip(round((len(learn) - own_rows) / own_rows), 1, MOST_COST)))
    result = [part for part in recommend(study, SECONDS, clock=time.process_time) if part is not None][-1]
    wall = time.perf_counter() - start
    learner, recipe = recommended(result)
    X, own = data.X.iloc[held], labels[held] == study.positive
    base, half = paid(study, study.learner, decided(study, Recipe()), X, own)
    same = learner == study.learner and recipe == decided(study, Recipe())
    ours = base if same else paid(study, learner, recipe, X, own)[0]
    table, choice = result.tables["candidates"], result.tables["choice"].iloc[0]
    row = {
        "table": name,
        "seed": seed,
        "rows": len(learn),
        "positives": own_rows,
        "test_rows": len(held),
        "test_positives": int(own.sum()),
    }
    row |= {
        "miss_cost": study.miss_cost,
        "learner": learner,
        "recipe": recipe.text,
        "changed": not same,
        "tried": int((table["n_folds"] > 0).sum()),
    }
    row |= {"apart_difference": choice["difference"], "apart_low": choice["low"], "apart_high": choice["high"]}
    row |= {
        "at_half": 1000 * half.mean(),
        "baseline": 1000 * base.mean(),
        "cost": 1000 * ours.mean(),
        "wall_seconds": wall,
    }
    found = {"ours": ours - base, "threshold": base - half}
    if peer:
        theirs, told = asked(peer, study, X, wall)
        found["peer"] = costs(study, theirs >= 1 / (1 + study.miss_cost), own) - base
        row |= {"peer_cost": 1000 * (found["peer"] + base).mean()} | {
            f"peer_{key}": value for key, value in told.items()
        }
    spread = {side: np.full(len(labels), np.nan) for side in found}
    for side, change in found.items():
        spread[side][held] = 1000 * change
        row |= dict(
            zip((f"{side}_difference", f"{side}_low", f"{side}_high"), interval(spread[side][None]), strict=True)
        )
    return row, spread


def asked(python: str, study: Study, X: pd.DataFrame, seconds: float) -> tuple[np.ndarray, dict]:
    """Probabilities by the peer, which learns the class of interest against the rest for so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "columns.json").write_text(json.dumps(list(study.dataset.categorical)))
        study.dataset.X.assign(own=(study.codes == study.positive_code).astype(int)).to_csv(
            at / "train.csv", index=False
        )
        X.to_csv(at / "test.csv", index=False)
        subprocess.run(
            [python, str(FOLDER / "recommend_peer.py"), folder, str(seconds)], check=True, stdout=subprocess.DEVNULL
        )
        return np.load(at / "proba.npy"), json.loads((at / "peer.json").read_text())


def interval(change: np.ndarray) -> tuple[float, float, float]:
    """Mean over splits (n_splits, n_rows; NaN where a row was not tested) and the 95 % interval over rows drawn anew, each with all its splits."""
    tested = ~np.isnan(change).all(axis=0)
    values, counts = np.nansum(change[:, tested], axis=0), (~np.isnan(change[:, tested])).sum(axis=0)
    rng, draws = np.random.default_rng(0), []
    for _ in range(DRAWS if values.any() else 1):
        weight = np.bincount(rng.integers(0, len(values), len(values)), minlength=len(values))
        draws.append((weight @ values) / (weight @ counts))
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(values.sum() / counts.sum()), float(low), float(high)


def markdown(rows: pd.DataFrame) -> str:
    """The table, and what it says."""
    tables = rows.groupby("table", sort=False).first().reset_index()
    worse, better = tables[tables["all_ours_low"] > 0], tables[tables["all_ours_high"] < 0]
    bad = rows[rows["ours_low"] > 0]
    lines = [
        "# What a recommendation gains on untouched rows", "",
        f"`benchmarks/recommend.py`: {rows['seed'].nunique()} splits of each table, 70 % to learn from (at most {MOST_ROWS:,} rows of them), 30 % scored once; {SECONDS:g} processor seconds a search; a miss "
        f"costs N/P false alarms, rounded, at most {MOST_COST}. Costs are per 1,000 rows, differences to boosted trees that do nothing but have the right threshold; intervals over test rows drawn anew, each "
        "with all its splits, 95 %. Nothing about the fits is drawn anew. The file that the open protocol of NSL-KDD tests on is not among the tables: `nsl_kdd_train20` is split as the others, with "
        "'r2l' as the class of interest.", "",
        f"Of {len(tables)} tables the recommendation costs less on {len(better)}, more on {len(worse)}, and the others have an interval with zero in it; of {len(rows)} single splits {len(bad)} cost more "
        f"beyond their interval. In {int((~rows['changed']).sum())} of {len(rows)} splits it was to do nothing, with the right threshold: there the difference is 0. "
        f"The threshold alone costs less than 0.5 on {int((tables['all_threshold_high'] < 0).sum())} tables, and more on {int((tables['all_threshold_low'] > 0).sum())}.", "",
        "| table | rows (of the class) | a miss costs | doing nothing at 0.5 | with the right threshold | what the threshold changes | recommended | difference | candidates tried | recommended in the splits |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, own in rows.groupby("table", sort=False):
        named = "; ".join(f"{row.learner}: {row.recipe}" if row.changed else "nothing" for row in own.itertuples())
        size, one = f"{own['rows'].iloc[0]:,} ({own['positives'].iloc[0]})", own.iloc[0]
        change = f"{one['all_ours_difference']:+.1f} ({one['all_ours_low']:+.1f} to {one['all_ours_high']:+.1f})"
        moved = f"{one['all_threshold_difference']:+.1f} ({one['all_threshold_low']:+.1f} to {one['all_threshold_high']:+.1f})"
        paid = f"{own['miss_cost'].iloc[0]:g} | {own['at_half'].mean():.1f} | {own['baseline'].mean():.1f} | {moved} | {own['cost'].mean():.1f}"
        tried = f"{own['tried'].min()} to {own['tried'].max()}"
        lines.append(f"| {name} | {size} | {paid} | {change} | {tried} | {named} |")
    if "peer_cost" in rows:
        lines += ["", *_beside(rows)]
    return "\n".join([*lines, "", ", ".join(f"{name} {version}" for name, version in versions().items()) + ".", ""])


def _beside(rows: pd.DataFrame) -> list[str]:
    known = rows[rows["peer_cost"].notna()]
    lines = [
        f"FLAML {known['peer_version'].iloc[0]} on the same rows, one thread, about as long as our search ({known['peer_seconds'].astype(float).median():.0f} s in the middle, ours {known['wall_seconds'].median():.0f} s; "
        "both sides on a busy machine of two cores), the log loss as its goal, and the threshold 1 / (1 + cost of a miss); against the same doing nothing.", "",
        "| table | splits | doing nothing | ours | FLAML | FLAML less doing nothing |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, own in known.groupby("table", sort=False):
        one = own.iloc[0]
        change = f"{one['all_peer_difference']:+.1f} ({one['all_peer_low']:+.1f} to {one['all_peer_high']:+.1f})"
        paid = f"{own['baseline'].mean():.1f} | {own['cost'].mean():.1f} | {own['peer_cost'].mean():.1f}"
        lines.append(f"| {name} | {len(own)} | {paid} | {change} |")
    return lines


def of_all_splits(spreads: list[dict[str, np.ndarray]]) -> dict:
    """Differences over all splits of a table, with intervals over its rows."""
    found: dict[str, float] = {}
    for side in sorted({side for one in spreads for side in one}):
        change = np.array([one[side] for one in spreads if side in one])
        found |= dict(
            zip((f"all_{side}_{end}" for end in ("difference", "low", "high")), interval(change), strict=True)
        )
    return found


def measured(data: Dataset, name: str, given: argparse.Namespace) -> pd.DataFrame:
    """All splits of a table."""
    parts = [one_split(data, name, seed, given.peer if seed < given.peer_splits else "") for seed in range(SPLITS)]
    together = of_all_splits([spread for _, spread in parts])
    return pd.DataFrame([row | together for row, _ in parts])


def main() -> None:
    """Measure table by table, and write what is known after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer", default="", help="a Python that has FLAML")
    parser.add_argument("--peer-splits", type=int, default=SPLITS)
    parser.add_argument("--only", nargs="+", default=[], help="tables; the others keep what was measured before")
    parser.add_argument("--words", action="store_true", help="measure nothing; write the words anew")
    given, at = parser.parse_args(), FOLDER / "recommend.csv"
    kept = at.exists() and (given.only or given.words)
    known = dict(tuple(pd.read_csv(at).groupby("table"))) if kept else {}
    if given.words:
        rows = pd.concat([known[one] for one in TABLES if one in known], ignore_index=True)
        (FOLDER / "recommend.md").write_text(markdown(rows), encoding="utf-8")
        return
    for name in given.only or TABLES:
        known[name] = measured(dataset(given.data, name), name, given)
        rows = pd.concat([known[one] for one in TABLES if one in known], ignore_index=True)
        print(known[name].T.to_string(), flush=True, file=sys.stderr)
        rows.round(4).to_csv(at, index=False)
        (FOLDER / "recommend.md").write_text(markdown(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
