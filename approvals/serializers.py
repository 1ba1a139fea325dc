"""How workflows and decisions look to programs."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from approvals.models import Decision, Request, Step, Workflow
from approvals.services.workflows import StepInput
from approvals.states import Rule
from core.errors import Invalid
from teams.models import Guest, Membership, Role


class DecisionWrite(serializers.Serializer):
    """A decision: the revision by number or id, and what is said to it."""

    revision = serializers.CharField(max_length=40)
    verdict = serializers.CharField(max_length=16)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=4000)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with `for`, which is no name in Python."""
        return {
            **super().get_fields(),
            "for": serializers.CharField(required=False, allow_null=True, max_length=254),
        }


class ApproversWrite(serializers.Serializer):
    """Who may decide in a step."""

    members = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    roles = serializers.ListField(child=serializers.CharField(max_length=40), required=False, default=list)
    guests = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)


@extend_schema_field({"oneOf": [{"enum": ["any", "all"]}, {"type": "integer", "minimum": 1, "maximum": 50}]})
class RuleField(serializers.Field):
    """“any”, “all” or a number."""

    def to_internal_value(self, data: Any) -> tuple[str, int]:
        """Return the rule and how many approvals it needs."""
        if data in (Rule.ANY, Rule.ALL):
            return str(data), 1
        if isinstance(data, int) and not isinstance(data, bool) and 1 <= data <= 50:
            return str(Rule.N), data
        raise serializers.ValidationError(_("The rule is “any”, “all” or a number from 1 to 50."))

    def to_representation(self, value: Any) -> Any:
        """Return the rule as it is written."""
        return value


class StepWrite(serializers.Serializer):
    """A step of a workflow."""

    name = serializers.CharField(max_length=80)
    approvers = ApproversWrite()
    rule = RuleField(required=False, default=(str(Rule.ANY), 1))
    due_hours = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=24 * 60
    )
    escalate_to = serializers.UUIDField(required=False, allow_null=True, default=None)


class WorkflowWrite(serializers.Serializer):
    """A workflow to create or change."""

    name = serializers.CharField(max_length=80)
    steps = StepWrite(many=True)
    routes = serializers.DictField(required=False)
    is_default = serializers.BooleanField(required=False)


def step_inputs(steps: list[dict[str, Any]]) -> list[StepInput]:
    """Return the steps with their people loaded. Raises: Invalid for somebody who is not here."""
    found = []
    for index, step in enumerate(steps):
        where = f"steps.{index}.approvers"
        approvers, (rule, needed) = step["approvers"], step["rule"]
        further = [step["escalate_to"]] if step.get("escalate_to") else []
        escalate_to = _loaded(Membership, further, f"steps.{index}.escalate_to")
        found.append(
            StepInput(
                name=step["name"],
                members=_loaded(Membership, approvers.get("members", []), f"{where}.members"),
                roles=_roles(approvers.get("roles", []), f"{where}.roles"),
                guests=_loaded(Guest, approvers.get("guests", []), f"{where}.guests"),
                rule=rule,
                needed=needed,
                due_hours=step.get("due_hours"),
                escalate_to=escalate_to[0] if escalate_to else None,
            )
        )
    return found


def workflow_json(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as the API gives it."""
    return {
        "id": str(workflow.pk),
        "name": workflow.name,
        "is_default": workflow.is_default,
        "version": workflow.version,
        "routes": workflow.routes,
        "steps": [_step_json(step) for step in workflow.steps.all()],
    }


def decision_json(decision: Decision, request: Request) -> dict[str, Any]:
    """Return a decision as the API gives it: who decided, and for whom."""
    person = decision.member or decision.guest
    covered = decision.on_behalf_of
    return {
        "id": str(decision.pk),
        "verdict": decision.verdict,
        "note": decision.note,
        "revision": request.revision_number,
        "content_hash": decision.content_hash,
        "step": decision.request_step.name,
        "request_state": request.state,
        "by": str(person.pk) if person else None,
        "by_name": str(person) if person else None,
        "for": str(covered.pk) if covered else None,
        "for_name": str(covered) if covered else None,
        "at": decision.at,
    }


def _step_json(step: Step) -> dict[str, Any]:
    rows = list(step.approvers.all())
    return {
        "name": step.name,
        "approvers": {
            "members": [str(row.member_id) for row in rows if row.member_id],
            "roles": [row.role.key for row in rows if row.role],
            "guests": [str(row.guest_id) for row in rows if row.guest_id],
        },
        "rule": step.needed if step.rule == Rule.N else step.rule,
        "due_hours": step.due_hours,
        "escalate_to": str(step.escalate_to_id) if step.escalate_to_id else None,
    }


def _loaded(model: Any, idents: list[UUID], where: str) -> list[Any]:
    rows = {row.pk: row for row in model.objects.filter(pk__in=idents)}
    if missing := [str(ident) for ident in idents if ident not in rows]:
        raise _unknown(where, missing)
    return [rows[ident] for ident in idents]


def _roles(names: list[str], where: str) -> list[Role]:
    """Return roles by key or id."""
    known = {key: role for role in Role.objects.all() for key in (role.key, str(role.pk))}
    if missing := [name for name in names if name not in known]:
        raise _unknown(where, missing)
    return [known[name] for name in names]


def _unknown(where: str, missing: list[str]) -> Invalid:
    message = _("Not in this workspace: %(which)s.") % {"which": ", ".join(missing[:5])}
    return Invalid(message, fields={where: [message]})
