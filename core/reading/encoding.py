"""Which characters the bytes of a text file stand for."""

from __future__ import annotations

import codecs

from core.errors import UserError
from core.reading.kinds import utf16_order
from core.table import Decision
from core.wording import count, quoted

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WESTERN = ("cp1250", "cp1252", "latin_1", "iso8859_1", "iso8859_2", "iso8859_15", "iso8859_16", "mac_roman", "cp850")
GUESSED = (
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "koi8_r",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "big5",
    "euc_kr",
)
EVIDENCE = 50_000
NOT_OF_FILES = ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined")


def decode(data: bytes, encoding: str = "") -> tuple[bytes, str, tuple[str, ...]]:
    """Turn a text file into UTF-8 without a byte order mark.

    Parameters
    ----------
    data : bytes
        The file.
    encoding : str
        The encoding to use; empty to find it out: byte order mark, UTF-8, UTF-16, then the likeliest 8-bit encoding.

    Returns
    -------
    body : bytes
        The text as UTF-8.
    encoding : str
        The encoding that was used.
    notes : tuple of str
        What the analyst must know: a guess, mixed encodings.

    Raises
    ------
    UserError
        The encoding is unknown, or does not fit the file.
    """
    for mark, name in MARKS:
        if data.startswith(mark) and (not encoding or _same(encoding, name)):
            return _utf8(data[len(mark) :], name), name, ()
    if encoding:
        return _utf8(data, encoding), encoding, ()
    order = utf16_order(data)
    if order:
        return _utf8(data, order), order, ()
    if data.isascii():
        return data, "utf-8", ()
    try:
        data.decode("utf-8")
        return data, "utf-8", ()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.start > len(data) - 4:
            note = "The file ends within a character, so it may be cut off."
            return data[: error.start], "utf-8", (note,)
    return _guess(data)


def why_encoding(data: bytes, encoding: str, notes: tuple[str, ...], stated: str = "") -> Decision:
    """Say how sure an encoding is that ``decode`` found, and why.

    Parameters
    ----------
    data : bytes
        The file.
    encoding : str
        What ``decode`` used.
    notes : tuple of str
        What ``decode`` told.
    stated : str
        What the analyst said.
    """
    if stated:
        return Decision("encoding", encoding, "stated", "You said so.")
    if any(data.startswith(mark) for mark, _ in MARKS):
        return Decision("encoding", encoding, "certain", "The file begins with the byte order mark of this encoding.")
    if notes:
        return Decision("encoding", encoding, "likely" if encoding == "utf-8" else "guess", notes[0])
    if encoding != "utf-8":
        return Decision("encoding", encoding, "likely", "Every other byte at the beginning is zero.")
    if data.isascii():
        return Decision(
            "encoding", encoding, "certain", "The file holds plain letters only, the same in most encodings."
        )
    return Decision("encoding", encoding, "certain", "All letters beyond ASCII are valid UTF-8.")


def _same(encoding: str, name: str) -> bool:
    return encoding.lower().replace("_", "-").replace("-sig", "") in (name, name[:6], name.replace("-", ""))


def codec(encoding: str) -> str:
    """The usual name of an encoding of text.

    Raises
    ------
    UserError
        It is not known, or no file is written in it.
    """
    try:
        found = codecs.lookup(encoding)
        known = found._is_text_encoding and found.name not in NOT_OF_FILES
    except (LookupError, ValueError):
        known = False
    if not known:
        raise UserError(f"The encoding {quoted(encoding)} is not known.", "Try 'utf-8' or 'cp1252'.")
    return found.name


def _utf8(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(codec(encoding)).encode("utf-8", "replace")
    except UnicodeError as error:
        raise UserError(
            f"The file cannot be read with the encoding {quoted(encoding)}.", "Leave the encoding to be found out."
        ) from error


def _guess(data: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    """Read 8-bit text: line by line if most odd lines are UTF-8 after all, else by the likeliest encoding."""
    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    good = sum(_is_utf8(line) for line in lines)
    if good:
        fixed = [line if _is_utf8(line) else _western(line) for line in data.splitlines(keepends=True)]
        note = (
            f"The file mixes encodings: {count(len(lines) - good)} of {count(len(lines))} lines with letters beyond "
            "ASCII are not UTF-8 and were read as Western European (cp1252)."
        )
        return b"".join(fixed), "utf-8", (note,)
    encoding = _likeliest(b"".join(lines)[:EVIDENCE])
    try:
        body = data.decode(encoding).encode("utf-8", "replace")
    except UnicodeDecodeError:
        encoding = "latin-1"
        body = data.decode(encoding).encode("utf-8")
    return body, encoding, (f"The encoding {encoding} is a guess; check letters beyond ASCII.",)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _western(line: bytes) -> bytes:
    try:
        return line.decode("cp1252").encode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1").encode("utf-8")


def _likeliest(evidence: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(evidence, cp_isolation=list(GUESSED)).best()
    name = best.encoding if best else "cp1252"
    if name not in WESTERN:
        return name
    return "cp1250" if _signs_in_words(evidence, "cp1250") < _signs_in_words(evidence, "cp1252") else "cp1252"


def _signs_in_words(evidence: bytes, encoding: str) -> int:
    """Count signs between two letters: they tell that an encoding is the wrong one."""
    text = evidence.decode(encoding, "replace")
    return sum(
        not sign.isascii() and not sign.isalpha() and before.isalpha() and after.isalpha()
        for before, sign, after in zip(text, text[1:], text[2:], strict=False)
    )
