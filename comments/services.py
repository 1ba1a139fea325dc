"""Comments: written, changed, resolved."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from comments.anchors import LONGEST_SECONDS, POINT, SECOND, TEXT, anchor_of_words, number_of, placed
from comments.models import Attachment, Comment, Mention
from comments.permissions import EDIT, RESOLVE, WRITE
from comments.ports import keeper
from comments.registry import Body, Replacement, against_suggesting, anchorables, body_of, parts_by_key
from comments.selectors import members_named
from core.clock import now
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import require, standing_for
from teams.states import ActorKind
from teams.subjects import load_subject

MOST_BODY = 8000
MOST_ANCHOR = 2000
MOST_FILES = 4
MOST_OF_GUEST = 60


@transaction.atomic
def add_comment(
    *,
    subject: Ref,
    body: str,
    anchor: Mapping[str, Any] | None = None,
    suggestion: str | None = None,
    is_internal: bool = False,
    files: "Sequence[UploadedFile[Any]]" = (),
    parent: Comment | None = None,
    revision_id: UUID | None = None,
    by: Actor,
    for_: UUID | None = None,
) -> Comment:
    """Say something about a subject, or answer in a thread; who is named by @ is recorded.

    A reply is internal where its thread is. `suggestion` is other words for those that the anchor holds; `files` are
    pictures and videos that go with it, and then it needs no words.
    Raises: NotFound for what the actor may not see; NotAllowed; Invalid.
    Records: comments.comment.added.
    """
    load_subject(by, subject)
    standing = standing_for(by, WRITE, member_id=for_ or _own_if_fit(by))
    if suggestion is not None and (reason := against_suggesting(standing, subject)):
        raise NotAllowed(reason, verb=WRITE)
    root = _root_of(parent, subject)
    is_guest = standing.kind == ActorKind.GUEST
    if is_guest and root is not None and root.is_internal:
        raise NotFound(_("There is no such comment."))
    held = _checked_anchor(anchor, subject, revision_id, by) if root is None else None
    comment = Comment(
        workspace_id=by.workspace_id,
        subject_type=subject.type,
        subject_id=subject.id,
        revision_id=revision_id,
        parent=root,
        body=_checked_body(body) if body.strip() or (suggestion is None and not files) else "",
        anchor=held,
        suggestion=_checked_suggestion(suggestion, held),
        is_internal=False if is_guest else (root.is_internal if root else is_internal),
        actor_kind=standing.kind,
        actor_id=standing.id,
        member=standing.member,
        guest_id=standing.id if is_guest else None,
        on_behalf_of=standing.covered,
    )
    comment.save(force_insert=True)
    _keep(comment, files, standing)
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
def attach_files(*, comment: Comment, files: "Sequence[UploadedFile[Any]]", by: Actor) -> Comment:
    """Put further pictures or videos to one's own comment.

    Raises: NotAllowed; Invalid for none, too many, or what is no picture or video. Records: comments.comment.attached.
    """
    require(by, EDIT, comment)
    if not files:
        raise _invalid("file", _("Choose a picture or video."))
    Comment.objects.select_for_update(of=("self",)).get(pk=comment.pk)
    _keep(comment, files, by)
    record("comments.comment.attached", by=by, subject=comment.ref, comment=str(comment.pk))
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


@transaction.atomic
def accept_suggestion(*, comment: Comment, expected: int, by: Actor) -> Comment:
    """Put the suggested words in the place of those that the comment holds, and resolve its thread.

    The thing's own edit service does it, where the revision with the number `expected` still stands; it cuts a
    revision, with all that follows from that. Raises: NotAllowed; WrongState without a suggestion, when it was taken
    over already, or where the words are gone; as the edit service. Records: comments.comment.accepted.
    Locks: the comment's row.
    """
    standing = standing_for(by, RESOLVE, comment, member_id=by.member_id if RESOLVE in by.verbs else None)
    locked = Comment.objects.select_for_update(of=("self",)).get(pk=comment.pk)
    known = anchorables.find(comment.subject_type)
    if locked.suggestion is None or locked.accepted_at is not None or known is None or known.replace is None:
        raise WrongState(_("There is no suggestion to take over here, or it was taken over already."))
    body = body_of(by, locked.ref, None)
    place = placed(locked.anchor, body)
    if place is None or place.is_gone:
        raise WrongState(_("The words have changed since. Nothing was replaced."), code="words_changed")
    old = parts_by_key(body)[place.part].text[place.start : place.end]
    asked = Replacement(place.part, place.start, place.end, old, locked.suggestion)
    number = known.replace(by, locked.ref, asked, expected)
    at = now()
    Comment.objects.filter(pk=locked.pk).update(
        accepted_at=at,
        accepted_by=standing.member_id,
        accepted_number=number,
        resolved_at=at,
        resolved_by=standing.member_id,
    )
    record(
        "comments.comment.accepted", by=standing, subject=locked.ref, comment=str(locked.pk), revision=number
    )
    locked.refresh_from_db()
    return locked


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


def _keep(comment: Comment, files: "Sequence[UploadedFile[Any]]", by: Actor) -> None:
    """Keep the files of a comment. Raises: Invalid for too many, or what is no picture or video."""
    if not files:
        return
    if comment.attachments.count() + len(files) > MOST_FILES:
        raise _invalid(
            "file", _("A comment has at most %(most)d pictures and videos.") % {"most": MOST_FILES}
        )
    if comment.guest_id is not None:
        kept = Attachment.objects.filter(comment__guest=comment.guest_id).count()
        if kept + len(files) > MOST_OF_GUEST:
            raise _invalid("file", _("You have sent very many pictures already. Send further ones by mail."))
    for file in files:
        media = keeper.impl.take(file, by)
        Attachment(workspace_id=comment.workspace_id, comment=comment, media_id=media).save(force_insert=True)


def _checked_body(body: str) -> str:
    text = body.strip()
    if not text:
        raise _invalid("body", _("Write something first."))
    if len(text) > MOST_BODY:
        raise _invalid("body", _("A comment has at most 8,000 characters."))
    if "\x00" in text:
        raise _invalid("body", _("This text holds a character that cannot be kept."))
    return text


def _checked_anchor(
    anchor: Mapping[str, Any] | None, subject: Ref, revision_id: UUID | None, by: Actor
) -> dict[str, Any] | None:
    """Return the anchor as it is kept: words found in their text, points within their picture. Raises: Invalid."""
    if anchor is None:
        return None
    scalars = all(isinstance(value, str | int | float | bool) or value is None for value in anchor.values())
    if not scalars or len(json.dumps(dict(anchor))) > MOST_ANCHOR:
        raise _invalid("anchor", _("An anchor is a flat object of at most 2,000 characters."))
    body = body_of(by, subject, revision_id)
    if anchor.get("kind") == TEXT and body.parts:
        words = [str(anchor.get(name) or "") for name in ("part", "quote", "before", "after")]
        found = anchor_of_words(body, *words)
        if found is None:
            raise _invalid("anchor", _("These words are not in the text. Copy them as they stand there."))
        return found
    if anchor.get("kind") in (POINT, SECOND):
        return _checked_picture(anchor, body)
    return dict(anchor)


def _checked_picture(anchor: Mapping[str, Any], body: Body) -> dict[str, Any]:
    key, kind = str(anchor.get("media") or ""), str(anchor["kind"])
    picture = next((one for one in body.pictures if one.key == key), None)
    if picture is None or (kind == SECOND and not picture.is_video):
        raise _invalid("anchor", _("This picture or video is not part of what is shown."))
    kept: dict[str, Any] = {"kind": kind, "media": key, "label": picture.label[:120]}
    for name, most in (("x", 1.0), ("y", 1.0), ("at", LONGEST_SECONDS)):
        value = number_of(anchor.get(name))
        if value is not None and not 0 <= value <= most:
            raise _invalid("anchor", _("This point is not on the picture."))
        if value is not None:
            kept[name] = round(value, 4)
    needed = {"at"} if kind == SECOND else {"x", "y"}
    if not needed <= set(kept):
        raise _invalid("anchor", _("Say where on the picture, or at which second of the video."))
    return kept


def _checked_suggestion(suggestion: str | None, anchor: Mapping[str, Any] | None) -> str | None:
    if suggestion is None:
        return None
    if anchor is None or anchor.get("kind") != TEXT or "start" not in anchor:
        raise _invalid("suggestion", _("Choose the words that are to be replaced."))
    if len(suggestion) > MOST_BODY or "\x00" in suggestion:
        raise _invalid("suggestion", _("A suggestion has at most 8,000 characters."))
    if suggestion == anchor["quote"]:
        raise _invalid("suggestion", _("These are the words that stand there."))
    return suggestion


def _invalid(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: [message]})
