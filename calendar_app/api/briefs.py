"""Briefs of campaigns over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from approvals.selectors import get_workflow
from calendar_app import answers, serializers
from calendar_app.brief_reviews import get_brief, revisions_of_brief
from calendar_app.briefs import Brief
from calendar_app.permissions import EDIT_BRIEF, SEE_BRIEF, SUBMIT_BRIEF
from calendar_app.selectors import get_campaign
from calendar_app.services.briefs import save_brief, submit_brief, withdraw_brief
from teams.rest import endpoint, if_match, listing, read


@endpoint(
    {"GET": SEE_BRIEF, "PATCH": EDIT_BRIEF},
    body=serializers.BriefBody,
    answers=answers.BriefOutput,
    if_match=True,
)
def brief(request: Request, campaign: UUID) -> Response:
    """The brief of a campaign; PATCH with If-Match cuts a revision, `"0"` begins it."""
    actor = request._request.actor
    if request.method == "GET":
        return _one(get_brief(actor, campaign))
    number = if_match(request)
    found = get_campaign(campaign)
    text = read(serializers.BriefBody, request)["text"]
    return _one(save_brief(campaign=found, text=text, expected_number=number, by=actor))


@endpoint({"GET": SEE_BRIEF}, answers=answers.BriefRevisionOutput, lists="pages")
def brief_revisions(request: Request, campaign: UUID) -> Response:
    """What the brief said, latest first."""
    found = get_brief(request._request.actor, campaign)
    return listing(request, revisions_of_brief(found), serializers.brief_revision, by=["-number", "-id"])


@endpoint(
    {"POST": SUBMIT_BRIEF, "DELETE": SUBMIT_BRIEF},
    body=serializers.SubmissionBody,
    answers=answers.BriefOutput,
)
def brief_submission(request: Request, campaign: UUID) -> Response:
    """POST submits the brief that stands for approval; DELETE takes it back."""
    actor = request._request.actor
    if request.method == "DELETE":
        withdraw_brief(brief=get_brief(actor, campaign), by=actor)
        return Response(status=204)
    found = get_brief(actor, campaign, SUBMIT_BRIEF)
    body = read(serializers.SubmissionBody, request)
    workflow = get_workflow(actor, body["workflow"]) if body["workflow"] else None
    submit_brief(brief=found, workflow=workflow, note=body["note"], by=actor)
    return _one(found, status=201)


def _one(found: Brief, *, status: int = 200) -> Response:
    stands = revisions_of_brief(found).first()
    body = {
        "campaign": str(found.pk),
        "state": found.state,
        "updated_at": found.updated_at,
        "revision": serializers.brief_revision(stands) if stands else None,
    }
    return Response(body, status=status, headers={"ETag": f'"{found.version}"'})
