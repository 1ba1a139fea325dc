"""Posting by hand: at its time a person gets everything, posts, and gives the link; no machine ever says it is live."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from activity.models import Entry
from core.clock import now
from core.errors import Invalid, NotAllowed
from networks.adapters import adapters
from networks.models import Channel
from networks.protocol import Draft, Finding, OutcomeKind
from networks.services.channels import connect_channel
from notifications.models import Notice
from publishing import ledger
from publishing.models import Attempt, Delivery
from publishing.receivers import HAND_VERBS, post_by_hand
from publishing.selectors import hand_work
from publishing.services.delivering import deliver
from publishing.services.holds import end_hold, start_hold
from publishing.services.reminding import remind_due
from publishing.services.resolving import resolve_delivery, send_again
from publishing.services.settling import settle_unknown
from publishing.timing import clock
from teams.models import Duty, DutyKind, DutyScope
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.states import AbsenceKind
from tests.factories.deliveries import delivery_of, plan

PAGE = "https://red.test/acme"
LINK = "https://red.test/acme/42"
GIVEN = {"account": "Acme on Red", "page": PAGE, "text_max": "1000"}


def connect(team, **given: str) -> Channel:
    return connect_channel(
        workspace=team.acme, kind="by-hand", name="Red", credentials={**GIVEN, **given}, by=team.actor("ana")
    )


@pytest.fixture
def channel(team) -> Channel:
    return connect(team)


def duty(team, channel: Channel, owner) -> Duty:
    kind = DutyKind.objects.first() or DutyKind.objects.create(workspace=team.acme, name="Community")
    row = Duty(workspace=team.acme, kind=kind, owner=owner)
    row.save()
    DutyScope(workspace=team.acme, duty=row, type="networks.channel", key=str(channel.pk)).save()
    return row


def carry() -> None:
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)


def tell_all() -> None:
    for entry in Entry.objects.filter(verb__in=HAND_VERBS).order_by("pk"):
        post_by_hand(entry)


def told(step: str) -> set[object]:
    tell_all()
    rows = Notice.objects.filter(type="publishing.by_hand", facts__step=step)
    return set(rows.values_list("member_id", flat=True))


def due(team, channel: Channel, text: str = "Kopi susu") -> Delivery:
    post = plan(team.acme, [channel], text, payload={"text": text, "language": "en", "media": []})
    carry()
    return delivery_of(post)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"page": "http://red.test/"}, "page"),
        ({"page": "javascript:alert(1)"}, "page"),
        ({"page": "https://"}, "page"),
        ({"page": f"https://red.test/{'a' * 500}"}, "page"),
        ({"text_max": "0"}, "text_max"),
        ({"text_max": "many"}, "text_max"),
        ({"text_max": "100001"}, "text_max"),
        ({"account": ""}, "account"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(team, given, field):
    with pytest.raises(Invalid) as refusal:
        connect(team, **given)
    assert set(refusal.value.fields) == {f"credentials.{field}"}
    assert not Channel.objects.filter(kind="by-hand").exists()


def test_a_channel_by_hand_keeps_no_secret_and_is_of_its_own_class(channel):
    assert (channel.capability, channel.handle, channel.facts) == ("H", "Acme on Red", {"page": PAGE})
    assert (channel.limits["text_max"], channel.secrets.count()) == (1000, 0)
    adapter = adapters.get("by-hand")
    rendered = adapter.render(Draft("x" * 1001), channel.limits, channel.facts)
    assert [problem.code for problem in rendered.problems] == ["text_too_long"]
    assert adapter.publish(None, {}, {}, remote_key="", idem_key="").kind == OutcomeKind.NOT_SENT
    assert adapter.reconcile(None, {}, {}, remote_key="", idem_key="").finding == Finding.UNDECIDED


def test_at_its_time_it_waits_for_a_person_without_any_call(team, channel):
    row = due(team, channel)

    assert (row.state, row.reason, row.call_no) == ("needs_attention", "by_hand", 0)
    assert not Attempt.objects.exists()
    work = hand_work(row)
    assert (work.text, work.files, work.page) == ("Kopi susu", [], PAGE)


def test_before_its_time_and_during_a_pause_nobody_is_asked(team, channel):
    later = plan(team.acme, [channel], "Later", at=now() + timedelta(hours=1))
    start_hold(workspace=team.acme, text="", by=team.actor("ben"), channel=channel)
    paused = due(team, channel)
    assert (delivery_of(later).state, paused.state, paused.held_for) == ("scheduled", "scheduled", "pause")
    end_hold(workspace=team.acme, by=team.actor("cleo"), channel=channel)
    carry()
    assert delivery_of(paused.post).reason == "by_hand"


def test_the_person_confirms_with_the_link_and_the_ledger_records_who(team, channel):
    row = due(team, channel)
    with pytest.raises(Invalid) as refusal:
        resolve_delivery(delivery=row, live=True, by=team.actor("ben"))
    assert set(refusal.value.fields) == {"remote_url"}

    resolve_delivery(delivery=row, live=True, remote_url=LINK, by=team.actor("ben"))

    row.refresh_from_db()
    assert (row.state, row.remote_url, row.reason) == ("published", LINK, "confirmed_live")
    assert Entry.objects.get(verb="publishing.delivery.confirmed_live").member_id == team.ben.pk


def test_who_may_not_publish_there_does_not_confirm(team, channel):
    row = due(team, channel)
    with pytest.raises(NotAllowed):
        resolve_delivery(delivery=row, live=True, remote_url=LINK, by=team.actor("farah"))


@pytest.mark.parametrize(
    ("state", "values"),
    [
        ("sending", {"settle_until": clock(), "lease_until": clock()}),
        ("published", {"published_at": clock(), "reason": ""}),
    ],
)
def test_the_database_lets_no_machine_send_it_or_say_that_it_is_live(team, channel, state, values):
    row = due(team, channel)
    with pytest.raises(DatabaseError, match="only a person posts this"), transaction.atomic():
        Delivery.objects.filter(pk=row.pk).update(state=state, lease_token=row.pk, **values)


def test_after_an_outage_people_are_asked_and_nothing_is_sent(team, channel):
    post = plan(team.acme, [channel], "Kopi")
    Delivery.objects.update(state="unknown", reason="outage", settle_until=clock(-1))
    (claim,) = ledger.claim_unsettled()
    settle_unknown(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
    assert (delivery_of(post).state, delivery_of(post).reason) == ("needs_attention", "outage")


def test_what_will_not_be_posted_is_noted_and_may_be_asked_for_again(team, channel):
    row = due(team, channel)
    resolve_delivery(delivery=row, live=False, by=team.actor("ben"))
    assert delivery_of(row.post).state == "failed"
    send_again(delivery=delivery_of(row.post), by=team.actor("ben"))
    carry()
    assert (delivery_of(row.post).state, delivery_of(row.post).reason) == ("needs_attention", "by_hand")


def test_whoever_has_the_channel_is_told_with_his_backup(team, channel):
    duty(team, channel, team.ben)
    set_backups(member=team.ben, backups=[team.jun], by=team.actor("ana"))
    due(team, channel)
    assert told("needs_attention") == {team.ben.pk, team.jun.pk}


def test_who_is_away_is_told_through_who_acts_for_him(team, channel):
    duty(team, channel, team.ben)
    set_backups(member=team.ben, backups=[team.cleo], by=team.actor("ana"))
    record_absence(
        member=team.ben,
        kind=AbsenceKind.SICK,
        starts_at=now() - timedelta(hours=1),
        ends_at=None,
        by=team.actor("ana"),
    )
    due(team, channel)
    assert told("needs_attention") == {team.ben.pk, team.cleo.pk}


def test_unconfirmed_it_is_asked_again_once_and_then_the_leads_are_told_once(team, channel):
    duty(team, channel, team.ben)
    row = due(team, channel)
    assert remind_due() == 0

    Delivery.objects.update(run_at=clock(-31 * 60))
    assert (remind_due(), remind_due()) == (1, 0)
    assert (told("hand_reminded"), told("hand_escalated")) == ({team.ben.pk}, set())

    Delivery.objects.update(run_at=clock(-121 * 60))
    assert (remind_due(), remind_due()) == (1, 0)
    assert told("hand_escalated") == {team.ana.pk, team.cleo.pk}

    resolve_delivery(delivery=delivery_of(row.post), live=True, remote_url=LINK, by=team.actor("ben"))
    assert remind_due() == 0


def test_what_is_confirmed_in_time_reminds_nobody(team, channel):
    duty(team, channel, team.ben)
    row = due(team, channel)
    resolve_delivery(delivery=row, live=True, remote_url=LINK, by=team.actor("ben"))
    Delivery.objects.update(run_at=clock(-7200))
    assert (remind_due(), told("hand_reminded"), told("needs_attention")) == (0, set(), set())


def test_the_page_gives_everything_and_takes_the_link(team, channel, client):
    row = due(team, channel)
    client.force_login(team.ben.user)
    address = reverse("publishing:by_hand", args=["acme", row.pk])
    page = client.get(address).content.decode()
    assert all(words in page for words in ("Kopi susu", PAGE, "Copy the text", "Open Acme on Red"))
    assert address in client.get(reverse("calendar_app:post", args=["acme", row.post_id])).content.decode()
    assert address in client.get(reverse("home:work", args=["acme"])).content.decode()

    wrong = client.post(address, {"remote_url": "javascript:alert(1)"})
    assert (wrong.status_code, delivery_of(row.post).state) == (422, "needs_attention")
    assert "javascript:alert(1)" in wrong.content.decode()
    assert client.post(address, {"remote_url": LINK}).status_code == 302
    assert (delivery_of(row.post).state, delivery_of(row.post).remote_url) == ("published", LINK)
    assert LINK in client.get(address).content.decode()
    again = client.post(address, {"remote_url": "https://red.test/other"})
    assert (again.status_code, delivery_of(row.post).remote_url) == (409, LINK)


def test_who_may_only_look_sees_no_form(team, channel, client):
    row = due(team, channel)
    client.force_login(team.farah.user)
    address = reverse("publishing:by_hand", args=["acme", row.pk])
    assert "It is live" not in client.get(address).content.decode()
    assert client.post(address, {"remote_url": LINK}).status_code == 403
    assert delivery_of(row.post).state == "needs_attention"


def test_each_notice_opens_the_page_and_says_what_to_do(team, channel, client):
    duty(team, channel, team.ben)
    row = due(team, channel)
    tell_all()
    client.force_login(team.ben.user)
    page = client.get(reverse("notifications:list", args=["acme"])).content.decode()
    assert "Post it now on Red" in page
    notice = Notice.objects.get(type="publishing.by_hand", member=team.ben)
    opened = client.get(reverse("notifications:notice", args=["acme", notice.pk]))
    assert opened["Location"] == reverse("publishing:by_hand", args=["acme", row.pk])
