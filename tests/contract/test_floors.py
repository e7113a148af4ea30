"""The floors of the house: a module imports only from lower floors, and only the front knows Streamlit."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

FLOORS = {
    0: {"errors", "wording", "docstrings", "params", "result", "glossary"},
    1: {
        "charts",
        "charts_band",
        "charts_crosses",
        "charts_curves",
        "charts_distributions",
        "charts_layout",
        "charts_plane",
        "charts_regions",
        "numerics",
    },
    2: {
        "table",
        "alignment",
        "dataset",
        "marked_rows",
        "synthetic_marks",
        "population",
        "working_sample",
        "roles",
        "cost_column",
        "validation",
        "target_rule",
        "reading",
        "registry",
        "engine",
        "memory",
        "private_folder",
        "store",
        "safekeeping",
        "session_file",
    },
    3: {
        "recipe",
        "study",
        "synthetic",
        "judge",
        "judged",
        "learners",
        "explanation",
        "class_plane",
        "divergence",
        "sampled_columns",
        "column_shapes",
        "column_information",
        "column_ties",
        "column_profile",
        "held_out",
        "interventions",
        "job",
        "jobs",
        "jobs_limits",
        "jobs_shared",
        "jobs_telling",
        "jobs_turns",
        "jobs_working",
        "run_cluster",
        "run_dask",
        "run_tasks",
        "ledger",
        "label_quality",
        "missing_profile",
        "learning_curve",
        "learner_report",
        "training_trace",
    },
    4: {"diagnostics", "remedies"},
    5: {"evaluation", "report"},
    6: {"__init__", "commands"},
    7: {"__main__"},
}
FLOOR = {name: floor for floor, names in FLOORS.items() for name in names}
SIDEWAYS = {0, 1, 2, 3, 5, 6}
NUMERIC = {"numpy", "scipy", "numba", "core", "__future__"}
NUMERIC |= {"math", "copy", "dataclasses", "collections", "functools", "typing"}

ROOT = Path(__file__).parents[2]
CORE = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted((ROOT / "core").rglob("*.py"))}
PARTS = {}
for one in CORE:
    PARTS.setdefault(".".join(one.split(".")[1:2]), []).append(one)
EACH = pytest.mark.parametrize("modules", PARTS.values(), ids=list(PARTS))
pytestmark = pytest.mark.xdist_group("floors")  # one process reads the files, and each of them once


@cache
def read(module):
    """The statements of a file that import: those of its top level, and all of them."""
    tree = ast.parse(CORE[module].read_text(encoding="utf-8"))
    return [
        [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        for nodes in (tree.body, ast.walk(tree))
    ]


def imports(module, *, top_level=False):
    """Every module that a file imports, ``from core import charts`` as ``core.charts``."""
    outer, every = read(module)
    for node in outer if top_level else every:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in CORE or f"{name}.__init__" in CORE else node.module for name in names)


def part(module):
    """The part of core that a module belongs to: "core.reading.read" is in "reading"."""
    return module.split(".")[1] if module.count(".") else "__init__"


@EACH
def test_a_module_stands_on_a_floor_and_imports_only_from_lower_ones(modules):
    for module in modules:
        floor = FLOOR[part(module)]
        for name in imports(module):
            if name.split(".")[0] == "core":
                below = FLOOR[part(name)]
                beside = below == floor and (floor in SIDEWAYS or name.endswith("__init__"))
                assert below < floor or beside, f"{module} (floor {floor}) imports {name} (floor {below})"


@EACH
def test_only_the_front_knows_streamlit(modules):
    for module in modules:
        known = [name for name in imports(module) if name.split(".")[0] in ("streamlit", "pages")]
        assert not known, f"{module} imports {known}"


def test_numerics_are_arrays_in_and_arrays_out():
    for module in [module for module in CORE if part(module) == "numerics"]:
        assert {name.split(".")[0] for name in imports(module)} <= NUMERIC, module
        assert all(part(name) == "numerics" for name in imports(module) if name.startswith("core")), module


def test_no_import_runs_in_a_circle():
    graph = {module: {name for name in imports(module, top_level=True) if name in CORE} for module in CORE}
    assert set(TopologicalSorter(graph).static_order()) >= set(CORE), "a circle raises CycleError and names it"
