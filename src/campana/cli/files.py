"""Files that a command names."""

from __future__ import annotations

from pathlib import Path

from campana.domain.errors import InvalidParameter


def read_text(file: Path) -> str:
    """What a file says.

    Raises:
        InvalidParameter: it is not UTF-8.
    """
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidParameter(f"{file} is not UTF-8.") from None


def read_document(file: Path) -> object:
    """A YAML file as plain values.

    Raises:
        InvalidParameter: it is not YAML, or not UTF-8.
    """
    from campana.services import documents

    return documents.read_yaml(read_text(file))
