"""What people do with a post where no script runs: plain forms, pages that ask, and a way back."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from activity.models import Entry
from approvals.models import Request
from approvals.services.decisions import decide
from calendar_app.models import Post, Revision, WorkingCopy
from calendar_app.services.reviews import submit_post
from collab.demo.pictures import draw
from files.models import Media
from teams.tenancy import workspace_scope
from tests.factories.posts import make_post, newsroom_of, soon

ROOT = "/w/acme"


@pytest.fixture
def here(cast):
    """The workspace's scope, to prepare and to look."""
    return lambda: workspace_scope(cast.acme.pk)


@pytest.fixture
def newsroom(cast, here):
    with here():
        return str(newsroom_of(cast).pk)


@pytest.fixture
def approved(cast, here):
    """A post that Cleo approved and that has no time yet."""
    with here():
        post = make_post(cast)
        submit_post(post=post, by=cast.actor("ben"))
        asked = Request.objects.get(subject_id=post.pk)
        decide(request=asked, verdict="approve", revision_id=asked.revision_id, by=cast.actor("cleo"))
    return f"{ROOT}/posts/{post.pk}"


def state(here):
    with here():
        return Post.objects.get().state


def undo_address(page):
    return re.search(r'action="([^"]*/undo/[^"]+)"', page.content.decode())[1]


def test_putting_away_offers_the_way_back_and_takes_it(cast, client_as, here):
    """UI.md: archive can be undone for 10 s."""
    with here():
        post = make_post(cast, scheduled_at=soon())
    ben = client_as(cast.ben)

    page = ben.post(f"{ROOT}/posts/{post.pk}/archive/", follow=True)
    assert state(here) == "archived"
    back = ben.post(undo_address(page), follow=True)

    assert back.redirect_chain[-1][0] == f"{ROOT}/posts/{post.pk}/"
    assert "Brought back" in back.content.decode()
    with here():
        kept = Post.objects.get()
        assert (kept.state, kept.scheduled_at) == ("draft", soon())
        assert Entry.objects.filter(verb="calendar_app.post.restored").count() == 1


def test_publishing_now_asks_first(cast, client_as, here, approved):
    """UI.md: only irreversible things ask, publish now among them; without scripts a page asks."""
    ben = client_as(cast.ben)

    shown = ben.get(f"{approved}/").content.decode()
    assert f'href="{approved}/publication/"' in shown
    asked = ben.get(f"{approved}/publication/").content.decode()
    assert "cannot be taken back" in asked
    assert "Newsroom" in asked
    assert state(here) == "approved"
    ben.post(f"{approved}/schedule/", {"at": "now"})
    assert state(here) == "approved"

    ben.post(f"{approved}/publication/")

    assert state(here) in ("scheduled", "publishing")


def test_a_time_is_given_on_a_page_of_its_own_that_keeps_what_was_typed(cast, client_as, here, approved):
    ben = client_as(cast.ben)

    assert f'href="{approved}/schedule/"' in ben.get(f"{approved}/").content.decode()
    refused = ben.post(f"{approved}/schedule/", {"date": "2031-01-02", "time": "soonish"})
    assert refused.status_code == 422
    assert "2031-01-02" in refused.content.decode()
    assert state(here) == "approved"

    ben.post(f"{approved}/schedule/", {"date": "2031-01-02", "time": "09:30"})

    with here():
        kept = Post.objects.get()
        assert (kept.state, kept.wall_time) == ("scheduled", "2031-01-02T09:30:00")


def test_what_cannot_be_moved_has_no_page_for_it(cast, client_as, here):
    with here():
        post = make_post(cast)
        Post.objects.filter(pk=post.pk).update(state="published")
    assert client_as(cast.ben).get(f"{ROOT}/posts/{post.pk}/schedule/").status_code == 409


def cup(name="cup.png"):
    return SimpleUploadedFile(name, draw("cup"), "image/png")


def composed(newsroom, **fields):
    return {"base": 0, "title": "Two cups", "text": "Words", "channel": newsroom, "when": "none", **fields}


def test_the_composer_takes_pictures_in_a_plain_form_and_keeps_the_words(cast, client_as, here, newsroom):
    """UI.md: every write works as a plain form; the composer without scripts can add pictures."""
    ben = client_as(cast.ben)
    plain = re.search(r"<noscript>.*?</noscript>", ben.get(f"{ROOT}/posts/new/").content.decode(), re.DOTALL)[
        0
    ]
    assert 'type="file"' in plain
    assert 'form="composer"' in plain

    page = ben.post(f"{ROOT}/posts/new/", composed(newsroom, action="attach", file=cup()), follow=True)

    with here():
        (media,) = Media.objects.all()
        copy = WorkingCopy.objects.get()
    assert copy.content["media"] == [str(media.pk)]
    text = page.content.decode()
    assert "Words" in text
    assert f'name="drop" value="{media.pk}"' in text

    fields = {"media": str(media.pk), "copy": str(copy.pk), "seen": copy.version}
    ben.post(f"{ROOT}/posts/new/", composed(newsroom, action="attach", drop=str(media.pk), **fields))
    with here():
        assert WorkingCopy.objects.get().content["media"] == []


def test_a_picture_chosen_when_the_draft_is_saved_goes_with_it(cast, client_as, here, newsroom):
    client_as(cast.ben).post(f"{ROOT}/posts/new/", composed(newsroom, action="save", file=cup()))
    with here():
        assert Revision.objects.get().content["media"] == [str(Media.objects.get().pk)]


def test_a_refused_file_loses_nothing_of_what_was_typed(cast, client_as, here, newsroom):
    bad = SimpleUploadedFile("cup.png", b"<script>", "image/png")
    page = client_as(cast.ben).post(f"{ROOT}/posts/new/", composed(newsroom, action="save", file=bad))
    text = page.content.decode()
    assert page.status_code == 422
    assert "cup.png" in text
    assert "Words" in text
    with here():
        assert not Post.objects.exists()


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_all_days_breaks_no_page(cast, client_as, newsroom, approved, day):
    ben = client_as(cast.ben)
    for address in (
        f"calendar/?month={day[:7]}",
        f"calendar/?day={day}",
        f"calendar/days/{day}/",
        f"posts/?from={day}&to={day}",
        f"posts/new/?date={day}",
    ):
        assert ben.get(f"{ROOT}/{address}", follow=True).status_code == 200, address
    ident = approved.rpartition("/")[2]
    writes = {
        f"{approved}/schedule/": {"date": day, "time": "09:00"},
        f"{ROOT}/calendar/move/": {"post": ident, "date": day},
        f"{ROOT}/calendar/days/{day}/notes/": {"text": "far off"},
        f"{ROOT}/posts/new/": composed(newsroom, when="other", date=day, time="09:00"),
    }
    for address, body in writes.items():
        assert ben.post(address, body).status_code < 500, address
    with workspace_scope(cast.acme.pk):
        assert Post.objects.get(pk=ident).state == "approved"


def test_the_search_of_the_palette_leads_to_the_posts(cast, client_as, here):
    """Enter in the palette searches everywhere: its form has somewhere to go."""
    with here():
        make_post(cast, "Harvest Blend")
    ben = client_as(cast.ben)
    page = ben.get(f"{ROOT}/work/").content.decode()
    address = re.search(r'class="palette-search" method="get" action="([^"]+)"', page)[1]
    assert "Harvest Blend" in ben.get(f"{address}?q=harvest").content.decode()
