"""Who is told of what happened to a request."""

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from approvals.models import Decision, Request
from approvals.permissions import eligible, open_step, same_people
from approvals.selectors import described, request_rows
from approvals.states import Verdict
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from teams.actors import Actor
from teams.models import Membership

SUBMITTED, DECIDED, OVERDUE = "approvals.submitted", "approvals.decided", "approvals.overdue"
ASKING = ["approvals.request.submitted", "approvals.request.step_approved", "approvals.request.step_overdue"]
ANSWERING = [f"approvals.request.{verb}" for verb in ("approved", "changes_requested", "rejected")]


def ask_approvers(entry: Entry) -> None:
    """Tell those for whom the open step waits; absent ones are told through their cover."""
    request = _request_of(entry)
    step = open_step(request) if request else None
    if request is None or step is None:
        return
    kind = OVERDUE if entry.verb.endswith("step_overdue") else SUBMITTED
    authors = same_people(UUID(ident) for ident in request.author_ids)
    facts = {"note": request.note, "step": step.name, **_about(request)}
    tell(eligible(request, step), type=kind, entry=entry, facts=facts, besides=authors)


def answer_authors(entry: Entry) -> None:
    """Tell the authors what was decided."""
    request = _request_of(entry)
    decision = Decision.objects.filter(pk=entry.facts.get("decision"), undone_at=None).first()
    if request is None or decision is None:
        return
    authors = Membership.objects.filter(pk__in=request.author_ids).select_related("user")
    facts = {"verdict": decision.verdict, "note": decision.note, **_about(request)}
    tell(authors, type=DECIDED, entry=entry, facts=facts)


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    register_notice_types(
        NoticeType(SUBMITTED, gettext_lazy("asked to approve"), _asked, _note, icon="eye-check", path=_path),
        NoticeType(
            DECIDED, gettext_lazy("own submission decided"), _decided, _note, icon="check", path=_path
        ),
        NoticeType(OVERDUE, gettext_lazy("approval overdue"), _overdue, _note, icon="clock", path=_path),
    )
    subscribe("approvals.ask_approvers", ASKING, ask_approvers)
    subscribe("approvals.answer_authors", ANSWERING, answer_authors)


def _request_of(entry: Entry) -> Request | None:
    return request_rows().filter(pk=entry.facts.get("request")).first()


def _about(request: Request) -> dict[str, str]:
    found = described(Actor.system(request.workspace_id), [request]).get(request.pk)
    return {"request": str(request.pk), "title": found.title if found else ""}


def _path(slug: str, notice: Notice) -> str:
    return reverse("approvals:request", args=[slug, notice.facts["request"]])


def _asked(notice: Notice) -> str:
    return _("Your approval is asked for: %(title)s") % {"title": notice.facts["title"]}


def _overdue(notice: Notice) -> str:
    return _("Overdue for approval: %(title)s") % {"title": notice.facts["title"]}


def _decided(notice: Notice) -> str:
    words: dict[str, str] = {
        Verdict.APPROVE: _("Approved: %(title)s"),
        Verdict.REQUEST_CHANGES: _("Changes asked for: %(title)s"),
        Verdict.REJECT: _("Rejected: %(title)s"),
    }
    return words[notice.facts["verdict"]] % {"title": notice.facts["title"]}


def _note(notice: Notice) -> str:
    return str(notice.facts.get("note", ""))
