"""Row 7: who may see which of 100,000 objects at 100 roles, free and within limits, beside a plain filter."""

from typing import Any

import psycopg2

from bench.data import fill_posts, make_workspaces, settle
from bench.harness import Figure, compare, count, interleave
from bench.site import is_frame, member_of, statements

ROLES = 100
OBJECTS = 100_000
NETWORK = "newsroom"
STATES = ["draft", "in_review"]


def permission(admin_dsn: str) -> list[Figure]:
    """Compare the first page of visible posts with the same page by a bare membership filter."""
    from django.db.models import Exists, OuterRef, Q

    from calendar_app.models import Post, PostChannel
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

    confined = member_of(workspace_id)
    with workspace_scope(workspace_id):
        confined.role = _limited_role()

    def ours_limited() -> int:
        with workspace_scope(workspace_id):
            rows = visible(actor_of(confined), "calendar_app.post.see", Post.objects.order_by("-id"))
            return len(list(rows.values_list("pk", flat=True)[:50]))

    def limit_limited() -> int:
        with workspace_scope(workspace_id):
            mine = Membership.objects.filter(pk=member.pk, status="active").values("workspace_id")
            channels = PostChannel.objects.filter(post=OuterRef("pk")).order_by()
            inside = Exists(channels.filter(channel__kind__in=[NETWORK]))
            outside = Exists(channels.exclude(channel__kind__in=[NETWORK]))
            rows = Post.objects.filter(workspace_id__in=mine, state__in=STATES).filter(
                Q(inside) | ~Q(outside)
            )
            return len(list(rows.order_by("-id").values_list("pk", flat=True)[:50]))

    assert ours() == limit() == ours_limited() == limit_limited() == 50
    times = interleave({"ours": ours, "limit": limit}, inner=10)
    limited = interleave({"ours": ours_limited, "limit": limit_limited}, inner=10)
    counted = {}
    for name, ask in (("permission", ours), ("within limits", ours_limited)):
        with workspace_scope(workspace_id), statements() as found:
            ask()
        counted[name] = len([sql for sql in found if not is_frame(sql)])
    return [
        compare(
            "7 visible posts, 100 roles × 100,000",
            times,
            target="≤ 1.3 ×",
            holds=lambda _ms, ratio: ratio <= 1.3,
        ),
        compare(
            "7 the same within limits: a network, two states",
            limited,
            target="≤ 1.3 ×",
            holds=lambda _ms, ratio: ratio <= 1.3,
        ),
        *(count(f"7 {name}: queries", number, unit="queries", most=2) for name, number in counted.items()),
    ]


def _limited_role() -> Any:
    """Return one of the roles with all rights, one of them limited to a network and two states."""
    from teams.limits import Limit, as_json
    from teams.models import Role
    from teams.permissions import verbs as known

    role = Role.objects.get(key="r1")
    verbs = frozenset({"calendar_app.post.see"})
    limit = Limit("bench", verbs, networks=frozenset({NETWORK}), states=frozenset(STATES))
    role.limits, role.verbs = [as_json(limit)], sorted(verb.name for verb in known.values())
    role.save(update_fields=["limits", "verbs"])
    return role


def _fill_roles(admin_dsn: str, workspace_id: Any) -> None:
    with psycopg2.connect(admin_dsn) as link, link.cursor() as cursor:
        cursor.execute(
            "INSERT INTO teams_role (id, workspace_id, key, name, is_builtin, verbs, limits)"
            " SELECT gen_random_uuid(), %s, 'r' || i, 'Role ' || i, false, '[\"calendar_app.post.see\"]', '[]'"
            " FROM generate_series(1, %s) AS i",
            [str(workspace_id), ROLES],
        )
    link.close()
