"""Files of posts taken in: uploaded, read by a worker, looked at, started; what became of each row is kept."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.utils.translation import gettext as _

from calendar_app.importing import imports_of
from calendar_app.models import Import, ImportRow
from calendar_app.permissions import CREATE
from calendar_app.reading import MOST_BYTES
from calendar_app.states import ImportState, RowAction, RowState
from calendar_app.wall_texts import ORDERS
from core import jobs
from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from files import storage
from teams.actors import Actor
from teams.permissions import require

TASK = "calendar_app.work_on_import"
KEPT_FOR = timedelta(days=30)
MOST_KEPT = 20
RESCUE_BATCH = 20
S = ImportState


def upload_file(*, file: "UploadedFile[Any]", name: str, channels: Sequence[str] = (), by: Actor) -> Import:
    """Keep a file and let a worker read it; nothing becomes a post before its maker says so.

    What the same person brought a month ago, or twenty files ago, is forgotten; the posts stay.
    Raises: NotAllowed; Invalid. Records: calendar_app.import.uploaded.
    """
    require(by, CREATE)
    if by.member is None:
        raise Invalid(_("Only a member brings files of posts."))
    if (file.size or 0) > MOST_BYTES:
        message = _("The file is larger than 10 MB. Split it.")
        raise Invalid(message, fields={"file": [message]})
    _forget_old(by)
    source = Import(
        workspace_id=by.workspace_id,
        member=by.member,
        name=_short(name),
        stored_key=storage.write_stream(file.chunks()),
        channels=list(channels),
    )
    source.save(force_insert=True)
    record("calendar_app.import.uploaded", by=by, subject=ref_of(source))
    _hand_over(source)
    return source


def read_again(*, source: Import, date_order: str, channels: Sequence[str], by: Actor) -> Import:
    """Read a file once more: its days in another order, other channels for rows that name none.

    Raises: NotAllowed; WrongState once anything was taken in.
    """
    require(by, CREATE)
    _lock(source, S.READY, S.FAILED)
    ImportRow.objects.filter(source=source).delete()
    source.asked_order = date_order if date_order in ORDERS else ""
    source.channels = list(channels)
    source.state, source.failure = S.READING, ""
    source.total = source.read_count = 0
    source.lease, source.lease_until = None, now()
    source.save()
    _hand_over(source)
    return source


def start_import(*, source: Import, submits: bool = False, may_unapprove: bool = False, by: Actor) -> Import:
    """Take the good rows in: as drafts, or submitted for approval as well.

    Raises: NotAllowed; WrongState. Records: calendar_app.import.started.
    """
    require(by, CREATE)
    _lock(source, S.READY, S.STOPPED)
    source.state, source.submits, source.may_unapprove = S.RUNNING, submits, may_unapprove
    todo = ImportRow.objects.filter(source=source, action__in=(RowAction.CREATE, RowAction.UPDATE))
    source.total = todo.count()
    source.done_count = todo.exclude(state=RowState.WAITING).count()
    source.lease, source.lease_until = None, now()
    source.save()
    record("calendar_app.import.started", by=by, subject=ref_of(source), rows=source.total)
    _hand_over(source)
    return source


def stop_import(*, source: Import, by: Actor) -> Import:
    """Stop taking rows in; what is in stays, and the rest can be taken in later.

    Raises: NotAllowed; WrongState. Records: calendar_app.import.stopped.
    """
    require(by, CREATE)
    _lock(source, S.RUNNING)
    source.state, source.lease = S.STOPPED, None
    source.save()
    record("calendar_app.import.stopped", by=by, subject=ref_of(source), rows=source.done_count)
    return source


def remove_import(*, source: Import, by: Actor) -> None:
    """Forget a file; the posts that came of it stay. Raises: WrongState while rows are being taken in."""
    require(by, CREATE)
    _lock(source, *(state for state in S if state != S.RUNNING))
    storage.remove(source.stored_key)
    source.delete()


def rescue_imports() -> int:
    """Ask again for files that a worker left in the middle; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM calendar_app_stuck_imports(%s)", [RESCUE_BATCH])
        rows = cursor.fetchall()
    for import_id, workspace_id in rows:
        ids = {"workspace_id": str(workspace_id), "import_id": str(import_id)}
        jobs.send(TASK, kwargs=ids, queue="default")
    return len(rows)


def ref_of(source: Import) -> Ref:
    """Return the reference under which a file is known."""
    return Ref("calendar_app.import", source.pk)


def _lock(source: Import, *states: str) -> None:
    """Lock a file until the commit and take over how it stands. Raises: WrongState."""
    row = Import.objects.select_for_update(of=("self",)).get(pk=source.pk)
    for field in ("state", "total", "read_count", "done_count"):
        setattr(source, field, getattr(row, field))
    if source.state not in states:
        words = {"state": S(source.state).label}
        raise WrongState(_("This file is “%(state)s”. Load the page again.") % words)


def _hand_over(source: Import) -> None:
    jobs.enqueue(TASK, workspace_id=source.workspace_id, import_id=source.pk)


def _forget_old(by: Actor) -> None:
    rows = imports_of(by).exclude(state=S.RUNNING)
    old = {row.pk: row.stored_key for row in rows.filter(created_at__lt=now() - KEPT_FOR)[:MOST_KEPT]}
    old |= {row.pk: row.stored_key for row in rows[MOST_KEPT - 1 : 2 * MOST_KEPT]}
    Import.objects.filter(pk__in=old).delete()
    storage.remove(*old.values())


def _short(name: str) -> str:
    cleaned = "".join(each for each in name.replace("\\", "/").rsplit("/", 1)[-1] if each.isprintable())
    return cleaned.strip()[-200:] or _("untitled")
