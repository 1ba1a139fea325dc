"""Posts: begun, saved, put away and brought back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from approvals.changing import changed_request
from approvals.models import Request
from approvals.selectors import clearance_for
from approvals.services.requests import mark_stale
from calendar_app.content import Content, VariantInput, gathered, instant_text, variants_from
from calendar_app.models import Post
from calendar_app.permissions import ARCHIVE, CREATE, EDIT, acting_as
from calendar_app.ports import dispatcher
from calendar_app.selectors import content_of, ref_of
from calendar_app.services.guards import check_time, lock_post
from calendar_app.services.moves import move_post
from calendar_app.services.reviews import put_up_again
from calendar_app.services.revisions import check_content, set_time, write_revision
from calendar_app.states import EDITABLE, POST_STEPS, REVIEWED, PostState
from core.clock import now
from core.errors import Locked, WrongState
from core.record import record
from core.transitions import target_of, transition
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require

S = PostState
APPROVED = (S.APPROVED, S.SCHEDULED)
REVISED_TO_DRAFT = (S.REJECTED, S.FAILED, S.CANCELLED)


def create_post(
    *,
    workspace: Workspace,
    title: str = "",
    variants: Sequence[VariantInput] = (),
    scheduled_at: datetime | None = None,
    campaign: UUID | None = None,
    labels: Sequence[UUID] = (),
    language: str = "",
    rating: str = "",
    risk: str = "",
    text: str = "",
    media: Sequence[UUID] = (),
    by: Actor,
) -> Post:
    """Begin a post with its first revision, as a draft.

    `text` and `media` are what every channel gets that does not say otherwise. Without a time, and with one on
    every variant, the earliest of these is the post's.
    Raises: NotAllowed; Invalid. Records: calendar_app.post.created.
    """
    content = Content(
        title=title.strip(),
        text=text,
        media=tuple(str(ident) for ident in media),
        campaign=str(campaign) if campaign else None,
        labels=tuple(sorted(str(ident) for ident in labels)),
        language=language,
        rating=rating,
        risk=risk,
        scheduled_at=instant_text(scheduled_at),
        variants=variants_from(variants),
    )
    return create_from(workspace=workspace, content=gathered(content), by=by)


def create_from(*, workspace: Workspace, content: Content, by: Actor) -> Post:
    """Begin a post from a whole document. Raises and records like create_post."""
    by = acting_as(by, CREATE)
    content = _with_time(content)
    check_content(content, by)
    check_time(content.scheduled_at, None)
    post = Post(workspace_id=workspace.pk, author=by.covered or by.member)
    set_time(post, content.scheduled_at, workspace.timezone)
    post.save(force_insert=True)
    write_revision(post=post, content=content, base_number=0, reason="create", by=by)
    post.save()
    record("calendar_app.post.created", by=by, subject=ref_of(post), revision=post.version)
    return post


def save_post(
    *,
    post: Post,
    expected_number: int,
    by: Actor,
    content: Content | None = None,
    confirm_unapprove: bool = False,
    reason: str = "save",
    **changes: Any,
) -> Post:
    """Cut a revision with what changed; a new time alone cuts none.

    Give a whole document, or single `changes`: title, variants, scheduled_at, campaign, labels, language, rating,
    risk, text, media. What was approved or scheduled loses its approval and its place in the same transaction; what
    an approver changes in review, where his step lets him, is put up again at once for the others to see.
    Raises: Stale when another revision stands than the one edited; WrongState `approved` when that would be lost
    and the caller did not say he knows; Locked where the workspace forbids it; NotAllowed; Invalid.
    Records: calendar_app.post.saved, or calendar_app.post.moved for the time alone.
    """
    by = acting_as(by, EDIT, post)
    before = content_of(post)
    wanted = _with_time(content if content is not None else changed(before, **changes))
    lock_post(post, expected_number)
    if post.state not in EDITABLE:
        raise WrongState(_("What went out cannot be changed here any more. Copy it into a new post."))
    reviewed = _reviewed(post, by)
    if wanted.without_time() == before.without_time():
        return _save_time(post, before, wanted, by)
    check_content(wanted, by, before=before)
    check_time(wanted.scheduled_at, before.scheduled_at)
    unapprove(post=post, by=by, confirmed=confirm_unapprove)
    write_revision(post=post, content=wanted, base_number=expected_number, reason=reason, by=by)
    set_time(post, wanted.scheduled_at, post.workspace.timezone)
    _leave_dead_end(post)
    post.save()
    record("calendar_app.post.saved", by=by, subject=ref_of(post), revision=post.version, reason=reason)
    if reviewed is not None:
        put_up_again(post=post, amends=reviewed, by=by)
    return post


def _reviewed(post: Post, by: Actor) -> Request | None:
    """Return the review that an approver's edit begins anew, asked under the lock on the post. Raises: NotAllowed."""
    if post.state not in REVIEWED:
        return None
    require(by, EDIT, post)
    return changed_request(by, ref_of(post))


