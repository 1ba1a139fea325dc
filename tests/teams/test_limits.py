"""Rights within limits: networks, teams, states, hours; the same for one thing, for a list, and in words (R7.10)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import Entry
from approvals.permissions import DECIDE, eligible, open_step
from approvals.selectors import request_of
from calendar_app.models import Post
from calendar_app.permissions import EDIT, EDIT_OTHERS, SCHEDULE, SEE, hidden_channel_ids
from calendar_app.selectors import posts_visible_to
from core.clock import now
from core.errors import Invalid, NotAllowed
from core.refs import Ref
from home.selectors import work_of
from networks.models import Channel
from networks.permissions import OVERSEE, PUBLISH, WRITE
from networks.permissions import SEE as SEE_CHANNEL
from teams.cover import Absence
from teams.limits import Hours
from teams.models import Membership, Role
from teams.permissions import actor_of, can, explain, verbs_of, visible
from teams.rights import compared, rights_of
from teams.services.groups import create_team
from teams.services.members import assign_role, require_right_over_role
from teams.services.roles import LimitInput, add_limit, change_limit, change_role, create_role, remove_limit
from teams.states import RoleKey
from tests.approvals.paper import away
from tests.approvals.test_api import Program, submit_for
from tests.factories.people import make_member, make_user
from tests.factories.posts import make_channel, make_post
from tests.teams.test_absences import fresh

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
ALWAYS = Hours(frozenset(range(7)), time(0), time(23, 59, 59))


def never() -> Hours:
    """Return hours that are not now, whatever the time."""
    local = now().astimezone(ZONE)
    return Hours(frozenset({(local.weekday() + 3) % 7}), time(9), time(17))


def limited(cast, name: str, *limits: LimitInput, like: str = "manager", more: tuple[str, ...] = ()) -> Role:
    """Give somebody a role like a built-in one, within limits."""
    rights = sorted({*verbs_of(Role.objects.get(key=like)), *more})
    role = create_role(name=f"{name} within limits", rights=rights, limits=limits, by=cast.actor("ana"))
    assign_role(member=fresh(getattr(cast, name)), role=role, by=cast.actor("ana"))
    return role


def ids(rows) -> set:
    return {row.pk for row in rows}


@pytest.fixture
def posts(acme) -> dict[str, Post]:
    toots = make_channel(acme, name="Toots")
    return {
        "toots": make_post(acme, channels=[toots], by="jun"),
        "news": make_post(acme, by="jun"),
        "both": make_post(acme, channels=[toots, Channel.objects.get(kind="newsroom")], by="jun"),
        "none": make_post(acme, channels=[], by="jun"),
    }


def test_a_network_limit_holds_for_lists_and_for_things_alike(acme, posts):
    """R7.10: to act, all of a post's networks lie within the limit; to see it, one."""
    limited(acme, "ben", LimitInput([SEE, EDIT, EDIT_OTHERS, SCHEDULE], networks=["mastodon"]))
    ben = acme.actor("ben")
    for verb, within in ((SEE, {"toots", "both", "none"}), (SCHEDULE, {"toots", "none"})):
        wanted = {posts[name].pk for name in within}
        assert ids(visible(ben, verb, Post.objects.all())) == wanted, verb
        assert {post.pk for post in posts.values() if can(acme.actor("ben"), verb, post)} == wanted, verb
    assert ids(posts_visible_to(ben)) == {posts[name].pk for name in ("toots", "both", "none")}
    refusal = explain(ben, SCHEDULE, posts["news"])
    assert "only within limits: on Mastodon" in refusal.message
    assert refusal.ask == ("Ana Rahman",)
    assert can(ben, SCHEDULE)


def test_a_limit_on_others_posts_leaves_ones_own(acme, posts):
    limited(acme, "ben", LimitInput([EDIT_OTHERS], networks=["mastodon"]))
    own = make_post(acme, by="ben")
    ben = acme.actor("ben")
    assert can(ben, EDIT, posts["toots"])
    assert not can(ben, EDIT, posts["news"])
    assert can(ben, EDIT, own)


