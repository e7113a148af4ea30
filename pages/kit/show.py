"""Draw any method and any result; no method is known here by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import pandas as pd
import streamlit as st

from core.engine import by_severity, rests_on
from core.errors import UserError
from core.job import Job
from core.learners import LEARNERS
from core.registry import Method, method
from core.report.tables import to_csv
from core.result import SEVERITIES, Result
from core.wording import clip, listing, plural
from pages.kit import alone, asking, choices, kept, session, so_far, work
from pages.kit.chart import put
from pages.kit.text import file_name, md, prose

LOOKS = {
    "failed": ("Failed", ":material/error:", "violet"),
    "issue": ("Issue", ":material/report:", "red"),
    "caution": ("Caution", ":material/warning:", "orange"),
    "fine": ("Fine", ":material/check_circle:", "green"),
    "not applicable": ("Not applicable", ":material/block:", "gray"),
    "skipped": ("Skipped", ":material/schedule:", "gray"),
}
"""Severity as a word, an icon and a colour: the colour never stands alone."""

DATA_PAGE, REMEDY_PAGE = "steps/data.py", "steps/remedy.py"
ROWS_SHOWN, COLUMNS_SHOWN = 1000, 60
POLL_SECONDS, REDRAW_SECONDS = 0.02, 1.5


def mistake(error: UserError) -> None:
    """Say what is wrong and what to do next."""
    st.error(md(error.problem), icon=":material/error:", title=md(error.remedy))
    st.page_link(DATA_PAGE, label="Go to the data page", icon=":material/table:")


def guarded(draw: Callable[[], Any]) -> Callable[[], Any]:
    """Turn an analyst's mistake into a sentence and a way out, and give None."""

    @wraps(draw)
    def safe() -> Any:
        try:
            return draw()
        except UserError as error:
            mistake(error)
            return None

    return safe


def tag(severity: str) -> str:
    """A severity as Markdown: a word with an icon on a colour."""
    word, icon, colour = LOOKS[severity]
    return f":{colour}-badge[{icon} {word}]"


def summary(results: Sequence[Result]) -> str:
    """How many results there are of each severity, in words."""
    counts = [(sum(result.severity == severity for result in results), severity) for severity in SEVERITIES]
    return ", ".join(f"{n} {LOOKS[severity][0].lower()}" for n, severity in counts if n)


def headline(found: Mapping[Method, Result]) -> None:
    """The gravest of some results in one line."""
    for item, result in by_severity(found.items())[:1]:
        st.markdown(f"{tag(result.severity)} **{md(item.title)}**: {md(result.findings[0].text)}")


def sidebar() -> None:
    """What is looked at: table, target, class of interest, learner."""
    with st.sidebar:
        try:
            study = session.study()
        except UserError:  # the page says what is wrong
            return
        for name, value in (
            ("Table", study.dataset.name), ("Target", study.dataset.target), ("Class of interest", study.positive),
            ("Learner", LEARNERS[study.learner]),
        ):  # fmt: skip
            st.markdown(f"{name}  \n**{md(clip(value, 40))}**")
        data = study.dataset
        by_roles = data.roles.get("group") or data.roles.get("time") or data.synthetic
        for sentence in (data.sampled, study.plan if by_roles else ""):
            if sentence:
                st.caption(md(sentence))
        work.controls()


