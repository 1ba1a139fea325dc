"""Requests, decisions, workflows, comments and notices."""

from typing import Any

from activity.models import Entry
from approvals.models import Request
from approvals.services.decisions import decide
from approvals.services.workflows import StepInput, create_workflow
from calendar_app.services.reviews import submit_post
from comments.services import add_comment
from core.refs import Ref
from notifications.models import Notice
from teams.permissions import actor_of
from teams.states import RoleKey
from tests.rules.subjects import NARROWER, body, made, subject
from tests.rules.things.calendar import make_post
from tests.rules.world import Side

NARROWER |= {"notifications:notice", "approvals:undo"}


@subject("approvals:*.pk")
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


@subject("approvals_api:workflow.pk", "workflow")
def workflow(side: Side) -> Any:
    """A workflow of one step."""
    step = StepInput(name=side.text("step"), members=[side.members[RoleKey.LEAD]])
    return create_workflow(name=side.text("workflow"), steps=[step], by=side.by).pk


@subject("approvals_api:post_decisions.pk", "comments_api:post_comments.pk")
def post_pk(side: Side) -> Any:
    """The submitted post."""
    return made(side, "submitted_post")


@subject("comments:*.pk", "comments_api:comment.pk")
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


@body("comments_api:post_comments:POST")
def new_comment(side: Side) -> dict[str, Any]:
    return {"body": "words"}


@body("approvals_api:workflows:POST")
def new_workflow(side: Side) -> dict[str, Any]:
    approvers = {"members": [str(side.members[RoleKey.LEAD].pk)]}
    return {"name": "words", "steps": [{"name": "words", "approvers": approvers, "rule": "any"}]}
