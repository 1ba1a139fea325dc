"""Deciding on several at once: what changed in each is shown before the step that decides."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from approvals import review
from approvals.forms import BulkForm, chosen_from
from approvals.models import Request
from approvals.permissions import DECIDE
from approvals.queues import TABS, asked_in, queue_ids
from approvals.selectors import described, request_rows, waiting_for
from approvals.services.bulk import MOST, Answer, Choice, decide_many
from approvals.services.sightings import note_seen
from approvals.states import Verdict
from approvals.unseen import shown_of
from core.errors import Invalid
from core.menus import ids_in
from notifications.services.notices import mark_subject_read
from teams.gates import members
from teams.selectors import member_names


@members(DECIDE, "GET", "POST")
def bulk(request: HttpRequest) -> HttpResponse:
    """Show the chosen ones with what changed, then decide on them; each gets an answer of its own."""
    if request.method != "POST":
        wanted = _wanted(request)
        rows = waiting_for(request.actor, wanted)
        if not rows:
            return redirect("approvals:queue", request.workspace.slug)
        rows.sort(key=lambda row: wanted.index(row.request.pk))
        return _ask(request, review.choices_for(rows, request.actor))
    form, choices = BulkForm(request.POST), chosen_from(request.POST.getlist("item"))
    form.is_valid()
    said = form.cleaned_data
    try:
        answers = decide_many(
            choices=choices, verdict=said.get("verdict", ""), note=said.get("note", ""), by=request.actor
        )
    except Invalid as error:
        return _ask(request, choices, error=error, said=said)
    return _answer(request, answers, said["verdict"])


def _wanted(request: HttpRequest) -> list[UUID]:
    """Return what was ticked; with `all`, what waits in the queue that the address asks for, up to the most at once."""
    if "all" in request.GET:
        asked = replace(asked_in(request.GET), tab=TABS[0])
        return queue_ids(request.actor, asked)[:MOST]
    return list(ids_in(request.GET.getlist("request")))[:MOST]


def _ask(
    request: HttpRequest, choices: list[Choice], *, error: Invalid | None = None, said: Any = None
) -> HttpResponse:
    found = _requests(choices)
    words = described(request.actor, found.values())
    shown = shown_of(request.actor, found.values())
    names = _names(choices)
    rows = [
        {
            "choice": choice,
            "value": ":".join(
                str(one) for one in (choice.request_id, choice.revision_id, choice.step_id, choice.for_id)
            ),
            "request": found[choice.request_id],
            "description": words[choice.request_id],
            "since": shown[choice.request_id].since,
            "texts": shown[choice.request_id].texts,
            "for_name": names.get(choice.for_id, "") if choice.for_id != request.actor.member_id else "",
        }
        for choice in choices
        if choice.request_id in words
    ]
    if not rows:
        return redirect("approvals:queue", request.workspace.slug)
    context = {
        "rows": rows,
        "error": error,
        "said": said or {},
        "nav_key": "approvals",
        "primary_taken": True,
    }
    return render(request, "approvals/bulk_ask.html", context, status=error.status if error else 200)


def _answer(request: HttpRequest, answers: list[Answer], verdict: str) -> HttpResponse:
    found = _requests([answer.choice for answer in answers])
    words = described(request.actor, found.values())
    for answer in answers:
        if answer.decision is not None:
            note_seen(request=found[answer.choice.request_id], by=request.actor)
            mark_subject_read(subject=found[answer.choice.request_id].ref, by=request.actor)
    context = {
        "rows": [
            {
                "answer": answer,
                "title": words[answer.choice.request_id].title if answer.choice.request_id in words else "",
            }
            for answer in answers
        ],
        "done": sum(answer.decision is not None for answer in answers),
        "verdict": Verdict(verdict).label,
        "nav_key": "approvals",
        "primary_taken": True,
    }
    return render(request, "approvals/bulk_answer.html", context)


def _names(choices: list[Choice]) -> dict[UUID | None, str]:
    ids = {choice.for_id for choice in choices if choice.for_id}
    return dict(member_names(ids)) if ids else {}


def _requests(choices: list[Choice]) -> dict[Any, Request]:
    rows = request_rows().filter(pk__in=[choice.request_id for choice in choices])
    return {row.pk: row for row in rows}
