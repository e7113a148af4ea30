"""What the analyst has chosen: plain values, shown by widgets and carried by the link. Nothing computed is kept here."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import UserError
from core.learners import LEARNERS
from core.params import unwritten, written
from core.population import WORKING_ROWS
from core.reading.all_rows import Folder
from core.reading.large import LARGE_BYTES
from core.recipe import Recipe
from core.registry import Method, method
from core.safekeeping import linked
from core.session_file import is_session, unpack
from pages.kit.text import typed

UPLOAD = "upload"
"""Stands for the analyst's own file, which a link does not carry."""

WRITTEN = ("delimiter", "quote", "encoding", "decimal", "thousands", "header", "skip", "footer", "units")
AT_USE = "at use"
"""Holds rows without labels from where decisions will be made."""

TOKEN = "kept"
"""Name in the link of what stands for the kept files."""

READING = (*WRITTEN, "missing_tokens", "sheet")
"""How a file is written, and with it what the reader may be told."""

DEFAULTS: Mapping[str, Any] = {
    "data": "", **dict.fromkeys(WRITTEN, ""), "missing_tokens": (), "sheet": "", "disguised": (),
    "target": "", "rule": "", "class": "", "leave_out": None, "role": (), "category": (), "synthetic": (), "mark": "", "rows": WORKING_ROWS,
    "learner": "boosted", "cost": 0.0, "prevalence": 0.0, "cutoff": "", "margin": 0.01, "folds": 5, "repeats": 2, "seed": 0,
    "recipe": (), "explained": None, "set": (), "asked": (), "column": "", "opened": (), "doses": (), "searched": (), "refits": 10,
    "minutes": 30, "gigabytes": 4.0, "where": "", "stating": "", "band": (), "ranked": (), "matrix": "",
}  # fmt: skip
"""Every choice with its name in the link; None leaves out what a sample suggests."""

LIMITS = {
    "rows": (1000, 10**7), "cost": (0.0, 1e6), "prevalence": (0.0, 0.999),
    "margin": (0.0, 0.5), "folds": (2, 10), "repeats": (1, 10), "refits": (2, 200), "seed": (0, 2**31 - 1),
    "minutes": (1, 1440), "gigabytes": (0.5, 1e4),
}  # fmt: skip
WORK = ("minutes", "gigabytes", "where")
KEPT = ("data", "rows", "learner", "cost", "margin", "folds", "repeats", "seed", "recipe", "set", *WORK)
"""Choices that serve any table."""

OF_CLASS, OF_CLASSES = ("prevalence", "cutoff", "ranked"), ("class", "matrix", "prevalence", "cutoff", "ranked")
FOLLOW = {"target": (*OF_CLASSES, "rule"), "rule": OF_CLASSES, "class": OF_CLASS}
"""Choices that speak of the classes, or of the class of interest, and mean nothing of other ones."""

FREE = (
    "prevalence", "cutoff", "margin", "refits", "recipe", "explained", "set", "asked", "column", "opened", "doses", "searched", *WORK,
    "stating", "band", "ranked", "matrix",
)  # fmt: skip
"""Choices that leave the study as it is."""


def restore() -> None:
    """Take the choices from the link, once per session; what cannot be right is ignored."""
    if "choices" not in st.session_state:
        _take({name: st.query_params.get_all(name) for name in DEFAULTS})


def publish(source: str) -> None:
    """Write the source and the choices that differ from their default into the link, so that it opens the same page."""
    wanted = link(source)
    if source == UPLOAD and "token" in st.session_state:
        wanted[TOKEN] = [st.session_state.token]
    if {name: st.query_params.get_all(name) for name in st.query_params} != wanted:
        st.query_params.from_dict(wanted)


def link(source: str) -> dict[str, list[str]]:
    """The source and the choices that differ from their default, as text."""
    held = {name: value for name, value in st.session_state.choices.items() if value != DEFAULTS[name]}
    held["data"] = source
    return {name: list(value or ("",)) if isinstance(value, tuple) else [typed(value)] for name, value in held.items()}


