"""How much one study may compute, and where: settings of the session within what the server allows."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from typing import Any

import streamlit as st

from core import jobs, memory
from core.errors import UserError
from core.job import GIGABYTE, Budget
from core.run_cluster import ClusterRunner
from core.run_tasks import DASK, check_engine
from core.wording import plural
from pages.kit import choices, kept
from pages.kit.text import md

FOLDS = "Where models are fitted for the scores of recipes. It changes no score."

MINUTES, MOST_MINUTES = 30, 1440
FEWEST_GIGABYTES, UNTOLD_GIGABYTES = 0.5, 4.0
CLUSTER = "cluster"


def controls() -> None:
    """Ask for the limits of a study, and for the place where it runs if there is a choice."""
    with st.popover("Limits of a study", icon=":material/tune:", key="work"):
        st.caption(
            "What one study may take before it stops. Finished folds are kept, and 'Start again' goes on from there."
        )
        most = most_minutes()
        bound = choices.bound("minutes", min(choices.choice("minutes"), most))
        text = "Minutes of computing, those of all processes added up; waiting for others costs nothing."
        st.number_input("Minutes of computing", 1, most, help=text, **bound)
        if memory.total() is None:
            st.caption("Memory is not watched on this system; it is on Linux.")
        else:
            most = most_gigabytes()
            bound = choices.bound("gigabytes", _gigabytes())
            text = (
                "Gigabytes that one computation may take; the largest is also stopped before the machine has none left."
            )
            st.number_input("Gigabytes of memory", FEWEST_GIGABYTES, most, step=0.5, format="%g", help=text, **bound)
        _place()


def _place() -> None:
    """Choose between this computer and the cluster that whoever started the server has named."""
    if not address():
        return
    try:
        check_engine(address())
    except UserError as error:
        st.caption(md(f"The cluster of this server cannot be used: {error}"))
        return
    names = {"": "The computer that runs Counterpoise", CLUSTER: f"The cluster at {address().removeprefix(DASK)}"}
    bound = choices.bound("where", choices.choice("where") if choices.choice("where") in names else "")
    st.radio("Where folds are scored", names, format_func=names.get, help=FOLDS, **bound)
    st.caption(
        "On the cluster, the rows of your table are sent to its workers and held there while recipes are scored. Everything else runs on this computer."
    )


def address() -> str:
    """The cluster that the server was started with, by the variable or the secret COUNTERPOISE_ENGINE; empty for none. Nobody can name one in the page."""
    named = os.environ.get("COUNTERPOISE_ENGINE", "")
    if not named:
        with suppress(Exception):  # there is no file of secrets, or it cannot be read
            named = str(st.secrets.get("COUNTERPOISE_ENGINE", ""))
    return named if named.startswith(DASK) else ""


def elsewhere() -> ClusterRunner | None:
    """What runs tasks on the cluster, where there is one and this session has chosen it."""
    named = address() if choices.choice("where") == CLUSTER else ""
    with suppress(UserError):
        if named:
            check_engine(named)
            return kept.for_all(lambda: ClusterRunner(named), "cluster", named)
    return None


def limited(budget: Budget) -> Budget:
    """A budget with the limits that are chosen now."""
    budget.seconds = 60.0 * min(choices.choice("minutes"), most_minutes())
    budget.memory = GIGABYTE * _gigabytes() if memory.total() is not None else 0.0
    return budget


def most_minutes() -> int:
    """As the variable COUNTERPOISE_MINUTES says, or a day."""
    return int(max(1, _told("COUNTERPOISE_MINUTES", MOST_MINUTES)))


def most_gigabytes() -> float:
    """As the variable COUNTERPOISE_GIGABYTES says, or the memory of the machine shared out to its processes and the page."""
    whole = memory.total()
    share = UNTOLD_GIGABYTES if whole is None else whole / GIGABYTE / (jobs.workers_of_this_machine() + 1)
    return max(FEWEST_GIGABYTES, round(2 * _told("COUNTERPOISE_GIGABYTES", share)) / 2)


def others(running: Any) -> str:
    """Who else is at work, as the end of a sentence; empty for nobody."""
    n = max((job.others() for job in running if job.live), default=0)
    waits = n and all(job.state == "queued" for job in running if job.live)
    if not n:
        return ""
    told = f"{plural(n, 'other session')} {'is' if n == 1 else 'are'} at work"
    return f"; waiting, {plural(n, 'other session')} ahead" if waits else f"; {told}, all take turns"


def _gigabytes() -> float:
    return float(min(choices.choice("gigabytes"), most_gigabytes()))


def _told(name: str, usual: float) -> float:
    try:
        told = float(os.environ.get(name, usual))
    except ValueError:
        return usual
    return told if math.isfinite(told) else usual
