"""Handing over and back (R1.6, R2.3): who takes over is told, a gap is told once, who returns reads what was done."""

from datetime import timedelta

from activity.models import Delivery, Entry
from activity.services.outbox import deliver
from core.clock import now
from notifications.models import Notice, NoticeMail
from notifications.selectors import worded
from teams.permissions import covered_actors, standing_for
from teams.services.absences import end_absence
from teams.services.groups import create_team
from teams.services.handovers import hand_back_due, settle_due
from tests.teams.test_absences import away, back, fresh

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TOOK, GAP, BACK = "teams.taken_over", "teams.uncovered", "teams.returned"


def said(kind: str) -> list[tuple[str, str]]:
    """Return who was told what, oldest first."""
    rows = Notice.objects.filter(type=kind).select_related("member__user", "entry", "for_member__user")
    return [(row.member.user.name.split()[0], worded([row], "acme")[0].title) for row in rows.order_by("pk")]


def settle() -> int:
    """Run the sweeps of the dispatcher once, and tell what they recorded."""
    found = settle_due() + hand_back_due()
    for row in Delivery.objects.filter(state="pending").order_by("pk"):
        assert deliver(workspace_id=row.workspace_id, delivery_id=row.pk)
    return found


def test_the_backup_is_told_once_when_the_absence_begins(acme):
    """R1.6: told with name and end, by mail too; a planned absence says nothing before it begins."""
    back(acme, "ana", "cleo", "ben")
    away(acme, "ana", start=2 * DAY, end=3 * DAY)
    settle()
    assert said(TOOK) == []
    away(acme, "ana", end=HOUR)
    for _round in range(3):
        settle()
    [(who, title)] = said(TOOK)
    assert who == "Cleo"
    assert title.startswith("You now act for Ana Rahman until ")
    assert NoticeMail.objects.filter(notice__type=TOOK).count() == 1
    assert Notice.objects.filter(member=acme.ana).count() == 0


def test_the_second_backup_is_told_when_the_first_falls_ill(acme):
    back(acme, "ana", "cleo", "ben")
    away(acme, "ana", end=DAY)
    settle()
    away(acme, "cleo", end=DAY)
    settle()
    assert [who for who, _ in said(TOOK)] == ["Cleo", "Ben"]
    assert sorted(who for who, _ in said(GAP)) == ["Ana", "Ben"]  # nobody stands in for Cleo: told for Ana
    end_absence(absence=fresh(acme.cleo).absences.get(), by=acme.actor("cleo"))
    settle()
    assert [who for who, _ in said(TOOK)] == ["Cleo", "Ben", "Cleo"]


def test_overlapping_absences_hand_over_once(acme):
    """R1.6: the second of two absences that overlap says nothing anew, and there is one return."""
    back(acme, "ana", "cleo")
    first = away(acme, "ana", start=-DAY, end=HOUR)
    second = away(acme, "ana", start=-HOUR, end=DAY)
    settle()
    assert len(said(TOOK)) == 1
    type(first).objects.filter(pk=first.pk).update(ends_at=now() - timedelta(minutes=1))
    settle()
    assert (len(said(TOOK)), said(BACK)) == (1, [])
    end_absence(absence=second, by=acme.actor("ana"))
    settle()
    assert (len(said(TOOK)), len(said(BACK))) == (1, 1)


def test_leads_are_told_once_of_a_gap_before_it_begins(acme):
    """R1.6: all backups away, or none: whoever leads is told a day ahead, once for each gap."""
    back(acme, "ben", "jun")
    away(acme, "jun", start=-HOUR, end=5 * DAY)
    settle()
    first = said(GAP)
    assert sorted(who for who, _ in first) == ["Ana", "Cleo"]  # nobody stands in for Jun
    away(acme, "ben", start=3 * DAY, end=4 * DAY)
    settle()
    assert said(GAP) == first  # three days ahead: nothing is late
    away(acme, "ben", start=HOUR, end=DAY)
    for _round in range(2):
        settle()
    assert sorted(who for who, _ in said(GAP)[len(first) :]) == ["Ana", "Cleo"]
    assert all("Nobody acts for Ben Tan" in title for _, title in said(GAP)[len(first) :])


def test_a_gap_that_is_mended_and_comes_back_is_told_again(acme):
    away(acme, "ben", end=DAY)
    settle()
    count = len(said(GAP))
    back(acme, "ben", "jun")
    settle()
    assert [who for who, _ in said(TOOK)] == ["Jun"]
    back(acme, "ben")
    settle()
    assert len(said(GAP)) == 2 * count


def test_who_is_back_reads_what_was_done_in_their_name(acme):
    """R1.6: one digest on return, by page and mail, naming who did what; nothing is left to hand back."""
    back(acme, "ana", "cleo")
    absence = away(acme, "ana", end=DAY)
    settle()
    cleo = acme.actor("cleo")
    [cover] = covered_actors(cleo)
    create_team(name="Ramadan", members=[], by=standing_for(cleo, "teams.team.edit", member_id=acme.ana.pk))
    assert Entry.objects.filter(on_behalf_of=acme.ana.pk).count() == 1
    end_absence(absence=absence, by=acme.actor("ana"))
    for _round in range(2):
        settle()
    assert said(BACK) == [("Ana", "Welcome back: 1 thing was done in your name")]
    row = Notice.objects.get(type=BACK)
    assert "Cleo Marchetti created a team" in worded([row], "acme")[0].body
    assert NoticeMail.objects.filter(notice=row).count() == 1
    assert cover.on_behalf_of == acme.ana.pk
    assert covered_actors(acme.actor("cleo")) == []


def test_an_absent_member_is_not_pinged_meanwhile(acme, monkeypatch):
    """R1.6: what concerns the absent waits silently; the backup is told, with whom it is for."""
    called = []
    monkeypatch.setattr("notifications.services.notices.publish", lambda _w, ref, _v: called.append(ref.id))
    back(acme, "ana", "cleo")
    away(acme, "ana", end=DAY)
    away(acme, "jun", end=DAY)
    settle()
    assert Notice.objects.filter(member=acme.ana, type=GAP).count() == 1  # read on return
    assert (
        Notice.objects.filter(member=acme.cleo, type=GAP, for_member=acme.ana).count() == 0
    )  # told as a lead
    assert acme.cleo.pk in called
    assert acme.jun.pk not in called
    assert acme.ana.pk not in called
    assert not NoticeMail.objects.filter(notice__member__in=[acme.ana, acme.jun]).exists()
