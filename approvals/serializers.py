"""How workflows and decisions look to programs."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from approvals.models import Amendment, Decision, Request, Step, Workflow
from approvals.paths import ROUTES, PathStep, reason_words
from approvals.registry import Past
from approvals.reviewed import PartView
from approvals.selectors import Uncleared
from approvals.services.bulk import MOST
from approvals.services.workflows import StepInput
from approvals.states import Changing, Reopen, Rule, Verdict
from core.errors import CollabError, Invalid
from core.refs import Ref
from teams.models import Guest, Membership, Role, Team


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


class ChoiceWrite(serializers.Serializer):
    """One request as it was looked at."""

    request = serializers.UUIDField()
    revision = serializers.UUIDField()
    step = serializers.UUIDField()

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with `for`, which is no name in Python."""
        return {**super().get_fields(), "for": serializers.UUIDField(required=False, allow_null=True)}


class DecisionsWrite(serializers.Serializer):
    """What is said to several."""

    verdict = serializers.ChoiceField(Verdict.choices)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=4000)
    items = serializers.ListField(child=ChoiceWrite(), min_length=1, max_length=MOST)


class AmendmentWrite(serializers.Serializer):
    """A change of a running review."""

    kind = serializers.ChoiceField(["add", "reassign", "delegate", "skip"])
    reason = serializers.CharField(max_length=500)
    step = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of the request; without, the one that waits.",
    )
    seat = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="To reassign: the member, role, team or guest.",
    )
    member = serializers.UUIDField(required=False, allow_null=True, default=None)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with `for`, which is no name in Python."""
        return {
            **super().get_fields(),
            "for": serializers.CharField(required=False, allow_null=True, max_length=254),
        }


class PartWrite(serializers.Serializer):
    """A part to tick off: the revision by number or id, as for a decision."""

    part = serializers.CharField(max_length=64)
    revision = serializers.CharField(max_length=40)
    reviewed = serializers.BooleanField(required=False, default=True)


class SettlementWrite(serializers.Serializer):
    """What becomes of posts that were cleared before approval was switched on."""

    action = serializers.ChoiceField(["submit", "keep"])
    posts = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=200)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=4000)


class ApproversWrite(serializers.Serializer):
    """Who may decide in a step."""

    members = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    roles = serializers.ListField(child=serializers.CharField(max_length=40), required=False, default=list)
    teams = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    guests = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    moderator = serializers.BooleanField(
        required=False, default=False, help_text="Whoever moderates the channels that brought the step."
    )


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
    working_time = serializers.BooleanField(
        required=False, default=True, help_text="Whether its hours are working hours, where any are set."
    )
    escalate_to = serializers.UUIDField(required=False, allow_null=True, default=None)
    escalate_role = serializers.CharField(
        required=False, allow_null=True, default=None, max_length=64, help_text="A role by key or id."
    )
    optional = serializers.BooleanField(
        required=False, default=False, help_text="The review goes on without it when its time is over."
    )
    changing = serializers.ChoiceField(
        Changing.choices,
        required=False,
        default=Changing.ROLE,
        help_text="What its approvers may change of what is in review.",
    )
    routes = serializers.DictField(required=False, default=dict, help_text="Only for submissions like these.")


class WorkflowWrite(serializers.Serializer):
    """A workflow to create or change."""

    name = serializers.CharField(max_length=80)
    steps = StepWrite(many=True)
    routes = serializers.DictField(
        required=False, help_text="Lists of values under: " + ", ".join(ROUTES) + "."
    )
    default_for = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=100, help_text="Channels."
    )
    reopen = serializers.ChoiceField(
        Reopen.choices,
        required=False,
        help_text="From where it is asked again when something comes back changed.",
    )
    is_default = serializers.BooleanField(required=False)


def step_inputs(steps: list[dict[str, Any]]) -> list[StepInput]:
    """Return the steps with their people loaded. Raises: Invalid for somebody who is not here."""
    found = []
    for index, step in enumerate(steps):
        where = f"steps.{index}.approvers"
        approvers, (rule, needed) = step["approvers"], step["rule"]
        further = [step["escalate_to"]] if step.get("escalate_to") else []
        escalate_to = _loaded(Membership, further, f"steps.{index}.escalate_to")
        role_names = [step["escalate_role"]] if step.get("escalate_role") else []
        escalate_role = _roles(role_names, f"steps.{index}.escalate_role") if role_names else []
        found.append(
            StepInput(
                name=step["name"],
                members=_loaded(Membership, approvers.get("members", []), f"{where}.members"),
                roles=_roles(approvers.get("roles", []), f"{where}.roles"),
                teams=_loaded(Team, approvers.get("teams", []), f"{where}.teams"),
                guests=_loaded(Guest, approvers.get("guests", []), f"{where}.guests"),
                is_moderator=approvers.get("moderator", False),
                rule=rule,
                needed=needed,
                due_hours=step.get("due_hours"),
                is_working_time=step.get("working_time", True),
                escalate_to=escalate_to[0] if escalate_to else None,
                escalate_role=escalate_role[0] if escalate_role else None,
                is_optional=step.get("optional", False),
                changing=step.get("changing", Changing.ROLE),
                routes=step.get("routes", {}),
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
        "default_for": workflow.default_for,
        "reopen": workflow.reopen,
        "steps": [_step_json(step) for step in workflow.steps.all()],
    }


def path_json(part: PathStep) -> dict[str, Any]:
    """Return a step that a submission would take, with the rules that bring it."""
    because = [why.as_json() for why in part.because]
    return {
        **_step_json(part.step),
        "name": part.name,
        "moderator": str(part.moderator.pk) if part.moderator else None,
        "channels": [target.id for target in part.targets],
        "because": because,
        "why": reason_words(because),
    }


def past_json(past: Past) -> dict[str, Any]:
    """Return something of late that would have taken a workflow."""
    return {"title": past.title, "at": past.at}


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


def amendment_json(row: Amendment) -> dict[str, Any]:
    """Return a change of a running review as the API gives it."""
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "step": row.request_step.name,
        "reason": row.reason,
        "by": str(row.member_id) if row.member_id else None,
        "for": str(row.on_behalf_of_id) if row.on_behalf_of_id else None,
        "newcomer": str(row.newcomer_id) if row.newcomer_id else None,
        "at": row.at,
    }


def part_json(part: PartView) -> dict[str, Any]:
    """Return a part with the reader's mark as the API gives it."""
    return {"part": part.key, "name": part.label, "reviewed": part.is_reviewed, "changed": part.is_changed}


