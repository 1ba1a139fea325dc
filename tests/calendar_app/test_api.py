"""Posts and the calendar over REST, as programs use them."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import Clearance, Request
from approvals.services.decisions import decide
from calendar_app.models import Post, Revision
from networks.models import Channel
from teams.services.keys import create_token
from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel, make_post, soon

ROOT = "/api/v1/w/acme"


class Api:
    """Speaks JSON with a bearer token."""

    def __init__(self, client, token):
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method, path, body=None, **headers):
        send = getattr(self.client, method)
        extra = {} if method == "get" else {"content_type": "application/json"}
        data = body if method == "get" or body is None else json.dumps(body)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else f"{ROOT}{path}"
        return send(url, data, headers={**self.headers, **names}, **extra)


@pytest.fixture
def api(cast, client):
    """Return a caller with the token of a member."""

    def of(name):
        member = getattr(cast, name)
        with workspace_scope(member.workspace_id):
            actor = cast.actor(name)
            _key, secret = create_token(member=actor.member, purpose="tests", by=actor)
        return Api(client, secret)

    return of


@pytest.fixture
def newsroom(cast):
    """The id of acme's newsroom."""
    with workspace_scope(cast.acme.pk):
        return str(Channel.objects.get(kind="newsroom").pk)


def approve(cast, post_id):
    with workspace_scope(cast.acme.pk):
        request = Request.objects.get(subject_id=post_id, state="open")
        decide(request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor("cleo"))


def test_a_post_is_created_with_its_checks(api, newsroom):
    answer = api("ben")(
        "post", "/posts/", {"title": "Raya", "variants": [{"channel": newsroom, "text": "Hi"}]}
    )

    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert {name: body[name] for name in ("state", "held", "revision", "scheduled_at", "checks")} == {
        "state": "draft",
        "held": False,
        "revision": 1,
        "scheduled_at": None,
        "checks": [],
    }
    assert len(body["content_hash"]) == 64
    assert [(v["channel"], v["text"]) for v in body["variants"]] == [(newsroom, "Hi")]
    assert answer["ETag"] == '"1"'


def test_checks_name_channel_and_reason(api, newsroom):
    body = api("ben")("post", "/posts/", {"variants": [{"channel": newsroom, "text": ""}]}).json()

    assert [(check["channel"], check["code"], check["blocking"]) for check in body["checks"]] == [
        (newsroom, "empty", True)
    ]


def test_a_variant_may_carry_its_own_time(api, newsroom):
    at = soon().isoformat().replace("+00:00", "Z")

    body = api("ben")(
        "post", "/posts/", {"variants": [{"channel": newsroom, "text": "Hi", "scheduled_at": at}]}
    ).json()

    assert (body["scheduled_at"], body["variants"][0]["scheduled_at"]) == (at, at)


def test_unknown_fields_are_named(api):
    answer = api("ben")("post", "/posts/", {"titel": "x"})

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["titel"])


def test_a_patch_needs_if_match_and_the_right_number(api, newsroom):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()
    path = f"/posts/{made['id']}/"

    assert ben("patch", path, {"title": "x"}).status_code == 428
    changed = ben("patch", path, {"variants": [{"channel": newsroom, "text": "Two"}]}, If_Match='"1"')
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    stale = ben("patch", path, {"variants": [{"channel": newsroom, "text": "Three"}]}, If_Match='"1"')

    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert ben("get", path).json()["variants"][0]["text"] == "Two"


def test_editing_an_approved_post_takes_its_approval_back(api, cast, newsroom):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()
    ben("post", f"/posts/{made['id']}/submission/", {})
    approve(cast, made["id"])

    changed = ben(
        "patch",
        f"/posts/{made['id']}/",
        {"variants": [{"channel": newsroom, "text": "Two"}]},
        If_Match='"1"',
    )

    assert (changed.status_code, changed.json()["state"]) == (200, "draft")
    assert ben("put", f"/posts/{made['id']}/schedule/", {"scheduled_at": "now"}).status_code == 409
    with workspace_scope(cast.acme.pk):
        assert Clearance.objects.filter(revoked_at=None).count() == 0


def test_a_locked_workspace_refuses_to_edit_what_is_approved(api, cast, newsroom):
    with workspace_scope(cast.acme.pk):
        cast.acme.settings = {"lock_approved": True}
        cast.acme.save()
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()
    ben("post", f"/posts/{made['id']}/submission/", {})
    approve(cast, made["id"])

    answer = ben("patch", f"/posts/{made['id']}/", {"title": "x"}, If_Match='"1"')

    assert (answer.status_code, answer.json()["code"]) == (409, "locked")


def test_submitting_and_withdrawing(api, newsroom):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()
    path = f"/posts/{made['id']}/"

    sent = ben("post", f"{path}submission/", {"note": "Please"})
    assert (sent.status_code, sent.json()["state"]) == (201, "in_review")
    assert ben("post", f"{path}submission/", {}).status_code == 409
    assert ben("delete", f"{path}submission/").status_code == 204

    assert ben("get", path).json()["state"] == "draft"


