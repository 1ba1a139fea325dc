"""What the database itself refuses, asked as the application's role in plain SQL; and how claims are shared out."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from core.clock import now
from publishing import ledger
from publishing.models import Attempt, Delivery, Hold
from publishing.timing import clock
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, delivery_of, fake_channel, plan, plan_many

URL = "http://127.0.0.1:9"


def run(sql: str, *values: object) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [str(value) if isinstance(value, uuid.UUID) else value for value in values])
        return cursor.rowcount


def constraint_of(error: DatabaseError) -> str:
    return str(error.__cause__.diag.constraint_name)


@pytest.fixture
def row(team) -> Delivery:
    return delivery_of(plan(team.acme, [fake_channel(team.acme, "D", URL)], "Kopi"))


SEND = (
    "UPDATE publishing_delivery SET state = 'sending', lease_token = gen_random_uuid(),"
    " lease_until = clock_timestamp(), settle_until = clock_timestamp() WHERE id = %s"
)


def test_the_way_to_sending_is_open_for_what_is_cleared(row):
    assert run(SEND, row.pk) == 1


def test_a_revoked_clearance_stops_it_at_the_last_step(row):
    run("UPDATE approvals_clearance SET revoked_at = now() WHERE id = %s", row.clearance_id)

    with pytest.raises(DatabaseError) as refused:
        run(SEND, row.pk)

    assert constraint_of(refused.value) == "publishing_delivery_not_revoked"


def test_nothing_is_sent_before_its_time(row):
    run(
        "UPDATE publishing_delivery SET scheduled_at = clock_timestamp() + interval '1 second' WHERE id = %s",
        row.pk,
    )

    with pytest.raises(DatabaseError) as refused:
        run(SEND, row.pk)

    assert constraint_of(refused.value) == "publishing_delivery_not_early"


def test_nothing_is_sent_while_paused(team, row):
    Hold(workspace=team.acme, actor_kind="member").save()

    with pytest.raises(DatabaseError) as refused:
        run(SEND, row.pk)

    assert constraint_of(refused.value) == "publishing_delivery_not_paused"


@pytest.mark.parametrize("column", ["content_hash", "revision_id", "post_id", "clearance_id"])
def test_a_delivery_is_of_exactly_what_was_cleared(team, row, column):
    other = delivery_of(plan(team.acme, [fake_channel(team.acme, "D", URL)], "Teh"))
    value = "0" * 64 if column == "content_hash" else getattr(other, column)

    with pytest.raises(DatabaseError) as refused:
        run(f"UPDATE publishing_delivery SET {column} = %s WHERE id = %s", value, row.pk)

    assert constraint_of(refused.value) == "publishing_delivery_cleared"


def test_a_revoked_clearance_takes_no_new_delivery(team, row):
    run("UPDATE approvals_clearance SET revoked_at = now() WHERE id = %s", row.clearance_id)
    again = Delivery.objects.get(pk=row.pk)
    again.pk, again.occurrence_no = uuid.uuid4(), 2

    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        again.save(force_insert=True)

    assert constraint_of(refused.value) == "publishing_delivery_not_revoked"


def test_a_second_row_of_the_same_occurrence_is_refused(row):
    again = Delivery.objects.get(pk=row.pk)
    again.pk = uuid.uuid4()

    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        again.save(force_insert=True)

    assert constraint_of(refused.value) == "publishing_delivery_occurrence"


def test_a_delivery_begins_as_scheduled(row):
    again = Delivery.objects.get(pk=row.pk)
    again.pk, again.occurrence_no, again.state, again.published_at = uuid.uuid4(), 2, "published", now()

    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        again.save(force_insert=True)

    assert constraint_of(refused.value) == "publishing_delivery_begins_scheduled"


def test_what_is_published_stays_published(row):
    run("UPDATE publishing_delivery SET state = 'published', published_at = now() WHERE id = %s", row.pk)

    with pytest.raises(DatabaseError) as refused:
        run("UPDATE publishing_delivery SET state = 'scheduled' WHERE id = %s", row.pk)

    assert constraint_of(refused.value) == "publishing_delivery_published_is_final"


def test_a_channel_of_another_workspace_is_refused(team, cast, row):
    with workspace_scope(cast.other.pk):
        foreign = fake_channel(cast.other, "D", URL)

    with pytest.raises(DatabaseError) as refused:
        run("UPDATE publishing_delivery SET channel_id = %s WHERE id = %s", foreign.pk, row.pk)

    assert constraint_of(refused.value) == "publishing_delivery_one_workspace"


def test_an_attempt_gets_its_outcome_once_and_is_never_deleted(team, row):
    attempt = Attempt(
        workspace=team.acme,
        delivery=row,
        number=1,
        lease_token=uuid.uuid4(),
        intent_at=now(),
        fingerprint="f" * 64,
        worker="w",
        actor_kind="system",
    )
    attempt.save()

    assert run("UPDATE publishing_attempt SET outcome = 'unknown' WHERE id = %s", attempt.pk) == 1
    for statement in (
        "UPDATE publishing_attempt SET outcome = 'accepted' WHERE id = %s",
        "UPDATE publishing_attempt SET intent_at = now() WHERE id = %s",
        "DELETE FROM publishing_attempt WHERE id = %s",
    ):
        with pytest.raises(DatabaseError):
            run(statement, attempt.pk)


def test_the_intent_of_an_open_attempt_cannot_be_rewritten(team, row):
    attempt = Attempt(
        workspace=team.acme,
        delivery=row,
        number=1,
        lease_token=uuid.uuid4(),
        intent_at=now(),
        fingerprint="f" * 64,
        worker="w",
        actor_kind="system",
    )
    attempt.save()

    with pytest.raises(DatabaseError):
        run("UPDATE publishing_attempt SET outcome = 'accepted', fingerprint = 'x' WHERE id = %s", attempt.pk)


def test_scan_functions_show_ids_and_nothing_else(row):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM publishing_claim_due(10, 30, 100, 4, true, '{}')")
        assert [column.name for column in cursor.description] == [
            "id",
            "workspace_id",
            "lease_token",
            "channel_id",
            "bundle",
        ]
        assert cursor.fetchone()[0] == row.pk


def test_the_sweeper_reads_no_content(row):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.column_privileges WHERE grantee = 'collab_sweeper'"
            " AND table_name = 'publishing_delivery' AND privilege_type = 'SELECT'"
        )
        seen = {name for (name,) in cursor.fetchall()}
    assert not seen & {"prepared", "remote_id", "remote_url", "idem_key", "reason_text", "content_hash"}


def test_each_workspace_gets_its_share_of_a_full_scan(team, cast):
    list(
        plan_many(
            team.acme,
            [fake_channel(team.acme, "D", URL)],
            [f"Kopi {n}" for n in range(30)],
            at=now() - timedelta(hours=1),
        )
    )
    with workspace_scope(cast.other.pk):
        allow_policy(cast.other)
        list(plan_many(cast.other, [fake_channel(cast.other, "D", URL)], [f"Teh {n}" for n in range(5)]))

    claims = ledger.claim_due(10)

    assert len(claims) == 10
    assert sum(claim.workspace_id == cast.other.pk for claim in claims) == 5


def test_what_is_held_is_not_claimed(row):
    Delivery.objects.update(held_for="pause")

    assert ledger.claim_due() == []


def test_a_claim_whose_lease_is_over_goes_back_and_its_token_is_worth_nothing(row):
    (claim,) = ledger.claim_due()
    assert ledger.release_claims() == 0
    Delivery.objects.update(lease_until=clock(-1))

    assert ledger.release_claims() == 1
    (second,) = ledger.claim_due()
    assert second.token != claim.token


def test_a_call_whose_lease_is_over_becomes_unknown_and_waits_for_its_settle_time(row):
    run(SEND, row.pk)

    assert ledger.lose_calls() == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == ("unknown", "worker_lost")
    Delivery.objects.update(settle_until=clock(30))
    assert ledger.claim_unsettled() == []
    Delivery.objects.update(settle_until=clock(-1))
    assert len(ledger.claim_unsettled()) == 1
    assert ledger.claim_unsettled() == []


def test_an_overdue_claim_can_be_taken_over(row, monkeypatch):
    (claim,) = ledger.claim_due()
    assert ledger.take_over(5) == []
    Delivery.objects.update(claimed_at=clock(-10), run_at=clock(-10))

    (taken,) = ledger.take_over(5)

    assert (taken.delivery_id, taken.token != claim.token) == (row.pk, True)


def test_how_overdue_the_oldest_is(row):
    Delivery.objects.update(run_at=clock(-90))
    waiting, claimed = ledger.overdue()
    assert (round(waiting), claimed) == (90, 0)
    ledger.claim_due()
    waiting, claimed = ledger.overdue()
    assert (waiting, round(claimed)) == (0, 90)
