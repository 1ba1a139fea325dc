"""Jobs of people and workspaces."""

from uuid import UUID

from core.jobs import task
from teams.services import feeds, invitations


@task(invitations.MAIL_TASK, own_scope=True)
def mail_invitation(workspace_id: UUID, invitation_id: str) -> bool:
    """Mail one invitation with a secret of its own."""
    return invitations.mail_invitation(workspace_id=workspace_id, invitation_id=invitation_id)


@task(feeds.TASK, own_scope=True)
def fetch_absences(workspace_id: UUID, feed_id: str) -> bool:
    """Fetch one calendar of absences and follow what changed."""
    return feeds.fetch_feed(workspace_id=workspace_id, feed_id=feed_id)
