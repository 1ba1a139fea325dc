"""Jobs of check-ins."""

from uuid import UUID

from checkins.services import invitations
from core.jobs import task


@task(invitations.TASK, own_scope=True)
def mail_invitation(workspace_id: UUID, invitation_id: str) -> bool:
    """Mail one invitation as the series stands now."""
    return invitations.mail_invitation(workspace_id=workspace_id, invitation_id=invitation_id)
