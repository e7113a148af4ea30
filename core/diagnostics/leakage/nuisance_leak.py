"""Whether the columns tell where a row comes from, and whether the class depends on it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, learners, synthetic, wording
from core.dataset import Dataset
from core.divergence import drawn
from core.errors import NotApplicable, unknown
from core.numerics.told_apart import mean_area, mean_area_error, shuffled_mean_areas
from core.params import Range
from core.reading.dependence import origin_columns
from core.registry import About
from core.result import Finding, Result
from core.study import Study
from core.validation import folds

ABOUT = About(
    "Nuisance leak",
    "Can the model tell the class by where the row comes from?",
    "emerging",
    "seconds",
    names=("nuisance",),
)

MOST_COLUMNS, MOST_SITES = 2, 4
FEWEST_ROWS, FEWEST_OF_SITE = 10, 5
MAX_ROWS, OF_INTEREST, N_FOLDS = 2000, 600, 3
N_DRAWS, N_EXCHANGES = 200, 1000
SIGNIFICANT, APART = 0.005, 0.1


def nuisance_leak(
    study: Study, *, column: str = "", telling: Annotated[float, Range(0.6, 0.99, 0.01)] = 0.75
) -> Result:
    """How well the features tell the site, device or batch of a row, within each class, and whether the class depends on it.

    A learner of the study's kind predicts the site s from all other columns, out of fold. Within class c, AUC_c is the mean over
    sites of the area under the ROC curve of P(s | x), rows of the site against rows of the others: one class at a
    time, so that a site is not told by its share of the class. The class depends on the site when the largest
    difference |P(s | c) − P(s | not c)| over the sites is beyond chance.

    How it is detected
    ------------------
    The column is the one that you name, or else those (two at most) whose name ends in a word such as "site", "device" or
    "batch", or whose texts all hold one. Other columns that merely go together with the class are never looked at. AUC_c is
    compared with 200 random exchanges of the sites within the class (normal approximation of that null, corrected for all columns
    and classes, 0.5 %), the dependence on the site with 1,000 random exchanges of the class. It is an issue when AUC of the class of
    interest is at least ``telling`` and beyond chance, and the class of interest depends on the site by at least 10 points; when it has too few
    rows at two sites, the largest class is judged in its place. Dependence alone is a caution. At most 2,000 rows and the four largest sites take
    part. The combination of the two is our inference.

    Why it matters
    --------------
    When most rare rows come from one hospital and the features show which hospital it is, a model can score well by telling the
    hospital. At the next hospital it fails.

    What to do
    ----------
    Leave the column out, and score with sites held together (the check of groups across folds takes this column by name). Adjust the features that
    carry the site, such as subtracting each site's own mean, or collect rows of both classes at every site.

    Parameters
    ----------
    column : str
        The column with the site, device or batch; empty looks for one by name.
    telling : float
        The area under the ROC curve from which the features are said to tell the site.

    Returns
    -------
    Result
        ``told``: column, class, n_samples, n_sites, auc, low, high, expected, null_high, p. ``depends``: column, class, n_samples,
        difference, expected, null_high, p, site (where the difference is largest). ``sites``: column, site, n_samples, class, n_class,
        prevalence, low, high.

    Raises
    ------
    NotApplicable
        No column says where a row comes from, or no class has enough rows at two of its sites.

    References
    ----------
    Zech et al. (2018), PLOS Medicine 15, for a model that learned the hospital. DeLong, DeLong and Clarke-Pearson (1988),
    Biometrics 44, for the interval.
    """
    names = [column] if column else list(origin_columns(study.dataset.X)[:MOST_COLUMNS])
    if column and column not in study.dataset.X.columns:
        raise unknown("column", column, study.dataset.X.columns)
    if not names:
        raise NotApplicable(
            "No column says which site, device or batch a row comes from. If one does, name it in the settings of this check."
        )
    parts = [part for part in (_judge(study, name, names) for name in names) if part is not None]
    if not parts:
        raise NotApplicable(
            f"No class has {FEWEST_ROWS} rows, with {FEWEST_OF_SITE} from each of two values of {wording.listing(names)}."
        )
    told, depends, sites = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    told["p"] = np.minimum(told["p"] * len(told), 1.0)
    findings = [_finding(study, told, depends, name, telling) for name in depends["column"]]
    return Result({"told": told, "depends": depends, "sites": sites}, tuple(findings))


def _judge(study: Study, name: str, names: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame] | None:
    """Tables of one column; nothing when no class can be judged."""
    values = study.dataset.X[name]
    counts = values.value_counts()
    counts = counts[counts >= 2 * FEWEST_OF_SITE]
    order = sorted(counts.index, key=lambda value: (-counts[value], str(value)))[:MOST_SITES]
    site = pd.Index(order, dtype=object).get_indexer(values.astype(object))
    rng = np.random.default_rng(study.random_state)
    rows = _rows(study, site, rng)
    features = study.dataset.X.drop(columns=names)
    if len(order) < 2 or features.shape[1] == 0 or not len(rows):
        return None
    proba = _predict(study, features, site, rows)
    records = [_told(study, c, site[rows], study.codes[rows], proba, rng) for c in range(len(study.classes))]
    told = pd.DataFrame([record for record in records if record])
    if told.empty:
        return None
    words = [value if isinstance(value, str) else wording.value(value, 3) for value in order]
    depends, sites = _depends(study, site, words, rng), _sites(study, site, words)
    for table in (told, depends, sites):
        table.insert(0, "column", name)
    return told, depends, sites


def _rows(study: Study, site: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows of known sites, those of the class of interest first."""
    known = rng.permutation(np.flatnonzero(site >= 0))
    own = study.codes[known] == study.positive_code
    first = known[own][:OF_INTEREST]
    return np.concatenate([first, known[~own][: MAX_ROWS - len(first)]])


