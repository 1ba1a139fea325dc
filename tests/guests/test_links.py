"""Links as members give, list and take them back; what each shows."""

from datetime import timedelta

import pytest

from activity.models import Entry
from calendar_app.models import Campaign
from core.clock import now
from core.errors import Invalid, NotAllowed
from guests.models import GuestLink
from guests.permissions import actor_of_link
from guests.selectors import post_ids_of, posts_shown
from guests.services.links import make_link
from networks.models import Channel
from teams.models import Guest
from tests.factories.posts import make_channel, make_post, newsroom_of
from tests.guests.linking import DEV, ask_dev, link_to, link_to_view, opened, page, submitted


def make(cast, by: str = "ben", **fields) -> GuestLink:
    return make_link(**{**DEV, "scope": "asked", **fields}, by=cast.actor(by))


def titles(link: GuestLink) -> list[str]:
    found = GuestLink.objects.select_related("created_by__user", "created_by__role").get(pk=link.pk)
    return sorted(row.title for row in posts_shown(actor_of_link(found, post_ids_of(found)), found))


def test_managers_give_links_and_others_do_not(acme):
    """R7.10: the right is `teams.guest.invite`."""
    assert make(acme).guest == acme.dev
    for name in ("farah", "vera"):
        with pytest.raises(NotAllowed):
            make(acme, name)
    assert Entry.objects.filter(verb="guests.guestlink.made").count() == 1


@pytest.mark.parametrize("email", ["cleo@acme.test", "CLEO@acme.test", "cleo-private@home.test"])
def test_a_member_is_given_no_link(acme, email):
    """R12.3: nobody gets a second voice by a second way in, by log-in or by a verified address."""
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=acme.cleo.user, email="cleo-private@home.test", verified=True)
    with pytest.raises(Invalid) as refused:
        make(acme, email=email)
    assert list(refused.value.fields) == ["email"]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"email": "nobody"}, "email"),
        ({"name": " "}, "name"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"pin": "12"}, "pin"),
        ({"pin": "12ab"}, "pin"),
        ({"pin": "١٢٣٤"}, "pin"),
        ({"scope": "everything"}, "scope"),
        ({"scope": "posts", "wanted": {"posts": []}}, "posts"),
    ],
)
def test_an_unusable_link_is_refused_by_name(acme, fields, name):
    with pytest.raises(Invalid) as refused:
        make(acme, **fields)
    assert list(refused.value.fields) == [name]
    assert not GuestLink.objects.exists()


def test_a_guest_is_one_person_by_address(acme):
    make(acme, email="DEV@client.test", name="Dev K.")
    make(acme, email="new@client.test", name="New One")
    assert sorted(Guest.objects.values_list("name", "email")) == [
        ("Dev K.", "dev@client.test"),
        ("New One", "new@client.test"),
    ]


def test_posts_that_the_giver_may_not_see_are_not_shared(acme):
    hidden = make_channel(acme, name="Hidden", is_restricted=True)
    post = make_post(acme, by="ana", channels=[hidden])
    with pytest.raises(Invalid):
        make(acme, scope="posts", wanted={"posts": [post.pk]})
    assert make(acme, "ana", scope="posts", wanted={"posts": [post.pk]})


def test_a_link_shows_what_its_giver_may_see_now_and_no_more(acme):
    """A restricted channel is folded away, and nothing is decided on a post of which a part is hidden."""
    ask_dev(acme)
    open_one, shut_one = newsroom_of(acme), make_channel(acme, name="Board")
    post = submitted(acme, "On both", channels=[open_one, shut_one])
    link = link_to(acme, post)
    found = GuestLink.objects.select_related("created_by__user", "created_by__role").get(pk=link.pk)
    shown = posts_shown(actor_of_link(found, post_ids_of(found)), found)[0]
    assert (len(shown.variants), shown.folded, shown.waits) == (2, 0, True)
    Channel.objects.filter(pk=shut_one.pk).update(is_restricted=True)
    shown = posts_shown(actor_of_link(found, post_ids_of(found)), found)[0]
    assert (len(shown.variants), shown.folded, shown.waits) == (1, 1, False)


def test_a_view_follows_its_filter_and_shows_no_drafts(acme):
    """R4.3: a campaign's link shows what is put up for approval or further, today's and tomorrow's."""
    campaign = Campaign(
        workspace=acme.acme, name="Raya", starts_on=now().date(), ends_on=now().date() + timedelta(days=9)
    )
    campaign.save()
    link = link_to_view(acme, campaigns=[str(campaign.pk)])
    make_post(acme, "Draft of Raya", campaign=campaign.pk)
    submitted(acme, "Elsewhere")
    assert titles(link) == []
    submitted(acme, "Raya is near", campaign=campaign.pk)
    assert titles(link) == ["Raya is near"]
    make_post(acme, "Only a draft", campaign=campaign.pk)
    drafts = link_to_view(acme, campaigns=[str(campaign.pk)], states=["draft"])
    assert titles(drafts) == ["Draft of Raya", "Only a draft"]


