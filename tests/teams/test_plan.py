"""Four weeks of absences (R1.6, R1.11): who is away, who then acts, and the days on which nobody would."""

from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from teams.models import Absence, Duty, DutyKind
from teams.plan import plan_of
from teams.services.backups import set_backups
from tests.teams.test_absences import back, fresh

MONDAY = date(2026, 3, 9)
ZONE = "Asia/Kuala_Lumpur"
PAGE = "/w/acme/absences/plan/"


def gone(cast, name: str, first: int, hours: float, at: float = 0) -> None:
    starts = datetime(2026, 3, 8, 16, tzinfo=UTC) + timedelta(days=first, hours=at)
    member = getattr(cast, name)
    Absence(
        workspace=cast.acme, member=member, starts_at=starts, ends_at=starts + timedelta(hours=hours)
    ).save()


def row_of(plan, name: str):
    return next(row for row in [*plan.people, *plan.duties] if row.label.startswith(name))


def shown(row) -> list[tuple[int, bool, tuple[str, ...], bool]]:
    return [
        ((cell.day - MONDAY).days, cell.is_whole, tuple(n.split()[0] for n in cell.covers), cell.is_gap)
        for cell in row.marked
    ]


def test_each_day_says_who_acts_and_where_nobody_does(acme):
    """Days by the workspace's clock; half days; the second where the first is away; red where nobody is."""
    back(acme, "ana", "cleo", "ben")
    gone(acme, "ana", 0, 48)
    gone(acme, "cleo", 1, 24)
    gone(acme, "jun", 3, 12, at=12)
    plan = plan_of(acme.actor("vera"), MONDAY, ZONE)
    assert [day.isoformat() for day in (plan.days[0], plan.days[-1])] == ["2026-03-09", "2026-04-05"]
    assert shown(row_of(plan, "Ana")) == [(0, True, ("Cleo",), False), (1, True, ("Ben",), False)]
    assert shown(row_of(plan, "Cleo")) == [(1, True, (), True)]
    assert shown(row_of(plan, "Jun")) == [(3, False, (), True)]
    assert plan.gap_count == 2
    assert [day for day, _ in plan.by_day] == [MONDAY + timedelta(days=n) for n in (0, 1, 3)]


def test_a_gap_of_hours_within_a_day_is_a_gap(acme):
    """Ben leaves at noon while he stands in for Jun: from noon on nobody acts."""
    back(acme, "jun", "ben")
    gone(acme, "jun", 0, 24)
    gone(acme, "ben", 0, 2, at=12)
    assert shown(row_of(plan_of(acme.actor("ana"), MONDAY, ZONE), "Jun")) == [(0, True, ("Ben",), True)]


def test_a_duty_shows_the_days_on_which_it_has_nobody(acme):
    """R1.3, R1.11: the duty's own backup first; without anybody responsible every day is red."""
    kind = DutyKind.objects.order_by("pk").first()
    duty = Duty(workspace=acme.acme, kind=kind, name="Stories", owner=acme.jun)
    duty.save()
    Duty(workspace=acme.acme, kind=kind, name="Orphan").save()
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.farah)], by=acme.actor("ana"), scope=duty.ref)
    gone(acme, "jun", 0, 72)
    gone(acme, "farah", 2, 24)
    plan = plan_of(acme.actor("ana"), MONDAY, ZONE)
    assert shown(row_of(plan, "Stories")) == [
        (0, True, ("Farah",), False),
        (1, True, ("Farah",), False),
        (2, True, (), True),
    ]
    assert len(shown(row_of(plan, "Orphan"))) == 28


def test_the_page_costs_the_same_however_many_are_away(cast, client_as, acme):
    back(acme, "ana", "cleo")
    gone(acme, "ana", 0, 24)
    client = client_as(cast.cleo)
    client.get(PAGE)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as found:
            page = client.get(PAGE, {"from": "2026-03-09"}).content.decode()
        counts.append(len(found))
        for name in ("ben", "jun", "farah", "vera"):
            gone(acme, name, 1, 240)
    assert counts[0] == counts[1]
    assert "Cleo Marchetti acts" in page
    assert client.get(PAGE, {"from": "9999-99-99"}).status_code == 200
    assert client.get(PAGE, {"from": "0001-01-01"}).status_code == 200
