"""Duties: written, handed on with a look at both loads, ordered, dropped; and the moderators of channels."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid, NotFound
from core.refs import Ref
from teams import selectors
from teams.choosing import member_written
from teams.coverage import duty_label
from teams.duty_forms import DutyForm, ModeratorForm
from teams.edges import tell_form
from teams.gates import members, members_by
from teams.models import Duty, DutyKind, Membership
from teams.overview import duty_kinds, get_channel_choice, get_duty
from teams.permissions import can
from teams.scopes import CAMPAIGN, CHANNEL, NETWORK, choices_for
from teams.services.backups import set_backups
from teams.services.duties import (
    change_duty,
    create_duty,
    end_duty,
    kind_named,
    name_moderator,
    place_duty,
    starter_kind,
)
from teams.standing import moderators_of, standing_lists
from teams.states import StarterKind
from teams.views.team import look
from teams.workload import Load, live_work, loads, weeks_from

GROUPS = {
    NETWORK: gettext_lazy("Networks"),
    CHANNEL: gettext_lazy("Channels"),
    CAMPAIGN: gettext_lazy("Campaigns"),
}


@members("teams.duty.edit", "GET", "POST")
def new_duty(request: HttpRequest) -> HttpResponse:
    """Add a duty."""
    start = {"scopes": [request.GET["scope"]]} if "scope" in request.GET else {}
    form = _duty_form(request, start)
    if request.method == "POST" and form.is_valid():
        try:
            duty = create_duty(by=request.actor, **_facts(request, form))
        except Invalid as error:
            _tell(form, error)
        else:
            messages.success(request, _("Added the duty %(duty)s.") % {"duty": duty})
            return redirect("teams:duties", request.workspace.slug)
    return _form_page(request, form, None)


@members_by({"GET": "teams.duty.see", "POST": "teams.duty.edit"})
def duty(request: HttpRequest, duty: UUID) -> HttpResponse:
    """Show one duty and change it."""
    found = get_duty(request.actor, duty)
    form = _duty_form(request, _start_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            change_duty(duty=found, by=request.actor, **_facts(request, form))
        except Invalid as error:
            _tell(form, error)
        else:
            messages.success(request, _("Saved the duty %(duty)s.") % {"duty": found})
            return redirect("teams:duties", request.workspace.slug)
    return _form_page(request, form, found)


@members("teams.duty.edit", "POST")
def duty_place(request: HttpRequest, duty: UUID) -> HttpResponse:
    """Move a duty up or down the list."""
    place = request.POST.get("place", "")
    if not place.isdecimal() or len(place) > 4:
        raise Invalid(_("Name the place as a number."))
    place_duty(duty=get_duty(request.actor, duty), place=int(place), by=request.actor)
    return redirect("teams:duties", request.workspace.slug)


@members("teams.duty.edit", "POST")
def duty_ending(request: HttpRequest, duty: UUID) -> HttpResponse:
    """Drop a duty."""
    found = end_duty(duty=get_duty(request.actor, duty), by=request.actor)
    messages.success(request, _("Dropped the duty %(duty)s.") % {"duty": found})
    return redirect("teams:duties", request.workspace.slug)


@members_by({"GET": "teams.duty.see", "POST": "teams.duty.edit"})
def duty_owner(request: HttpRequest, duty: UUID) -> HttpResponse:
    """Show what handing a duty on would do to both loads (`?to=`); POST hands it on."""
    found = get_duty(request.actor, duty)
    asked = request.POST if request.method == "POST" else request.GET
    heir = _member_named(request, asked.get("to", ""))
    if request.method == "POST":
        change_duty(duty=found, owner=heir, by=request.actor)
        facts = {"duty": found, "name": heir.user.name}
        messages.success(request, _("%(duty)s is now with %(name)s.") % facts)
        return redirect("teams:load", request.workspace.slug)
    context = {
        **preview(request, found, heir),
        "may_edit": can(request.actor, "teams.duty.edit"),
        "nav_key": "team",
    }
    template = "teams/duty_owner.html"
    return render(request, f"{template}#move-preview" if request.htmx else template, context)


def preview(request: HttpRequest, duty: Duty, heir: Membership) -> dict[str, Any]:
    """Return this week's load of whom a duty leaves and of whom it goes to, before and after."""
    view = look(request)
    weeks = weeks_from(view.now, view, 1)
    work = live_work(request.actor, view, weeks)
    before = loads(view, weeks, work)
    after = loads(view, weeks, work, {duty.pk: heir.pk})
    facts = next((one for one in view.duties if one.duty.pk == duty.pk), None)
    owner = view.by_id.get(duty.owner_id) if duty.owner_id else None
    people = [person for person in (owner, heir) if person and person.pk in before]
    pairs: list[tuple[Membership, Load, Load]] = [
        (person, before[person.pk][0], after[person.pk][0]) for person in dict.fromkeys(people)
    ]
    label = duty_label(view, facts) if facts else str(duty)
    return {"duty": duty, "label": label, "heir": heir, "owner": owner, "pairs": pairs}


