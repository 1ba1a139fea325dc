"""The certificate of an approval: what it says, and that it sees every change made behind its back (R7.5)."""

import psycopg2
import pytest

from activity.models import Entry
from activity.services.sealing import seal_everything
from approvals.certificates import certificate
from approvals.models import Request
from approvals.selectors import request_of
from approvals.services.decisions import decide
from calendar_app.models import RevisionVariant
from core.errors import NotFound, WrongState
from core.refs import Ref
from teams.tenancy import workspace_scope
from tests.approvals.paper import away
from tests.approvals.test_api import submit_for
from tests.approvals.test_views import words
from tests.support import plugin


def approve(cast, who="cleo", **further) -> Request:
    """Let Ben's post be approved."""
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        request = request_of(Ref("calendar_app.post", post.pk))
        decide(
            request=request,
            verdict="approve",
            revision_id=request.revision_id,
            note="Well poured.",
            by=cast.actor(who),
            **further,
        )
        request.refresh_from_db()
    return request


def paper_of(cast, request, who="ana"):
    with workspace_scope(cast.acme.pk):
        return certificate(cast.actor(who), request.pk)


def behind_its_back(sql: str, *values: object) -> None:
    """Change rows as the database's administrator can, past grants and triggers."""
    with psycopg2.connect(plugin.cluster.admin_dsn(plugin.database)) as link, link.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, [str(value) for value in values])
        assert cursor.rowcount
    link.close()


@pytest.fixture
def approved(live_cast):
    request = approve(live_cast)
    seal_everything()
    return request


def test_it_says_who_decided_what_on_which_revision(live_cast, approved, client_as):
    paper = paper_of(live_cast, approved)

    assert paper.holds
    ((statement,),) = [stage.statements for stage in paper.stages if stage.statements]
    assert (statement.decision.member.user.name, statement.role) == (live_cast.cleo.user.name, "Team lead")
    assert [link.entry.verb for link in paper.links] == [
        "approvals.request.submitted",
        "approvals.request.approved",
    ]
    page = words(client_as(live_cast.ana).get(f"/w/acme/approvals/{approved.pk}/certificate/"))
    for part in (
        "Everything agrees",
        live_cast.cleo.user.name,
        "Well poured.",
        approved.content_hash,
        paper.digest,
    ):
        assert part in page


def test_it_names_both_where_somebody_covered(live_cast):
    with workspace_scope(live_cast.acme.pk):
        away(live_cast, "cleo", "jun")
    request = approve(live_cast, "jun", for_=live_cast.cleo.pk)
    seal_everything()

    ((statement,),) = [stage.statements for stage in paper_of(live_cast, request).stages if stage.statements]
    assert statement.decision.member_id == live_cast.jun.pk
    assert statement.decision.on_behalf_of_id == live_cast.cleo.pk
    assert statement.is_true


def test_before_the_seal_it_says_so(live_cast):
    request = approve(live_cast)
    paper = paper_of(live_cast, request)

    assert (paper.holds, paper.unsealed, paper.broken) == (False, 2, 0)
    seal_everything()
    assert paper_of(live_cast, request).holds
    assert paper_of(live_cast, request).digest == paper.digest


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE approvals_decision SET member_id = %s WHERE request_id = %s", "decisions_are_true"),
        ("UPDATE approvals_decision SET content_hash = md5(%s) WHERE request_id = %s", "decisions_are_true"),
    ],
)
def test_a_changed_decision_is_seen(live_cast, approved, sql, what):
    before = paper_of(live_cast, approved).digest
    behind_its_back(sql, live_cast.ana.pk, approved.pk)

    paper = paper_of(live_cast, approved)
    assert not paper.holds
    assert not getattr(paper, what)
    assert paper.digest != before


def test_a_changed_entry_is_seen(live_cast, approved, client_as):
    with workspace_scope(live_cast.acme.pk):
        entry = Entry.objects.get(verb="approvals.request.approved", facts__request=str(approved.pk))
    behind_its_back("UPDATE activity_entry SET at = at - interval '1 day' WHERE id = %s", entry.pk)

    assert paper_of(live_cast, approved).broken == 1
    page = words(client_as(live_cast.ana).get(f"/w/acme/approvals/{approved.pk}/certificate/"))
    assert "Something was changed" in page
    assert "1 entry does not fit its seal." in page


def test_changed_content_is_seen(live_cast, approved):
    with workspace_scope(live_cast.acme.pk):
        variant = RevisionVariant.objects.filter(revision=approved.revision_id).first()
    behind_its_back(
        "UPDATE calendar_app_revisionvariant SET payload = jsonb_set(payload, '{text}', '\"Bought\"') WHERE id = %s",
        variant.pk,
    )

    paper = paper_of(live_cast, approved)
    assert not paper.content_is_true
    assert not paper.holds


def test_only_what_was_approved_has_one_and_only_for_who_may_see_it(live_cast, client_as):
    post = submit_for(live_cast, "ben")
    with workspace_scope(live_cast.acme.pk):
        request = request_of(Ref("calendar_app.post", post.pk))
        with pytest.raises(WrongState):
            certificate(live_cast.actor("ana"), request.pk)
    assert client_as(live_cast.ana).get(f"/w/acme/approvals/{request.pk}/certificate/").status_code == 409
    with workspace_scope(live_cast.other.pk), pytest.raises(NotFound):
        certificate(live_cast.actor("eve"), request.pk)


def test_programs_get_the_same(live_cast, approved, client_as):
    answer = client_as(live_cast.ana).get(f"/api/v1/w/acme/approvals/{approved.pk}/certificate/").json()

    assert answer["holds"] is True
    assert answer["content_hash"] == approved.content_hash
    assert [row["by_name"] for row in answer["decisions"]] == [live_cast.cleo.user.name]
    assert [row["holds"] for row in answer["record"]] == [True, True]
    assert answer["digest"] == paper_of(live_cast, approved).digest
