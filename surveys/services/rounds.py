"""Rounds: planned, opened, reminded of, closed; by people and, when their time comes, by the dispatcher."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.transitions import transition
from surveys.models import Invitee, Round, RoundGroup, Survey
from surveys.permissions import EDIT
from surveys.services.closing import settle_groups
from surveys.states import FEWEST, ROUND_STEPS, Readers, RoundState
from teams.actors import Actor
from teams.models import Membership, Team
from teams.permissions import require
from teams.states import MemberStatus
from teams.tenancy import workspace_scope

BATCH = 100
MOST_ASKED = 500
MOST_GROUPS = 12
LONGEST = timedelta(days=92)
PLANNABLE = timedelta(days=366)


@transaction.atomic
def plan_round(
    *,
    survey: Survey,
    opens_at: datetime,
    closes_at: datetime,
    remind_days: int = 0,
    is_anonymous: bool = True,
    readers: str = Readers.LEADS,
    team: Team | None = None,
    compare: Sequence[Team] = (),
    by: Actor,
) -> Round:
    """Plan to ask a survey: everybody, or a team; one whose time has come opens at once.

    `compare` are teams whose answers are shown beside the others', where each has enough; `remind_days` before the
    end those are reminded who have not answered, 0 never. Raises: NotAllowed; Invalid; WrongState.
    Records: surveys.round.planned.
    """
    require(by, EDIT, survey)
    if survey.archived_at is not None:
        raise WrongState(_("This survey is put away."))
    instant = now()
    opens_at = max(opens_at, instant)
    _check_times(opens_at, closes_at, remind_days, instant)
    _check_people(team, compare, is_anonymous=is_anonymous, readers=readers)
    remind_at = closes_at - timedelta(days=remind_days) if remind_days else None
    made = Round(
        workspace_id=by.workspace_id,
        survey=survey,
        is_anonymous=is_anonymous,
        readers=readers,
        team=team,
        team_name=team.name if team else "",
        opens_at=opens_at,
        closes_at=closes_at,
        remind_at=remind_at,
        next_at=opens_at,
        created_by=by.member,
    )
    made.save(force_insert=True)
    for position, one in enumerate(dict.fromkeys(compare), start=1):
        RoundGroup(
            workspace_id=by.workspace_id, round=made, team=one, name=one.name, position=position
        ).save()
    record("surveys.round.planned", by=by, subject=made.ref, anonymous=is_anonymous)
    return open_round(round_=made, by=by) if opens_at <= instant else made


@transaction.atomic
def open_round(*, round_: Round, by: Actor) -> Round:
    """Open a planned round now: from here on it asks whoever is in its audience at this moment.

    Raises: NotAllowed; WrongState, also while another round of the survey is open; Invalid where there are too few
    to ask without names. Records: surveys.round.opened.
    """
    require(by, EDIT, round_)
    people = _audience(round_)
    if round_.is_anonymous and len(people) < FEWEST:
        message = _("Without names at least five people must be asked; here it would be %(count)s.")
        raise Invalid(message % {"count": len(people)})
    if len(people) > MOST_ASKED:
        raise Invalid(_("A round asks at most %(count)s people.") % {"count": MOST_ASKED})
    instant = now()
    times = {"opens_at": instant, "team": None, "next_at": _after(round_, instant)}
    try:
        with transaction.atomic():
            transition(round_, ROUND_STEPS, "open", **times)
    except IntegrityError:
        raise WrongState(
            _("Another round of this survey is open. Close it before the next one opens.")
        ) from None
    _invite(round_, people)
    record("surveys.round.opened", by=by, subject=round_.ref, asked=len(people))
    return round_


@transaction.atomic
def remind_round(*, round_: Round, by: Actor) -> Round:
    """Remind those who have not answered. Raises: NotAllowed; WrongState. Records: surveys.round.reminded."""
    require(by, EDIT, round_)
    live = lock_round(round_)
    if not live.is_open:
        raise WrongState(_("Only an open round can be called to mind."))
    if not live.invitees.filter(has_answered=False).exists():
        raise WrongState(_("Everybody has answered."))
    record("surveys.round.reminded", by=by, subject=live.ref)
    return live


@transaction.atomic
def close_round(*, round_: Round, by: Actor) -> Round:
    """Close an open round for good, now or when its time is over; a planned one is cancelled.

    Groups of which too few have answered become one, so that no group shown, and no difference between what is
    shown, is about fewer than five. Raises: NotAllowed; WrongState. Locks: the round.
    Records: surveys.round.closed or surveys.round.cancelled.
    """
    require(by, EDIT, round_)
    live = lock_round(round_)
    if live.state == RoundState.PLANNED:
        transition(live, ROUND_STEPS, "cancel", next_at=None, team=None)
        live.groups.update(team=None)
        record("surveys.round.cancelled", by=by, subject=live.ref)
        return live
    transition(live, ROUND_STEPS, "close", next_at=None, closed_at=now())
    if live.is_anonymous:
        settle_groups(live)
    answered = live.invitees.filter(has_answered=True).count()
    record("surveys.round.closed", by=by, subject=live.ref, answered=answered)
    return live


def lock_round(round_: Round) -> Round:
    """Return the round as it stands, held until the commit, so that answering and closing take turns."""
    rows = Round.objects.select_for_update(of=("self",)).select_related("survey")
    return rows.get(pk=round_.pk)


def move_due_rounds() -> int:
    """Open, call to mind and close every round whose time has come, in all workspaces; return how many moved."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM surveys_due_rounds(%s)", [BATCH])
        rows = cursor.fetchall()
    return sum(move_round(round_id=round_id, workspace_id=workspace_id) for round_id, workspace_id in rows)


