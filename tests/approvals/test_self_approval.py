"""Nobody decides on what is his own: not by role, alone, by token, under cover, or by a second account (R1.6)."""

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, connection, transaction

from approvals.models import Decision
from approvals.permissions import names_who_may
from approvals.selectors import count_waiting, request_of, waiting_for
from approvals.services.decisions import decide
from approvals.services.requests import withdraw_request
from approvals.services.workflows import StepInput
from approvals.states import Verdict
from core.errors import Ambiguous, NotAllowed
from teams.permissions import actor_of
from teams.services.keys import create_token, token_actor
from teams.services.members import end_membership
from teams.states import RoleKey
from tests.approvals.paper import away, role, submit, workflow_of
from tests.factories.people import make_member, make_user


def say(request, actor, verdict=Verdict.APPROVE, **fields):
    return decide(
        request=request, verdict=verdict, revision_id=request.revision_id, note="Why.", by=actor, **fields
    )


@pytest.mark.parametrize("verdict", list(Verdict))
def test_an_approver_does_not_decide_on_own_work(acme, verdict):
    request = submit(acme, "cleo")
    with pytest.raises(NotAllowed) as refused:
        say(request, acme.actor("cleo"), verdict)
    assert refused.value.ask == ("Ana Rahman",)
    assert "somebody else" in refused.value.message
    assert Decision.objects.count() == 0
    say(request, acme.actor("ana"), verdict)


def test_the_only_approver_does_not_decide_on_own_work(acme):
    workflow = workflow_of(acme, StepInput("Brand", members=[acme.cleo]))
    request = submit(acme, "cleo", workflow=workflow)
    with pytest.raises(NotAllowed) as refused:
        say(request, acme.actor("cleo"))
    assert refused.value.ask == ()
    assert request_of(request.ref).is_open
    withdraw_request(request=request, by=acme.actor("cleo"))


def test_the_only_approver_by_role_does_not_decide_on_own_work(acme):
    workflow = workflow_of(acme, StepInput("Brand", roles=[role("lead")]))
    request = submit(acme, "cleo", workflow=workflow)
    with pytest.raises(NotAllowed):
        say(request, acme.actor("cleo"))


def test_the_owner_alone_in_a_workspace_does_not_decide_on_own_work(acme):
    for name in ("cleo",):
        end_membership(member=getattr(acme, name), by=acme.actor("ana"))
    request = submit(acme, "ana")
    with pytest.raises(NotAllowed):
        say(request, acme.actor("ana"))
    assert names_who_may(request_of(request.ref)) == ()


def test_whoever_cut_a_revision_or_submitted_it_is_an_author(acme):
    request = submit(acme, "ben", authors=["ben", "cleo"])
    with pytest.raises(NotAllowed):
        say(request, acme.actor("cleo"))
    submitted = submit(acme, "cleo", authors=["ben"])
    with pytest.raises(NotAllowed):
        say(submitted, acme.actor("cleo"))


def test_a_token_of_the_author_does_not_decide(acme):
    key, _secret = create_token(member=acme.cleo, purpose="script", by=acme.actor("cleo"))
    request = submit(acme, "cleo")
    _member, actor = token_actor(key)
    with pytest.raises(NotAllowed) as refused:
        say(request, actor)
    assert refused.value.ask == ("Ana Rahman",)
    other = submit(acme, "ben")
    assert say(other, actor).actor_kind == "token"


def test_a_cover_does_not_open_own_work(acme):
    """Ana covers Cleo, the approver of Ana's own post."""
    away(acme, "cleo", "ana")
    workflow = workflow_of(acme, StepInput("Brand", members=[acme.cleo]))
    request = submit(acme, "ana", workflow=workflow)
    for fields in ({}, {"for_": acme.cleo.pk}, {"for_": acme.ana.pk}):
        with pytest.raises(NotAllowed) as refused:
            say(request, acme.actor("ana"), **fields)
        assert "somebody else" in refused.value.message or "neither of you" in refused.value.message
    assert Decision.objects.count() == 0
    assert waiting_for(acme.actor("ana")) == []
    assert count_waiting(acme.actor("ana")) == 0


def test_a_cover_does_not_open_the_work_of_the_absent_member(acme):
    """Ben, who approves nothing himself, covers Cleo; the post is Cleo's."""
    away(acme, "cleo", "ben")
    request = submit(acme, "cleo")
    with pytest.raises(NotAllowed) as refused:
        say(request, acme.actor("ben"), for_=acme.cleo.pk)
    assert refused.value.ask == ("Ana Rahman",)


def test_with_the_only_other_approver_away_only_a_third_may(acme):
    """Cleo and Jun approve; Jun is away, Cleo backs him and the post is Cleo's: nobody but a third may."""
    away(acme, "jun", "cleo")
    workflow = workflow_of(acme, StepInput("Brand", members=[acme.cleo, acme.jun]))
    request = submit(acme, "cleo", workflow=workflow)
    for fields in ({}, {"for_": acme.jun.pk}):
        with pytest.raises(NotAllowed):
            say(request, acme.actor("cleo"), **fields)
    with pytest.raises(NotAllowed):
        say(request, acme.actor("ana"))
    assert names_who_may(request_of(request.ref)) == ("Jun Wong",)


