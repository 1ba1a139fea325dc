"""What the reader tells of himself: entered, opened for others, taken back, taken along."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Invalid
from surveys.fitting import fit_ranking, lines_of
from surveys.forms import FORMS, AudienceForm, MotivationForm, OtherForm, ResultsFileForm, initial_of
from surveys.imports import MOST_BYTES, read_results
from surveys.permissions import EDIT_TRAITS, SEE_TRAITS
from surveys.personality import Audience, TraitKind
from surveys.selectors.rounds import named_answers_of
from surveys.selectors.traits import get_own_trait, kind_names, own_traits, told_by
from surveys.serializers import named_answer_json, trait_json
from surveys.services.traits import open_trait, take_results, tell_trait, withdraw_trait
from surveys.views.tabs import head
from teams.edges import tell_form
from teams.gates import export, members
from teams.overview import duty_kinds


@members(SEE_TRAITS, "GET")
def me(request: HttpRequest) -> HttpResponse:
    """Show what the reader told of himself, and who sees each of it."""
    return _page(request, ResultsFileForm())


@members(EDIT_TRAITS, "GET", "POST")
def tell(request: HttpRequest, trait_kind: str) -> HttpResponse:
    """Enter or change one result; another one by its name (`?name=`)."""
    if trait_kind not in TraitKind.values:
        raise Http404
    form = _form(request, trait_kind)
    if request.method == "POST" and form.is_valid():
        try:
            trait = tell_trait(kind=trait_kind, by=request.actor, **_facts(trait_kind, form))
        except Invalid as error:
            _tell(form, error)
        else:
            messages.success(request, _("Saved: %(what)s.") % {"what": trait})
            return redirect("surveys:me", request.workspace.slug)
    context = {"form": form, "trait_kind": TraitKind(trait_kind), **head(request, "me", primary=True)}
    response = render(request, "surveys/trait_form.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@members(EDIT_TRAITS, "POST")
def file(request: HttpRequest) -> HttpResponse:
    """Take results from a CSV file; all of it or nothing."""
    form = ResultsFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            content = form.cleaned_data["file"].read(MOST_BYTES + 1)
            told = take_results(found=read_results(content), by=request.actor)
        except Invalid as error:
            for reason in [text for texts in error.fields.values() for text in texts] or [error.message]:
                form.add_error("file", reason)
        else:
            messages.success(
                request, _("Taken from the file: %(what)s.") % {"what": ", ".join(map(str, told))}
            )
            return redirect("surveys:me", request.workspace.slug)
    return _page(request, form, status=422)


@members(EDIT_TRAITS, "POST")
def audience(request: HttpRequest, trait: UUID) -> HttpResponse:
    """Say for whom a result is open."""
    found = open_trait(
        trait=get_own_trait(request.actor, trait),
        audience=request.POST.get("audience", ""),
        by=request.actor,
    )
    facts = {"what": found, "who": Audience(found.audience).label}
    messages.success(request, _("%(what)s is now seen by: %(who)s.") % facts)
    return redirect("surveys:me", request.workspace.slug)


@members(EDIT_TRAITS, "POST")
def withdrawal(request: HttpRequest, trait: UUID) -> HttpResponse:
    """Delete a result of one's own."""
    found = get_own_trait(request.actor, trait)
    withdraw_trait(trait=found, by=request.actor)
    messages.success(request, _("Deleted: %(what)s.") % {"what": found})
    return redirect("surveys:me", request.workspace.slug)


@export(SEE_TRAITS)
def data(request: HttpRequest) -> HttpResponse:
    """Give the reader a copy of all that he told of himself, and of what he answered by name."""
    found = {
        "traits": [trait_json(trait) for trait in own_traits(request.actor)],
        "answers": [named_answer_json(answer) for answer in named_answers_of(request.actor)],
    }
    response = JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="about-me.json"'
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, form: ResultsFileForm, status: int = 200) -> HttpResponse:
    own = own_traits(request.actor)
    told = told_by(request.actor, [request.actor.member] if request.actor.member else [])
    names = kind_names(request.actor, told.values())
    context = {
        "traits": own,
        "told": told.get(request.actor.member_id),
        "wants": names.get(request.actor.member_id, []),
        "missing": [
            kind for kind in TraitKind if kind == TraitKind.OTHER or kind not in {t.kind for t in own}
        ],
        "audiences": Audience.choices,
        "form": form,
        **head(request, "me"),
    }
    response = render(request, "surveys/me.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _form(request: HttpRequest, kind: str) -> Any:
    name = request.GET.get("name", "")[:60]
    own = [trait for trait in own_traits(request.actor) if trait.kind == kind]
    found = next((trait for trait in own if trait.name == name), None)
    start = initial_of(found) if found else {}
    if kind == TraitKind.OTHER:
        start["name"] = name
    extra = {"kinds": duty_kinds(request.actor)} if kind == TraitKind.MOTIVATION else {}
    return FORMS[kind](request.POST or None, initial=start, **extra)


def _facts(kind: str, form: AudienceForm) -> dict[str, Any]:
    given = form.cleaned_data
    facts = {"audience": given["audience"]}
    if kind == TraitKind.STRENGTHS:
        return {**facts, "value": {"themes": fit_ranking(lines_of(given["themes"]))}}
    return {**facts, "value": form.value(), "name": given.get("name", "")}  # type: ignore[attr-defined]  # each has it


def _tell(form: Any, error: Invalid) -> None:
    if isinstance(form, MotivationForm) and "rewards" in error.fields:
        error.fields["reward_1"] = error.fields.pop("rewards")
    if isinstance(form, OtherForm) and "value" in error.fields:
        error.fields["text"] = error.fields.pop("value")
    tell_form(form, error)
