"""Briefs of campaigns."""

from typing import Any

from calendar_app.models import Campaign
from calendar_app.services.briefs import save_brief
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject(
    "calendar_app:*.campaign", "calendar_app_api:brief.campaign", "calendar_app_api:brief_revisions.campaign"
)
def campaign_with_brief(side: Side) -> Any:
    """The campaign, with a brief."""
    campaign = Campaign.objects.get(pk=made(side, "campaign"))
    return save_brief(campaign=campaign, text=side.text("brief"), expected_number=0, by=side.by).pk


@subject("calendar_app_api:brief_submission.campaign")
def campaign_over_rest(side: Side) -> Any:
    """The same."""
    return made(side, "calendar_app_api:brief.campaign")


@body("calendar_app:brief:POST")
def brief_form(side: Side) -> dict[str, Any]:
    return {"text": side.text("other words"), "base": "1"}


@body("calendar_app_api:brief:PATCH")
def brief_body(side: Side) -> dict[str, Any]:
    return {"text": side.text("other words")}
