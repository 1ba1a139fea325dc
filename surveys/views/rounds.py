"""Rounds: answered, called to mind, closed; and what came of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Invalid, WrongState
from notifications.services.notices import mark_subject_read
from surveys.forms import AnswerForm, name_of
from surveys.permissions import ANSWER, EDIT, SEE_RESULTS, SEE_ROUND
from surveys.selectors.results import results_of, words_of, words_shown
from surveys.selectors.rounds import get_asked_round, get_round, own_answers, questions_of
from surveys.services.answers import answer_round
from surveys.services.rounds import close_round, remind_round
from surveys.views.tabs import head
from teams.edges import tell_form
from teams.gates import members, members_by
from teams.permissions import can


@members_by({"GET": SEE_ROUND, "POST": ANSWER})
def round_(request: HttpRequest, round: UUID) -> HttpResponse:  # noqa: A002  # the part's name in the address
    """Show a round with its questions to whom it asks, and how it stands to whoever asks; POST answers it."""
    if request.method == "GET":
        found = get_round(request.actor, round)
        mark_subject_read(subject=found.ref, by=request.actor)
        return _round_page(request, found, _form(request, found))
    found = get_asked_round(request.actor, round)
    form = _form(request, found, request.POST)
    if form is not None and form.is_valid():
        try:
            answer_round(round_=found, answers=form.answers(), by=request.actor)
        except (Invalid, WrongState) as error:
            _tell(form, error)
        else:
            messages.success(request, _("Thank you, your answers are in."))
            return redirect("surveys:round", request.workspace.slug, found.pk)
    return _round_page(request, found, form, status=422)


@members(EDIT, "POST")
def reminder(request: HttpRequest, round: UUID) -> HttpResponse:  # noqa: A002  # as above
    """Remind those who have not answered."""
    found = remind_round(round_=get_round(request.actor, round, EDIT), by=request.actor)
    messages.success(request, _("Everybody who has not answered is reminded."))
    return redirect("surveys:round", request.workspace.slug, found.pk)


@members(EDIT, "POST")
def closing(request: HttpRequest, round: UUID) -> HttpResponse:  # noqa: A002  # as above
    """Close an open round for good, or cancel a planned one."""
    found = close_round(round_=get_round(request.actor, round, EDIT), by=request.actor)
    if not found.is_closed:
        messages.success(request, _("The round is cancelled."))
        return redirect("surveys:survey", request.workspace.slug, found.survey_id)
    messages.success(request, _("The round is closed."))
    return redirect("surveys:results", request.workspace.slug, found.pk)


@members(SEE_RESULTS, "GET")
def results(request: HttpRequest, round: UUID) -> HttpResponse:  # noqa: A002  # as above
    """Show what came of a closed round."""
    found = get_round(request.actor, round, SEE_RESULTS)
    mark_subject_read(subject=found.ref, by=request.actor)
    context = {"found": results_of(request.actor, found), "round": found, **head(request, "surveys")}
    return render(request, "surveys/round_results.html", context)


@members(SEE_RESULTS, "GET")
def words(request: HttpRequest, round: UUID, question: UUID) -> HttpResponse:  # noqa: A002  # as above
    """Show all answers in words to one question."""
    found = get_round(request.actor, round, SEE_RESULTS)
    asked, page = words_of(request.actor, found, question, request.GET.get("page"))
    rows = [words_shown(found, row) for row in page]
    context = {"round": found, "question": asked, "page": page, "rows": rows, **head(request, "surveys")}
    return render(request, "surveys/round_words.html", context)


def _form(request: HttpRequest, found: Any, data: Any = None) -> AnswerForm | None:
    """Return the form where the reader can answer: asked, open, and without names not answered yet."""
    if not found.is_asked or not found.is_open or (found.is_anonymous and found.has_answered):
        return None
    questions = questions_of(found)
    known = own_answers(request.actor, found)
    start = {name_of(question): known.get(question.pk) for question in questions}
    return AnswerForm(questions, data, initial=start)


def _round_page(request: HttpRequest, found: Any, form: AnswerForm | None, status: int = 200) -> HttpResponse:
    context = {
        "round": found,
        "form": form,
        "may_close": can(request.actor, EDIT),
        "may_see_results": can(request.actor, SEE_RESULTS, found),
        **head(request, "surveys", primary=form is not None),
    }
    return render(request, "surveys/round_page.html", context, status=status)


def _tell(form: AnswerForm, error: Invalid | WrongState) -> None:
    found = error if isinstance(error, Invalid) else Invalid(error.message)
    found.fields = {f"q-{name}": texts for name, texts in found.fields.items()}
    tell_form(form, found)
