"""A member or right that is taken away is gone at once in every process: pages, programs, streams, workers (R7.10)."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from activity.models import Entry
from calendar_app.permissions import SCHEDULE
from collab.runtime.process import end_with_parent
from networks.models import Channel
from notifications.models import Notice, NoticeMail
from notifications.states import MailState
from teams.models import Role
from teams.permissions import verbs_of
from teams.services.keys import create_token
from teams.services.members import assign_role
from teams.services.roles import create_role
from teams.tenancy import workspace_scope
from tests.support.processes import eventually
from tests.support.workers import Fleet
from tests.teams.test_absences import fresh

pytestmark = pytest.mark.services
START_SECONDS = 60
AT_ONCE_SECONDS = 5


@dataclass
class Server:
    """A web or live server of its own, asked over the wire."""

    port: int
    process: "subprocess.Popen[bytes]"

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Content-Type": "application/json", "Accept": "*/*", **headers}
        link.request(method, path, json.dumps(body) if body is not None else None, sent)
        answer = link.getresponse()
        found = answer.status, answer.read()
        link.close()
        return found

    def listen(self, path: str, **headers: str) -> http.client.HTTPResponse:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        link.request("GET", path, headers=headers)
        return link.getresponse()


@pytest.fixture
def serve(tmp_path) -> Iterator[object]:
    running: list[subprocess.Popen[bytes]] = []

    def start(interface: str, application: str) -> Server:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        argv = ["--interface", interface, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        with (tmp_path / f"{port}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "granian", *argv, "--no-ws", "--log-level", "warning", application],
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(signal.SIGKILL),  # noqa: PLW1509  # it calls the kernel only
            )
        running.append(process)
        server = Server(port, process)
        eventually(lambda: _answers(server, tmp_path), START_SECONDS, f"{application} answers")
        return server

    yield start
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _answers(server: Server, folder: Path) -> bool:
    assert server.process.poll() is None, (folder / f"{server.port}.log").read_text()
    with socket.socket() as link:
        link.settimeout(1)
        return link.connect_ex(("127.0.0.1", server.port)) == 0


def token_of(cast, name: str) -> dict[str, str]:
    with workspace_scope(cast.acme.pk):
        member = fresh(getattr(cast, name))
        secret = create_token(member=member, purpose="test", by=cast.actor(name))[1]
    return {"Authorization": f"Bearer {secret}"}


def events(stream: http.client.HTTPResponse) -> Iterator[str]:
    """Yield the names of events until the server ends the stream."""
    while line := stream.readline():
        if line.startswith(b"event: "):
            yield line.decode().strip().removeprefix("event: ")


def test_a_removed_member_is_out_of_every_process_at_once(live_cast, client_as, serve, tmp_path):
    """R7.10: another web process, the stream and the worker know it with the commit, not with their next start."""
    cast, fleet = live_cast, Fleet(tmp_path)
    one, other = serve("wsgi", "collab.wsgi:application"), serve("wsgi", "collab.wsgi:application")
    live = serve("asgi", "collab.asgi:application")
    cookie = {"Cookie": f"sessionid={client_as(cast.ben).cookies['sessionid'].value}"}
    token, ana = token_of(cast, "ben"), token_of(cast, "ana")
    for server in (one, other):
        assert server.ask("GET", "/w/acme/work/", **cookie)[0] == 200
        assert server.ask("GET", "/api/v1/w/acme/posts/", **token)[0] == 200
    stream = live.listen("/live/acme/", **cookie)
    heard = events(stream)
    assert (stream.status, next(heard)) == (200, "ready")
    mail = mail_for(cast, "ben")

    status, answer = one.ask("DELETE", f"/api/v1/w/acme/members/{cast.ben.pk}/", **ana)
    assert status == 204, answer
    begun = time.monotonic()
    for server in (other, one):
        assert server.ask("GET", "/w/acme/work/", **cookie)[0] == 404
        assert server.ask("GET", "/api/v1/w/acme/posts/", **token)[0] == 401
    assert set(heard) <= {"changed"}, "the stream ends, after what was on its way"
    assert time.monotonic() - begun < AT_ONCE_SECONDS
    stream.close()
    assert live.ask("GET", "/live/acme/", **cookie)[0] == 403

    for kind in ("worker", "dispatcher"):
        fleet.start(kind)
    try:
        fleet.wait_for(lambda: state_of(cast, mail) == MailState.FAILED, 60, "the mail was looked at")
    finally:
        fleet.stop()


def test_a_right_that_is_taken_away_is_gone_in_the_other_process(live_cast, client_as, serve):
    """R7.10: a role that loses a right, gets a limit, or is changed for another, decides the next request anywhere."""
    cast = live_cast
    one, other = serve("wsgi", "collab.wsgi:application"), serve("wsgi", "collab.wsgi:application")
    ana, token = token_of(cast, "ana"), token_of(cast, "ben")
    with workspace_scope(cast.acme.pk):
        rights = sorted(verbs_of(Role.objects.get(key="manager")) - {"teams.token.create"})
        role = create_role(name="Desk", rights=rights, by=cast.actor("ana"))
        assign_role(member=fresh(cast.ben), role=role, by=cast.actor("ana"))
        channel = Channel.objects.get(kind="newsroom")
    cookie = {"Cookie": f"sessionid={client_as(cast.ben).cookies['sessionid'].value}"}
    body = {"title": "x", "variants": [{"channel": str(channel.pk), "text": "Kopi"}]}
    status, answer = other.ask("POST", "/api/v1/w/acme/posts/", body, **token)
    assert status == 201, answer
    path = f"/api/v1/w/acme/posts/{json.loads(answer)['id']}/schedule/"

    def may_schedule() -> list[bool]:
        when = {"scheduled_at": "2027-11-27T10:00:00Z"}
        return [server.ask("PUT", path, when, **token)[0] != 403 for server in (one, other)]

    def change(**facts: object) -> None:
        assert one.ask("PATCH", f"/api/v1/w/acme/roles/{role.pk}/", facts, **ana)[0] == 200

    assert may_schedule() == [True, True]
    change(limits=[{"rights": [SCHEDULE], "networks": ["mastodon"]}])
    assert may_schedule() == [False, False]
    change(limits=[])
    assert may_schedule() == [True, True]
    change(rights=[right for right in rights if right != SCHEDULE])
    assert may_schedule() == [False, False]
    one.ask("PATCH", f"/api/v1/w/acme/members/{cast.ben.pk}/", {"role": "viewer"}, **ana)
    assert other.ask("GET", "/w/acme/posts/new/", **cookie)[0] == 403


def mail_for(cast, name: str) -> object:
    """Return a mail that is due to somebody."""
    with workspace_scope(cast.acme.pk):
        member = getattr(cast, name)
        entry = Entry.objects.order_by("id").first()
        notice = Notice.objects.create(
            workspace=cast.acme,
            member=member,
            type="comments.mentioned",
            entry=entry,
            subject_type="teams.membership",
            subject_id=member.pk,
            facts={"words": "?"},
        )
        return NoticeMail.objects.create(workspace=cast.acme, notice=notice).pk


def state_of(cast, mail: object) -> str:
    with workspace_scope(cast.acme.pk):
        return NoticeMail.objects.get(pk=mail).state
