"""Fills a database with workspaces and posts by plain SQL, as the server's administrator."""

from typing import Any
from uuid import UUID

import psycopg2

from core.ids import uuid7


def fill_posts(admin_dsn: str, workspace_id: UUID, *, posts: int, in_month: int, month: str) -> None:
    """Add `posts` posts to a workspace: `in_month` of them within `month` (first day, ISO), the rest around it.

    Each has a current revision, one variant and one or two channels of the workspace.
    """
    with psycopg2.connect(admin_dsn) as link, link.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM networks_channel WHERE workspace_id = %s ORDER BY position, id",
            [str(workspace_id)],
        )
        channels = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT id FROM teams_membership WHERE workspace_id = %s LIMIT 1", [str(workspace_id)])
        (member,) = cursor.fetchone()
        cursor.execute("DROP TABLE IF EXISTS bench_new")
        cursor.execute(_NEW, {"posts": posts, "in_month": in_month, "month": month})
        cursor.execute(_POSTS, {"workspace": str(workspace_id), "member": member})
        cursor.execute(_REVISIONS, {"workspace": str(workspace_id), "member": member})
        cursor.execute(
            "UPDATE calendar_app_post p SET current_revision_id = n.revision FROM bench_new n WHERE p.id = n.id"
        )
        for position, channel in enumerate(channels[:2]):
            cursor.execute(
                _CHANNELS, {"workspace": str(workspace_id), "channel": channel, "position": position}
            )
        cursor.execute("DROP TABLE bench_new")
    link.close()


def fill_reviews(cursor: Any, workspace_id: UUID, *, author: UUID, reviewer: UUID, number: int) -> None:
    """Add posts that wait for a reviewer's decision, `number` of them, one minute apart, on the first channel."""
    given = {
        "workspace": str(workspace_id),
        "author": str(author),
        "reviewer": str(reviewer),
        "number": number,
    }
    for statement in _REVIEWS:
        cursor.execute(statement, given)


def settle(admin_dsn: str) -> None:
    """Gather statistics and clear what the filling left, so that plans are those of a database at rest."""
    link = psycopg2.connect(admin_dsn)
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    link.close()


def make_workspaces(count: int) -> list[UUID]:
    """Make `count` further workspaces, each with an owner, through the real service."""
    from teams.models import User
    from teams.services.workspaces import create_workspace

    made = []
    for _number in range(count):
        ident = uuid7().hex[-12:]
        owner = User.objects.create(email=f"o-{ident}@bench.test", name=f"Owner {ident}", password="!")  # noqa: S106
        made.append(create_workspace(slug=f"b-{ident}", name=f"Bench {ident}", owner=owner)[0].pk)
    return made


_NEW = """
CREATE TEMP TABLE bench_new AS
SELECT gen_random_uuid() AS id, gen_random_uuid() AS revision, i,
    CASE WHEN i <= %(in_month)s
        THEN %(month)s::timestamptz + (i %% 30) * interval '1 day' + (420 + i %% 720) * interval '1 minute'
        ELSE %(month)s::timestamptz + (i %% 720) * interval '1 minute'
            + (40 + (i * 7919) %% 900) * (CASE WHEN i %% 2 = 0 THEN 1 ELSE -1 END) * interval '1 day'
    END AS at
FROM generate_series(1, %(posts)s) AS i
"""
_POSTS = """
INSERT INTO calendar_app_post (id, workspace_id, title, headline, state, author_id, language, rating, scheduled_at,
    wall_time, zone, fold, version, state_before_archive, created_at, updated_at)
SELECT id, %(workspace)s, '', words[1 + i %% 6] || ' ' || words[1 + (i / 6) %% 6] || ' ' || i,
    states[1 + i %% 8], %(member)s, 'en', '', at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'),
    'UTC', 0, 1, '', now(), now() - i * interval '1 second'
FROM bench_new,
    (SELECT ARRAY['Harvest', 'roast', 'Ipoh', 'tasting', 'morning', 'cup'] AS words,
        ARRAY['draft', 'in_review', 'approved', 'draft', 'published', 'published', 'published', 'published'] AS states)
"""
_REVISIONS = """
INSERT INTO calendar_app_revision (id, workspace_id, post_id, number, base_number, content, content_hash, reason,
    created_by_id, actor_kind, created_at)
SELECT revision, %(workspace)s, id, 1, 0, jsonb_build_object('text', repeat('Morning coffee for two. ', 20)),
    md5(id::text) || md5(revision::text), 'save', %(member)s, 'member', now()
FROM bench_new
"""
_CHANNELS = """
INSERT INTO calendar_app_postchannel (id, workspace_id, post_id, channel_id, position)
SELECT gen_random_uuid(), %(workspace)s, id, %(channel)s, %(position)s FROM bench_new
WHERE %(position)s = 0 OR i %% 2 = 0
"""
_OF_SERIES = "FROM generate_series(1, %(number)s) AS i"
_IDENT = "md5(%(workspace)s || '{}' || i)::uuid"
_REVIEWS = [
    statement.replace("$series", _OF_SERIES)
    .replace("$post", _IDENT.format("post"))
    .replace("$revision", _IDENT.format("revision"))
    .replace("$request", _IDENT.format("request"))
    .replace("$step", _IDENT.format("step"))
    for statement in (
        """
INSERT INTO calendar_app_post (id, workspace_id, title, headline, state, author_id, language, rating, scheduled_at,
    wall_time, zone, fold, version, state_before_archive, created_at, updated_at)
SELECT $post, %(workspace)s, '', 'Morning cup ' || i, 'in_review', %(author)s, 'en', '',
    now() + interval '1 day' + i * interval '1 minute',
    to_char(now() + interval '1 day' + i * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS'), 'UTC', 0, 1, '',
    now(), now() $series
""",
        """
INSERT INTO calendar_app_postchannel (id, workspace_id, post_id, channel_id, position)
SELECT gen_random_uuid(), %(workspace)s, $post, channel.id, 0
FROM (SELECT id FROM networks_channel WHERE workspace_id = %(workspace)s ORDER BY position, id LIMIT 1) AS channel,
    generate_series(1, %(number)s) AS i
""",
        """
INSERT INTO approvals_request (id, workspace_id, subject_type, subject_id, revision_id, revision_number, content_hash,
    state, author_ids, workflow_ids, actor_kind, submitted_by_id, note, submitted_at)
SELECT $request, %(workspace)s, 'calendar_app.post', $post, $revision, 1, repeat('a', 64), 'open',
    jsonb_build_array(%(author)s), '[]', 'member', %(author)s, '', now() - i * interval '1 second' $series
""",
        """
INSERT INTO approvals_requeststep (id, workspace_id, request_id, position, name, rule, needed, state, is_working_time,
    opened_at, is_optional, because, parts, reopen)
SELECT $step, %(workspace)s, $request, 1, 'Lead', 'any', 1, 'open', true, now(), false, '[]', '[]', 'first' $series
""",
        """
INSERT INTO approvals_requestapprover (id, workspace_id, request_step_id, member_id, is_stand_in)
SELECT gen_random_uuid(), %(workspace)s, $step, %(reviewer)s, false $series
""",
    )
]
