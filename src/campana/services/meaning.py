"""What the columns of a file mean for one list: what was said now, else what was said last time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campana.services import columns
from campana.services.columns import Columns
from campana.services.values import AttributeType
from campana.store.lists import ContactList


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A file's columns, and the mapping and types that made them so."""

    mapping: Mapping[str, str]
    types: Mapping[str, AttributeType]
    columns: Columns


def of_file(
    found: ContactList | None,
    header: Sequence[str],
    *,
    mapping: Mapping[str, str] | None,
    types: Mapping[str, AttributeType] | None,
) -> Meaning:
    """The meaning of a file with this header for a list.

    Args:
        found: the list, if there is one yet; it remembers what an import was told, and what of it
            fits this file holds.
        header: the file's first row.
        mapping: what is said now; None for what is remembered.
        types: the same of the attributes' types.

    Raises:
        InvalidParameter: `/mapping/…` names no column of the file, `/types/…` no attribute.
    """
    remembered: Mapping[str, str] = found.mapping if found is not None else {}
    said = columns.fitting(header, remembered) if mapping is None else mapping
    meant = columns.read_header(header, said, types)
    if types is None:
        words: Mapping[str, str] = found.types if found is not None else {}
        types = {name: AttributeType(words[name]) for name in words if name in meant.attributes}
        meant = columns.read_header(header, said, types)
    return Meaning(mapping=said, types=types, columns=meant)