def test_a_cover_decides_for_the_absent_and_both_names_are_kept(acme):
    away(acme, "cleo", "ben")
    workflow = workflow_of(acme, StepInput("Brand", members=[acme.cleo]))
    request = submit(acme, "jun", workflow=workflow)
    (waiting,) = waiting_for(acme.actor("ben"))
    assert (waiting.covered, waiting.is_mine) == (["Cleo Marchetti"], False)
    decision = say(request, acme.actor("ben"))
    assert (decision.member_id, decision.on_behalf_of_id) == (acme.ben.pk, acme.cleo.pk)
    from activity.models import Entry

    entry = Entry.objects.get(verb="approvals.request.approved")
    assert (entry.member_id, entry.on_behalf_of) == (acme.ben.pk, acme.cleo.pk)


def test_where_both_roles_fit_the_decider_says_which(acme):
    away(acme, "cleo", "ana")
    request = submit(acme, "ben")
    with pytest.raises(Ambiguous) as ambiguous:
        say(request, acme.actor("ana"))
    assert [choice["name"] for choice in ambiguous.value.choices] == ["Ana Rahman", "Cleo Marchetti"]
    decision = say(request, acme.actor("ana"), for_=acme.cleo.pk)
    assert decision.on_behalf_of_id == acme.cleo.pk


def test_one_person_under_cover_is_one_voice(acme):
    """Four eyes: Ana does not fill her own seat and Cleo's."""
    away(acme, "cleo", "ana")
    step = StepInput("Board", members=[acme.ana, acme.cleo, acme.jun], rule="n", needed=2)
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    say(request, acme.actor("ana"), for_=acme.ana.pk)
    with pytest.raises(NotAllowed):
        say(request, acme.actor("ana"), for_=acme.cleo.pk)
    assert request_of(request.ref).is_open
    say(request, acme.actor("jun"))
    assert request_of(request.ref).state == "approved"


def _second_account(acme, email: str, verified: bool = True):
    user = make_user("Cleo Privately", "cleo.private@mail.test")
    EmailAddress.objects.filter(email=email).delete()  # the log-in address stays, and is enough
    EmailAddress.objects.create(user=user, email=email, verified=verified)
    return make_member(acme.acme, user, RoleKey.LEAD)


@pytest.mark.parametrize("email", ["cleo@acme.test", "Cleo@ACME.test"])
def test_a_second_account_with_the_same_verified_address_does_not_decide(acme, email):
    twin = _second_account(acme, email)
    request = submit(acme, "cleo")
    with pytest.raises(NotAllowed) as refused:
        say(request, actor_of(twin))
    assert refused.value.ask == ("Ana Rahman",)
    assert twin.pk not in [row.pk for row in _eligible(request)]


def test_a_shared_further_address_makes_two_accounts_one_person(acme):
    user = make_user("Second", "both@mail.test")
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=acme.cleo.user, email="both@mail.test", verified=True)
    twin = make_member(acme.acme, user, RoleKey.LEAD)
    with pytest.raises(NotAllowed):
        say(submit(acme, "cleo"), actor_of(twin))
    own = submit(acme, "ben", authors=["ben"])
    say(own, actor_of(twin))


@pytest.mark.parametrize(("email", "verified"), [("cleo@acme.test", False), ("cleo+x@acme.test", True)])
def test_an_unproven_or_a_different_address_is_another_person(acme, email, verified):
    other = _second_account(acme, email, verified)
    assert say(submit(acme, "cleo"), actor_of(other)).member_id == other.pk


def test_an_address_that_the_author_merely_claims_bars_nobody(acme):
    EmailAddress.objects.create(user=acme.cleo.user, email="ana@acme.test", verified=False)
    assert say(submit(acme, "cleo"), acme.actor("ana")).member_id == acme.ana.pk


def test_two_accounts_of_one_person_are_one_voice(acme):
    twin = _second_account(acme, "cleo@acme.test")
    step = StepInput("Board", roles=[role("lead"), role("owner")], rule="n", needed=2)
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    say(request, acme.actor("cleo"))
    with pytest.raises(NotAllowed):
        say(request, actor_of(twin))


def test_the_database_refuses_a_decision_of_an_author(acme):
    request = submit(acme, "cleo")
    step = request.steps.get()
    decision = Decision(
        workspace_id=acme.acme.pk,
        request=request,
        request_step=step,
        verdict=Verdict.APPROVE,
        revision_id=request.revision_id,
        content_hash=request.content_hash,
        actor_kind="member",
        member=acme.cleo,
    )
    with pytest.raises(DatabaseError, match="an author does not decide"), transaction.atomic():
        decision.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM approvals_decision")
        assert cursor.fetchone() == (0,)


def _eligible(request):
    from approvals.permissions import eligible, open_step

    found = request_of(request.ref)
    return eligible(found, open_step(found))
