"""No way to the plan but through the approval: every write of the calendar, approvals and publishing is tried.

The ways come from the URLconf and their bodies from the OpenAPI document, so that a new one is tried without being
named here. What raw SQL can do as the application's own role, `tests/calendar_app/test_clearance.py` holds.
"""

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from approvals.models import Clearance, Decision, Override, Request
from approvals.services.decisions import decide
from calendar_app.models import Post
from calendar_app.selectors import get_post
from calendar_app.services import arrivals
from calendar_app.services.imports import start_import, upload_file
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from calendar_app.states import UNDER_WAY, PostState
from collab.apidocs import description
from core.clock import now
from core.ids import uuid7
from publishing.models import Delivery
from teams.tenancy import workspace_scope
from tests.factories.posts import make_post, newsroom_of, soon
from tests.rules.routes import Route, routes

pytestmark = pytest.mark.final

APPS = ("calendar_app", "approvals", "publishing")
PLANNED = {PostState.APPROVED, PostState.SCHEDULED, *UNDER_WAY}
OFF = {"cancelled", "expired", "rejected", "failed"}
DOCUMENT = description()


def ways() -> list[tuple[Route, str]]:
    """Return every write within a workspace of the apps through which a post goes."""
    found = [
        route for route in routes() if route.in_workspace and route.name.startswith(APPS) and route.access
    ]
    return [(route, method) for route in found for method in sorted(set(route.access.methods) - {"GET"})]


