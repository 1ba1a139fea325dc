"""The database itself refuses a clearance that nothing stands behind, and any later change of one."""

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import Clearance, Decision, Request, RequestStep
from approvals.services.decisions import decide
from approvals.states import Verdict
from core.clock import now
from core.ids import uuid7
from tests.approvals.paper import HASH, Paper, submit


def _forge(cast, paper: Paper, **fields) -> None:
    values = {
        "workspace_id": cast.acme.pk,
        "subject_type": paper.ref.type,
        "subject_id": paper.ref.id,
        "revision_id": paper.revision_id,
        "content_hash": HASH,
        "source": "approval",
        **fields,
    }
    with transaction.atomic():
        Clearance(**values).save(force_insert=True)


def _approved(cast, paper: Paper) -> Request:
    request = submit(cast, "ben", paper)
    decide(request=request, verdict=Verdict.APPROVE, revision_id=request.revision_id, by=cast.actor("cleo"))
    return request


def _run(sql: str, *params: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_an_open_request_clears_nothing(acme):
    paper = Paper()
    request = submit(acme, "ben", paper)
    with pytest.raises(DatabaseError, match="no approved request"):
        _forge(acme, paper, request=request)


def test_no_request_clears_nothing(acme):
    with pytest.raises(DatabaseError):
        _forge(acme, Paper())
    with pytest.raises(DatabaseError, match="asks for approval"):
        _forge(acme, Paper(), source="policy")


def test_an_approved_request_clears_no_other_revision_hash_or_subject(acme):
    paper = Paper()
    request = _approved(acme, paper)
    Clearance.objects.update(revoked_at=now(), revoked_reason="test")
    for fields in (
        {"revision_id": uuid7()},
        {"content_hash": "b" * 64},
        {"subject_id": uuid7()},
        {"subject_type": "tests.other"},
    ):
        with pytest.raises(DatabaseError, match="no approved request"):
            _forge(acme, paper, request=request, **fields)
    _forge(acme, paper, request=request)


def test_a_request_set_to_approved_without_decisions_clears_nothing(acme):
    paper = Paper()
    request = submit(acme, "ben", paper)
    Request.objects.filter(pk=request.pk).update(state="approved")
    RequestStep.objects.filter(request=request).update(state="passed")
    with pytest.raises(DatabaseError, match="no approved request"):
        _forge(acme, paper, request=request)


def test_an_undone_decision_clears_nothing(acme):
    paper = Paper()
    request = _approved(acme, paper)
    Clearance.objects.update(revoked_at=now(), revoked_reason="test")
    Decision.objects.update(undone_at=now())
    with pytest.raises(DatabaseError, match="no approved request"):
        _forge(acme, paper, request=request)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE approvals_clearance SET content_hash = repeat('b', 64)",
        "UPDATE approvals_clearance SET revision_id = gen_random_uuid()",
        "UPDATE approvals_clearance SET request_id = NULL, source = 'policy'",
        "DELETE FROM approvals_clearance",
        "UPDATE approvals_request SET content_hash = repeat('b', 64)",
        "UPDATE approvals_request SET author_ids = '[]'",
        "DELETE FROM approvals_request",
        "UPDATE approvals_decision SET verdict = 'approve'",
        "UPDATE approvals_decision SET member_id = NULL",
        "DELETE FROM approvals_decision",
        "UPDATE approvals_requeststep SET needed = 1",
        "DELETE FROM approvals_requestapprover",
    ],
)
def test_what_was_decided_cannot_be_rewritten(acme, statement):
    _approved(acme, Paper())
    with pytest.raises(DatabaseError):
        _run(statement)


def test_a_revoked_clearance_and_an_undone_decision_stay_so(acme):
    _approved(acme, Paper())
    _run("UPDATE approvals_clearance SET revoked_at = now(), revoked_reason = 'test'")
    with pytest.raises(DatabaseError, match="stays revoked"):
        _run("UPDATE approvals_clearance SET revoked_at = NULL")
    _run("UPDATE approvals_decision SET undone_at = now()")
    with pytest.raises(DatabaseError, match="stays undone"):
        _run("UPDATE approvals_decision SET undone_at = NULL")


def test_clearances_of_another_workspace_are_invisible(acme, scope_of):
    _approved(acme, Paper())
    with scope_of(acme.eve):
        assert Clearance.objects.count() == 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM approvals_clearance")
            assert cursor.fetchone() == (0,)
