"""Tables that want to break the pages, and what a browser would render as Markdown."""

import csv
import io

import numpy as np

PAGES = ("data", "profile", "diagnose", "remedy", "decide", "explain", "report", "learn")

HOSTILE = (
    "<script>window.__xss=1</script>",
    "<img src=x onerror=window.__xss=1>",
    "<svg/onload=window.__xss=1>",
    "<iframe src='http://canary.invalid/i'></iframe>",
    "<style>body{display:none}</style>",
    "![x](http://canary.invalid/m.png)",
    "[click](javascript:window.__xss=1)",
    "<a href='http://canary.invalid/a'>a</a>",
    "price $x^2$ and $y$",
    r"$\href{javascript:window.__xss=1}{click me}$",
    ":smile: :material/delete: :red[bad] :red-badge[x]",
    "__init__ and *star* and a_b_c",
    "# Heading",
    "1. item",
    "---",
    "a|b",
    "<b>bold</b> x<sub>2</sub>",
    "&lt;b&gt; &amp; R&D",
    "age<30 & bmi>25",
    "`tick` ```fence```",
    "%{x} %{customdata} {value}",
    "see http://canary.invalid/u or www.canary.invalid or me@canary.invalid",
    'it\'s "x" \\ / ; --',
    "{{7*7}} ${7*7} {__import__('os').system('id')}",
    "=cmd|' /C calc'!A0",
    "two  spaces",
    "Straße/正例 🦠",
    "-> <- == ~~gone~~ :streamlit:",
)


def table(names, labels, n_rows=120, seed=0):
    """A CSV with random numbers under the given names, and a last column with the labels, the last one rare."""
    rng = np.random.default_rng(seed)
    codes = np.where(rng.random(n_rows) < 0.2, len(labels) - 1, rng.integers(0, max(1, len(labels) - 1), n_rows))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*names, "outcome"])
    for row, code in zip(rng.normal(size=(n_rows, len(names))).round(3) + codes[:, None], codes, strict=True):
        writer.writerow([*row, labels[code]])
    return text.getvalue().encode()


def markdown_texts(app):
    """Every text that the browser would render as Markdown: bodies, labels, help, captions."""
    texts = []
    for element in app.main.children.values():
        _collect(element, texts)
    for element in app.sidebar.children.values():
        _collect(element, texts)
    return texts


def _collect(node, texts):
    proto = getattr(node, "proto", None)
    for name in ("body", "label", "help", "text", "title"):
        value = getattr(proto, name, None)
        if isinstance(value, str) and value and getattr(node, "type", "") != "text":
            texts.append(value)
    for child in getattr(node, "children", {}).values():
        _collect(child, texts)