def of_study() -> tuple:
    """Every choice that changes the study; what was computed for another one no longer matters."""
    files = [st.session_state.get(name, ("", b"", ""))[2] for name in ("upload", "test")]
    return (*files, *(value for name, value in st.session_state.choices.items() if name not in FREE))


def choice(name: str) -> Any:
    """One choice; a default where none was made."""
    return st.session_state.choices[name]


def choose(**values: Any) -> None:
    """Make choices; a new source starts from a clean sheet."""
    chosen = st.session_state.choices
    if "data" in values:
        st.session_state.pop(AT_USE, None)
        _reset(name for name in DEFAULTS if name not in KEPT)
    _reset(one for name in FOLLOW if values.get(name, chosen[name]) != chosen[name] for one in FOLLOW[name])
    chosen.update(values)


def bound(name: str, value: Any) -> dict[str, Any]:
    """What a widget needs to show a choice and to change it; ``value`` is what it shows now."""
    key = _key(name)
    st.session_state[key] = value
    return {"key": key, "on_change": _store, "args": (name, key)}


def uploader() -> dict[str, Any]:
    """What the uploader needs: it is emptied after every upload, so that a file is held once."""
    return {"key": f"uploader {st.session_state.get('uploads', 0)}", "on_change": _keep_upload}


def further_uploader(name: str) -> dict[str, Any]:
    """What the uploader of a second file needs: "test", or ``AT_USE``."""
    key = f"{name} uploader {st.session_state.get('uploads', 0)}"
    return {"key": key, "on_change": _keep_further, "args": (name, key)}


def forget_test(name: str = "test") -> None:
    """Take the declaration of a test file back, or forget the rows without labels."""
    st.session_state.pop(name, None)
    if name == "test":
        choose(opened=())


def recipes() -> tuple[Recipe, ...]:
    """The recipes that were built and that the learner can take."""
    return tuple(recipe for recipe in _built() if _served(recipe))


def waiting() -> tuple[Recipe, ...]:
    """The recipes that were built for another learner."""
    return tuple(recipe for recipe in _built() if not _served(recipe))


def explained() -> Recipe:
    """The recipe that is explained and reported: the chosen one, or the last that was built."""
    built = recipes()
    return next((recipe for recipe in (Recipe(), *built) if recipe.text == choice("explained")), (Recipe(), *built)[-1])


def settings(item: Method) -> dict[str, Any]:
    """The parameters that were set for a method; the rest keep their defaults."""
    given = dict(text.partition(":")[::2] for text in choice("set"))
    pairs = (pair.partition("=") for pair in given.get(item.slug, "").split(","))
    told = {name: unwritten(value) for name, _, value in pairs}
    values = {}
    for parameter in item.params:
        try:
            values[parameter.name] = parameter.check(told.get(parameter.name, parameter.default))
        except UserError:
            values[parameter.name] = parameter.default
    return values


def change_setting(item: Method, name: str, key: str) -> None:
    """Take a parameter of a diagnostic from its widget."""
    values = settings(item) | {name: st.session_state[key]}
    default = {parameter.name: parameter.default for parameter in item.params}
    changed = ",".join(f"{name}={written(value)}" for name, value in values.items() if value != default[name])
    others = tuple(text for text in choice("set") if text.partition(":")[0] != item.slug)
    choose(set=(*others, f"{item.slug}:{changed}") if changed else others)


def _built() -> tuple[Recipe, ...]:
    return tuple(dict.fromkeys(filter(None, (_recipe(text) for text in choice("recipe")))))


def _served(recipe: Recipe) -> bool:
    return all(method(slug).serves(choice("learner")) for slug in recipe.slugs)


def _recipe(text: str) -> Recipe | None:
    try:
        return Recipe.parse(text)
    except UserError:
        return None


