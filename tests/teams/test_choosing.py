"""People are chosen by name: as one types, and typed in full without scripts."""

import pytest
from django import forms
from django.core.exceptions import ValidationError

from networks.models import Channel
from teams.choosing import SHOWN, MemberField, member_written
from teams.models import Absence, Membership, Team, Workspace
from teams.states import RoleKey
from tests.factories.people import make_member, make_user


@pytest.fixture
def newsroom(acme) -> Channel:
    """The channel that every workspace has."""
    return Channel.objects.get(kind="newsroom")


class Choice(forms.Form):
    """One person, or nobody."""

    who = MemberField(Membership.objects.none(), required=False, nobody="nobody")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].queryset = Membership.objects.filter(status="active").select_related("user")


def _join(workspace: Workspace, name: str, email: str) -> Membership:
    return make_member(workspace, make_user(name, email), RoleKey.CONTRIBUTOR)


def _chosen(text: str) -> Membership | None:
    form = Choice({"who": text})
    assert form.is_valid(), form.errors
    return form.cleaned_data["who"]


@pytest.mark.parametrize(
    "text", ["Ben Tan", "ben tan", " Ben Tan ", "ben@acme.test", "Ben Tan <ben@acme.test>"]
)
def test_a_name_or_an_address_names_a_member(acme, text):
    ben = acme.ben
    text = text.replace("Ben Tan", ben.user.name).replace("ben tan", ben.user.name.lower())
    assert _chosen(text) == ben
    assert _chosen(str(ben.pk)) == ben


def test_nothing_is_nobody(acme):
    assert _chosen("") is None


def test_whom_nobody_knows_is_refused_and_what_was_typed_is_kept(acme):
    form = Choice({"who": "Zulkifli"})
    assert not form.is_valid()
    assert form.errors["who"] == ["Nobody here is called “Zulkifli”."]
    assert 'value="Zulkifli"' in str(form["who"])


def test_somebody_of_another_workspace_is_nobody_here(acme, cast):
    with pytest.raises(ValidationError):
        member_written(Membership.objects.filter(status="active"), "eve@other.test")


def test_namesakes_are_told_apart_by_their_address(acme):
    other = _join(acme.acme, acme.ben.user.name, "ben2@acme.test")
    form = Choice({"who": acme.ben.user.name})
    assert not form.is_valid()
    assert "ben@acme.test" in form.errors["who"][0]
    assert "ben2@acme.test" in form.errors["who"][0]
    shown = Choice(initial={"who": other.pk})["who"].value()
    assert shown == f"{other.user.name} <ben2@acme.test>"
    assert _chosen(shown) == other


def test_the_list_drops_down_who_fits_and_says_that_there_are_more(acme, client_as):
    for number in range(SHOWN + 2):
        _join(acme.acme, f"Siti {number:02}", f"siti{number}@acme.test")
    page = client_as(acme.jun).get("/w/acme/members/choices/?q=siti").content.decode()
    assert page.count('role="option"') == SHOWN
    assert "Siti 00" in page
    assert "More fit" in page
    none = client_as(acme.jun).get("/w/acme/members/choices/?q=zzz").content.decode()
    assert 'role="option"' not in none
    assert "Nobody fits" in none


def test_forms_stay_small_however_many_people_there_are(acme, client_as):
    """Gate 4: a page with choices of people does not grow with the workspace."""
    client = client_as(acme.ana)
    addresses = [
        "/w/acme/absences/",
        f"/w/acme/members/{acme.ben.pk}/",
        f"/w/acme/members/{acme.ben.pk}/ending/",
        "/w/acme/team/duties/new/",
        "/w/acme/activity/?verb=nothing.happened",
    ]
    before = [len(client.get(address).content) for address in addresses]
    for number in range(60):
        _join(acme.acme, f"Siti {number:02}", f"siti{number}@acme.test")
    after = [len(client.get(address).content) for address in addresses]
    grown = {a: late - early for a, early, late in zip(addresses, before, after, strict=True)}
    assert all(more < 400 for more in grown.values()), grown


def test_whoever_is_sick_is_named_in_a_box_where_there_are_many(acme, client_as):
    """R1.6: a lead records it on the phone, also in a workspace of thousands."""
    for number in range(20):
        _join(acme.acme, f"Siti {number:02}", f"siti{number}@acme.test")
    client = client_as(acme.cleo)
    page = client.get("/w/acme/absences/").content.decode()
    assert page.count('name="member"') == 2  # the box, and the form below
    assert client.post("/w/acme/absences/sick/", {"member": "Siti 07"}).status_code == 302
    assert [row.member.user.name for row in Absence.objects.select_related("member__user")] == ["Siti 07"]


def test_a_name_that_nobody_has_makes_nobody_sick(acme, client_as):
    answer = client_as(acme.cleo).post("/w/acme/absences/sick/", {"member": "Zulkifli"}, follow=True)
    assert "Nobody here is called “Zulkifli”." in answer.content.decode()
    assert not Absence.objects.exists()


def test_a_team_of_many_offers_who_is_in_it_and_boxes_to_name_others(acme, client_as):
    people = [_join(acme.acme, f"Siti {number:02}", f"siti{number}@acme.test") for number in range(35)]
    client = client_as(acme.ana)
    answer = client.post(
        "/w/acme/teams/new/", {"name": "Night", "members": [people[0].pk], "add_1": "Siti 07", "add_2": ""}
    )
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    team = Team.objects.get(name="Night")
    assert [one.user.name for one in team.members.order_by("user__name")] == ["Siti 00", "Siti 07"]
    page = client.get(f"/w/acme/teams/{team.pk}/").content.decode()
    assert page.count('name="members"') == 2
    assert client.post(f"/w/acme/teams/{team.pk}/", {"name": "Night", "add_1": "Zul"}).status_code == 422


def test_the_list_of_members_has_pages_and_finds_somebody(acme, client_as):
    for number in range(60):
        _join(acme.acme, f"Siti {number:02}", f"siti{number}@acme.test")
    client = client_as(acme.jun)
    first = client.get("/w/acme/members/").content.decode()
    assert first.count("member-row-") == 50
    found = client.get("/w/acme/members/?q=siti+59").content.decode()
    assert found.count("member-row-") == 1
    assert "Nobody fits" in client.get("/w/acme/members/?q=zzz").content.decode()


def test_a_grant_names_a_person_or_a_team(acme, client_as, newsroom):
    client = client_as(acme.ana)
    base = f"/w/acme/channels/{newsroom.pk}"
    client.post(f"{base}/restriction/", {"restricted": "yes"})
    assert client.post(f"{base}/grants/", {"holder": "nobody at all", "level": "write"}).status_code == 422
    assert client.post(f"{base}/grants/", {"holder": acme.ben.user.name, "level": "write"}).status_code == 302
    page = client.get(f"{base}/").content.decode()
    assert f"member:{acme.ben.pk}" in page
