"""Restricted channels open for those who were granted them, and for nobody else."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core.clock import now
from networks.models import Channel, ChannelGroupGrant, ChannelUserGrant
from networks.permissions import PUBLISH, SEE, WRITE
from teams.grants import grant_to_member, grant_to_team, permission_of
from teams.models import Membership
from teams.permissions import can, standing_for, visible
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.services.groups import change_team, create_team
from teams.states import AbsenceKind
from teams.tenancy import workspace_scope


@pytest.fixture
def restricted(acme):
    channel = Channel(workspace=acme.acme, kind="newsroom", name="Press", capability="D", is_restricted=True)
    channel.save()
    return channel


def _seen(actor) -> list[str]:
    return [channel.name for channel in visible(actor, SEE, Channel.objects.filter(name="Press"))]


def test_restricted_channel_is_hidden_from_a_manager_without_grant(acme, restricted):
    ben = acme.actor("ben")
    assert _seen(ben) == []
    assert not can(ben, WRITE, restricted)


def test_restricted_channel_is_open_to_leads(acme, restricted):
    cleo = acme.actor("cleo")
    assert _seen(cleo) == ["Press"]
    assert can(cleo, PUBLISH, restricted)


def test_member_grant_opens_exactly_its_verbs(acme, restricted):
    grant_to_member(ChannelUserGrant, restricted, (SEE, WRITE), acme.ben)
    ben = acme.actor("ben")
    assert _seen(ben) == ["Press"]
    assert can(ben, WRITE, restricted)
    assert not can(ben, PUBLISH, restricted)


def test_bulk_grant_gets_its_workspace_from_the_database(acme, restricted):
    permission = permission_of(SEE, Channel)
    ChannelUserGrant.objects.bulk_create(
        [ChannelUserGrant(user=acme.ben.user, permission=permission, content_object=restricted)]
    )
    assert ChannelUserGrant.objects.get().workspace_id == acme.acme.pk


def test_grant_to_a_stranger_is_refused_by_the_database(acme, restricted):
    with workspace_scope(acme.other.pk):
        eve = Membership.objects.get(pk=acme.eve.pk).user
    grant = ChannelUserGrant(user=eve, permission=permission_of(SEE, Channel), content_object=restricted)
    with pytest.raises(IntegrityError), transaction.atomic():
        grant.save()
    assert ChannelGroupGrant.objects.count() == 0


def test_a_team_grant_opens_for_its_members_only(acme, restricted):
    team = create_team(name="Press", members=[acme.ben], by=acme.actor("cleo"))
    grant_to_team(ChannelGroupGrant, restricted, (SEE, WRITE), team)
    assert _seen(acme.actor("ben")) == ["Press"]
    assert _seen(acme.actor("jun")) == []
    change_team(team=team, name="Press", members=[acme.jun], by=acme.actor("cleo"))
    assert _seen(acme.actor("ben")) == []
    assert can(acme.actor("jun"), WRITE, restricted)


def test_a_granted_twice_channel_is_listed_once(acme, restricted):
    team = create_team(name="Press", members=[acme.ben], by=acme.actor("cleo"))
    grant_to_team(ChannelGroupGrant, restricted, (SEE,), team)
    grant_to_member(ChannelUserGrant, restricted, (SEE,), acme.ben)
    assert _seen(acme.actor("ben")) == ["Press"]


def test_who_covers_an_absent_member_uses_that_members_grant(acme, restricted):
    grant_to_member(ChannelUserGrant, restricted, (SEE, WRITE), acme.ben)
    set_backups(member=acme.ben, backups=[acme.jun], by=acme.actor("ben"))
    assert _seen(acme.actor("jun")) == []
    record_absence(
        member=acme.ben,
        kind=AbsenceKind.SICK,
        starts_at=now() - timedelta(hours=1),
        ends_at=None,
        by=acme.actor("ben"),
    )
    jun = acme.actor("jun")
    assert _seen(jun) == ["Press"]
    assert standing_for(jun, WRITE, restricted).on_behalf_of == acme.ben.pk
    assert not can(jun, PUBLISH, restricted)


def test_a_channel_that_is_not_restricted_is_everybodys(acme):
    newsroom = Channel.objects.get(kind="newsroom")
    assert newsroom in visible(acme.actor("vera"), SEE, Channel.objects.all())
    assert can(acme.actor("farah"), WRITE, newsroom)
    assert not can(acme.actor("farah"), PUBLISH, newsroom)
