"""Workflows: the named paths that submissions take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from approvals.models import Step, StepApprover, Workflow
from approvals.states import Rule
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Guest, Membership, Role, Workspace
from teams.permissions import require
from teams.states import MemberStatus, RoleKey

EDIT_WORKFLOWS = "approvals.workflow.edit"
ROUTES = ("networks", "labels", "campaigns", "languages", "ratings")
MOST_STEPS = 10
MOST_APPROVERS = 50


@dataclass(frozen=True, slots=True)
class StepInput:
    """A step as it is asked for."""

    name: str
    members: Sequence[Membership] = ()
    roles: Sequence[Role] = ()
    guests: Sequence[Guest] = ()
    rule: str = Rule.ANY
    needed: int = 1
    due_hours: int | None = None
    escalate_to: Membership | None = field(default=None)


@transaction.atomic
def create_workflow(
    *,
    name: str,
    steps: Sequence[StepInput],
    routes: Mapping[str, Sequence[str]] | None = None,
    is_default: bool = False,
    by: Actor,
) -> Workflow:
    """Create a workflow. Raises: NotAllowed, Invalid. Records: approvals.workflow.created."""
    require(by, EDIT_WORKFLOWS)
    workflow = Workflow(workspace_id=by.workspace_id, name=name.strip(), routes=_checked_routes(routes or {}))
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
        workflow.routes = _checked_routes(routes)
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
            escalate_to=asked.escalate_to,
        )
        step.save()
        for seat in _seats(asked):
            StepApprover(workspace_id=workflow.workspace_id, step=step, **seat).save()


def _seats(asked: StepInput) -> list[dict[str, UUID]]:
    kinds = (("member_id", asked.members), ("role_id", asked.roles), ("guest_id", asked.guests))
    return [{kind: pk} for kind, rows in kinds for pk in dict.fromkeys(row.pk for row in rows)]


def _check_step(asked: StepInput, position: int) -> None:
    where = f"steps.{position - 1}"
    seats = len(_seats(asked))
    if not 1 <= len(asked.name.strip()) <= 80:
        raise _invalid(f"{where}.name", _("Give a name of 1 to 80 characters."))
    if not 1 <= seats <= MOST_APPROVERS:
        raise _invalid(f"{where}.approvers", _("Name 1 to 50 members, roles or guests."))
    if any(member.status != MemberStatus.ACTIVE for member in asked.members):
        raise _invalid(f"{where}.approvers", _("An approver must be a member of the workspace."))
    if asked.rule not in Rule.values or not 1 <= asked.needed <= MOST_APPROVERS:
        raise _invalid(f"{where}.rule", _("The rule is “any”, “all” or a number from 1 to 50."))
    if asked.rule == Rule.N and not asked.roles and asked.needed > seats:
        raise _invalid(f"{where}.rule", _("More approvals are asked for than there are approvers."))
    if asked.due_hours is not None and not 1 <= asked.due_hours <= 24 * 60:
        raise _invalid(f"{where}.due_hours", _("From 1 to 1,440 hours."))


def _checked_routes(routes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, values in routes.items():
        fit = isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
        if kind not in ROUTES or not fit or len(values) > 100:
            raise _invalid(
                f"routes.{kind}", _("Routes are lists under: %(kinds)s.") % {"kinds": ", ".join(ROUTES)}
            )
        found[kind] = [str(value) for value in values]
    return found


def _invalid(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: [message]})
