"""The calendar's pages as people see them."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import Request
from approvals.services.decisions import decide
from calendar_app.models import Note, Post, Revision, WorkingCopy
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.days import add_key_date, add_slot, write_note
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from networks.models import Channel
from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel, make_media, make_post, soon

ROOT = "/w/acme"
AT = datetime(2030, 3, 19, 1, tzinfo=UTC)


@pytest.fixture
def here(cast):
    """The workspace's scope, to prepare what the pages show."""
    return lambda: workspace_scope(cast.acme.pk)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_month_shows_posts_campaigns_and_notes_on_their_days(cast, client_as, here):
    with here():
        make_post(cast, "Kopi Raya is back", scheduled_at=AT)
        by = cast.actor("ben")
        days = {"starts_on": AT.date(), "ends_on": AT.date() + timedelta(days=9)}
        create_campaign(workspace=cast.acme, name="Raya open house", **days, by=by)
        write_note(workspace=cast.acme, on_date=AT.date(), text="Stock count", by=by)
        add_key_date(workspace=cast.acme, on_date=AT.date() + timedelta(days=1), name="Nuzul", by=by)

    page = client_as(cast.vera).get(f"{ROOT}/calendar/?month=2030-03")

    words = text_of(page)
    assert page.status_code == 200
    assert "March 2030" in words
    cell = (
        page.content.decode().split('data-drop-date="2030-03-19"')[1].split('data-drop-date="2030-03-20"')[0]
    )
    assert "Kopi Raya is back" in cell
    assert "<time>09:00</time>" in cell
    assert "Stock count" in cell
    assert words.count("Raya open house") >= 2
    assert "Nuzul" in words
    assert "/calendar/move/" not in page.content.decode()


def test_a_day_by_the_workspaces_clock_not_by_utc(cast, client_as, here):
    with here():
        make_post(cast, "Past midnight", scheduled_at=datetime(2030, 3, 18, 16, 30, tzinfo=UTC))

    page = client_as(cast.ben).get(f"{ROOT}/calendar/?month=2030-03").content.decode()

    assert (
        "Past midnight"
        in page.split('data-drop-date="2030-03-19"')[1].split('data-drop-date="2030-03-20"')[0]
    )


def test_a_full_day_shows_how_many_more(cast, client_as, here):
    with here():
        for number in range(5):
            make_post(cast, f"Post {number}", scheduled_at=AT + timedelta(hours=number))

    page = client_as(cast.ben).get(f"{ROOT}/calendar/?month=2030-03")
    cell = (
        page.content.decode().split('data-drop-date="2030-03-19"')[1].split('data-drop-date="2030-03-20"')[0]
    )

    assert cell.count("post-chip-words") == 2
    assert "+3 more" in cell


def test_filters_narrow_the_month_and_stand_in_the_address(cast, client_as, here):
    with here():
        mastodon = make_channel(cast)
        make_post(cast, "For the newsroom", scheduled_at=AT)
        make_post(cast, "For Mastodon", scheduled_at=AT, channels=[mastodon])

    page = text_of(client_as(cast.ben).get(f"{ROOT}/calendar/?month=2030-03&channel={mastodon.pk}"))

    assert "For Mastodon" in page
    assert "For the newsroom" not in page
    assert "Channel: Mastodon" in page


def test_posts_at_the_same_time_on_one_channel_clash(cast, client_as, here):
    with here():
        make_post(cast, "One", scheduled_at=AT)
        make_post(cast, "Two", scheduled_at=AT + timedelta(minutes=5))

    assert "1 clash" in text_of(client_as(cast.ben).get(f"{ROOT}/calendar/?month=2030-03"))


def test_a_gap_ahead_is_marked_and_leads_to_a_new_post(cast, client_as, here):
    with here():
        make_post(cast, "Last one", scheduled_at=AT)

    page = client_as(cast.ben).get(f"{ROOT}/calendar/?month=2030-03")

    assert "No post since Tue" in text_of(page)
    assert "posts/new/?date=2030-03-20" in page.content.decode()


def test_moving_keeps_the_wall_time_and_can_be_undone(cast, client_as, here):
    with here():
        post = make_post(cast, scheduled_at=AT)
    ben = client_as(cast.ben)

    answer = ben.post(
        f"{ROOT}/calendar/move/",
        {"post": post.pk, "date": "2030-03-21", "back": f"{ROOT}/calendar/?month=2030-03"},
        follow=True,
    )

    assert "Moved to Thu 21 Mar, 09:00." in text_of(answer)
    with here():
        assert Post.objects.get().scheduled_at == AT + timedelta(days=2)
    undo = re.search(r'action="([^"]*/calendar/undo/[^"]+)"', answer.content.decode())[1]
    assert "Moved back." in text_of(ben.post(undo, follow=True))
    with here():
        assert Post.objects.get().scheduled_at == AT


