"""Workflows: the named paths that submissions take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from approvals.models import Step, StepApprover, Workflow
from approvals.paths import ROUTES
from approvals.registry import route_options
from approvals.states import Changing, Reopen, Rule
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Guest, Membership, Role, Team, Workspace
from teams.permissions import require
from teams.states import MemberStatus, RoleKey

EDIT_WORKFLOWS = "approvals.workflow.edit"
MOST_STEPS = 10
MOST_APPROVERS = 50
MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class StepInput:
    """A step as it is asked for."""

    name: str
    members: Sequence[Membership] = ()
    roles: Sequence[Role] = ()
    teams: Sequence[Team] = ()
    guests: Sequence[Guest] = ()
    is_moderator: bool = False
    rule: str = Rule.ANY
    needed: int = 1
    due_hours: int | None = None
    is_working_time: bool = True
    escalate_to: Membership | None = None
    escalate_role: Role | None = None
    is_optional: bool = False
    changing: str = Changing.ROLE
    routes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@transaction.atomic
def create_workflow(
    *,
    name: str,
    steps: Sequence[StepInput],
    routes: Mapping[str, Sequence[str]] | None = None,
    default_for: Sequence[str] = (),
    reopen: str = Reopen.FIRST,
    is_default: bool = False,
    by: Actor,
) -> Workflow:
    """Create a workflow; a channel that it is the default for leaves the workflow that it had before.

    Raises: NotAllowed, Invalid. Records: approvals.workflow.created.
    """
    require(by, EDIT_WORKFLOWS)
    workflow = Workflow(workspace_id=by.workspace_id, name=name.strip(), routes=checked_routes(routes or {}))
    workflow.reopen = _checked_reopen(reopen)
    _take_channels(workflow, default_for, by)
    _save(workflow, is_default=is_default)
    _write_steps(workflow, steps)
    record("approvals.workflow.created", by=by, subject=Ref("approvals.workflow", workflow.pk))
    return workflow


@transaction.atomic
def edit_workflow(
    *,
    workflow: Workflow,
    name: str | None = None,
    steps: Sequence[StepInput] | None = None,
    routes: Mapping[str, Sequence[str]] | None = None,
    default_for: Sequence[str] | None = None,
    reopen: str | None = None,
    is_default: bool | None = None,
    by: Actor,
) -> Workflow:
    """Change a workflow; requests under way keep the steps they were submitted with.

    Raises: NotAllowed; Invalid; WrongState when the default would be lost. Records: approvals.workflow.edited.
    """
    require(by, EDIT_WORKFLOWS, workflow)
    if is_default is False and workflow.is_default:
        raise WrongState(_("One workflow is the default. Make another one the default instead."))
    if name is not None:
        workflow.name = name.strip()
    if routes is not None:
        workflow.routes = checked_routes(routes)
    if default_for is not None:
        _take_channels(workflow, default_for, by)
    if reopen is not None:
        workflow.reopen = _checked_reopen(reopen)
    workflow.version += 1
    _save(workflow, is_default=is_default or workflow.is_default)
    if steps is not None:
        workflow.steps.all().delete()
        _write_steps(workflow, steps)
    record(
        "approvals.workflow.edited",
        by=by,
        subject=Ref("approvals.workflow", workflow.pk),
        version=workflow.version,
    )
    return workflow


@transaction.atomic
def archive_workflow(*, workflow: Workflow, by: Actor) -> Workflow:
    """Put a workflow out of use; requests under way go on. Records: approvals.workflow.archived.

    Raises: NotAllowed; WrongState for the default one.
    """
    require(by, EDIT_WORKFLOWS, workflow)
    if workflow.is_default:
        raise WrongState(_("The default workflow stays. Make another one the default first."))
    workflow.is_archived = True
    workflow.save(update_fields=["is_archived"])
    record("approvals.workflow.archived", by=by, subject=Ref("approvals.workflow", workflow.pk))
    return workflow


def furnish_workflow(workspace: Workspace, by: Actor) -> None:
    """Give a new workspace its default: one step, any team lead, admin or owner but the author."""
    with translation.override(workspace.language):
        name = _("Approval")
    workflow = Workflow(workspace_id=workspace.pk, name=name, is_default=True)
    workflow.save()
    step = Step(workspace_id=workspace.pk, workflow=workflow, position=1, name=name)
    step.save()
    for role in Role.objects.filter(key__in=[RoleKey.LEAD, RoleKey.ADMIN, RoleKey.OWNER]).order_by("pk"):
        StepApprover(workspace_id=workspace.pk, step=step, role=role).save()


def _save(workflow: Workflow, *, is_default: bool) -> None:
    if not 1 <= len(workflow.name) <= 80:
        raise _invalid("name", _("Give a name of 1 to 80 characters."))
    if is_default:
        Workflow.objects.filter(is_default=True).exclude(pk=workflow.pk).update(is_default=False)
    workflow.is_default = is_default
    try:
        with transaction.atomic():
            workflow.save()
    except IntegrityError:
        raise _invalid("name", _("Another workflow has this name.")) from None


def _write_steps(workflow: Workflow, steps: Sequence[StepInput]) -> None:
    if not 1 <= len(steps) <= MOST_STEPS:
        raise _invalid("steps", _("A workflow has 1 to 10 steps."))
    if all(asked.is_optional for asked in steps):
        raise _invalid("steps", _("At least one step must not be optional."))
    for position, asked in enumerate(steps, start=1):
        _check_step(asked, position)
        step = Step(
            workspace_id=workflow.workspace_id,
            workflow=workflow,
            position=position,
            name=asked.name.strip(),
            rule=asked.rule,
            needed=asked.needed,
            due_hours=asked.due_hours,
            is_working_time=asked.is_working_time,
            escalate_to=asked.escalate_to,
            escalate_role=asked.escalate_role,
            is_optional=asked.is_optional,
            changing=asked.changing,
            routes=checked_routes(asked.routes, f"steps.{position - 1}.routes"),
        )
        step.save()
        for seat in _seats(asked):
            StepApprover(workspace_id=workflow.workspace_id, step=step, **seat).save()


def _seats(asked: StepInput) -> list[dict[str, UUID | bool]]:
    kinds = (
        ("member_id", asked.members),
        ("role_id", asked.roles),
        ("team_id", asked.teams),
        ("guest_id", asked.guests),
    )
    seats: list[dict[str, UUID | bool]] = [
        {kind: pk} for kind, rows in kinds for pk in dict.fromkeys(row.pk for row in rows)
    ]
    return seats + ([{"is_moderator": True}] if asked.is_moderator else [])


def _check_step(asked: StepInput, position: int) -> None:
    where = f"steps.{position - 1}"
    seats = len(_seats(asked))
    if not 1 <= len(asked.name.strip()) <= 80:
        raise _invalid(f"{where}.name", _("Give a name of 1 to 80 characters."))
    if not 1 <= seats <= MOST_APPROVERS:
        message = _("Name 1 to 50 members, roles, teams or guests, or the channel’s moderator.")
        raise _invalid(f"{where}.approvers", message)
    if any(member.status != MemberStatus.ACTIVE for member in asked.members):
        raise _invalid(f"{where}.approvers", _("An approver must be a member of the workspace."))
    if asked.rule not in Rule.values or not 1 <= asked.needed <= MOST_APPROVERS:
        raise _invalid(f"{where}.rule", _("The rule is “any”, “all” or a number from 1 to 50."))
    counted = not (asked.roles or asked.teams or asked.is_moderator)
    if asked.rule == Rule.N and counted and asked.needed > seats:
        raise _invalid(f"{where}.rule", _("More approvals are asked for than there are approvers."))
    if asked.changing not in Changing.values:
        raise _invalid(f"{where}.changing", _("Choose one of the list."))
    if asked.due_hours is not None and not 1 <= asked.due_hours <= 24 * 60:
        raise _invalid(f"{where}.due_hours", _("From 1 to 1,440 hours."))
    if asked.is_optional and asked.due_hours is None:
        message = _("An optional step needs a time after which the review goes on without it.")
        raise _invalid(f"{where}.due_hours", message)


def checked_routes(routes: Mapping[str, Sequence[str]], where: str = "routes") -> dict[str, list[str]]:
    """Return routes as they are kept, empty kinds left out. Raises: Invalid."""
    found: dict[str, list[str]] = {}
    for kind, values in routes.items():
        fit = isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
        if kind not in ROUTES or not fit or len(values) > MOST_VALUES:
            message = _("Routes are lists under: %(kinds)s.") % {"kinds": ", ".join(ROUTES)}
            raise _invalid(f"{where}.{kind}", message)
        if values:
            found[kind] = [str(value) for value in values]
    return found


def _checked_reopen(reopen: str) -> str:
    if reopen not in Reopen.values:
        raise _invalid("reopen", _("Choose one of the list."))
    return reopen


def _take_channels(workflow: Workflow, idents: Sequence[str], by: Actor) -> None:
    """Make a workflow the default of channels; each leaves the workflow that it had before."""
    ask = route_options.find("channels")
    known = {option.value for option in ask(by)} if ask else set()
    known |= set(workflow.default_for)
    wanted = list(dict.fromkeys(str(ident) for ident in idents))
    if len(wanted) > MOST_VALUES or any(ident not in known for ident in wanted):
        raise _invalid("default_for", _("There is no such channel."))
    for other in Workflow.objects.filter(is_archived=False).exclude(pk=workflow.pk).select_for_update():
        kept = [ident for ident in other.default_for if ident not in wanted]
        if kept != other.default_for:
            Workflow.objects.filter(pk=other.pk).update(default_for=kept)
    workflow.default_for = wanted


def _invalid(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: [message]})
