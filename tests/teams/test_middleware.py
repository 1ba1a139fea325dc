"""The request's transaction: what it costs, what it takes back, and that nothing of it stays on the connection."""

import re
import threading
from collections.abc import Iterator

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.db import connection, connections
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from core.errors import Invalid, NotAllowed, NotFound, Stale
from teams.gates import members, members_by, public, signed_in
from teams.models import Guest, Team
from teams.rest import endpoint
from teams.services.keys import create_token
from teams.tenancy import entered, workspace_scope

SEE = "teams.member.see"


def guest(name: str) -> Guest:
    found = Guest(name=name, email=f"{name}@client.test")
    found.save()
    return found


@members(SEE, "GET")
def plain(request):
    return HttpResponse("fine")


@members(SEE, "GET")
def names(request):
    return HttpResponse(" ".join(Guest.objects.order_by("name").values_list("name", flat=True)))


@members(SEE, "POST")
def write_then(request, how):
    guest("written")
    outcomes = {
        "breaks": RuntimeError("broken"),
        "refuses": NotAllowed("no"),
        "conflicts": Stale("old"),
        "misses": Http404("none"),
        "invalid": Invalid("bad"),
    }
    if how in outcomes:
        raise outcomes[how]
    return HttpResponse(status=503 if how == "fails" else 200)


@members(SEE, "GET")
def lazy(request):
    return TemplateResponse(request, "errors/404.html", {"late": Guest.objects.all()})


def undeclared(request):
    return HttpResponse("never shown")


@members_by({"GET": SEE, "POST": "teams.team.edit"})
def two_rights(request):
    return HttpResponse(request.method)


@signed_in("GET")
def own(request):
    return HttpResponse(str(Team.objects.using("default").none().count()))


@public("GET")
def zone(request):
    return HttpResponse(timezone.get_current_timezone_name())


@members(SEE, "GET")
def member_zone(request):
    return HttpResponse(timezone.get_current_timezone_name())


@members(SEE, "GET")
def stream(request):
    rows = list(Guest.objects.values_list("name", flat=True))
    return StreamingHttpResponse(iter(rows))


@endpoint({"POST": SEE})
def api_write(request):
    guest("written")
    raise NotFound("gone")


INNER = [
    path("plain/", plain),
    path("names/", names),
    path("write/<slug:how>/", write_then),
    path("lazy/", lazy),
    path("two/", two_rights),
    path("zone/", member_zone),
    path("stream/", stream),
]
urlpatterns = [
    path("w/<slug:workspace>/", include(INNER)),
    path("api/v1/w/<slug:workspace>/plain/", endpoint({"GET": SEE})(lambda _request: HttpResponse("fine"))),
    path("api/v1/w/<slug:workspace>/write/", api_write),
    path("undeclared/", undeclared),
    path("own/", own),
    path("zone/", zone),
    path("", include("collab.urls")),
]
handler404 = "teams.edges.not_found"
handler500 = "teams.edges.broken"


@pytest.fixture(autouse=True)
def _urls(settings):
    settings.ROOT_URLCONF = __name__


def settings_now() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('app.workspace', true), ''),"
            " coalesce(current_setting('app.user', true), '')"
        )
        return cursor.fetchone()


def round_trips(client: Client, address: str, **extra: str) -> list[str]:
    """Return what a request asks of the database, but for its transaction and the bare bindings."""
    client.get(address, **extra)
    with CaptureQueriesContext(connection) as found:
        assert client.get(address, **extra).content == b"fine"
    return [query["sql"] for query in found.captured_queries if not is_frame(query["sql"])]


def is_frame(sql: str) -> bool:
    return sql.startswith(("BEGIN", "COMMIT")) or (
        sql.startswith("SELECT set_config") and " FROM " not in sql
    )


# What it costs


def list_device(client: Client, member) -> None:
    """Put the client's session into the person's list of devices, as the log-in form does."""
    UserSession.objects.create(
        user=member.user, ip="127.0.0.1", user_agent="", session_key=client.session.session_key
    )


def test_a_members_page_costs_one_statement_before_its_view(live_cast, client_as):
    client = client_as(live_cast.ana)
    list_device(client, live_cast.ana)
    found = round_trips(client, "/w/acme/plain/")
    assert len(found) == 1
    assert "teams_arrive" in found[0]


def test_a_session_that_stands_in_no_list_of_devices_costs_one_more(live_cast, client_as):
    found = round_trips(client_as(live_cast.ana), "/w/acme/plain/")
    assert len(found) == 2
    assert "teams_arrive" in found[0]
    assert "teams_enter" in found[1]


