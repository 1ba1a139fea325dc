"""Rights: who holds which, what cover extends to, and that one policy answers both questions."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import now
from core.errors import Ambiguous, NotAllowed
from teams.models import Membership, Role
from teams.permissions import (
    actor_of,
    can,
    covered_actors,
    names_holding,
    require,
    standing_for,
    verbs,
    verbs_of,
    visible,
)
from teams.roles_page import page
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.services.keys import create_token, find_key, token_actor
from teams.states import AbsenceKind, ActorKind, KeyKind, RoleKey

OWN, ADM, LEAD, MAN, CON, VIEW = RoleKey
HELD = {
    "teams.workspace.see": {OWN, ADM, LEAD, MAN, CON, VIEW},
    "teams.workspace.configure": {OWN, ADM},
    "teams.workspace.secure": {OWN, ADM},
    "teams.member.see": {OWN, ADM, LEAD, MAN, CON, VIEW},
    "teams.member.invite": {OWN, ADM},
    "teams.member.end": {OWN, ADM},
    "teams.role.assign": {OWN, ADM},
    "teams.role.assign_owner": {OWN},
    "teams.role.edit": {OWN, ADM},
    "teams.right.explain": {OWN, ADM},
    "teams.team.edit": {OWN, ADM, LEAD},
    "teams.backup.edit": {OWN, ADM, LEAD},
    "teams.duty.see": {OWN, ADM, LEAD, MAN, CON, VIEW},
    "teams.duty.edit": {OWN, ADM, LEAD},
    "teams.duty.moderate": {OWN, ADM, LEAD},
    "teams.absence.record": {OWN, ADM, LEAD, MAN, CON, VIEW},
    "teams.absence.record_others": {OWN, ADM, LEAD},
    "teams.token.create": {OWN, ADM, LEAD, MAN, CON},
    "teams.guest.invite": {OWN, ADM, LEAD, MAN},
    "activity.entry.see": {OWN, ADM, LEAD, MAN, CON, VIEW},
}
"""Who holds what of the ground floor; what lies above stands in docs/roles.md, which is compared."""

COVERED = {
    "activity.entry.see",
    "approvals.request.amend",
    "approvals.request.decide",
    "approvals.override.review",
    "approvals.override.see",
    "approvals.request.override",
    "approvals.request.see",
    "approvals.request.skip",
    "approvals.request.submit",
    "approvals.request.withdraw",
    "approvals.request.withdraw_others",
    "approvals.workflow.see",
    "calendar_app.brief.edit",
    "calendar_app.brief.see",
    "calendar_app.brief.submit",
    "calendar_app.campaign.edit",
    "calendar_app.note.edit",
    "calendar_app.post.archive",
    "calendar_app.post.create",
    "calendar_app.post.edit",
    "calendar_app.post.edit_others",
    "calendar_app.post.schedule",
    "calendar_app.post.see",
    "calendar_app.post.submit",
    "calendar_app.slot.edit",
    "checkins.action.report",
    "checkins.meeting.hold",
    "checkins.series.edit",
    "checkins.series.see",
    "checkins.update.write",
    "comments.comment.resolve",
    "comments.comment.see",
    "comments.comment.write",
    "files.media.edit",
    "files.media.see",
    "files.media.upload",
    "library.asset.edit",
    "library.asset.see",
    "library.asset.submit",
    "networks.channel.oversee",
    "networks.channel.publish",
    "networks.channel.see",
    "networks.channel.write",
    "publishing.delivery.repeat",
    "publishing.delivery.resolve",
    "publishing.delivery.see",
    "publishing.hold.end",
    "publishing.hold.see",
    "publishing.hold.start",
    "teams.absence.record_others",
    "teams.backup.edit",
    "teams.duty.edit",
    "teams.duty.moderate",
    "teams.duty.see",
    "teams.guest.invite",
    "teams.right.explain",
    "teams.member.see",
    "teams.team.edit",
    "teams.workspace.see",
}
"""What a backup may do in the place of who is away: each line is a decision, and changing it is one."""

NEVER_COVERED = (
    "role.assign role.assign_owner role.edit member.invite member.end token.create workspace.configure"
    " channel.connect channel.grant workflow.edit notice.see work.see absence.record"
).split()
"""Account, security, roles, deletion, and what is a person's own: no backup takes these over."""


@pytest.mark.parametrize("name", sorted(HELD))
def test_the_ground_floors_rights_are_held_by(name):
    assert set(verbs.get(name).roles) == HELD[name]


def test_the_ground_floor_declares_no_other_rights():
    own = {verb.name for verb in verbs.values() if verb.name.split(".")[0] in ("teams", "activity")}
    assert own == set(HELD)


def test_cover_extends_to_exactly_these_rights():
    assert {verb.name for verb in verbs.values() if verb.covers} == COVERED


def test_cover_extends_to_nothing_that_is_a_persons_own():
    own = [verb.name for verb in verbs.values() if verb.name.split(".", 1)[1] in NEVER_COVERED]
    assert len(own) >= len(NEVER_COVERED) - 2
    assert [name for name in own if verbs.get(name).covers] == []


def test_the_page_of_roles_is_up_to_date():
    """Write it anew by `manage.py roles_page > docs/roles.md`."""
    assert Path("docs/roles.md").read_text() == page()


def test_each_right_is_named_for_its_app_and_has_a_label():
    for verb in verbs.values():
        app, noun, action = verb.name.split(".")
        assert app
        assert noun
        assert action
        assert str(verb.label) == str(verb.label).strip() != verb.name


