"""The command line, built from the catalogue: ``python -m core diagnose TABLE --target COLUMN``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from core.commands import (
    calibration,
    costs,
    curves,
    diagnose,
    dose,
    evaluate,
    losses,
    methods,
    profile,
    recommend,
    suggest,
    synthetic,
)
from core.errors import UserError, unknown
from core.registry import methods as registered
from core.wording import clip

COMMANDS = (
    diagnose,
    evaluate,
    recommend,
    curves,
    costs,
    calibration,
    losses,
    dose,
    synthetic,
    profile,
    suggest,
    methods,
)


class Parser(argparse.ArgumentParser):
    """Tells an analyst's error in two sentences, as every other part does."""

    def error(self, message: str) -> NoReturn:
        """Raise the error instead of printing the usage."""
        raise UserError(clip(message[:1].upper() + message[1:], 300) + ".", f"'{self.prog} --help' lists the options.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process when left out.

    Returns
    -------
    int
        0, 2 after an analyst's error, whose two sentences are on stderr, or 130 when it was stopped.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        given = _parsed(_parser(), sys.argv[1:] if arguments is None else arguments)
        given.command(given)
    except UserError as error:
        print(error.problem, error.remedy, sep="\n", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stdout = None
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _parsed(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    given, rest = parser.parse_known_args(arguments)
    if rest:
        options = {f"--{name.replace('_', '-')}" for name in vars(given) if "." not in name} - {"--command"}
        raise unknown("option", rest[0].partition("=")[0], sorted(options | _method_options()))
    return given


def _method_options() -> set[str]:
    return {f"--{item.slug}.{p.name}" for item in registered("diagnostic") for p in item.params}


def _parser() -> Parser:
    parser = Parser(prog="python -m core", description="Finds out why a rare class fails and shows what would help.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
