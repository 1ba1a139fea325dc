"""Workflows, the requests that run through them, what was decided, and what that clears."""

from django.db import models
from django.db.models import Q

from approvals.looks import LastSeen, Reviewed
from approvals.states import (
    AmendmentKind,
    Changing,
    ClearanceSource,
    OverrideVerdict,
    Reopen,
    RequestState,
    Rule,
    RungKind,
    StepState,
    Verdict,
)
from core.clock import now
from core.refs import Ref
from teams.models import Guest, Membership, Role, Team
from teams.states import ActorKind
from teams.tenancy import WorkspaceOwned

__all__ = ["LastSeen", "Reviewed"]

_ONE_SEAT = (
    Q(member__isnull=False, role=None, team=None, guest=None)
    | Q(member=None, role__isnull=False, team=None, guest=None)
    | Q(member=None, role=None, team__isnull=False, guest=None)
    | Q(member=None, role=None, team=None, guest__isnull=False)
)
_MODERATOR = Q(is_moderator=True, member=None, role=None, team=None, guest=None)


class Workflow(WorkspaceOwned):
    """A named path of approval steps; `routes` says which submissions take it by themselves.

    `default_for` names the channels that take it where no route matches.
    """

    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)
    is_archived = models.BooleanField(default=False)
    routes = models.JSONField(default=dict, blank=True)
    default_for = models.JSONField(default=list, blank=True)
    reopen = models.CharField(max_length=12, choices=Reopen, default=Reopen.FIRST)
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
    """One step of a workflow; `routes` hold it to some submissions, an optional one gives way when its time is over.

    Its hours are working hours, or hours of the clock; who is asked besides when they are over is a member or a role.
    `changing` is what its approvers may change of what is in review.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    rule = models.CharField(max_length=4, choices=Rule, default=Rule.ANY)
    needed = models.PositiveSmallIntegerField(default=1)
    due_hours = models.PositiveSmallIntegerField(null=True)
    is_working_time = models.BooleanField(default=True)
    escalate_to = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    escalate_role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    is_optional = models.BooleanField(default=False)
    changing = models.CharField(
        max_length=8, choices=Changing, default=Changing.ROLE, db_default=Changing.ROLE
    )
    routes = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "workflow", "position"], name="approvals_step_position"
            ),
            models.CheckConstraint(condition=Q(needed__gte=1), name="approvals_step_needs_one"),
        ]


class StepApprover(WorkspaceOwned):
    """A member, a role, a team, a guest or whoever moderates the channel: who may decide in a step."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="approvers")
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    is_moderator = models.BooleanField(default=False)
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_ONE_SEAT & Q(is_moderator=False) | _MODERATOR, name="approvals_stepapprover_one"
            ),
            models.UniqueConstraint(
                fields=["workspace", "step", "member", "role", "team", "guest"],
                nulls_distinct=False,
                name="approvals_stepapprover_once",
            ),
        ]


class Request(WorkspaceOwned):
    """One revision of one subject put up for approval; pinned to its content hash.

    `amends` is the request in whose review an approver changed the subject, which put it up again like this.
    """

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
    amends = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
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
    """A step as it stood at submission; later edits of the workflow do not disturb it.

    `because` says which rules brought it, as `approvals.paths` writes them; `parts` for which channels. A step that
    was approved on an earlier revision, where its workflow lets that stand, is kept: `kept_from` is that step.
    """

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    rule = models.CharField(max_length=4, choices=Rule)
    needed = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=StepState, default=StepState.WAITING)
    due_hours = models.PositiveSmallIntegerField(null=True)
    is_working_time = models.BooleanField(default=True)
    escalate_to = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    escalate_role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    is_optional = models.BooleanField(default=False)
    changing = models.CharField(
        max_length=8, choices=Changing, default=Changing.ROLE, db_default=Changing.ROLE
    )
    because = models.JSONField(default=list)
    parts = models.JSONField(default=list)
    source_id = models.UUIDField(null=True)
    reopen = models.CharField(max_length=12, choices=Reopen, default=Reopen.FIRST)
    kept_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

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
    """A member, a role, a team or a guest who may decide in a step of a request, until the seat ends.

    A stand-in was asked because time ran short: he may decide, and nobody waits for him besides those who were named.
    """

    request_step = models.ForeignKey(RequestStep, on_delete=models.CASCADE, related_name="approvers")
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    is_stand_in = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE_SEAT, name="approvals_requestapprover_one"),
            models.UniqueConstraint(
                fields=["workspace", "request_step", "member", "role", "team", "guest"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="approvals_requestapprover_once",
            ),
        ]


class Rung(WorkspaceOwned):
    """What happens of itself while a step waits: at which instant whom to remind, ask besides, or warn."""

    request_step = models.ForeignKey(RequestStep, on_delete=models.CASCADE, related_name="rungs")
    kind = models.CharField(max_length=8, choices=RungKind)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "request_step", "kind"], name="approvals_rung_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(done_at=None), name="approvals_rung_due"),
        ]


class Amendment(WorkspaceOwned):
    """A change to a step of a running review: who made it and why; never changes itself."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="amendments")
    request_step = models.ForeignKey(RequestStep, on_delete=models.PROTECT, related_name="amendments")
    kind = models.CharField(max_length=8, choices=AmendmentKind)
    reason = models.TextField(blank=True)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    newcomer = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["workspace", "request", "at"], name="approvals_amendment_of")]


class Override(WorkspaceOwned):
    """A review that somebody with the right went past in an emergency: why, and what a lead said of it afterwards."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="override")
    reason = models.TextField()
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    verdict = models.CharField(max_length=8, choices=OverrideVerdict, blank=True)
    review_note = models.TextField(blank=True)
    reviewed_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_for = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_at=None, verdict="", reviewed_by=None)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(verdict=""),
                name="approvals_override_reviewed",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "at"], condition=Q(reviewed_at=None), name="approvals_override_open"
            )
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
