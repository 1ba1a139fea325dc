"""Who may submit, decide and withdraw; above all that nobody decides on what is his own."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.models import Override, Request, RequestStep
from approvals.states import StepState
from teams.actors import Actor
from teams.limits import roles_within
from teams.models import Guest, Membership, TeamMember, User
from teams.permissions import (
    ADMINS,
    EVERYBODY,
    LEADS,
    MANAGERS,
    WRITERS,
    Refusal,
    Verb,
    condition,
    holds,
    names_holding,
    refuse,
    register_verbs,
    verbs_of,
)
from teams.states import ActorKind, MemberStatus

SEE = "approvals.request.see"
SUBMIT = "approvals.request.submit"
DECIDE = "approvals.request.decide"
WITHDRAW = "approvals.request.withdraw"
WITHDRAW_OTHERS = "approvals.request.withdraw_others"
AMEND = "approvals.request.amend"
SKIP = "approvals.request.skip"
OVERRIDE = "approvals.request.override"
SEE_OVERRIDES = "approvals.override.see"
REVIEW_OVERRIDE = "approvals.override.review"
KEEP = "approvals.clearance.keep"
FIGURES = "approvals.figures.see"

VERBS = [
    Verb(SEE, gettext_lazy("see approvals"), EVERYBODY, covers=True),
    Verb(SUBMIT, gettext_lazy("submit for approval"), WRITERS, covers=True),
    Verb(DECIDE, gettext_lazy("decide where a step names you or your role"), WRITERS, covers=True),
    Verb(WITHDRAW, gettext_lazy("withdraw own submissions"), WRITERS, covers=True),
    Verb(WITHDRAW_OTHERS, gettext_lazy("withdraw submissions of others"), MANAGERS, covers=True),
    Verb(AMEND, gettext_lazy("ask other reviewers in a running review"), LEADS, covers=True),
    Verb(SKIP, gettext_lazy("pass over a step of a running review"), ADMINS, covers=True),
    Verb(OVERRIDE, gettext_lazy("go past a review in an emergency"), ADMINS, covers=True),
    Verb(SEE_OVERRIDES, gettext_lazy("see what went past its review"), LEADS, covers=True),
    Verb(
        REVIEW_OVERRIDE,
        gettext_lazy("look afterwards at what went past its review"),
        LEADS,
        covers=True,
    ),
    Verb(KEEP, gettext_lazy("keep what was cleared before approval was switched on"), ADMINS, covers=False),
    Verb("approvals.workflow.see", gettext_lazy("see approval workflows"), EVERYBODY, covers=True),
    Verb("approvals.workflow.edit", gettext_lazy("change approval workflows"), LEADS, covers=False),
    Verb(FIGURES, gettext_lazy("see how long approvals take, by step and by person"), LEADS, covers=False),
]
register_verbs(VERBS)
LIMITABLE = (DECIDE, WITHDRAW, WITHDRAW_OTHERS, AMEND, SKIP)
REQUEST_VERBS = [verb for verb in VERBS if verb.name.startswith("approvals.request.")]


def same_people(member_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return these memberships and every other one in the workspace that belongs to the same people.

    Two accounts are one person when they share an address: the log-in address or a verified further one,
    whatever its case. One statement, since every page of a member asks.
    """
    known = frozenset(member_ids)
    return known | set(people_rows(known).values_list("pk", flat=True)) if known else known


def people_rows(member_ids: Iterable[UUID]) -> QuerySet[Membership]:
    """Return the memberships of the people behind these, to be asked as a part of a larger statement."""
    users = Membership.objects.filter(pk__in=frozenset(member_ids)).order_by().values("user_id")
    addresses = _addresses(users)
    by_login = User.objects.alias(low=Lower("email")).filter(low__in=addresses).order_by().values("pk")
    further = EmailAddress.objects.alias(low=Lower("email")).filter(low__in=addresses, verified=True)
    twins = by_login.union(further.order_by().values("user_id"), all=True)
    return Membership.objects.filter(user_id__in=twins).order_by()


