"""Holdings: what a member holds that somebody else must take over before the membership ends."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from core.errors import Ambiguous
from core.registry import Registry
from teams.actors import Actor
from teams.models import DUTY, Backup, Duty, Membership, Moderator
from teams.scopes import CHANNEL
from teams.services.backups import MOST_BACKUPS, scope_fields
from teams.standing import standing_lists
from teams.states import MemberStatus
from teams.subjects import subjects


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of what a leaver holds.

    `key` names it for forms and programs; `group` says what sort of thing it is; `heir_id` who takes it over unless
    another is chosen; `may_lapse` tells that it may end with the membership, since others are left; `barred` who
    cannot take it over.
    """

    key: str
    group: str
    title: str
    heir_id: UUID | None = None
    may_lapse: bool = False
    barred: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """How an app tells what a member holds, and hands one line of it over, in the caller's transaction.

    `hand_over(member, key, heir, by)`; the heir is None only for a line that may lapse.
    """

    find: Callable[[Actor, Membership], Iterable[Holding]]
    hand_over: Callable[[Membership, str, Membership | None, Actor], None]


holders: Registry[Holder] = Registry("teams.holdings.holders")


class StillHeld(Ambiguous):
    """Something that a leaver holds has nobody to take it over; lists the lines."""

    code = "still_held"


def holdings_of(by: Actor, member: Membership) -> list[tuple[str, Holding]]:
    """Return every line that the member holds, each with the name of the app's holder."""
    return [(name, holding) for name, holder in holders.items() for holding in holder.find(by, member)]


def hand_over(member: Membership, heirs: Mapping[str, Membership | None], by: Actor) -> int:
    """Hand everything over that a member holds to whom is named for each line; return how many lines that were.

    The standing backup does not inherit by himself: each line is named. Raises: StillHeld with the lines for which
    nobody was named, or somebody who is no other active member.
    """
    lines = holdings_of(by, member)
    left = [line for _name, line in lines if not _is_settled(line, heirs, member)]
    if left:
        raise StillHeld(
            _("%(name)s still holds things that nobody takes over. Name somebody for each of them.")
            % {"name": member.user.name},
            choices=[{"key": line.key, "group": line.group, "title": line.title} for line in left],
        )
    for name, line in lines:
        holders.get(name).hand_over(member, line.key, heirs.get(line.key), by)
    return len(lines)


def _is_settled(line: Holding, heirs: Mapping[str, Membership | None], member: Membership) -> bool:
    heir = heirs.get(line.key)
    if heir is None:
        return line.may_lapse
    belongs = heir.is_active and heir.workspace_id == member.workspace_id
    return belongs and heir.pk != member.pk and heir.pk not in line.barred


def default_heir(member: Membership) -> UUID | None:
    """Return who takes over unless another is chosen: the first standing backup."""
    return next(iter(standing_lists([member.pk]).of(member.pk)), None)


# What the ground floor knows of


def standing_holdings(by: Actor, member: Membership) -> Iterable[Holding]:
    """Yield the duties that a member owns, the channels that he moderates, and whom he backs."""
    lists = standing_lists([member.pk])
    general = next(iter(lists.of(member.pk)), None)
    for duty in (
        Duty.objects.filter(owner=member, ended_at=None).select_related("kind").order_by("position", "pk")
    ):
        heir = next(iter(lists.of(member.pk, duty.ref)), None)
        yield Holding(f"{DUTY}:{duty.pk}", _("Duty"), str(duty), heir)
    moderated = list(Moderator.objects.filter(member=member).order_by("channel_id"))
    names = _channel_names(by, [row.channel_id for row in moderated])
    for row in moderated:
        title = names.get(row.channel_id) or _("a channel that you cannot see")
        yield Holding(f"moderator:{row.channel_id}", _("Moderator"), title, general)
    yield from _backing(member, general)


def hand_over_standing(member: Membership, key: str, heir: Membership | None, by: Actor) -> None:
    """Hand over a duty with its backups, the moderation of a channel, or a place in somebody's list of backups."""
    kind, _colon, ident = key.partition(":")
    if kind == DUTY and heir is not None:
        _hand_duty(Duty.objects.get(pk=UUID(ident)), heir)
    elif kind == "moderator" and heir is not None:
        Moderator.objects.filter(channel_id=UUID(ident), member=member).update(member=heir)
    elif kind == "backup":
        _hand_place(Backup.objects.get(pk=UUID(ident)), heir)


def _hand_duty(duty: Duty, heir: Membership) -> None:
    duty.owner = heir
    duty.save(update_fields=["owner"])
    rows = Backup.objects.filter(**scope_fields(duty.ref))
    rows.filter(backup=heir).delete()
    rows.update(member=heir)


def _hand_place(place: Backup, heir: Membership | None) -> None:
    same_list = Backup.objects.filter(member=place.member, **scope_fields(place.scope))
    if heir is None or heir.pk == place.member_id or same_list.filter(backup=heir).exists():
        place.delete()
    elif same_list.count() <= MOST_BACKUPS:
        place.backup = heir
        place.save(update_fields=["backup"])


def _backing(member: Membership, heir: UUID | None) -> Iterable[Holding]:
    rows = Backup.objects.filter(backup=member, member__status=MemberStatus.ACTIVE).select_related(
        "member__user"
    )
    others = standing_lists({row.member_id for row in rows})
    for row in rows.order_by("member__user__name", "pk"):
        scopes = (row.scope,) if row.scope else ()
        rest = [pk for pk in others.of(row.member_id, *scopes) if pk != member.pk]
        title = _("Backup of %(name)s") % {"name": row.member.user.name}
        own = heir if heir != row.member_id else None
        barred = frozenset({row.member_id})
        yield Holding(f"backup:{row.pk}", _("Backup"), title, own, may_lapse=bool(rest), barred=barred)


def _channel_names(by: Actor, ids: list[UUID]) -> Mapping[UUID, str]:
    kind = subjects.find(CHANNEL)
    return kind.labels(by, ids) if ids and kind and kind.labels else {}