def _from_link(name: str, default: Any, given: tuple[str, ...]) -> Any:
    if name == "leave_out" or isinstance(default, tuple):
        return tuple(text for text in given if text and (name != "recipe" or _recipe(text)))
    if name in LIMITS:
        low, high = LIMITS[name]
        try:
            number = type(default)(given[-1])
        except ValueError:
            return None
        return number if low <= number <= high else None
    if (name == "learner" and given[-1] not in LEARNERS) or (name == "explained" and _recipe(given[-1]) is None):
        return None
    return given[-1]


def _reset(names: Iterable[str]) -> None:
    """Forget choices; their widgets are made anew, so that what a browser still says about the old ones is not heard."""
    renewed = st.session_state.setdefault("renewed", {})
    for name in names:
        st.session_state.choices[name] = DEFAULTS[name]
        renewed[name] = renewed.get(name, 0) + 1


def _key(name: str) -> str:
    return f"ask {name} {st.session_state.get('renewed', {}).get(name, 0)}"


def _store(name: str, key: str) -> None:
    if key == _key(name):
        value = st.session_state[key]
        if isinstance(DEFAULTS[name], str) and not isinstance(value, str):
            value = "" if value is None or value is False else str(int(value))
        choose(**{name: tuple(value) if isinstance(value, list) else value})


def _take(given: Mapping[str, Sequence[str]]) -> None:
    st.session_state.choices = dict(DEFAULTS)
    for name, default in DEFAULTS.items():
        texts = tuple(text[:6000] for text in given.get(name, ())[:200])
        if texts and (value := _from_link(name, default, texts)) is not None:
            st.session_state.choices[name] = value


def _keep_upload() -> None:
    state = st.session_state
    file = state[uploader()["key"]]
    state.pop("refused", None)
    if file is not None and is_session(file):
        _open_session(file)
        state.uploads = state.get("uploads", 0) + 1
    elif file is not None:
        awaited = choice("data") == UPLOAD and "upload" not in state
        state.upload = _kept_file(file)
        state.pop("test", None)
        state.uploads = state.get("uploads", 0) + 1
        if not awaited:  # or else the choices of the link are for this file
            _reset(["data"])
            choose(data=UPLOAD)


def _open_session(file: Any) -> None:
    """Take the choices and the files of a session file, as a link and uploads would have brought them."""
    state = st.session_state
    try:
        given, files = unpack(file)
    except UserError as error:
        state.refused = str(error)
        return
    _reset(DEFAULTS)
    _take(given)
    for part, name in (("table", "upload"), ("test", "test"), ("at_use", AT_USE)):
        state.pop(name, None)
        if part in files:
            state[name] = _kept_file(io.BytesIO(files[part][1]), files[part][0])


def _keep_further(name: str, key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        st.session_state[name] = _kept_file(file)
        st.session_state.uploads = st.session_state.get("uploads", 0) + 1


class Spilled:
    """A large upload in a private folder, which goes when the session forgets it."""

    def __init__(self, content: memoryview | Path) -> None:
        self.folder = Folder()
        self.path = Path(self.folder.name) / "upload"
        if isinstance(content, Path):
            linked(content, self.path)
        else:
            self.path.write_bytes(content)


def from_path(name: str, path: Path, digest: str) -> tuple[str, Any, str]:
    """A file that was kept, as an upload is held."""
    return name, path.read_bytes() if path.stat().st_size <= LARGE_BYTES else Spilled(path), digest


def _kept_file(file: Any, name: str = "") -> tuple[str, Any, str]:
    """Name, content and digest of an uploaded file; a large one goes to a private folder and leaves the memory."""
    digest, name = hashlib.blake2b(file.getbuffer(), digest_size=16).hexdigest(), name or file.name
    if file.getbuffer().nbytes <= LARGE_BYTES:
        return name, file.getvalue(), digest
    content = Spilled(file.getbuffer())
    context = get_script_run_ctx()
    if context is not None and hasattr(context.uploaded_file_mgr, "remove_file") and hasattr(file, "file_id"):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    file.close()
    return name, content, digest
