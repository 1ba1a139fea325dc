"""How long approvals take, with whom they wait, and what will miss its time (R7.5)."""

from datetime import datetime, timedelta

import pytest

from approvals.figures import figures
from approvals.models import Request
from approvals.risks import at_risk
from approvals.selectors import request_of
from approvals.services.decisions import decide
from calendar_app.models import Post
from calendar_app.services.reviews import submit_post
from core.clock import now
from core.errors import NotAllowed
from core.refs import Ref
from teams.models import Absence, WorkingHours
from teams.tenancy import workspace_scope
from tests.approvals.test_api import submit_for
from tests.approvals.test_certificates import behind_its_back
from tests.approvals.test_views import words

HOUR = timedelta(hours=1)


def submitted(cast, hours_ago: float) -> Request:
    """Put a post of Ben's up for approval as if so many hours ago."""
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        found = request_of(Ref("calendar_app.post", post.pk))
    at = now() - hours_ago * HOUR
    behind_its_back("UPDATE approvals_request SET submitted_at = %s WHERE id = %s", at, found.pk)
    behind_its_back(
        "UPDATE approvals_requeststep SET opened_at = %s WHERE request_id = %s AND state = 'open'",
        at,
        found.pk,
    )
    with workspace_scope(cast.acme.pk):
        return request_of(found.ref)


def decided(cast, hours_ago: float, after: float, verdict: str = "approve") -> Request:
    """Let Cleo decide on it so many hours after it was submitted."""
    found = submitted(cast, hours_ago)
    with workspace_scope(cast.acme.pk):
        by = cast.actor("cleo")
        decide(request=found, verdict=verdict, revision_id=found.revision_id, note="Said.", by=by)
    at = found.submitted_at + after * HOUR
    behind_its_back("UPDATE approvals_request SET closed_at = %s WHERE id = %s", at, found.pk)
    behind_its_back("UPDATE approvals_decision SET at = %s WHERE request_id = %s", at, found.pk)
    return found


def seen(cast, days: int = 28):
    with workspace_scope(cast.acme.pk):
        return figures(cast.actor("ana"), days)


def planned(request: Request, at: datetime) -> None:
    """Plan a submitted post."""
    behind_its_back(
        "UPDATE calendar_app_post SET scheduled_at = %s, wall_time = '2026-01-01T00:00:00', zone = 'UTC' WHERE id = %s",
        at,
        request.subject_id,
    )


@pytest.fixture
def here(live_cast):
    """The cast in a workspace that counts around the clock; what stands is committed."""
    return live_cast


def test_times_by_step_and_by_person(here):
    for after in (2, 4, 6):
        decided(here, 30, after)
    submitted(here, 10)

    found = seen(here)
    assert (found.submitted, found.approved, found.open) == (4, 3, 1)
    assert found.median_hours == pytest.approx(4, abs=0.01)
    (step,) = found.steps
    assert (step.count, step.waiting) == (4, 1)
    assert step.median_hours == pytest.approx(5, abs=0.1)
    (person,) = found.people
    assert (person.member.pk, person.count) == (here.cleo.pk, 3)
    assert person.median_hours == pytest.approx(4, abs=0.01)


def test_absences_are_nobodys_time(here):
    found = decided(here, 48, 40)
    for starts, ends in ((4, 20), (10, 30)):
        with workspace_scope(here.acme.pk):
            Absence(
                member=here.cleo,
                starts_at=found.submitted_at + starts * HOUR,
                ends_at=found.submitted_at + ends * HOUR,
            ).save()

    (person,) = seen(here).people
    assert person.median_hours == pytest.approx(40 - 26, abs=0.01)


def test_times_are_working_hours_where_there_are_any(here):
    with workspace_scope(here.acme.pk):
        WorkingHours(zone="UTC", days=[[0, 720]] * 7).save()
    decided(here, 72, 48)

    (person,) = seen(here).people
    assert person.median_hours == pytest.approx(24, abs=0.1)


def test_rounds_first_tries_and_steps_in_time(here):
    decided(here, 30, 2)
    twice = decided(here, 60, 5, verdict="request_changes")
    with workspace_scope(here.acme.pk):
        submit_post(post=Post.objects.get(pk=twice.subject_id), by=here.actor("ben"))
        again = request_of(twice.ref)
        by = here.actor("cleo")
        decide(request=again, verdict="approve", revision_id=again.revision_id, note="", by=by)
    behind_its_back(
        "UPDATE approvals_requeststep SET due_at = opened_at + interval '3 hours' WHERE %s <> ''", "x"
    )

    found = seen(here)
    assert found.rounds == pytest.approx(1.5)
    assert found.first_time == pytest.approx(0.5)
    assert found.on_time == pytest.approx(2 / 3)
    assert found.sent_back == 1
    assert found.steps[0].late == 1


def test_what_will_miss_its_time_is_listed_by_what_such_steps_took(here):
    for _ in range(3):
        decided(here, 30, 6)
    soon, later, _without = submitted(here, 1), submitted(here, 1), submitted(here, 1)
    planned(soon, now() + 3 * HOUR)
    planned(later, now() + 9 * HOUR)

    with workspace_scope(here.acme.pk):
        (risk,) = at_risk(here.actor("ben"))
    assert risk.request.pk == soon.pk
    assert risk.expected_at - now() == pytest.approx(5 * HOUR, abs=timedelta(minutes=2))
    assert not risk.is_lost


def test_only_leads_see_how_long_people_take(here, client_as):
    with workspace_scope(here.acme.pk), pytest.raises(NotAllowed):
        figures(here.actor("ben"), 28)
    assert client_as(here.ben).get("/w/acme/approvals/figures/").status_code == 403
    assert client_as(here.ben).get("/w/acme/approvals/at-risk/").status_code == 200


def test_pages_export_and_program(here, client_as):
    cast = here
    decided(cast, 30, 4)
    lead = client_as(cast.cleo)
    page = words(lead.get("/w/acme/approvals/figures/?days=90"))
    assert "Approvals in figures" in page
    assert cast.cleo.user.name in page
    table = lead.get("/w/acme/approvals/figures.csv").content.decode("utf-8-sig")
    assert f"Person,{cast.cleo.user.name},1," in table
    answer = lead.get("/api/v1/w/acme/approvals/figures/?days=90").json()
    assert answer["people"][0]["name"] == cast.cleo.user.name
    assert lead.get("/api/v1/w/acme/approvals/figures/?days=7").status_code == 422
    assert lead.get("/api/v1/w/acme/approvals/at-risk/").json() == {"results": [], "next": None}