def uncleared_json(row: Uncleared) -> dict[str, Any]:
    """Return something that lost its clearance as the API gives it."""
    return {
        "post": str(row.subject.id),
        "title": row.description.title,
        "scheduled_at": row.description.goes_out_at,
    }


def settled_json(subject: Ref, error: CollabError | None) -> dict[str, Any]:
    """Return what became of one of them."""
    return {"post": str(subject.id), "settled": error is None, "why": error.message if error else ""}


def _step_json(step: Step) -> dict[str, Any]:
    rows = list(step.approvers.all())
    return {
        "name": step.name,
        "approvers": {
            "members": [str(row.member_id) for row in rows if row.member_id],
            "roles": [row.role.key for row in rows if row.role],
            "teams": [str(row.team_id) for row in rows if row.team_id],
            "guests": [str(row.guest_id) for row in rows if row.guest_id],
            "moderator": any(row.is_moderator for row in rows),
        },
        "rule": step.needed if step.rule == Rule.N else step.rule,
        "due_hours": step.due_hours,
        "working_time": step.is_working_time,
        "escalate_to": str(step.escalate_to_id) if step.escalate_to_id else None,
        "escalate_role": step.escalate_role.key if step.escalate_role else None,
        "optional": step.is_optional,
        "changing": step.changing,
        "routes": step.routes,
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