def persons_of(actor: Actor) -> frozenset[UUID]:
    """Return every membership behind an actor: his own, his other accounts', and those of whom he covers.

    Behind a guest stands whoever has the guest's address.
    """
    if "persons" not in actor.cache:
        is_guest = actor.kind == ActorKind.GUEST
        actor.cache["persons"] = _behind_guest(actor) if is_guest else same_people(seats_of(actor))
    found: frozenset[UUID] = actor.cache["persons"]
    return found


def _behind_guest(actor: Actor) -> frozenset[UUID]:
    guests = Guest.objects.filter(pk__in=[actor.id] if actor.id else [])
    address = guests.exclude(email="").values(low=Lower("email"))
    verified = EmailAddress.objects.alias(low=Lower("email")).filter(low__in=address, verified=True)
    users = User.objects.alias(low=Lower("email")).filter(low__in=address).order_by().values("pk")
    twins = users.union(verified.order_by().values("user_id"), all=True)
    found = Membership.objects.filter(user_id__in=twins).order_by()
    return same_people(found.values_list("pk", flat=True))


def seats_of(actor: Actor) -> frozenset[UUID]:
    """Return the memberships as which an actor stands there: his own, and that of whom he covers."""
    return frozenset(person.pk for person in (actor.member, actor.covered) if person is not None)


def is_author(actor: Actor, request: Request) -> bool:
    """Tell whether the actor, or whom he covers, made what the request is about."""
    return not persons_of(actor).isdisjoint(UUID(ident) for ident in request.author_ids)


def open_step(request: Request) -> RequestStep | None:
    """Return the step that waits for a decision, None once the request is closed."""
    if not request.is_open:
        return None
    return next((step for step in request.steps.all() if step.state == StepState.OPEN), None)


def can_pass_over(request: Request, step: RequestStep) -> bool:
    """Tell whether an approval was given, or is still to come, without this step."""
    others = [row for row in request.steps.all() if row.pk != step.pk]
    passed = any(row.state == StepState.PASSED for row in others)
    return passed or any(row.state in (StepState.WAITING, StepState.OPEN) for row in others)


def has_seat(actor: Actor, step: RequestStep) -> bool:
    """Tell whether the step names the actor, or whom he covers, as a member, by role, by team or as a guest."""
    approvers = step.approvers.all()
    if actor.kind == ActorKind.GUEST:
        return any(row.guest_id is not None and row.guest_id == actor.id for row in approvers)
    seat = actor.covered or actor.member
    return seat is not None and any(
        row.member_id == seat.pk
        or (row.role_id is not None and row.role_id == seat.role_id)
        or (row.team_id is not None and row.team_id in team_ids(actor))
        for row in approvers
    )


def team_rows(member_id: UUID) -> QuerySet[TeamMember, Any]:
    """Return the teams of a member, to be asked as a part of a larger statement."""
    return TeamMember.objects.filter(member=member_id).values("team_id")


def team_ids(actor: Actor) -> frozenset[UUID]:
    """Return the teams of the seat that an actor fills: his own, or those of whom he covers."""
    seat = actor.covered or actor.member
    if seat is None:
        return frozenset()
    if "team_ids" not in actor.cache:
        actor.cache["team_ids"] = frozenset(team_rows(seat.pk).values_list("team_id", flat=True))
    found: frozenset[UUID] = actor.cache["team_ids"]
    return found


def has_decided(actor: Actor, step: RequestStep) -> bool:
    """Tell whether this person, or this seat, has a decision in the step already: one person, one voice."""
    persons = persons_of(actor)
    return any(
        row.member_id in persons
        or row.on_behalf_of_id in persons
        or (row.guest_id is not None and row.guest_id == actor.id)
        for row in step.decisions.all()
        if row.undone_at is None
    )


