"""Leavers: what they held is listed and handed over before the end; nothing is orphaned (R1.3, R1.5)."""

import pytest

from approvals.models import Request, RequestApprover, StepApprover
from approvals.services.decisions import decide
from approvals.services.workflows import StepInput, create_workflow
from calendar_app.models import Campaign, Post
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.reviews import submit_post
from core.clock import now
from core.ids import uuid7
from core.refs import Ref
from teams.holdings import StillHeld, holdings_of
from teams.models import Backup, Duty, Membership, Moderator
from teams.scopes import CHANNEL
from teams.services.backups import set_backups
from teams.services.duties import backups_of_duty, create_duty, name_moderator, starter_kind
from teams.services.members import end_membership
from teams.states import MemberStatus, StarterKind
from tests.factories.posts import make_post, newsroom_of

BASE = "/w/acme/"


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


@pytest.fixture
def jun_holds(acme):
    """Jun owns a duty, moderates, backs Ben alone, has a campaign, a draft, and a seat in a running approval."""
    by = acme.actor("ana")
    duty = create_duty(
        kind=starter_kind(StarterKind.SERVICE, acme.acme.pk),
        owner=fresh(acme.jun),
        backups=[fresh(acme.farah)],
        by=by,
    )
    channel = newsroom_of(acme)
    name_moderator(channel_id=channel.pk, member=fresh(acme.jun), by=by)
    set_backups(member=fresh(acme.ben), backups=[fresh(acme.jun)], by=by)
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.farah)], by=by)
    today = now().date()
    campaign = create_campaign(
        workspace=acme.acme, name="Raya", starts_on=today, ends_on=today, owner=acme.jun.pk, by=by
    )
    draft = make_post(acme, "Jun's draft", by="jun")
    flow = create_workflow(
        name="By Jun", steps=[StepInput(name="Look", members=[fresh(acme.jun)], rule="all")], by=by
    )
    asked = make_post(acme, "Ben's post", by="ben")
    submit_post(post=asked, workflow=flow, by=acme.actor("ben"))
    return {
        "duty": duty,
        "channel": channel,
        "campaign": campaign,
        "draft": draft,
        "flow": flow,
        "asked": asked,
    }


def lines(cast, name: str) -> dict[str, str]:
    return {line.key: line.group for _app, line in holdings_of(cast.actor("ana"), fresh(getattr(cast, name)))}


def test_everything_is_listed(acme, jun_holds):
    found = lines(acme, "jun")
    assert sorted(found.values()) == [
        "Approval that waits",
        "Approver",
        "Backup",
        "Campaign",
        "Duty",
        "Moderator",
        "Post",
    ]
    assert f"teams.duty:{jun_holds['duty'].pk}" in found


def test_the_first_backup_is_proposed_for_each(acme, jun_holds):
    heirs = {line.group: line.heir_id for _app, line in holdings_of(acme.actor("ana"), fresh(acme.jun))}
    assert set(heirs.values()) == {acme.farah.pk}


def test_nobody_leaves_while_something_is_left(acme, jun_holds):
    heirs = dict.fromkeys(lines(acme, "jun"), fresh(acme.cleo))
    missing = f"post:{jun_holds['draft'].pk}"
    del heirs[missing]
    with pytest.raises(StillHeld) as refused:
        end_membership(member=fresh(acme.jun), heirs=heirs, by=acme.actor("ana"))
    assert [choice["key"] for choice in refused.value.choices] == [missing]
    assert fresh(acme.jun).is_active
    assert Duty.objects.get(pk=jun_holds["duty"].pk).owner_id == acme.jun.pk


def test_each_line_goes_to_whom_was_chosen_in_the_same_transaction(acme, jun_holds):
    heirs = dict.fromkeys(lines(acme, "jun"), fresh(acme.cleo))
    heirs[f"teams.duty:{jun_holds['duty'].pk}"] = fresh(acme.farah)
    end_membership(member=fresh(acme.jun), heirs=heirs, by=acme.actor("ana"))
    duty = Duty.objects.get(pk=jun_holds["duty"].pk)
    assert (duty.owner_id, backups_of_duty(duty)) == (acme.farah.pk, [])
    assert Moderator.objects.get(channel_id=jun_holds["channel"].pk).member_id == acme.cleo.pk
    assert [row.backup_id for row in Backup.objects.filter(member=acme.ben)] == [acme.cleo.pk]
    assert Campaign.objects.get(pk=jun_holds["campaign"].pk).owner_id == acme.cleo.pk
    assert Post.objects.get(pk=jun_holds["draft"].pk).author_id == acme.cleo.pk
    assert StepApprover.objects.get(step__workflow=jun_holds["flow"]).member_id == acme.cleo.pk
    request = Request.objects.get(subject_id=jun_holds["asked"].pk)
    seats = RequestApprover.objects.filter(request_step__request=request).order_by("pk")
    assert [seat.member_id for seat in seats] == [acme.jun.pk, acme.cleo.pk]
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("cleo"))
    assert Post.objects.get(pk=jun_holds["asked"].pk).state == "approved"
    assert lines(acme, "jun") == {}
    assert not Backup.objects.filter(member=acme.jun).exists()
    assert fresh(acme.jun).status == MemberStatus.ENDED


