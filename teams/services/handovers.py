"""Handing over and back: found by the dispatcher, recorded once, so that everybody concerned is told."""

from uuid import UUID

from django.db import connection, transaction

from core.clock import now
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.cover import absent_ids, first_available
from teams.models import Absence, Membership
from teams.tenancy import workspace_scope

BATCH = 100


def settle_due() -> int:
    """Note who acts, for every absence for which that has changed, in all workspaces; return how many."""
    return sum(
        settle_cover(absence_id=row_id, workspace_id=workspace_id)
        for row_id, workspace_id in _due("teams_due_covers")
    )


def hand_back_due() -> int:
    """Close every absence that is over and whose member is back, in all workspaces; return how many members."""
    return sum(
        hand_back(absence_id=row_id, workspace_id=workspace_id)
        for row_id, workspace_id in _due("teams_due_returns")
    )


def settle_cover(*, absence_id: UUID, workspace_id: UUID) -> bool:
    """Note who acts during an absence, or that nobody does, where that is not what was noted last.

    Nobody is noted up to a day ahead, so that a gap is known before anything is late. Several absences that overlap
    or touch are one: what was said for the first is not said again for the next.
    Records: teams.absence.covered or teams.absence.uncovered. Locks: the absence.
    """
    with workspace_scope(workspace_id):
        rows = Absence.objects.select_for_update(of=("self",)).select_related("member__user")
        absence = rows.filter(pk=absence_id, member__status="active").first()
        instant = now()
        if absence is None or (absence.ends_at is not None and absence.ends_at <= instant):
            return False
        cover = first_available(absence.member, max(instant, absence.starts_at))
        if not _is_news(absence, cover):
            return False
        was_said = _was_said(absence, cover)
        before = absence.cover_id
        Absence.objects.filter(pk=absence.pk).update(cover=cover, cover_told_at=instant)
        if was_said:
            return True
        record(
            "teams.absence.covered" if cover else "teams.absence.uncovered",
            by=Actor.system(workspace_id),
            subject=Ref("teams.absence", absence.pk),
            member=str(absence.member_id),
            cover=str(cover.pk) if cover else None,
            before=str(before) if before else None,
        )
        return True


def hand_back(*, absence_id: UUID, workspace_id: UUID) -> bool:
    """Close the absences of a member who is back, all that overlapped as one.

    What he may do never waited for this: it only lets him be told what was done in his name.
    Records: teams.absence.returned. Locks: the absences.
    """
    with workspace_scope(workspace_id):
        member_id = Absence.objects.filter(pk=absence_id).values_list("member_id", flat=True).first()
        instant = now()
        if member_id is None or member_id in absent_ids(instant, {member_id}):
            return False
        over = Absence.objects.filter(member=member_id, ends_at__lte=instant, returned_at=None)
        ids = list(over.select_for_update().order_by("starts_at", "pk").values_list("pk", flat=True))
        if not ids:
            return False
        Absence.objects.filter(pk__in=ids).update(returned_at=instant)
        record(
            "teams.absence.returned",
            by=Actor.system(workspace_id),
            subject=Ref("teams.membership", member_id),
            absences=[str(ident) for ident in ids],
        )
        return True


def _is_news(absence: Absence, cover: Membership | None) -> bool:
    if absence.cover_told_at is None:
        return cover is None or absence.starts_at <= now()
    return absence.cover_id != (cover.pk if cover else None) and absence.starts_at <= now()


def _was_said(absence: Absence, cover: Membership | None) -> bool:
    others = Absence.objects.filter(member=absence.member_id, starts_at__lte=absence.starts_at)
    said = others.exclude(pk=absence.pk).filter(cover=cover, cover_told_at__isnull=False)
    return absence.cover_told_at is None and any(row.span.meets(absence.span) for row in said)


def _due(function: str) -> list[tuple[UUID, UUID]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT id, workspace_id FROM {function}(%s)", [BATCH])  # noqa: S608  # a name of ours
        return list(cursor.fetchall())
