"""Who looks after a post: given to somebody else, who then has it on the list of work."""

from typing import cast

from django.utils.translation import gettext as _

from calendar_app.models import Post
from calendar_app.permissions import EDIT, SEE, acting_as
from calendar_app.selectors import channels_of, ref_of
from calendar_app.services.guards import lock_post
from calendar_app.states import ASSIGNABLE
from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from networks.permissions import WRITE
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import actor_of, can, visible


def assign_post(*, post: Post, to: Membership, by: Actor) -> Post:
    """Give a post to somebody who may write it; whoever wrote it until now stays among those who do not judge it.

    Raises: NotAllowed; WrongState while it is in review or on its way out; Invalid where the other could not edit it.
    Records: calendar_app.post.assigned. Locks: the post.
    """
    by = acting_as(by, EDIT, post)
    lock_post(post)
    if post.state not in ASSIGNABLE:
        raise WrongState(_("Only what is being written can be given to somebody else. Take it back first."))
    if post.author_id == to.pk:
        raise _refusal(_("%(name)s looks after it already.") % {"name": to.user.name})
    before = post.author_id
    post.author = to
    if not _may_write(actor_of(to), post):
        post.author_id = before
        raise _refusal(_("%(name)s may not write this post.") % {"name": to.user.name})
    giver = cast("Membership", by.covered or by.member)
    post.given_by = None if giver.pk == to.pk else giver
    post.given_at = now()
    post.save(update_fields=["author", "given_by", "given_at"])
    record(
        "calendar_app.post.assigned", by=by, subject=ref_of(post), member=str(to.pk), before=str(before or "")
    )
    return post


def _may_write(heir: Actor, post: Post) -> bool:
    """Tell whether somebody sees a post that has just become his, and may edit it on each of its channels."""
    is_seen = visible(heir, SEE, Post.objects.filter(pk=post.pk)).exists()
    return is_seen and can(heir, EDIT, post) and all(can(heir, WRITE, one) for one in channels_of(post))


def _refusal(words: str) -> Invalid:
    return Invalid(words, fields={"member": [words]})