def move_round(*, round_id: UUID, workspace_id: UUID) -> bool:
    """Do with one round what its time asks for; one that cannot open is cancelled. Locks: the round."""
    with workspace_scope(workspace_id):
        round_ = lock_round(Round(pk=round_id))
        instant, by = now(), Actor.system(workspace_id)
        if round_.next_at is None or round_.next_at > instant:
            return False
        if round_.state == RoundState.PLANNED:
            _open_or_cancel(round_, by, instant)
        elif round_.closes_at <= instant:
            close_round(round_=round_, by=by)
        else:
            _remind_by_time(round_, by)
        return True


def _open_or_cancel(round_: Round, by: Actor, instant: datetime) -> None:
    if round_.closes_at > instant:
        try:
            with transaction.atomic():
                open_round(round_=round_, by=by)
        except (Invalid, WrongState):
            round_.state = RoundState.PLANNED
        else:
            return
    close_round(round_=round_, by=by)


def _remind_by_time(round_: Round, by: Actor) -> None:
    Round.objects.filter(pk=round_.pk).update(next_at=round_.closes_at, remind_at=None)
    if round_.invitees.filter(has_answered=False).exists():
        remind_round(round_=round_, by=by)


def _after(round_: Round, instant: datetime) -> datetime:
    is_ahead = round_.remind_at is not None and instant < round_.remind_at
    return round_.remind_at if is_ahead and round_.remind_at else round_.closes_at


def _audience(round_: Round) -> list[Membership]:
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE)
    if round_.team_id:
        rows = rows.filter(team_members__team=round_.team_id)
    return list(rows.order_by("pk")[: MOST_ASKED + 1])


def _invite(round_: Round, people: Sequence[Membership]) -> None:
    groups = list(round_.groups.order_by("position", "pk"))
    spot: dict[UUID, RoundGroup] = {}
    for group in reversed(groups):
        members = Membership.objects.filter(team_members__team=group.team_id)
        spot |= dict.fromkeys(members.values_list("pk", flat=True), group)
    Invitee.objects.bulk_create(
        Invitee(workspace_id=round_.workspace_id, round=round_, member=person, group=spot.get(person.pk))
        for person in people
    )
    round_.groups.update(team=None)


def _check_times(opens_at: datetime, closes_at: datetime, remind_days: int, instant: datetime) -> None:
    fields: dict[str, list[str]] = {}
    if opens_at > instant + PLANNABLE:
        fields["opens_at"] = [_("Plan at most a year ahead.")]
    if closes_at <= opens_at:
        fields["closes_at"] = [_("It closes after it opens.")]
    elif closes_at - opens_at > LONGEST:
        fields["closes_at"] = [_("A round is open for at most three months.")]
    elif remind_days and not timedelta(days=remind_days) < closes_at - opens_at:
        fields["remind_days"] = [_("The reminder would come before it opens.")]
    if not 0 <= remind_days <= 30:
        fields["remind_days"] = [_("Remind from 1 to 30 days before the end, or not at all.")]
    if fields:
        raise Invalid(_("The round was not planned."), fields=fields)


def _check_people(team: Team | None, compare: Sequence[Team], *, is_anonymous: bool, readers: str) -> None:
    fields: dict[str, list[str]] = {}
    if readers not in Readers.values:
        fields["readers"] = [_("Choose who sees the results.")]
    if len(compare) > MOST_GROUPS:
        fields["compare"] = [_("Compare at most %(count)s teams.") % {"count": MOST_GROUPS}]
    if team is not None and compare:
        fields["compare"] = [_("Teams are compared where everybody is asked.")]
    if is_anonymous:
        people = Membership.objects.filter(status=MemberStatus.ACTIVE)
        if team is not None:
            people = people.filter(team_members__team=team)
        if people.count() < FEWEST:
            fields["is_anonymous"] = [
                _("Without names at least five people must be asked. Ask more people, or ask by name.")
            ]
    if fields:
        raise Invalid(_("The round was not planned."), fields=fields)
