"""Notices: written once for each person and fact, read by their owner."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from activity.models import Entry
from core.clock import now
from core.errors import NotFound
from core.live import publish
from core.refs import Ref
from notifications.models import Notice
from notifications.registry import notice_types
from notifications.services.rules import Rules
from teams.actors import Actor
from teams.cover import absent_ids, covers_now
from teams.models import Membership
from teams.places import places_of
from teams.subjects import load_subject


def tell(
    members: Iterable[Membership],
    *,
    type: str,  # noqa: A002  # the field's name, in every app that tells
    entry: Entry,
    for_member: Membership | None = None,
    facts: Mapping[str, Any] | None = None,
    besides: Collection[UUID] = (),
    is_personal: bool = False,
) -> list[Notice]:
    """Tell members of a recorded fact, each once however often it is called; return what is new.

    Who is away finds the notice on his return and is neither mailed nor called to his screen; whoever acts for him
    on this thing is told at once, "for" him, and gets the mail. What is returned are those who were told now.
    Nobody is told of what he did himself, nor anybody in `besides`, not even as a cover. What `is_personal` nobody is
    told of in another's place.
    """
    told = {member.pk: member for member in members if member.is_active and member.pk not in besides}
    at = now()
    away = absent_ids(at, set(told))
    made: list[Notice] = []
    rules = Rules(at)
    rules.load(set(told))
    for member in told.values():
        if member.pk not in away:
            made += _write(member, type, entry, for_member, facts, rules=rules)
    if away:
        absent = [told[ident] for ident in sorted(away)]
        covers = {} if is_personal else covers_now(absent, at, _places(entry))
        for member in absent:
            _write(member, type, entry, for_member, facts, rules=None)
            cover = covers.get(member.pk)
            if cover is not None and cover.pk not in besides:
                made += _write(cover, type, entry, member, facts, rules=rules)
    for notice in made:
        publish(
            entry.workspace_id, Ref("notifications.inbox", notice.member_id), "notifications.notice.written"
        )
    return made


def _places(entry: Entry) -> Sequence[frozenset[str]]:
    """Return where the subject of an entry lies, so that the backup of its channel or duty is told first."""
    try:
        thing = load_subject(Actor.system(entry.workspace_id), Ref(entry.subject_type, entry.subject_id))
    except NotFound:
        return ()
    return places_of(thing)


def mark_read(*, notice: Notice, by: Actor) -> Notice:
    """Note that the owner has read a notice. Does nothing for somebody else's."""
    Notice.objects.filter(pk=notice.pk, member=by.member_id, read_at=None).update(read_at=now())
    return notice


def mark_all_read(*, by: Actor) -> int:
    """Note that the actor has read all notices; return how many were new."""
    return Notice.objects.filter(member=by.member_id, read_at=None).update(read_at=now())


def mark_subject_read(*, subject: Ref, by: Actor) -> int:
    """Note that the actor has seen what his notices about a subject tell; return how many."""
    about = Q(subject_type=subject.type, subject_id=subject.id)
    return Notice.objects.filter(about, member=by.member_id, read_at=None).update(read_at=now())


def _write(
    member: Membership,
    kind: str,
    entry: Entry,
    for_member: Membership | None,
    facts: Mapping[str, Any] | None,
    *,
    rules: Rules | None,
) -> list[Notice]:
    """Write a notice and, by the rules of its member, its mail; without rules no mail."""
    if entry.member_id == member.pk:
        return []
    notice, is_new = Notice.objects.get_or_create(
        member=member,
        type=kind,
        entry=entry,
        defaults={
            "workspace_id": entry.workspace_id,
            "subject_type": entry.subject_type,
            "subject_id": entry.subject_id,
            "for_member": for_member,
            "facts": dict(facts or entry.facts),
        },
    )
    if not is_new:
        return []
    mail = rules.mail_of(notice, notice_types.get(kind)) if rules else None
    if mail is not None:
        mail.save()
    return [notice]


def member_ids(values: Iterable[Any]) -> list[UUID]:
    """Read membership ids out of the facts of an entry."""
    return [UUID(str(value)) for value in values if value]
