"""A report as one HTML file that needs nothing else: no network, no fonts, no second file."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

import plotly.graph_objects as go

from core.report.contents import Report, Section
from core.report.tables import cell, cut
from core.wording import clip

TABLE_ROWS = 15
HERE = Path(__file__).parent


def to_html(report: Report) -> str:
    """Write a report as one self-contained HTML file.

    plotly.js is inlined once, and only when there is a figure. A content security policy allows the file's own scripts, by
    their digests, and nothing from any other place: a name from the table can neither run nor load anything.

    Parameters
    ----------
    report : Report
        Of ``core.report.build.build``.

    Returns
    -------
    str
        About 5 MB with figures.
    """
    sections = [*filter(None, (report.comparison, report.cutoff)), *report.diagnoses]
    figures: list[dict] = []
    bodies = {section.slug: _body(section, figures) for section in sections}
    library = _plotly() if figures else ""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            report=report,
            bodies=bodies,
            style=(HERE / "page.css").read_text(encoding="utf-8"),
            library=library,
            script=script,
            data=_safe(json.dumps(figures)),
            digests=[_digest(text) for text in (library, script) if text],
        )
    )


def _body(section: Section, figures: list[dict]) -> dict:
    drawn = []
    for title, figure in section.figures.items():
        drawn.append({"id": f"figure-{len(figures) + 1}", "title": title, "caption": _caption(figure)})
        figures.append({"id": drawn[-1]["id"], "figure": _bare(figure)})
    tables = []
    for name, frame in section.tables.items():
        shown, sentence = cut(frame, TABLE_ROWS)
        tables.append(
            {
                "name": name.replace("_", " "),
                "sentence": sentence,
                "columns": [clip(column) for column in shown.columns],
                "rows": [[cell(value) for value in row] for row in shown.itertuples(index=False, name=None)],
            }
        )
    return {"figures": drawn, "tables": tables}


def _caption(figure: go.Figure) -> str:
    return (figure.layout.meta or {}).get("caption", "")


def _bare(figure: go.Figure) -> dict:
    """The figure on a transparent ground, so that the page's own colours show in light and dark."""
    clear = "rgba(0,0,0,0)"
    bare = json.loads(figure.to_json(validate=False))
    bare["layout"] |= {"template": _white(), "paper_bgcolor": clear, "plot_bgcolor": clear, "autosize": True}
    return bare


@cache
def _white() -> dict:
    """The theme of every figure, as plain values: plotly would check all of it again for each."""
    return json.loads(go.Figure(layout={"template": "plotly_white"}).to_json())["layout"]["template"]


def _safe(text: str) -> str:
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return get_plotlyjs().strip().replace("</script", "<\\/script").replace("\r\n", "\n")


@cache
def _environment():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
