"""Asking for an import to be taken back, and whom that left alone. The work: `import_undo.py`."""

from __future__ import annotations

from campana.domain.errors import InvalidTransition, NotFound
from campana.services.context import Context
from campana.services.lists import IMPORT_TASK
from campana.store import import_changes, imports, jobs
from campana.store.import_changes import KeptContact
from campana.store.imports import Import


async def request(context: Context, *, workspace_id: int, import_id: str) -> Import:
    """Queue the undoing of an import; one that is still running stops.

    Args:
        context: the web role will do.
        workspace_id: whose import it is.
        import_id: the import.

    Raises:
        NotFound: there is none of that id in this workspace.
        InvalidTransition: it is being undone, is undone, is too old, or was a dry run that
            changed nothing.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        found = await imports.get(tx, workspace_id=workspace_id, import_id=import_id)
        if found is None:
            raise NotFound
        if found.is_dry_run and found.is_final:
            raise InvalidTransition("a dry run changed nothing, so there is nothing to undo")
        if found.rows_removed_at is not None:
            raise InvalidTransition(
                "what the import changed is no longer kept (importRowDays), so it cannot be undone"
            )
        asked = await import_changes.request_undo(
            tx, workspace_id=workspace_id, import_id=import_id
        )
        if not asked:
            raise InvalidTransition(f"the import is {found.state} already")
        await jobs.defer(tx, task=IMPORT_TASK, arguments={"import_id": import_id}, lock=import_id)
        after = await imports.get(tx, workspace_id=workspace_id, import_id=import_id)
    return after or found


async def kept(
    context: Context, *, workspace_id: int, import_id: str, after: int = 0, limit: int = 100
) -> list[KeptContact]:
    """Whom an undo left as they are, from the one after contact `after`.

    Raises:
        NotFound: there is no such import in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        if await imports.get(tx, workspace_id=workspace_id, import_id=import_id) is None:
            raise NotFound
        return await import_changes.kept(
            tx, workspace_id=workspace_id, import_id=import_id, after=after, limit=limit
        )