def eligible(request: Request, step: RequestStep) -> list[Membership]:
    """Return the members whom the step still waits for, by name: no author, nobody who has decided.

    Nor whom the limits of a role keep from this post; hours of a limit come again, so it waits for those all the same.
    """
    rows = list(step.approvers.all())
    named = Q(pk__in=[row.member_id for row in rows if row.member_id])
    named |= Q(role__in=[row.role_id for row in rows if row.role_id])
    teams = [row.team_id for row in rows if row.team_id]
    if teams:
        named |= Q(pk__in=TeamMember.objects.filter(team__in=teams).values("member"))
    barred = same_people(UUID(ident) for ident in request.author_ids)
    barred |= {row.member_id for row in step.decisions.all() if row.undone_at is None and row.member_id}
    members = Membership.objects.filter(named, status=MemberStatus.ACTIVE).select_related("user", "role")
    found = [
        member
        for member in members.order_by("user__name", "pk")
        if member.pk not in barred and DECIDE in verbs_of(member.role)
    ]
    may = roles_within({member.role for member in found}, DECIDE, request)
    return [member for member in found if member.role_id in may]


def names_who_may(request: Request) -> tuple[str, ...]:
    """Return the names of those who may decide now: members, then guests."""
    step = open_step(request)
    if step is None:
        return ()
    guests = [row.guest.name for row in step.approvers.all() if row.guest is not None]
    return (*(member.user.name for member in eligible(request, step)), *guests)


@condition(DECIDE)
def may_decide(actor: Actor, request: Request) -> Refusal | None:
    """Refuse an author, whoever the open step does not name, and a second voice of one person."""
    if is_author(actor, request):
        return refuse(DECIDE, _author_message(actor), ask=names_who_may(request))
    step = open_step(request)
    if step is None:
        return None
    if not has_seat(actor, step):
        message = _("The step “%(step)s” waits for others.") % {"step": step.name}
        return refuse(DECIDE, message, ask=names_who_may(request))
    if has_decided(actor, step):
        message = _("You have decided in this step already; one person has one voice.")
        return refuse(DECIDE, message, ask=names_who_may(request))
    return None


@condition(AMEND, SKIP)
def may_amend(actor: Actor, request: Request) -> Refusal | None:
    """Refuse an author, who would choose his own judges."""
    if is_author(actor, request):
        return refuse(AMEND, _author_message(actor), ask=names_holding(AMEND, besides=actor.member_id))
    return None


@condition(OVERRIDE)
def may_override(actor: Actor, request: Request) -> Refusal | None:
    """Refuse an author: in an emergency too, two people have seen what goes out."""
    if is_author(actor, request):
        return refuse(OVERRIDE, _author_message(actor), ask=names_holding(OVERRIDE, besides=actor.member_id))
    return None


@condition(REVIEW_OVERRIDE)
def may_review_override(actor: Actor, override: Override) -> Refusal | None:
    """Refuse whoever did it or gained by it."""
    if not has_part_in(actor, override):
        return None
    message = _("You did this or it was about your work, so somebody else looks at it.")
    return refuse(REVIEW_OVERRIDE, message, ask=names_holding(REVIEW_OVERRIDE, besides=actor.member_id))


def has_part_in(actor: Actor, override: Override) -> bool:
    """Tell whether the actor did it or gained by it: the authors, and everybody behind them and him."""
    own = {override.member_id, override.on_behalf_of_id, *map(UUID, override.request.author_ids)}
    return not persons_of(actor).isdisjoint(own)


@condition(WITHDRAW)
def may_withdraw(actor: Actor, request: Request) -> Refusal | None:
    """Let authors withdraw their own, and others who hold the right over submissions of others.

    In the place of somebody away that is what that person made: one's own is withdrawn in one's own name.
    """
    if holds(actor, WITHDRAW_OTHERS, request):
        return None
    own = persons_of(actor) if actor.covered is None else same_people([actor.covered.pk])
    if not own.isdisjoint(UUID(ident) for ident in request.author_ids):
        return None
    return refuse(WITHDRAW, _("Somebody else submitted this."))


def _author_message(actor: Actor) -> str:
    if actor.covered is not None and actor.member is not None and actor.covered.pk != actor.member.pk:
        return _("You or %(name)s made or submitted this, so neither of you decides on it.") % {
            "name": actor.covered.user.name
        }
    return _("You made or submitted this, so somebody else decides on it.")


def _addresses(users: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Return the addresses of these users in lower case, as a part of a larger statement."""
    own = User.objects.filter(pk__in=users).order_by().values(low=Lower("email"))
    further = EmailAddress.objects.filter(user_id__in=users, verified=True).order_by()
    return own.union(further.values(low=Lower("email")), all=True)
