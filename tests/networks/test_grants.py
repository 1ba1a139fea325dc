"""Restricted channels open for those who were granted them, and for nobody else."""

import pytest
from django.db import IntegrityError, transaction

from networks.models import Channel, ChannelGroupGrant, ChannelUserGrant
from networks.permissions import PUBLISH, SEE, WRITE
from teams.grants import grant_to_member, permission_of
from teams.models import Membership
from teams.permissions import can, visible
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
