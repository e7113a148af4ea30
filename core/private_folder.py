"""Folders for files of analysts: private, and gone with the process that made them, even when that was killed."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

PREFIX = "counterpoise-held-"
YOUNG = 60.0
"""Seconds after which a folder that nobody holds was left behind, and is not just being made."""


class Folder:
    """A private folder that is deleted with this object, or when the process ends; one that is killed cannot, see ``forget_left``."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix=PREFIX)
        self.held = _held(self.name)
        weakref.finalize(self, _let_go, self.name, self.held)


def forget_left() -> None:
    """Delete the private folders of processes that were killed; where the system has no locks of files, they are left."""
    if not hasattr(os, "getuid"):
        return
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            told = path.lstat()
            if stat.S_ISDIR(told.st_mode) and told.st_mtime < time.time() - YOUNG and told.st_uid == os.getuid():
                held = _held(str(path))
                if held is not None:
                    _let_go(str(path), held)


def _held(path: str) -> int | None:
    """What holds a folder as long as the process lives; None where another one does, or where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    held = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


def _let_go(path: str, held: int | None) -> None:
    shutil.rmtree(path, ignore_errors=True)
    if held is not None:
        with suppress(OSError):
            os.close(held)
