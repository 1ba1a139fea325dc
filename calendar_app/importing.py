"""Files of posts on their way in: one's own, their rows and counts, and what their rows are judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from calendar_app.columns import AS_OF, DAY, ROW_ID, read_stand, said_by
from calendar_app.columns import names_for as column_names
from calendar_app.content import Content
from calendar_app.judging import House, Standing, named_once
from calendar_app.models import Import, ImportKey, ImportRow, Post, Revision
from calendar_app.reading import Line, Table
from calendar_app.selectors import PostFilter, channels_for_writing, content_of, posts_visible_to
from calendar_app.states import RowAction, RowState
from calendar_app.wall_texts import is_either, order_in
from core.errors import NotFound
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of a file would do what, and did."""

    create: int
    update: int
    same: int
    bad: int
    refused: int
    made: int
    changed: int
    waiting: int

    @property
    def good(self) -> int:
        """Return how many rows there are to take in."""
        return self.create + self.update


def imports_of(by: Actor) -> QuerySet[Import]:
    """Return the files that the actor brought, latest first."""
    return Import.objects.filter(member=by.member_id).order_by("-id")


def get_import(by: Actor, pk: UUID) -> Import:
    """Return a file that the actor brought. Raises: NotFound."""
    found = imports_of(by).select_related("member__user").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such file here."))
    return found


def rows_of(source: Import, action: str = "") -> QuerySet[ImportRow]:
    """Return the rows of a file in its order; those that would do one thing where it is named."""
    rows = ImportRow.objects.filter(source=source).select_related("post")
    if action == RowState.REFUSED:
        rows = rows.filter(state=RowState.REFUSED)
    elif action:
        rows = rows.filter(action=action)
    return rows.order_by("number", "id")


def waiting_rows(source_id: UUID, most: int) -> list[ImportRow]:
    """Return the next rows to take in, in the order of the file."""
    rows = ImportRow.objects.filter(
        source=source_id, state=RowState.WAITING, action__in=(RowAction.CREATE, RowAction.UPDATE)
    )
    return list(rows.order_by("number", "id")[:most])


def tally_of(source: Import) -> Tally:
    """Count the rows of a file by what they would do and what became of them, in one statement."""
    rows = ImportRow.objects.filter(source=source).values_list("action", "state").annotate(n=Count("pk"))
    counts: dict[tuple[str, str], int] = {(action, state): n for action, state, n in rows.order_by()}

    def summed(action: str = "", state: str = "") -> int:
        return sum(n for (a, s), n in counts.items() if action in ("", a) and state in ("", s))

    return Tally(
        create=summed(RowAction.CREATE),
        update=summed(RowAction.UPDATE),
        same=summed(RowAction.SAME),
        bad=summed(RowAction.BAD),
        refused=summed(state=RowState.REFUSED),
        made=summed(RowAction.CREATE, RowState.DONE),
        changed=summed(RowAction.UPDATE, RowState.DONE),
        waiting=summed(RowAction.CREATE, RowState.WAITING) + summed(RowAction.UPDATE, RowState.WAITING),
    )


def days_of(table: Table) -> tuple[str, bool]:
    """Return the order in which a file writes its days, "" where it cannot be told, and whether that matters."""
    days = [line.cells.get(DAY, "") for line in table.lines]
    order = order_in(days)
    return order, not order and any(is_either(day) for day in days)


def house_for(by: Actor, source: Import, order: str, zone: str, now: datetime) -> House:
    """Return what the rows of a file are judged by."""
    names = column_names(by)
    usable = frozenset(str(channel.pk) for channel in channels_for_writing(by))
    return House(
        names=names,
        channels=named_once(names.channels),
        campaigns=named_once(names.campaigns),
        usable=usable,
        fallback=tuple(ident for ident in source.channels if ident in usable),
        zone=zone,
        order=order or "dmy",
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What rows are about, by key: posts as they stand; keys of posts that are not to be seen are `missing`."""

    standings: Mapping[str, Standing]
    missing: frozenset[str]


def standings_for(by: Actor, lines: Sequence[tuple[str, Line]], house: House) -> Found:
    """Return the posts that rows name, by the rows' keys, in a fixed number of queries."""
    named = {key: ident for key, _line in lines if (ident := _uuid(key))}
    kept = {row.key: row for row in ImportKey.objects.filter(key__in=[key for key, _line in lines])}
    wanted = {**named, **{key: row.post_id for key, row in kept.items()}}
    rows = posts_visible_to(by, PostFilter(with_archived=True)).filter(pk__in=set(wanted.values()))
    posts = {post.pk: post for post in rows.select_related("current_revision", "author__user")}
    stated = {key: _stated(line, kept.get(key)) for key, line in lines if wanted.get(key) in posts}
    old = _old_contents({key: (posts[wanted[key]], stand) for key, stand in stated.items()})
    standings = {
        key: _standing(posts[wanted[key]], stand, old.get(key), house) for key, stand in stated.items()
    }
    return Found(standings, frozenset(wanted) - frozenset(standings))


def _stated(line: Line, kept: ImportKey | None) -> tuple[int, str | None] | None:
    return read_stand(line.cells.get(AS_OF, "")) or (read_stand(kept.stand) if kept else None)


def _old_contents(asked: Mapping[str, tuple[Post, tuple[int, str | None] | None]]) -> dict[str, Content]:
    """Return what posts said as files were made, where that is not what they say now, in one query at most."""
    gone = {
        (post.pk, stand[0]): key for key, (post, stand) in asked.items() if stand and stand[0] != post.version
    }
    if not gone:
        return {}
    rows = Revision.objects.filter(
        post__in={post_id for post_id, _number in gone}, number__in={number for _post, number in gone}
    )
    return {
        gone[row.post_id, row.number]: Content.from_json(row.content)
        for row in rows
        if (row.post_id, row.number) in gone
    }


def _standing(
    post: Post, stand: tuple[int, str | None] | None, old: Content | None, house: House
) -> Standing:
    content = content_of(post)
    before = content
    if stand is not None and (old is not None or stand[0] == post.version):
        before = replace(old or content, scheduled_at=stand[1])
    return Standing(
        id=post.pk,
        version=post.version,
        state=post.state,
        author=post.author.user.name if post.author else "",
        said=said_by(content, house.zone, house.names),
        before=said_by(before, house.zone, house.names),
    )


def key_of(line: Line, digest: str) -> str:
    """Return by what a row is known again: its row id, else what it says."""
    return line.cells.get(ROW_ID, "").strip()[:64].lower() or f"#{digest}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def context_of(source: Import) -> dict[str, Any]:
    """Return what every page and fragment of a file shows."""
    return {"source": source, "tally": tally_of(source)}