def test_the_work_of_a_team_and_the_state_of_a_post(acme, posts):
    team = create_team(name="Desk", members=[fresh(acme.farah)], by=acme.actor("ana"))
    limited(acme, "ben", LimitInput([EDIT], teams=[team.pk]), LimitInput([EDIT], states=["draft"]))
    theirs = make_post(acme, by="farah")
    ben = acme.actor("ben")
    assert [can(ben, EDIT, post) for post in (theirs, posts["news"])] == [True, False]
    Post.objects.filter(pk=theirs.pk).update(state="changes_requested")
    assert not can(acme.actor("ben"), EDIT, Post.objects.get(pk=theirs.pk))
    assert "work of Desk" in explain(ben, EDIT, posts["news"]).message
    assert ids(visible(ben, EDIT, Post.objects.all())) == set()


def test_channels_beyond_a_limit_are_shut_and_hidden(acme, posts):
    """R7.10: neither written for nor seen, and posts on them only are not seen either, even by an overseer."""
    limited(acme, "ben", LimitInput([SEE_CHANNEL, WRITE, PUBLISH], networks=["mastodon"]), more=(OVERSEE,))
    ben = acme.actor("ben")
    toots, news = Channel.objects.get(kind="mastodon"), Channel.objects.get(kind="newsroom")
    assert [can(ben, WRITE, one) for one in (toots, news)] == [True, False]
    assert hidden_channel_ids(ben) == {news.pk}
    assert ids(posts_visible_to(ben)) == {posts[name].pk for name in ("toots", "both", "none")}


@pytest.mark.parametrize(
    ("at", "is_within"),
    [
        ("2026-11-23T00:59:59+00:00", False),  # Monday 08:59:59 in Kuala Lumpur
        ("2026-11-23T01:00:00+00:00", True),
        ("2026-11-23T09:59:59+00:00", True),
        ("2026-11-23T10:00:00+00:00", False),
        ("2026-11-22T02:00:00+00:00", False),  # Sunday
    ],
)
def test_hours_are_those_of_the_workspaces_clock(at, is_within):
    hours = Hours(frozenset({0, 1, 2, 3, 4}), time(9), time(18))
    assert hours.hold(datetime.fromisoformat(at), ZONE) is is_within


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin():
    friday_night = Hours(frozenset({4}), time(22), time(2))
    inside = [datetime(2026, 11, 27, 22, tzinfo=UTC), datetime(2026, 11, 28, 1, 59, tzinfo=UTC)]
    outside = [datetime(2026, 11, 27, 1, tzinfo=UTC), datetime(2026, 11, 28, 22, tzinfo=UTC)]
    assert [friday_night.hold(at, ZoneInfo("UTC")) for at in inside + outside] == [True, True, False, False]


def test_a_right_ends_with_its_hour_for_pages_programs_and_covers(acme, client_as):
    """R7.10: outside the hours nobody holds it: not the member, not his token, not who covers him."""
    role = limited(acme, "ben", LimitInput([SCHEDULE, EDIT], hours=ALWAYS))
    post = make_post(acme, by="ben")
    assert can(acme.actor("ben"), SCHEDULE, post)
    change_role(role=role, limits=[LimitInput([SCHEDULE, EDIT], hours=never())], by=acme.actor("ana"))
    away(acme, "ben", "vera")
    for name in ("ben", "vera"):
        assert not can(acme.actor(name), SCHEDULE, post), name
    assert visible(acme.actor("ben"), EDIT, Post.objects.all()).count() == 0
    assert "only at certain times" in explain(acme.actor("ben"), SCHEDULE, post).message
    Absence.objects.all().delete()
    row = next(one for one in rights_of(acme.actor("ben")) if one.verb == SCHEDULE)
    assert (row.is_held, row.is_closed, row.ask) == (False, True, ("Ana Rahman",))
    page = client_as(acme.ben).get("/w/acme/rights/?q=schedule").content.decode()
    assert "the role includes this at other hours" in page
    assert "not at this hour: only" in page


