"""My work as one question: every app in it, bounded, counted once for the list and the rail (R7.1)."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import RequestStep
from calendar_app.models import Post
from comments.services import add_comment, resolve_comment
from core.clock import now
from core.refs import Ref
from home.selectors import WAITING, work_of
from teams.coverage import GapKind, gaps_of
from teams.models import Duty
from teams.overview import overview
from teams.scopes import CHANNEL, NETWORK
from teams.services.backups import set_backups
from teams.services.duties import create_duty, starter_kind
from teams.services.members import end_membership
from teams.states import StarterKind
from teams.tenancy import workspace_scope
from tests.approvals.paper import away
from tests.approvals.test_api import Program, submit_for
from tests.factories.people import Cast
from tests.factories.posts import make_channel, make_post
from tests.rules.growth import is_counted, shape
from tests.teams.test_absences import fresh

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
WORK = "/w/acme/work/"


def list_of(cast: Cast, name: str, **wanted):
    return work_of(cast.actor(name), now(), ZONE, **wanted)


def rail_count(page: str) -> str:
    found = re.search(r'href="/w/acme/work/"[^>]*>.*?</a>', page, re.DOTALL)
    number = re.search(r'rail-count">([^<]+)', found[0]) if found else None
    return number[1] if number else ""


def titles(page: str) -> list[str]:
    return re.findall(r'class="list-title"><a href="[^"]+">([^<]*)</a>', page)


def failed_posts(cast: Cast, name: str, count: int) -> None:
    with workspace_scope(cast.acme.pk):
        for number in range(count):
            post = make_post(cast, by=name, title=f"Kopi {number:03}")
            Post.objects.filter(pk=post.pk).update(
                state="failed", updated_at=now() - timedelta(minutes=500 - number)
            )


def test_a_long_list_comes_in_pages_with_nothing_twice_and_nothing_lost(cast, client_as):
    """R7.1: fifty rows at a time, each once, while the headings and the rail say how many there are in all."""
    failed_posts(cast, "ben", 130)
    client = client_as(cast.ben)
    seen, address, pages = [], WORK, 0
    while address:
        page = client.get(address).content.decode()
        seen += titles(page)
        pages += 1
        assert ">130<" in page
        assert rail_count(page) == "99+"
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = WORK + following[1].replace("&amp;", "&") if following else ""
    assert pages == 3
    assert seen == [f"Kopi {number:03}" for number in range(130)]
    assert client.get(f"{WORK}?after=forged").status_code == 422


def test_a_program_reads_the_list_in_pages(cast):
    failed_posts(cast, "ben", 5)
    program = Program(cast, "ben")
    first = program.get("work/?limit=3").json()
    rest = program.get(first["next"].removeprefix("http://testserver/api/v1/w/acme/")).json()
    assert [row["title"] for row in first["results"] + rest["results"]] == [f"Kopi 00{n}" for n in range(5)]
    assert rest["next"] is None
    assert program.get("work/?limit=0").status_code == 422
    assert program.get("work/?whose=covered").json()["results"] == []


def everything(cast: Cast) -> None:
    """Make something of each kind wait: decisions, what came back, failures, mentions, gaps, for others."""
    posts = [submit_for(cast, name) for name in ("jun", "ben", "cleo")]
    with workspace_scope(cast.acme.pk):
        RequestStep.objects.filter(request__subject_id=posts[0].pk).update(due_at=now() - timedelta(hours=1))
        RequestStep.objects.filter(request__subject_id=posts[1].pk).update(due_at=now() + timedelta(days=9))
        failed = make_post(cast, by="cleo", title="Failed")
        Post.objects.filter(pk=failed.pk).update(state="failed")
        add_comment(
            subject=Ref("calendar_app.post", failed.pk), body="@Cleo which cup?", by=cast.actor("ben")
        )
        create_duty(
            kind=starter_kind(StarterKind.CONTENT, cast.acme.pk),
            name="Crisis watch",
            owner=None,
            by=cast.actor("ana"),
        )


def test_the_rail_and_the_list_count_by_one_question(cast, client_as):
    """R7.1: the number in the rail is what the list holds that is the reader's to do, covered work included."""
    everything(cast)
    with workspace_scope(cast.acme.pk):
        away(cast, "ana", "cleo")
    for name in ("cleo", "ben", "ana", "vera", "jun"):
        with workspace_scope(cast.acme.pk):
            found = list_of(cast, name)
            todo = [item for item in found.items if not item.is_waiting]
            assert found.count() == len(todo)
            assert sum(found.sizes().values()) == len(found.items)
        page = client_as(getattr(cast, name)).get(WORK).content.decode()
        assert rail_count(page) == (str(len(todo)) if todo else ""), name
    with workspace_scope(cast.acme.pk):
        kinds = {item.kind for item in list_of(cast, "cleo").items}
        headings = [key for key, size in list_of(cast, "cleo").sizes().items() if size]
    assert kinds == {"approval", "in_review", "post", "mention", "gap"}
    assert headings == ["overdue", "today", "later", WAITING]


