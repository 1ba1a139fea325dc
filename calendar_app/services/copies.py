"""Working copies: what a member types is kept privately until he saves it."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from calendar_app.content import Clash, Content, merge
from calendar_app.models import Post, WorkingCopy
from calendar_app.permissions import CREATE, EDIT, acting_as
from calendar_app.selectors import content_of, get_revision
from calendar_app.services.posts import create_from, save_post
from core.clock import now
from core.errors import Stale, WrongState
from teams.actors import Actor
from teams.models import Workspace

COPY_MAX_BYTES = 400_000


class Clashing(Stale):
    """Two people changed the same fields differently; carries both sides and what merges by itself."""

    code = "clash"

    def __init__(self, message: str, *, clashes: tuple[Clash, ...], merged: Content, number: int) -> None:
        super().__init__(message)
        self.clashes = clashes
        self.merged = merged
        self.number = number


@dataclass(frozen=True, slots=True)
class Opened:
    """What the composer shows: the document, the revision it grew from, and whether it is unsaved."""

    content: Content
    base_number: int
    copy: WorkingCopy | None


def open_copy(*, post: Post | None, copy: WorkingCopy | None) -> Opened:
    """Return what a member continues with: the own unsaved copy, else what stands."""
    if copy is not None:
        return Opened(Content.from_json(copy.content), copy.base_number, copy)
    if post is None:
        return Opened(Content(), 0, None)
    return Opened(content_of(post), post.version, None)


def autosave(
    *,
    post: Post | None,
    copy: WorkingCopy | None,
    content: Content,
    base_number: int,
    seen_version: int,
    by: Actor,
) -> WorkingCopy:
    """Keep what a member is typing; nobody else sees it and nothing becomes stale.

    `seen_version` is the copy's version that this tab knows (0 for none). Another tab's newer words are never
    overwritten. Raises: NotAllowed; Stale `other_tab`; WrongState for a copy that is too long.
    """
    acting_as(by, EDIT if post else CREATE, post)
    if by.member is None:
        raise WrongState(_("Only members keep unsaved copies."))
    stored = content.as_json()
    if len(str(stored)) > COPY_MAX_BYTES:
        raise WrongState(_("This is too long to be kept."))
    if copy is None:
        return _begin(post, stored, base_number, by)
    rows = WorkingCopy.objects.filter(pk=copy.pk, member=by.member.pk, version=seen_version)
    if not rows.update(content=stored, version=seen_version + 1, base_number=base_number, updated_at=now()):
        raise Stale(
            _("This post is open in another tab, which saved later words. Reload to see them."),
            code="other_tab",
        )
    copy.content, copy.version, copy.base_number = stored, seen_version + 1, base_number
    return copy


def discard_copy(*, copy: WorkingCopy, by: Actor) -> None:
    """Throw the actor's own unsaved copy away."""
    WorkingCopy.objects.filter(pk=copy.pk, member=by.member_id).delete()


def save_copy(
    *,
    post: Post | None,
    content: Content,
    base_number: int,
    workspace: Workspace,
    copy: WorkingCopy | None,
    by: Actor,
    confirm_unapprove: bool = False,
) -> Post:
    """Turn what a member wrote into a revision and drop the copy.

    Where others saved in the meantime, the three versions are merged field by field; fields that both sides
    changed differently are never decided silently.
    Raises: Clashing with both sides; and what create_post and save_post raise.
    """
    if post is None:
        saved = create_from(workspace=workspace, content=content, by=by)
    else:
        wanted = content if post.version == base_number else _merged(post, content, base_number)
        saved = save_post(
            post=post,
            expected_number=post.version,
            content=wanted,
            confirm_unapprove=confirm_unapprove,
            by=by,
        )
    if copy is not None:
        discard_copy(copy=copy, by=by)
    return saved


def _merged(post: Post, mine: Content, base_number: int) -> Content:
    base = Content.from_json(get_revision(post, base_number).content) if base_number else Content()
    found = merge(base, content_of(post), mine)
    if found.clashes:
        raise Clashing(
            _("Somebody else changed the same thing. Choose which words stand; both are kept until you do."),
            clashes=found.clashes,
            merged=found.content,
            number=post.version,
        )
    return found.content


def _begin(post: Post | None, stored: dict[str, Any], base_number: int, by: Actor) -> WorkingCopy:
    copy = WorkingCopy(
        workspace_id=by.workspace_id, post=post, member=by.member, base_number=base_number, content=stored
    )
    try:
        with transaction.atomic():
            copy.save(force_insert=True)
    except IntegrityError:
        raise Stale(
            _("This post is open in another tab, which saved later words. Reload to see them."),
            code="other_tab",
        ) from None
    return copy
