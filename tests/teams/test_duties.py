"""Duties: each has somebody responsible and somebody who stands in (R1.3, R1.4, R1.5, R1.11, R1.12)."""

import pytest
from django.db import IntegrityError, transaction

from activity.models import Entry
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from core.ids import uuid7
from core.refs import Ref
from teams.cover import acting_for
from teams.models import Backup, Duty, DutyKind, Membership, Moderator
from teams.scopes import CAMPAIGN, CHANNEL, NETWORK
from teams.services.absences import record_absence
from teams.services.backups import add_backup, set_backups
from teams.services.duties import (
    backups_of_duty,
    change_duty,
    create_duty,
    end_duty,
    kind_named,
    name_moderator,
    place_duty,
    starter_kind,
)
from teams.services.members import end_membership
from teams.standing import moderators_of, standing_lists
from teams.states import AbsenceKind, StarterKind
from tests.factories.posts import make_channel, newsroom_of


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


def make_duty(cast, name: str = "Brand answers", by: str = "cleo", **fields) -> Duty:
    kind = starter_kind(StarterKind.ENGAGEMENT, cast.acme.pk)
    people = {
        key: fresh(value) if key == "owner" else [fresh(one) for one in value]
        for key, value in fields.items()
        if key in ("owner", "backups") and value is not None
    }
    return create_duty(kind=kind, name=name, by=cast.actor(by), **{**fields, **people})


def test_a_workspace_starts_with_the_starter_duties_in_the_hands_of_its_maker(acme):
    """R1.12, R1.3."""
    rows = Duty.objects.order_by("position").select_related("kind")
    assert [str(row) for row in rows] == [
        "Content creation",
        "Scheduling",
        "Engagement",
        "Customer service",
        "Stakeholder management",
    ]
    assert {row.owner_id for row in rows} == {acme.ana.pk}


def test_a_duty_has_kind_scopes_effort_owner_and_backups(acme):
    """R1.11."""
    channel = make_channel(acme, "mastodon")
    duty = make_duty(
        acme,
        scopes=[(NETWORK, "mastodon"), (CHANNEL, str(channel.pk))],
        owner=acme.jun,
        backups=[acme.ben, acme.cleo],
        effort_minutes=300,
    )
    duty.refresh_from_db()
    assert (duty.owner_id, duty.effort_minutes) == (acme.jun.pk, 300)
    assert {(row.type, row.key) for row in duty.scopes.all()} == {
        (NETWORK, "mastodon"),
        (CHANNEL, str(channel.pk)),
    }
    assert [person.pk for person in backups_of_duty(duty)] == [acme.ben.pk, acme.cleo.pk]
    facts = Entry.objects.get(verb="teams.duty.created", subject_id=duty.pk).facts
    assert facts["owner"] == str(acme.jun.pk)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": [(NETWORK, "friendster")]}, "scopes"),
        ({"scopes": [(CHANNEL, str(uuid7()))]}, "scopes"),
        ({"scopes": [(CAMPAIGN, str(uuid7()))]}, "scopes"),
        ({"effort_minutes": 10_081}, "effort_minutes"),
        ({"name": "x" * 121}, "name"),
        ({"backups": ["ben"]}, "backups"),
        ({"owner": "jun", "backups": ["jun"]}, "backups"),
        ({"owner": "jun", "backups": ["ben", "ben"]}, "backups"),
    ],
)
def test_what_cannot_be_is_refused_by_field(acme, fields, field):
    before = Duty.objects.count()
    named = {
        **fields,
        **({"owner": getattr(acme, fields["owner"])} if "owner" in fields else {}),
        **({"backups": [getattr(acme, one) for one in fields["backups"]]} if "backups" in fields else {}),
    }
    with pytest.raises(Invalid) as refused, transaction.atomic():
        make_duty(acme, **named)
    assert list(refused.value.fields) == [field]
    assert Duty.objects.count() == before


def test_a_channel_of_another_workspace_is_no_scope(acme, scope_of):
    with scope_of(acme.eve):
        theirs = str(newsroom_of_other(acme).pk)
    with pytest.raises(Invalid):
        make_duty(acme, scopes=[(CHANNEL, theirs)])


def newsroom_of_other(cast):
    from networks.models import Channel

    return Channel.objects.get(kind="newsroom", workspace=cast.other)


def test_who_may_not_edit_duties_is_told_whom_to_ask(acme):
    duty = Duty.objects.order_by("position").first()
    for change in (
        lambda: make_duty(acme, by="ben"),
        lambda: change_duty(duty=duty, owner=fresh(acme.ben), by=acme.actor("ben")),
        lambda: place_duty(duty=duty, place=2, by=acme.actor("ben")),
        lambda: end_duty(duty=duty, by=acme.actor("ben")),
        lambda: name_moderator(channel_id=newsroom_of(acme).pk, member=fresh(acme.ben), by=acme.actor("ben")),
    ):
        with pytest.raises(NotAllowed):
            change()


def test_a_new_owner_takes_over_the_backups_less_himself(acme):
    duty = make_duty(acme, owner=acme.jun, backups=[acme.ben, acme.cleo])
    change_duty(duty=duty, owner=fresh(acme.ben), by=acme.actor("cleo"))
    assert [person.pk for person in backups_of_duty(duty)] == [acme.cleo.pk]
    assert {row.member_id for row in Backup.objects.filter(scope_id=duty.pk)} == {acme.ben.pk}
    facts = Entry.objects.filter(verb="teams.duty.changed").latest("id").facts
    assert (facts["before"], facts["owner"]) == (str(acme.jun.pk), str(acme.ben.pk))


