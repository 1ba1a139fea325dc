"""Links of guests over REST: made, listed, mailed again, taken back; the secret stands in no answer."""

from django.core import mail
from django.test import Client

from guests.models import GuestLink
from teams.tenancy import workspace_scope
from tests.factories.posts import make_post

WHERE = "/api/v1/w/acme/guests/"


def test_a_program_gives_a_link_and_takes_it_back(cast, api_as, mailed):
    with workspace_scope(cast.acme.pk):
        post = make_post(cast)
    ben = api_as(cast.ben)
    said = {
        "name": "Nadia",
        "email": "nadia@client.test",
        "scope": "posts",
        "wanted": {"posts": [str(post.pk)]},
        "may_decide": False,
        "days": 7,
    }
    made = ben.post(WHERE, said)
    assert made.status_code == 201, made.content
    found = made.json()
    assert (found["guest"]["email"], found["wanted"], found["may_decide"], found["ending"]) == (
        "nadia@client.test",
        {"posts": [str(post.pk)]},
        False,
        None,
    )
    assert "cb_gst_" not in made.content.decode()
    assert [row["id"] for row in ben.get(WHERE).json()["results"]] == [found["id"]]
    with workspace_scope(cast.acme.pk):
        address = mailed(GuestLink.objects.get())
    assert mail.outbox[-1].to == ["nadia@client.test"]
    browser = Client()
    assert "Kopi Raya is back" in browser.get(address, follow=True).content.decode()

    assert ben.post(f"{WHERE}{found['id']}/mail/").status_code == 200
    assert ben.delete(f"{WHERE}{found['id']}/").status_code == 204
    assert ben.get(f"{WHERE}{found['id']}/").json()["ending"] == "revoked"
    assert "Kopi Raya is back" not in browser.get(address, follow=True).content.decode()
    assert ben.post(f"{WHERE}{found['id']}/mail/").status_code == 409


def test_only_who_may_invite_gives_links_and_only_to_what_he_sees(cast, api_as):
    said = {"name": "Nadia", "email": "nadia@client.test", "scope": "posts", "wanted": {"posts": []}}
    assert api_as(cast.vera).post(WHERE, said).status_code == 403
    assert api_as(cast.vera).get(WHERE).status_code == 403
    refused = api_as(cast.ben).post(WHERE, {**said, "wanted": {"posts": [str(cast.ben.pk)]}})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["posts"])
    member = api_as(cast.ben).post(WHERE, {**said, "email": "cleo@acme.test", "scope": "asked"})
    assert (member.status_code, list(member.json()["errors"])) == (422, ["email"])
    with workspace_scope(cast.acme.pk):
        assert GuestLink.objects.count() == 0