def test_an_author_does_not_inherit_the_approval_of_his_own_post(acme, jun_holds):
    heirs = dict.fromkeys(lines(acme, "jun"), fresh(acme.ben))
    with pytest.raises(StillHeld) as refused:
        end_membership(member=fresh(acme.jun), heirs=heirs, by=acme.actor("ana"))
    groups = sorted(choice["group"] for choice in refused.value.choices)
    assert groups == ["Approval that waits", "Backup"]


def test_an_author_chooses_nobody_to_decide_on_his_own_post(acme, jun_holds):
    """Ana wrote it and ends the membership of its only approver: the seat lapses, and she names no other."""
    post = make_post(acme, "Ana's post", by="ana")
    submit_post(post=post, workflow=jun_holds["flow"], by=acme.actor("ana"))
    found = {line.title: line for _app, line in holdings_of(acme.actor("ana"), fresh(acme.jun))}
    assert (found["Ana's post"].may_lapse, found["Ana's post"].heir_id) == (True, None)
    assert acme.cleo.pk in found["Ana's post"].barred
    assert acme.cleo.pk not in found["Ben's post"].barred
    heirs = dict.fromkeys(lines(acme, "jun"), fresh(acme.cleo))
    with pytest.raises(StillHeld):
        end_membership(member=fresh(acme.jun), heirs=heirs, by=acme.actor("ana"))


@pytest.mark.parametrize("heir", ["jun", "eve"])
def test_neither_the_leaver_nor_a_stranger_inherits(acme, jun_holds, heir):
    with pytest.raises(StillHeld):
        end_membership(
            member=fresh(acme.jun),
            heirs=dict.fromkeys(
                lines(acme, "jun"), getattr(acme, heir) if heir == "eve" else fresh(acme.jun)
            ),
            by=acme.actor("ana"),
        )


def test_a_place_as_backup_may_lapse_where_others_are_left(acme):
    set_backups(member=fresh(acme.ben), backups=[fresh(acme.jun), fresh(acme.cleo)], by=acme.actor("ana"))
    end_membership(member=fresh(acme.jun), by=acme.actor("ana"))
    assert [row.backup_id for row in Backup.objects.filter(member=acme.ben)] == [acme.cleo.pk]


def test_a_list_for_one_channel_is_handed_over_with_its_place(acme):
    scope = Ref(CHANNEL, newsroom_of(acme).pk)
    set_backups(member=fresh(acme.ben), backups=[fresh(acme.jun)], scope=scope, by=acme.actor("ana"))
    (key,) = lines(acme, "jun")
    end_membership(member=fresh(acme.jun), heirs={key: fresh(acme.cleo)}, by=acme.actor("ana"))
    row = Backup.objects.get(member=acme.ben)
    assert (row.backup_id, row.scope) == (acme.cleo.pk, scope)


# Page and API


def test_the_page_lists_proposes_and_hands_over(acme, jun_holds, client_as):
    client = client_as(acme.ana)
    address = f"{BASE}members/{acme.jun.pk}/ending/"
    page = client.get(address).content.decode()
    titles = ("Raya", "Ben&#x27;s post", "Customer service", "Jun&#x27;s draft", "Moderator")
    assert [title for title in titles if title not in page] == []
    answers = dict.fromkeys(lines(acme, "jun"), acme.cleo.pk)
    answers.pop(f"post:{jun_holds['draft'].pk}")
    refused = client.post(address, answers)
    assert refused.status_code == 422
    assert fresh(acme.jun).is_active
    client.post(address, {**answers, f"post:{jun_holds['draft'].pk}": acme.farah.pk})
    assert not fresh(acme.jun).is_active
    assert Post.objects.get(pk=jun_holds["draft"].pk).author_id == acme.farah.pk


def test_the_api_refuses_with_the_list_and_ends_with_heirs(acme, jun_holds, api_as):
    api = api_as(acme.ana)
    address = f"/api/v1/w/acme/members/{acme.jun.pk}/"
    refused = api.delete(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "still_held")
    listed = api.get(address + "leaving/").json()["results"]
    assert {row["key"] for row in listed} == {row["key"] for row in refused.json()["choices"]}
    heirs = {row["key"]: str(acme.cleo.pk) for row in listed}
    unknown = api.post(address + "leaving/", {"heirs": {**heirs, listed[0]["key"]: str(uuid7())}})
    assert unknown.status_code == 409
    done = api.post(address + "leaving/", {"heirs": heirs})
    assert (done.status_code, done.json()["status"]) == (200, "ended")
