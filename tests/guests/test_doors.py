"""How a link opens and why it does not: line 6 of the approvals' outcome (R12.3), and no secret anywhere else."""

import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from core.clock import as_of, now
from core.errors import WrongState
from guests.models import MOST_WRONG_PINS, GuestLink, LinkEvent
from guests.services.links import mail_again, revoke_link
from teams.models import AccessKey
from teams.services.keys import find_key
from teams.states import KeyKind
from teams.tenancy import workspace_scope
from tests.factories.posts import make_post
from tests.guests.linking import home, link_to, opened, page, submitted


@pytest.fixture
def post(cast):
    return submitted(cast)


def knock(browser, link, **fields):
    return browser.post(f"{home(link)}entry/", fields)


def revoke(cast, link) -> None:
    with workspace_scope(cast.acme.pk):
        revoke_link(link=link, by=cast.actor("ben"))


def text_of(response) -> str:
    return response.content.decode()


def test_the_secret_leaves_the_address_at_once_and_is_in_no_page(cast, post, mailed):
    link = link_to(cast, post)
    path = mailed(link)
    browser = Client()
    response = browser.get(path)
    assert (response["Location"], response["Referrer-Policy"]) == (home(link), "no-referrer")
    secret = path.split("/")[2]
    assert secret not in text_of(browser.get(home(link))) + text_of(browser.get(page(link, post)))


def test_the_secret_is_in_no_log_and_not_in_the_database(cast, post, mailed, caplog, capfd):
    """Neither a log line nor a row holds what opens a link."""
    with caplog.at_level(logging.DEBUG):
        path = mailed(link_to(cast, post))
        opened(path)
        Client().get(f"{path[:-4]}wrong/")
    secret = path.split("/")[2]
    out, err = capfd.readouterr()
    assert secret not in caplog.text + out + err
    assert "cb_gst_" not in out + err
    assert AccessKey.objects.get(kind=KeyKind.GUEST).hash != secret


def test_pages_are_kept_out_of_indexes_caches_and_referrers(cast, post, mailed):
    link = link_to(cast, post)
    path = mailed(link)
    browser = opened(path)
    revoked = link_to(cast, post)
    gone = opened(mailed(revoked))
    revoke(cast, revoked)
    for asker, address in (
        (Client(), path),
        (Client(), "/g/cb_gst_nothing/"),
        (Client(), home(link)),
        (browser, home(link)),
        (browser, page(link, post)),
        (gone, home(revoked)),
    ):
        response = asker.get(address)
        assert "noindex" in response["X-Robots-Tag"], address
        assert "no-store" in response["Cache-Control"], address
        assert response["Referrer-Policy"] in ("no-referrer", "same-origin"), address


def test_without_the_mail_the_address_of_a_link_opens_nothing(cast, post):
    link = link_to(cast, post)
    for path in (home(link), page(link, post)):
        response = Client().get(path)
        assert response.status_code == 404
        assert "Kopi" not in text_of(response)
    assert knock(Client(), link).status_code == 404


def test_a_key_of_another_kind_or_link_opens_nothing(cast, post, mailed):
    """A browser that holds one link does not get into another by its address."""
    mine, other = link_to(cast, post), link_to(cast, post)
    browser = opened(mailed(mine))
    assert browser.get(page(other, post)).status_code == 404
    assert find_key(mailed(other).split("/")[2], KeyKind.API_TOKEN) is None


def test_a_single_use_link_opens_in_one_browser_and_stays_open_there(cast, post, mailed):
    link = link_to(cast, post, is_single_use=True, is_renewable=False)
    path = mailed(link)
    first, second = Client(), Client()
    for browser in (first, second):
        assert "opens once" in text_of(browser.get(path, follow=True))
    assert knock(first, link).status_code == 302
    assert first.get(page(link, post)).status_code == 200
    for response in (knock(second, link), second.get(home(link)), Client().get(path, follow=True)):
        assert response.status_code == 410
        assert "It works once" in text_of(response)
        assert "Kopi" not in text_of(response).replace("Acme Kopi", "")
    assert first.get(path, follow=True).status_code == 200


def test_a_prefetcher_uses_nothing_up(cast, post, mailed):
    """Programs that open links before people do leave a single-use link whole."""
    link = link_to(cast, post, is_single_use=True)
    path = mailed(link)
    for _ in range(3):
        Client().get(path, follow=True)
        Client().head(path)
    person = Client()
    person.get(path, follow=True)
    assert knock(person, link).status_code == 302


def test_a_link_ends_with_its_time_also_in_an_open_browser(cast, post, mailed):
    link = link_to(cast, post, days=1)
    path = mailed(link)
    browser = opened(path)
    with as_of(now() + timedelta(days=1, seconds=1)):
        for response in (browser.get(page(link, post)), Client().get(path, follow=True)):
            assert response.status_code == 410
            assert "Its time is over." in text_of(response)
            assert "Mail me a new link" not in text_of(response)


