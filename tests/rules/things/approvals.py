"""Requests, decisions, workflows, comments and notices."""

from typing import Any

from activity.models import Entry
from approvals.mail_links import link_of
from approvals.models import Request
from approvals.services.decisions import decide
from approvals.services.overrides import override_request
from approvals.services.workflows import StepInput, create_workflow
from calendar_app.models import RevisionVariant
from calendar_app.services.reviews import submit_post
from comments.services import add_comment
from core.refs import Ref
from notifications.models import Notice
from teams.permissions import actor_of
from teams.states import RoleKey
from teams.tenancy import workspace_scope
from tests.rules.subjects import NARROWER, body, made, subject
from tests.rules.things.calendar import make_post
from tests.rules.world import Side

NARROWER |= {
    "notifications:notice",
    "approvals:undo",
    "approvals:override_review",
    "approvals_api:override_review",
}


@subject("approvals:*.pk", "approvals_api:request_override.pk")
def request(side: Side) -> Any:
    """The request of the submitted post."""
    return Request.objects.get(subject_id=made(side, "submitted_post")).pk


@subject("approvals:undo.pk")
def decision(side: Side) -> Any:
    """A decision on another post, which the owner may take back."""
    author = actor_of(side.members[RoleKey.MANAGER])
    found = make_post(side, "decided post", author)
    submit_post(post=found, by=author)
    asked = Request.objects.get(subject_id=found.pk)
    return decide(
        request=asked, verdict="request_changes", revision_id=asked.revision_id, note="x", by=side.by
    ).pk


@subject("approvals:certificate.pk", "approvals_api:certificate.pk")
def approved(side: Side) -> Any:
    """The approved request of another post."""
    author = actor_of(side.members[RoleKey.MANAGER])
    found = make_post(side, "approved post", author)
    submit_post(post=found, by=author)
    asked = Request.objects.get(subject_id=found.pk)
    decide(request=asked, verdict="approve", revision_id=asked.revision_id, note="", by=side.by)
    return asked.pk


@subject("approvals:override_review.pk", "approvals_api:override_review.pk")
def override(side: Side) -> Any:
    """A review of the manager's that the owner went past."""
    author = actor_of(side.members[RoleKey.MANAGER])
    found = make_post(side, "urgent post", author)
    submit_post(post=found, by=author)
    asked = Request.objects.get(subject_id=found.pk)
    return override_request(
        request=asked, revision_id=asked.revision_id, reason=side.text("reason"), by=side.by
    ).pk


@subject("approvals:mail_link.token")
def mail_token(side: Side) -> Any:
    """The token of a mail that asks the lead to decide on the submitted post."""
    asked = Request.objects.get(subject_id=made(side, "submitted_post"))
    entry = Entry.objects.filter(subject_id=asked.subject_id).order_by("-id").first()
    row = Notice(workspace=side.workspace, member=side.members[RoleKey.LEAD], type="approvals.submitted")
    row.subject_type, row.subject_id, row.entry_id = asked.subject_type, asked.subject_id, entry.pk
    row.facts = {"request": str(asked.pk)}
    return link_of(row).rstrip("/").rpartition("/")[2]


@subject("approvals_api:workflow.pk", "approvals_api:workflow_past.pk", "workflow")
def workflow(side: Side) -> Any:
    """A workflow of one step."""
    step = StepInput(name=side.text("step"), members=[side.members[RoleKey.LEAD]])
    return create_workflow(name=side.text("workflow"), steps=[step], by=side.by).pk


@subject("approvals:workflow.pk", "approvals:workflow_archival.pk")
def workflow_of_pages(side: Side) -> Any:
    """The same workflow, for the pages."""
    return made(side, "workflow")


@body("approvals:new_workflow:POST", "approvals:workflow:POST")
def workflow_form(side: Side) -> dict[str, Any]:
    seat = f"member:{side.members[RoleKey.LEAD].pk}"
    return {"name": "words", "step": "1", "name-1": "words", "seat-1": seat, "action": "save"}


@subject(
    "approvals_api:post_decisions.pk",
    "approvals_api:post_amendments.pk",
    "approvals_api:post_parts.pk",
    "comments_api:post_comments.pk",
)
def post_pk(side: Side) -> Any:
    """The submitted post."""
    return made(side, "submitted_post")


@subject("comments:*.pk", "comments_api:comment.pk", "comments_api:comment_attachments.pk")
def comment(side: Side) -> Any:
    """A comment on the submitted post."""
    ref = Ref("calendar_app.post", made(side, "submitted_post"))
    return add_comment(subject=ref, body=side.text("comment"), by=side.by).pk


@subject("notifications:*.pk")
def notice(side: Side) -> Any:
    """A notice of the owner."""
    entry = Entry.objects.order_by("-id").first()
    row = Notice(
        workspace=side.workspace,
        member=side.owner,
        type="comments.mention",
        subject_type="calendar_app.post",
        subject_id=made(side, "submitted_post"),
        entry_id=entry.pk,
        facts={},
    )
    row.save()
    return row.pk


@body("comments:threads:POST")
def new_thread(side: Side) -> dict[str, Any]:
    return {"subject": f"calendar_app.post:{made(side, 'submitted_post')}", "body": "words"}


@body("comments:threads:GET")
def thread_of(side: Side) -> dict[str, Any]:
    return {"subject": f"calendar_app.post:{made(side, 'submitted_post')}"}


@body("comments:acceptance:POST")
def taken_over(side: Side) -> dict[str, Any]:
    return {"expected": "1"}


@body("comments_api:post_comments:POST")
def new_comment(side: Side) -> dict[str, Any]:
    return {"body": "words"}


@body("approvals:parts:POST", "approvals_api:post_parts:POST")
def ticked(side: Side) -> dict[str, Any]:
    with workspace_scope(side.workspace.pk):
        asked = Request.objects.get(subject_id=made(side, "submitted_post"))
        part = RevisionVariant.objects.filter(revision=asked.revision_id).first()
        return {"part": str(part.channel_id), "revision": str(asked.revision_id)}


@body("approvals_api:workflows:POST")
def new_workflow(side: Side) -> dict[str, Any]:
    approvers = {"members": [str(side.members[RoleKey.LEAD].pk)]}
    return {"name": "words", "steps": [{"name": "words", "approvers": approvers, "rule": "any"}]}


@body("approvals_api:several_decisions:POST")
def on_several(side: Side) -> dict[str, Any]:
    with workspace_scope(side.workspace.pk):
        asked = Request.objects.get(subject_id=made(side, "submitted_post"))
        step = asked.steps.order_by("position").first()
    item = {"request": str(asked.pk), "revision": str(asked.revision_id), "step": str(step.pk)}
    return {"verdict": "request_changes", "note": "words", "items": [item]}


@body("approvals_api:request_override:POST")
def override_body(side: Side) -> dict[str, Any]:
    with workspace_scope(side.workspace.pk):
        asked = Request.objects.get(pk=made(side, "approvals:*.pk"))
    return {"revision": str(asked.revision_id), "reason": side.text("reason")}


@body("approvals_api:override_review:POST")
def override_review_body(side: Side) -> dict[str, Any]:
    return {"verdict": "right", "note": side.text("note")}
