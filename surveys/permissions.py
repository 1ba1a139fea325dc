"""Who may write and answer surveys, see results, and read what others tell of themselves.

No right here covers: what somebody answers or tells of himself is nobody else's to see, not even while he is away.
Operators on a visit see none of it either.
"""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.models import Invitee, Round, Survey, Trait
from surveys.personality import Audience
from surveys.states import Readers, RoundState
from teams.actors import Actor
from teams.models import TeamMember
from teams.permissions import (
    EVERYBODY,
    LEADS,
    Refusal,
    Verb,
    condition,
    names_holding,
    refuse,
    register_verbs,
    scoper,
)
from teams.states import ActorKind, MemberStatus

EDIT = "surveys.survey.edit"
SEE_ROUND = "surveys.round.see"
ANSWER = "surveys.round.answer"
SEE_RESULTS = "surveys.result.see"
SEE_TRAITS = "surveys.trait.see"
EDIT_TRAITS = "surveys.trait.edit"
LEAD = "surveys.trait.lead"

VERBS = [
    Verb(EDIT, gettext_lazy("write surveys, ask them and see all their results"), LEADS, covers=False),
    Verb(SEE_ROUND, gettext_lazy("see the surveys one is asked"), EVERYBODY, covers=False),
    Verb(ANSWER, gettext_lazy("answer surveys"), EVERYBODY, covers=False),
    Verb(SEE_RESULTS, gettext_lazy("see results of surveys that are shared"), EVERYBODY, covers=False),
    Verb(SEE_TRAITS, gettext_lazy("see what colleagues share of themselves"), EVERYBODY, covers=False),
    Verb(EDIT_TRAITS, gettext_lazy("enter and share own personality results"), EVERYBODY, covers=False),
    Verb(LEAD, gettext_lazy("see what members share with team leads"), LEADS, covers=False),
]
register_verbs(VERBS)

PERSONS = frozenset({ActorKind.MEMBER, ActorKind.TOKEN})


def is_asked(actor: Actor) -> Exists:
    """Return the condition on rounds that ask this member."""
    return Exists(Invitee.objects.filter(round=OuterRef("pk"), member=actor.member_id))


@scoper(EDIT)
def surveys_in_use(actor: Actor, surveys: QuerySet[Survey]) -> QuerySet[Survey]:
    """Leave operators outside."""
    return surveys if actor.kind in PERSONS else surveys.none()


@scoper(SEE_ROUND)
def rounds_seen(actor: Actor, rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Show who asks all rounds, and others those that ask them."""
    if actor.kind not in PERSONS:
        return rounds.none()
    if EDIT in actor.verbs:
        return rounds
    return rounds.filter(is_asked(actor), state__in=(RoundState.OPEN, RoundState.CLOSED))


@scoper(ANSWER)
def rounds_answered(actor: Actor, rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Let answer who is asked."""
    return rounds.filter(is_asked(actor)) if actor.kind in PERSONS else rounds.none()


@scoper(SEE_RESULTS)
def rounds_with_results(actor: Actor, rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Show results of closed rounds: all to who asks, shared ones to who was asked; never while a round runs."""
    if actor.kind not in PERSONS:
        return rounds.none()
    closed = rounds.filter(state=RoundState.CLOSED)
    return closed if EDIT in actor.verbs else closed.filter(is_asked(actor), readers=Readers.ASKED)


@scoper(SEE_TRAITS)
def traits_shared(actor: Actor, traits: QuerySet[Trait]) -> QuerySet[Trait]:
    """Show one's own, and of others what each opened for the group in which the reader is, as of now."""
    if actor.kind not in PERSONS:
        return traits.none()
    mates = TeamMember.objects.filter(
        member=OuterRef("member"), team__in=TeamMember.objects.filter(member=actor.member_id).values("team")
    )
    shared = Q(audience=Audience.WORKSPACE) | Q(Exists(mates), audience=Audience.TEAM)
    if LEAD in actor.verbs:
        shared |= Q(audience__in=(Audience.LEADS, Audience.TEAM))
    return traits.filter(Q(member=actor.member_id) | shared, member__status=MemberStatus.ACTIVE)


@condition(EDIT_TRAITS)
def only_own(actor: Actor, trait: Any) -> Refusal | None:
    """Let everybody enter, share and take back only what is about himself."""
    own = actor.kind in PERSONS and trait.member_id == actor.member_id
    return None if own else refuse(EDIT_TRAITS, _("Only the person concerned can change this."))


@condition(SEE_RESULTS)
def results_are_out(actor: Actor, round_: Any) -> Refusal | None:
    """Show nothing of what came in while a round still runs, and what is for team leads to nobody else."""
    if round_.state != RoundState.CLOSED:
        return refuse(SEE_RESULTS, _("Results are shown once the round is closed."))
    if EDIT in actor.verbs:
        return None
    asked = Invitee.objects.filter(round=round_.pk, member=actor.member_id)
    if round_.readers == Readers.ASKED and asked.exists():
        return None
    return refuse(SEE_RESULTS, _("The results of this round are for team leads."), ask=names_holding(EDIT))
