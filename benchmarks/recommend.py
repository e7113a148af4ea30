"""What a recommendation gains on rows that nobody has looked at: ten tables, some splits each.

    python -m benchmarks.recommend --data FOLDER --keep FOLDER                      what was kept there is not measured again
    python -m benchmarks.recommend --data FOLDER --keep FOLDER --peer PYTHON ...    also FLAML, AutoGluon or PyCaret, each by a Python that has it
    python -m benchmarks.recommend --words                                          ``benchmarks/recommend.md`` and the table of the README

Each table is split by seed, 70 % to learn from and 30 % to be scored on once; of the 70 % at most 6,000 rows are used, drawn within classes. ``recommend`` is given
``SECONDS`` processor seconds and a cost of a miss of N/P false alarms, rounded, at least 1 and at most 10. The recommended recipe and doing nothing with the right threshold are fitted on
the rows to learn from. Peers have as many processor seconds and one thread. Written to ``benchmarks/recommend.csv`` after each split: the first of all tables, then the second of all.
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
from sklearn.metrics import f1_score  # noqa: E402

from benchmarks.recommend_words import markdown, with_gains  # noqa: E402
from core.dataset import Dataset  # noqa: E402
from core.evaluation.recommend import recommend, recommended  # noqa: E402
from core.evaluation.scoring import answers, decided  # noqa: E402
from core.learners.wrapping import fit_on  # noqa: E402
from core.reading.read import read  # noqa: E402
from core.recipe import Recipe  # noqa: E402
from core.study import Study  # noqa: E402

FOLDER = Path(__file__).parent
SECONDS, SPLITS, MOST_ROWS, MOST_COST, DRAWS = 60.0, 3, 6_000, 10, 4_000
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


def paid(study: Study, learner: str, recipe: Recipe, X: pd.DataFrame, labels: np.ndarray) -> tuple[np.ndarray, ...]:
    """What each row costs by a recipe that was fitted on all rows of the study: at its threshold, and at .5 or the most probable class; and the macro-F1 of what is taken."""
    one, own = study.with_(learner=learner, recipe=Recipe()), labels == study.positive
    proba, taken = answers(one, fit_on(one.classifier(recipe), one.dataset.X, one.codes), X)
    code = one.positive_code
    half = proba[:, code] >= 0.5 if proba.shape[1] == 2 else proba.argmax(axis=1) == code
    macro = f1_score(labels, np.array(one.classes)[taken], average="macro", zero_division=0)
    return costs(study, taken == code, own), costs(study, half, own), macro


def costs(study: Study, taken: np.ndarray, own: np.ndarray) -> np.ndarray:
    """One false alarm costs 1."""
    return np.where(own, study.miss_cost * ~taken, taken.astype(float))


def one_split(data: Dataset, name: str, seed: int, peers: list[str]) -> tuple[dict, dict[str, np.ndarray]]:
    """A row of the result, and what each row costs less by the recommendation, and by the peers, than by doing nothing."""
    wall, start, labels = time.perf_counter(), time.process_time(), data.y.to_numpy()
    learn, held = split(pd.factorize(labels)[0], seed)
    study = Study(data.take(learn), positive=TABLES[name][1], random_state=seed)
    own_rows = int(study.class_sizes[study.positive_code])
    study = study.with_(miss_cost=float(np.clip(round((len(learn) - own_rows) / own_rows), 1, MOST_COST)))
    result = [part for part in recommend(study, SECONDS, clock=time.process_time) if part is not None][-1]
    took = {"seconds": time.process_time() - start, "wall_seconds": time.perf_counter() - wall}
    learner, recipe = recommended(result)
    X, own = data.X.iloc[held], labels[held] == study.positive
    base, half, macro = paid(study, study.learner, decided(study, Recipe()), X, labels[held])
    same = learner == study.learner and recipe == decided(study, Recipe())
    ours, _, our_macro = (base, half, macro) if same else paid(study, learner, recipe, X, labels[held])
    table, choice = result.tables["candidates"], result.tables["choice"].iloc[0]
    sizes = (len(learn), own_rows, len(held), int(own.sum()))
    row = {"table": name, "seed": seed} | dict(
        zip(("rows", "positives", "test_rows", "test_positives"), sizes, strict=True)
    )
    row |= {"miss_cost": study.miss_cost, "learner": learner, "recipe": recipe.text, "changed": not same}
    row |= {"tried": int((table["n_folds"] > 0).sum()), "seen_learner": choice["learner"], "seen": choice["text"]}
    row |= {f"seen_{end}": choice[end] for end in ("difference", "low", "high")} | took
    row |= {"at_half": 1000 * half.mean(), "baseline": 1000 * base.mean(), "cost": 1000 * ours.mean()}
    row |= {"macro_f1_baseline": macro, "macro_f1": our_macro}
    found = {"ours": ours - base, "threshold": base - half}
    for python in peers:
        theirs, told = asked(python, study, X)
        found[told.pop("name")] = costs(study, theirs >= 1 / (1 + study.miss_cost), own) - base
        row |= told
    spread = {side: np.full(len(labels), np.nan) for side in found}
    for side, change in found.items():
        spread[side][held] = 1000 * change
        row |= ends(side, interval(spread[side][None]))
    return row, spread


def ends(side: str, found: tuple[float, float, float]) -> dict[str, float]:
    """A difference and its interval by their names."""
    return {f"{side}_{end}": value for end, value in zip(("difference", "low", "high"), found, strict=True)}


def asked(python: str, study: Study, X: pd.DataFrame) -> tuple[np.ndarray, dict]:
    """Probabilities by a peer, which learns the class of interest against the rest for as many processor seconds; and what it tells, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        at, own = Path(folder), (study.codes == study.positive_code).astype(int)
        (at / "columns.json").write_text(json.dumps(list(study.dataset.categorical)))
        study.dataset.X.assign(own=own).to_csv(at / "train.csv", index=False)
        X.to_csv(at / "test.csv", index=False)
        command = [python, str(FOLDER / "recommend_peer.py"), folder, str(SECONDS)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        told = json.loads((at / "peer.json").read_text())
        return np.load(at / "proba.npy"), {"name": told["name"]} | {f"{told['name']}_{key}": told[key] for key in told}


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


def of_all_splits(spreads: list[dict[str, np.ndarray]]) -> dict:
    """Differences over all splits of a table, with intervals over its rows."""
    found: dict[str, float] = {}
    for side in sorted({side for one in spreads for side in one}):
        found |= ends(f"all_{side}", interval(np.array([one[side] for one in spreads if side in one])))
    return found


def keep(at: Path, row: dict, spread: dict[str, np.ndarray]) -> None:
    """Keep a split in two files: what each row costs less in arrays, and then the row of the result as text."""
    np.savez_compressed(at.with_suffix(".npz"), **spread)
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
    at.with_suffix(".json").write_text(json.dumps(plain), encoding="utf-8")


def kept(at: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """What ``keep`` wrote; nothing in it is run."""
    with np.load(at.with_suffix(".npz"), allow_pickle=False) as spread:
        return json.loads(at.with_suffix(".json").read_text(encoding="utf-8")), dict(spread)


def written(parts: dict[str, list[tuple[dict, dict]]]) -> None:
    """Write what is known."""
    rows = []
    for own in parts.values():
        together = of_all_splits([spread for _, spread in own])
        rows += [row | together for row, _ in own]
    pd.DataFrame(rows).round(4).to_csv(FOLDER / "recommend.csv", index=False)


def words() -> None:
    """Write the words from the numbers."""
    rows, readme = pd.read_csv(FOLDER / "recommend.csv"), FOLDER.parent / "README.md"
    (FOLDER / "recommend.md").write_text(markdown(rows, SECONDS, MOST_ROWS, MOST_COST), encoding="utf-8")
    readme.write_text(with_gains(readme.read_text(encoding="utf-8"), rows), encoding="utf-8")


def main() -> None:
    """Measure split by split, and write what is known after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder where finished splits are kept")
    parser.add_argument("--peer", nargs="+", default=[], help="Pythons that have FLAML, AutoGluon or PyCaret")
    parser.add_argument("--peer-splits", type=int, default=1, help="splits that peers are measured on")
    parser.add_argument("--words", action="store_true", help="measure nothing; write the words")
    given, parts = parser.parse_args(), {}
    if given.words:
        words()
        return
    given.keep.mkdir(parents=True, exist_ok=True)
    for seed in range(SPLITS):
        for name in TABLES:
            at = given.keep / f"{name}_{seed}"
            if not at.with_suffix(".json").exists():
                peers = given.peer if seed < given.peer_splits else []
                keep(at, *one_split(dataset(given.data, name), name, seed, peers))
            parts.setdefault(name, []).append(kept(at))
            print(pd.Series(parts[name][-1][0]).to_string(), flush=True, file=sys.stderr)
            if seed or name == list(TABLES)[-1]:
                written(parts)


if __name__ == "__main__":
    main()
