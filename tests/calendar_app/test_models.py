"""Revisions never change, in the database itself."""

import pytest
from django.db import DatabaseError, connection, transaction

from calendar_app.models import Post, Revision


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE calendar_app_revision SET content_hash = 'forged'",
        "DELETE FROM calendar_app_revision",
        "UPDATE calendar_app_revisionvariant SET payload = '{}'",
        "DELETE FROM calendar_app_revisionvariant",
    ],
)
def test_a_revision_cannot_be_changed_by_sql(acme, statement):
    post = Post(title="Raya")
    post.save()
    Revision(post=post, number=1, content_hash="true", actor_kind="member").save()

    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert Revision.objects.get().content_hash == "true"