def progress(running: Mapping[Any, Job], noun: str) -> Callable[[], None]:
    """A bar over jobs, with a way to stop them.

    Returns
    -------
    callable
        To be called when the rest of the page is drawn: it moves the bar and draws the page again when more has arrived.
        The analyst's clicks go first.
    """
    jobs = list(running.values())
    # stays when the bar goes, or the browser would draw every figure below it anew
    place = st.container(key=f"progress {noun}")
    seen, drawn = _arrived(jobs), time.monotonic()
    if not any(job.live for job in jobs):
        if any(job.state in ("cancelled", "failed") for job in jobs):
            with place:
                trouble(running, noun)
        return lambda: None
    left, right = place.columns([5, 1], vertical_alignment="center")
    bar = left.progress(so_far.share(jobs), text=_so_far(jobs, noun))
    right.button("Stop", key=f"stop {noun}", on_click=session.stop, icon=":material/stop:", width="stretch")

    def follow() -> None:
        patience = max(REDRAW_SECONDS, 2 * (time.monotonic() - drawn))  # a page of many figures is drawn less often
        said = _so_far(jobs, noun)
        while True:
            time.sleep(POLL_SECONDS)
            alone.listen()
            if said != (said := _so_far(jobs, noun)):  # the browser draws the page anew for each message
                bar.progress(so_far.share(jobs), text=said)
            if not any(job.live for job in jobs) or (_arrived(jobs) != seen and time.monotonic() - drawn > patience):
                alone.again()

    return follow


def _arrived(jobs: Sequence[Job]) -> list[int]:
    """Equal as long as nothing new has arrived; partial results count."""
    return [id(result) for job in jobs for result in job.latest]


def _so_far(jobs: Sequence[Job], noun: str) -> str:
    """How far it is, and whether others are at work."""
    return f"{so_far.words(jobs, noun)}{work.others(jobs)}"


def trouble(running: Mapping[Any, Job], noun: str) -> None:
    """Say what was stopped or failed and which it was, and offer to start again."""
    failed: dict[str, list[str]] = {}
    for key, job in running.items():
        if job.error is not None:
            known = isinstance(job.error, UserError)
            text = str(job.error) if known else f"This did not work ({type(job.error).__name__})."
            failed.setdefault(text, []).append(getattr(key, "title", ""))
    for text, titles in failed.items():
        names = listing(title for title in titles if title)
        st.error(md(f"{names}: {text}" if names else text), icon=":material/error:")
    stopped = [job for job in running.values() if job.state == "cancelled"]
    for reason in dict.fromkeys(job.reason or "Stopped." for job in stopped):
        more = (
            " Start it again to go on, or first allow more under 'Limits of a study'." if reason != "Stopped." else ""
        )
        st.warning(f"{reason} What had arrived until then is kept and shown.{more}", icon=":material/stop_circle:")
    st.button("Start again", key=f"again {noun}", on_click=session.resume, icon=":material/refresh:")


def cards(found: Mapping[Method, Job]) -> None:
    """The results that have arrived, each at a place of its own that later ones do not move."""
    for item, job in found.items():
        with st.container():
            for result in job.results:
                card(item, result)


def card(item: Method, result: Result, *, figure: bool = True, every_figure: bool = False) -> None:
    """One method's result: severity, sentences, figure, numbers, and what the method is."""
    with st.container(border=True, key=f"card {item.slug}"):
        head(item, result)
        drawn = list(figures(item, result).items())
        n_shown = len(drawn) if every_figure else int(figure)
        wide = every_figure or not drawn[:n_shown]
        left, right = (st.container(), st.container()) if wide else st.columns([2, 3])
        with left:
            for finding in result.findings:
                st.markdown(md(finding.text))
            suggestions(result, item.slug)
            if item.cost == "minutes" and result.severity == "skipped":
                asked = (*choices.choice("asked"), item.slug)
                st.button("Run it", key=f"ask {item.slug}", on_click=choices.choose, kwargs={"asked": asked})
        with right:
            draw(dict(drawn[:n_shown]), item.slug)
        if result.tables:
            details(item.slug, result, dict(drawn[n_shown:]))


def first_figures(found: Mapping[Method, Job]) -> None:
    """The first figure of each result that has arrived, without its card."""
    for item, job in found.items():
        for result in job.results:
            draw(dict(list(figures(item, result).items())[:1]), f"first {item.slug}")


def figures(item: Method, result: Result) -> dict[str, Any]:
    """A result's figures, made once; the result is kept with them, so that its identity stays its own."""
    if not result.tables:
        return {}
    return once(item.draw, result)