@members_by({"GET": "teams.duty.see", "POST": "teams.duty.moderate"})
def moderator(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Show and name who looks over what goes out on a channel, and who stands in there."""
    found = get_channel_choice(request.actor, channel)
    named = moderators_of([channel]).get(channel)
    form = _moderator_form(request, channel, named)
    if request.method == "POST" and form.is_valid():
        try:
            _name(request, channel, form)
        except Invalid as error:
            _tell(form, error)
        else:
            messages.success(request, _("Saved who moderates %(channel)s.") % {"channel": found.label})
            return redirect("teams:coverage", request.workspace.slug)
    context = {
        "channel": found,
        "moderator": named,
        "form": form,
        "may_moderate": can(request.actor, "teams.duty.moderate"),
        "nav_key": "team",
    }
    return render(request, "teams/moderator.html", context, status=422 if form.errors else 200)


def _name(request: HttpRequest, channel: UUID, form: ModeratorForm) -> None:
    member, backups = form.cleaned_data["member"], form.backups
    if member is None and backups:
        message = _("Name a moderator first; a backup stands in for somebody.")
        raise Invalid(message, fields={"member": [message]})
    name_moderator(channel_id=channel, member=member, by=request.actor)
    ref = Ref(CHANNEL, channel)
    if member is not None and [one.pk for one in backups] != _list_for(member, ref):
        set_backups(member=member, backups=backups, scope=ref, by=request.actor)


def _moderator_form(request: HttpRequest, channel: UUID, named: Membership | None) -> ModeratorForm:
    start: dict[str, Any] = {"member": named.pk if named else None}
    if named is not None:
        listed = _list_for(named, Ref(CHANNEL, channel))
        start |= {f"backup_{number}": pk for number, pk in enumerate(listed, start=1)}
    people = selectors.members(request.actor)
    return ModeratorForm(request.POST if request.method == "POST" else None, members=people, initial=start)


def _list_for(member: Membership, scope: Ref) -> list[UUID]:
    return standing_lists([member.pk]).lists.get((member.pk, scope), [])


def _form_page(request: HttpRequest, form: DutyForm, found: Duty | None) -> HttpResponse:
    context = {
        "form": form,
        "duty": found,
        "may_edit": can(request.actor, "teams.duty.edit"),
        "nav_key": "team",
    }
    if found is not None and not context["may_edit"]:
        context |= _read(request, found)
    return render(request, "teams/duty.html", context, status=422 if form.errors else 200)


def _read(request: HttpRequest, duty: Duty) -> dict[str, Any]:
    """Return what is to be read of a duty: who has it, who stands in, and where it reaches."""
    view = look(request)
    facts = next((one for one in view.duties if one.duty.pk == duty.pk), None)
    scopes = sorted(facts.scopes) if facts else []
    return {"facts": facts, "places": [view.labels[one].label for one in scopes if one in view.labels]}


def _duty_form(request: HttpRequest, start: dict[str, Any]) -> DutyForm:
    grouped: dict[str, list[tuple[str, str]]] = {kind: [] for kind in GROUPS}
    for choice in choices_for(request.actor):
        grouped.setdefault(choice.type, []).append((f"{choice.type}:{choice.key}", choice.label))
    own = [(str(kind.pk), str(kind)) for kind in duty_kinds(request.actor) if not kind.key]
    return DutyForm(
        request.POST if request.method == "POST" else None,
        kinds=[*((str(key), key.label) for key in StarterKind), *own],
        scopes=[(GROUPS.get(kind, kind), rows) for kind, rows in grouped.items() if rows],
        members=selectors.members(request.actor),
        initial=start,
    )


def _start_of(duty: Duty) -> dict[str, Any]:
    backups = (
        standing_lists([duty.owner_id]).lists.get((duty.owner_id, duty.ref), []) if duty.owner_id else []
    )
    return {
        "kind": duty.kind.key or str(duty.kind_id),
        "name": duty.name,
        "owner": duty.owner_id,
        "effort_hours": round(duty.effort_minutes / 60, 2),
        "scopes": [f"{row['type']}:{row['key']}" for row in duty.reach or ()],
        **{f"backup_{number}": pk for number, pk in enumerate(backups, start=1)},
    }


def _facts(request: HttpRequest, form: DutyForm) -> dict[str, Any]:
    facts = form.cleaned_data
    return {
        "kind": kind_chosen(request, facts["new_kind"], facts["kind"]),
        "name": facts["name"],
        "scopes": [tuple(text.split(":", 1)) for text in facts["scopes"]],
        "owner": facts["owner"],
        "backups": form.backups,
        "effort_minutes": form.effort_minutes,
    }


def kind_chosen(request: HttpRequest, new: str, chosen: str) -> DutyKind:
    """Return the kind of work that was named anew, or chosen by starter key or id. Raises: NotFound."""
    if new.strip():
        return kind_named(name=new, by=request.actor)
    if chosen in StarterKind.values:
        return starter_kind(StarterKind(chosen), request.workspace.pk)
    found = next((kind for kind in duty_kinds(request.actor) if str(kind.pk) == chosen), None)
    if found is None:
        raise NotFound(_("There is no such kind of work."))
    return found


def _member_named(request: HttpRequest, text: str) -> Membership:
    try:
        return member_written(selectors.members(request.actor), text)
    except ValidationError as error:
        raise NotFound(" ".join(error.messages)) from None


def _tell(form: Any, error: Invalid) -> None:
    fields = {("backup_1" if name == "backups" else name): texts for name, texts in error.fields.items()}
    fields = {("effort_hours" if name == "effort_minutes" else name): texts for name, texts in fields.items()}
    tell_form(form, Invalid(error.message, fields=fields))
