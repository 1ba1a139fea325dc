"""Questions about comments."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from comments.anchors import Place, placed
from comments.models import Attachment, Comment, Mention
from comments.permissions import SEE
from comments.registry import Body, against_suggesting, body_of, number_of
from core.errors import NotFound
from core.refs import Ref
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import require, visible
from teams.states import MemberStatus
from teams.subjects import load_subject

MOST_NAMED = 20
MOST_SHOWN = 150


@dataclass(slots=True)
class Thread:
    """A comment and its replies."""

    root: Comment
    replies: list[Comment] = field(default_factory=list)
    number: int = 0
    place: Place | None = None

    @property
    def is_resolved(self) -> bool:
        """Tell whether the thread is done with."""
        return self.root.resolved_at is not None

    @property
    def summary(self) -> str:
        """Return the words by which a folded thread is known."""
        files = [row.media.original_name for row in self.root.attachments.all()]
        return self.root.body or self.root.suggestion or ", ".join(files)

    @property
    def at(self) -> str:
        """Return the second of a video as players write it."""
        seconds = int(self.place.at or 0) if self.place else 0
        return f"{seconds // 60}:{seconds % 60:02d}"

    @property
    def quote(self) -> str:
        """Return the words the thread is anchored to."""
        anchor: dict[str, Any] = self.root.anchor or {}
        return str(anchor.get("quote", ""))


def threads_placed(by: Actor, subject: Ref, body: Body) -> list[Thread]:
    """Return the threads with the place of each in what is shown; those with one that stand open are numbered.

    The numbers stand on the words and pictures too, so both sides ask here.
    """
    threads = threads_on(by, subject)
    number = 0
    for thread in threads:
        thread.place = placed(thread.root.anchor, body)
        if thread.place is not None and not thread.is_resolved:
            number += 1
            thread.number = number
    return threads


def threads_shown(by: Actor, subject: Ref, revision_id: UUID | None = None) -> dict[str, Any]:
    """Return what `comments/comment_threads.html` shows of a subject: the threads, and what can be pointed at."""
    about = body_of(by, subject, revision_id)
    return {
        "threads": threads_placed(by, subject, about),
        "comment_ref": str(subject),
        "revision_id": revision_id or "",
        "about": about,
        "number": number_of(subject),
        "may_suggest": not against_suggesting(by, subject),
    }


def comment_rows() -> QuerySet[Comment]:
    """Return comments with the people that showing them needs."""
    people = ("member__user", "guest", "on_behalf_of__user", "resolved_by__user", "accepted_by__user")
    mentions = Mention.objects.select_related("member__user")
    attached = Attachment.objects.select_related("media").order_by("pk")
    rows = Comment.objects.select_related(*people)
    return rows.prefetch_related(Prefetch("mentions", mentions), Prefetch("attachments", attached))


def comments_on(by: Actor, subject: Ref) -> QuerySet[Comment]:
    """Return the comments on a subject that the actor may read, oldest first."""
    rows = comment_rows().filter(subject_type=subject.type, subject_id=subject.id)
    return visible(by, SEE, rows).order_by("pk")


def threads_on(by: Actor, subject: Ref) -> list[Thread]:
    """Return the threads of the latest 150 comments on a subject, oldest first.

    A reply to what the actor may not read, or to what is older, is left out.
    """
    threads: dict[UUID, Thread] = {}
    for comment in reversed(comments_on(by, subject).order_by("-pk")[:MOST_SHOWN]):
        if comment.parent_id is None:
            threads[comment.pk] = Thread(comment)
        elif comment.parent_id in threads:
            threads[comment.parent_id].replies.append(comment)
    return list(threads.values())


def get_comment(by: Actor, pk: UUID, verb: str = SEE) -> Comment:
    """Return a comment for a purpose, where its subject may be seen. Raises: NotFound, NotAllowed."""
    found = visible(by, SEE, comment_rows()).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such comment."))
    load_subject(by, found.ref)
    require(by, verb, found)
    return found


def members_named(body: str) -> list[Membership]:
    """Return the active members named by @ in a text: by full name, or by a first name that only one has."""
    if "@" not in body:
        return []
    members = list(Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user"))
    first_names = [member.user.get_short_name().casefold() for member in members]
    found = []
    for member in sorted(members, key=lambda one: -len(one.user.name)):
        names = [member.user.name]
        if first_names.count(member.user.get_short_name().casefold()) == 1:
            names.append(member.user.get_short_name())
        if _is_named(body, names):
            found.append(member)
    return found[:MOST_NAMED]


def _is_named(body: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w)@{re.escape(name)}(?!\w)", body, re.IGNORECASE) for name in names)
