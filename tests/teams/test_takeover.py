"""Takeover, as generated cases (R1.6): every covering verb, every phase, every backup; never more, never after."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import as_of
from teams.actors import Bounds
from teams.cover import EVERYTHING, Line, holder_of, reach, shared_out
from teams.models import Absence, Membership, Role
from teams.permissions import actor_of, covered_actors, verbs, verbs_of
from teams.states import RoleKey
from tests.teams.test_absences import back, fresh

START = datetime(2026, 3, 9, 8, tzinfo=UTC)
END = START + timedelta(hours=4)
INSTANT = timedelta(microseconds=1)
PHASES = {
    "before": (START - timedelta(days=1), False),
    "just before": (START - INSTANT, False),
    "first instant": (START, True),
    "during": (START + timedelta(hours=1), True),
    "last instant": (END - INSTANT, True),
    "end": (END, False),
    "after": (END + timedelta(days=1), False),
}
COVERING = sorted(verb.name for verb in verbs.values() if verb.covers)
OWN = sorted(verb.name for verb in verbs.values() if not verb.covers)
ROLES = [RoleKey.OWNER, RoleKey.LEAD, RoleKey.MANAGER, RoleKey.CONTRIBUTOR, RoleKey.VIEWER]


def _leave(cast, name: str) -> None:
    member = getattr(cast, name)
    Absence(workspace_id=member.workspace_id, member=member, starts_at=START, ends_at=END).save()


def test_every_covering_verb_in_every_phase_for_every_pair_of_roles(acme):
    """R1.6: a backup of fewer, equal or more rights may during the absence exactly what the absent may, and no more.

    Each covering verb × each phase × absent role × backup role; verbs that do not cover are never lent.
    """
    roles = {key: Role.objects.get(key=key) for key in ROLES}
    _leave(acme, "ana")
    back(acme, "ana", "ben")
    seen = 0
    for absent_role, backup_role in product(ROLES, ROLES):
        Membership.objects.filter(pk=acme.ana.pk).update(role=roles[absent_role])
        Membership.objects.filter(pk=acme.ben.pk).update(role=roles[backup_role])
        ben = fresh(acme.ben)
        for name, (instant, is_away) in PHASES.items():
            with as_of(instant):
                covers = covered_actors(actor_of(ben))
            assert [one.on_behalf_of for one in covers] == ([acme.ana.pk] if is_away else []), name
            lent = covers[0].verbs if covers else frozenset()
            expected = verbs_of(roles[absent_role]) if is_away else frozenset()
            for verb in COVERING:
                assert (verb in lent) == (verb in expected), (name, absent_role, backup_role, verb)
                seen += 1
            assert not lent & set(OWN)
    assert seen == len(COVERING) * len(PHASES) * len(ROLES) ** 2


@pytest.mark.parametrize("away", [(), ("cleo",), ("cleo", "ben"), ("cleo", "ben", "jun")])
def test_the_first_who_is_here_acts_and_nobody_else(acme, away):
    """R1.6: the second, if the first is away too; all away: nobody; never through the list of a backup."""
    back(acme, "ana", "cleo", "ben", "jun")
    back(acme, "cleo", "farah")
    back(acme, "ben", "ana")
    back(acme, "jun", "vera")
    _leave(acme, "ana")
    for name in away:
        _leave(acme, name)
    expected = next((name for name in ("cleo", "ben", "jun") if name not in away), None)
    with as_of(START):
        acting = [
            name
            for name in ("ben", "cleo", "jun", "farah", "vera", "ana")
            if any(
                one.on_behalf_of == acme.ana.pk
                for one in covered_actors(actor_of(fresh(getattr(acme, name))))
            )
        ]
    assert acting == ([expected] if expected else [])


def test_the_first_backup_acts_again_from_the_instant_he_is_back(acme):
    """R1.6: overlapping absences: the second acts while the first is away too, up to and without its end."""
    back(acme, "ana", "cleo", "ben")
    _leave(acme, "cleo")
    Absence(
        workspace_id=acme.ana.workspace_id,
        member=acme.ana,
        starts_at=START - timedelta(days=1),
        ends_at=END + timedelta(days=1),
    ).save()
    for instant, expected in (
        (START - INSTANT, "cleo"),
        (START, "ben"),
        (END - INSTANT, "ben"),
        (END, "cleo"),
    ):
        with as_of(instant):
            covers = {name: covered_actors(actor_of(fresh(getattr(acme, name)))) for name in ("ben", "cleo")}
        acting = [name for name, own in covers.items() if [one.on_behalf_of for one in own] == [acme.ana.pk]]
        assert acting == [expected], instant


# Pure: lists, scopes and bounds


ANA, BEN, CLEO, JUN = (UUID(int=number) for number in range(1, 5))
CHANNEL, OTHER, CAMPAIGN = "networks.channel:1", "networks.channel:2", "calendar_app.campaign:3"
SCOPES = [EVERYTHING, CHANNEL, OTHER, CAMPAIGN]
LINES = st.lists(
    st.builds(
        Line,
        member_id=st.just(ANA),
        backup_id=st.sampled_from([BEN, CLEO, JUN]),
        scope=st.sampled_from(SCOPES),
        is_here=st.booleans(),
    ),
    max_size=8,
)
PLACES = st.lists(
    st.frozensets(st.sampled_from([CHANNEL, OTHER, CAMPAIGN]), max_size=2), min_size=1, max_size=2
)


@settings(max_examples=300, deadline=None)
@given(LINES, PLACES)
def test_somebody_acts_on_a_thing_if_anybody_on_the_lists_may(lines, places):
    """R1.5, R1.6: whoever is told of a thing may act on it, nobody acts who is away, and no thing falls between."""
    shares = shared_out(lines).get(ANA, {})
    here = {line.backup_id for line in lines if line.is_here}
    may = set()
    for backup in (BEN, CLEO, JUN):
        acts, bounds = reach(shares, backup)
        if acts and (bounds is None or bounds.hold(places)):
            may.add(backup)
    assert may <= here
    told = holder_of(shares, places)
    assert (told in may) if told else not may
    if EVERYTHING in shares:
        assert told is not None


def test_a_channels_own_backup_comes_before_the_one_for_everything():
    lines = [Line(ANA, BEN, CHANNEL, True), Line(ANA, CLEO, EVERYTHING, True)]
    shares = shared_out(lines)[ANA]
    assert reach(shares, BEN) == (True, Bounds(only=frozenset({CHANNEL})))
    assert reach(shares, CLEO) == (True, Bounds(but=(frozenset({CHANNEL}),)))
    on_both = [frozenset({CHANNEL, OTHER})]
    assert holder_of(shares, [frozenset({CHANNEL})]) == BEN
    assert holder_of(shares, on_both) == CLEO
    assert not reach(shares, BEN)[1].hold(on_both)


def test_a_channel_whose_own_backup_is_away_falls_to_the_one_for_everything():
    lines = [Line(ANA, BEN, CHANNEL, False), Line(ANA, CLEO, EVERYTHING, True)]
    shares = shared_out(lines)[ANA]
    assert (reach(shares, BEN), reach(shares, CLEO)) == ((False, None), (True, None))
