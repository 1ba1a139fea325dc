"""The pages of check-ins as people use them: planned by a form, written for, held, reported on (R5.1–R5.6)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calendar_app.models import Post
from checkins.forms import agenda_in, rule_of
from checkins.models import Action, Meeting, Point, Report, Series, Update
from checkins.services.series import AgendaPoint
from core.clock import as_of, now
from publishing.happened import find
from teams.tenancy import workspace_scope
from tests.checkins.conftest import MONDAY, make_series, text
from tests.factories.posts import make_post

CHECKINS = "/w/acme/checkins/"


@pytest.fixture
def series(cast):
    """A check-in whose first meeting is in two days, by the real clock."""
    with workspace_scope(cast.acme.pk):
        return make_series(cast, rule="FREQ=WEEKLY", starts_on=(now() + timedelta(days=2)).date())


@pytest.fixture
def meeting(cast, series):
    with workspace_scope(cast.acme.pk):
        return Meeting.objects.filter(series=series).order_by("occurs_on").first()


@pytest.fixture
def inside(cast):
    return lambda: workspace_scope(cast.acme.pk)


def form_of(**facts):
    return {
        "title": "Weekly",
        "rhythm": "weekly",
        "starts_on": (now() + timedelta(days=3)).date().isoformat(),
        "wall_time": "09:30",
        "minutes": "30",
        "agenda": "Last time’s actions, 5\nWins and help wanted 10 min\nRaya weekend: who is on call",
        "ask_hours": "24",
        "on_holiday": "move",
        "on_away": "hold",
        **facts,
    }


def test_a_check_in_is_planned_by_a_form_with_guests_by_address(cast, client_as, inside):
    cleo = client_as(cast.cleo)
    given = form_of(members=[str(cast.cleo.pk), str(cast.ben.pk)], guests="Ops Desk <ops@partner.test>")
    answer = cleo.post(f"{CHECKINS}new/", given)
    assert answer.status_code == 302, text(answer, answer.status_code)
    with inside():
        made = Series.objects.get()
        assert [(row["key"], row["title"], row["minutes"]) for row in made.agenda] == [
            ("actions", "", 5),
            ("updates", "", 10),
            ("", "Raya weekend: who is on call", 5),
        ]
        assert made.seats.filter(guest__email="ops@partner.test").exists()
    page = text(cleo.get(answer["Location"]))
    assert "Ops Desk" in page
    assert "every week" in page
    changed = form_of(members=[str(cast.ben.pk)], title="Weekly, new", version="1")
    assert cleo.post(f"{CHECKINS}{made.pk}/edit/", changed).status_code == 302
    again = cleo.post(f"{CHECKINS}{made.pk}/edit/", {**changed, "title": "Mine"})
    assert "Somebody else changed this check-in" in text(again, 422)
    assert 'value="Mine"' in again.content.decode()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"members": []}, "At least one member attends"),
        ({"rhythm": "own", "rule": "FREQ=HOURLY"}, "This is no rule"),
        ({"guests": "nobody"}, "as Dev Kumar &lt;dev@client.test&gt;"),
        ({"call_url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"agenda": " "}, "This field is required"),
    ],
)
def test_what_cannot_be_planned_is_told_and_kept(cast, client_as, inside, facts, words):
    given = form_of(**{"members": [str(cast.cleo.pk)], "goal": "Keep me", **facts})
    page = text(client_as(cast.cleo).post(f"{CHECKINS}new/", given), 422)
    assert words in page
    assert "Keep me" in page
    with inside():
        assert not Series.objects.exists()


@pytest.mark.parametrize(
    ("rhythm", "rule"),
    [
        ("weekly", "FREQ=WEEKLY;BYDAY=MO"),
        ("fortnightly", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"),
        ("monthly", "FREQ=MONTHLY;BYDAY=3MO"),
        ("workdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("own", "FREQ=DAILY"),
    ],
)
def test_a_rhythm_is_a_rule(rhythm, rule):
    assert rule_of(rhythm, "FREQ=DAILY", MONDAY) == rule


def test_an_agenda_is_read_a_point_a_line():
    assert agenda_in("Talk, 7\n\n Plan 12 min \nRaya 2026") == [
        AgendaPoint("Talk", 7),
        AgendaPoint("Plan", 12),
        AgendaPoint("Raya 2026", 5),
    ]


def test_an_update_begins_with_what_happened_and_is_shared_on_one_page(cast, client_as, inside, meeting):
    """Published and missed posts since the last meeting stand in the form, to be changed (R5.2)."""
    with inside():
        with as_of(now() - timedelta(days=3)):
            good, bad = make_post(cast, "Kopi Raya is back"), make_post(cast, "Parking in Ipoh")
        yesterday = now() - timedelta(days=1)
        for post, state in ((good, "published"), (bad, "failed")):
            times = {"wall_time": "2026-01-01T09:00:00", "zone": "UTC", "updated_at": yesterday}
            Post.objects.filter(pk=post.pk).update(state=state, scheduled_at=yesterday, **times)
        found = find({cast.ben.pk}, now() - timedelta(days=2), now())
        assert [(one.kind, one.title) for one in found[cast.ben.pk]] == [
            ("published", "Kopi Raya is back"),
            ("missed", "Parking in Ipoh"),
        ]
    ben = client_as(cast.ben)
    path = f"{CHECKINS}meetings/{meeting.pk}/update/"
    page = text(ben.get(path))
    assert "Published: Kopi Raya is back</textarea>" in page
    assert "Not published: Parking in Ipoh</textarea>" in page
    assert "nothing" in text(ben.post(path, {"wins": " "}), 422).lower()
    assert ben.post(path, {"wins": "Six shops <b>posted</b> it", "help": "A price"}).status_code == 302
    shown = text(client_as(cast.farah).get(f"{CHECKINS}meetings/{meeting.pk}/"))
    assert "Six shops &lt;b&gt;posted&lt;/b&gt; it" in shown
    assert "I can help" in shown
    with inside():
        assert [row["kind"] for row in Update.objects.get(member=cast.ben).happened] == [
            "published",
            "missed",
        ]


def test_a_meeting_is_held_on_its_page_from_begin_to_minutes(cast, client_as, inside, meeting):
    cleo, path = client_as(cast.cleo), f"{CHECKINS}meetings/{meeting.pk}/"
    with inside():
        post = make_post(cast, "Kopi Raya is back")
        update = Update(
            workspace=cast.acme, meeting=meeting, member=cast.farah, help="A tripod", written_at=now()
        )
        update.save()
    due = (now() + timedelta(days=4)).date().isoformat()
    assert cleo.post(f"{path}opening/").status_code == 302
    for address, given in (
        ("points/", {"kind": "decision", "text": "Stickers for the tins"}),
        ("clock/", {"item": "1"}),
        ("clock/", {"runs": "no"}),
        (f"updates/{update.pk}/help/", {}),
        (
            "actions/",
            {
                "text": "Price in writing",
                "owner": str(cast.ben.pk),
                "due_on": due,
                "about": f"http://testserver/w/acme/posts/{post.pk}/?x=1",
            },
        ),
    ):
        assert cleo.post(path + address, given).status_code == 302, address
    page = text(cleo.get(path))
    for words in ("Stickers for the tins", "Price in writing", "Cleo Marchetti helps", "Kopi Raya is back"):
        assert words in page
    with inside():
        assert Action.objects.get().subject_id == post.pk
        assert Point.objects.get().by_id == cast.cleo.pk
    bad = cleo.post(
        f"{path}actions/", {"text": "Keep this", "owner": "x", "due_on": due, "about": "/nowhere/"}
    )
    assert 'value="Keep this"' in bad.content.decode()
    assert bad.status_code == 422
    elsewhere = {"text": "T", "owner": str(cast.ben.pk), "due_on": due, "about": "/nowhere/"}
    assert "no page of a post" in text(cleo.post(f"{path}actions/", elsewhere), 422)
    assert cleo.post(f"{path}closing/").status_code == 302
    closed = text(cleo.get(path))
    assert "Closed" in closed
    assert "<form" not in closed[closed.index('id="meeting-main"') : closed.index("</main>")]
    assert "Weekly, social team" in text(cleo.get(f"{CHECKINS}minutes/?q=stickers"))
    assert "No minutes hold these words" in text(cleo.get(f"{CHECKINS}minutes/?q=zebra"))


def test_what_is_not_reported_keeps_a_meeting_open_and_says_which(cast, client_as, inside, series, meeting):
    """R5.6 on the page: the button names what is missing, and the server refuses whoever presses it."""
    cleo, path = client_as(cast.cleo), f"{CHECKINS}meetings/"
    with inside():
        second = Meeting.objects.filter(series=series).order_by("occurs_on")[1]
    cleo.post(f"{path}{meeting.pk}/opening/")
    given = {
        "text": "Choose a moderator",
        "owner": str(cast.cleo.pk),
        "due_on": (now() + timedelta(days=4)).date().isoformat(),
    }
    cleo.post(f"{path}{meeting.pk}/actions/", given)
    assert cleo.post(f"{path}{meeting.pk}/closing/").status_code == 302
    cleo.post(f"{path}{second.pk}/opening/")
    page = text(cleo.get(f"{path}{second.pk}/"))
    assert "1 of 1 not reported" in page
    assert "“Choose a moderator” is not reported on yet." in page
    refused = cleo.post(f"{path}{second.pk}/closing/")
    assert "is not reported on yet" in text(refused, 409)
    with inside():
        action = Action.objects.get()
        assert Meeting.objects.get(pk=second.pk).state == "open"
    report = f"{CHECKINS}actions/{action.pk}/report/"
    dropped = cleo.post(report, {"verdict": "drop", "meeting": str(second.pk)})
    assert "Say in a few words why" in text(dropped, 422)
    said = {"verdict": "drop", "reason": "Ana does it", "meeting": str(second.pk)}
    assert cleo.post(report, said)["Location"] == f"{path}{second.pk}/"
    assert cleo.post(f"{path}{second.pk}/closing/").status_code == 302
    with inside():
        assert Report.objects.get().reason == "Ana does it"
        assert Meeting.objects.get(pk=second.pk).state == "closed"
    assert "Ana does it" in text(cleo.get(f"{CHECKINS}actions/{action.pk}/"))


def test_an_action_is_handed_on_by_name(cast, client_as, inside, meeting):
    cleo = client_as(cast.cleo)
    due = (now() + timedelta(days=4)).date().isoformat()
    cleo.post(
        f"{CHECKINS}meetings/{meeting.pk}/actions/",
        {"text": "Price", "owner": str(cast.cleo.pk), "due_on": due},
    )
    with inside():
        action = Action.objects.get()
    path = f"{CHECKINS}actions/{action.pk}/owner/"
    assert "Nobody here is called" in text(cleo.post(path, {"owner": "Zora"}), 422)
    assert cleo.post(path, {"owner": "Jun Wong"}).status_code == 302
    with inside():
        assert Action.objects.get().member_id == cast.jun.pk


def test_statements_do_not_grow_with_updates_and_actions(cast, client_as, inside, series, meeting):
    """Neither with updates, nor with what is carried over, nor with what is promised; for who plans nothing too."""
    farah = client_as(cast.farah)
    with inside():
        second = Meeting.objects.filter(series=series).order_by("occurs_on")[1]
    path = f"{CHECKINS}meetings/{second.pk}/"

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            assert farah.get(path).status_code == 200
        return len(found)

    def fill(people, count):
        with inside():
            for member in people:
                Update(workspace=cast.acme, meeting=second, member=member, help="x", written_at=now()).save()
            for number, of in ((n, of) for n in range(count) for of in (meeting, second)):
                facts = {"due_on": now().date(), "due_at": now(), "series": series, "meeting": of}
                Action(workspace=cast.acme, member=cast.ben, text=f"No {number}", **facts).save()

    fill([cast.ben], 1)
    statements()
    few = statements()
    fill([cast.cleo, cast.jun], 6)
    assert statements() == few


def test_a_meeting_is_moved_and_left_out_on_its_page(cast, client_as, inside, meeting):
    cleo, path = client_as(cast.cleo), f"{CHECKINS}meetings/{meeting.pk}/"
    day = (meeting.starts_at + timedelta(days=1)).date().isoformat()
    assert cleo.post(f"{path}time/", {"on": day, "at": "14:00"}).status_code == 302
    with inside():
        assert Meeting.objects.get(pk=meeting.pk).wall == f"{day}T14:00:00"
    assert "Choose a time to come" in text(
        cleo.post(f"{path}time/", {"on": "2020-01-01", "at": "09:00"}), 422
    )
    assert cleo.post(f"{path}skipping/").status_code == 302
    assert "Let it take place" in text(cleo.get(path))
    assert cleo.post(f"{path}skipping/", {"back": "yes"}).status_code == 302
    assert client_as(cast.farah).post(f"{path}skipping/").status_code == 403
