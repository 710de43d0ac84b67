"""Is a ZIP file a spreadsheet that is safe to unpack? Asked before anything is unpacked.

A bomb is small and becomes huge: what the directory admits to is added up first, then every entry
is inflated a piece at a time and thrown away, which also finds a directory that lies.
"""

from __future__ import annotations

import zipfile
import zlib
from typing import BinaryIO

from campana.services.table import TableProblem

EXPANDED_LIMIT = 2 << 30
"""Bytes all entries may have together: a sheet of a million rows has about a gigabyte of XML."""

_MAX_ENTRIES = 5_000
_MAX_RATIO = 400
"""Deflate of zeros reaches 1,000; the most repetitive sheets stay below 200."""
_ALWAYS_FINE = 64 << 20
_PIECE = 1 << 20
_WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTED = 0x1


def check(file: BinaryIO) -> None:
    """Return when `file` is a sheet that can be unpacked.

    Raises:
        TableProblem: it is no sheet, protected, damaged, or a bomb.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _check_directory(archive)
            _check_kind(archive)
            _check_entries(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise TableProblem("the spreadsheet is damaged") from None
    except (OSError, ValueError, UnicodeDecodeError):
        raise TableProblem("the spreadsheet cannot be read") from None


def _check_directory(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise TableProblem(f"the file has {len(entries):,} parts inside; no spreadsheet has")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise TableProblem("the spreadsheet is protected by a password")
    expanded = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if expanded > EXPANDED_LIMIT:
        raise TableProblem(
            f"the file would unpack to {expanded:,} bytes; {EXPANDED_LIMIT:,} are read: save the"
            " sheet as CSV"
        )
    if expanded > _ALWAYS_FINE and expanded > packed * _MAX_RATIO:
        raise TableProblem("the file would unpack to far more than a spreadsheet does")


def _check_kind(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if names.intersection(_WORKBOOKS):
        return
    if "mimetype" in names and archive.getinfo("mimetype").file_size <= 200:
        with archive.open("mimetype") as entry:
            if entry.read(200).startswith(_ODS):
                return
    raise TableProblem("this is a ZIP archive, not a spreadsheet: unpack it first")


def _check_entries(archive: zipfile.ZipFile) -> None:
    """Every entry is as long as it says, its checksum right: zipfile holds it to both."""
    for entry in archive.infolist():
        with archive.open(entry) as content:
            while content.read(_PIECE):
                pass
