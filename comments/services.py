"""Comments: written, changed, resolved."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from comments.models import Comment, Mention
from comments.permissions import EDIT, RESOLVE, WRITE
from comments.selectors import members_named
from core.clock import now
from core.errors import Invalid, NotFound, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import require, standing_for
from teams.states import ActorKind
from teams.subjects import load_subject

MOST_BODY = 8000
MOST_ANCHOR = 2000


@transaction.atomic
def add_comment(
    *,
    subject: Ref,
    body: str,
    anchor: Mapping[str, Any] | None = None,
    is_internal: bool = False,
    parent: Comment | None = None,
    revision_id: UUID | None = None,
    by: Actor,
    for_: UUID | None = None,
) -> Comment:
    """Say something about a subject, or answer in a thread; who is named by @ is recorded.

    A reply is internal where its thread is. Raises: NotFound for what the actor may not see; NotAllowed; Invalid.
    Records: comments.comment.added.
    """
    load_subject(by, subject)
    standing = standing_for(by, WRITE, member_id=for_ or _own_if_fit(by))
    root = _root_of(parent, subject)
    is_guest = standing.kind == ActorKind.GUEST
    comment = Comment(
        workspace_id=by.workspace_id,
        subject_type=subject.type,
        subject_id=subject.id,
        revision_id=revision_id,
        parent=root,
        body=_checked_body(body),
        anchor=_checked_anchor(anchor) if root is None else None,
        is_internal=False if is_guest else (root.is_internal if root else is_internal),
        actor_kind=standing.kind,
        actor_id=standing.id,
        member=standing.member,
        guest_id=standing.id if is_guest else None,
        on_behalf_of=standing.covered,
    )
    comment.save(force_insert=True)
    named = _note_mentions(comment)
    if root is not None and root.resolved_at is not None:
        Comment.objects.filter(pk=root.pk).update(resolved_at=None, resolved_by=None)
    record(
        "comments.comment.added",
        by=standing,
        subject=subject,
        comment=str(comment.pk),
        thread=str(root.pk if root else comment.pk),
        mentions=[str(ident) for ident in named],
    )
    return comment


@transaction.atomic
def edit_comment(*, comment: Comment, body: str, by: Actor) -> Comment:
    """Change one's own comment; whoever is named only now is told now.

    Raises: NotAllowed, Invalid. Records: comments.comment.edited.
    """
    require(by, EDIT, comment)
    comment.body, comment.edited_at = _checked_body(body), now()
    comment.save(update_fields=["body", "edited_at"])
    named = _note_mentions(comment)
    record(
        "comments.comment.edited",
        by=by,
        subject=comment.ref,
        comment=str(comment.pk),
        mentions=[str(ident) for ident in named],
    )
    return comment


@transaction.atomic
def resolve_comment(*, comment: Comment, by: Actor) -> Comment:
    """Put a thread away as done with. Raises: NotAllowed, WrongState. Records: comments.comment.resolved."""
    return _set_resolved(comment, by, is_resolved=True)


@transaction.atomic
def reopen_comment(*, comment: Comment, by: Actor) -> Comment:
    """Take a resolved thread up again. Raises: NotAllowed, WrongState. Records: comments.comment.reopened."""
    return _set_resolved(comment, by, is_resolved=False)


def _set_resolved(comment: Comment, by: Actor, *, is_resolved: bool) -> Comment:
    standing = standing_for(by, RESOLVE, comment, member_id=by.member_id if RESOLVE in by.verbs else None)
    if comment.parent_id is not None:
        raise WrongState(_("A thread is resolved by its first comment."))
    rows = Comment.objects.filter(pk=comment.pk, resolved_at__isnull=is_resolved)
    at, who = (now(), standing.member_id) if is_resolved else (None, None)
    if not rows.update(resolved_at=at, resolved_by=who):
        raise WrongState(_("Somebody else did this a moment ago."))
    comment.refresh_from_db()
    verb = "comments.comment.resolved" if is_resolved else "comments.comment.reopened"
    record(verb, by=standing, subject=comment.ref, comment=str(comment.pk))
    return comment


def _own_if_fit(by: Actor) -> UUID | None:
    return by.member_id if by.on_behalf_of is None and WRITE in by.verbs else None


def _root_of(parent: Comment | None, subject: Ref) -> Comment | None:
    if parent is None:
        return None
    if parent.ref != subject:
        raise NotFound(_("There is no such comment."))
    return parent if parent.parent is None else parent.parent


def _note_mentions(comment: Comment) -> list[UUID]:
    known = set(comment.mentions.values_list("member_id", flat=True))
    added = [member.pk for member in members_named(comment.body) if member.pk not in known]
    for ident in added:
        Mention(workspace_id=comment.workspace_id, comment=comment, member_id=ident).save()
    return added


def _checked_body(body: str) -> str:
    text = body.strip()
    if not text:
        raise _invalid("body", _("Write something first."))
    if len(text) > MOST_BODY:
        raise _invalid("body", _("A comment has at most 8,000 characters."))
    if "\x00" in text:
        raise _invalid("body", _("This text holds a character that cannot be kept."))
    return text


def _checked_anchor(anchor: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if anchor is None:
        return None
    scalars = all(isinstance(value, str | int | float | bool) or value is None for value in anchor.values())
    if not scalars or len(json.dumps(dict(anchor))) > MOST_ANCHOR:
        raise _invalid("anchor", _("An anchor is a flat object of at most 2,000 characters."))
    return dict(anchor)


def _invalid(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: [message]})