def test_without_an_owner_nobody_stands_in(acme):
    duty = make_duty(acme, owner=acme.jun, backups=[acme.ben])
    change_duty(duty=duty, owner=None, by=acme.actor("cleo"))
    assert not Backup.objects.filter(scope_id=duty.pk).exists()


def test_duties_stand_in_the_order_of_importance(acme):
    duty = make_duty(acme)
    place_duty(duty=duty, place=2, by=acme.actor("cleo"))
    rows = list(Duty.objects.order_by("position"))
    assert rows[1].pk == duty.pk
    assert [row.position for row in rows] == [1, 2, 3, 4, 5, 6]


def test_an_ended_duty_takes_its_backups_along_and_ends_once(acme):
    duty = make_duty(acme, owner=acme.jun, backups=[acme.ben])
    end_duty(duty=duty, by=acme.actor("cleo"))
    assert not Backup.objects.filter(scope_id=duty.pk).exists()
    for again in (end_duty, change_duty):
        with pytest.raises(WrongState):
            again(duty=duty, by=acme.actor("cleo"))


def test_a_kind_is_made_once_whatever_its_letters(acme):
    made = kind_named(name="  Crisis   watch ", by=acme.actor("cleo"))
    assert kind_named(name="crisis WATCH", by=acme.actor("cleo")) == made
    assert kind_named(name="customer service", by=acme.actor("cleo")).key == StarterKind.SERVICE
    assert DutyKind.objects.filter(name="Crisis watch").count() == 1


def test_a_channel_has_one_named_moderator(acme):
    """R1.4."""
    channel = newsroom_of(acme)
    for name in ("jun", "ben"):
        name_moderator(channel_id=channel.pk, member=fresh(getattr(acme, name)), by=acme.actor("cleo"))
    assert moderators_of([channel.pk]) == {channel.pk: acme.ben}
    with pytest.raises(IntegrityError), transaction.atomic():
        Moderator(workspace=acme.acme, channel_id=channel.pk, member=acme.jun).save()
    name_moderator(channel_id=channel.pk, member=None, by=acme.actor("cleo"))
    assert moderators_of([channel.pk]) == {}
    with pytest.raises(NotFound):
        name_moderator(channel_id=uuid7(), member=fresh(acme.ben), by=acme.actor("cleo"))


# Standing backups


def test_backups_stand_in_order_for_everything_a_duty_or_a_channel(acme):
    """R1.5: the most particular list comes first, then the list for everything; nobody twice."""
    duty = make_duty(acme, owner=acme.jun)
    channel = Ref(CHANNEL, newsroom_of(acme).pk)
    by = acme.actor("cleo")
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.ben), fresh(acme.farah)], by=by)
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.cleo)], scope=duty.ref, by=by)
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.farah)], scope=channel, by=by)
    lists = standing_lists([acme.jun.pk])
    assert lists.of(acme.jun.pk) == [acme.ben.pk, acme.farah.pk]
    assert lists.of(acme.jun.pk, duty.ref) == [acme.cleo.pk, acme.ben.pk, acme.farah.pk]
    assert lists.of(acme.jun.pk, channel) == [acme.farah.pk, acme.ben.pk]
    assert lists.first_here(acme.jun.pk, {acme.farah.pk}, channel) == acme.ben.pk
    assert lists.first_here(acme.jun.pk, {acme.ben.pk, acme.farah.pk}, channel) is None


def test_a_list_for_one_thing_leaves_the_list_for_everything_alone(acme):
    duty = make_duty(acme, owner=acme.jun)
    by = acme.actor("jun")
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.ben)], by=by)
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.cleo)], scope=duty.ref, by=by)
    set_backups(member=fresh(acme.jun), backups=[], scope=duty.ref, by=by)
    assert [row.backup_id for row in Backup.objects.filter(member=acme.jun)] == [acme.ben.pk]


def test_the_cover_for_everything_is_not_given_by_a_list_for_one_thing(acme):
    duty = make_duty(acme, owner=acme.jun, backups=[acme.cleo])
    from core.clock import now

    record_absence(
        member=fresh(acme.jun), kind=AbsenceKind.SICK, starts_at=now(), ends_at=None, by=acme.actor("jun")
    )
    assert acting_for(fresh(acme.cleo), now()) == []
    assert duty.owner_id == acme.jun.pk


def test_a_scope_is_a_duty_of_ones_own_or_a_channel(acme):
    duty = make_duty(acme, owner=acme.ben)
    for scope, error in (
        (duty.ref, Invalid),
        (Ref("teams.team", uuid7()), Invalid),
        (Ref(CHANNEL, uuid7()), NotFound),
    ):
        with pytest.raises(error):
            set_backups(member=fresh(acme.jun), backups=[fresh(acme.ben)], scope=scope, by=acme.actor("jun"))


def test_adding_a_backup_puts_it_last_and_passes_over_leavers(acme):
    by = acme.actor("ana")
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.vera), fresh(acme.ben)], by=by)
    end_membership(member=fresh(acme.vera), by=by)
    add_backup(member=fresh(acme.jun), backup=fresh(acme.cleo), by=by)
    rows = Backup.objects.filter(member=acme.jun).order_by("position")
    assert [row.backup_id for row in rows] == [acme.ben.pk, acme.cleo.pk]