def test_a_revoked_link_is_shut_in_every_browser_at_once(cast, post, mailed):
    link = link_to(cast, post)
    path = mailed(link)
    browser = opened(path)
    revoke(cast, link)
    for response in (browser.get(home(link)), browser.get(page(link, post)), Client().get(path, follow=True)):
        assert response.status_code == 410
        assert "It was taken back." in text_of(response)
        assert "Ask Ben Tan of Acme Kopi" in text_of(response)
    said = browser.post(f"{page(link, post)}comments/", {"body": "Still here?"})
    assert said.status_code == 410
    with workspace_scope(cast.acme.pk), pytest.raises(WrongState):
        revoke_link(link=link, by=cast.actor("ben"))


def test_a_used_up_link_is_renewed_by_mail_to_the_same_address_only(cast, post, mailed):
    link = link_to(cast, post, is_single_use=True)
    path = mailed(link)
    first = Client()
    first.get(path, follow=True)
    knock(first, link)
    second = Client()
    shut = text_of(second.get(path, follow=True))
    assert "d…@client.test" in shut
    assert "dev@client.test" not in shut
    assert "Look into your mailbox" in text_of(second.post(f"{home(link)}renewal/", {"email": "x@evil.test"}))
    renewed = mailed(link)
    assert mail.outbox[-1].to == ["dev@client.test"]
    assert renewed != path
    second.get(renewed, follow=True)
    assert knock(second, link).status_code == 302
    assert second.get(page(link, post)).status_code == 200


def test_an_old_mail_stops_opening_after_two_weeks_and_is_renewed(cast, post, mailed):
    link = link_to(cast, post, days=90)
    path = mailed(link)
    with as_of(now() + timedelta(days=15)):
        browser = Client()
        assert "Mail me a new link" in text_of(browser.get(path, follow=True))
        assert browser.post(f"{home(link)}renewal/").status_code == 200
        assert opened(mailed(link)).get(page(link, post)).status_code == 200


def test_new_mails_are_asked_for_a_few_times_an_hour(cast, post, mailed):
    link = link_to(cast, post, is_single_use=True)
    browser = Client()
    browser.get(mailed(link))
    answers = [browser.post(f"{home(link)}renewal/").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    revoke(cast, link)
    assert browser.post(f"{home(link)}renewal/").status_code == 409


def test_a_link_that_is_not_renewable_sends_nothing(cast, post, mailed):
    link = link_to(cast, post, is_renewable=False)
    browser = opened(mailed(link))
    assert browser.post(f"{home(link)}renewal/").status_code == 403


def test_a_pin_is_asked_for_before_anything_is_shown(cast, post, mailed):
    link = link_to(cast, post, pin="2468")
    path = mailed(link)
    browser = Client()
    door = text_of(browser.get(path, follow=True))
    assert "PIN" in door
    assert browser.get(page(link, post)).status_code == 200
    assert "is back" not in text_of(browser.get(page(link, post)))
    wrong = knock(browser, link, pin="1111")
    assert wrong.status_code == 422
    assert "This is not the PIN" in text_of(wrong)
    assert knock(browser, link, pin="2468").status_code == 302
    assert "is back" in text_of(browser.get(page(link, post)))
    with workspace_scope(cast.acme.pk):
        assert "2468" not in GuestLink.objects.get().pin_hash
        assert GuestLink.objects.get().wrong_pins == 0


def test_five_wrong_pins_shut_the_link_until_it_is_sent_again(cast, post, mailed):
    link = link_to(cast, post, pin="2468")
    browser = Client()
    browser.get(mailed(link), follow=True)
    for _ in range(MOST_WRONG_PINS):
        knock(browser, link, pin="0000")
    right = knock(browser, link, pin="2468")
    assert right.status_code == 410
    assert "shut after too many wrong PINs" in text_of(right)
    with workspace_scope(cast.acme.pk):
        kinds = list(LinkEvent.objects.order_by("pk").values_list("kind", flat=True))
        assert kinds == ["made", "mailed", *["wrong_pin"] * 4, "shut"]
        mail_again(link=link, by=cast.actor("ben"))
    browser.get(mailed(link), follow=True)
    assert knock(browser, link, pin="2468").status_code == 302


def test_somebody_who_asks_very_often_is_asked_to_wait(cast, post, mailed, monkeypatch):
    monkeypatch.setattr("guests.services.doors.MOST_ASKS", 5)
    link = link_to(cast, post)
    browser = opened(mailed(link))
    answers = [browser.get(home(link)).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    assert browser.get(home(link))["Retry-After"] == "60"
    with as_of(now() + timedelta(seconds=61)):
        assert browser.get(home(link)).status_code == 200


def test_somebody_who_says_very_much_is_asked_to_wait(cast, post, mailed, monkeypatch):
    monkeypatch.setattr("guests.services.answers.MOST_SAID", 2)
    link = link_to(cast, post)
    browser = opened(mailed(link))
    said = [browser.post(f"{page(link, post)}comments/", {"body": f"{n}"}).status_code for n in range(3)]
    assert said == [302, 302, 429]


def test_a_member_who_opens_a_guests_link_stays_who_he_is(cast, post, mailed, client_as):
    link = link_to(cast, post)
    browser = client_as(cast.vera)
    browser.get(mailed(link), follow=True)
    assert browser.get(page(link, post)).status_code == 200
    assert browser.get("/w/acme/members/").status_code == 200
    with workspace_scope(cast.acme.pk):
        assert make_post(cast, "Another").pk
