"""Absences: recorded in seconds, covered at once, handed back at the end (R1.5, R1.6)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from teams.cover import acting_for, cover_of
from teams.models import Absence, Backup, Membership
from teams.permissions import can, covered_actors
from teams.services.absences import end_absence, record_absence
from teams.services.backups import set_backups
from teams.services.members import end_membership
from teams.states import AbsenceKind

HOUR = timedelta(hours=1)
PAGE = "/w/acme/absences/"


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


def back(cast, name: str, *backups: str) -> None:
    set_backups(
        member=fresh(getattr(cast, name)),
        backups=[fresh(getattr(cast, other)) for other in backups],
        by=cast.actor("ana"),
    )


def away(cast, name: str, *, start=-HOUR, end=HOUR, by: str = "ana") -> Absence:
    return record_absence(
        member=fresh(getattr(cast, name)),
        kind=AbsenceKind.SICK,
        starts_at=now() + start,
        ends_at=now() + end if end else None,
        by=cast.actor(by),
    )


def covering(cast, name: str) -> list[str]:
    return [member.user.name for member in acting_for(fresh(getattr(cast, name)), now())]


def test_sick_today_is_one_tap_and_the_backup_acts_at_once(cast, client_as, acme):
    back(cast, "ana", "cleo", "ben")
    client = client_as(cast.ana)
    page = client.post(PAGE + "sick/", follow=True).content.decode()
    assert "Cleo Marchetti now acts for Ana Rahman" in page
    assert "You are away now" in page
    absence = Absence.objects.get()
    with timezone.override("Asia/Kuala_Lumpur"):
        assert timezone.localtime(absence.ends_at).strftime("%H:%M") == "00:00"
        assert absence.ends_at - absence.starts_at <= timedelta(days=1)
    assert covering(cast, "cleo") == ["Ana Rahman"]


def test_an_absence_is_recorded_by_days_in_the_workspaces_zone(cast, client_as, acme):
    first = timezone.localdate() + timedelta(days=10)
    facts = {
        "member": cast.ben.pk,
        "kind": "leave",
        "first_day": first,
        "last_day": first + timedelta(days=1),
    }
    client_as(cast.ben).post(PAGE + "new/", facts)
    absence = Absence.objects.get()
    with timezone.override("Asia/Kuala_Lumpur"):
        local = timezone.localtime(absence.starts_at)
    assert (local.date(), local.hour) == (first, 0)
    assert absence.ends_at - absence.starts_at == timedelta(days=2)


def test_the_last_day_is_not_before_the_first(cast, client_as, acme):
    day = timezone.localdate() + timedelta(days=10)
    facts = {"member": cast.ben.pk, "kind": "leave", "first_day": day, "last_day": day - timedelta(days=2)}
    page = client_as(cast.ben).post(PAGE + "new/", facts)
    assert page.status_code == 422
    assert "after the start" in page.content.decode()
    assert not Absence.objects.exists()


def test_the_page_names_who_acts_for_whom(cast, client_as, acme):
    back(cast, "ana", "cleo")
    away(cast, "ana")
    assert "Cleo Marchetti acts in the meantime" in client_as(cast.vera).get(PAGE).content.decode()


def test_every_page_says_whom_one_covers_and_until_when(cast, client_as, acme):
    back(cast, "ana", "cleo")
    absence = away(cast, "ana", end=timedelta(days=3))
    page = client_as(cast.cleo).get(PAGE).content.decode()
    with timezone.override("Asia/Kuala_Lumpur"):
        day = date_format(timezone.localtime(absence.ends_at), "D j")
    assert f"Covering Ana until {day}" in page
    assert "Covering" not in client_as(cast.ben).get(PAGE).content.decode()


def test_cover_without_a_known_end_names_no_day(cast, client_as, acme):
    back(cast, "ana", "cleo")
    away(cast, "ana", end=None)
    page = client_as(cast.cleo).get(PAGE).content.decode()
    assert "Covering Ana" in page
    assert "Covering Ana until" not in page


def test_leads_record_for_others_and_others_do_not(cast, client_as, acme):
    assert away(cast, "ben", by="cleo").member_id == cast.ben.pk
    with pytest.raises(NotAllowed):
        away(cast, "jun", by="ben")
    day = timezone.localdate()
    page = client_as(cast.ben).post(PAGE + "new/", {"member": cast.jun.pk, "kind": "sick", "first_day": day})
    assert page.status_code == 422
    assert not Absence.objects.filter(member=cast.jun).exists()


def test_back_early_hands_everything_back(cast, client_as, acme):
    back(cast, "ana", "cleo")
    absence = away(cast, "ana")
    assert covering(cast, "cleo") == ["Ana Rahman"]
    client_as(cast.ana).post(f"{PAGE}{absence.pk}/end/")
    assert covering(cast, "cleo") == []


def test_an_absence_that_has_not_begun_is_dropped(acme):
    absence = away(acme, "ben", start=HOUR, end=2 * HOUR)
    end_absence(absence=absence, by=acme.actor("ben"))
    assert not Absence.objects.exists()


def test_an_absence_ends_once(acme):
    absence = away(acme, "ben", start=-2 * HOUR, end=-HOUR)
    with pytest.raises(WrongState):
        end_absence(absence=absence, by=acme.actor("ben"))


def test_nobody_ends_the_absence_of_somebody_else_without_the_right(acme):
    absence = away(acme, "ben")
    with pytest.raises(NotAllowed):
        end_absence(absence=absence, by=acme.actor("jun"))


# Who covers


def test_the_first_backup_who_is_here_acts(acme):
    back(acme, "ana", "cleo", "ben")
    away(acme, "ana")
    assert (covering(acme, "cleo"), covering(acme, "ben")) == (["Ana Rahman"], [])
    away(acme, "cleo")
    assert (covering(acme, "cleo"), covering(acme, "ben")) == ([], ["Ana Rahman"])
    assert cover_of(fresh(acme.ana), now()).user.name == "Ben Tan"


def test_cover_makes_no_chains(acme):
    """Jun stands in for Ben, Ben for Ana: when both are away, Jun acts for Ben and never for Ana."""
    back(acme, "ana", "ben")
    back(acme, "ben", "jun")
    away(acme, "ana")
    away(acme, "ben")
    assert covering(acme, "jun") == ["Ben Tan"]
    assert cover_of(fresh(acme.ana), now()) is None


def test_mutual_backups_make_no_loop(acme):
    back(acme, "ana", "ben")
    back(acme, "ben", "ana")
    away(acme, "ana")
    away(acme, "ben")
    assert (covering(acme, "ana"), covering(acme, "ben")) == ([], [])


def test_a_former_member_covers_nobody_and_is_covered_by_nobody(acme):
    back(acme, "ana", "ben", "cleo")
    back(acme, "jun", "cleo")
    away(acme, "ana")
    away(acme, "jun")
    end_membership(member=fresh(acme.ben), by=acme.actor("ana"))
    end_membership(member=fresh(acme.jun), by=acme.actor("ana"))
    assert covering(acme, "cleo") == ["Ana Rahman"]
    assert covering(acme, "ben") == []


def test_cover_begins_and_ends_with_the_absence(acme):
    back(acme, "ana", "cleo")
    absence = away(acme, "ana", start=HOUR, end=2 * HOUR)
    cleo = fresh(acme.cleo)
    assert acting_for(cleo, absence.starts_at - timedelta(microseconds=1)) == []
    assert acting_for(cleo, absence.starts_at) == [acme.ana]
    assert acting_for(cleo, absence.ends_at) == []


def test_an_absence_without_an_end_lasts(acme):
    back(acme, "ana", "cleo")
    away(acme, "ana", end=None)
    assert acting_for(fresh(acme.cleo), now() + timedelta(days=400)) == [acme.ana]


def test_a_cover_has_the_coverable_rights_of_the_absent_and_no_more(acme):
    back(acme, "ana", "vera")
    away(acme, "ana")
    vera = acme.actor("vera")
    [cover] = covered_actors(vera)
    assert cover.on_behalf_of == acme.ana.pk
    assert can(vera, "teams.team.edit")
    assert not can(vera, "teams.member.end")
    assert not can(vera, "teams.workspace.configure")
    assert not can(vera, "teams.role.assign")


def test_a_weaker_absent_member_lends_nothing(acme):
    back(acme, "vera", "ben")
    away(acme, "vera")
    ben = acme.actor("ben")
    assert not can(ben, "teams.team.edit")
    [cover] = covered_actors(ben)
    assert cover.verbs <= frozenset(acme.actor("vera").verbs)


# Backups


def test_backups_are_set_from_the_page_in_order(cast, client_as, acme):
    facts = {"backup_1": cast.cleo.pk, "backup_2": cast.ben.pk}
    client_as(cast.ana).post(f"/w/acme/members/{cast.ana.pk}/backups/", facts)
    rows = Backup.objects.filter(member=cast.ana).order_by("position")
    assert [row.backup_id for row in rows] == [cast.cleo.pk, cast.ben.pk]


def test_everybody_names_their_own_backups_and_leads_those_of_others(cast, client_as, acme):
    address = f"/w/acme/members/{cast.ben.pk}/backups/"
    assert client_as(cast.ben).post(address, {"backup_1": cast.jun.pk}).status_code == 302
    assert client_as(cast.jun).post(address, {"backup_1": cast.vera.pk}).status_code == 403
    assert client_as(cast.cleo).post(address, {"backup_1": cast.vera.pk}).status_code == 302
    assert Backup.objects.get().backup_id == cast.vera.pk


@pytest.mark.parametrize("names", [["ben"], ["cleo", "cleo"]])
def test_backups_are_different_people_other_than_oneself(acme, names):
    with pytest.raises(Invalid):
        back(acme, "ben", *names)