def test_mine_covered_and_both(cast, client_as):
    """R7.1: the list can be had for oneself, for whom one covers, and for both, with the count of each."""
    submit_for(cast, "jun")
    with workspace_scope(cast.acme.pk):
        away(cast, "cleo", "ben")
        away(cast, "farah", "ben")
        for name in ("farah", "ben"):
            post = make_post(cast, by=name, title=f"Of {name}")
            Post.objects.filter(pk=post.pk).update(state="failed")
    client = client_as(cast.ben)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(WORK).content.decode()))
    assert "All 3 Mine 1 Covered 2 For Cleo 1 For Farah 1" in page
    shown = {
        whose: sorted(titles(client.get(f"{WORK}?whose={whose}").content.decode()))
        for whose in ("all", "mine", "covered", str(cast.cleo.pk), str(cast.farah.pk), "nonsense")
    }
    assert shown == {
        "all": ["First pour", "Of ben", "Of farah"],
        "mine": ["Of ben"],
        "covered": ["First pour", "Of farah"],
        str(cast.cleo.pk): ["First pour"],
        str(cast.farah.pk): ["Of farah"],
        "nonsense": ["First pour", "Of ben", "Of farah"],
    }


def test_who_is_named_answers_or_sees_it_resolved(cast):
    """R7.1: a mention waits until the named one, or his cover, has spoken, or the thread is done with."""
    with workspace_scope(cast.acme.pk):
        about = Ref("calendar_app.post", make_post(cast).pk)
        first = add_comment(subject=about, body="@Cleo and @Jun, which cup?", by=cast.actor("ben"))
        other = add_comment(subject=about, body="@Jun the price?", by=cast.actor("ben"))
        away(cast, "cleo", "ana")
        (item,) = [item for item in list_of(cast, "ana").items if item.kind == "mention"]
        assert (item.title, item.why, item.for_name) == (
            "@Cleo and @Jun, which cup?",
            "Ben Tan named you",
            "Cleo Marchetti",
        )
        assert item.url.endswith(f"/posts/{about.id}/#comment-{first.pk}")
        assert len([item for item in list_of(cast, "jun").items if item.kind == "mention"]) == 2
        add_comment(subject=about, body="The small one.", parent=first, by=cast.actor("jun"))
        assert [i.title for i in list_of(cast, "jun").items if i.kind == "mention"] == ["@Jun the price?"]
        resolve_comment(comment=other, by=cast.actor("ben"))
        assert [item for item in list_of(cast, "jun").items if item.kind == "mention"] == []
        assert [item for item in list_of(cast, "ben").items if item.kind == "mention"] == []


def test_what_one_may_not_see_does_not_wait(cast):
    """R7.10: neither list nor count tells of a post on a channel that is shut to the reader."""
    with workspace_scope(cast.acme.pk):
        shut = make_channel(cast, name="Board", is_restricted=True)
        post = make_post(cast, by="ana", channels=[shut])
        add_comment(subject=Ref("calendar_app.post", post.pk), body="@Ben look", by=cast.actor("ana"))
        Post.objects.filter(pk=post.pk).update(state="failed", author=cast.ben)
        assert list_of(cast, "ben").items == []
        assert list_of(cast, "ben").count() == 0


def test_gaps_on_the_list_are_those_of_the_team_page(cast):
    """R1.3, R1.11: what SQL finds bare is what the overview finds bare, however the backups are spread."""
    with workspace_scope(cast.acme.pk):
        Duty.objects.all().delete()
        channel = make_channel(cast, name="Toots")
        ana = cast.actor("ana")

        def duty(name, owner, scopes=()):
            kind = starter_kind(StarterKind.CONTENT, cast.acme.pk)
            return create_duty(
                kind=kind, name=name, owner=owner and fresh(owner), scopes=list(scopes), by=ana
            )

        set_backups(member=fresh(cast.jun), backups=[fresh(cast.ben)], by=ana)
        duty("backed by everything", cast.jun)
        duty("bare", cast.ben)
        duty("ownerless", None)
        backed = duty("backed by its own list", cast.farah)
        set_backups(member=fresh(cast.farah), backups=[fresh(cast.ben)], by=ana, scope=backed.ref)
        duty("backed by its channel", cast.cleo, [(CHANNEL, str(channel.pk))])
        set_backups(
            member=fresh(cast.cleo), backups=[fresh(cast.ben)], by=ana, scope=Ref(CHANNEL, channel.pk)
        )
        duty("of another channel", cast.cleo, [(NETWORK, "newsroom")])

        def both() -> tuple[set[str], set[str]]:
            gaps = gaps_of(overview(ana, now(), ZONE))
            wide = {gap.subject for gap in gaps if gap.kind in (GapKind.DUTY_OWNER, GapKind.DUTY_BACKUP)}
            listed = {
                item.title
                for item in list_of(cast, "ana").items
                if item.kind == "gap" and "who looks" not in item.why
            }
            return wide, listed

        wide, listed = both()
        assert wide == listed == {"bare", "ownerless", "of another channel"}
        assert {item.title for item in list_of(cast, "ben").items if item.kind == "gap"} == {"bare"}
        end_membership(member=fresh(cast.vera), by=ana)
        wide, listed = both()
        assert wide == listed


@pytest.mark.parametrize(("name", "most"), [("cleo", 11), ("ana", 11), ("ben", 10)])
def test_the_page_costs_the_same_with_much_waiting(cast, client_as, name, most):
    """R7.1: few statements, and no more of them when much waits, whatever comes onto the first page."""
    everything(cast)
    failed_posts(cast, name, 1)
    client = client_as(getattr(cast, name))

    def cost() -> list[str]:
        client.get(WORK)
        with CaptureQueriesContext(connection) as found:
            assert client.get(WORK).status_code == 200
        return [query["sql"] for query in found if is_counted(query["sql"])]

    few = cost()
    assert len(few) <= most, shape(few)
    failed_posts(cast, name, 40)
    assert len(cost()) <= len(few)