def test_what_is_not_ready_is_not_submitted(api, newsroom):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": ""}]}).json()

    answer = ben("post", f"/posts/{made['id']}/submission/", {})

    assert (answer.status_code, answer.json()["code"]) == (422, "not_ready")
    assert ben("get", f"/posts/{made['id']}/").json()["state"] == "draft"


@pytest.mark.parametrize("when", ["now", "2030-01-01T00:00:00Z"])
def test_an_unapproved_post_cannot_be_scheduled_by_anybody(api, newsroom, when):
    made = api("ben")("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()

    for name in ("ben", "cleo", "ana"):
        answer = api(name)("put", f"/posts/{made['id']}/schedule/", {"scheduled_at": when})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_approved")


def test_an_approved_post_is_scheduled_moved_and_taken_off(api, cast, newsroom):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()
    path = f"/posts/{made['id']}/"
    ben("post", f"{path}submission/", {})
    approve(cast, made["id"])

    planned = ben("put", f"{path}schedule/", {"scheduled_at": "2030-03-19T01:00:00Z"})
    assert (planned.status_code, planned.json()["state"]) == (200, "scheduled")
    assert planned.json()["wall_time"] == "2030-03-19T09:00:00"
    moved = ben("put", f"{path}schedule/", {"scheduled_at": "2030-03-20T01:00:00+00:00"}).json()
    assert moved["scheduled_at"] == "2030-03-20T01:00:00Z"
    assert ben("delete", f"{path}schedule/").status_code == 204
    stands = ben("get", path).json()
    assert (stands["state"], stands["scheduled_at"]) == ("approved", None)


@pytest.mark.parametrize("when", ["tomorrow", "2030-01-01T00:00:00", ""])
def test_a_time_without_meaning_is_refused(api, newsroom, when):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()

    answer = ben("put", f"/posts/{made['id']}/schedule/", {"scheduled_at": when})

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["scheduled_at"])


def test_deleting_puts_away(api, newsroom):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()

    assert ben("delete", f"/posts/{made['id']}/").status_code == 204

    assert ben("get", f"/posts/{made['id']}/").json()["state"] == "archived"
    assert ben("get", "/posts/").json()["results"] == []
    assert len(ben("get", "/posts/", {"state": "archived"}).json()["results"]) == 1


def test_revisions_say_what_changed(api, newsroom):
    ben = api("ben")
    made = ben("post", "/posts/", {"variants": [{"channel": newsroom, "text": "Kopi Raya is back"}]}).json()
    ben(
        "patch",
        f"/posts/{made['id']}/",
        {"title": "Raya", "variants": [{"channel": newsroom, "text": "Kopi Raya is here"}]},
        If_Match='"1"',
    )

    second, first = ben("get", f"/posts/{made['id']}/revisions/").json()["results"]

    assert (second["number"], first["number"], first["changes"][0]["field"]) == (2, 1, "channel_added")
    assert second["changes"] == [
        {"field": "title", "before": "", "after": "Raya"},
        {
            "field": "text",
            "channel": newsroom,
            "steps": [
                {"op": "equal", "text": "Kopi Raya is "},
                {"op": "delete", "text": "back"},
                {"op": "insert", "text": "here"},
            ],
        },
    ]


def test_another_workspace_sees_nothing(api, cast, newsroom):
    made = api("ben")("post", "/posts/", {"variants": [{"channel": newsroom, "text": "One"}]}).json()
    eve = api("eve")

    assert eve("get", f"http://testserver{ROOT}/posts/{made['id']}/").status_code == 401
    assert eve("get", f"http://testserver/api/v1/w/other/posts/{made['id']}/").status_code == 404


def test_a_restricted_channel_is_folded(api, cast, newsroom):
    with workspace_scope(cast.acme.pk):
        secret = make_channel(cast, name="Board", is_restricted=True)
        post = make_post(cast, by="cleo", channels=[Channel.objects.get(pk=newsroom), secret])
        hidden = make_post(cast, by="cleo", channels=[secret])

    ben = api("ben")
    body = ben("get", f"/posts/{post.pk}/").json()
    assert [variant.get("hidden", False) for variant in body["variants"]] == [False, True]
    assert "text" not in body["variants"][1]
    assert ben("get", f"/posts/{hidden.pk}/").status_code == 404
    assert [row["id"] for row in ben("get", "/posts/").json()["results"]] == [str(post.pk)]
    assert ben("get", "/calendar/", {"from": "2026-01-01", "to": "2026-01-31"}).json()["posts"] == []


def test_posts_are_filtered(api, cast, newsroom):
    with workspace_scope(cast.acme.pk):
        plain = make_post(cast, "Kopi susu")
        timed = make_post(cast, "Teh tarik", by="jun", scheduled_at=datetime(2030, 3, 19, 1, tzinfo=UTC))

    ben = api("ben")

    def ids(**query):
        return [row["id"] for row in ben("get", "/posts/", query).json()["results"]]

    assert ids() == [str(timed.pk), str(plain.pk)]
    assert ids(q="susu") == [str(plain.pk)]
    assert ids(author=str(cast.jun.pk)) == [str(timed.pk)]
    assert ids(**{"from": "2030-03-19", "to": "2030-03-20"}) == [str(timed.pk)]
    assert ids(**{"from": "2030-03-20"}) == []
    assert ids(channel=newsroom) == [str(timed.pk), str(plain.pk)]
    assert ids(state="scheduled") == []
    assert ben("get", "/posts/", {"state": "nonsense"}).status_code == 422


