"""Jobs of notices."""

from uuid import UUID

from core.jobs import task
from notifications.services import mails


@task(mails.TASK, own_scope=True)
def send_mail(workspace_id: UUID, mail_id: str, token: str) -> bool:
    """Send one claimed mail."""
    return mails.send_mail(workspace_id=workspace_id, mail_id=mail_id, token=token)
