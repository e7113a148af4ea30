"""A session as a file: the table as it was uploaded and the choices as text. What is opened is read as any upload, and nothing in it is run."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from core.errors import UserError

ABOUT = "counterpoise.json"
LAYOUT = 1
PARTS = ("table", "test", "at_use")
MOST_ABOUT = 2 * 2**20
WHEN = (2026, 1, 1, 0, 0, 0)
REMEDY = "Open a session file as Counterpoise saved it, or upload the table itself."

Choices = Mapping[str, Sequence[str]]
Files = Mapping[str, tuple[str, bytes]]


def pack(choices: Choices, files: Files) -> bytes:
    """Write a session.

    Parameters
    ----------
    choices : mapping of str to sequence of str
        As they stand in a link.
    files : mapping of str to (name, bytes)
        The "table", the "test" file and the rows "at_use", as they were uploaded, if there are any.
    """
    about = {
        "layout": LAYOUT,
        "choices": {name: list(texts) for name, texts in choices.items()},
        "names": {part: files[part][0] for part in PARTS if part in files},
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(zipfile.ZipInfo(ABOUT, WHEN), json.dumps(about, indent=1))
        for part in about["names"]:
            packed.writestr(zipfile.ZipInfo(part, WHEN), files[part][1])
    return content.getvalue()


def is_session(file: BinaryIO) -> bool:
    """Whether a file says that it is a session."""
    try:
        with zipfile.ZipFile(file) as packed:
            return ABOUT in packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    finally:
        file.seek(0)


def unpack(file: BinaryIO) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, bytes]]]:
    """Read the choices and the files of a session.

    Nothing in it is compressed, so that it is never larger than the upload.

    Raises
    ------
    UserError
        It is damaged, or was not written by ``pack``.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
            names = [member.filename for member in members]
            stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
            if not stored or len(set(names)) < len(names) or not set(names) <= {ABOUT, *PARTS}:
                raise UserError("This session file holds something else than a table and choices.", REMEDY)
            if packed.getinfo(ABOUT).file_size > MOST_ABOUT:
                raise UserError("The choices in this session file are too long.", REMEDY)
            told = json.loads(packed.read(ABOUT))
            if told["layout"] != LAYOUT:
                raise UserError("This session file is of another version.", REMEDY)
            files = {part: (str(told["names"][part])[:300], packed.read(part)) for part in PARTS if part in names}
            choices = {str(name): tuple(map(_text, texts)) for name, texts in told["choices"].items()}
    except (zipfile.BadZipFile, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, EOFError):
        raise UserError("This session file is damaged.", REMEDY) from None
    except (NotImplementedError, RuntimeError):  # another packing, or a password
        raise UserError("This session file was packed by another program.", REMEDY) from None
    return choices, files


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a choice is text")
    return value
