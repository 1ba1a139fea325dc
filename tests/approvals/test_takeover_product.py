"""Takeover over real things, as one product (R1.6): covering verbs × phases × backup's rights × authors × approvers.

What the absent member might do with a thing is asked of him in person; the backup may do that in his place, in the
phases of the absence and in no other, and nobody judges what he or the absent member made.
"""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import Override
from approvals.permissions import AMEND, DECIDE, OVERRIDE, REVIEW_OVERRIDE, SKIP
from approvals.selectors import request_rows
from approvals.services.workflows import StepInput
from calendar_app.selectors import POST
from checkins.models import Action, Meeting, Update
from comments.models import Comment
from core.clock import as_of
from publishing.models import Delivery
from teams.models import Absence, Membership, Role
from teams.permissions import actor_of, can, covered_actors, verbs, verbs_of
from teams.states import RoleKey
from tests.approvals.kinds import KINDS
from tests.approvals.paper import away, submit, workflow_of
from tests.checkins.conftest import BEFORE, NINE, first, make_series
from tests.factories.deliveries import allow_policy, plan
from tests.factories.posts import make_media, make_post, newsroom_of
from tests.teams.test_absences import fresh
from tests.teams.test_takeover import END, PHASES, START

COVERING = sorted(verb.name for verb in verbs.values() if verb.covers)
JUDGING = {DECIDE, AMEND, SKIP, OVERRIDE, REVIEW_OVERRIDE}
AUTHORS = ("ben", "cleo", "farah", "ana")
SEATS = (("cleo",), ("farah",), ("cleo", "farah"), ("ana", "cleo"), ("ana",))
PAIRS = {
    "fewer": (RoleKey.LEAD, RoleKey.CONTRIBUTOR),
    "equal": (RoleKey.LEAD, RoleKey.LEAD),
    "more": (RoleKey.CONTRIBUTOR, RoleKey.LEAD),
}
"""What role the absent Cleo has, and what Farah, who stands in."""


def of_workspace(_cast) -> list[tuple[str, Any]]:
    """Rights over the workspace as a whole, and over what has no author."""
    return [("", None)]


def requests(cast) -> list[tuple[str, Any]]:
    """One request for each author and each set of approvers."""
    found = []
    for seats in SEATS:
        step = StepInput("Step", members=[getattr(cast, name) for name in seats])
        workflow = workflow_of(cast, step, name="+".join(seats))
        made = {author: submit(cast, author, workflow=workflow).pk for author in AUTHORS}
        found += [(author, request_rows().get(pk=pk)) for author, pk in made.items()]
    return found


def overrides(cast) -> list[tuple[str, Any]]:
    """What Ben let past its review, for each author."""
    found = []
    for author in AUTHORS:
        request = submit(cast, author)
        row = Override(
            workspace=cast.acme, request=request, member=cast.jun, reason="a recall", actor_kind="member"
        )
        row.save()
        found.append((author, Override.objects.select_related("request").get(pk=row.pk)))
    return found


def piece(kind: str) -> Callable[[Any], list[tuple[str, Any]]]:
    """Return how to make a thing of one of the kinds that are approved on their own."""
    return lambda cast: [("ben", KINDS[kind].make(cast, "ben", "A week of free cups"))]


def posts(cast) -> list[tuple[str, Any]]:
    return [(author, make_post(cast, f"by {author}", by=author)) for author in AUTHORS]


def comments(cast) -> list[tuple[str, Any]]:
    found = []
    for author, post in posts(cast):
        row = Comment(workspace=cast.acme, subject_type="calendar_app.post", subject_id=post.pk)
        row.member, row.body, row.actor_kind = getattr(cast, author), "Warmer", "member"
        row.save()
        found.append((author, row))
    return found


def deliveries(cast) -> list[tuple[str, Any]]:
    allow_policy(cast.acme)  # after the requests, which the others of these are about
    plan(cast.acme, [newsroom_of(cast)], "Kopi", by=cast.actor("ben"))
    return [("", Delivery.objects.get())]


def meeting_of(cast) -> Meeting:
    """A meeting of a check-in that Cleo and Ben attend."""
    with as_of(BEFORE):
        return first(make_series(cast, members=("cleo", "ben")))


