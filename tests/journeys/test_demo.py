"""The demo as it is loaded: everybody can log in, every post stands as written, and the record holds."""

import itertools
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from activity.models import Delivery as Telling
from activity.models import Entry
from activity.services.sealing import verify
from approvals.models import Decision, Request
from approvals.services.requests import asks_no_approval
from calendar_app.models import Campaign, KeyDate, Label, Note, Post, Slot
from calendar_app.states import PostState
from collab.demo.content import read_content
from collab.demo.people import COLLEAGUES, OWNERS, PASSWORD
from comments.models import Comment
from core.clock import now
from files.models import Media
from files.services.media import open_media
from guests.models import GuestLink
from guests.selectors import post_ids_of
from networks.models import Channel, NewsroomItem
from notifications.models import NoticeMail
from publishing.models import Attempt, Delivery
from teams.cover import absent_ids
from teams.coverage import coverage_of, gaps_of
from teams.models import Absence, AccessKey, Backup, Membership, Team, User, Workspace
from teams.overview import overview
from teams.permissions import actor_of
from teams.tenancy import workspace_scope
from teams.workload import loads, weeks_from

pytestmark = pytest.mark.django_db
NOT_SEEDED = {PostState.ARCHIVED, PostState.PUBLISHING}
"""States in which nothing stays by itself: put away, and under way for a second."""


@pytest.fixture
def acme(demo):
    """The demo, with acme in scope."""
    with workspace_scope(demo.acme.pk):
        yield demo


def test_both_workspaces_are_loaded_within_their_time(demo):
    assert demo.loaded.slugs == ("acme", "other")
    assert demo.cpu_seconds < 25


def test_loading_calls_nobody(demo):
    assert demo.calls == ()


def test_every_post_stands_as_written(acme):
    wanted = {seed.title: (seed.state, seed.text) for seed in read_content("acme").posts}
    posts = Post.objects.select_related("current_revision")
    assert {post.title: (post.state, post.current_revision.content["text"]) for post in posts} == wanted


def test_every_lasting_state_is_to_be_seen(acme):
    seen = set(Post.objects.values_list("state", flat=True))
    assert seen == set(PostState) - NOT_SEEDED


def test_what_went_out_went_out_on_time_and_what_is_ahead_lies_ahead(acme):
    sent = Delivery.objects.filter(state="published").annotate(late=F("published_at") - F("scheduled_at"))
    assert {row.late < timedelta(seconds=10) for row in sent} == {True}
    assert sent.filter(published_at__gte=now()).count() == 0
    assert Post.objects.filter(state="scheduled", scheduled_at__lte=now()).count() == 0


def test_one_post_for_the_newsroom_alone_goes_out_while_somebody_watches(acme):
    first = Post.objects.filter(state="scheduled").order_by("scheduled_at").first()
    assert [row.channel.kind for row in first.deliveries.select_related("channel")] == ["newsroom"]
    assert timedelta(0) < first.scheduled_at - now() < timedelta(minutes=3, seconds=1)


def test_deliveries_stand_as_the_networks_answered(acme):
    def standing(state):
        rows = Delivery.objects.filter(post__state=state).order_by("channel__kind")
        return Counter((row.channel.kind, row.state, row.reason) for row in rows.select_related("channel"))

    assert standing("partly_published") == {
        ("facebook", "published", ""): 1, ("instagram", "published", ""): 1, ("tiktok", "rejected", "refused"): 1,
    }  # fmt: skip
    assert standing("needs_attention") == {
        ("facebook", "published", ""): 1, ("linkedin", "needs_attention", "cannot_ask"): 1,
    }  # fmt: skip
    assert standing("failed") == {("youtube", "rejected", "refused"): 1}
    assert standing("cancelled") == {("tiktok", "cancelled", "not_approved"): 1}


def test_each_published_delivery_has_one_attempt_that_was_accepted(acme):
    rows = Attempt.objects.filter(delivery__state="published")
    assert Counter(rows.values_list("outcome", flat=True)) == {
        "accepted": Delivery.objects.filter(state="published").count()
    }


def test_the_newsroom_shows_what_was_approved_for_it(acme, client):
    out = Delivery.objects.filter(channel__kind="newsroom", state="published")
    items = {item.key: item.payload["text"] for item in NewsroomItem.objects.all()}
    approved = {
        str(row.pk): row.revision.variants.get(channel=row.channel).payload["text"]
        for row in out.select_related("revision", "channel")
    }
    assert items == approved
    page = client.get("/n/acme/").content.decode()
    assert "Week in numbers" in page or "The week in numbers" in page


def test_samples_stay_samples(acme):
    kinds = Counter(Channel.objects.values_list("status", flat=True))
    assert kinds == {"active": 1, "sample": len(read_content("acme").channels)}


def test_pictures_are_written_anew_with_their_thumbnails(acme):
    rows = list(Media.objects.all())
    assert {row.original_name for row in rows} == {
        f"{seed.picture}.png" for seed in read_content("acme").posts if seed.picture
    }
    assert all(row.status == "ready" and row.alt and row.thumb_320_key and row.thumb_1280_key for row in rows)
    assert all(open_media(row).stat().st_size == row.bytes for row in rows)