def test_moving_back_into_the_past_is_refused(cast, client_as, here):
    with here():
        post = make_post(cast, scheduled_at=soon())

    answer = client_as(cast.ben).post(f"{ROOT}/calendar/move/", {"post": post.pk, "date": "2020-01-01"})

    assert answer.status_code == 422
    with here():
        assert Post.objects.get().scheduled_at == soon()


def test_a_move_leads_nowhere_else(cast, client_as, here):
    with here():
        post = make_post(cast, scheduled_at=AT)

    answer = client_as(cast.ben).post(
        f"{ROOT}/calendar/move/", {"post": post.pk, "date": "2030-03-21", "back": "https://evil.test/"}
    )

    assert answer["Location"] == f"{ROOT}/calendar/"


def test_a_viewer_moves_nothing(cast, client_as, here):
    with here():
        post = make_post(cast, scheduled_at=AT)

    answer = client_as(cast.vera).post(f"{ROOT}/calendar/move/", {"post": post.pk, "date": "2030-03-21"})

    assert answer.status_code == 403


def test_the_day_lists_everything_and_takes_notes(cast, client_as, here):
    with here():
        make_post(cast, "Kopi Raya is back", scheduled_at=AT)
    ben = client_as(cast.ben)

    answer = ben.post(f"{ROOT}/calendar/days/2030-03-19/notes/", {"text": "Stock count"}, follow=True)

    assert "Kopi Raya is back" in text_of(answer)
    assert "Stock count" in text_of(answer)
    with here():
        note = Note.objects.get()
    ben.post(f"{ROOT}/calendar/notes/{note.pk}/removal/")
    with here():
        assert Note.objects.count() == 0


def test_an_empty_day_says_what_to_do(cast, client_as):
    assert "New post for this day" in text_of(client_as(cast.ben).get(f"{ROOT}/calendar/days/2030-03-19/"))
    assert "New post for this day" not in text_of(
        client_as(cast.vera).get(f"{ROOT}/calendar/days/2030-03-19/")
    )


def test_the_list_finds_words_and_goes_on(cast, client_as, here):
    with here():
        for number in range(51):
            make_post(cast, f"Post {number:02}", channels=[])
        make_post(cast, "Teh tarik", channels=[])
    ben = client_as(cast.ben)

    first = ben.get(f"{ROOT}/posts/")
    assert "Teh tarik" in text_of(first)
    assert "Post 00" not in text_of(first)
    older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    assert "Post 00" in text_of(ben.get(f"{ROOT}/posts/{older}"))
    found = text_of(ben.get(f"{ROOT}/posts/?q=tarik"))
    assert "Teh tarik" in found
    assert "Post 01" not in found


def test_an_empty_list_says_what_to_do_first(cast, client_as):
    ben = client_as(cast.ben)

    assert "Write the first one" in text_of(ben.get(f"{ROOT}/posts/"))
    assert "No post fits these filters" in text_of(ben.get(f"{ROOT}/posts/?q=nothing"))


def test_the_post_page_offers_what_the_reader_may_do(cast, client_as, here):
    with here():
        post = make_post(cast, "Kopi Raya is back")
    path = f"{ROOT}/posts/{post.pk}/"

    ben, vera = text_of(client_as(cast.ben).get(path)), text_of(client_as(cast.vera).get(path))

    assert "Kopi Raya is back" in vera
    assert "Submit for approval" in ben
    assert "Submit for approval" not in vera


def test_a_post_goes_from_draft_to_its_plan_by_plain_forms(cast, client_as, here):
    with here():
        post = make_post(cast, "Kopi Raya is back")
    ben = client_as(cast.ben)
    path = f"{ROOT}/posts/{post.pk}/"

    assert "waits for approval" in text_of(ben.post(f"{path}submission/", follow=True))
    with here():
        request = Request.objects.get()
        decide(request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor("cleo"))
    answer = ben.post(f"{path}schedule/", {"date": "2030-03-19", "time": "09:00"}, follow=True)

    assert "Planned." in text_of(answer)
    with here():
        assert (Post.objects.get().state, Post.objects.get().scheduled_at) == ("scheduled", AT)
    ben.post(f"{path}unscheduling/")
    with here():
        assert Post.objects.get().state == "approved"


