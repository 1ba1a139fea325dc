"""What approvals put on somebody's list of work."""

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.models import Override, Request
from approvals.overrides import waiting_overrides
from approvals.permissions import KEEP, REVIEW_OVERRIDE, SEE
from approvals.registry import Description
from approvals.selectors import described, uncleared
from approvals.states import RequestState
from approvals.waiting import due_of_open_step, in_review, requests_by_id, to_change, to_decide, unsettled
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import can
from teams.work import Found, WorkItem, WorkRows, WorkSource, of_kinds

DECISION, CHANGES, IN_REVIEW, UNCLEARED = "approval", "changes", "in_review", "uncleared"
EMERGENCY = "override"


def approval_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return what waits for the actor's decision, came back to him, or waits for others."""
    if actor.member is None or not can(actor, SEE):
        return []
    (deciding, decider), (changing, changer) = to_decide(actor), to_change(actor)
    due = due_of_open_step()
    found = [
        WorkRows(DECISION, deciding, since="submitted_at", due=due, covered=decider),
        WorkRows(CHANGES, changing, since="submitted_at", covered=changer),
        WorkRows(IN_REVIEW, in_review(actor), since="submitted_at", due=due, is_waiting=True),
    ]
    if KEEP in actor.verbs:
        found.append(WorkRows(UNCLEARED, unsettled(actor), since="revoked_at", is_one_line=True))
    if REVIEW_OVERRIDE in actor.verbs:
        found.append(WorkRows(EMERGENCY, waiting_overrides(actor), since="at"))
    return found


def approval_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return what to say of requests; three statements, and as many for what waits uncleared."""
    slug = actor.member.workspace.slug if actor.member else ""
    about = of_kinds(found, *_SAID)
    requests = requests_by_id(one.id for one in about)
    words = described(actor, requests.values())
    said = {one: _SAID[one.kind](requests[one.id], words[one.id], slug) for one in about if one.id in words}
    said |= _to_look_at(actor, slug, of_kinds(found, EMERGENCY))
    return said | {one: _to_settle(actor, slug) for one in of_kinds(found, UNCLEARED)}


APPROVALS = WorkSource(approval_rows, approval_items)


def _to_look_at(actor: Actor, slug: str, found: Sequence[Found]) -> dict[Found, WorkItem]:
    """Ask a lead about what went past its review, one line for each."""
    rows = Override.objects.select_related("request", "member__user").in_bulk([one.id for one in found])
    words = described(actor, [row.request for row in rows.values()])
    return {
        one: WorkItem(
            kind=EMERGENCY,
            title=words[row.request_id].title,
            url=f"{reverse('approvals:overrides', args=[slug])}?show=open#case-{row.pk}",
            why=_("%(name)s went past its review in an emergency") % {"name": row.member.user.name},
            icon="alert-triangle",
            tone="red",
            action=_("Look"),
            ref=row.request.ref,
        )
        for one in found
        if (row := rows.get(one.id)) is not None and row.request_id in words
    }


def _to_settle(actor: Actor, slug: str) -> WorkItem:
    """Ask an admin, in one line, about what was cleared before approval was switched on."""
    count = len(uncleared(actor))
    return WorkItem(
        kind=UNCLEARED,
        title=ngettext("%(n)d post waits uncleared", "%(n)d posts wait uncleared", count) % {"n": count},
        url=reverse("approvals:uncleared", args=[slug]),
        why=_("approval was switched on"),
        icon="alert-triangle",
        tone="amber",
        action=_("Settle"),
    )


def _to_decide(request: Request, words: Description, slug: str) -> WorkItem:
    why = _("approve, %(name)s asked") % {"name": words.author} if words.author else _("approve")
    return WorkItem(
        kind=DECISION, why=why, icon="eye-check", action=_("Review"), **_shared(request, words, slug)
    )


def _to_change(request: Request, words: Description, slug: str) -> WorkItem:
    is_no = request.state == RequestState.REJECTED
    why = _("came back with a no") if is_no else _("came back: changes are asked for")
    return WorkItem(
        kind=CHANGES,
        why=why,
        icon="arrow-back-up",
        tone="amber",
        action=_("Look"),
        **_shared(request, words, slug),
    )


def _to_await(request: Request, words: Description, slug: str) -> WorkItem:
    name = request.step_name
    why = _("in review: %(step)s") % {"step": name} if name else _("in review")
    return WorkItem(kind=IN_REVIEW, why=why, icon="user-check", **_shared(request, words, slug))


_SAID = {DECISION: _to_decide, CHANGES: _to_change, IN_REVIEW: _to_await}


def _shared(request: Request, words: Description, slug: str) -> dict[str, object]:
    return {
        "title": words.title,
        "url": reverse("approvals:request", args=[slug, request.pk]),
        "goes_out_at": words.goes_out_at,
        "tag": words.tag,
        "tag_key": words.tag_key,
        "ref": Ref(request.subject_type, request.subject_id),
    }