def test_a_cover_is_bound_by_the_limits_of_the_absent(acme, posts):
    limited(acme, "ben", LimitInput([SCHEDULE], networks=["mastodon"]))
    away(acme, "ben", "vera")
    vera = acme.actor("vera")
    assert [can(vera, SCHEDULE, posts[name]) for name in ("toots", "news")] == [True, False]
    assert ids(visible(vera, SCHEDULE, Post.objects.all())) == {posts["toots"].pk, posts["none"].pk}


def test_a_decision_is_limited_as_its_post_is(acme):
    """R7.10: what a reviewer may not decide neither waits for him nor is counted."""
    submit_for(acme, "jun")
    assert work_of(acme.actor("cleo"), now(), ZONE).count() > 0
    limited(acme, "cleo", LimitInput(["approvals.request.decide"], networks=["mastodon"]), like="lead")
    lead = Membership.objects.get(pk=acme.cleo.pk)
    kinds = {item.kind for item in work_of(acme.actor("cleo"), now(), ZONE).items}
    assert lead.role.limits
    assert "approval" not in kinds


def test_who_is_named_for_a_decision_may_take_it(acme):
    """R7.10: a step names nobody whose limits keep the post from him; more people cost no more statements."""
    post = submit_for(acme, "jun")
    role = limited(acme, "cleo", LimitInput([DECIDE], networks=["mastodon"]), like="lead")
    ref = Ref("calendar_app.post", post.pk)
    step = open_step(request_of(ref))
    step.approvers.create(workspace_id=step.workspace_id, role=role)

    def named() -> tuple[list[str], int]:
        found = request_of(ref)
        with CaptureQueriesContext(connection) as asking:
            people = [member.user.name for member in eligible(found, open_step(found))]
        return people, len(asking)

    people, cost = named()
    assert people == ["Ana Rahman"]
    assert explain(acme.actor("jun"), DECIDE, request_of(ref)).ask == ("Ana Rahman",)
    for number in range(3):
        assign_role(
            member=make_member(acme.acme, make_user(f"P{number}", f"p{number}@acme.test"), RoleKey.VIEWER),
            role=role,
            by=acme.actor("ana"),
        )
    assert named() == (["Ana Rahman"], cost)
    limit = LimitInput([DECIDE], networks=["newsroom"], hours=never())
    change_role(role=role, limits=[limit], by=acme.actor("ana"))
    assert named() == (["Ana Rahman", "Cleo Marchetti", "P0", "P1", "P2"], cost)


def test_a_token_is_never_above_its_owner(acme, client_as):
    """R7.10: a token made before loses with its owner what the owner loses, right by right and limit by limit."""
    role = limited(acme, "ben")
    post = make_post(acme, by="ben")
    program = Program(acme, "ben")
    path = f"posts/{post.pk}/schedule/"
    at = (now() + timedelta(days=2)).isoformat()
    assert program.call("PUT", path, {"scheduled_at": at}).status_code != 403
    ana = acme.actor("ana")
    change_role(role=role, limits=[LimitInput([SCHEDULE], networks=["mastodon"])], by=ana)
    refused = program.call("PUT", path, {"scheduled_at": at})
    assert (refused.status_code, refused.json()["why"]["ask"]) == (403, ["Ana Rahman"])
    rights = {row["verb"]: row for row in program.get("members/me/rights/").json()["rights"]}
    assert rights[SCHEDULE]["within"] == ["on Mastodon"]
    change_role(role=role, rights=[name for name in role.verbs if name != SCHEDULE], limits=[], by=ana)
    assert program.call("PUT", path, {"scheduled_at": at}).status_code == 403
    assign_role(member=fresh(acme.ben), role=Role.objects.get(key="viewer"), by=ana)
    assert program.call("PATCH", f"posts/{post.pk}/", {"title": "x"}).status_code == 403


