"""What the review page and the queue show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from approvals.models import Decision, LastSeen, Request, RequestStep
from approvals.permissions import DECIDE, eligible, may_decide
from approvals.registry import approvables
from approvals.selectors import Waiting, waiting_for
from approvals.states import Rule, StepState, Verdict
from approvals.wording import Change, changes_between
from core.clock import now
from teams.actors import Actor
from teams.cover import cover_of
from teams.permissions import Refusal, explain, selves


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request stands in the reader's queue."""

    whose: str
    position: int
    left: int
    previous: Request | None
    following: Request | None


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


def queue_of(by: Actor, whose: str) -> list[Waiting]:
    """Return what waits for the actor: `all`, `mine`, or what waits by cover of the member with this id."""
    return narrowed(waiting_for(by), whose)


def narrowed(rows: list[Waiting], whose: str) -> list[Waiting]:
    """Keep of a queue what waits for the reader himself, or by cover of one member."""
    if whose == "mine":
        return [row for row in rows if row.is_mine]
    if whose and whose != "all":
        return [row for row in rows if any(str(one.on_behalf_of) == whose for one in row.standings)]
    return rows


def place_of(request: Request, queue: Sequence[Waiting], whose: str) -> Place:
    """Return the neighbours of a request in a queue; outside it, what comes next is its first."""
    ids = [row.request.pk for row in queue]
    if request.pk not in ids:
        first = queue[0].request if queue else None
        return Place(whose, 0, len(queue), None, first)
    index = ids.index(request.pk)
    others = [row.request for row in (*queue[index + 1 :], *queue[:index])]
    previous = queue[index - 1].request if index else None
    return Place(whose, index + 1, len(queue), previous, others[0] if others else None)


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
        )
        for step in request.steps.all()
    ]


def since_last_look(by: Actor, request: Request, seen: LastSeen | None) -> Since:
    """Return what changed in the texts since the revision that the actor saw before this one."""
    approvable = approvables.find(request.subject_type)
    if approvable is None or seen is None or seen.before_id is None:
        return Since()
    before = approvable.texts(by, request.ref, seen.before_id)
    after = approvable.texts(by, request.ref, request.revision_id)
    return Since(seen.before_number, seen.before_at, changes_between(before, after))


def who_decided(decision: Decision) -> str:
    """Return who decided, and for whom."""
    person = decision.member or decision.guest
    name = str(person) if person else ""
    if decision.on_behalf_of is None:
        return name
    return _("%(name)s for %(covered)s") % {"name": name, "covered": decision.on_behalf_of.user.name}


def decisions_of(request: Request) -> list[Decision]:
    """Return the decisions that stand, latest first."""
    rows = [row for step in request.steps.all() for row in step.decisions.all() if row.undone_at is None]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _state(request: Request, step: RequestStep) -> str:
    if step.state == StepState.PASSED:
        return "done"
    return "waiting" if step.state == StepState.OPEN and request.is_open else ""


def _words(request: Request, step: RequestStep, at: datetime) -> str:
    sentences = [_said(row) for row in step.decisions.all() if row.undone_at is None]
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
        "names": _either(names, step.rule),
        "when": _moment(step.opened_at or at),
    }
    away = [
        _("%(name)s is away: %(cover)s acts.") % {"name": member.user.name, "cover": cover.user.name}
        for member, cover in covers.items()
        if cover is not None and str(cover.pk) not in request.author_ids
    ]
    return " ".join([text, *away])


def _either(names: Sequence[str], rule: str) -> str:
    if len(names) == 1:
        return names[0]
    last = _("%(first)s and %(last)s") if rule == Rule.ALL else _("%(first)s or %(last)s")
    return last % {"first": ", ".join(names[:-1]), "last": names[-1]}


def _named(step: RequestStep) -> str:
    names = [str(row.member or row.role or row.guest) for row in step.approvers.all()]
    return _either(names, step.rule) if names else ""


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "D j M, H:i")