def test_an_unapproved_post_cannot_be_published_by_page(cast, client_as, here):
    with here():
        post = make_post(cast)

    answer = client_as(cast.ana).post(f"{ROOT}/posts/{post.pk}/publication/")

    assert answer.status_code == 409
    with here():
        assert Post.objects.get().state == "draft"


def test_a_post_is_taken_back_put_away_and_brought_back(cast, client_as, here):
    with here():
        post = make_post(cast)
    ben = client_as(cast.ben)
    path = f"{ROOT}/posts/{post.pk}/"
    states = []
    for action in ("submission", "withdrawal", "archive", "archive"):
        ben.post(f"{path}{action}/")
        with here():
            states.append(Post.objects.get().state)

    assert states == ["in_review", "draft", "archived", "draft"]


def test_what_changed_is_shown_word_by_word(cast, client_as, here):
    with here():
        post = make_post(cast, "Kopi Raya is back")
        save_post(post=post, expected_number=1, text="Kopi Raya is here", by=cast.actor("jun"))

    page = client_as(cast.ben).get(f"{ROOT}/posts/{post.pk}/revisions/").content.decode()

    assert "<del>back</del><ins>here</ins>" in page
    assert "Jun Wong" in page


def composed(newsroom, **fields):
    return {"base": 0, "channel": [str(newsroom)], "text": "Kopi Raya", "when": "none", **fields}


@pytest.fixture
def newsroom(cast, here):
    """The id of acme's newsroom."""
    with here():
        return Channel.objects.get(kind="newsroom").pk


def test_the_composer_makes_a_post(cast, client_as, here, newsroom):
    ben = client_as(cast.ben)
    assert "Text for all channels" in ben.get(f"{ROOT}/posts/new/").content.decode()

    body = composed(
        newsroom, title="Raya", labels="recipe, Raya", when="other", date="2030-03-19", time="09:00"
    )
    answer = ben.post(f"{ROOT}/posts/new/", body, follow=True)

    assert "Saved." in text_of(answer)
    with here():
        post = Post.objects.get()
        assert (post.title, post.state, post.scheduled_at) == ("Raya", "draft", AT)
        assert sorted(post.labels.values_list("name", flat=True)) == ["Raya", "recipe"]


def test_the_composer_submits_in_one_go(cast, client_as, here, newsroom):
    client_as(cast.ben).post(f"{ROOT}/posts/new/", composed(newsroom, action="submit"))

    with here():
        assert Post.objects.get().state == "in_review"


def test_a_submission_that_is_not_ready_keeps_what_was_typed_and_saves_nothing(
    cast, client_as, here, newsroom
):
    body = composed(newsroom, text="", title="Kept title", action="submit")

    answer = client_as(cast.ben).post(f"{ROOT}/posts/new/", body)

    assert answer.status_code == 422
    assert "Not ready to submit" in text_of(answer)
    assert "1 thing to fix first" in text_of(answer)
    assert 'value="Kept title"' in answer.content.decode()
    with here():
        assert Post.objects.count() == 0


def test_nothing_is_to_be_fixed_before_the_author_has_tried(cast, client_as, newsroom):
    ben = client_as(cast.ben)

    def kept(**fields) -> str:
        body = composed(newsroom, text="", title="Raya", **fields)
        return text_of(ben.post(f"{ROOT}/posts/autosave/", body, headers={"HX-Request": "true"}))

    for calm in (text_of(ben.get(f"{ROOT}/posts/new/")), kept(tried="")):
        assert "Not written yet" in calm
        assert "Write something or add a picture." in calm
        assert "to fix" not in calm.lower()
    assert "1 thing to fix first" in kept(tried="on"), "written and cleared again"


def test_typing_is_kept_and_answers_with_findings(cast, client_as, here):
    with here():
        mastodon = make_channel(cast)
    ben = client_as(cast.ben)

    answer = ben.post(
        f"{ROOT}/posts/autosave/", composed(mastodon.pk, text="x" * 510), headers={"HX-Request": "true"}
    )

    page = answer.content.decode()
    assert "10 over" in page
    assert "1 thing to fix first" in page
    with here():
        copy = WorkingCopy.objects.get()
        assert copy.content["text"] == "x" * 510
        assert Post.objects.count() == 0
    assert answer["HX-Replace-Url"] == f"{ROOT}/posts/new/?copy={copy.pk}"
    assert "x" * 510 in ben.get(answer["HX-Replace-Url"]).content.decode()
    assert "x" * 510 not in client_as(cast.jun).get(answer["HX-Replace-Url"]).content.decode()


