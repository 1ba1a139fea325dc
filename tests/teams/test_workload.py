"""Workload: live work and standing effort against the hours there are (R1.1)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from approvals.models import Request
from approvals.services.decisions import decide
from calendar_app.duties import POST_MINUTES
from calendar_app.services.reviews import submit_post
from core.clock import now
from teams.models import Membership
from teams.overview import overview
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.services.duties import create_duty, end_duty, starter_kind
from teams.services.members import change_profile
from teams.states import AbsenceKind, StarterKind
from teams.workload import absent_share, live_work, loads, weeks_from
from tests.factories.posts import make_post

KUL = ZoneInfo("Asia/Kuala_Lumpur")
MONDAY = datetime(2026, 11, 23, tzinfo=KUL)
HOUR = timedelta(hours=1)


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


def weeks_of(cast, name: str, count: int = 2, owners=None):
    actor = cast.actor("cleo")
    view = overview(actor, now(), KUL)
    weeks = weeks_from(view.now, view, count)
    return loads(view, weeks, live_work(actor, view, weeks), owners)[getattr(cast, name).pk]


def next_week() -> datetime:
    today = now().astimezone(KUL).date()
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7)
    return datetime.combine(monday, datetime.min.time(), KUL)


def duty_of(cast, owner: str, minutes: int, *backups: str):
    return create_duty(
        kind=starter_kind(StarterKind.CONTENT, cast.acme.pk),
        owner=fresh(getattr(cast, owner)),
        backups=[fresh(getattr(cast, one)) for one in backups],
        effort_minutes=minutes,
        by=cast.actor("cleo"),
    )


@pytest.mark.parametrize(
    ("spans", "share"),
    [
        ([], 0),
        ([(MONDAY, MONDAY + timedelta(days=5))], 1),
        ([(MONDAY, None)], 1),
        ([(MONDAY, MONDAY + timedelta(days=1))], 0.2),
        ([(MONDAY + 13 * HOUR, MONDAY + timedelta(days=1))], 0.1),
        ([(MONDAY, MONDAY + timedelta(days=1)), (MONDAY + 10 * HOUR, MONDAY + 12 * HOUR)], 0.2),
        ([(MONDAY + timedelta(days=5), MONDAY + timedelta(days=7))], 0),
        ([(MONDAY - timedelta(days=30), MONDAY)], 0),
        ([(datetime(2026, 11, 23, 1, tzinfo=UTC), datetime(2026, 11, 23, 5, tzinfo=UTC))], 0.1),
    ],
)
def test_absences_take_their_share_of_the_working_week(spans, share):
    assert absent_share(spans, MONDAY) == pytest.approx(share)


def test_assigning_five_posts_moves_the_bar(acme):
    before = weeks_of(acme, "ben")
    for hour in range(5):
        make_post(acme, f"Post {hour}", scheduled_at=next_week() + timedelta(days=2, hours=hour))
    after = weeks_of(acme, "ben")
    assert after[1].total - before[1].total == 5 * POST_MINUTES
    assert (after[1].counts["posts"], after[0].total) == (5, before[0].total)


def test_a_post_that_was_put_away_weighs_nothing(acme):
    from calendar_app.services.posts import archive_post

    post = make_post(acme, scheduled_at=next_week() + HOUR)
    assert weeks_of(acme, "ben")[1].counts == {"posts": 1}
    archive_post(post=post, by=acme.actor("ben"))
    assert weeks_of(acme, "ben")[1].counts == {}


def test_an_approval_weighs_on_who_may_decide_until_it_is_decided(acme):
    post = make_post(acme)
    submit_post(post=post, by=acme.actor("ben"))
    assert weeks_of(acme, "cleo")[0].counts["approvals"] == 1
    assert "approvals" not in weeks_of(acme, "ben")[0].counts
    asked = Request.objects.get(subject_id=post.pk)
    decide(request=asked, verdict="approve", revision_id=asked.revision_id, by=acme.actor("cleo"))
    assert "approvals" not in weeks_of(acme, "cleo")[0].counts


def test_standing_effort_counts_every_week_until_the_duty_ends(acme):
    duty = duty_of(acme, "jun", 600)
    assert [load.total for load in weeks_of(acme, "jun", 3)] == [600, 600, 600]
    end_duty(duty=duty, by=acme.actor("cleo"))
    assert [load.total for load in weeks_of(acme, "jun", 3)] == [0, 0, 0]


def test_capacity_falls_with_absences_and_the_effort_goes_to_the_backup(acme):
    duty_of(acme, "jun", 600, "farah")
    start = next_week()
    record_absence(
        member=fresh(acme.jun),
        kind=AbsenceKind.LEAVE,
        starts_at=start,
        ends_at=start + timedelta(days=2),
        by=acme.actor("jun"),
    )
    jun, farah = weeks_of(acme, "jun")[1], weeks_of(acme, "farah")[1]
    assert (jun.capacity, jun.full, jun.work) == (1440, 2400, {"duties": 360})
    assert farah.work == {"covers": 240}


def test_too_much_is_told_by_how_much_and_what_is_left_is_free(acme):
    change_profile(member=fresh(acme.jun), capacity_hours=10, by=acme.actor("cleo"))
    duty_of(acme, "jun", 660)
    load = weeks_of(acme, "jun")[0]
    assert (load.over, load.free, load.is_free) == (60, 0, False)
    assert weeks_of(acme, "ben")[0].is_free


def test_handing_a_duty_on_is_shown_before_it_is_done(acme):
    duty = duty_of(acme, "jun", 600)
    owners = {duty.pk: acme.farah.pk}
    assert weeks_of(acme, "jun", 1, owners)[0].total == 0
    assert weeks_of(acme, "farah", 1, owners)[0].total == 600
    assert weeks_of(acme, "farah", 1)[0].total == 0


def test_a_backup_who_is_away_all_week_bears_nothing(acme):
    duty_of(acme, "jun", 600, "farah")
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.ben)], by=acme.actor("jun"))
    start = next_week()
    for name in ("jun", "farah"):
        record_absence(
            member=fresh(getattr(acme, name)),
            kind=AbsenceKind.SICK,
            starts_at=start,
            ends_at=start + timedelta(days=7),
            by=acme.actor("ana"),
        )
    assert weeks_of(acme, "farah")[1].work == {}
    assert weeks_of(acme, "ben")[1].work == {"covers": 600}