def test_lists_are_bounded_and_go_on(api, cast):
    with workspace_scope(cast.acme.pk):
        posts = [make_post(cast, f"Post {number}") for number in range(3)]

    ben = api("ben")
    first = ben("get", "/posts/", {"limit": 2}).json()
    second = ben("get", first["next"]).json()

    found = [row["id"] for row in first["results"] + second["results"]]
    assert found == [str(post.pk) for post in reversed(posts)]
    assert second["next"] is None


@pytest.mark.parametrize(
    "path", ["/posts/", "/campaigns/", "/notes/", "/calendar/?from=2030-03-01&to=2030-03-31"]
)
def test_lists_cost_the_same_with_one_and_ten_rows(api, cast, path):
    ben = api("ben")
    ben("get", path)
    counts = []
    for many in (1, 9):
        with workspace_scope(cast.acme.pk):
            for number in range(many):
                make_post(cast, f"Post {number}", scheduled_at=datetime(2030, 3, 19, 1, tzinfo=UTC))
        for number in range(many):
            ben("post", "/notes/", {"on_date": "2030-03-19", "text": f"Note {number}"})
            days = {"starts_on": "2030-03-01", "ends_on": "2030-03-20"}
            assert ben("post", "/campaigns/", {"name": f"Raya {number}", **days}).status_code == 201
        with CaptureQueriesContext(connection) as queries:
            assert ben("get", path).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_campaigns_notes_and_slots_are_kept(api, newsroom):
    ben = api("ben")
    bodies = {
        "campaigns": (
            {"name": "Raya", "starts_on": "2030-03-01", "ends_on": "2030-03-20"},
            {"goal": "10,000 cups"},
        ),
        "notes": ({"on_date": "2030-03-19", "text": "Stock count"}, {"text": "No stock count"}),
        "slots": ({"channel": newsroom, "weekday": 3, "wall_time": "09:00"}, {"wall_time": "10:30"}),
    }
    for name, (body, change) in bodies.items():
        made = ben("post", f"/{name}/", body)
        assert made.status_code == 201, made.content
        path = f"/{name}/{made.json()['id']}/"
        changed = ben("patch", path, change).json()
        assert {key: changed[key] for key in change} == change
        assert [row["id"] for row in ben("get", f"/{name}/").json()["results"]] == [made.json()["id"]]
        assert ben("delete", path).status_code == 204
        assert ben("get", f"/{name}/").json()["results"] == []


def test_a_campaign_ends_after_it_begins(api):
    answer = api("ben")(
        "post", "/campaigns/", {"name": "x", "starts_on": "2030-03-02", "ends_on": "2030-03-01"}
    )

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["ends_on"])


def test_a_contributor_edits_no_campaign(api):
    body = {"name": "x", "starts_on": "2030-03-01", "ends_on": "2030-03-02"}

    answer = api("farah")("post", "/campaigns/", body)

    assert (answer.status_code, answer.json()["why"]["verb"]) == (403, "calendar_app.campaign.edit")


def test_the_calendar_answers_everything_in_one(api, cast):
    ben = api("ben")
    with workspace_scope(cast.acme.pk):
        post = make_post(cast, "Teh tarik", scheduled_at=datetime(2030, 3, 18, 16, 30, tzinfo=UTC))
    ben("post", "/notes/", {"on_date": "2030-03-19", "text": "Stock count"})
    ben("post", "/campaigns/", {"name": "Raya", "starts_on": "2030-02-01", "ends_on": "2030-04-20"})

    body = ben("get", "/calendar/", {"from": "2030-03-19", "to": "2030-03-19"}).json()

    assert [(row["id"], row["title"], row["networks"]) for row in body["posts"]] == [
        (str(post.pk), "Teh tarik", ["newsroom"])
    ]
    assert [row["text"] for row in body["notes"]] == ["Stock count"]
    assert [row["name"] for row in body["campaigns"]] == ["Raya"]
    assert (body["key_dates"], body["outside_events"], body["more_posts"]) == ([], [], 0)


def test_the_calendar_wants_a_range(api):
    ben = api("ben")

    assert ben("get", "/calendar/").status_code == 422
    assert ben("get", "/calendar/", {"from": "2030-01-01", "to": "2031-01-01"}).status_code == 422


def test_a_repeated_post_is_made_once(api, cast, newsroom):
    ben = api("ben")
    body = {"variants": [{"channel": newsroom, "text": "Once"}]}

    first = ben("post", "/posts/", body, Idempotency_Key="k1")
    again = ben("post", "/posts/", body, Idempotency_Key="k1")

    assert first.json()["id"] == again.json()["id"]
    with workspace_scope(cast.acme.pk):
        assert (Post.objects.count(), Revision.objects.count()) == (1, 1)
