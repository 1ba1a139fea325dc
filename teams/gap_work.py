"""What gaps in duties put on somebody's list of work: until they are mended, a lead's all, others' in their own."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teams.actors import Actor
from teams.coverage import Gap, GapKind
from teams.models import DUTY, Backup, Duty, DutyScope, Membership
from teams.permissions import can
from teams.scopes import CHANNEL
from teams.states import MemberStatus
from teams.work import Found, WorkItem, WorkRows, WorkSource, of_kinds

DUTY_GAP, MEMBER_GAP = "gap_duty", "gap_member"
EDIT, SEE = "teams.duty.edit", "teams.duty.see"
ROUTES = {
    GapKind.DUTY_OWNER: "teams:duty",
    GapKind.DUTY_BACKUP: "teams:duty",
    GapKind.MODERATOR: "teams:moderator",
    GapKind.MEMBER_BACKUP: "teams:backup_proposals",
}


def gap_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return the duties that nobody has or stands in for, and, in one line, the members whom nobody backs."""
    if actor.member is None or not can(actor, SEE):
        return []
    if not hands_out(actor):
        return [WorkRows(DUTY_GAP, _bare_duties().filter(owner=actor.member), since="created_at")]
    return [
        WorkRows(DUTY_GAP, _bare_duties(), since="created_at"),
        WorkRows(MEMBER_GAP, _bare_members(), since="joined_at", is_one_line=True),
    ]


def hands_out(actor: Actor) -> bool:
    """Tell whether gaps are the actor's to mend: he hands out duties himself, not for somebody whom he covers."""
    return actor.member is not None and EDIT in actor.verbs and can(actor, SEE)


def has_owner() -> Q:
    """Build the condition on scopes of duties: somebody answers for the duty."""
    return Q(duty__ended_at=None, duty__owner__status=MemberStatus.ACTIVE)


def gap_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return what to say of gaps; one statement."""
    slug = actor.member.workspace.slug if actor.member else ""
    duties = of_kinds(found, DUTY_GAP)
    rows = Duty.objects.select_related("kind", "owner").in_bulk([one.id for one in duties]) if duties else {}
    items = {one: _duty_item(rows[one.id], slug) for one in duties if one.id in rows}
    for one in of_kinds(found, MEMBER_GAP):
        words = ngettext("%(n)d person has no backup", "%(n)d people have no backup", one.number)
        items[one] = in_one_line(words % {"n": one.number}, slug)
    return items


GAPS = WorkSource(gap_rows, gap_items)


def in_one_line(words: str, slug: str) -> WorkItem:
    """Return the line for many things with the same gap; it leads to who looks after what."""
    return _item(words, _("who looks after what"), reverse("teams:coverage", args=[slug]))


def _duty_item(duty: Duty, slug: str) -> WorkItem:
    is_owned = duty.owner is not None and duty.owner.is_active
    words = _("has no backup") if is_owned else _("has no owner")
    return _item(str(duty), words, reverse("teams:duty", args=[slug, duty.pk]))


def _item(title: str, why: str, url: str) -> WorkItem:
    return WorkItem(
        kind="gap", title=title, why=why, url=url, icon="alert-triangle", tone="red", action=_("Choose")
    )


def _bare_members() -> QuerySet[Membership]:
    """Return the active members without anybody who stands in for everything."""
    return Membership.objects.filter(
        ~Exists(_backups(OuterRef("pk")).filter(scope_id=None)), status=MemberStatus.ACTIVE
    )


def _bare_duties() -> QuerySet[Duty]:
    """Return the duties without owner, and those whose owner has nobody for them or for everything."""
    channels = DutyScope.objects.filter(
        duty=OuterRef(OuterRef("pk")), type=CHANNEL, key=Cast(OuterRef("scope_id"), TextField())
    )
    lists = _backups(OuterRef("owner")).filter(
        Q(scope_id=None)
        | Q(scope_type=DUTY, scope_id=OuterRef("pk"))
        | Q(Exists(channels), scope_type=CHANNEL)
    )
    return Duty.objects.filter(~Exists(lists) | ~Q(owner__status=MemberStatus.ACTIVE), ended_at=None)


def _backups(member: Any) -> QuerySet[Backup]:
    return Backup.objects.filter(member=member, backup__status=MemberStatus.ACTIVE)


def remedy_url(gap: Gap, slug: str) -> str:
    """Return the page on which a gap is mended; "" where only time mends it."""
    if gap.kind in ROUTES and gap.ref:
        return reverse(ROUTES[gap.kind], args=[slug, gap.ref.id])
    if gap.kind == GapKind.OVER:
        return reverse("teams:load", args=[slug])
    if gap.ref is not None:
        return reverse("teams:new_duty", args=[slug]) + f"?scope={gap.ref}"
    return ""
