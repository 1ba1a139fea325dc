"""What is mailed and when: collected, switched off, quiet hours (issue 4, line 7)."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail

from core.clock import as_of, now
from core.errors import Invalid
from notifications.models import MailRules, Notice, NoticeMail
from notifications.services.mails import dispatch_due
from notifications.services.rules import after_quiet, set_mail_rules
from teams.tenancy import workspace_scope
from tests.approvals.paper import submit

NIGHT = MailRules(quiet_from=time(20), quiet_until=time(8))
NOON = MailRules(quiet_from=time(12), quiet_until=time(13))
ZONE = "Asia/Kuala_Lumpur"


def rules(acme, name, **fields):
    said = {"muted": [], "collect_minutes": 1, "quiet_from": None, "quiet_until": None, **fields}
    return set_mail_rules(by=acme.actor(name), **said)


def to(address: str) -> list:
    return [message for message in mail.outbox if message.to == [address]]


def test_twenty_posts_are_one_mail(acme, tell_all):
    """Line 7: a burst of submissions is one mail, with every one of them in it."""
    requests = [submit(acme, "ben") for _number in range(20)]
    tell_all(acme.acme)
    [message] = to("cleo@acme.test")
    assert message.subject == "20 notices: Your approval is asked for: Paper"
    html = message.alternatives[0][0]
    for request in requests:
        assert f"/w/acme/approvals/{request.pk}/" in message.body
        assert f"/w/acme/approvals/{request.pk}/" in html
    assert NoticeMail.objects.filter(state="sent").count() == 40
    assert dispatch_due() == 0


def test_they_wait_for_more_of_the_like_and_no_longer(acme, tell_all, monkeypatch):
    monkeypatch.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
    rules(acme, "cleo", collect_minutes=15)
    submit(acme, "ben")
    tell_all(acme.acme)
    NoticeMail.objects.update(next_attempt_at=now() + timedelta(minutes=15))
    submit(acme, "ben")
    tell_all(acme.acme)
    waiting = NoticeMail.objects.filter(notice__member=acme.cleo.pk)
    assert waiting.filter(is_collected=True).count() == 2
    waiting.update(next_attempt_at=now() + timedelta(minutes=1))
    first = waiting.order_by("pk").first()
    NoticeMail.objects.filter(pk=first.pk).update(next_attempt_at=now() - timedelta(seconds=1))
    dispatch_due()
    [message] = to("cleo@acme.test")
    assert message.subject.startswith("2 notices:")


def test_the_window_is_a_minute_unless_one_chooses_another(acme):
    rules(acme, "ana", collect_minutes=60)
    before = now()
    submit(acme, "ben")
    tell_all_at_their_time(acme)
    due = dict(NoticeMail.objects.values_list("notice__member", "next_attempt_at"))
    assert timedelta(minutes=1) <= due[acme.cleo.pk] - before < timedelta(minutes=2)
    assert timedelta(minutes=60) <= due[acme.ana.pk] - before < timedelta(minutes=61)


def test_what_the_reader_has_seen_meanwhile_is_left_out(acme, tell_all, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
        for _number in range(3):
            submit(acme, "ben")
        tell_all(acme.acme)
    mine = Notice.objects.filter(member=acme.cleo.pk).order_by("pk")
    Notice.objects.filter(pk__in=[row.pk for row in mine[:2]]).update(read_at=now())
    tell_all(acme.acme)
    [message] = to("cleo@acme.test")
    assert message.subject == "Your approval is asked for: Paper"
    assert NoticeMail.objects.filter(notice__member=acme.cleo.pk, state="dropped").count() == 2


def test_a_kind_that_is_switched_off_stays_in_the_product_only(acme, tell_all):
    rules(acme, "cleo", muted=["approvals.submitted"])
    submit(acme, "ben")
    tell_all(acme.acme)
    assert to("cleo@acme.test") == []
    assert len(to("ana@acme.test")) == 1
    assert Notice.objects.filter(member=acme.cleo.pk).count() == 1


@pytest.mark.parametrize(
    ("row", "at", "end"),
    [
        (NIGHT, (2026, 11, 27, 13), (2026, 11, 28, 0)),  # nine in the evening in Kuala Lumpur: until eight
        (NIGHT, (2026, 11, 27, 23), (2026, 11, 28, 0)),  # seven in the morning
        (NIGHT, (2026, 11, 27, 4), (2026, 11, 27, 4)),  # noon
        (NOON, (2026, 11, 27, 4, 30), (2026, 11, 27, 5)),
        (MailRules(), (2026, 11, 27, 4), (2026, 11, 27, 4)),
    ],
)
def test_quiet_hours_end_by_the_clock_of_whoever_keeps_them(row, at, end):
    assert after_quiet(row, datetime(*at, tzinfo=UTC), ZONE) == datetime(*end, tzinfo=UTC)


def test_in_quiet_hours_mails_wait_but_not_urgent_ones(acme, tell_all, monkeypatch):
    from approvals.models import Rung
    from approvals.services.climbing import climb_due

    monkeypatch.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
    rules(acme, "cleo", collect_minutes=0, quiet_from=time(0), quiet_until=time(23, 59))
    with as_of(now().replace(hour=4, minute=0)):
        request = submit(acme, "ben")
        tell_all_at_their_time(acme)
        kept = NoticeMail.objects.get(notice__member=acme.cleo.pk)
        assert kept.next_attempt_at > now() + timedelta(hours=1)
        Rung(
            workspace_id=acme.acme.pk,
            request_step=request.steps.get(),
            kind="backup",
            due_at=now() - timedelta(hours=1),
        ).save()
        Rung.objects.exclude(kind="backup").delete()
    climb_due()
    with as_of(now().replace(hour=4, minute=0)):
        tell_all_at_their_time(acme)
        urgent = NoticeMail.objects.get(notice__member=acme.cleo.pk, notice__type="approvals.slot")
        assert urgent.next_attempt_at <= now()


def tell_all_at_their_time(acme) -> None:
    """Tell every subscriber, and leave the mails to their times."""
    from activity.models import Delivery
    from activity.services import outbox

    for pk in list(Delivery.objects.filter(state="pending").values_list("pk", flat=True)):
        outbox.deliver(workspace_id=acme.acme.pk, delivery_id=pk)


def test_rules_that_make_no_sense_are_refused(acme):
    for fields in ({"collect_minutes": 7}, {"quiet_from": time(8)}, {"muted": ["nothing.like_it"]}):
        with pytest.raises(Invalid):
            rules(acme, "cleo", **fields)
    assert not MailRules.objects.exists()


def test_everybody_sets_own_rules_on_a_page(cast, client_as):
    client = client_as(cast.cleo)
    page = client.get("/w/acme/notices/mail/").content.decode()
    assert "Asked to approve" in page
    form = {
        "mailed": ["comments.mentioned"],
        "collect_minutes": "15",
        "quiet_from": "20:00",
        "quiet_until": "08:00",
    }
    assert client.post("/w/acme/notices/mail/", form).status_code == 302
    with workspace_scope(cast.acme.pk):
        row = MailRules.objects.get()
    assert (row.member_id, row.collect_minutes, row.quiet_from) == (cast.cleo.pk, 15, time(20))
    assert "approvals.submitted" in row.muted
    assert "comments.mentioned" not in row.muted
    half = client.post("/w/acme/notices/mail/", {**form, "quiet_until": ""})
    assert half.status_code == 422
    assert "Give both times, or neither." in half.content.decode()
