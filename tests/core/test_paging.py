"""Keyset pages are bounded, complete, and refuse cursors that the server did not give out."""

import pytest
from django.contrib.auth.models import Group

from core.errors import Invalid
from core.paging import keyset
from teams.models import Team, User


@pytest.fixture
def five_teams(acme):
    for name in "edcba":
        Team(workspace=acme.acme, name=name, group=Group.objects.create(name=name)).save()
    return Team.objects.all()


def test_pages_hold_every_row_once(five_teams):
    first = keyset(five_teams, by=("name", "pk"), size=2)
    second = keyset(five_teams, by=("name", "pk"), cursor=first.next, size=2)
    third = keyset(five_teams, by=("name", "pk"), cursor=second.next, size=2)
    assert [[team.name for team in page.rows] for page in (first, second, third)] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert third.next is None


def test_descending_pages_run_backwards(five_teams):
    first = keyset(five_teams, by=("-name", "-pk"), size=3)
    rest = keyset(five_teams, by=("-name", "-pk"), cursor=first.next, size=3)
    assert [team.name for team in first.rows + rest.rows] == list("edcba")


def test_instants_keep_their_microseconds(cast):
    first = keyset(User.objects.all(), by=("created_at", "pk"), size=3)
    rest = keyset(User.objects.all(), by=("created_at", "pk"), cursor=first.next, size=50)
    assert len({user.pk for user in first.rows + rest.rows}) == User.objects.count()
    assert len(first.rows) + len(rest.rows) == User.objects.count()


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0:abc", "W10", "é" * 50])
def test_a_forged_cursor_is_refused(five_teams, cursor):
    with pytest.raises(Invalid):
        keyset(five_teams, by=("name", "pk"), cursor=cursor)