def _predict(study: Study, features: pd.DataFrame, site: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Out-of-fold probabilities (n_rows, n_sites) of the site; rows that the study keeps together are kept together here."""
    X, groups, site, n_sites = features.iloc[rows], study.dataset.group_codes, site[rows], int(site.max()) + 1
    if groups is not None:
        groups = groups[rows] if len(np.unique(groups[rows])) >= N_FOLDS else None
    proba = np.zeros((len(site), n_sites))
    for train, test in folds(site, n_folds=N_FOLDS, random_state=study.random_state, groups=groups):
        fitted = learners.make(study.learner, study.random_state).fit(X.iloc[train], site[train])
        proba[np.ix_(test, fitted.classes_)] = fitted.predict_proba(X.iloc[test])
    return proba.round(9)


def _told(
    study: Study, c: int, site: np.ndarray, codes: np.ndarray, proba: np.ndarray, rng: np.random.Generator
) -> dict:
    """How well the site is told within one class; empty when it has too few rows at two sites."""
    from scipy.stats import norm

    n = np.bincount(site[codes == c], minlength=proba.shape[1])
    kept = np.flatnonzero(n >= FEWEST_OF_SITE)
    if len(kept) < 2:
        return {}
    rows = np.flatnonzero((codes == c) & np.isin(site, kept))
    labels, scores = np.searchsorted(kept, site[rows]), proba[np.ix_(rows, kept)]
    if len(rows) < FEWEST_ROWS:
        return {}
    value, error = mean_area(scores, labels), mean_area_error(scores, labels)
    null = shuffled_mean_areas(scores, labels, N_DRAWS, rng)
    record = {"class": study.classes[c], "n_samples": len(rows), "n_sites": len(kept), "auc": value}
    record |= {"low": max(value - 1.96 * error, 0.0), "high": min(value + 1.96 * error, 1.0)}
    record |= {"expected": 0.5, "null_high": float(np.quantile(null, 0.975))}
    return record | {"p": float(norm.sf((value - 0.5) / max(null.std(), 1e-9)))}


def _depends(study: Study, site: np.ndarray, words: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """The largest difference between the share of a site in the class of interest and in the rest."""
    known = site >= 0
    if study.represents is not None:  # the rest as the whole table has it
        rest = np.flatnonzero(known & ~_positive(study))
        known &= _positive(study)
        known[drawn(rest, study.represents, len(rest), rng)] = True
    total, own = (np.bincount(site[part], minlength=len(words)) for part in (known, known & _positive(study)))
    n_own, n_rest = max(own.sum(), 1), max(total.sum() - own.sum(), 1)
    draws = rng.multivariate_hypergeometric(total, own.sum(), N_EXCHANGES, method="marginals")
    counts = np.vstack([own, draws])
    size = np.abs(counts / n_own - (total - counts) / n_rest)
    judged = judge.against_null(size[0].max(), size[1:].max(axis=1))
    record = {"class": study.positive, "n_samples": own.sum(), "difference": judged.value, "expected": judged.null}
    record |= {"null_high": judged.null_high, "p": judged.p}
    return pd.DataFrame([record | {"site": words[int((own / n_own - (total - own) / n_rest).round(9).argmax())]}])


def _sites(study: Study, site: np.ndarray, words: list[str]) -> pd.DataFrame:
    total, own = (np.bincount(site[part], minlength=len(words)) for part in (site >= 0, (site >= 0) & _positive(study)))
    low, high = judge.proportion_interval(own, total)
    record = {"site": words, "n_samples": total, "class": study.positive, "n_class": own}
    shares = own / np.maximum(total, 1), low, high
    if study.represents is not None:  # what one other row stands for, beside one of the class
        parts = (
            np.bincount(site[rows], study.represents[rows], len(words))
            for rows in (site >= 0, (site >= 0) & _positive(study))
        )
        whole, mine = parts
        times = (whole - mine) / np.maximum(total - own, 1) / study.standing[study.positive_code]
        shares = (share / np.maximum(share + (1 - share) * np.where(times > 0, times, 1), 1e-12) for share in shares)
    return pd.DataFrame(record | dict(zip(("prevalence", "low", "high"), shares, strict=True)))


def _positive(study: Study) -> np.ndarray:
    return study.codes == study.positive_code


def _finding(study: Study, told: pd.DataFrame, depends: pd.DataFrame, name: str, telling: float) -> Finding:
    told = told[told["column"] == name]
    judged = told[told["class"] == study.positive]
    row = (judged if len(judged) else told).iloc[0]
    depend = depends[depends["column"] == name].iloc[0]
    tells = row["auc"] >= telling and row["p"] <= SIGNIFICANT
    uneven = depend["difference"] >= APART and depend["p"] <= SIGNIFICANT
    column, label = wording.quoted(name), wording.quoted(study.positive)
    first = (
        f"Within {wording.quoted(row['class'])}, the other columns tell {column} with an area under the ROC curve of "
        f"{wording.with_interval(row['auc'], row['low'], row['high'])}; chance reaches {wording.score(row['null_high'])}"
    )
    second = (
        f"the rows of {label} and of the rest differ by {wording.share(depend['difference'])} in their shares of its values "
        f"(chance: up to {wording.share(depend['null_high'])})"
    )
    if tells and uneven:
        text = f"{first}. And {second}; {label} is most overrepresented at {wording.quoted(depend['site'])}: a model can tell the class by {column}."
        return Finding("issue", text)
    if uneven:
        return Finding(
            "caution", f"{first}, but {second}: as a feature, {column} itself tells something about the class."
        )
    return Finding("fine", f"{first}; {second}: nothing speaks for a class that is told by {column}.")


def draw(result: Result) -> dict[str, go.Figure]:
    """How well the site is told within each class, and the share of the class of interest by site."""
    told, sites = result.tables["told"], result.tables["sites"]
    first, second = "Told by the other columns", "Class of interest by site, device or batch"
    caption = "Area under the ROC curve of the site within one class; 0.5 is chance."
    axes = {"x_title": "area under the ROC curve", "y_title": "class", "caption": caption, "reference": 0.5}
    bars = {"x_title": "share of the rows", "y_title": "value", "caption": "Share of the class of interest by value."}
    return {
        first: charts.intervals(told, "auc", "class", title=first, by="column", **axes),
        second: charts.bars(sites, "prevalence", "site", title=second, by="column", **bars),
    }


def sick(random_state: int = 0) -> Dataset:
    """Two sites that one measurement tells apart; most rare rows come from one of them."""
    return synthetic.planted("nuisance", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Two sites that differ in nothing."""
    dataset = synthetic.planted("clean", random_state=random_state)
    site = np.random.default_rng(random_state).choice(["north clinic", "south clinic"], dataset.n_samples)
    return Dataset.from_frame(dataset.X.assign(site=site, outcome=dataset.y), "outcome", name="two equal sites")
