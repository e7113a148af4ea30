"""Files that are kept for a while: in a private folder, each keeper's under the digest of a token that cannot be guessed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from core.private_folder import Folder, forget_left

LIFETIME = 2 * 3600.0
"""Seconds after their last use at which files are deleted."""

MOST_BYTES = 4 * 2**30
LOOK = 60.0
"""Seconds between two looks for what is to be deleted."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Safe:
    """A private folder with a folder for each token. It is deleted with this object, or when the process ends; what a killed process left is deleted by the next one.

    Parameters
    ----------
    lifetime : float
        Seconds after its last use at which a token and its files are forgotten.
    most : int
        Bytes of all files; those that were not used for longest are deleted beyond it.
    """

    def __init__(self, lifetime: float = LIFETIME, most: int = MOST_BYTES) -> None:
        forget_left()
        self.lifetime, self.most, self._folder = lifetime, most, Folder()
        self.root = Path(self._folder.name)
        ended = threading.Event()
        weakref.finalize(self, ended.set)
        threading.Thread(target=_watch, args=(weakref.ref(self), ended), daemon=True).start()

    def new(self) -> str:
        """A token with an empty folder."""
        self.sweep()
        token = secrets.token_urlsafe(32)
        self._path(token).mkdir(mode=0o700)
        return token

    def place(self, token: str) -> Path | None:
        """The folder of a token, which counts as used now; None for what is no token here."""
        if not TOKEN.fullmatch(token) or not self._path(token).is_dir():
            return None
        if self._expired(self._path(token)):
            self.delete(token)
            return None
        os.utime(self._path(token))
        return self._path(token)

    def delete(self, token: str) -> None:
        """Forget a token and its files."""
        if TOKEN.fullmatch(token):
            shutil.rmtree(self._path(token), ignore_errors=True)

    def put(self, token: str, part: str, name: str, content: bytes | Path, digest: str) -> None:
        """Keep a file; what is at a path already is not written twice where the system allows it."""
        place = self.place(token)
        if place is None:
            return
        self.drop(token, part)
        if isinstance(content, bytes):
            (place / part).write_bytes(content)
        else:
            linked(content, place / part)
        told = json.dumps({"name": name, "digest": digest})
        (place / f"{part}.json").write_text(told, encoding="utf-8")
        self.sweep()

    def get(self, token: str, part: str) -> tuple[str, Path, str] | None:
        """Name, path and digest of a file; None when there is none."""
        place = self.place(token)
        if place is None:
            return None
        try:
            told = json.loads((place / f"{part}.json").read_text(encoding="utf-8"))
        except OSError:
            return None
        return told["name"], place / part, told["digest"]

    def drop(self, token: str, part: str) -> None:
        """Delete one file of a token."""
        for name in (f"{part}.json", part):
            (self._path(token) / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what is too old, then what was not used for longest while there is too much."""
        places = sorted(self._places(), key=_used)
        sizes = {place: _total(place) for place in places}
        total = sum(sizes.values())
        for number, place in enumerate(places, start=1):
            if self._expired(place) or (total > self.most and number < len(places)):
                shutil.rmtree(place, ignore_errors=True)
                total -= sizes[place]

    def _path(self, token: str) -> Path:
        return self.root / hashlib.sha256(token.encode()).hexdigest()

    def _places(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from (path for path in self.root.iterdir() if path.is_dir())

    def _expired(self, place: Path) -> bool:
        return _used(place) + self.lifetime < time.time()


def linked(source: Path, target: Path) -> None:
    """The file under a second name, or a copy where the system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _watch(safe: weakref.ref[Safe], ended: threading.Event) -> None:
    while not ended.wait(LOOK):
        here = safe()
        if here is not None:
            with suppress(OSError):
                here.sweep()
        del here


def _used(place: Path) -> float:
    with suppress(OSError):
        return place.stat().st_mtime
    return 0.0


def _total(place: Path) -> int:
    with suppress(OSError):  # deleted meanwhile
        return sum(_size(file) for file in place.iterdir())
    return 0


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0
