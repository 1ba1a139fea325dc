"""Questions about notices."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from notifications.models import Notice
from notifications.permissions import SEE
from notifications.registry import NoticeType, notice_types
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import visible
from teams.subjects import subjects

MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Worded:
    """A notice in words, for a page or a mail."""

    notice: Notice
    title: str
    body: str
    url: str
    actor_name: str
    for_name: str


def notices_of(by: Actor) -> QuerySet[Notice]:
    """Return the actor's notices, latest first."""
    rows = Notice.objects.select_related("entry", "for_member__user", "member__user")
    return visible(by, SEE, rows).order_by("-pk")


def get_notice(by: Actor, pk: UUID) -> Notice:
    """Return one of the actor's notices. Raises: NotFound."""
    found = notices_of(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such notice."))
    return found


def count_unread(by: Actor) -> int:
    """Return how many notices the actor has not read, at most 99."""
    return unread_notices(by).count()


def unread_notices(by: Actor) -> QuerySet[Notice]:
    """Return up to 99 notices that the actor has not read, in no order."""
    return Notice.objects.filter(member=by.member_id, read_at=None).order_by()[:MOST_COUNTED]


def worded(notices: list[Notice], slug: str) -> list[Worded]:
    """Return notices in the language that is active; the names come in one query."""
    actors = {notice.entry.member_id for notice in notices if notice.entry.member_id}
    members = Membership.objects.filter(pk__in=actors).select_related("user")
    names = {member.pk: member.user.name for member in members}
    return [_word(notice, slug, names) for notice in notices if notice.type in notice_types]


def path_of(slug: str, notice: Notice) -> str:
    """Return the page that a notice is about."""
    kind = notice_types.find(notice.type)
    if kind is not None and kind.path is not None:
        return kind.path(slug, notice)
    subject = subjects.find(notice.subject_type)
    return subject.path(slug, notice.subject_id) if subject else ""


def _word(notice: Notice, slug: str, names: dict[UUID, str]) -> Worded:
    kind: NoticeType = notice_types.get(notice.type)
    actor = names.get(notice.entry.member_id, "") if notice.entry.member_id else ""
    covered = notice.for_member.user.name if notice.for_member else ""
    return Worded(notice, kind.title(notice), kind.body(notice), path_of(slug, notice), actor, covered)
