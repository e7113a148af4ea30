"""What the analyst has chosen: plain values, shown by widgets and carried by the link. Nothing computed is kept here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from core.errors import UserError
from core.learners import LEARNERS
from core.recipe import Recipe
from core.registry import Method

UPLOAD = "upload"
"""Stands for the analyst's own file, which a link does not carry."""

READING = ("delimiter", "encoding", "decimal", "missing_tokens", "sheet")
DEFAULTS: Mapping[str, Any] = {
    "data": "", "delimiter": "", "encoding": "", "decimal": "", "missing_tokens": (), "sheet": "",
    "target": "", "class": "", "leave_out": None, "learner": "boosted", "cost": 0.0, "folds": 5, "repeats": 2, "seed": 0,
    "recipe": (), "explained": None, "set": (), "asked": (),
}  # fmt: skip
"""Every choice with its name in the link; None leaves out what a sample suggests."""

LIMITS = {"cost": (0.0, 1e6), "folds": (2, 10), "repeats": (1, 10), "seed": (0, 2**31 - 1)}
KEPT = ("data", "learner", "cost", "folds", "repeats", "seed", "recipe", "set")
"""Choices that serve any table."""

FREE = ("recipe", "explained", "set", "asked")
"""Choices that leave the study as it is."""


def restore() -> None:
    """Take the choices from the link, once per session; what cannot be right is ignored."""
    if "choices" not in st.session_state:
        st.session_state.choices = dict(DEFAULTS)
        for name, default in DEFAULTS.items():
            given = tuple(text[:6000] for text in st.query_params.get_all(name)[:200])
            if given and (value := _from_link(name, default, given)) is not None:
                st.session_state.choices[name] = value


def publish(source: str) -> None:
    """Write the source and the choices that differ from their default into the link, so that it opens the same page."""
    link = {name: value for name, value in st.session_state.choices.items() if value != DEFAULTS[name]}
    link["data"] = source
    wanted = {name: list(value or ("",)) if isinstance(value, tuple) else [str(value)] for name, value in link.items()}
    if {name: st.query_params.get_all(name) for name in st.query_params} != wanted:
        st.query_params.from_dict(wanted)


def of_study() -> tuple:
    """Every choice that changes the study; what was computed for another one no longer matters."""
    digest = st.session_state.get("upload", ("", b"", ""))[2]
    return (digest, *(value for name, value in st.session_state.choices.items() if name not in FREE))


def choice(name: str) -> Any:
    """One choice; a default where none was made."""
    return st.session_state.choices[name]


def choose(**values: Any) -> None:
    """Make choices; a new source starts from a clean sheet."""
    chosen = st.session_state.choices
    if "data" in values:
        _reset(name for name in DEFAULTS if name not in KEPT)
    if "target" in values and values["target"] != chosen["target"]:
        _reset(["class"])
    chosen.update(values)


def bound(name: str, value: Any) -> dict[str, Any]:
    """What a widget needs to show a choice and to change it; ``value`` is what it shows now."""
    key = _key(name)
    st.session_state[key] = value
    return {"key": key, "on_change": _store, "args": (name, key)}


def uploader() -> dict[str, Any]:
    """What the uploader needs: it is emptied after every upload, so that a file is held once."""
    return {"key": f"uploader {st.session_state.get('uploads', 0)}", "on_change": _keep_upload}


def recipes() -> tuple[Recipe, ...]:
    """The recipes that were built."""
    return tuple(dict.fromkeys(filter(None, (_recipe(text) for text in choice("recipe")))))


def explained() -> Recipe:
    """The recipe that is explained and reported: the chosen one, or the last that was built."""
    built = recipes()
    return next((recipe for recipe in (Recipe(), *built) if recipe.text == choice("explained")), (Recipe(), *built)[-1])


def settings(method: Method) -> dict[str, Any]:
    """The parameters that were set for a method; the rest keep their defaults."""
    given = dict(text.partition(":")[::2] for text in choice("set"))
    pairs = dict(pair.partition("=")[::2] for pair in filter(None, given.get(method.slug, "").split(",")))
    values = {}
    for parameter in method.params:
        try:
            values[parameter.name] = parameter.check(pairs.get(parameter.name, parameter.default))
        except UserError:
            values[parameter.name] = parameter.default
    return values


def change_setting(method: Method, name: str, key: str) -> None:
    """Take a parameter of a diagnostic from its widget."""
    values = settings(method) | {name: st.session_state[key]}
    default = {parameter.name: parameter.default for parameter in method.params}
    changed = ",".join(f"{name}={value}" for name, value in values.items() if value != default[name])
    others = tuple(text for text in choice("set") if text.partition(":")[0] != method.slug)
    choose(set=(*others, f"{method.slug}:{changed}") if changed else others)


def _recipe(text: str) -> Recipe | None:
    try:
        return Recipe.parse(text)
    except UserError:
        return None


def _from_link(name: str, default: Any, given: tuple[str, ...]) -> Any:
    if name == "recipe":
        return tuple(text for text in given if _recipe(text))
    if name == "leave_out" or isinstance(default, tuple):
        return tuple(filter(None, given))
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
        choose(**{name: tuple(value) if isinstance(value, list) else value})


def _keep_upload() -> None:
    state = st.session_state
    file = state[uploader()["key"]]
    if file is not None:
        awaited = choice("data") == UPLOAD and "upload" not in state
        content = file.getvalue()
        state.upload = (file.name, content, hashlib.blake2b(content, digest_size=16).hexdigest())
        state.uploads = state.get("uploads", 0) + 1
        if not awaited:  # or else the choices of the link are for this file
            _reset(["data"])
            choose(data=UPLOAD)