def once(make: Callable[[Any], Any], shown: Any) -> Any:
    """What is made of a result or of a table, made once; that is kept with it, so that its identity stays its own."""
    return kept.small(lambda: (shown, make(shown)), make.__module__, make.__qualname__, id(shown))[1]


def head(item: Method, result: Result) -> None:
    """A card's first line: title, severity, and what the method is, one click away."""
    maturity = (
        "" if item.maturity == "established" else f" :blue-badge[:material/science: {item.maturity.capitalize()}]"
    )
    st.markdown(f"#### {md(item.title)} {tag(result.severity)}{maturity}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(md(item.question), width="content")
        with st.popover("About", icon=":material/help:", key=f"about {item.slug}"):
            about(item)
        if item.params:
            with st.popover("Settings", icon=":material/tune:", key=f"settings {item.slug}"):
                asking.parameters(item)


def about(item: Method) -> None:
    """How a method works, why it matters, what to do, and where it comes from."""
    for title, text in (
        ("How it is detected" if item.kind == "diagnostic" else "How it works", item.how),
        ("Why it matters", item.why), ("What to do", item.what_to_do), ("Where it comes from", item.reference),
    ):  # fmt: skip
        if text:
            st.markdown(f"**{title}**\n\n{prose(text)}")


def suggestions(result: Result, place: str) -> None:
    """A button for each remedy that a result suggests; it makes a recipe of it."""
    with st.container(horizontal=True):
        for slug in result.suggests:
            texts = choices.choice("recipe")
            if st.button(f"Try {method(slug).title.lower()}", key=f"try {slug} {place}", icon=":material/healing:"):
                choices.choose(recipe=(*texts, slug) if slug not in texts else texts)
                st.switch_page(REMEDY_PAGE)


def draw(given: Mapping[str, Any], place: str) -> None:
    """Draw figures with their captions."""
    for title, figure in given.items():
        put(title, figure, place)


def side_by_side(given: Mapping[str, Any], place: str) -> None:
    """Draw figures in two columns."""
    figures = list(given.items())
    for first in range(0, len(figures), 2):
        for column, figure in zip(st.columns(2), figures[first : first + 2], strict=False):
            with column:
                draw(dict([figure]), place)


def details(place: str, result: Result, more: Mapping[str, Any]) -> None:
    """Further figures and the numbers, drawn only when they are asked for."""
    word = "More figures and numbers" if more else "Numbers"
    folded = st.expander(word, key=f"details {place}", on_change="rerun", icon=":material/table_chart:")
    if folded.open:
        with folded:
            st.caption(md(rests_on(result.provenance)))
            draw(more, f"more {place}")
            for name, frame in result.tables.items():
                numbers(name, frame, place)


def numbers(name: str, frame: pd.DataFrame, place: str) -> None:
    """One table, and the whole of it as a file."""
    title = name.replace("_", " ").capitalize()
    st.markdown(f"**{md(title)}**, {plural(len(frame), 'row')}")
    grid(frame, alt=title)
    download(f"{title} as CSV", lambda: to_csv(frame).encode("utf-8-sig"), f"{place}_{name}.csv", "text/csv")


def grid(frame: pd.DataFrame, alt: str, **options: Any) -> None:
    """The first rows and columns of a table."""
    st.dataframe(frame.iloc[:ROWS_SHOWN, :COLUMNS_SHOWN], hide_index=True, alt=alt, **options)
    if frame.shape[0] > ROWS_SHOWN or frame.shape[1] > COLUMNS_SHOWN:
        st.caption(f"The first {ROWS_SHOWN:,} rows and {COLUMNS_SHOWN} columns at most are shown.")


def download(label: str, make: Callable[[], bytes], name: str, mime: str) -> None:
    """A file that is made when it is asked for; its name is safe on every system."""
    st.download_button(
        label, make, file_name(name), mime, key=f"download {name}", on_click="ignore", icon=":material/download:"
    )
