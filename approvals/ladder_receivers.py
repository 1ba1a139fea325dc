"""Who is told of what a ladder did: reminders, stand-ins asked, authors warned before a slot is lost."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from approvals.mail_links import link_of
from approvals.models import Request, RequestStep
from approvals.permissions import eligible, names_who_may, open_step, same_people
from approvals.selectors import described, request_rows
from approvals.services.ladders import slot_of
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from teams.actors import Actor
from teams.models import Membership

REMINDED, SLOT, AT_RISK = "approvals.reminded", "approvals.slot", "approvals.slot_at_risk"


def remind(entry: Entry) -> None:
    """Remind those for whom the step still waits; before the slot is lost, all who may decide by now."""
    found = _waiting(entry)
    if found is None:
        return
    request, step = found
    kind = REMINDED if entry.verb.endswith("reminded") else SLOT
    authors = same_people(UUID(ident) for ident in request.author_ids)
    tell(eligible(request, step), type=kind, entry=entry, facts=_facts(request, step), besides=authors)


def warn_authors(entry: Entry) -> None:
    """Tell the authors for whom it waits and when its time is lost."""
    found = _waiting(entry)
    if found is None:
        return
    request, step = found
    authors = Membership.objects.filter(pk__in=request.author_ids).select_related("user")
    facts = {**_facts(request, step), "names": ", ".join(names_who_may(request)[:5])}
    tell(authors, type=AT_RISK, entry=entry, facts=facts)


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    register_notice_types(
        NoticeType(
            REMINDED,
            gettext_lazy("reminder of an approval"),
            _reminded,
            _until_when,
            icon="clock",
            path=_path,
            action=link_of,
            is_collected=True,
        ),
        NoticeType(
            SLOT,
            gettext_lazy("approval needed before a post loses its time"),
            _slot,
            _until_when,
            icon="alert-triangle",
            path=_path,
            action=link_of,
            is_urgent=True,
        ),
        NoticeType(
            AT_RISK,
            gettext_lazy("own post about to lose its time"),
            _at_risk,
            _for_whom,
            icon="alert-triangle",
            path=_path,
            is_urgent=True,
        ),
    )
    asking = [f"approvals.request.{verb}" for verb in ("reminded", "backup_asked", "escalated")]
    subscribe("approvals.remind", asking, remind)
    subscribe("approvals.warn_authors", ["approvals.request.slot_at_risk"], warn_authors)


def _waiting(entry: Entry) -> tuple[Request, RequestStep] | None:
    """Return the request and the step that an entry is about, while it still waits."""
    request = request_rows().filter(pk=entry.facts.get("request")).first()
    step = open_step(request) if request else None
    if request is None or step is None or step.position != entry.facts.get("step"):
        return None
    return request, step


def _facts(request: Request, step: RequestStep) -> dict[str, Any]:
    found = described(Actor.system(request.workspace_id), [request]).get(request.pk)
    slot = slot_of(request.ref)
    return {
        "request": str(request.pk),
        "title": found.title if found else "",
        "due_at": step.due_at.isoformat() if step.due_at else "",
        "goes_out_at": slot.isoformat() if slot else "",
    }


def _path(slug: str, notice: Notice) -> str:
    return reverse("approvals:request", args=[slug, notice.facts["request"]])


def _reminded(notice: Notice) -> str:
    return _("Still waits for your approval: %(title)s") % {"title": notice.facts["title"]}


def _slot(notice: Notice) -> str:
    return _("Approve it before it loses its time: %(title)s") % {"title": notice.facts["title"]}


def _at_risk(notice: Notice) -> str:
    return _("About to lose its time, nobody has approved it: %(title)s") % {"title": notice.facts["title"]}


def _until_when(notice: Notice) -> str:
    sentences = []
    if notice.facts.get("due_at"):
        sentences.append(_("To be decided by %(when)s.") % {"when": _moment(notice.facts["due_at"])})
    if notice.facts.get("goes_out_at"):
        sentences.append(_("It goes out %(when)s.") % {"when": _moment(notice.facts["goes_out_at"])})
    return " ".join(sentences)


def _for_whom(notice: Notice) -> str:
    when = _("It goes out %(when)s.") % {"when": _moment(notice.facts["goes_out_at"])}
    if not notice.facts.get("names"):
        return when
    waits = _("It waits for %(names)s. Ask them, or give it another time.") % {"names": notice.facts["names"]}
    return f"{when} {waits}"


def _moment(text: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "D j M, H:i")
