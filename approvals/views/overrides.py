"""The emergency path: going past a review, the report of all cases, and looking at each afterwards."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approvals.forms import OverrideForm, OverrideReviewForm
from approvals.overrides import cases, get_override, overrides
from approvals.permissions import OVERRIDE, REVIEW_OVERRIDE, SEE_OVERRIDES
from approvals.selectors import get_request
from approvals.services.overrides import override_request, review_override
from approvals.states import OverrideVerdict
from core.errors import Invalid
from core.paging import keyset
from teams.gates import members

PAGE_SIZE = 30


@members(OVERRIDE, "GET", "POST")
def override(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask why, then go past the steps that still wait."""
    found = get_request(request.actor, pk, OVERRIDE)
    form = OverrideForm(request.POST or None, initial={"revision": found.revision_id})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            override_request(
                request=found, revision_id=said["revision"], reason=said["reason"], by=request.actor
            )
        except Invalid as error:
            form.add_error("reason", error.message)
        else:
            messages.success(request, _("Gone past the review. A lead is asked to look at it afterwards."))
            return redirect("approvals:request", request.workspace.slug, found.pk)
    context = {"form": form, "item": found, "nav_key": "approvals", "primary_taken": True}
    status = 422 if form.errors else 200
    return render(request, "approvals/override_form.html", context, status=status)


@members(SEE_OVERRIDES, "GET")
def override_list(request: HttpRequest) -> HttpResponse:
    """Report every case: who went past which review, why, and what was said of it."""
    rows = overrides(request.actor)
    is_open = request.GET.get("show") == "open"
    page = keyset(
        rows.filter(reviewed_at=None) if is_open else rows,
        by=["-pk"],
        cursor=request.GET.get("after"),
        size=PAGE_SIZE,
    )
    context = {
        "rows": cases(request.actor, page.rows),
        "next": page.next,
        "is_open": is_open,
        "verdicts": OverrideVerdict.choices,
        "nav_key": "approvals",
        "primary_taken": True,
    }
    return render(request, "approvals/override_list.html", context)


@members(REVIEW_OVERRIDE, "POST")
def override_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say whether it was right to go past a review."""
    found, form = get_override(request.actor, pk), OverrideReviewForm(request.POST)
    form.is_valid()
    said = form.cleaned_data
    try:
        review_override(
            override=found,
            verdict=said.get("verdict", ""),
            note=said.get("note", ""),
            by=request.actor,
        )
    except Invalid as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Noted, it stands in the report."))
    return redirect("approvals:overrides", request.workspace.slug)
