"""Queues and decisions on several, as programs use them (API.md)."""

from approvals.models import Decision
from teams.tenancy import workspace_scope
from tests.approvals.test_api import Program, submit_for


def test_a_program_goes_through_the_queue_and_decides_on_several_once(cast):
    """Each has its own outcome; the same key again decides nothing more and answers the same."""
    posts = [submit_for(cast, name, f"From {name}.") for name in ("ben", "jun", "ben")]
    cleo = Program(cast, "cleo")
    first = cleo.get("approvals/?limit=2").json()
    rows = first["results"] + cleo.get(first["next"].partition("/w/acme/")[2]).json()["results"]
    assert {row["subject"]["id"] for row in rows} == {str(post.pk) for post in posts}
    own = cleo.get(f"approvals/?author={cast.jun.pk}").json()["results"]
    assert [(row["author"], row["step_name"] != "", row["for"]) for row in own] == [("Jun Wong", True, None)]
    assert len(Program(cast, "ben").get("approvals/?tab=others").json()["results"]) == 2

    items = [{name: row[name] for name in ("request", "revision", "step")} for row in rows]
    items[2]["step"] = items[0]["step"]
    body = {"verdict": "approve", "items": items}
    cleo.headers["Idempotency-Key"] = "monday"
    answers = [cleo.post("approvals/decisions/", body) for _try in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].content
    assert answers[0].json() == answers[1].json()
    results = answers[0].json()["results"]
    assert [row["outcome"] for row in results] == ["done", "done", "stale"]
    assert results[0]["decision"]["request_state"] == "approved"
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.count() == 2


def test_what_is_not_understood_decides_nothing(cast):
    submit_for(cast, "ben")
    cleo = Program(cast, "cleo")
    (row,) = cleo.get("approvals/").json()["results"]
    item = {name: row[name] for name in ("request", "revision", "step")}
    for body, field in (
        ({"verdict": "reject", "items": [item]}, "note"),
        ({"verdict": "approve", "items": []}, "items"),
        ({"verdict": "approve", "items": [{**item, "step": "x"}]}, "items.0.step"),
    ):
        answer = cleo.post("approvals/decisions/", body)
        assert (answer.status_code, field in answer.json()["errors"]) == (422, True), answer.content
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert cleo.get("approvals/?cursor=nonsense").status_code == 422
    (own,) = (
        Program(cast, "ben")
        .post("approvals/decisions/", {"verdict": "approve", "items": [item]})
        .json()["results"]
    )
    assert (own["outcome"], own["decision"]) == ("refused", None)
    with workspace_scope(cast.acme.pk):
        assert not Decision.objects.exists()
