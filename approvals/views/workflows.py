"""Pages of workflows: the list, the editor, and the way out of use."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approvals import editing
from approvals.models import Workflow
from approvals.seats import seats_of
from approvals.selectors import get_workflow, workflows
from approvals.services.workflows import EDIT_WORKFLOWS, archive_workflow, create_workflow, edit_workflow
from core.errors import Invalid, WrongState
from teams.gates import members
from teams.permissions import can

SEE_WORKFLOWS = "approvals.workflow.see"


@members(SEE_WORKFLOWS, "GET")
def workflow_list(request: HttpRequest) -> HttpResponse:
    """List the workflows: who is asked in which order, and what takes each."""
    found = list(workflows())
    people = editing.named_in(*map(editing.draft_of, found))
    choices = editing.choices_for(request.actor, people)
    names = {"channels": {option.value: option.label for option in choices["channels"]}}
    for field in choices["route_fields"]:
        names[field.kind] = {option.value: option.label for option in field.options}
    context = {
        "rows": [_row(row, names) for row in found],
        "may_edit": can(request.actor, EDIT_WORKFLOWS),
        "tab": "workflows",
        "nav_key": "settings",
    }
    return render(request, "approvals/workflow_list.html", context)


@members(EDIT_WORKFLOWS, "GET", "POST")
def new_workflow(request: HttpRequest) -> HttpResponse:
    """Set up a workflow."""
    return _edit(request, None)


@members(EDIT_WORKFLOWS, "GET", "POST")
def workflow_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a workflow; what is in review keeps the steps that it has."""
    return _edit(request, get_workflow(request.actor, pk, EDIT_WORKFLOWS))


@members(EDIT_WORKFLOWS, "POST")
def workflow_archival(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a workflow out of use."""
    found = get_workflow(request.actor, pk, EDIT_WORKFLOWS)
    try:
        archive_workflow(workflow=found, by=request.actor)
    except WrongState as refusal:
        messages.error(request, refusal.message)
        return redirect("approvals:workflow", request.workspace.slug, found.pk)
    messages.success(request, _("“%(name)s” is out of use.") % {"name": found.name})
    return redirect("approvals:workflows", request.workspace.slug)


def _edit(request: HttpRequest, found: Workflow | None) -> HttpResponse:
    if request.method != "POST":
        return _editor(request, found, editing.draft_of(found))
    draft, action = editing.draft_from(request.POST), request.POST.get("action", "save")
    is_whole = editing.take_names(draft)
    if editing.rearranged(draft, action) or action == "name":
        return _editor(request, found, draft)
    if action == "try":
        taken, of = editing.would_have_taken(request.actor, editing.unsaved(draft, request.actor, found))
        return _editor(request, found, draft, tried={"taken": taken, "of": of, "days": editing.TRIED_DAYS})
    try:
        if not is_whole:
            raise Invalid(_("A name does not fit yet."))
        saved = _save(request, found, draft)
    except (Invalid, WrongState) as refusal:
        if isinstance(refusal, Invalid):
            editing.told(draft, refusal)
        return _editor(request, found, draft, error=refusal)
    messages.success(request, _("Saved “%(name)s”.") % {"name": saved.name})
    return redirect("approvals:workflows", request.workspace.slug)


def _save(request: HttpRequest, found: Workflow | None, draft: editing.Draft) -> Workflow:
    said: dict[str, Any] = {
        "name": draft.name,
        "steps": editing.inputs_of(draft),
        "routes": draft.routes,
        "default_for": draft.default_for,
        "reopen": draft.reopen,
        "is_default": draft.is_default,
        "by": request.actor,
    }
    return create_workflow(**said) if found is None else edit_workflow(workflow=found, **said)


def _editor(
    request: HttpRequest,
    found: Workflow | None,
    draft: editing.Draft,
    *,
    error: Any = None,
    tried: dict[str, Any] | None = None,
) -> HttpResponse:
    choices = editing.choices_for(request.actor, editing.named_in(draft))
    context = {
        **choices,
        "item": found,
        "draft": draft,
        "error": error,
        "tried": tried,
        "tab": "workflows",
        "nav_key": "settings",
        "primary_taken": True,
    }
    return render(request, "approvals/workflow_editor.html", context, status=error.status if error else 200)


def _row(workflow: Workflow, names: dict[str, dict[str, str]]) -> dict[str, Any]:
    routes = [
        {
            "label": editing.kind_word(kind),
            "values": ", ".join(names.get(kind, {}).get(value, value) for value in values),
        }
        for kind, values in workflow.routes.items()
    ]
    channels = [names["channels"][ident] for ident in workflow.default_for if ident in names["channels"]]
    steps = [
        {"name": step.name, "who": seats_of(step), "hours": step.due_hours, "is_optional": step.is_optional}
        for step in workflow.steps.all()
    ]
    return {"item": workflow, "steps": steps, "routes": routes, "channels": channels}