def test_stronger_built_in_roles_hold_what_weaker_ones_hold():
    order = list(RoleKey)
    for strong, weak in pairwise(order):
        beyond = [v.name for v in verbs.values() if weak in v.roles and strong not in v.roles]
        assert (strong, weak, beyond) == (strong, weak, [])


# One policy for both questions


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from(["ana", "ben", "cleo", "farah", "vera"]), verb=st.sampled_from(sorted(HELD)))
def test_visible_shows_exactly_what_can_allows(acme, name, verb):
    actor = acme.actor(name)
    rows = Membership.objects.select_related("user", "role").order_by("pk")
    shown = set(visible(actor, verb, rows).values_list("pk", flat=True))
    assert shown == {row.pk for row in rows if can(actor, verb, row)}


def test_what_belongs_to_another_workspace_is_refused_whatever_the_right(cast, acme):
    ana = acme.actor("ana")
    for verb in sorted(HELD):
        assert not can(ana, verb, cast.eve)


def test_a_refusal_names_right_and_people(acme):
    with pytest.raises(NotAllowed) as refused:
        require(acme.actor("vera"), "teams.team.edit")
    assert refused.value.why == {"verb": "teams.team.edit", "missing": "edit teams", "ask": ["Ana Rahman"]}


def test_whom_to_ask_are_active_holders(acme):
    assert names_holding("teams.team.edit") == ("Ana Rahman", "Cleo Marchetti")
    Membership.objects.filter(pk=acme.ana.pk).update(status="ended")
    assert names_holding("teams.team.edit") == ("Cleo Marchetti",)


def test_the_product_itself_needs_no_right(acme):
    from teams.actors import Actor

    system = Actor.system(acme.acme.pk)
    assert can(system, "teams.member.end", acme.ben)
    assert visible(system, "teams.member.see", Membership.objects.all()).count() == 6


def test_an_ended_membership_holds_nothing(acme):
    ben = acme.actor("ben").member
    ben.status = "ended"
    assert actor_of(ben).verbs == frozenset()


def test_a_role_of_its_own_drops_rights_that_are_gone(acme):
    role = Role(workspace=acme.acme, key="odd", name="Odd", verbs=["teams.member.see", "gone.thing.do"])
    assert verbs_of(role) == {"teams.member.see"}


# For whom


@pytest.fixture
def covered(acme):
    """Cleo is away and Jun, an admin, stands in; both may edit teams."""
    Membership.objects.filter(pk=acme.jun.pk).update(role=Role.objects.get(key=RoleKey.ADMIN))
    by = acme.actor("ana")
    cleo = acme.actor("cleo").member
    set_backups(member=cleo, backups=[acme.actor("jun").member], by=by)
    start = now() - timedelta(hours=1)
    record_absence(member=cleo, kind=AbsenceKind.SICK, starts_at=start, ends_at=None, by=by)
    return acme


def test_who_fits_twice_says_for_whom(covered):
    jun = covered.actor("jun")
    with pytest.raises(Ambiguous) as asked:
        standing_for(jun, "teams.team.edit")
    assert asked.value.choices == [
        {"for": str(covered.jun.pk), "name": "Jun Wong"},
        {"for": str(covered.cleo.pk), "name": "Cleo Marchetti"},
    ]
    assert standing_for(jun, "teams.team.edit", member_id=covered.jun.pk).on_behalf_of is None
    assert standing_for(jun, "teams.team.edit", member_id=covered.cleo.pk).on_behalf_of == covered.cleo.pk


def test_nobody_acts_for_somebody_who_is_here(covered):
    with pytest.raises(NotAllowed, match="not covering"):
        standing_for(covered.actor("jun"), "teams.team.edit", member_id=covered.ben.pk)


def test_a_cover_does_not_cover_further(covered):
    [cover] = covered_actors(covered.actor("jun"))
    assert covered_actors(cover) == []


def test_what_is_done_under_cover_bears_both_names(covered):
    from activity.models import Entry
    from teams.services.groups import create_team

    standing = standing_for(covered.actor("jun"), "teams.team.edit", member_id=covered.cleo.pk)
    create_team(name="Writers", members=[], by=standing)
    entry = Entry.objects.get(verb="teams.team.created")
    assert (entry.member_id, entry.on_behalf_of) == (covered.jun.pk, covered.cleo.pk)


# Tokens


@pytest.mark.parametrize("key", list(RoleKey))
def test_a_token_holds_at_most_what_its_owner_holds(acme, key):
    member = acme.actor("ben").member
    Membership.objects.filter(pk=member.pk).update(role=Role.objects.get(key=key))
    member = acme.actor("ben").member
    from teams.actors import Actor

    _row, secret = create_token(member=member, purpose="a program", by=Actor.system(acme.acme.pk))
    _member, actor = token_actor(find_key(secret, KeyKind.API_TOKEN))
    assert actor.kind == ActorKind.TOKEN
    assert actor.verbs == verbs_of(member.role) - {"teams.token.create", "teams.role.assign_owner"}


def test_a_token_with_scopes_holds_no_more_also_under_cover(covered):
    from teams.models import AccessKey

    jun = covered.actor("jun").member
    row, _secret = create_token(member=jun, purpose="a program", by=covered.actor("jun"))
    AccessKey.objects.filter(pk=row.pk).update(scopes=["teams.member.see"])
    row = AccessKey.objects.select_related("workspace").get(pk=row.pk)
    _member, actor = token_actor(row)
    assert actor.verbs == {"teams.member.see"}
    assert not can(actor, "teams.team.edit")
    [cover] = covered_actors(actor)
    assert cover.verbs <= {"teams.member.see"}
