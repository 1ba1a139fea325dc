"""Row 7: who may see which of 100,000 objects at 100 roles, beside a plain membership filter and guardian."""

from typing import Any

import psycopg2

from bench.data import fill_posts, make_workspaces, settle
from bench.harness import Figure, compare, count, interleave
from bench.site import is_frame, member_of, statements

ROLES = 100
OBJECTS = 100_000


def permission(admin_dsn: str) -> list[Figure]:
    """Compare the first page of visible posts with the same page by a bare membership filter."""
    from calendar_app.models import Post
    from teams.models import Membership
    from teams.permissions import actor_of, visible
    from teams.tenancy import workspace_scope

    workspace_id = make_workspaces(1)[0]
    fill_posts(admin_dsn, workspace_id, posts=OBJECTS, in_month=3_000, month="2026-10-01T00:00:00Z")
    _fill_roles(admin_dsn, workspace_id)
    settle(admin_dsn)
    member = member_of(workspace_id)

    def ours() -> int:
        with workspace_scope(workspace_id):
            rows = visible(actor_of(member), "calendar_app.post.see", Post.objects.order_by("-id"))
            return len(list(rows.values_list("pk", flat=True)[:50]))

    def limit() -> int:
        with workspace_scope(workspace_id):
            mine = Membership.objects.filter(pk=member.pk, status="active").values("workspace_id")
            rows = Post.objects.filter(workspace_id__in=mine).order_by("-id")
            return len(list(rows.values_list("pk", flat=True)[:50]))

    assert ours() == limit() == 50
    times = interleave({"ours": ours, "limit": limit}, inner=10)
    with workspace_scope(workspace_id), statements() as found:
        ours()
    return [
        compare(
            "7 visible posts, 100 roles × 100,000",
            times,
            target="≤ 1.3 ×",
            holds=lambda _ms, ratio: ratio <= 1.3,
        ),
        count(
            "7 permission: queries", len([sql for sql in found if not is_frame(sql)]), unit="queries", most=2
        ),
    ]


def _fill_roles(admin_dsn: str, workspace_id: Any) -> None:
    with psycopg2.connect(admin_dsn) as link, link.cursor() as cursor:
        cursor.execute(
            "INSERT INTO teams_role (id, workspace_id, key, name, is_builtin, verbs)"
            " SELECT gen_random_uuid(), %s, 'r' || i, 'Role ' || i, false, '[\"calendar_app.post.see\"]'"
            " FROM generate_series(1, %s) AS i",
            [str(workspace_id), ROLES],
        )
    link.close()
