"""Who may submit, decide and withdraw; above all that nobody decides on what is his own."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.models import Request, RequestStep
from approvals.states import StepState
from teams.actors import Actor
from teams.models import Membership, User
from teams.permissions import (
    EVERYBODY,
    LEADS,
    MANAGERS,
    WRITERS,
    Refusal,
    Verb,
    condition,
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

VERBS = [
    Verb(SEE, gettext_lazy("see approvals"), EVERYBODY, covers=True),
    Verb(SUBMIT, gettext_lazy("submit for approval"), WRITERS, covers=True),
    Verb(DECIDE, gettext_lazy("decide where a step names you or your role"), WRITERS, covers=True),
    Verb(WITHDRAW, gettext_lazy("withdraw own submissions"), WRITERS, covers=True),
    Verb(WITHDRAW_OTHERS, gettext_lazy("withdraw submissions of others"), MANAGERS, covers=True),
    Verb("approvals.workflow.see", gettext_lazy("see approval workflows"), EVERYBODY, covers=True),
    Verb("approvals.workflow.edit", gettext_lazy("change approval workflows"), LEADS, covers=False),
]
register_verbs(VERBS)


def same_people(member_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return these memberships and every other one in the workspace that belongs to the same people.

    Two accounts are one person when they share an address: the log-in address or a verified further one,
    whatever its case. One statement, since every page of a member asks.
    """
    known = frozenset(member_ids)
    if not known:
        return known
    users = Membership.objects.filter(pk__in=known).order_by().values("user_id")
    addresses = _addresses(users)
    by_login = User.objects.alias(low=Lower("email")).filter(low__in=addresses).order_by().values("pk")
    further = EmailAddress.objects.alias(low=Lower("email")).filter(low__in=addresses, verified=True)
    twins = by_login.union(further.order_by().values("user_id"), all=True)
    return known | set(Membership.objects.filter(user_id__in=twins).values_list("pk", flat=True))


def persons_of(actor: Actor) -> frozenset[UUID]:
    """Return every membership behind an actor: his own, his other accounts', and those of whom he covers."""
    if "persons" not in actor.cache:
        ids = {person.pk for person in (actor.member, actor.covered) if person is not None}
        actor.cache["persons"] = same_people(ids)
    found: frozenset[UUID] = actor.cache["persons"]
    return found


def is_author(actor: Actor, request: Request) -> bool:
    """Tell whether the actor, or whom he covers, made what the request is about."""
    return not persons_of(actor).isdisjoint(UUID(ident) for ident in request.author_ids)


def open_step(request: Request) -> RequestStep | None:
    """Return the step that waits for a decision, None once the request is closed."""
    if not request.is_open:
        return None
    return next((step for step in request.steps.all() if step.state == StepState.OPEN), None)


def has_seat(actor: Actor, step: RequestStep) -> bool:
    """Tell whether the step names the actor, or whom he covers, as a member, by role or as a guest."""
    approvers = step.approvers.all()
    if actor.kind == ActorKind.GUEST:
        return any(row.guest_id is not None and row.guest_id == actor.id for row in approvers)
    seat = actor.covered or actor.member
    return seat is not None and any(
        row.member_id == seat.pk or (row.role_id is not None and row.role_id == seat.role_id)
        for row in approvers
    )


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
    """Return the members whom the step still waits for, by name: no author, nobody who has decided."""
    rows = list(step.approvers.all())
    named = Q(pk__in=[row.member_id for row in rows if row.member_id])
    named |= Q(role__in=[row.role_id for row in rows if row.role_id])
    barred = same_people(UUID(ident) for ident in request.author_ids)
    barred |= {row.member_id for row in step.decisions.all() if row.undone_at is None and row.member_id}
    members = Membership.objects.filter(named, status=MemberStatus.ACTIVE).select_related("user", "role")
    return [
        member
        for member in members.order_by("user__name", "pk")
        if member.pk not in barred and DECIDE in verbs_of(member.role)
    ]


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


@condition(WITHDRAW)
def may_withdraw(actor: Actor, request: Request) -> Refusal | None:
    """Let authors withdraw their own, and others who hold the right over submissions of others."""
    if WITHDRAW_OTHERS in actor.verbs or is_author(actor, request):
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