def test_a_second_tab_is_told_and_overwrites_nothing(cast, client_as, here, newsroom):
    with here():
        post = make_post(cast)
    ben, path = client_as(cast.ben), f"{ROOT}/posts/{post.pk}/autosave/"
    ben.post(path, composed(newsroom, base=1, text="First tab", seen=0))

    answer = ben.post(path, composed(newsroom, base=1, text="Second tab", seen=0))

    assert answer.status_code == 412
    with here():
        assert WorkingCopy.objects.get().content["text"] == "First tab"


def test_a_clash_shows_both_sides(cast, client_as, here, newsroom):
    with here():
        post = make_post(cast)
        save_post(post=post, expected_number=1, text="Jun's words", by=cast.actor("jun"))

    answer = client_as(cast.ben).post(
        f"{ROOT}/posts/{post.pk}/edit/", composed(newsroom, base=1, text="Ben's words")
    )

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "<del>Jun&#x27;s words</del> <ins>Ben&#x27;s words</ins>" in page
    assert 'name="base" value="2"' in page
    with here():
        assert Revision.objects.count() == 2


def test_changing_what_is_approved_asks_first(cast, client_as, here, newsroom):
    with here():
        post = make_post(cast)
        submit_post(post=post, by=cast.actor("ben"))
        request = Request.objects.get()
        decide(request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor("cleo"))
    ben, path = client_as(cast.ben), f"{ROOT}/posts/{post.pk}/edit/"
    assert "takes the approval back" in text_of(ben.get(path))

    refused = ben.post(path, composed(newsroom, base=1, text="Other"))
    assert refused.status_code == 409
    with here():
        assert Post.objects.get().state == "approved"
    ben.post(path, composed(newsroom, base=1, text="Other", confirm="on"))

    with here():
        assert Post.objects.get().state == "draft"


def test_a_channel_has_its_own_text_only_where_it_is_marked_or_changed(cast, client_as, here, newsroom):
    with here():
        mastodon = make_channel(cast)
    body = composed(newsroom, channel=[str(newsroom), str(mastodon.pk)], text="Shared")
    body |= {f"text-{newsroom}": "Shared", f"text-{mastodon.pk}": "Toot", "own": [str(mastodon.pk)]}

    client_as(cast.ben).post(f"{ROOT}/posts/new/", body)

    with here():
        assert [variant["text"] for variant in Revision.objects.get().content["variants"]] == [None, "Toot"]


def test_pictures_stand_in_the_composer_with_their_description(cast, client_as, here, newsroom):
    with here():
        media = make_media(cast)
    body = composed(newsroom, media=[str(media.pk)], **{f"alt-{media.pk}": "Two cups"})

    client_as(cast.ben).post(f"{ROOT}/posts/new/", body)

    with here():
        media.refresh_from_db()
        assert media.alt == "Two cups"
        assert Revision.objects.get().content["media"] == [str(media.pk)]


def test_usual_times_that_are_free_are_offered(cast, client_as, here, newsroom):
    with here():
        add_slot(
            workspace=cast.acme,
            channel=newsroom,
            weekday=3,
            wall_time=time(17, 30),
            by=cast.actor("ben"),
        )

    page = client_as(cast.ben).get(f"{ROOT}/posts/new/").content.decode()

    assert len(re.findall(r'name="when" value="\d{4}-\d\d-\d\dT17:30"', page)) == 2


@pytest.mark.parametrize(
    "path",
    ["/calendar/?month=2030-03", "/calendar/weeks/2030-03-19/", "/calendar/days/2030-03-19/", "/posts/"],
)
def test_pages_cost_the_same_whatever_stands_there(cast, client_as, here, path):
    ben = client_as(cast.ben)
    ben.get(f"{ROOT}{path}")
    counts = []
    for many in (1, 3, 20):
        with here():
            for number in range(many):
                make_post(cast, f"Post {number}", scheduled_at=AT + timedelta(minutes=number))
                write_note(
                    workspace=cast.acme, on_date=AT.date(), text=f"Note {number}", by=cast.actor("ben")
                )
        with CaptureQueriesContext(connection) as queries:
            assert ben.get(f"{ROOT}{path}").status_code == 200
        counts.append(len(queries))

    assert len(set(counts)) == 1, counts
