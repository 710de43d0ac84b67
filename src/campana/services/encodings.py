"""Which encoding a text file has: by its mark, else UTF-8 if all of it is, else the likeliest."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from charset_normalizer import from_bytes

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""What stands for bytes that mean nothing in the encoding found."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PIECE = 1 << 20
_SAMPLE = 1 << 15
_WESTERN = frozenset(
    "ÀÁÂÃÄÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜßàáâãäçèéêëìíîïñòóôõöùúûüÿ€£°ºª…¡¿«»\N{NO-BREAK SPACE}"
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{EN DASH}\N{EM DASH}"
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
)


def encoding_of(file: BinaryIO) -> str | None:
    """The codec that reads `file` (from its start, whole); None when it is no text."""
    file.seek(0)
    start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    sample = _first_not_utf8(file)
    return "utf-8" if sample is None else _likeliest(sample)


def _first_not_utf8(file: BinaryIO) -> bytes | None:
    """What lies around the first bytes that are no UTF-8; None when there are none."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    while piece := file.read(_PIECE):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            return piece[max(0, error.start - _SAMPLE // 2) : error.start + _SAMPLE // 2]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return error.object
    return None


def _likeliest(sample: bytes) -> str | None:
    readable = sample.decode("utf-8", errors="replace")
    broken = readable.count(UNREADABLE)
    if sum(not char.isascii() for char in readable) > 10 * broken:
        return "utf-8"  # With a few broken cells; their rows are refused, the others are right.
    best = from_bytes(sample).best()
    if best is None:
        return None
    # Short Western text is often taken for Central European, which shares most of its letters.
    western = {char for char in sample.decode("cp1252", errors="replace") if not char.isascii()}
    if western <= _WESTERN and all(char < "\u0370" or char > "\u1fff" for char in str(best)):
        return "cp1252"
    return best.encoding
