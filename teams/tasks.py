"""Jobs of people and workspaces."""

from uuid import UUID

from core.jobs import task
from teams.services import invitations


@task(invitations.MAIL_TASK, own_scope=True)
def mail_invitation(workspace_id: UUID, invitation_id: str) -> bool:
    """Mail one invitation with a secret of its own."""
    return invitations.mail_invitation(workspace_id=workspace_id, invitation_id=invitation_id)
