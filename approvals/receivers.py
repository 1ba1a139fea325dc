"""Who is told of what happened to a request."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from approvals.mail_links import link_of
from approvals.models import Amendment, Decision, Override, Request
from approvals.permissions import REVIEW_OVERRIDE, eligible, open_step, same_people
from approvals.review import name_for
from approvals.selectors import described, request_of, request_rows
from approvals.services.ladders import slot_of
from approvals.states import StepState, Verdict
from core.refs import Ref
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import members_holding

SUBMITTED, DECIDED, OVERDUE = "approvals.submitted", "approvals.decided", "approvals.overdue"
TIMED_OUT, OVERRIDDEN = "approvals.timed_out", "approvals.overridden"
AMENDED = "approvals.changed_in_review"
ASKING = [
    f"approvals.request.{verb}" for verb in ("submitted", "step_approved", "step_skipped", "step_overdue")
]
TOLD = [f"approvals.request.{verb}" for verb in ("reviewer_added", "reassigned", "delegated")]
ANSWERING = [
    f"approvals.request.{verb}" for verb in ("approved", "changes_requested", "rejected", "overridden")
]


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


def ask_backup(entry: Entry) -> None:
    """Tell the backup of an approver who was not seen that he may decide in his place."""
    request = request_of(Ref(entry.subject_type, entry.subject_id))
    rows = Membership.objects.select_related("user")
    unseen, cover = (rows.filter(pk=entry.facts[name]).first() for name in ("member", "cover"))
    if request is None or not request.is_open or unseen is None or cover is None:
        return
    authors = same_people(UUID(ident) for ident in request.author_ids)
    facts = {"note": request.note, "name": unseen.user.name, **_about(request)}
    tell([cover], type=TIMED_OUT, entry=entry, for_member=unseen, facts=facts, besides=authors)


def answer_authors(entry: Entry) -> None:
    """Tell the authors what was decided."""
    request = _request_of(entry)
    decision = Decision.objects.filter(pk=entry.facts.get("decision"), undone_at=None).first()
    passed_over = "amendment" in entry.facts or "override" in entry.facts
    if request is None or (decision is None and not passed_over):
        return
    authors = Membership.objects.filter(pk__in=request.author_ids).select_related("user")
    verdict, note = (decision.verdict, decision.note) if decision else (str(Verdict.APPROVE), "")
    facts: dict[str, Any] = {"verdict": verdict, "note": note, **_about(request)}
    slot = slot_of(request.ref)
    facts["is_late"] = verdict == Verdict.APPROVE and slot is not None and slot <= entry.at
    tell(authors, type=DECIDED, entry=entry, facts=facts)


def ask_newcomer(entry: Entry) -> None:
    """Tell whoever was asked while the review was running."""
    request = _request_of(entry)
    step = open_step(request) if request else None
    if request is None or step is None or step.position != entry.facts.get("step"):
        return
    people = Membership.objects.filter(pk=entry.facts["newcomer"]).select_related("user")
    authors = same_people(UUID(ident) for ident in request.author_ids)
    amendment = Amendment.objects.filter(pk=entry.facts["amendment"]).first()
    facts = {"note": amendment.reason if amendment else "", "step": step.name, **_about(request)}
    tell(people, type=SUBMITTED, entry=entry, facts=facts, besides=authors)


def tell_amended(entry: Entry) -> None:
    """Tell the authors, and those who had decided, that an approver changed it in review and put it up again."""
    request = _request_of(entry)
    before = request_rows().filter(pk=request.amends_id).first() if request and request.amends_id else None
    if request is None or before is None:
        return
    step = open_step(request)
    asked = {one.pk for one in eligible(request, step)} if step is not None else set()
    spoke = {row.member_id for one in before.steps.all() for row in one.decisions.all() if not row.undone_at}
    people = Membership.objects.filter(pk__in={*before.author_ids, *(spoke - asked - {None})})
    name = name_for(request.submitted_by, request.on_behalf_of)
    tell(people.select_related("user"), type=AMENDED, entry=entry, facts={"name": name, **_about(request)})


def tell_leads(entry: Entry) -> None:
    """Tell the leads, and those whose step was gone past, that somebody did so and why."""
    request = _request_of(entry)
    row = Override.objects.filter(pk=entry.facts["override"]).select_related("member__user").first()
    if request is None or row is None:
        return
    gone_past = [step for step in request.steps.all() if step.state == StepState.SKIPPED]
    people = {one.pk: one for step in gone_past for one in eligible(request, step)}
    people |= {one.pk: one for one in members_holding(REVIEW_OVERRIDE)}
    authors = same_people(UUID(ident) for ident in request.author_ids)
    facts = {"note": row.reason, "name": row.member.user.name, **_about(request)}
    tell(people.values(), type=OVERRIDDEN, entry=entry, facts=facts, besides=authors)


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    kinds = (
        (SUBMITTED, gettext_lazy("asked to approve"), _asked, "eye-check"),
        (DECIDED, gettext_lazy("own submission decided"), _decided, "check"),
        (OVERDUE, gettext_lazy("approval overdue"), _overdue, "clock"),
        (AMENDED, gettext_lazy("changed by an approver in review"), _amended, "pencil"),
        (TIMED_OUT, gettext_lazy("approval of somebody who is not seen"), _timed_out, "clock"),
    )
    register_notice_types(
        NoticeType(
            OVERRIDDEN,
            gettext_lazy("review gone past in an emergency"),
            _overridden,
            _note,
            icon="alert-triangle",
            path=_path,
            is_urgent=True,
        )
    )
    subscribe("approvals.tell_leads", ["approvals.request.overridden"], tell_leads)
    for key, label, title, icon in kinds:
        is_collected = key != TIMED_OUT
        register_notice_types(
            NoticeType(
                key,
                label,
                title,
                _note,
                icon=icon,
                path=_path,
                action=None if key in (DECIDED, AMENDED) else link_of,
                is_collected=is_collected,
            )
        )
    subscribe("approvals.ask_backup", ["teams.timeout.started"], ask_backup)
    subscribe("approvals.ask_approvers", ASKING, ask_approvers)
    subscribe("approvals.ask_newcomer", TOLD, ask_newcomer)
    subscribe("approvals.tell_amended", ["approvals.request.submitted"], tell_amended)
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


def _overridden(notice: Notice) -> str:
    return str(_("%(name)s went past the review in an emergency: %(title)s") % notice.facts)


def _amended(notice: Notice) -> str:
    return str(_("%(name)s changed it in review: %(title)s") % notice.facts)


def _timed_out(notice: Notice) -> str:
    return str(_("%(name)s was not seen: you may approve instead: %(title)s") % notice.facts)


def _decided(notice: Notice) -> str:
    if notice.facts.get("is_late"):
        return _("Approved after its time, give it a new one: %(title)s") % {"title": notice.facts["title"]}
    words: dict[str, str] = {
        Verdict.APPROVE: _("Approved: %(title)s"),
        Verdict.REQUEST_CHANGES: _("Changes asked for: %(title)s"),
        Verdict.REJECT: _("Rejected: %(title)s"),
    }
    return words[notice.facts["verdict"]] % {"title": notice.facts["title"]}


def _note(notice: Notice) -> str:
    return str(notice.facts.get("note", ""))
