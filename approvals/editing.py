"""The workflow editor: reading what its form says, and what stands in it (steps, seats, routes to choose)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from approvals.models import Step, Workflow
from approvals.paths import ROUTES, takes
from approvals.registry import Option, Past, approvables, route_options
from approvals.selectors import workflows
from approvals.services.workflows import MOST_STEPS, StepInput
from approvals.states import Changing, Reopen, Rule
from core.clock import now
from core.errors import Invalid
from teams.actors import Actor
from teams.choosing import is_id, member_written
from teams.models import Guest, Membership, Role, Team
from teams.states import MemberStatus

TRIED_DAYS = 30
SHOWN = 40
_KINDS = ("member", "role", "team", "guest")
BOXES = {"seats": "person-{key}", "escalation": "heir-{key}", "authors": "route-{key}-author"}
"""The boxes of a step in which somebody is named: what for, and the name of its field."""


@dataclass(slots=True)
class StepDraft:
    """A step as the form has it; `key` names its fields."""

    key: str
    name: str = ""
    seats: set[str] = field(default_factory=set)
    rule: str = Rule.ANY
    needed: str = "2"
    due_hours: str = ""
    is_working_time: bool = True
    escalate_to: str = ""
    is_optional: bool = False
    changing: str = Changing.ROLE
    routes: dict[str, list[str]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=lambda: dict.fromkeys(BOXES, ""))
    is_open: bool = False
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """A workflow as the form has it."""

    name: str = ""
    is_default: bool = False
    routes: dict[str, list[str]] = field(default_factory=dict)
    default_for: list[str] = field(default_factory=list)
    reopen: str = Reopen.FIRST
    steps: list[StepDraft] = field(default_factory=list)
    typed: dict[str, str] = field(default_factory=lambda: {"authors": ""})
    errors: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RouteField:
    """One kind of route with the values there are to choose."""

    kind: str
    label: str
    options: Sequence[Option]


def draft_of(workflow: Workflow | None) -> Draft:
    """Return what the editor starts with: the workflow as it stands, or one empty step."""
    if workflow is None:
        return Draft(steps=[StepDraft("1", name=_("Approval"))])
    return Draft(
        name=workflow.name,
        is_default=workflow.is_default,
        routes={kind: list(values) for kind, values in workflow.routes.items()},
        default_for=list(workflow.default_for),
        reopen=workflow.reopen,
        steps=[_step_draft(str(number), step) for number, step in enumerate(workflow.steps.all(), start=1)],
    )


def draft_from(data: QueryDict) -> Draft:
    """Read the editor's form; the steps stand in the order of their fields."""
    keys = [key for key in dict.fromkeys(data.getlist("step")) if key.isdigit()][:MOST_STEPS]
    return Draft(
        name=data.get("name", "").strip(),
        is_default=data.get("is_default") == "on",
        routes=_routes(data, "route"),
        default_for=data.getlist("default_for"),
        reopen=data.get("reopen", Reopen.FIRST),
        typed={"authors": data.get("route-author", "").strip()},
        steps=[_step_from(data, key) for key in keys],
    )


def rearranged(draft: Draft, action: str) -> bool:
    """Do what a button of the form asks for in the draft: add, drop, raise or lower a step; tell whether one did."""
    verb, _colon, key = action.partition(":")
    keys = [step.key for step in draft.steps]
    if verb == "add":
        if len(keys) < MOST_STEPS:
            draft.steps.append(StepDraft(str(max((int(one) for one in keys), default=0) + 1)))
        return True
    if verb not in ("drop", "raise", "lower") or key not in keys:
        return False
    step = draft.steps.pop(keys.index(key))
    if verb != "drop":
        place = keys.index(key) + (-1 if verb == "raise" else 1)
        draft.steps.insert(max(0, place), step)
    return True


def inputs_of(draft: Draft) -> list[StepInput]:
    """Return the steps with their people loaded, as services take them.

    Raises: Invalid for a number that cannot be read or somebody who is not here.
    """
    rows: dict[str, dict[str, Any]] = {
        "member": {str(row.pk): row for row in named_in(draft)},
        "role": {str(row.pk): row for row in Role.objects.all()},
        "team": {str(row.pk): row for row in Team.objects.all()},
        "guest": {str(row.pk): row for row in Guest.objects.all()},
    }
    return [_input(index, step, rows) for index, step in enumerate(draft.steps)]


