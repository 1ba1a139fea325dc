"""What approvals put on somebody's list of work."""

from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.permissions import SEE
from approvals.selectors import Waiting, sent_back, waiting_for, waiting_for_others
from approvals.states import RequestState
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import can
from teams.work import WorkItem


def approval_items(actor: Actor) -> list[WorkItem]:
    """Return what waits for the actor's decision, came back to him, or waits for others."""
    if actor.member is None or not can(actor, SEE):
        return []
    slug = actor.member.workspace.slug
    return [
        *(_to_decide(waiting, slug) for waiting in waiting_for(actor)),
        *(_to_change(waiting, slug) for waiting in sent_back(actor)),
        *(_to_await(waiting, slug) for waiting in waiting_for_others(actor)),
    ]


def _to_decide(waiting: Waiting, slug: str) -> WorkItem:
    author = waiting.description.author
    why = _("approve, %(name)s asked") % {"name": author} if author else _("approve")
    return WorkItem(
        kind="approval",
        why=why,
        due_at=waiting.step.due_at if waiting.step else None,
        for_name="" if waiting.is_mine else waiting.covered[0],
        icon="eye-check",
        action=_("Review"),
        **_shared(waiting, slug),
    )


def _to_change(waiting: Waiting, slug: str) -> WorkItem:
    is_no = waiting.request.state == RequestState.REJECTED
    why = _("came back with a no") if is_no else _("came back: changes are asked for")
    return WorkItem(
        kind="changes",
        why=why,
        icon="arrow-back-up",
        tone="amber",
        action=_("Look"),
        **_shared(waiting, slug),
    )


def _to_await(waiting: Waiting, slug: str) -> WorkItem:
    step = waiting.step
    why = _("in review: %(step)s") % {"step": step.name} if step else _("in review")
    return WorkItem(
        kind="in_review",
        why=why,
        due_at=step.due_at if step else None,
        is_waiting=True,
        icon="user-check",
        **_shared(waiting, slug),
    )


def _shared(waiting: Waiting, slug: str) -> dict[str, object]:
    return {
        "title": waiting.description.title,
        "url": reverse("approvals:request", args=[slug, waiting.request.pk]),
        "since": waiting.request.submitted_at,
        "tag": waiting.description.tag,
        "tag_key": waiting.description.tag_key,
        "ref": Ref(waiting.request.subject_type, waiting.request.subject_id),
    }