def unapprove(*, post: Post, by: Actor, confirmed: bool) -> None:
    """Withdraw the schedule and the approval that an edit would contradict; a review under way becomes stale.

    Locks: the caller has locked the post; then deliveries and request, as deciding does.
    Raises: WrongState `approved` without confirmation; Locked.
    """
    if post.state in APPROVED:
        if post.workspace.settings.get("lock_approved"):
            raise Locked(_("This workspace locks what is approved. Withdraw the approval first."))
        if not confirmed:
            message = _("This post is approved. Changing it takes the approval back. Say that you want that.")
            raise WrongState(message, code="approved")
    if post.state in (*APPROVED, S.IN_REVIEW, S.EXPIRED):
        mark_stale(subject=ref_of(post), by=by)
        post.refresh_from_db(fields=["state"])
    if post.state == S.SCHEDULED:
        dispatcher.impl.withdrawn(post, "edited", by)
    if post.state in (*APPROVED, S.IN_REVIEW):
        transition(post, POST_STEPS, "outdate")


def archive_post(*, post: Post, by: Actor) -> Post:
    """Put a post away; what was planned is withdrawn. Records: calendar_app.post.archived."""
    by = acting_as(by, ARCHIVE, post)
    lock_post(post)
    if post.state == S.PUBLISHING:
        raise WrongState(_("This post is being published right now. Put it away when that is over."))
    came_from = post.state
    if post.state == S.SCHEDULED:
        dispatcher.impl.withdrawn(post, "archived", by)
    if post.state in (S.IN_REVIEW, S.EXPIRED):
        mark_stale(subject=ref_of(post), by=by)
        post.refresh_from_db(fields=["state"])
    transition(
        post, POST_STEPS, "archive", archived_at=now(), state_before_archive=came_from, updated_at=now()
    )
    record("calendar_app.post.archived", by=by, subject=ref_of(post), came_from=came_from)
    return post


def restore_post(*, post: Post, by: Actor) -> Post:
    """Bring a post back: approved where its clearance stands, a draft after a review, else as it was.

    Records: calendar_app.post.restored.
    """
    by = acting_as(by, ARCHIVE, post)
    verb = "restore_draft"
    if target_of(POST_STEPS, S.ARCHIVED, f"restore_{post.state_before_archive}"):
        verb = f"restore_{post.state_before_archive}"
    revision = post.current_revision
    if post.state_before_archive in APPROVED:
        stands = revision and clearance_for(ref_of(post), revision.pk, revision.content_hash)
        verb = "restore_approved" if stands else "restore_draft"
    transition(post, POST_STEPS, verb, archived_at=None, state_before_archive="", updated_at=now())
    record("calendar_app.post.restored", by=by, subject=ref_of(post), state=post.state)
    return post


def changed(before: Content, **changes: Any) -> Content:
    """Return a document with single fields replaced; `variants` are replaced as a whole."""
    simple = ("title", "text", "language", "rating", "risk")
    plain: dict[str, Any] = {name: changes[name] for name in simple if name in changes}
    if "scheduled_at" in changes:
        plain["scheduled_at"] = instant_text(changes["scheduled_at"])
    if "campaign" in changes:
        plain["campaign"] = str(changes["campaign"]) if changes["campaign"] else None
    if "labels" in changes:
        plain["labels"] = tuple(sorted(str(ident) for ident in changes["labels"]))
    if "media" in changes:
        plain["media"] = tuple(str(ident) for ident in changes["media"])
    found = replace(before, **plain)
    if "variants" not in changes:
        return found
    variants = variants_from(changes["variants"])
    if "text" in changes or "media" in changes:
        return replace(found, variants=variants)
    return gathered(replace(found, text="", media=(), variants=variants))


def _save_time(post: Post, before: Content, wanted: Content, by: Actor) -> Post:
    if wanted.scheduled_at == before.scheduled_at:
        return post
    at = datetime.fromisoformat(wanted.scheduled_at) if wanted.scheduled_at else None
    return move_post(post=post, scheduled_at=at, by=by)


def _with_time(content: Content) -> Content:
    own = [variant.scheduled_at for variant in content.variants]
    if content.scheduled_at is None and own and all(own):
        return replace(content, scheduled_at=min(at for at in own if at))
    return content


def _leave_dead_end(post: Post) -> None:
    ahead = post.scheduled_at is None or post.scheduled_at > now()
    if post.state in REVISED_TO_DRAFT or (post.state == S.EXPIRED and ahead):
        transition(post, POST_STEPS, "revise")
