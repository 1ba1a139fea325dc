"""Surveys: those that ask the reader, those that are written, and rounds to plan."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, Stale, WrongState
from core.paging import keyset
from surveys.editing import Draft, draft_from, draft_of, rearranged, tell_draft
from surveys.forms import RoundForm
from surveys.models import Survey
from surveys.permissions import EDIT, SEE_ROUND
from surveys.selectors.rounds import get_survey, is_frozen, rounds_visible_to, surveys_of
from surveys.services import rounds as round_services
from surveys.services import surveys as services
from surveys.states import QuestionKind
from surveys.views.tabs import head
from teams.edges import tell_form
from teams.gates import members
from teams.selectors import teams as teams_of

PAGE = 50


@members(SEE_ROUND, "GET")
def surveys(request: HttpRequest) -> HttpResponse:
    """List the rounds that ask the reader, and for whoever asks all of them."""
    page = keyset(rounds_visible_to(request.actor), by=["-pk"], cursor=request.GET.get("after"), size=PAGE)
    context = {"rounds": page.rows, "next": page.next, **head(request, "surveys", primary=True)}
    return render(request, "surveys/round_list.html", context)


@members(EDIT, "GET")
def written(request: HttpRequest) -> HttpResponse:
    """List the surveys in use."""
    page = keyset(surveys_of(request.actor), by=["-pk"], cursor=request.GET.get("after"), size=PAGE)
    context = {"surveys": page.rows, "next": page.next, **head(request, "written", primary=True)}
    return render(request, "surveys/survey_list.html", context)


@members(EDIT, "GET", "POST")
def new_survey(request: HttpRequest) -> HttpResponse:
    """Write a survey, from the standard questions or from another survey (`?from=`)."""
    if request.method == "GET":
        return _editor(request, _copied(request), None)
    draft = draft_from(request.POST)
    if rearranged(draft, request.POST.get("action", "")):
        return _editor(request, draft, None)
    try:
        made = services.create_survey(
            title=draft.title, intro=draft.intro, questions=draft.inputs, by=request.actor
        )
    except Invalid as error:
        tell_draft(draft, error)
        return _editor(request, draft, None, status=422)
    messages.success(request, _("Saved the survey %(title)s.") % {"title": made.title})
    return redirect("surveys:survey", request.workspace.slug, made.pk)


@members(EDIT, "GET")
def survey(request: HttpRequest, survey: UUID) -> HttpResponse:
    """Show a survey with its questions, its rounds, and the form that asks it."""
    return _survey_page(request, get_survey(request.actor, survey), _round_form(request))


@members(EDIT, "GET", "POST")
def edit(request: HttpRequest, survey: UUID) -> HttpResponse:
    """Change a survey that nobody was asked yet."""
    found = get_survey(request.actor, survey)
    if request.method == "GET":
        return _editor(request, draft_of(found), found)
    draft = draft_from(request.POST)
    if rearranged(draft, request.POST.get("action", "")):
        return _editor(request, draft, found)
    try:
        services.change_survey(
            survey=found,
            title=draft.title,
            intro=draft.intro,
            questions=draft.inputs,
            version=draft.version,
            by=request.actor,
        )
    except (Invalid, Stale, WrongState) as error:
        tell_draft(draft, error if isinstance(error, Invalid) else Invalid(error.message))
        return _editor(request, draft, found, status=422)
    messages.success(request, _("Saved the survey %(title)s.") % {"title": draft.title})
    return redirect("surveys:survey", request.workspace.slug, found.pk)


@members(EDIT, "POST")
def archival(request: HttpRequest, survey: UUID) -> HttpResponse:
    """Put a survey away."""
    found = services.archive_survey(survey=get_survey(request.actor, survey), by=request.actor)
    messages.success(request, _("Put %(title)s away; its results stay.") % {"title": found.title})
    return redirect("surveys:written", request.workspace.slug)


@members(EDIT, "POST")
def new_round(request: HttpRequest, survey: UUID) -> HttpResponse:
    """Ask a survey, at once or from a day on."""
    found = get_survey(request.actor, survey)
    form = _round_form(request, request.POST)
    if form.is_valid():
        try:
            made = round_services.plan_round(survey=found, by=request.actor, **form.facts(now()))
        except (Invalid, WrongState) as error:
            _tell(form, error)
        else:
            messages.success(request, _("The round is open.") if made.is_open else _("The round is planned."))
            return redirect("surveys:round", request.workspace.slug, made.pk)
    return _survey_page(request, found, form, status=422)


def _survey_page(request: HttpRequest, found: Survey, form: RoundForm, status: int = 200) -> HttpResponse:
    context = {
        "survey": found,
        "rounds": rounds_visible_to(request.actor).filter(survey=found)[:PAGE],
        "form": form,
        "is_frozen": is_frozen(found),
        **head(request, "written", primary=True),
    }
    return render(request, "surveys/survey_page.html", context, status=status)


def _editor(request: HttpRequest, draft: Draft, found: Survey | None, status: int = 200) -> HttpResponse:
    context = {
        "draft": draft,
        "survey": found,
        "kinds": QuestionKind.choices,
        **head(request, "written", primary=True),
    }
    return render(request, "surveys/survey_editor.html", context, status=status)


def _copied(request: HttpRequest) -> Draft:
    try:
        source = UUID(request.GET.get("from", ""))
    except ValueError:
        return draft_of(None)
    draft = draft_of(get_survey(request.actor, source))
    draft.version = None
    return draft


def _round_form(request: HttpRequest, data: Any = None) -> RoundForm:
    zone = request.workspace.timezone
    today = now().astimezone(ZoneInfo(zone)).date()
    return RoundForm(data, teams=teams_of(request.actor), zone=zone, today=today)


def _tell(form: RoundForm, error: Invalid | WrongState) -> None:
    found = error if isinstance(error, Invalid) else Invalid(error.message)
    renamed = {"opens_at": "opens_on", "closes_at": "closes_on"}
    found.fields = {renamed.get(name, name): texts for name, texts in found.fields.items()}
    tell_form(form, found)
