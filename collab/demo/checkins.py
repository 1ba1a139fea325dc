"""Acme's weekly check-in: last week's is closed, with what was promised; the next one is written for by most."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from checkins.models import Action, Meeting
from checkins.recurrence import weekly_on
from checkins.selectors.meetings import own_place
from checkins.services.actions import add_action, report_action
from checkins.services.meetings import add_point, close_meeting, open_meeting
from checkins.services.reminders import ask_for_updates
from checkins.services.series import STANDARD, AgendaPoint, Plan, Seats, create_series
from checkins.services.updates import offer_help, write_update
from collab.demo.stage import Stage
from collab.demo.stories import Story
from teams.actors import Actor

UPDATES = {
    "ben": (
        "Recipe with dates reached 41,000 on Instagram, our best in Ramadan. Six shops have posted it too.",
        "The two posts with the old price are paused. I need the new price from Finance in writing.",
        "Everything for the Ipoh opening is in review by Thursday.",
    ),
    "jun": ("First answers under 40 minutes every day since Monday.", "", "A pattern for late parcels."),
    "cleo": (
        "Dev approved four Ipoh posts in one sitting, on the phone.",
        "Who tells the shops about the Raya hours on Mastodon?",
        "",
    ),
}
PROMISED = (
    ("farah", "Photograph the gift boxes with the new sleeve", "done", ""),
    ("ben", "Get the parking plan from Ops for the Ipoh post", "done", ""),
    ("ben", "Fix the price in the two scheduled Ramadan posts", "", ""),
    ("jun", "Answer pattern for late parcels, with Logistics", "", ""),
    ("cleo", "Choose a moderator for YouTube", "", ""),
)


def meet(stage: Stage) -> Story:
    """Let acme meet every week: once a week ago, and the next time tomorrow. Yields when each step is taken."""
    last, coming = stage.at(-6, time(9, 30)), stage.at(1, time(9, 30))
    leader = stage.people["cleo"]
    yield last - timedelta(days=2)
    members = [one.member for one in stage.people.values() if one.member is not None]
    plan = _plan(last, stage.workspace.timezone)
    series = create_series(plan=plan, seats=Seats(members=members), by=leader)
    before, following = (
        Meeting.objects.filter(series=series).select_related("series").order_by("occurs_on")[:2]
    )
    yield last
    open_meeting(meeting=before, by=leader)
    _share(stage, before, "ben", ("The vote gave 61% to the kite.", "", "Both Merdeka tins."))
    add_point(meeting=before, kind="decision", text="Stickers come with the tins, not alone.", by=leader)
    add_point(meeting=before, kind="note", text="Ops moved the Ipoh handover to Thursday.", by=leader)
    actions = [_promise(stage, before, key, text) for key, text, _verdict, _reason in PROMISED]
    yield last + timedelta(minutes=28)
    close_meeting(meeting=before, by=leader)
    yield coming - timedelta(days=2)
    ask_for_updates(meeting=following, by=Actor.system(stage.workspace.pk))
    yield stage.start - timedelta(hours=5)
    for key, said in UPDATES.items():
        _share(stage, following, key, said)
    wanted = own_place(stage.people["cleo"], following, now=stage.start)
    offer_help(update=wanted, by=stage.people["jun"])
    for (_key, _text, verdict, reason), action in zip(PROMISED, actions, strict=True):
        if verdict:
            report_action(action=action, verdict=verdict, reason=reason, by=leader)


def _plan(at: datetime, zone: str) -> Plan:
    standard = list(STANDARD)
    agenda = [*standard[:2], AgendaPoint("Raya weekend: who is on call", 6), *standard[2:]]
    day = at.astimezone(ZoneInfo(zone)).date()
    return Plan(
        title="Weekly, social team",
        goal="Everything for Hari Raya is approved before the office closes on Friday.",
        rule=weekly_on(day),
        starts_on=day,
        wall_time=time(9, 30),
        minutes=36,
        agenda=agenda,
        call_url="https://meet.example/acme-weekly",
        on_holiday="hold",
        ask_hours=48,
    )


def _share(stage: Stage, meeting: Meeting, key: str, said: tuple[str, str, str]) -> None:
    by = stage.people[key]
    place = own_place(by, meeting, now=meeting.starts_at)
    write_update(update=place, wins=said[0], help_wanted=said[1], goals=said[2], by=by)


def _promise(stage: Stage, meeting: Meeting, key: str, text: str) -> Action:
    owner = stage.people[key].member
    due = stage.today + timedelta(days=-1 if key == "farah" else 1)
    return add_action(meeting=meeting, text=text, owner=owner, due_on=due, by=stage.people["cleo"])
