"""Posts are given to each other (R7.11, R1.1): on the list of work, in the load, told, and never to who may not."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from activity.models import Entry
from calendar_app.duties import POST_MINUTES
from calendar_app.models import Post
from calendar_app.selectors import writers_of
from calendar_app.services.assigning import assign_post
from calendar_app.services.reviews import submit_post, withdraw_post
from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from home.selectors import work_of
from networks.services.grants import restrict_channel
from notifications.models import Notice
from teams.overview import overview
from teams.workload import live_work, loads, weeks_from
from tests.approvals.paper import away
from tests.factories.posts import make_post, newsroom_of
from tests.notifications.conftest import tell_all
from tests.teams.test_absences import fresh

__all__ = ["tell_all"]
KUL = ZoneInfo("Asia/Kuala_Lumpur")


def given(cast, name: str) -> list[tuple[str, str]]:
    """Return the posts to write on somebody's list, with for whom."""
    found = work_of(cast.actor(name), now(), KUL).items
    return [(item.title, item.for_name) for item in found if item.kind == "given"]


def minutes(cast, name: str) -> int:
    """Return somebody's minutes of work in the week that begins next Monday."""
    actor = cast.actor("cleo")
    view = overview(actor, now(), KUL)
    weeks = weeks_from(view.now, view, 3)
    week = loads(view, weeks, live_work(actor, view, weeks))[getattr(cast, name).pk][1]
    return week.total


def test_five_posts_given_to_somebody_move_both_bars_and_stand_on_the_list(acme, tell_all):
    """R1.1, R7.11: the work goes from one to the other; both names are on record and in the notice."""
    monday = now().astimezone(KUL).replace(hour=0, minute=0, second=0, microsecond=0)
    monday += timedelta(days=7 - monday.weekday())
    posts = [
        make_post(acme, f"Post {n}", by="ben", scheduled_at=monday + timedelta(days=2, hours=n))
        for n in range(5)
    ]
    before = minutes(acme, "ben"), minutes(acme, "jun")
    for post in posts:
        assign_post(post=post, to=fresh(acme.jun), by=acme.actor("cleo"))
    assert (minutes(acme, "ben"), minutes(acme, "jun")) == (
        before[0] - 5 * POST_MINUTES,
        before[1] + 5 * POST_MINUTES,
    )
    assert sorted(given(acme, "jun")) == [(f"Post {n}", "") for n in range(5)]
    assert given(acme, "ben") == given(acme, "cleo") == []
    entry = Entry.objects.filter(verb="calendar_app.post.assigned").first()
    assert (entry.facts["member"], entry.facts["before"]) == (str(acme.jun.pk), str(acme.ben.pk))
    tell_all(acme.acme)
    rows = Notice.objects.filter(type="calendar_app.given").select_related("member")
    assert [(row.member_id, row.facts["who"]) for row in rows] == [(acme.jun.pk, "Cleo Marchetti")] * 5


def test_what_was_given_leaves_the_list_when_it_is_submitted(acme):
    post = make_post(acme, "Beans", by="ben")
    assign_post(post=post, to=fresh(acme.jun), by=acme.actor("ben"))
    assert given(acme, "jun") == [("Beans", "")]
    submit_post(post=Post.objects.get(pk=post.pk), by=acme.actor("jun"))
    assert given(acme, "jun") == []
    withdraw_post(post=Post.objects.get(pk=post.pk), by=acme.actor("jun"))
    assert given(acme, "jun") == []  # begun by then: his own draft like any other


def test_who_wrote_it_still_does_not_judge_it(acme):
    """R7.5: giving a post away makes nobody a stranger to what he wrote."""
    post = make_post(acme, "Beans", by="ben")
    assign_post(post=post, to=fresh(acme.jun), by=acme.actor("ben"))
    assert writers_of(post) == {acme.ben.pk, acme.jun.pk}


def test_the_backup_has_what_was_given_to_the_absent(acme):
    away(acme, "jun", "farah")
    post = make_post(acme, "Beans", by="ben")
    assign_post(post=post, to=fresh(acme.jun), by=acme.actor("cleo"))
    assert given(acme, "farah") == [("Beans", "Jun Wong")]


def test_the_backup_gives_on_in_the_name_of_the_absent(acme):
    """R1.6: a cover gives what the absent member might give, and both names stand on it."""
    post = make_post(acme, "Beans", by="ben")
    away(acme, "ben", "farah")
    made = assign_post(post=post, to=fresh(acme.jun), by=acme.actor("farah"))
    assert (made.author_id, made.given_by_id) == (acme.jun.pk, acme.ben.pk)
    entry = Entry.objects.get(verb="calendar_app.post.assigned")
    assert (entry.actor_id, entry.on_behalf_of) == (acme.farah.pk, acme.ben.pk)


def test_nobody_gives_away_what_he_may_not_write(acme):
    post = make_post(acme, "Beans", by="ben")
    with pytest.raises(NotAllowed):
        assign_post(post=post, to=fresh(acme.jun), by=acme.actor("farah"))
    assert Post.objects.get(pk=post.pk).author_id == acme.ben.pk


@pytest.mark.parametrize(("name", "words"), [("vera", "may not write"), ("ben", "looks after it already")])
def test_it_goes_to_nobody_who_could_not_go_on_with_it(acme, name, words):
    post = make_post(acme, "Beans", by="ben")
    with pytest.raises(Invalid, match=words):
        assign_post(post=post, to=fresh(getattr(acme, name)), by=acme.actor("cleo"))
    assert Post.objects.get(pk=post.pk).author_id == acme.ben.pk


def test_a_post_on_a_shut_channel_goes_to_nobody_outside(acme):
    newsroom = newsroom_of(acme)
    post = make_post(acme, "Beans", by="ben", channels=[newsroom])
    restrict_channel(channel=newsroom, is_restricted=True, by=acme.actor("ana"))
    with pytest.raises(Invalid, match="Farah Aziz may not write"):
        assign_post(post=post, to=fresh(acme.farah), by=acme.actor("cleo"))


def test_what_is_in_review_stays_where_it_is(acme):
    post = make_post(acme, "Beans", by="ben")
    submit_post(post=post, by=acme.actor("ben"))
    with pytest.raises(WrongState):
        assign_post(post=post, to=fresh(acme.jun), by=acme.actor("cleo"))


def test_the_page_gives_a_post_by_name_and_says_whom_it_knows_not(cast, acme, client_as):
    post = make_post(acme, "Beans", by="ben")
    page, ben = f"/w/acme/posts/{post.pk}/", client_as(cast.ben)
    wrong = ben.post(f"{page}assignment/", {"member": "Nobody Known"}, follow=True).content.decode()
    assert "Nobody here is called “Nobody Known”" in wrong
    done = ben.post(f"{page}assignment/", {"member": "Jun Wong"}, follow=True).content.decode()
    assert "Given to Jun Wong." in done
    assert "given by Ben Tan" in done
    assert "write, Ben Tan gave it to you" in client_as(cast.jun).get("/w/acme/work/").content.decode()
    assert "Give it over" not in client_as(cast.vera).get(page).content.decode()


def test_a_program_gives_a_post(cast, acme, api_as):
    post = make_post(acme, "Beans", by="ben")
    cleo, path = api_as(cast.cleo), f"/api/v1/w/acme/posts/{post.pk}/assignment/"
    assert cleo.put(path, {"member": str(acme.jun.pk)}).json()["author"] == str(acme.jun.pk)
    stranger = cleo.put(path, {"member": str(acme.eve.pk)})
    assert (stranger.status_code, list(stranger.json()["errors"])) == (422, ["member"])
