"""Why can I, why can they not (R7.10): by role, cover and grant; what is missing and whom to ask; roles compared."""

from datetime import timedelta

import pytest

from core.clock import now
from networks.models import Channel
from teams.models import Absence, Role
from teams.permissions import can, verbs
from teams.rights import compared, rights_of, rights_of_member
from teams.services.roles import create_role
from tests.teams.test_absences import back, fresh

BASE = "/w/acme/"


def row(rows, verb: str):
    return next(one for one in rows if one.verb == verb)


@pytest.mark.parametrize("name", ["ana", "ben", "cleo", "farah", "vera"])
def test_the_explanation_says_what_the_policy_does(acme, name):
    """R7.10: page and policy cannot differ: held exactly where `can` says so, with whom to ask where not."""
    back(acme, "cleo", "vera")
    Absence(workspace=acme.acme, member=acme.cleo, starts_at=now() - timedelta(hours=1)).save()
    actor = acme.actor(name)
    found = rights_of(actor)
    assert [one.verb for one in found] == sorted(verb.name for verb in verbs.values())
    for one in found:
        assert one.is_held == can(actor, one.verb), one.verb
        assert bool(one.ask) == (not one.is_held), one.verb
    assert rights_of_member(fresh(getattr(acme, name))) == found


def test_a_cover_and_a_grant_are_named(acme):
    back(acme, "cleo", "vera")
    Absence(workspace=acme.acme, member=acme.cleo, starts_at=now() - timedelta(hours=1)).save()
    Channel.objects.filter(kind="newsroom").update(is_restricted=True)
    vera = rights_of(acme.actor("vera"))
    lent = row(vera, "teams.team.edit")
    assert (lent.role, lent.covers, lent.ask) == ("", ("Cleo Marchetti",), ())
    assert row(vera, "teams.member.end").ask == ("Ana Rahman",)
    shut = row(rights_of(acme.actor("ben")), "networks.channel.publish")
    assert (shut.limits, shut.grants) == (("Newsroom",), ())


def test_admins_see_anybodys_rights_and_others_only_their_own(cast, client_as, acme):
    page = f"{BASE}members/{cast.ben.pk}/rights/"
    shown = client_as(cast.ana).get(page).content.decode()
    assert "Rights of Ben Tan" in shown
    assert "by the role Social media manager" in shown
    assert "the role does not include this · ask" in shown
    assert client_as(cast.cleo).get(page).status_code == 403
    assert client_as(cast.ben).get(f"{BASE}rights/").status_code == 200
    answer = client_as(cast.ana).get(f"/api/v1{page}").json()
    assert answer["member"]["name"] == "Ben Tan"
    missing = next(one for one in answer["rights"] if one["verb"] == "teams.member.end")
    assert (missing["held"], missing["ask"]) == (False, ["Ana Rahman"])


def test_rights_are_found_by_their_words(cast, client_as, acme):
    shown = client_as(cast.ana).get(f"{BASE}rights/?q=BACKUPS").context["rights"]
    assert [one.verb for one in shown] == ["teams.backup.edit"]
    table = client_as(cast.ana).get(f"{BASE}roles/?q=backups").context["table"]
    assert [one["verb"].name for one in table] == ["teams.backup.edit"]


def test_two_roles_are_compared_and_one_is_copied(cast, client_as, acme):
    """R7.10: what differs comes first; a copy starts with exactly the rights of the role it is like."""
    lead, manager = Role.objects.get(key="lead"), Role.objects.get(key="manager")
    rows = compared(lead, manager)
    differing = [one for one in rows if one.in_first != one.in_second]
    assert rows[: len(differing)] == differing
    assert "teams.team.edit" in {one.verb for one in differing}
    page = client_as(cast.vera).get(f"{BASE}roles/comparison/?first={lead.pk}&second={manager.pk}")
    assert [one.verb for one in page.context["rows"]] == [one.verb for one in rows]
    own = create_role(name="Auditor", rights=["activity.entry.see"], by=acme.actor("ana"))
    form = client_as(cast.ana).get(f"{BASE}roles/new/?from={own.pk}").context["form"]
    assert form.initial["rights"] == ["activity.entry.see"]
    assert client_as(cast.ana).get(f"{BASE}roles/comparison/?first=x&second=").status_code == 200
    start = client_as(cast.vera).get(f"{BASE}roles/comparison/").context
    assert start["first"] != start["second"]
    assert start["rows"], "there is something to look at before anything is chosen"
