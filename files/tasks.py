"""Work of the media workers."""

from uuid import UUID

from core import jobs
from files.services import media


@jobs.task(media.TASK, own_scope=True)
def process_media(workspace_id: UUID, media_id: str) -> None:
    """Prepare one upload; a second message for the same one finds nothing to do."""
    media.process_media(workspace_id=workspace_id, media_id=UUID(media_id))
