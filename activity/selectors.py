"""Questions about the record."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from activity.models import Entry
from activity.words import noun_of, word_of
from core.errors import Invalid
from core.refs import Ref
from teams.actors import Actor
from teams.models import Guest, Membership
from teams.permissions import visible
from teams.states import ActorKind
from teams.subjects import subjects


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as people read it: who, for whom, did what to what."""

    entry: Entry
    who: str
    for_name: str
    done: str
    subject: str
    url: str


def entries(by: Actor, *, subject: str = "", verb: str = "", member: UUID | None = None) -> QuerySet[Entry]:
    """Return the record, newest first.

    `subject` is a type (`calendar_app.post`) or one thing (`calendar_app.post:id`); `verb` is a verb or the
    beginning of one (`approvals.request`); `member` finds what was done by or in the place of a member.
    Raises: Invalid.
    """
    rows = visible(by, "activity.entry.see", Entry.objects.all())
    if subject:
        rows = rows.filter(_about(subject))
    if verb:
        rows = rows.filter(Q(verb=verb) | Q(verb__startswith=verb.rstrip(".") + "."))
    if member is not None:
        rows = rows.filter(Q(member_id=member) | Q(on_behalf_of=member))
    return rows.order_by("-id")


def _about(subject: str) -> Q:
    if ":" not in subject:
        return Q(subject_type=subject)
    try:
        ref = Ref.parse(subject)
    except ValueError:
        message = _("A subject is a type, or a type and an id: calendar_app.post:…")
        raise Invalid(message, fields={"subject": [message]}) from None
    return Q(subject_type=ref.type, subject_id=ref.id)


def subject_types() -> list[str]:
    """Return the kinds of things that something was done to so far."""
    return list(Entry.objects.order_by("subject_type").values_list("subject_type", flat=True).distinct()[:60])


def names_of(rows: Sequence[Entry]) -> dict[UUID, str]:
    """Return the names of the people in these entries, by membership and guest id."""
    wanted = {ident for row in rows for ident in (row.member_id, row.on_behalf_of, row.actor_id) if ident}
    found = dict(Membership.objects.filter(pk__in=wanted).values_list("pk", "user__name"))
    if any(row.actor_kind == ActorKind.GUEST for row in rows):
        found |= dict(Guest.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return found


def lines(by: Actor, rows: Sequence[Entry], slug: str) -> list[Line]:
    """Return entries as people read them; a subject is named only where the reader may see it."""
    names, labels = names_of(rows), _labels(by, rows)
    found = []
    for row in rows:
        kind = subjects.find(row.subject_type)
        label = labels.get((row.subject_type, row.subject_id), "")
        found.append(
            Line(
                entry=row,
                who=who_did(row, names),
                for_name=names.get(row.on_behalf_of, "") if row.on_behalf_of else "",
                done=word_of(row.verb),
                subject=f"“{label}”" if label else noun_of(row.subject_type),
                url=kind.path(slug, row.subject_id) if kind and label else "",
            )
        )
    return found


def who_did(row: Entry, names: dict[UUID, str]) -> str:
    """Return the name of who acted: the person, also behind a token; else what sort of party."""
    ident = row.member_id or row.actor_id
    name = names.get(ident, "") if ident else ""
    kind = ActorKind(row.actor_kind)
    if kind == ActorKind.TOKEN and name:
        return _("%(name)s (by API token)") % {"name": name}
    return name or str(kind.label)


def _labels(by: Actor, rows: Sequence[Entry]) -> dict[tuple[str, UUID], str]:
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        wanted[row.subject_type].add(row.subject_id)
    found = {}
    for subject_type, ids in wanted.items():
        kind = subjects.find(subject_type)
        if kind is not None and kind.labels is not None:
            for ident, label in kind.labels(by, ids).items():
                found[subject_type, ident] = label
    return found