def updates(cast) -> list[tuple[str, Any]]:
    """What each who attends is to share."""
    meeting, found = meeting_of(cast), []
    for name in ("cleo", "ben"):
        row = Update(workspace=cast.acme, meeting=meeting, member=getattr(cast, name))
        row.save()
        found.append((name, row))
    return found


def actions(cast) -> list[tuple[str, Any]]:
    """What each who attends has promised."""
    meeting, found = meeting_of(cast), []
    for name in ("cleo", "ben"):
        row = Action(workspace=cast.acme, series=meeting.series, meeting=meeting, text="Write to the shops")
        row.member, row.due_on, row.due_at = getattr(cast, name), NINE.date(), NINE
        row.save()
        found.append((name, row))
    return found


THINGS: dict[str, Callable[[Any], list[tuple[str, Any]]]] = {
    "activity.entry": of_workspace,
    "approvals.override": overrides,
    "approvals.request": requests,
    "approvals.workflow": of_workspace,
    "calendar_app.campaign": of_workspace,
    "calendar_app.note": of_workspace,
    "calendar_app.post": posts,
    "calendar_app.slot": of_workspace,
    "checkins.action": actions,
    "checkins.meeting": lambda cast: [("", meeting_of(cast))],
    "checkins.series": of_workspace,
    "checkins.update": updates,
    "comments.comment": comments,
    "files.media": lambda cast: [("ben", make_media(cast))],
    "networks.channel": lambda cast: [("", newsroom_of(cast))],
    "publishing.delivery": deliveries,
    "publishing.hold": of_workspace,
    "teams.absence": of_workspace,
    "teams.backup": of_workspace,
    "teams.duty": of_workspace,
    "teams.guest": of_workspace,
    "teams.member": of_workspace,
    "teams.right": of_workspace,
    "teams.team": of_workspace,
    "teams.workspace": of_workspace,
    **{kind: piece(kind) for kind in KINDS if kind != POST},
}
"""On what each kind of right is tried: a covering right about something else fails until it stands here."""


def test_every_covering_verb_is_tried():
    """The verbs come from the registry; none is left out for want of a thing."""
    assert {name.rpartition(".")[0] for name in COVERING} == set(THINGS)


@pytest.fixture
def tried(acme) -> list[tuple[str, str, Any]]:
    """Every covering verb with every thing that it can be about: (verb, author, thing)."""
    things = {noun: make(acme) for noun, make in THINGS.items()}
    away(acme, "cleo", "farah")
    Absence.objects.update(starts_at=START, ends_at=END)
    return [(name, *thing) for name in COVERING for thing in things[name.rpartition(".")[0]]]


@pytest.mark.parametrize("rights", PAIRS)
def test_the_backup_may_what_the_absent_might_while_he_is_away_and_nothing_else(acme, tried, rights):
    """R1.6: the absent member's rights over his things; nobody on his own post, and nothing after the end."""
    absent_role, backup_role = (Role.objects.get(key=key) for key in PAIRS[rights])
    Membership.objects.filter(pk=acme.cleo.pk).update(role=absent_role)
    Membership.objects.filter(pk=acme.farah.pk).update(role=backup_role)
    with as_of(START - (END - START)):  # both are here: what each may in person
        cleo, farah = actor_of(fresh(acme.cleo)), actor_of(fresh(acme.farah))
        might = [can(cleo, verb, thing) for verb, _author, thing in tried]
        may_already = [can(farah, verb, thing) for verb, _author, thing in tried]
    lent = [
        might[number] and not (verb in JUDGING and author == "farah")
        for number, (verb, author, _thing) in enumerate(tried)
    ]
    assert {verb for number, (verb, _, _) in enumerate(tried) if lent[number]} == verbs_of(absent_role) & set(
        COVERING
    )
    for phase, (instant, is_away) in PHASES.items():
        with as_of(instant):
            farah = actor_of(fresh(acme.farah))
            covers = covered_actors(farah)
            assert [one.on_behalf_of for one in covers] == ([acme.cleo.pk] if is_away else []), phase
            for number, (verb, author, thing) in enumerate(tried):
                for cover in covers:
                    assert can(cover, verb, thing) == lent[number], (phase, verb, author)
                expected = may_already[number] or (is_away and lent[number])
                assert can(farah, verb, thing) == expected, (phase, verb, author)
