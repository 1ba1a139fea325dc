"""The emergency path over REST: the same rights, reasons and report as on the pages (issue 4, line 7)."""

from approvals.models import Override
from approvals.selectors import clearance_for, request_of
from calendar_app.selectors import ref_of
from teams.tenancy import workspace_scope
from tests.approvals.test_api import submit_for

ROOT = "/api/v1/w/acme/approvals/"


def asked_of(cast, by="ben"):
    post = submit_for(cast, by)
    with workspace_scope(cast.acme.pk):
        return request_of(ref_of(post))


def test_who_has_the_right_goes_past_with_a_reason_and_a_lead_looks_afterwards(cast, api_as):
    asked = asked_of(cast)
    where, revision = f"{ROOT}{asked.pk}/override/", str(asked.revision_id)
    ana, cleo = api_as(cast.ana), api_as(cast.cleo)
    assert cleo.post(where, {"revision": revision, "reason": "x"}).status_code == 403
    assert ana.post(where, {"revision": revision, "reason": " "}).status_code == 422
    other = ana.post(where, {"revision": str(asked.pk), "reason": "The shop burns"})
    assert (other.status_code, other.json()["code"]) == (409, "not_under_review")
    with workspace_scope(cast.acme.pk):
        assert Override.objects.count() == 0

    made = ana.post(where, {"revision": revision, "reason": "The shop burns"})
    assert made.status_code == 201
    with workspace_scope(cast.acme.pk):
        assert clearance_for(asked.ref, asked.revision_id, asked.content_hash)

    [case] = cleo.get(f"{ROOT}overrides/?show=open").json()["results"]
    assert (case["reason"], case["member"], case["subject"]) == (
        "The shop burns",
        str(cast.ana.pk),
        {"type": asked.subject_type, "id": str(asked.subject_id)},
    )
    review = f"{ROOT}overrides/{case['id']}/review/"
    assert ana.post(review, {"verdict": "right"}).status_code == 403, "nobody looks at his own case"
    said = cleo.post(review, {"verdict": "wrong", "note": "It could have waited."})
    assert (said.status_code, said.json()["verdict"]) == (200, "wrong")
    assert cleo.post(review, {"verdict": "right"}).status_code == 409
    assert cleo.get(f"{ROOT}overrides/?show=open").json()["results"] == []
    assert [row["note"] for row in cleo.get(f"{ROOT}overrides/").json()["results"]] == [
        "It could have waited."
    ]
    assert api_as(cast.ben).get(f"{ROOT}overrides/").status_code == 403


def test_an_author_does_not_go_past_the_review_of_his_own(cast, api_as):
    asked = asked_of(cast, "ana")
    said = {"revision": str(asked.revision_id), "reason": "The shop burns"}
    assert api_as(cast.ana).post(f"{ROOT}{asked.pk}/override/", said).status_code == 403
    with workspace_scope(cast.acme.pk):
        assert (request_of(asked.ref).state, Override.objects.count()) == ("open", 0)
