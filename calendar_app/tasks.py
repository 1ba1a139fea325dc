"""Work of the calendar outside requests."""

from uuid import UUID

from calendar_app.services import arrivals, imports
from core import jobs


@jobs.task(imports.TASK, own_scope=True)
def work_on_import(workspace_id: UUID, import_id: str) -> None:
    """Read a file of posts, or take its rows in; a second message for the same one finds it leased."""
    arrivals.work_on_import(workspace_id=workspace_id, import_id=UUID(import_id))
