"""Jobs of guests' links."""

from uuid import UUID

from core.jobs import task
from guests.services import mails


@task(mails.MAIL_TASK, own_scope=True)
def mail_link(workspace_id: UUID, link_id: str) -> bool:
    """Mail one link with a secret of its own."""
    return mails.mail_link(workspace_id=workspace_id, link_id=link_id)
