"""How much memory a process holds and the machine has left, where the system tells it without a further package: on Linux."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")
"""Where a container is told how much it may take."""

PAGE = 4096
"""Bytes of a page where the system does not say."""


def resident(process: int | str = "self") -> int | None:
    """Bytes of memory that a process holds; None where that is not told, as on Windows and macOS, or when it has ended."""
    with suppress(OSError, ValueError, IndexError):
        return int((PROCESSES / str(process) / "statm").read_text().split()[1]) * _page()
    return None


def total() -> int | None:
    """Bytes of memory that this machine, or this container, has; None where that is not told."""
    machine, limit = _machine().get("MemTotal"), _group("memory.max", "memory/memory.limit_in_bytes")
    return min((size for size in (machine, limit) if size), default=None)


def available() -> int | None:
    """Bytes that can still be taken before the machine swaps or the container is stopped; None where that is not told."""
    left = [_machine().get("MemAvailable")]
    limit, used = (
        _group("memory.max", "memory/memory.limit_in_bytes"),
        _group("memory.current", "memory/memory.usage_in_bytes"),
    )
    if limit and used is not None:
        left.append(max(0, limit - used + _files()))
    return min((size for size in left if size is not None), default=None)


def _machine() -> dict[str, int]:
    try:
        lines = (PROCESSES / "meminfo").read_text().splitlines()
        return {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    except (OSError, ValueError, IndexError):
        return {}


def _group(*names: str) -> int | None:
    """A number of the container; None where there is none."""
    for name in names:
        with suppress(OSError, ValueError):
            return int((GROUPS / name).read_text())
    return None


def _files() -> int:
    """Bytes of files that the system holds for later and gives up when asked."""
    for name, key in (("memory.stat", "inactive_file"), ("memory/memory.stat", "total_inactive_file")):
        with suppress(OSError, ValueError, KeyError):
            lines = (line.split() for line in (GROUPS / name).read_text().splitlines())
            return int(dict(line for line in lines if len(line) == 2)[key])
    return 0


def _page() -> int:
    try:
        import resource

        return resource.getpagesize()
    except ImportError:
        return PAGE