def test_the_calendar_has_campaigns_notes_holidays_and_usual_times(acme):
    content = read_content("acme")
    assert Campaign.objects.count() == len(content.campaigns)
    assert Note.objects.count() == len(content.notes)
    assert sorted(Label.objects.values_list("name", flat=True)) == sorted(content.labels)
    assert Slot.objects.count() == len(content.slots)
    assert KeyDate.objects.count() >= 1


def test_cleo_said_why_wherever_she_did_not_approve(acme):
    decisions = Decision.objects.select_related("member__user")
    assert {row.member.user.email for row in decisions} == {"cleo@acme.test"}
    assert [row for row in decisions if row.verdict != "approve" and not row.note] == []
    assert Request.objects.filter(state="open").count() == Post.objects.filter(state="in_review").count()


def test_people_talk_about_posts(acme):
    said = Counter(Comment.objects.values_list("member__user__email", flat=True))
    assert set(said) == {"ben@acme.test", "cleo@acme.test", "farah@acme.test", "jun@acme.test"}


@pytest.mark.parametrize("email", [row[2] for row in (*OWNERS.values(), *COLLEAGUES)])
def test_the_cast_logs_in(demo, client, email):
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(email=email).pk)


def test_roles_backups_and_teams_are_as_published(acme):
    roles = dict(Membership.objects.values_list("user__email", "role__key"))
    assert roles == {
        "ana@acme.test": "owner",
        "ben@acme.test": "manager",
        "cleo@acme.test": "lead",
        "farah@acme.test": "contributor",
        "jun@acme.test": "manager",
    }
    rows = Backup.objects.filter(scope_id=None).order_by("member__user__name", "position")
    assert [(row.member.user.name[:3], row.backup.user.name[:3]) for row in rows] == [
        ("Ana", "Cle"), ("Ana", "Ben"), ("Ben", "Ana"), ("Cle", "Ana"), ("Far", "Jun"),
    ]  # fmt: skip
    assert {row.member.user.name[:3] for row in Backup.objects.exclude(scope_id=None)} == {"Jun"}
    assert set(Team.objects.values_list("name", flat=True)) == {"Content", "Leads"}


def test_nobody_is_away_yet_but_farah_will_be(acme):
    assert absent_ids(now()) == set()
    assert [row.member.user.email for row in Absence.objects.all()] == ["farah@acme.test"]
    assert Absence.objects.get().starts_at > now()


def test_the_guest_has_a_link_and_no_account(acme):
    key = AccessKey.objects.get(workspace=acme.acme, kind="guest")
    assert key.is_usable(now())
    assert not User.objects.filter(email="dev@client.test").exists()
    link = GuestLink.objects.get(pk=key.subject_id)
    assert link.ending(now()) is None
    assert post_ids_of(link)


def test_the_record_holds_and_reads_in_the_order_of_time(demo):
    for workspace in (demo.acme, demo.other):
        assert list(verify(workspace.pk)) == []
        with workspace_scope(workspace.pk):
            times = list(Entry.objects.order_by("pk").values_list("at", flat=True))
        inversions = sum(later < earlier for earlier, later in itertools.pairwise(times))
        assert inversions <= 2


def test_only_the_last_day_is_told(acme):
    assert Telling.objects.exclude(state="done").count() == 0
    assert NoticeMail.objects.count() <= 40


def test_the_second_run_changes_nothing(demo, capsys):
    def counts():
        with workspace_scope(demo.acme.pk):
            rows = [model.objects.count() for model in (Post, Entry, Delivery, Media, Membership)]
        return [*rows, User.objects.count(), AccessKey.objects.count()]

    before = counts()
    call_command("demo")
    assert counts() == before
    assert "nothing was changed" in capsys.readouterr().out


def test_production_refuses_the_demo(demo, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not loaded in production"):
        call_command("demo")


def test_eve_sees_nothing_of_acme(demo, client):
    client.force_login(
        User.objects.get(email="eve@other.test"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    assert client.get("/w/acme/members/").status_code == 404
    assert client.get("/api/v1/w/acme/channels/").status_code == 404
    with workspace_scope(demo.other.pk):
        titles = {seed.title for seed in read_content("other").posts}
        assert set(Post.objects.values_list("title", flat=True)) == titles
        assert Post.objects.filter(workspace=demo.acme).count() == 0
    assert asks_no_approval(demo.other.pk)


def test_who_looks_after_what_shows_one_gap_of_each_sort(acme):
    """YouTube has no moderator, Jun no backup, and only Jun can look after Mastodon; all else has somebody."""
    workspace = Workspace.objects.get(slug="acme")
    view = overview(
        actor_of(Membership.objects.get(user__email="cleo@acme.test")), now(), ZoneInfo(workspace.timezone)
    )
    weeks = weeks_from(view.now, view, 1)
    table = coverage_of(view, loads(view, weeks, []))
    assert [(gap.subject, gap.words) for gap in gaps_of(view)] == [
        ("YouTube", "has no moderator"),
        ("Jun", "has no backup"),
    ]
    only = {column.network.key: column.only.user.get_short_name() for column in table.columns if column.only}
    assert only == {"mastodon": "Jun"}
