"""What a worker does with a file of posts: reads it, then takes its rows in, a few to a transaction.

A lease says who is at it. A worker that dies loses the rows of its open transaction and nothing else; the next one
goes on with what still waits. Every row goes through the services that pages use, with the rights of who brought it.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from calendar_app.columns import CAMPAIGN, CHANNELS, LABELS, LANGUAGE, TEXT, TITLE, stand_of
from calendar_app.content import Content, VariantContent
from calendar_app.importing import days_of, house_for, key_of, standings_for, waiting_rows
from calendar_app.judging import AT, Judged, judge
from calendar_app.models import HEADLINE_MAX, Import, ImportKey, ImportRow, Post
from calendar_app.permissions import EDIT, hidden_channel_ids
from calendar_app.reading import Line, Table, read_table
from calendar_app.selectors import content_of, get_post
from calendar_app.services.campaigns import labels_named
from calendar_app.services.imports import ref_of
from calendar_app.services.posts import create_from, save_post
from calendar_app.services.reviews import submit_post
from calendar_app.states import ImportState, RowAction, RowState
from core.clock import now
from core.errors import CollabError, Invalid, Stale
from core.ids import uuid7
from core.record import record
from files import storage
from teams.actors import Actor
from teams.permissions import actor_of
from teams.tenancy import workspace_scope

JUDGED_AT_ONCE, TAKEN_AT_ONCE = 500, 20
LEASE = timedelta(seconds=90)
S = ImportState


def work_on_import(*, workspace_id: UUID, import_id: UUID) -> None:
    """Do what waits of a file until nothing does; a second message for it finds it leased, or done.

    Records: calendar_app.import.finished.
    """
    token = uuid7()
    with workspace_scope(workspace_id):
        source = _claim(import_id, token)
    if source is None:
        return
    with translation.override(source.member.user.language):
        if source.state == S.READING:
            _read(workspace_id, source, token)
        else:
            while _take_some(workspace_id, import_id, token):
                continue


def _claim(import_id: UUID, token: UUID) -> Import | None:
    rows = Import.objects.filter(pk=import_id, state__in=(S.READING, S.RUNNING), lease_until__lte=now())
    if not rows.update(lease=token, lease_until=now() + LEASE):
        return None
    found = Import.objects.select_related("member__user", "member__role", "workspace")
    return found.get(pk=import_id)


def _hold(import_id: UUID, token: UUID, state: str) -> Import | None:
    """Lock the file for this transaction and lengthen the lease; None where it went to somebody else or stopped."""
    rows = Import.objects.select_for_update(of=("self",)).filter(pk=import_id, lease=token, state=state)
    found = rows.select_related("member__user", "member__role", "workspace").first()
    if found is not None:
        found.lease_until = now() + LEASE
    return found


def _read(workspace_id: UUID, source: Import, token: UUID) -> None:
    try:
        table = read_table(storage.path_of(source.stored_key).read_bytes())
        if not table.lines:
            raise Invalid(_("The file has headings and no rows."))
    except (Invalid, OSError) as error:
        words = error.message if isinstance(error, Invalid) else _("The file is gone. Upload it again.")
        with workspace_scope(workspace_id):
            held = _hold(source.pk, token, S.READING)
            if held is not None:
                held.state, held.failure = S.FAILED, words[:300]
                held.save()
        return
    order, is_either = days_of(table)
    seen: dict[str, int] = {}
    for start in range(0, len(table.lines), JUDGED_AT_ONCE):
        with workspace_scope(workspace_id):
            held = _hold(source.pk, token, S.READING)
            if held is None:
                return
            if start == 0:
                ImportRow.objects.filter(source=held).delete()
                held.date_order, held.is_either = held.asked_order or order, is_either
                held.total, held.unknown = len(table.lines), [text[:60] for text in table.unknown[:10]]
            lines = table.lines[start : start + JUDGED_AT_ONCE]
            _judge_lines(held, table, lines, seen)
            held.read_count = start + len(lines)
            if held.read_count == held.total:
                held.state, held.lease_until = S.READY, now()
            held.save()


def _judge_lines(source: Import, table: Table, lines: Sequence[Line], seen: dict[str, int]) -> None:
    by = actor_of(source.member)
    house = house_for(by, source, source.date_order, source.workspace.timezone, now())
    keyed = [(key_of(line, _digest(line)), line) for line in lines]
    found = standings_for(by, keyed, house)
    rows = []
    for key, line in keyed:
        standing = found.standings.get(key)
        judged = judge(line, table, house, standing)
        if key in found.missing:
            _object(
                judged, f"A{line.number}", _("There is no such post. Leave the row id empty for a new one.")
            )
        elif key in seen:
            words = _("Row %(number)d has the same row id, or says the same.") % {"number": seen[key]}
            _object(judged, f"{line.number}", words)
        seen.setdefault(key, line.number)
        rows.append(
            ImportRow(
                workspace_id=source.workspace_id,
                source=source,
                number=line.number,
                key=key,
                action=judged.action,
                words=_words_of(line, standing.said if standing else {}),
                scheduled_at=_instant(judged.wanted.get(AT)),
                wanted=judged.wanted,
                problems=judged.problems,
                post_id=standing.id if standing else None,
                seen_version=standing.version if standing else 0,
            )
        )
    ImportRow.objects.bulk_create(rows)


def _take_some(workspace_id: UUID, import_id: UUID, token: UUID) -> bool:
    """Take the next rows in; tell whether more may wait."""
    with workspace_scope(workspace_id):
        source = _hold(import_id, token, S.RUNNING)
        if source is None:
            return False
        by = actor_of(source.member)
        rows = waiting_rows(source.pk, TAKEN_AT_ONCE)
        for row in rows:
            _take(row, source, by)
        source.done_count += len(rows)
        if not rows:
            source.state, source.finished_at, source.lease_until = S.DONE, now(), now()
            system = Actor.system(workspace_id)
            record("calendar_app.import.finished", by=system, subject=ref_of(source), rows=source.done_count)
        source.save()
        return bool(rows)


def _take(row: ImportRow, source: Import, by: Actor) -> None:
    """Take one row in; what refuses it is written to it, and the next one's turn comes."""
    try:
        with transaction.atomic():
            post = _created(row, source, by) if row.action == RowAction.CREATE else _updated(row, source, by)
            stand = stand_of(post.version, post.scheduled_at)
            ImportKey.objects.update_or_create(
                workspace_id=source.workspace_id, key=row.key, defaults={"post": post, "stand": stand}
            )
            row.post, row.state = post, RowState.DONE
    except CollabError as refusal:
        row.state = RowState.REFUSED
        _note(row, _reasons(refusal), blocking=True)
        row.save()
        return
    if source.submits:
        _submit(row, by)
    row.save()


