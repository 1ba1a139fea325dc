"""What the review page and the queue show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from approvals.changing import changing_for
from approvals.models import Decision, LastSeen, Request, RequestStep
from approvals.paths import reason_words
from approvals.permissions import (
    AMEND,
    DECIDE,
    SKIP,
    can_pass_over,
    eligible,
    may_decide,
    open_step,
)
from approvals.pictures import PicturesOf, pictures_between
from approvals.registry import approvables
from approvals.seats import either
from approvals.selectors import Waiting
from approvals.services.bulk import Choice as BulkChoice
from approvals.states import Changing, StepState, Verdict
from approvals.wording import Change, changes_between
from core.clock import now
from core.refs import Ref
from teams.actors import Actor
from teams.cover import cover_of
from teams.models import Guest, Membership
from teams.permissions import Refusal, can, explain, selves


@dataclass(frozen=True, slots=True)
class StepView:
    """A step in words."""

    number: int
    title: str
    state: str
    since: datetime | None
    due_at: datetime | None
    is_late: bool
    text: str
    why: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request stands in the reader's queue; `query` is the part of an address that asks for the same queue."""

    query: str
    position: int
    left: int
    previous: UUID | None
    following: UUID | None


@dataclass(frozen=True, slots=True)
class Choice:
    """In whose place the reader may decide; the names are empty for himself, `name` is what one calls him."""

    value: str
    name: str
    full_name: str


@dataclass(slots=True)
class Since:
    """What changed since the reader looked before."""

    number: int | None = None
    at: datetime | None = None
    changes: list[Change] = field(default_factory=list)
    pictures: list[PicturesOf] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Amended:
    """What an approver changed in review: who, in place of which revision."""

    who: str
    number: int
    at: datetime
    changes: list[Change]
    pictures: list[PicturesOf]


def place_of(request: Request, queue: Sequence[UUID], query: str) -> Place:
    """Return the neighbours of a request in a queue; outside it, what comes next is its first."""
    if request.pk not in queue:
        return Place(query, 0, len(queue), None, queue[0] if queue else None)
    index = queue.index(request.pk)
    others = [*queue[index + 1 :], *queue[:index]]
    return Place(
        query, index + 1, len(queue), queue[index - 1] if index else None, others[0] if others else None
    )


def choices_of(by: Actor, request: Request) -> list[Choice]:
    """Return in whose places the actor may decide on a request now."""
    if not request.is_open:
        return []
    fits = [one for one in selves(by, DECIDE) if DECIDE in one.verbs and may_decide(one, request) is None]
    return [
        Choice(
            str(one.on_behalf_of or by.member_id),
            one.covered.user.get_short_name() if one.covered else "",
            one.covered.user.name if one.covered else "",
        )
        for one in fits
    ]


def refusal_of(by: Actor, request: Request) -> Refusal | None:
    """Return why the actor may not decide on an open request."""
    return explain(by, DECIDE, request) if request.is_open else None


def steps_of(request: Request) -> list[StepView]:
    """Return a request's steps in words: who approved, who is waited for and since when."""
    at = now()
    return [
        StepView(
            number=step.position,
            title=step.name,
            state=_state(request, step),
            since=step.opened_at,
            due_at=step.due_at if step.state == StepState.OPEN and request.is_open else None,
            is_late=bool(step.due_at and step.due_at < at),
            text=_words(request, step, at),
            why=reason_words(step.because),
            is_optional=step.is_optional,
        )
        for step in request.steps.all()
    ]


def since_last_look(by: Actor, request: Request, seen: LastSeen | None) -> Since:
    """Return what changed in the texts since the revision that the actor saw before this one."""
    if seen is None or seen.before_id is None:
        return Since()
    words, pictures = between(by, request.ref, seen.before_id, request.revision_id)
    return Since(seen.before_number, seen.before_at, words, pictures)


def between(by: Actor, ref: Ref, before: UUID, after: UUID) -> tuple[list[Change], list[PicturesOf]]:
    """Return what changed between two revisions of a subject: the words, then the pictures."""
    approvable = approvables.find(ref.type)
    if approvable is None:
        return [], []
    words = changes_between(approvable.texts(by, ref, before), approvable.texts(by, ref, after))
    if approvable.pictures is None:
        return words, []
    return words, pictures_between(approvable.pictures(by, ref, before), approvable.pictures(by, ref, after))


def amended_of(by: Actor, request: Request) -> Amended | None:
    """Return what an approver changed in the review before this one, None where nobody did."""
    if (before := request.amends) is None:
        return None
    who = name_for(request.submitted_by, request.on_behalf_of)
    found = between(by, request.ref, before.revision_id, request.revision_id)
    return Amended(who, before.revision_number, request.submitted_at, *found)


def changing_of(by: Actor, request: Request) -> Changing:
    """Return what the actor's step lets him change, as the page says it; ROLE where there is nothing to say."""
    return changing_for(by, request.ref) if request.is_open else Changing.ROLE


