"""Workflows, the requests that run through them, what was decided, and what that clears."""

from django.db import models
from django.db.models import Q

from approvals.states import ClearanceSource, RequestState, Rule, StepState, Verdict
from core.clock import now
from core.refs import Ref
from teams.models import Guest, Membership, Role
from teams.states import ActorKind
from teams.tenancy import WorkspaceOwned

_ONE_APPROVER = (
    Q(member__isnull=False, role=None, guest=None)
    | Q(member=None, role__isnull=False, guest=None)
    | Q(member=None, role=None, guest__isnull=False)
)


class Workflow(WorkspaceOwned):
    """A named path of approval steps; `routes` says which submissions take it by themselves."""

    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)
    is_archived = models.BooleanField(default=False)
    routes = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(is_archived=False), name="approvals_workflow_name"
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(is_default=True, is_archived=False),
                name="approvals_workflow_default",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Step(WorkspaceOwned):
    """One step of a workflow."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    rule = models.CharField(max_length=4, choices=Rule, default=Rule.ANY)
    needed = models.PositiveSmallIntegerField(default=1)
    due_hours = models.PositiveSmallIntegerField(null=True)
    escalate_to = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "workflow", "position"], name="approvals_step_position"
            ),
            models.CheckConstraint(condition=Q(needed__gte=1), name="approvals_step_needs_one"),
        ]


class StepApprover(WorkspaceOwned):
    """A member, a role or a guest who may decide in a step."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="approvers")
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE_APPROVER, name="approvals_stepapprover_one"),
            models.UniqueConstraint(
                fields=["workspace", "step", "member", "role", "guest"],
                nulls_distinct=False,
                name="approvals_stepapprover_once",
            ),
        ]


class Request(WorkspaceOwned):
    """One revision of one subject put up for approval; pinned to its content hash."""

    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    revision_id = models.UUIDField()
    revision_number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=RequestState, default=RequestState.OPEN)
    author_ids = models.JSONField(default=list)
    workflow_ids = models.JSONField(default=list)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    submitted_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    submitted_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "subject_type", "subject_id"],
                condition=Q(state="open"),
                name="approvals_request_one_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "subject_type", "subject_id", "-id"], name="approvals_request_subject"
            ),
            models.Index(fields=["workspace", "state", "submitted_at"], name="approvals_request_queue"),
        ]

    @property
    def ref(self) -> Ref:
        """Return the subject that is judged."""
        return Ref(self.subject_type, self.subject_id)

    @property
    def is_open(self) -> bool:
        """Tell whether a decision is awaited."""
        return self.state == RequestState.OPEN


class RequestStep(WorkspaceOwned):
    """A step as it stood at submission; later edits of the workflow do not disturb it."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    rule = models.CharField(max_length=4, choices=Rule)
    needed = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=StepState, default=StepState.WAITING)
    due_hours = models.PositiveSmallIntegerField(null=True)
    escalate_to = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "request", "position"], name="approvals_requeststep_position"
            ),
            models.UniqueConstraint(
                fields=["workspace", "request"], condition=Q(state="open"), name="approvals_requeststep_open"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state="open", escalated_at=None),
                name="approvals_requeststep_due",
            )
        ]


class RequestApprover(WorkspaceOwned):
    """A member, a role or a guest who may decide in a step of a request."""

    request_step = models.ForeignKey(RequestStep, on_delete=models.CASCADE, related_name="approvers")
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE_APPROVER, name="approvals_requestapprover_one"),
            models.UniqueConstraint(
                fields=["workspace", "request_step", "member", "role", "guest"],
                nulls_distinct=False,
                name="approvals_requestapprover_once",
            ),
        ]


class Decision(WorkspaceOwned):
    """What somebody said to a revision, for himself or for somebody he covered; only undoing is added later."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="decisions")
    request_step = models.ForeignKey(RequestStep, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=16, choices=Verdict)
    note = models.TextField(blank=True)
    revision_id = models.UUIDField()
    content_hash = models.CharField(max_length=64)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "request_step", "member"],
                condition=Q(undone_at=None, member__isnull=False),
                name="approvals_decision_once",
            ),
            models.UniqueConstraint(
                fields=["workspace", "request_step", "guest"],
                condition=Q(undone_at=None, guest__isnull=False),
                name="approvals_decision_guest_once",
            ),
        ]

    @property
    def seat_id(self) -> object:
        """Return whose seat was used: the covered member's, or the decider's own."""
        return self.on_behalf_of_id or self.member_id or self.guest_id


class Clearance(WorkspaceOwned):
    """Leave to publish exactly this revision; the database refuses one that nothing stands behind."""

    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    revision_id = models.UUIDField()
    content_hash = models.CharField(max_length=64)
    source = models.CharField(max_length=8, choices=ClearanceSource)
    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="clearances")
    created_at = models.DateTimeField(default=now)
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "subject_type", "subject_id"],
                condition=Q(revoked_at=None),
                name="approvals_clearance_one_live",
            ),
            models.CheckConstraint(
                condition=Q(source="approval", request__isnull=False) | Q(source="policy", request=None),
                name="approvals_clearance_source",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "subject_type", "subject_id", "-id"], name="approvals_clearance_subject"
            )
        ]


class LastSeen(WorkspaceOwned):
    """Which revision of a subject a member looked at last, so that the next look shows what changed."""

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    revision_id = models.UUIDField()
    revision_number = models.PositiveIntegerField()
    before_id = models.UUIDField(null=True)
    before_number = models.PositiveIntegerField(null=True)
    before_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member", "subject_type", "subject_id"], name="approvals_lastseen_once"
            )
        ]
