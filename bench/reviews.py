"""Row 4: the queue of approvals with 500 posts in it, beside its bare SQL; and the review of one of them."""

import re
from typing import Any

import psycopg2

from bench.data import fill_reviews, settle
from bench.harness import Figure, compare, count, interleave
from bench.pages import cookie_of, wsgi
from bench.site import is_frame, statements

WAITING = 500
MOST_MS = 80
MOST_STATEMENTS = 10


def queue(member: Any, admin_dsn: str) -> list[Figure]:
    """Return the figures of the queue's first page and of the last one's review; `member` decides on all."""
    from core.ids import uuid7
    from teams.models import Membership, User
    from teams.tenancy import workspace_scope

    with workspace_scope(member.workspace_id):
        writer = User.objects.create(email=f"w-{uuid7().hex[-12:]}@bench.test", name="Writer", password="!")  # noqa: S106
        author = Membership(workspace=member.workspace, user=writer, role=member.role)
        author.save()
    link = psycopg2.connect(admin_dsn)
    link.autocommit = True
    with link.cursor() as cursor:
        ids = {"author": author.pk, "reviewer": member.pk}
        fill_reviews(cursor, member.workspace_id, **ids, number=WAITING)
    settle(admin_dsn)
    address = f"/w/{member.workspace.slug}/approvals/"
    cookie = cookie_of(member)
    page = wsgi(address, cookie)

    def limit() -> list[tuple[Any, ...]]:
        with link.cursor() as cursor:
            cursor.execute(_BARE, [str(member.workspace_id), str(member.pk)])
            return cursor.fetchall()

    times = interleave({"ours": page, "limit": limit}, inner=3)
    with statements() as found:
        body = page()
    working = [sql for sql in found if not is_frame(sql)]
    first = re.search(rb'id="request-row-([^"]+)"', body)
    assert first is not None, body[:500]
    assert len(limit()) == WAITING
    review = interleave({"ours": wsgi(f"{address}{first[1].decode()}/", cookie)}, inner=3)
    link.close()
    return [
        compare(
            f"4 queue, {WAITING} cards",
            times,
            target=f"≤ {MOST_MS} ms",
            holds=lambda ms, _ratio: ms <= MOST_MS,
        ),
        count("4 queue: statements", len(working), unit="statements", most=MOST_STATEMENTS),
        compare(f"4 review of one of {WAITING}", review),
    ]


_BARE = """
SELECT r.id, p.headline, p.scheduled_at, s.name, s.due_at FROM approvals_request r
JOIN approvals_requeststep s ON s.request_id = r.id AND s.state = 'open'
JOIN approvals_requestapprover a ON a.request_step_id = s.id AND a.ended_at IS NULL
JOIN calendar_app_post p ON p.id = r.subject_id
WHERE r.workspace_id = %s AND r.state = 'open' AND a.member_id = %s ORDER BY p.scheduled_at, r.id
"""