class Scene:
    """Four posts of Ben's that nobody has approved as they stand, and what addresses and bodies can name."""

    def __init__(self, cast: Any) -> None:
        self.cast = cast
        ben, cleo = cast.actor("ben"), cast.actor("cleo")
        made = {
            name: make_post(cast, name, scheduled_at=soon()) for name in ("draft", "open", "back", "edited")
        }
        for name in ("open", "back", "edited"):
            submit_post(post=get_post(ben, made[name].pk), by=ben)
        for name, verdict in (("back", "request_changes"), ("edited", "approve")):
            request = Request.objects.get(subject_id=made[name].pk)
            said = {"verdict": verdict, "revision_id": request.revision_id, "note": "Why."}
            decide(request=request, **said, by=cleo)
        edited = get_post(ben, made["edited"].pk)
        save_post(
            post=edited, expected_number=edited.version, text="Other words", confirm_unapprove=True, by=ben
        )
        self.posts = [get_post(ben, post.pk) for post in made.values()]
        self.delivery = Delivery.objects.get()
        self.channel = newsroom_of(cast)

    def fill(self, route: Route, post: Post) -> dict[str, Any]:
        request = Request.objects.filter(subject_id=post.pk).first()
        named = {
            "post": post.pk,
            "delivery": self.delivery.pk,
            "on": now().date().isoformat(),
            "reference": "x",
        }
        if "posts/<uuid:pk>" in route.pattern:
            named["pk"] = post.pk
        elif "approvals/<uuid:pk>" in route.pattern and request is not None:
            named["pk"] = request.pk
        elif "deliver" in route.pattern:
            named["pk"] = self.delivery.pk
        return {place: named.get(place, uuid7()) for place in route.places}

    def forged(self, post: Post) -> dict[str, Any]:
        """Return a value for every field by which a writer could try to get a post onto the plan."""
        at = soon().isoformat()
        return {
            "state": "scheduled", "scheduled_at": at, "at": at, "when": at, "time": at, "wall_time": at[:19],
            "date": at[:10], "text": "Sent without asking", "title": "Without asking", "note": "n", "reason": "r",
            "post": str(post.pk), "posts": [str(post.pk)], "ids": [str(post.pk)], "revision": str(post.version),
            "base": post.version, "expected": post.version, "confirm": True, "confirm_unapprove": True,
            "verdict": "approve", "action": "keep", "publish": "now", "submit": "1", "schedule": "1",
            "workflow": None, "variants": [{"channel": str(self.channel.pk), "text": "Without asking"}],
            "channels": [str(self.channel.pk)], "ref": f"calendar_app.post:{post.pk}",
            "item": f"{post.pk}", "subject": f"calendar_app.post:{post.pk}",
        }  # fmt: skip

    def body(self, route: Route, method: str, post: Post) -> dict[str, Any]:
        """Return what is sent: all of it in a form, to a program what its document knows."""
        forged = self.forged(post)
        if not route.is_api:
            return {name: value for name, value in forged.items() if isinstance(value, str | int)}
        path = "/" + re.sub(
            r"<(?:\w+:)?(\w+)>", lambda got: f"{{{'id' if got[1] == 'pk' else got[1]}}}", route.pattern
        )
        operation = DOCUMENT["paths"][path][method.lower()]
        content = (
            operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        name = content.get("$ref", "").rpartition("/")[2]
        known = DOCUMENT["components"]["schemas"].get(name, {}).get("properties", {})
        return {field: forged[field] for field in known if field in forged}


def loose(post_id: UUID, revision_id: UUID) -> str:
    """Return what is wrong with a revision's leave to be planned; "" where another person gave it."""
    clearance = Clearance.objects.filter(subject_id=post_id, revision_id=revision_id, revoked_at=None).first()
    if clearance is None or clearance.source != "approval":
        return "not cleared by an approval"
    request = clearance.request
    said = Decision.objects.filter(
        request=request, revision_id=revision_id, verdict="approve", undone_at=None
    )
    people = [*said.values_list("member_id", flat=True)]
    people += Override.objects.filter(request=request).values_list("member_id", flat=True)
    if request.state != "approved" or not people:
        return "nobody approved it"
    return "its author approved it" if {str(one) for one in people} & set(request.author_ids) else ""


def found_around() -> list[str]:
    """Return what stands on the plan, or could, without somebody else's approval of exactly what stands."""
    planned = Post.objects.filter(state__in=PLANNED).exclude(current_revision=None)
    wrong = {f"post {post}": loose(post.pk, post.current_revision_id) for post in planned}
    live = Delivery.objects.exclude(state__in=OFF)
    wrong |= {f"delivery {row.pk}": loose(row.post_id, row.revision_id) for row in live}
    return [f"{name}: {why}" for name, why in wrong.items() if why]


Asked = tuple[str, str, dict[str, Any]]


def send(client: Client, asked: Asked, version: int) -> int:
    """Send a body, as a form or to a program as JSON; return the status."""
    method, path, body = asked
    if not path.startswith("/api/"):
        return client.post(path, body).status_code
    headers = {"If-Match": f'"{version}"'}
    return client.generic(method, path, json.dumps(body), "application/json", headers=headers).status_code


@pytest.mark.parametrize("name", ["ana", "ben"])
def test_no_write_gets_a_post_onto_the_plan_around_its_approval(cast, client_as, api_as, name):
    """The owner, who holds every right, and the author: each way, each state; every try is taken back."""
    browser, program = client_as(getattr(cast, name)), api_as(getattr(cast, name)).client
    taken: dict[str, set[int]] = {}
    with workspace_scope(cast.acme.pk):
        scene = Scene(cast)
        assert found_around() == []
        for route, method in ways():
            for post in scene.posts if route.places else scene.posts[:1]:
                path = route.path("acme", scene.fill(route, post))
                with transaction.atomic():
                    client = program if route.is_api else browser
                    asked = (method, path, scene.body(route, method, post))
                    status = send(client, asked, post.version)
                    assert found_around() == [], (asked, status)
                    transaction.set_rollback(True)
                taken.setdefault(f"{route.name}:{method}", set()).add(status)
    assert len(taken) >= 60
    done = {way for way, statuses in taken.items() if any(200 <= one < 400 for one in statuses)}
    assert {
        "calendar_app:submission:POST",
        "calendar_app_api:post:PATCH",
        "calendar_app_api:posts:POST",
    } <= done
    assert "calendar_app_api:schedule:PUT" not in done


COLUMNS = ["Row id", "State", "Day", "Time", "Channels", "Text", "Person", "As of"]


def forged_file(scene: Scene) -> bytes:
    """Return a file that asks for the plan in every way that a file can."""
    at = soon(days=3).astimezone(ZoneInfo("Asia/Kuala_Lumpur"))
    stream = io.StringIO()
    rows = csv.writer(stream)
    rows.writerow(COLUMNS)
    for post in [*scene.posts, None]:
        for state in ("Scheduled", "approved", "Published"):
            ident = str(post.pk) if post else f"x-{state}"
            day, clock = f"{at:%Y-%m-%d}", f"{at:%H:%M}"
            for text in ("Sent without asking", post.headline if post else "New"):
                said = [ident, state, day, clock, scene.channel.name, text, "Cleo Marchetti", "9 -"]
                rows.writerow(said)
                ident = f"{ident}-2" if post is None else ident
    return stream.getvalue().encode()


@pytest.mark.parametrize("name", ["ana", "ben"])
@pytest.mark.parametrize("options", [{}, {"submits": True}, {"submits": True, "may_unapprove": True}])
def test_no_file_gets_a_post_onto_the_plan_around_its_approval(cast, name, options):
    """Whatever its cells say: drafts and edits come of it, and at most a request to approve them."""
    with workspace_scope(cast.acme.pk):
        scene, by = Scene(cast), cast.actor(name)
        for part in (forged_file(scene), *_one_by_one(scene)):
            source = upload_file(file=SimpleUploadedFile("plan.csv", part), name="plan.csv", by=by)
            arrivals.work_on_import(workspace_id=cast.acme.pk, import_id=source.pk)
            start_import(source=source, by=by, **options)
            arrivals.work_on_import(workspace_id=cast.acme.pk, import_id=source.pk)
            assert found_around() == []
        states = set(Post.objects.values_list("state", flat=True))
        assert Post.objects.count() > len(scene.posts)
        assert states <= {"draft", "in_review", "changes_requested"}
        assert Clearance.objects.filter(revoked_at=None).exclude(source="approval").count() == 0


def _one_by_one(scene: Scene) -> list[bytes]:
    """Return the same rows, each in a file of its own, so that none is refused for standing there twice."""
    head, *rows = forged_file(scene).decode().splitlines()
    return [f"{head}\n{row}\n".encode() for row in rows]


def test_the_walk_finds_what_was_planned_without_asking(cast, client_as):
    """What the walk looks for exists: a post that is put on the plan by hand is found."""
    with workspace_scope(cast.acme.pk):
        scene = Scene(cast)
        Post.objects.filter(pk=scene.posts[0].pk).update(state="scheduled", updated_at=now() - timedelta(1))
        assert found_around() == ["post draft: not cleared by an approval"]