def test_a_link_to_what_is_asked_shows_a_post_once_its_step_has_begun(acme):
    """Outside approvers see nothing before the inside has approved."""
    from approvals.services.decisions import decide
    from approvals.services.workflows import StepInput
    from tests.guests.linking import request_on

    ask_dev(acme, StepInput(name="Inside", members=[acme.cleo]), StepInput(name="Client", guests=[acme.dev]))
    post = submitted(acme, "Two steps")
    submitted(acme, "Another one")
    link = make(acme)
    assert titles(link) == []
    request = request_on(acme, post)
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("cleo"))
    assert titles(link) == ["Two steps"]


def test_the_pages_of_a_link_from_the_form_to_its_end(cast, client_as, mailed):
    """A manager shares a post from its page, reads the log, and takes the link back."""
    ben = client_as(cast.ben)
    post = submitted(cast)
    assert f"/w/acme/guests/new/?post={post.pk}" in ben.get(f"/w/acme/posts/{post.pk}/").content.decode()
    new = ben.get(f"/w/acme/guests/new/?post={post.pk}").content.decode()
    assert "Kopi Raya is back" in new
    said = {**DEV, "shows": "posts", "days": "7", "may_comment": "on", "pin": "2468", "note": "Please look"}
    made = ben.post(f"/w/acme/guests/new/?post={post.pk}", said)
    assert made.status_code == 302, made.content
    from teams.tenancy import workspace_scope

    with workspace_scope(cast.acme.pk):
        link = GuestLink.objects.get()
        assert (link.may_decide, link.may_comment, link.has_pin, link.is_renewable) == (
            False,
            True,
            True,
            False,
        )
        assert link.wanted == {"posts": [str(post.pk)]}
    path = mailed(link)
    browser = opened(path)
    browser.post(f"/g/{link.pk}/entry/", {"pin": "2468"})
    browser.get(page(link, post))
    shown = ben.get(made["Location"]).content.decode()
    for words in ("looked at", "opened", "mailed", "with a PIN", "dev@client.test"):
        assert words in shown
    assert path.split("/")[2] not in shown
    assert "last opened" in ben.get("/w/acme/guests/").content.decode()
    assert "until" in ben.get("/w/acme/guests/").content.decode()
    ben.post(f"/w/acme/guests/{link.pk}/mail/")
    ben.post(f"/w/acme/guests/{link.pk}/revocation/")
    assert "It was taken back." in ben.get(made["Location"]).content.decode()
    assert ben.post(f"/w/acme/guests/{link.pk}/mail/").status_code == 409
    assert browser.get(page(link, post)).status_code == 410


def test_a_form_that_is_not_right_says_so_and_keeps_what_was_typed(cast, client_as):
    answer = client_as(cast.ben).post(
        "/w/acme/guests/new/", {**DEV, "email": "cleo@acme.test", "shows": "asked", "days": "30"}
    )
    assert answer.status_code == 422
    assert "is a member and needs no link" in answer.content.decode()
    assert "Dev Kumar" in answer.content.decode()


def test_a_filtered_list_and_a_campaign_can_be_shared(cast, client_as):
    from teams.tenancy import workspace_scope

    ben = client_as(cast.ben)
    with workspace_scope(cast.acme.pk):
        campaign = Campaign(
            workspace=cast.acme, name="Raya", starts_on=now().date(), ends_on=now().date() + timedelta(days=9)
        )
        campaign.save()
    query = f"campaign={campaign.pk}&state=scheduled&q=kopi"
    assert f"guests/new/?{query}".replace("&", "&amp;") in ben.get(f"/w/acme/posts/?{query}").content.decode()
    said = {**DEV, "days": "7", "may_comment": "on"}
    assert ben.post(f"/w/acme/guests/new/?{query}", {**said, "shows": "view"}).status_code == 302
    assert ben.post("/w/acme/guests/new/", {**said, "shows": f"campaign:{campaign.pk}"}).status_code == 302
    with workspace_scope(cast.acme.pk):
        by_campaign, by_filter = GuestLink.objects.order_by("-pk")
        assert by_filter.wanted["states"] == ["scheduled"]
        assert by_filter.wanted["words"] == "kopi"
        assert by_campaign.wanted == {"campaigns": [str(campaign.pk)]}
