"""Mails of notices: each once, in the reader's language, threaded by subject, tried again when refused."""

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.core import mail
from django.db import connection

from core import jobs
from core import mail as mail_transport
from core.clock import now
from notifications.models import MailRules, Notice, NoticeMail
from notifications.services import mails
from notifications.services.mails import MOST_ATTEMPTS, dispatch_due
from teams.tenancy import workspace_scope
from tests.approvals.paper import submit


def _make_due() -> None:
    NoticeMail.objects.filter(state="pending").update(next_attempt_at=now() - timedelta(seconds=1))


def _at_once(number: int, body: Callable[[], object]) -> None:
    """Run a body in threads that start together, on connections of their own."""
    gate = threading.Barrier(number)

    def run() -> None:
        try:
            gate.wait(timeout=20)
            body()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)


def _refuse(**_fields) -> None:
    raise ConnectionError("the mail server is away")


def test_plain_and_html_in_the_readers_language_and_threaded(acme, tell_all):
    acme.cleo.user.language = "ms"
    acme.cleo.user.save()
    request = submit(acme, "ben")
    tell_all(acme.acme)
    by_address = {message.to[0]: message for message in mail.outbox}
    malay, english = by_address["cleo@acme.test"], by_address["ana@acme.test"]
    html, kind = malay.alternatives[0]
    assert (kind, '<html lang="ms">' in html) == ("text/html", True)
    assert '<html lang="en">' in english.alternatives[0][0]
    assert english.subject == "Your approval is asked for: Paper"
    thread = f"<tests.paper.{request.subject_id}@localhost>"
    for message in (malay, english):
        assert message.extra_headers["References"] == message.extra_headers["In-Reply-To"] == thread
        assert f"/w/acme/approvals/{request.pk}/" in message.body
    assert malay.extra_headers["Message-ID"] != english.extra_headers["Message-ID"]


def test_a_text_of_somebody_else_is_not_markup(acme, tell_all):
    from tests.approvals.paper import Paper

    paper = Paper()
    from approvals.paths import SubmissionFacts
    from approvals.services.requests import submit_request

    submit_request(
        subject=paper.ref,
        revision_id=paper.revision_id,
        revision_number=1,
        content_hash="a" * 64,
        author_ids=[acme.ben.pk],
        facts=SubmissionFacts(),
        note="<img src=x onerror=alert(1)>",
        by=acme.actor("ben"),
    )
    tell_all(acme.acme)
    html = mail.outbox[0].alternatives[0][0]
    assert "<img" not in html
    assert "&lt;img" in html


def test_three_sweepers_at_once_send_each_mail_once(live_cast, tell_all, monkeypatch):
    with workspace_scope(live_cast.acme.pk):
        for name in ("ana", "cleo"):
            MailRules(workspace=live_cast.acme, member=getattr(live_cast, name), collect_minutes=0).save()
        for _number in range(5):
            submit(live_cast, "ben")
    monkeypatch.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
    tell_all(live_cast.acme)
    assert mail.outbox == []
    _at_once(3, dispatch_due)
    assert len(mail.outbox) == len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 10
    with workspace_scope(live_cast.acme.pk):
        assert NoticeMail.objects.filter(state="sent").count() == 10
        assert Notice.objects.filter(mailed_at=None).count() == 0
    assert dispatch_due() == 0


def test_three_sweepers_at_once_send_what_is_collected_as_one_mail(live_cast, tell_all, monkeypatch):
    with workspace_scope(live_cast.acme.pk):
        for _number in range(5):
            submit(live_cast, "ben")
    monkeypatch.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
    tell_all(live_cast.acme)
    _at_once(3, dispatch_due)
    assert sorted(message.to[0] for message in mail.outbox) == ["ana@acme.test", "cleo@acme.test"]
    assert all(message.subject.startswith("5 notices:") for message in mail.outbox)


def test_a_message_told_twice_by_the_broker_sends_one_mail(acme, tell_all, monkeypatch):
    submit(acme, "ben")
    sent = []
    monkeypatch.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
    tell_all(acme.acme)
    monkeypatch.setattr(jobs, "send", lambda _name, *, kwargs, **_route: sent.append(kwargs) or True)
    dispatch_due()
    for message in [*sent, *sent]:
        mails.send_mail(workspace_id=acme.acme.pk, mail_id=message["mail_id"], token=message["token"])
    assert len(mail.outbox) == 2


def test_a_message_told_twice_at_once_sends_one_mail(live_cast, tell_all, monkeypatch):
    with workspace_scope(live_cast.acme.pk):
        submit(live_cast, "ben")
    told = []
    monkeypatch.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
    tell_all(live_cast.acme)
    monkeypatch.setattr(jobs, "send", lambda _name, *, kwargs, **_route: told.append(kwargs) or True)
    dispatch_due()
    both_in = threading.Barrier(2)
    send = mail_transport.send

    def slow(**fields) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both_in.wait(timeout=1)
        send(**fields)

    monkeypatch.setattr("core.mail.send", slow)
    for message in told:
        workspace_id, rest = live_cast.acme.pk, {key: message[key] for key in ("mail_id", "token")}
        _at_once(2, partial(mails.send_mail, workspace_id=workspace_id, **rest))
        both_in.reset()
    assert len(mail.outbox) == 2


def test_a_refusing_transport_is_tried_again_and_then_given_up(acme, tell_all, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("core.mail.send", _refuse)
        submit(acme, "ben")
        tell_all(acme.acme)
        row = NoticeMail.objects.order_by("pk").first()
        assert (row.state, row.attempts, row.last_error) == ("pending", 1, "ConnectionError")
        assert row.next_attempt_at > now() + timedelta(seconds=20)
    _make_due()
    dispatch_due()
    assert len(mail.outbox) == 2
    row.refresh_from_db()
    assert row.state == "sent"
    with monkeypatch.context() as patched:
        patched.setattr("core.mail.send", _refuse)
        NoticeMail.objects.filter(pk=row.pk).update(state="pending", attempts=MOST_ATTEMPTS - 1)
        _make_due()
        dispatch_due()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", MOST_ATTEMPTS)


def test_a_crash_after_the_claim_leaves_the_mail_to_the_next_sweep(acme, tell_all, monkeypatch):
    submit(acme, "ben")
    monkeypatch.setattr("tests.notifications.conftest.dispatch_due", lambda: 0)
    tell_all(acme.acme)
    monkeypatch.setattr(jobs, "send", lambda *_args, **_kwargs: True)
    assert dispatch_due() == 2
    assert dispatch_due() == 0
    _make_due()
    monkeypatch.setattr(jobs, "send", lambda *_args, **_kwargs: False)
    assert dispatch_due() == 2
    assert len(mail.outbox) == 2
