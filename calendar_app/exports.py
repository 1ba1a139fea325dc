"""Posts as a table that leaves the product, by the filters of the list; read back in, it changes nothing."""

from django.db.models import F
from django.utils.translation import gettext as _

from calendar_app.columns import (
    AS_OF,
    EXPORTED,
    PERSON,
    ROW_ID,
    STATE,
    Names,
    heading,
    names_for,
    said_by,
    stand_of,
)
from calendar_app.models import Post
from calendar_app.selectors import PostFilter, content_of, posts_visible_to
from calendar_app.states import PostState
from teams.actors import Actor

MOST_ROWS = 10000


def post_table(by: Actor, wanted: PostFilter, zone: str) -> list[list[str]]:
    """Return a heading and a line for each post, first planned first, in four queries; 10,000 lines at most."""
    rows = posts_visible_to(by, wanted).select_related("author__user", "current_revision")
    posts = list(rows.order_by(F("scheduled_at").asc(nulls_last=True), "id")[: MOST_ROWS + 1])
    names = names_for(by)
    table = [
        [heading(name) for name in EXPORTED],
        *(_row(post, zone, names) for post in posts[:MOST_ROWS]),
    ]
    if len(posts) > MOST_ROWS:
        table.append([_("There are more posts. Narrow the filters to get the rest.")])
    return table


def _row(post: Post, zone: str, names: Names) -> list[str]:
    cells = {
        **said_by(content_of(post), zone, names),
        ROW_ID: str(post.pk),
        STATE: str(PostState(post.state).label),
        PERSON: post.author.user.name if post.author else "",
        AS_OF: stand_of(post.version, post.scheduled_at),
    }
    return [cells[name] for name in EXPORTED]