def test_nobody_gives_on_what_is_limited_to_himself(acme):
    """R7.10: limited rights are neither given, nor given back to oneself without the limit."""
    role = limited(acme, "ben", LimitInput([SCHEDULE], networks=["mastodon"]), like="admin")
    ben = acme.actor("ben")
    for attempt in (
        lambda: create_role(name="Loose", rights=[SCHEDULE], by=ben),
        lambda: require_right_over_role(ben, Role.objects.get(key="manager")),
        lambda: remove_limit(role=role, limit_id=role.limits[0]["id"], by=ben),
        lambda: change_limit(
            role=role, limit_id=role.limits[0]["id"], limit=LimitInput([SCHEDULE], states=["draft"]), by=ben
        ),
        lambda: change_role(role=role, limits=[], by=ben),
        lambda: change_role(role=role, rights=role.verbs, by=ben),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert Role.objects.get(pk=role.pk).limits == role.limits


@pytest.mark.parametrize(
    ("limit", "field"),
    [
        (LimitInput([], networks=["mastodon"]), "rights"),
        (LimitInput(["teams.role.edit"], networks=["mastodon"]), "rights"),
        (LimitInput([SCHEDULE]), "networks"),
        (LimitInput(["activity.entry.see"], networks=["mastodon"]), "rights"),
        (LimitInput([SCHEDULE], states=["nonsense"]), "states"),
        (LimitInput([SCHEDULE], teams=[datetime.now(UTC) and __import__("uuid").uuid4()]), "teams"),
        (LimitInput([SCHEDULE], networks=["no such thing!"]), "networks"),
        (LimitInput([SCHEDULE], hours=Hours(frozenset(), time(9), time(17))), "days"),
        (LimitInput([SCHEDULE], hours=Hours(frozenset({1}), time(9), time(9))), "until"),
    ],
)
def test_what_does_not_fit_is_said_by_field(acme, limit, field):
    role = create_role(name="Desk", rights=[SCHEDULE, "activity.entry.see"], by=acme.actor("ana"))
    with pytest.raises(Invalid) as refused:
        add_limit(role=role, limit=limit, by=acme.actor("ana"))
    assert list(refused.value.fields) == [field]
    assert Role.objects.get(pk=role.pk).limits == []


def test_a_right_that_is_taken_away_leaves_its_limits(acme):
    role = create_role(
        name="Desk",
        rights=[SCHEDULE, EDIT],
        limits=[LimitInput([SCHEDULE], networks=["mastodon"]), LimitInput([SCHEDULE, EDIT], hours=ALWAYS)],
        by=acme.actor("ana"),
    )
    change_role(role=role, rights=[EDIT], by=acme.actor("ana"))
    assert [row["rights"] for row in Role.objects.get(pk=role.pk).limits] == [[EDIT]]


def test_roles_that_differ_in_limits_are_told_apart(acme):
    one = create_role(name="One", rights=[EDIT, SCHEDULE], by=acme.actor("ana"))
    limits = [LimitInput([SCHEDULE], networks=["mastodon"])]
    two = create_role(name="Two", rights=[EDIT, SCHEDULE], limits=limits, by=acme.actor("ana"))
    rows = compared(one, two)
    assert [(row.verb, row.differs) for row in rows] == [(SCHEDULE, True), (EDIT, False)]
    assert rows[0].second_within == ("on Mastodon",)


def test_limits_are_added_and_removed_on_the_page_and_read_by_programs(cast, acme, client_as):
    """R7.10: the editor keeps what was typed when something is missing, and says every limit in words."""
    role = create_role(name="Desk", rights=[SCHEDULE, EDIT], by=acme.actor("ana"))
    client = client_as(cast.ana)
    page = f"/w/acme/roles/{role.pk}/"
    half = client.post(page + "limits/new/", {"rights": [SCHEDULE], "days": ["0"], "since": "09:00"})
    assert half.status_code == 422
    assert "Fill in days, from and until" in half.content.decode()
    full = {
        "rights": [SCHEDULE],
        "networks": ["newsroom"],
        "days": ["0", "4"],
        "since": "09:00",
        "until": "17:30",
    }
    assert client.post(page + "limits/new/", full).status_code == 302
    shown = client.get(page).content.decode()
    assert "Only on Newsroom, Mon, Fri 09:00–17:30" in shown
    program = Program(cast, "ana")
    (kept,) = program.get(f"roles/{role.pk}/").json()["limits"]
    assert (kept["networks"], kept["hours"]) == (
        ["newsroom"],
        {"days": [0, 4], "since": "09:00:00", "until": "17:30:00"},
    )
    answer = program.call("PATCH", f"roles/{role.pk}/", {"limits": [{"rights": [EDIT], "states": ["draft"]}]})
    assert [row["states"] for row in answer.json()["limits"]] == [["draft"]]
    role.refresh_from_db()
    client.post(f"{page}limits/{role.limits[0]['id']}/removal/")
    assert Role.objects.get(pk=role.pk).limits == []
    assert client_as(cast.cleo).post(page + "limits/new/", full).status_code == 403


def test_a_limit_is_changed_where_it_stands(acme, client_as):
    """R7.10: network, team, state and hours are changed on the page and by programs; the record tells; one id."""
    ana = acme.actor("ana")
    desk = create_team(name="Desk", members=[], by=ana)
    first = LimitInput([SCHEDULE], networks=["gone"], hours=Hours(frozenset({0}), time(9), time(17, 30)))
    role = create_role(
        name="Desk", rights=[SCHEDULE, EDIT], limits=[first, LimitInput([EDIT], states=["draft"])], by=ana
    )
    ident, other = (row["id"] for row in role.limits)
    client, page = client_as(acme.ana), f"/w/acme/roles/{role.pk}/limits/{ident}/"
    groups = client.get(f"/w/acme/roles/{role.pk}/").context["form"].fields["rights"].choices
    headings = {name: heading for heading, rights in groups for name, _label in rights}
    assert (headings[EDIT], headings[DECIDE]) == ("Posts and calendar", "Approval")
    assert page in client.get(f"/w/acme/roles/{role.pk}/").content.decode()
    shown = client.get(page).context["form"]
    assert [(key, shown[key].value()) for key in ("rights", "networks", "days")] == [
        ("rights", [SCHEDULE]),
        ("networks", ["gone"]),
        ("days", ["0"]),
    ]
    assert ("gone", "Gone") in shown.fields["networks"].choices
    sent = {"rights": [EDIT], "networks": ["newsroom"], "teams": [str(desk.pk)], "states": ["draft"]}
    assert client.post(page, {**sent, "days": ["0"]}).status_code == 422
    assert client.post(page, {**sent, "days": ["5"], "since": "10:00", "until": "12:00"}).status_code == 302
    row, untouched = Role.objects.get(pk=role.pk).limits
    assert row == {
        "id": ident,
        **sent,
        "hours": {"days": [5], "from": "10:00", "to": "12:00"},
    }
    assert untouched["id"] == other
    told = "teams.role.limit_changed"
    assert Entry.objects.filter(verb=told, subject_id=role.pk).count() == 1
    program, path = Program(acme, "ana"), f"roles/{role.pk}/limits/{ident}/"
    answer = program.call("PUT", path, {"rights": [SCHEDULE], "states": ["approved"]})
    assert (answer.status_code, answer.json()["id"], answer.json()["networks"]) == (200, ident, [])
    assert program.call("PUT", path, {"rights": [SCHEDULE], "states": ["approved"]}).status_code == 200
    assert Entry.objects.filter(verb=told, subject_id=role.pk).count() == 2
    assert program.call("PUT", path, {"rights": [SCHEDULE]}).status_code == 422
    assert (
        Program(acme, "cleo").call("PUT", path, {"rights": [SCHEDULE], "states": ["draft"]}).status_code
        == 403
    )
    assert program.call("DELETE", path).status_code == 204
    assert program.call("PUT", path, {"rights": [SCHEDULE], "states": ["draft"]}).status_code == 404
    assert client.get(page).status_code == 404


def test_a_limited_list_costs_no_more_statements(acme, posts):
    """PERFORMANCE row 7: a limit is a part of the list's own statement, whatever the number of rows."""
    limited(acme, "ben", LimitInput([SEE, EDIT], networks=["mastodon"], states=["draft"]))
    member = fresh(acme.ben)
    with CaptureQueriesContext(connection) as found:
        list(visible(actor_of(member), EDIT, Post.objects.order_by("-id")))
    asked = [query["sql"] for query in found if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 2, asked