def _created(row: ImportRow, source: Import, by: Actor) -> Post:
    if ImportKey.objects.filter(key=row.key).exists():
        raise Stale(_("This row was taken in meanwhile by another upload."))
    return create_from(workspace=source.workspace, content=_applied(Content(), row, by), by=by)


def _updated(row: ImportRow, source: Import, by: Actor) -> Post:
    if row.post_id is None:
        raise Stale(_("The post of this row is gone."))
    post = get_post(by, row.post_id, EDIT)
    if post.version != row.seen_version:
        raise Stale(_("Somebody changed this post after the file was read. Upload the file again."))
    return save_post(
        post=post,
        expected_number=row.seen_version,
        content=_applied(content_of(post), row, by),
        confirm_unapprove=source.may_unapprove,
        reason="import",
        by=by,
    )


def _applied(before: Content, row: ImportRow, by: Actor) -> Content:
    """Return the document with what the row wants; channels that its reader does not see stay."""
    wanted = row.wanted
    plain = {name: wanted[name] for name in (TITLE, TEXT, CAMPAIGN, LANGUAGE, AT) if name in wanted}
    if LABELS in wanted:
        labels = labels_named(names=wanted[LABELS], by=by)
        plain["labels"] = tuple(sorted(str(label.pk) for label in labels))
    if CHANNELS in wanted:
        hidden = {str(ident) for ident in hidden_channel_ids(by)}
        kept = {variant.channel: variant for variant in before.variants}
        idents = [*wanted[CHANNELS], *(ident for ident in kept if ident in hidden)]
        plain["variants"] = tuple(kept.get(ident) or VariantContent(ident) for ident in idents)
    return replace(before, **plain)


def _submit(row: ImportRow, by: Actor) -> None:
    try:
        with transaction.atomic():
            assert row.post is not None  # it was just taken in
            submit_post(post=get_post(by, row.post.pk), by=by)
    except CollabError as refusal:
        _note(
            row, [_("It stays a draft: %(why)s") % {"why": why} for why in _reasons(refusal)], blocking=False
        )


def _note(row: ImportRow, messages: Sequence[str], *, blocking: bool) -> None:
    cell = str(row.number)
    row.problems = [
        *row.problems,
        *({"cell": cell, "message": message[:300], "blocking": blocking} for message in messages),
    ]


def _reasons(refusal: CollabError) -> list[str]:
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    return list(dict.fromkeys(_every(fields))) or [refusal.message]


def _every(fields: object) -> Iterator[str]:
    if isinstance(fields, dict):
        for value in fields.values():
            yield from _every(value)
    elif isinstance(fields, list | tuple):
        for value in fields:
            yield from _every(value)
    else:
        yield str(fields)


def _object(judged: Judged, cell: str, message: str) -> None:
    judged.problems.append({"cell": cell, "message": message, "blocking": True})
    judged.action = RowAction.BAD


def _digest(line: Line) -> str:
    said = {name: text.strip() for name, text in sorted(line.cells.items()) if text.strip()}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:40]


def _words_of(line: Line, said: object) -> str:
    known = said if isinstance(said, dict) else {}
    words = line.cells.get(TITLE) or line.cells.get(TEXT) or known.get(TITLE) or known.get(TEXT) or ""
    return " ".join(words.split())[:HEADLINE_MAX]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
