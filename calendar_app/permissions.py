"""Who may see, write, submit, plan and put away posts."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from calendar_app.models import Post
from calendar_app.states import OWN_ONLY_EDITABLE
from teams.actors import Actor
from teams.permissions import EVERYBODY, MANAGERS, WRITERS, Refusal, Verb, condition, refuse, register_verbs

register_verbs(
    [
        Verb("calendar_app.post.see", _("see posts"), EVERYBODY, covers=True),
        Verb("calendar_app.post.create", _("write posts"), WRITERS, covers=True),
        Verb("calendar_app.post.edit", _("edit posts"), WRITERS, covers=True),
        Verb("calendar_app.post.edit_others", _("edit posts of others"), MANAGERS, covers=True),
        Verb("calendar_app.post.submit", _("submit posts for approval"), WRITERS, covers=True),
        Verb("calendar_app.post.schedule", _("schedule posts"), MANAGERS, covers=True),
        Verb("calendar_app.post.archive", _("put posts away"), WRITERS, covers=True),
        Verb("calendar_app.campaign.edit", _("edit campaigns"), MANAGERS, covers=True),
        Verb("calendar_app.note.edit", _("write notes into the calendar"), WRITERS, covers=True),
        Verb("calendar_app.slot.edit", _("set the usual times of a channel"), MANAGERS, covers=True),
    ]
)

@condition("calendar_app.post.edit", "calendar_app.post.submit", "calendar_app.post.archive")
def own_drafts_only(actor: Actor, post: Any) -> Refusal | None:
    """Hold who may not edit others' posts to own posts that nobody has approved."""
    if not isinstance(post, Post) or "calendar_app.post.edit_others" in actor.verbs:
        return None
    writer = actor.on_behalf_of or actor.member_id
    if post.author_id != writer:
        return refuse("calendar_app.post.edit_others", _("This post is somebody else's."))
    if post.state not in OWN_ONLY_EDITABLE:
        message = _("You can change your own posts while they are drafts or changes are requested.")
        return refuse("calendar_app.post.edit_others", message)
    return None
