"""What each member wants mailed and when; and setting it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.times import moment_at
from notifications.models import MailRules, Notice, NoticeMail
from notifications.registry import NoticeType, notice_types
from teams.actors import Actor
from teams.models import Membership

COLLECT_MINUTES = (0, 1, 5, 15, 60)
USUAL_MINUTES = 1


@dataclass(slots=True)
class Rules:
    """When mails are due that are written at an instant, by the rules of their members."""

    at: datetime
    known: dict[UUID, MailRules | None] = field(default_factory=dict)

    def load(self, member_ids: Collection[UUID]) -> None:
        """Look up the rules of many members in one statement."""
        found = {row.member_id: row for row in MailRules.objects.filter(member__in=member_ids)}
        self.known |= {ident: found.get(ident) for ident in member_ids}

    def mail_of(self, notice: Notice, kind: NoticeType) -> NoticeMail | None:
        """Return the mail of a notice, not yet saved, with the time at which it is due; None where none is wanted."""
        member = notice.member
        rules = self._of(member)
        if not kind.mail or (rules and kind.key in rules.muted):
            return None
        minutes = rules.collect_minutes if rules else USUAL_MINUTES
        is_collected = kind.is_collected and minutes > 0
        due = self.at + timedelta(minutes=minutes if is_collected else 0)
        if rules and not kind.is_urgent:
            due = after_quiet(rules, due, zone_of(member))
        return NoticeMail(
            workspace_id=notice.workspace_id, notice=notice, next_attempt_at=due, is_collected=is_collected
        )

    def _of(self, member: Membership) -> MailRules | None:
        if member.pk not in self.known:
            self.known[member.pk] = rules_of(member)
        return self.known[member.pk]


def rules_of(member: Membership) -> MailRules | None:
    """Return what a member has set, None where nothing."""
    return MailRules.objects.filter(member=member.pk).first()


def zone_of(member: Membership) -> str:
    """Return by whose clock a member lives: his own zone, else the workspace's."""
    return member.user.timezone or member.workspace.timezone


def after_quiet(rules: MailRules, at: datetime, zone: str) -> datetime:
    """Return an instant, or the end of the quiet hours that it falls into. They may go past midnight."""
    begins, ends = rules.quiet_from, rules.quiet_until
    if begins is None or ends is None or begins == ends:
        return at
    local = at.astimezone(ZoneInfo(zone))
    clock = local.time().replace(tzinfo=None)
    if begins < ends:
        is_quiet, day = begins <= clock < ends, local.date()
    else:
        is_quiet = clock >= begins or clock < ends
        day = local.date() + timedelta(days=1 if clock >= begins else 0)
    return max(at, moment_at(datetime.combine(day, ends), zone).instant) if is_quiet else at


@transaction.atomic
def set_mail_rules(
    *,
    muted: Collection[str],
    collect_minutes: int,
    quiet_from: time | None,
    quiet_until: time | None,
    by: Actor,
) -> MailRules:
    """Say what one wants mailed; what waits already keeps its time.

    Kept without a record: it is nobody else's business.

    Raises: Invalid.
    """
    fields: dict[str, list[str]] = {}
    if collect_minutes not in COLLECT_MINUTES:
        fields["collect_minutes"] = [_("Choose one of the list.")]
    if (quiet_from is None) != (quiet_until is None):
        fields["quiet_until"] = [_("Give both times, or neither.")]
    if any(key not in notice_types for key in muted):
        fields["mailed"] = [_("Choose one of the list.")]
    if fields or by.member is None:
        raise Invalid(_("This could not be saved."), fields=fields)
    row = MailRules.objects.select_for_update(of=("self",)).filter(member=by.member_id).first()
    row = row or MailRules(workspace_id=by.workspace_id, member=by.member)
    row.muted, row.collect_minutes = sorted(set(muted)), collect_minutes
    row.quiet_from, row.quiet_until = quiet_from, quiet_until
    row.save()
    return row