def test_a_list_of_devices_that_names_somebody_else_lets_nobody_in(live_cast, client_as):
    """What a session says, signed, is who is asking; the list beside it only saves a round trip."""
    eve = client_as(live_cast.eve)
    list_device(eve, live_cast.ana)
    assert eve.get("/w/acme/names/").status_code == 404
    assert eve.get("/w/other/plain/").content == b"fine"
    nobody = Client()
    kept = nobody.session
    kept["anything"] = 1
    kept.save()
    nobody.cookies[settings.SESSION_COOKIE_NAME] = kept.session_key
    list_device(nobody, live_cast.ana)
    answer = nobody.get("/w/acme/names/")
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/accounts/login/")


def test_a_tokens_request_costs_two_statements_before_its_view(live_cast):
    with workspace_scope(live_cast.acme.pk):
        by = live_cast.actor("ana")
        _key, secret = create_token(member=by.member, purpose="a program", by=by)
    found = round_trips(Client(), "/api/v1/w/acme/plain/", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert len(found) == 2
    assert "teams_accesskey" in found[0]
    assert "teams_membership" in found[1]


def test_the_frame_of_a_request_is_a_transaction_bound_by_the_message_that_reads_the_membership(
    live_cast, client_as
):
    client = client_as(live_cast.ana)
    client.get("/w/acme/plain/")
    with CaptureQueriesContext(connection) as found:
        client.get("/w/acme/plain/")
    sql = [query["sql"] for query in found.captured_queries]
    assert sum("set_config" in line or "teams_enter" in line for line in sql) == 1
    assert [line for line in sql if "SAVEPOINT" in line] == []


# What it takes back


@pytest.mark.parametrize(
    ("how", "status", "kept"),
    [
        ("succeeds", 200, True),
        ("breaks", 500, False),
        ("refuses", 403, False),
        ("conflicts", 412, False),
        ("misses", 404, False),
        ("invalid", 422, False),
        ("fails", 503, False),
    ],
)
def test_an_error_takes_back_what_the_view_wrote(live_cast, client_as, how, status, kept):
    client = client_as(live_cast.ana)
    client.raise_request_exception = False
    assert client.post(f"/w/acme/write/{how}/").status_code == status
    with workspace_scope(live_cast.acme.pk):
        assert Guest.objects.filter(name="written").exists() == kept


def test_an_error_of_the_api_takes_back_what_it_wrote(live_cast, client_as):
    assert client_as(live_cast.ana).post("/api/v1/w/acme/write/").status_code == 404
    with workspace_scope(live_cast.acme.pk):
        assert not Guest.objects.filter(name="written").exists()


# What it lets pass


def test_a_view_that_declares_nothing_is_hidden(cast, client_as):
    assert client_as(cast.ana).get("/undeclared/").status_code == 404


def test_each_method_asks_for_its_own_right(cast, client_as):
    vera, cleo = client_as(cast.vera), client_as(cast.cleo)
    assert (vera.get("/w/acme/two/").status_code, vera.post("/w/acme/two/").status_code) == (200, 403)
    assert cleo.post("/w/acme/two/").status_code == 200


def test_a_lazy_page_is_rendered_inside_the_scope(cast, client_as):
    assert client_as(cast.ana).get("/w/acme/lazy/").status_code == 200


def test_a_page_shows_the_workspace_of_its_address_only(cast, client_as):
    assert client_as(cast.ana).get("/w/acme/names/").content == b"Dev Kumar"
    assert client_as(cast.eve).get("/w/other/names/").content == b""
    assert client_as(cast.eve).get("/w/acme/names/").status_code == 404


def test_a_closing_workspace_lets_nobody_in(cast, client_as):
    from teams.models import Workspace

    Workspace.objects.filter(pk=cast.acme.pk).update(status="closing")
    assert client_as(cast.ana).get("/w/acme/plain/").status_code == 404


def test_a_token_opens_no_pages(cast, client_as):
    with workspace_scope(cast.acme.pk):
        by = cast.actor("ana")
        _key, secret = create_token(member=by.member, purpose="a program", by=by)
    response = client_as(cast.ana).get("/w/acme/plain/", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert response.status_code == 302


def test_an_htmx_fragment_of_somebody_logged_out_sends_the_page_to_the_log_in(cast, client):
    response = client.get("/w/acme/plain/", HTTP_HX_REQUEST="true")
    assert (response.status_code, response["HX-Redirect"]) == (401, "/accounts/login/")


def test_the_zone_of_a_workspace_does_not_stay_for_the_next_request(cast, client_as):
    assert client_as(cast.ana).get("/w/acme/zone/").content == b"Asia/Kuala_Lumpur"
    assert Client().get("/zone/").content == b"UTC"


def test_a_streamed_answer_loads_its_rows_before_it_starts(live_cast, client_as):
    response = client_as(live_cast.ana).get("/w/acme/stream/")
    assert b"".join(response.streaming_content) == b"Dev Kumar"


def test_a_message_outlives_the_redirect(cast, client_as, rf):
    client = client_as(cast.ana)
    client.post("/w/acme/absences/sick/")
    assert messages.constants.SUCCESS
    assert "Recorded" in client.get("/w/acme/absences/").content.decode()


def test_a_form_without_its_token_is_refused_in_words(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/w/acme/absences/sick/")
    assert response.status_code == 403
    assert "Load it again" in response.content.decode()


# What stays on the connection


def test_entering_needs_a_transaction(transactional_db):
    import uuid

    with pytest.raises(RuntimeError), entered(uuid.uuid4()):
        pass


def test_nothing_stays_after_a_request(live_cast, client_as):
    client = client_as(live_cast.ana)
    client.raise_request_exception = False
    for address in ("/w/acme/plain/", "/w/nowhere/plain/", "/own/", "/zone/"):
        client.get(address)
        assert settings_now() == ("", "")
    for how in ("succeeds", "breaks", "refuses", "fails"):
        client.post(f"/w/acme/write/{how}/")
        assert settings_now() == ("", "")


def test_inside_a_test_the_scope_that_stood_before_is_put_back(cast, client_as):
    with workspace_scope(cast.acme.pk):
        client_as(cast.eve).get("/w/other/plain/")
        assert settings_now()[0] == str(cast.acme.pk)
        assert Guest.objects.count() == 1


ROUNDS = 40


class Visits(threading.Thread):
    """One thread with one kept connection that serves both workspaces by turns, with faults in between."""

    def __init__(self, sessions: dict[str, str], number: int) -> None:
        super().__init__()
        self.sessions, self.number = sessions, number
        self.wrong: list[str] = []

    def run(self) -> None:
        try:
            for turn in range(ROUNDS):
                slug = ("acme", "other")[(turn + self.number) % 2]
                self.wrong += list(self.visit(slug, turn))
        finally:
            connections.close_all()

    def visit(self, slug: str, turn: int) -> Iterator[str]:
        client = Client(raise_request_exception=False)
        client.cookies["sessionid"] = self.sessions[slug]
        if turn % 5 == 3:
            client.post(f"/w/{slug}/write/breaks/")
        if turn % 7 == 4:
            client.post(f"/w/{slug}/write/refuses/")
        seen = client.get(f"/w/{slug}/names/").content.decode()
        if seen != f"guest-of-{slug}":
            yield f"{slug}: {seen!r}"
        if settings_now() != ("", ""):
            yield f"{slug}: left {settings_now()}"
        if Client(raise_request_exception=False).get(f"/w/{slug}/names/").status_code != 302:
            yield f"{slug}: a stranger got in"


def test_kept_connections_mix_no_workspaces_under_load_and_faults(live_cast, client_as):
    for side in (live_cast.acme, live_cast.other):
        with workspace_scope(side.pk):
            Guest.objects.all().delete()
            guest(f"guest-of-{side.slug}")
    sessions = {
        "acme": client_as(live_cast.ana).cookies["sessionid"].value,
        "other": client_as(live_cast.eve).cookies["sessionid"].value,
    }
    threads = [Visits(sessions, number) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line for thread in threads for line in thread.wrong] == []
    for side in (live_cast.acme, live_cast.other):
        with workspace_scope(side.pk):
            assert list(Guest.objects.values_list("name", flat=True)) == [f"guest-of-{side.slug}"]


# The policy for the browser's scripts


def test_the_policy_bears_the_nonce_of_the_page_and_of_no_other(live_cast, client):
    pages = [client.get("/accounts/login/") for _ in range(2)]

    nonces = [re.search(r'<script[^>]* nonce="([^"]+)"', page.content.decode()).group(1) for page in pages]
    assert nonces[0] != nonces[1]
    for page, nonce in zip(pages, nonces, strict=True):
        assert f"script-src 'self' 'nonce-{nonce}';" in page["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_an_answer_without_scripts_allows_none_but_our_own(live_cast, client_as):
    answer = client_as(live_cast.ana).get("/w/acme/plain/")

    assert "script-src 'self';" in answer["Content-Security-Policy"]
    assert "nonce" not in answer["Content-Security-Policy"]
