"""The list of notices and the bell."""

import re

from notifications.models import Notice
from teams.tenancy import workspace_scope
from tests.approvals.test_api import submit_for


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_notice_leads_to_its_page_and_is_read_then(cast, client_as, tell_all):
    submit_for(cast, "ben")
    tell_all(cast.acme)
    client = client_as(cast.cleo)
    page = client.get("/w/acme/notices/")
    assert "Your approval is asked for: First pour" in words(page)
    assert "data-unread" in page.content.decode()
    link = re.search(r'href="(/w/acme/notices/[0-9a-f-]{36}/)"', page.content.decode())[1]
    target = client.get(link)
    assert target.url.startswith("/w/acme/approvals/")
    assert "data-unread" not in client.get("/w/acme/notices/").content.decode()


def test_notices_of_others_are_not_there(cast, client_as, tell_all):
    submit_for(cast, "ben")
    tell_all(cast.acme)
    with workspace_scope(cast.acme.pk):
        foreign = Notice.objects.get(member=cast.cleo)
    assert client_as(cast.ana).get(f"/w/acme/notices/{foreign.pk}/").status_code == 404
    with workspace_scope(cast.acme.pk):
        foreign.refresh_from_db()
        assert foreign.read_at is None


def test_all_are_read_at_once(cast, client_as, tell_all):
    submit_for(cast, "ben")
    submit_for(cast, "jun")
    tell_all(cast.acme)
    client = client_as(cast.cleo)
    assert client.post("/w/acme/notices/reading/").url == "/w/acme/notices/"
    with workspace_scope(cast.acme.pk):
        assert Notice.objects.filter(member=cast.cleo, read_at=None).count() == 0
        assert Notice.objects.filter(member=cast.ana, read_at=None).count() == 2


def test_opening_the_review_reads_its_notice(cast, client_as, tell_all):
    submit_for(cast, "ben")
    tell_all(cast.acme)
    with workspace_scope(cast.acme.pk):
        notice = Notice.objects.get(member=cast.cleo)
    client_as(cast.cleo).get(f"/w/acme/approvals/{notice.facts['request']}/")
    with workspace_scope(cast.acme.pk):
        notice.refresh_from_db()
        assert notice.read_at is not None


def test_an_empty_list_says_what_will_be_here(cast, client_as):
    assert "No notices yet" in words(client_as(cast.vera).get("/w/acme/notices/"))
