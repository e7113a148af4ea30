"""``methods``: list every method with its options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.options import add_command


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "methods", run, "list every method with its options")
    parser.add_argument("--markdown", action="store_true", help="as the table of the README")
    parser.add_argument("--readme", metavar="FILE", help="bring the table in this README up to date")


def run(given: argparse.Namespace) -> None:
    """Print the methods, or bring a README up to date."""
    from core.report.methods import methods_as_markdown, methods_as_text, with_methods

    if given.readme:
        path = Path(given.readme)
        path.write_text(with_methods(path.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(methods_as_markdown() if given.markdown else methods_as_text(), end="")