def told(draft: Draft, error: Invalid) -> Draft:
    """Put a refusal's reasons beside the steps and fields that they are about."""
    for name, reasons in error.fields.items():
        where, _dot, rest = name.partition(".")
        number = rest.partition(".")[0]
        if where == "steps" and number.isdigit() and int(number) < len(draft.steps):
            draft.steps[int(number)].errors += reasons
        else:
            draft.errors.setdefault(where, []).extend(reasons)
    return draft


def choices_for(by: Actor, people: Sequence[Membership]) -> dict[str, Any]:
    """Return what the editor lets one choose: seats, people to escalate to, routes, channels.

    Of the people only those who are chosen already; others are chosen by name.
    """
    groups = [
        (_("Whoever it concerns"), [Option("moderator", _("The channel’s moderator"))]),
        (_("Roles"), [Option(f"role:{row.pk}", str(row)) for row in Role.objects.order_by("pk")[:50]]),
        (
            _("Teams"),
            [Option(f"team:{row.pk}", row.name) for row in Team.objects.order_by("name", "pk")[:100]],
        ),
        (_("People"), [Option(f"member:{row.pk}", row.user.name) for row in people]),
        (
            _("Guests"),
            [Option(f"guest:{row.pk}", row.name) for row in Guest.objects.order_by("name", "pk")[:200]],
        ),
    ]
    authors = [Option(str(row.pk), row.user.name) for row in people]
    found = {kind: route_options.get(kind)(by) for kind in ROUTES if kind in route_options}
    found["authors"] = authors
    channels = route_options.find("channels")
    return {
        "seat_groups": [(label, options) for label, options in groups if options and label != _("People")],
        "seat_names": {option.value: option.label for _label, options in groups for option in options},
        "people": authors,
        "escalation_roles": next(options for label, options in groups if label == _("Roles")),
        "route_fields": [
            RouteField(kind, kind_word(kind), found[kind]) for kind in ROUTES if found.get(kind)
        ],
        "channels": channels(by) if channels else [],
        "rules": Rule.choices,
        "reopens": Reopen.choices,
        "changings": Changing.choices,
        "most_steps": MOST_STEPS,
    }


def named_in(*drafts: Draft) -> list[Membership]:
    """Return the members whom drafts name, by name: who decides, who is asked when it is late, whose posts take it."""
    idents = {ident for draft in drafts for ident in _named(draft) if is_id(ident)}
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE, pk__in=idents).select_related("user")
    return list(rows.order_by("user__name", "pk"))


def take_names(draft: Draft) -> bool:
    """Put those whose names were typed into their places; tell whether all were found.

    A name that fits nobody, or several, stays in its box with the reason beside it.
    """
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE)
    draft.errors["authors"] = _take(draft, rows, lambda _box, ident: _add_author(draft.routes, ident))
    for step in draft.steps:
        step.errors += _take(step, rows, partial(_put, step))
    return not any((draft.errors["authors"], *(step.errors for step in draft.steps)))


def would_have_taken(by: Actor, workflow: Workflow) -> tuple[list[Past], int]:
    """Return what of the last thirty days would have taken a workflow as it is drafted, and of how many.

    `workflow` need not be saved: it stands in for the one of its id, or beside the others.
    """
    rows = [row for row in workflows() if row.pk != workflow.pk]
    if workflow.is_default:
        for row in rows:
            row.is_default = False
    rows.append(workflow)
    rows.sort(key=lambda row: (row.name, str(row.pk)))
    for row in rows:
        if row.pk != workflow.pk:
            row.default_for = [ident for ident in row.default_for if ident not in workflow.default_for]
    asked = [kind.recent for kind in approvables.values() if kind.recent is not None]
    lately = [past for recent in asked for past in recent(by, now() - timedelta(days=TRIED_DAYS))]
    return [past for past in lately if takes(rows, workflow, past.facts)], len(lately)


def unsaved(draft: Draft, by: Actor, workflow: Workflow | None) -> Workflow:
    """Return the workflow that a draft describes, not to be saved."""
    found = Workflow(workspace_id=by.workspace_id, name=draft.name or _("New workflow"))
    if workflow is not None:
        found.pk = workflow.pk
    found.routes, found.default_for, found.is_default = draft.routes, draft.default_for, draft.is_default
    return found


