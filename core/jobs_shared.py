"""What one worker has computed of a study and the others need not compute again; a bounded amount of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from core.jobs_working import KEPT

MOST = 16_000_000
"""Bytes that are held of one study: they travel with every task of it."""


class Shared:
    """Parts of a few studies, each by its key; the oldest part of a study, and the study not used for longest, go first."""

    def __init__(self) -> None:
        self._studies: OrderedDict[Any, OrderedDict[Any, tuple[int, Any]]] = OrderedDict()

    def of(self, key: Any) -> dict[Any, Any]:
        """What is held of a study."""
        return {name: part for name, (_, part) in self._studies.get(key, {}).items()}

    def add(self, key: Any, news: Mapping[Any, tuple[int, Any]]) -> None:
        """Hold what is new of a study, each part with its size in bytes; a key of None is no study."""
        if key is None or not news:
            return
        held = self._studies[key] = self._studies.pop(key, OrderedDict())
        for name, part in news.items():
            held[name] = part
        while sum(size for size, _ in held.values()) > MOST:
            held.popitem(last=False)
        while len(self._studies) > KEPT:
            self._studies.popitem(last=False)
