"""Imports as the command line prints them, for people and as JSON."""

from __future__ import annotations

from campana.domain.clock import wire
from campana.domain.contact import NewContact
from campana.domain.ids import numbered
from campana.services.previews import Preview, PreviewedRow
from campana.services.values import text_of
from campana.store.import_changes import KeptContact
from campana.store.imports import Import, RejectedRow


def preview_cells(row: PreviewedRow) -> tuple[str, str, str]:
    """Who a row would be, by which addresses, and what else it says or why it is refused."""
    if row.refusal is not None:
        said = f"{row.refusal.column_name or 'row'}: {row.refusal.reason}"
        suggestion = f" ({row.refusal.suggestion})" if row.refusal.suggestion else ""
        return "", row.refusal.value or "", said + suggestion
    if row.contact is None:
        return "", "", ""
    person = row.contact
    names = [person.external_id, person.first_name, person.last_name]
    attributes = [f"{name}={text_of(value)}" for name, value in person.attributes.items()]
    return (
        " ".join(name for name in names if name),
        ", ".join(address.value for address in person.addresses),
        ", ".join(attributes),
    )


def preview_fields(found: Preview) -> dict[str, object]:
    """A preview as JSON."""
    return {
        "columns": [
            {"column": text, "meaning": meaning}
            for text, meaning in zip(found.header, found.meanings, strict=True)
        ],
        "mapping": found.mapping,
        "types": found.types,
        "rows": [
            {
                "row": row.row_number,
                "result": row.fate,
                "contact": None if row.contact is None else _person_fields(row.contact),
                "refusal": None if row.refusal is None else rejected_fields(row.refusal),
            }
            for row in found.rows
        ],
    }


def _person_fields(contact: NewContact) -> dict[str, object]:
    return {
        "externalId": contact.external_id,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "language": contact.language,
        "timeZone": contact.time_zone,
        "addresses": [
            {"kind": each.kind, "value": each.value, "country": each.country}
            for each in contact.addresses
        ],
        "attributes": dict(contact.attributes),
    }


def rejected_fields(row: RejectedRow) -> dict[str, object]:
    """A refused row as JSON."""
    return {
        "row": row.row_number,
        "column": row.column_name,
        "value": row.value,
        "reason": row.reason,
        "suggestion": row.suggestion,
    }


def kept_fields(kept: KeptContact) -> dict[str, object]:
    """Somebody an undo left alone, as JSON."""
    return {
        "contactId": numbered("ctc", kept.contact_id),
        "externalId": kept.external_id,
        "address": kept.address,
        "reason": kept.reason,
    }


def import_fields(ended: Import) -> dict[str, object]:
    """An import as JSON."""
    return {
        "id": ended.id,
        "listId": ended.list_id,
        "state": ended.state,
        "fileName": ended.file_name,
        "dryRun": ended.is_dry_run,
        "rows": ended.rows_done,
        "accepted": ended.rows_accepted,
        "updated": ended.rows_updated,
        "duplicate": ended.rows_duplicate,
        "rejected": ended.rows_rejected,
        "removed": ended.undone_removed,
        "restored": ended.undone_restored,
        "kept": ended.undone_kept,
        "problem": ended.problem,
        "createdAt": wire(ended.created_at),
        "finishedAt": wire(ended.finished_at),
    }