def choices_for(rows: Sequence[Waiting], by: Actor) -> list[BulkChoice]:
    """Return what waits as it is chosen: for the reader himself where that fits, else for whom he covers."""
    found = []
    for row in rows:
        step = open_step(row.request)
        if step is not None:
            for_id = by.member_id if row.is_mine else row.standings[0].on_behalf_of
            found.append(BulkChoice(row.request.pk, row.request.revision_id, step.pk, for_id))
    return found


def name_of(member_id: UUID | None) -> str:
    """Return a member's name, empty for nobody."""
    if member_id is None:
        return ""
    return Membership.objects.filter(pk=member_id).values_list("user__name", flat=True).first() or ""


def amending_of(by: Actor, request: Request, sent: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the actor may change in a running review, None where nothing; with what he sent and was refused."""
    step = open_step(request)
    changes = _changes_for(by, request, step) if step is not None else []
    if not changes:
        return None
    return {"changes": changes, **(sent or {})}


def _changes_for(by: Actor, request: Request, step: RequestStep) -> list[tuple[str, str]]:
    changes: list[tuple[str, str]] = []
    if can(by, AMEND, request):
        changes.append((f"add:{step.pk}", _("Ask one more")))
        spoke = {row.seat_id for row in step.decisions.all() if row.undone_at is None}
        changes += [
            (f"reassign:{step.pk}:{holder.pk}", _("Ask somebody else than %(name)s") % {"name": holder})
            for row in step.approvers.all()
            if (holder := row.member or row.role or row.team or row.guest) and holder.pk not in spoke
        ]
    mine = any(row.member_id == by.member_id for row in step.approvers.all())
    if mine and choices_of(by, request):
        changes.append((f"delegate:{step.pk}", _("Hand on what is asked of you")))
    if can(by, SKIP, request):
        changes += [
            (f"skip:{row.pk}", _("Pass over “%(step)s”") % {"step": row.name})
            for row in request.steps.all()
            if row.state in (StepState.OPEN, StepState.WAITING) and can_pass_over(request, row)
        ]
    return changes


def who_decided(decision: Decision) -> str:
    """Return who decided, and for whom."""
    return name_for(decision.member or decision.guest, decision.on_behalf_of)


def name_for(person: Membership | Guest | None, covered: Membership | None) -> str:
    """Name a person, and whom he stands in for."""
    name = str(person) if person else ""
    if covered is None:
        return name
    return _("%(name)s for %(covered)s") % {"name": name, "covered": covered.user.name}


def decisions_of(request: Request) -> list[Decision]:
    """Return the decisions that stand, latest first."""
    rows = [row for step in request.steps.all() for row in step.decisions.all() if row.undone_at is None]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _state(request: Request, step: RequestStep) -> str:
    if step.state in (StepState.PASSED, StepState.KEPT):
        return "done"
    if step.state == StepState.SKIPPED:
        return "skip"
    return "waiting" if step.state == StepState.OPEN and request.is_open else ""


def _words(request: Request, step: RequestStep, at: datetime) -> str:
    sentences = [_said(row) for row in step.decisions.all() if row.undone_at is None]
    if step.state == StepState.KEPT and step.kept_from is not None:
        number = step.kept_from.request.revision_number
        sentences = [_("Kept from revision %(number)d:") % {"number": number}]
        sentences += [_said(row) for row in step.kept_from.decisions.all() if row.undone_at is None]
    if step.state == StepState.OPEN and request.is_open:
        sentences.append(_waited_for(request, step, at))
    elif step.state == StepState.WAITING:
        sentences.append(_named(step))
    return " ".join(sentence for sentence in sentences if sentence)


def _said(decision: Decision) -> str:
    words = {
        Verdict.APPROVE: _("%(who)s approved, %(when)s."),
        Verdict.REQUEST_CHANGES: _("%(who)s asked for changes, %(when)s."),
        Verdict.REJECT: _("%(who)s rejected it, %(when)s."),
    }
    return words[Verdict(decision.verdict)] % {"who": who_decided(decision), "when": _moment(decision.at)}


def _waited_for(request: Request, step: RequestStep, at: datetime) -> str:
    members = eligible(request, step)
    names = [member.user.name for member in members]
    names += [row.guest.name for row in step.approvers.all() if row.guest]
    if not names:
        return _(
            "Nobody but the authors could decide here. Ask a team lead to change the workflow, or withdraw."
        )
    covers = {member: cover_of(member, at) for member in members}
    text = _("Waiting for %(names)s since %(when)s.") % {
        "names": either(names, step.rule),
        "when": _moment(step.opened_at or at),
    }
    away = [
        _("%(name)s is away: %(cover)s acts.") % {"name": member.user.name, "cover": cover.user.name}
        for member, cover in covers.items()
        if cover is not None and str(cover.pk) not in request.author_ids
    ]
    return " ".join([text, *away])


def _named(step: RequestStep) -> str:
    names = [str(row.member or row.role or row.team or row.guest) for row in step.approvers.all()]
    return either(names, step.rule) if names else ""


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "D j M, H:i")