def _step_draft(key: str, step: Step) -> StepDraft:
    rows = list(step.approvers.all())
    seats = {
        f"{kind}:{getattr(row, f'{kind}_id')}"
        for row in rows
        for kind in _KINDS
        if getattr(row, f"{kind}_id")
    }
    if any(row.is_moderator for row in rows):
        seats.add("moderator")
    return StepDraft(
        key=key,
        name=step.name,
        seats=seats,
        rule=step.rule,
        needed=str(step.needed if step.rule == Rule.N else 2),
        due_hours=str(step.due_hours or ""),
        is_working_time=step.is_working_time,
        escalate_to=f"role:{step.escalate_role_id}"
        if step.escalate_role_id
        else str(step.escalate_to_id or ""),
        is_optional=step.is_optional,
        changing=step.changing,
        routes={kind: list(values) for kind, values in step.routes.items()},
    )


def _step_from(data: QueryDict, key: str) -> StepDraft:
    return StepDraft(
        key=key,
        name=data.get(f"name-{key}", "").strip(),
        seats=set(data.getlist(f"seat-{key}")),
        rule=data.get(f"rule-{key}", Rule.ANY),
        needed=data.get(f"needed-{key}", "2"),
        due_hours=data.get(f"due-{key}", "").strip(),
        is_working_time=data.get(f"clock-{key}") != "on",
        escalate_to=data.get(f"escalate-{key}", ""),
        is_optional=data.get(f"optional-{key}") == "on",
        changing=data.get(f"changing-{key}", Changing.ROLE),
        routes=_routes(data, f"route-{key}"),
        typed={box: data.get(name.format(key=key), "").strip() for box, name in BOXES.items()},
    )


def _named(draft: Draft) -> Iterator[str]:
    yield from draft.routes.get("authors", ())
    for step in draft.steps:
        yield from (seat.removeprefix("member:") for seat in step.seats)
        yield from (step.escalate_to, *step.routes.get("authors", ()))


def _take(part: Draft | StepDraft, rows: QuerySet[Membership], put: Callable[[str, str], None]) -> list[str]:
    """Put who is named in each box of a form into its place; return what was wrong."""
    wrong = []
    for box, text in list(part.typed.items()):
        try:
            if text:
                put(box, str(member_written(rows, text).pk))
            part.typed[box] = ""
        except ValidationError as refusal:
            wrong += refusal.messages
    return wrong


def _put(step: StepDraft, box: str, ident: str) -> None:
    if box == "seats":
        step.seats.add(f"member:{ident}")
        step.is_open = True
    elif box == "escalation":
        step.escalate_to = ident
    else:
        _add_author(step.routes, ident)


def _add_author(routes: dict[str, list[str]], ident: str) -> None:
    routes["authors"] = list(dict.fromkeys([*routes.get("authors", ()), ident]))


def _routes(data: QueryDict, prefix: str) -> dict[str, list[str]]:
    found = {kind: data.getlist(f"{prefix}-{kind}") for kind in ROUTES}
    return {kind: values for kind, values in found.items() if values}


def _input(index: int, step: StepDraft, rows: Mapping[str, Mapping[str, Any]]) -> StepInput:
    where = f"steps.{index}"
    seats: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    for seat in sorted(step.seats - {"moderator"}):
        kind, _colon, ident = seat.partition(":")
        row = rows.get(kind, {}).get(ident)
        if row is None:
            message = _("Somebody of this step is no longer here. Choose again.")
            raise Invalid(message, fields={f"{where}.approvers": [message]})
        seats[kind].append(row)
    return StepInput(
        name=step.name,
        members=seats["member"],
        roles=seats["role"],
        teams=seats["team"],
        guests=seats["guest"],
        is_moderator="moderator" in step.seats,
        rule=step.rule,
        needed=_number(step.needed, f"{where}.rule") if step.rule == Rule.N else 1,
        due_hours=_number(step.due_hours, f"{where}.due_hours") if step.due_hours else None,
        is_working_time=step.is_working_time,
        escalate_to=rows["member"].get(step.escalate_to),
        escalate_role=rows["role"].get(step.escalate_to.removeprefix("role:")),
        is_optional=step.is_optional,
        changing=step.changing,
        routes=step.routes,
    )


def _number(text: str, where: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6:
        return int(text)
    message = _("Give a whole number.")
    raise Invalid(message, fields={where: [message]})


def kind_word(kind: str) -> str:
    """Name a kind of route."""
    return {
        "networks": _("Networks"),
        "labels": _("Labels"),
        "campaigns": _("Campaigns"),
        "languages": _("Languages"),
        "ratings": _("Content ratings"),
        "authors": _("Authors"),
        "risks": _("Risks"),
    }[kind]
