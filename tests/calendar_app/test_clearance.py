"""No way around the clearance: not by job, not by raw SQL as the application's own role."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import Clearance, Request
from approvals.services.decisions import decide
from calendar_app.models import Post
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from publishing.models import Delivery
from tests.factories.posts import make_post, soon


@pytest.fixture
def scheduled(acme):
    """A post that was approved for tomorrow, with its delivery."""
    post = make_post(acme, scheduled_at=soon())
    submit_post(post=post, by=acme.actor("ben"))
    request = Request.objects.get()
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("cleo"))
    return Post.objects.select_related("current_revision", "workspace").get()


def copied(delivery, **changes):
    """Insert a copy of a delivery by SQL, with some columns forged."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM publishing_delivery WHERE id = %s", [delivery.pk])
        names = [column.name for column in cursor.description]
        row = dict(zip(names, cursor.fetchone(), strict=True))
        row |= {"id": uuid.uuid4(), "occurrence_no": row["occurrence_no"] + 1, **changes}
        values = ", ".join(["%s"] * len(row))
        cursor.execute(
            f"INSERT INTO publishing_delivery ({', '.join(row)}) VALUES ({values})", list(row.values())
        )


def test_an_approved_post_has_a_delivery_of_exactly_that_revision(scheduled):
    delivery = Delivery.objects.get()

    assert delivery.revision_id == scheduled.current_revision_id
    assert delivery.content_hash == scheduled.current_revision.content_hash
    assert delivery.clearance == Clearance.objects.get(revoked_at=None)


def test_an_edit_cancels_the_delivery_and_revokes_the_clearance(acme, scheduled):
    save_post(
        post=scheduled, expected_number=1, text="Other words", confirm_unapprove=True, by=acme.actor("ben")
    )

    assert Delivery.objects.get().state == "cancelled"
    assert Clearance.objects.filter(revoked_at=None).count() == 0


def test_a_faithful_copy_is_accepted_so_that_the_refusals_below_mean_something(scheduled):
    copied(Delivery.objects.get())

    assert Delivery.objects.count() == 2


def test_sql_cannot_plan_another_revision_than_the_cleared_one(acme, scheduled):
    other = make_post(acme, "Never approved")

    with pytest.raises(DatabaseError), transaction.atomic():
        copied(Delivery.objects.get(), revision_id=other.current_revision_id)
    with pytest.raises(DatabaseError), transaction.atomic():
        copied(Delivery.objects.get(), content_hash="0" * 64)

    assert Delivery.objects.count() == 1


def test_sql_cannot_plan_without_a_clearance_or_with_a_revoked_one(scheduled):
    delivery = Delivery.objects.get()

    with pytest.raises(DatabaseError), transaction.atomic():
        copied(delivery, clearance_id=None)
    Clearance.objects.update(revoked_at=scheduled.created_at, revoked_reason="test")
    with pytest.raises(DatabaseError), transaction.atomic():
        copied(delivery)

    assert Delivery.objects.count() == 1
