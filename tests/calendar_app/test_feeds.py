"""Calendar feeds (R4.3): one saved view as iCalendar, read by two parsers, with counted changes and cancellations."""

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import vobject
from django.test import Client

from calendar_app.models import Feed, Post, SavedView
from calendar_app.services.days import write_note
from calendar_app.services.moves import move_post
from calendar_app.services.posts import archive_post
from calendar_app.services.views import save_view
from core.clock import now
from networks.models import Channel
from teams.models import AccessKey, Workspace
from teams.states import MemberStatus
from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel, make_post

VIEWS = "/w/acme/calendar/views/"
SOON = timedelta(days=3)


@pytest.fixture
def here(cast):
    """The workspace's scope."""
    return lambda: workspace_scope(cast.acme.pk)


@pytest.fixture
def at():
    """A time in three days, to the minute."""
    return (now() + SOON).replace(second=0, microsecond=0)


@pytest.fixture
def post(cast, here, at):
    """A post of the newsroom."""
    with here():
        return make_post(cast, "Kopi Raya, is back; and \\ more", scheduled_at=at)


@pytest.fixture
def view(cast, here, post):
    """Ben's view of the newsroom's posts."""
    with here():
        newsroom = Channel.objects.get(kind="newsroom")
        return save_view(
            workspace=cast.acme,
            name="Newsroom, all",
            page="month",
            filters={"channel": [str(newsroom.pk)]},
            is_shared=True,
            by=cast.actor("ben"),
        )


@pytest.fixture
def path(cast, client_as, view):
    """The address of a feed that Ben made, as its page shows it once."""
    page = client_as(cast.ben).post(f"{VIEWS}{view.pk}/feeds/", {"purpose": "Sales, Outlook"})
    return re.search(r'value="http://testserver(/feeds/cb_ics_[^"]+)"', page.content.decode())[1]


def events_of(client, path):
    """Return what both parsers find in a feed, which must be the same."""
    answer = client.get(path)
    assert answer.status_code == 200
    ours = icalendar.Calendar.from_ical(answer.content)
    theirs = vobject.readOne(answer.content.decode())
    found = {
        str(event["UID"]): (
            event["DTSTART"].dt,
            str(event["SUMMARY"]),
            str(event["STATUS"]),
            int(event["SEQUENCE"]),
            str(event.get("DESCRIPTION", "")),
        )
        for event in ours.walk("VEVENT")
    }
    read = {
        event.uid.value: (
            event.dtstart.value.astimezone(UTC),
            event.summary.value,
            event.status.value,
            int(event.sequence.value),
            event.description.value if hasattr(event, "description") else "",
        )
        for event in getattr(theirs, "vevent_list", [])
    }
    assert read == found
    return found


def test_a_feed_says_time_words_state_and_channels(path, client, post, at):
    words = "Kopi Raya, is back; and \\ more"

    assert events_of(client, path) == {
        f"post-{post.pk}@collab": (at, words, "TENTATIVE", 0, "Draft · Newsroom")
    }


def test_a_feed_shows_its_view_and_nothing_internal(cast, path, client, here, at):
    with here():
        make_post(cast, "Elsewhere", scheduled_at=at, channels=[make_channel(cast)])
        make_post(cast, "Without a time")
        write_note(workspace=cast.acme, on_date=at.date(), text="Stock count", by=cast.actor("ben"))

    text = client.get(path).content.decode()

    assert text.count("BEGIN:VEVENT") == 1
    for hidden in ("Elsewhere", "Without a time", "Stock count", "Ben", "@acme.test", "Sales"):
        assert hidden not in text


def test_a_move_counts_up_and_a_removal_cancels_under_the_same_uid(cast, path, client, post, here):
    at, uid = post.scheduled_at, f"post-{post.pk}@collab"
    events_of(client, path)
    assert events_of(client, path)[uid][3] == 0
    with here():
        move_post(post=post, scheduled_at=at + timedelta(hours=1), by=cast.actor("ben"))
    moved = events_of(client, path)[uid]
    assert (moved[0], moved[3]) == (at + timedelta(hours=1), 1)
    with here():
        archive_post(post=Post.objects.get(), by=cast.actor("ben"))

    gone = events_of(client, path)[uid]

    assert gone == (at + timedelta(hours=1), "Cancelled", "CANCELLED", 2, "")
    assert events_of(client, path)[uid] == gone


def test_both_passes_of_an_hour_are_told_apart(cast, path, client, here, monkeypatch):
    first = datetime(2030, 10, 27, 0, 30, tzinfo=UTC)
    monkeypatch.setattr("calendar_app.services.feeds.now", lambda: first - timedelta(days=2))
    with here():
        Workspace.objects.filter(pk=cast.acme.pk).update(timezone="Europe/Berlin")
        for number in range(2):
            make_post(cast, f"Pass {number}", scheduled_at=first + timedelta(hours=number))

    found = {event[1]: event[0] for event in events_of(client, path).values()}

    assert found == {"Pass 0": first, "Pass 1": first + timedelta(hours=1)}


def test_what_did_not_change_is_not_sent_again(path, client):
    answer = client.get(path)

    again = client.get(path, headers={"If-None-Match": answer["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "noindex" in answer["X-Robots-Tag"]


def test_the_secret_is_shown_once_and_kept_as_a_hash(cast, path, client_as, view, here):
    secret = path.split("/")[2]

    assert secret not in client_as(cast.ben).get(f"{VIEWS}{view.pk}/feeds/").content.decode()
    with here():
        assert AccessKey.objects.filter(hash=secret).count() == 0
        assert AccessKey.objects.get(pk=Feed.objects.get().key_id).hint == secret[-4:]


def test_a_feed_taken_back_opens_nothing(cast, path, client, client_as, here):
    with here():
        feed = Feed.objects.get()
    removal = f"/w/acme/calendar/feeds/{feed.pk}/removal/"

    assert client_as(cast.jun).post(removal).status_code == 404
    client_as(cast.ben).post(removal)

    assert client.get(path).status_code == 404


@pytest.mark.parametrize("ended", ["view", "maker", "privacy"])
def test_a_feed_ends_with_its_view_and_with_its_makers_right(cast, path, client_as, here, ended):
    with here():
        if ended == "maker":
            cast.ben.status = MemberStatus.ENDED
            cast.ben.save()
        if ended == "privacy":  # somebody else's view that is no longer shared
            SavedView.objects.update(is_shared=False, owner=cast.jun)
    if ended == "view":
        with here():
            view = SavedView.objects.get()
        client_as(cast.ben).post(f"{VIEWS}{view.pk}/removal/")

    assert Client().get(path).status_code == 404


def test_a_channel_hidden_from_the_maker_leaves_the_feed(cast, path, client, post, here):
    events_of(client, path)
    with here():
        Channel.objects.filter(kind="newsroom").update(is_restricted=True)
        cast.ben.role = cast.jun.role
        cast.ben.save()

    found = events_of(client, path)[f"post-{post.pk}@collab"]

    assert (found[1], found[2]) == ("Cancelled", "CANCELLED")


def test_a_feed_read_too_often_is_refused_for_a_minute(path, client):
    for _number in range(30):
        assert client.get(path).status_code == 200

    answer = client.get(path)

    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
