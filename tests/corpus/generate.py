"""The corpus: every pollution alone on every clean table, and every pair that makes sense on one of them."""

import itertools
import zlib
from dataclasses import dataclass

from later_pollutions import EARLIER, POLLUTIONS
from pollutions import compatible
from sheets import TABLES, Sheet, clean, write

PAIRED = ("plant", "people")
EVERY = 41
STAGES = {"quotes": 1, "newline": 1, "header rows": 2, "tail": 3, "short": 3, "header": 4, "container": 4}


@dataclass(frozen=True)
class Case:
    """One file: its name, the pollutions in it, and the sheet that knows how to write it and what it says."""

    name: str
    table: str
    pollutions: tuple[str, ...]
    sheet: Sheet

    def data(self) -> bytes:
        """The bytes of the file."""
        return write(self.sheet)


def spoilt(table: str, *names: str) -> Case | None:
    """A table with pollutions, in the order in which they build on each other; None where one does not apply."""
    order = list(POLLUTIONS)
    sheet = clean(table)
    for name in sorted(names, key=lambda n: (STAGES.get(POLLUTIONS[n].family, 0), order.index(n))):
        sheet = POLLUTIONS[name].spoil(sheet)
        if sheet is None:
            return None
    return Case("+".join((table, *names)), table, names, sheet)


def clean_files() -> list[Case]:
    """The clean tables."""
    return [spoilt(table) for table in TABLES]


def singles() -> list[Case]:
    """Every pollution on every table."""
    cases = (spoilt(table, name) for name in POLLUTIONS for table in TABLES)
    return [case for case in cases if case]


def later_singles() -> list[Case]:
    """The singles that were written after the reader had been mended with the others."""
    return [case for case in singles() if not set(case.pollutions) <= EARLIER]


def pairs(every: int = 1) -> list[Case]:
    """Pairs of pollutions that go together, each on one table: all of them, or a fixed part drawn by their names."""
    cases = []
    for first, second in itertools.combinations(POLLUTIONS.values(), 2):
        drawn = zlib.crc32(f"{first.name} {second.name}".encode())
        if compatible(first, second) and (drawn // len(PAIRED)) % every == 0:
            cases.append(spoilt(PAIRED[drawn % len(PAIRED)], first.name, second.name))
    return [case for case in cases if case]


def triples(every: int = 90) -> list[Case]:
    """A fixed part of the triples of pollutions that go together, drawn by their names."""
    cases = []
    for three in itertools.combinations(POLLUTIONS.values(), 3):
        drawn = zlib.crc32(" ".join(one.name for one in three).encode())
        if (drawn // len(PAIRED)) % every == 0 and all(compatible(*two) for two in itertools.combinations(three, 2)):
            cases.append(spoilt(PAIRED[drawn % len(PAIRED)], *(one.name for one in three)))
    return [case for case in cases if case]
