"""What must hold before a post is changed: nobody was quicker, the time is ahead, what stands is cleared."""

from datetime import datetime

from django.utils.translation import gettext as _

from approvals.models import Clearance
from approvals.selectors import clearance_for
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.states import SCHEDULABLE
from core.clock import now
from core.errors import Invalid, Stale, WrongState


def lock_post(post: Post, expected_number: int | None = None) -> None:
    """Lock a post until the commit and take over its state as it stands.

    Raises: Stale when another revision stands than the one the caller worked on.
    """
    row = Post.objects.select_for_update(of=("self",)).values("state", "version").get(pk=post.pk)
    if row["version"] != (post.version if expected_number is None else expected_number):
        raise Stale(
            _("Somebody saved revision %(number)d in the meantime. Nothing of yours was overwritten.")
            % {"number": row["version"]}
        )
    post.state = row["state"]


def check_time(wanted: str | None, before: str | None) -> None:
    """Refuse a new time that is over. Raises: Invalid."""
    if wanted and wanted != before and datetime.fromisoformat(wanted) <= now():
        message = _("This time is over. Choose a later one.")
        raise Invalid(message, fields={"scheduled_at": [message]})


def require_cleared(post: Post) -> Clearance:
    """Return the clearance of the revision that stands. Raises: WrongState `not_approved`."""
    revision = post.current_revision
    found = revision and clearance_for(ref_of(post), revision.pk, revision.content_hash)
    if not found or post.state not in SCHEDULABLE:
        message = _("Only an approved post can be scheduled. Submit it for approval first.")
        raise WrongState(message, code="not_approved")
    return found
