"""Links of guests: one that waits in the mailbox, and what stands in its addresses."""

from typing import Any

from calendar_app.models import Post
from core.refs import Ref
from guests.models import GuestLink
from guests.services.links import make_link
from teams.services.keys import make_key
from teams.states import KeyKind
from teams.tenancy import workspace_scope
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject("guests:*.link", "links:*.link", "links_api:*.link")
def link(side: Side) -> Any:
    """A link to the submitted post."""
    found: GuestLink = make_link(
        name=side.text("guest"),
        email=f"guest@{side.word.lower()}-client.test",
        scope="posts",
        wanted={"posts": [made(side, "submitted_post")]},
        purpose=side.text("purpose"),
        by=side.by,
    )
    return found.pk


@subject("guests:door.secret")
def secret(side: Side) -> Any:
    """The secret of the link."""
    return make_key(
        kind=KeyKind.GUEST,
        workspace=side.workspace,
        subject=Ref("guests.guestlink", made(side, "guests:*.link")),
        by=side.by,
    )[1]


@subject("guests:*.post")
def post(side: Side) -> Any:
    """The submitted post."""
    return made(side, "submitted_post")


@subject("guests:undo.decision")
def decision_of(side: Side) -> Any:
    """A decision, which is not the guest's."""
    return made(side, "approvals:undo.pk")


@subject("guests:*.media")
def media(side: Side) -> Any:
    """A picture."""
    return made(side, "media")


@subject("guests:*.size")
def size(side: Side) -> Any:
    """A size."""
    return "320"


@body("links:new:POST")
def new_link(side: Side) -> dict[str, Any]:
    return {"name": "Words", "email": "words@client.test", "shows": "asked", "days": "7"}


@body("guests:decision:POST")
def decision(side: Side) -> dict[str, Any]:
    with workspace_scope(side.workspace.pk):
        found = Post.objects.get(pk=made(side, "submitted_post"))
    return {"verdict": "approve", "revision": str(found.current_revision_id)}


@body("guests:parts:POST")
def ticked(side: Side) -> dict[str, Any]:
    with workspace_scope(side.workspace.pk):
        found = Post.objects.get(pk=made(side, "submitted_post")).current_revision
        return {"part": str(found.variants.first().channel_id), "revision": str(found.pk)}


@body("guests:comments:POST")
def comment(side: Side) -> dict[str, Any]:
    return {"body": "words"}


@body("links_api:links:POST")
def link_body(side: Side) -> dict[str, Any]:
    wanted = {"posts": [str(made(side, "submitted_post"))]}
    return {"name": side.text("guest"), "email": "another@client.test", "scope": "posts", "wanted": wanted}
