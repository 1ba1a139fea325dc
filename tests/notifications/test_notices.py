"""Who is told of what: once, by cover where somebody is away, and never of one's own doing."""

import pytest
from django.core import mail

from activity.models import Delivery, Entry
from approvals.models import Request
from approvals.services.decisions import decide
from approvals.services.workflows import StepInput
from comments.services import add_comment
from core.record import record
from core.refs import Ref
from notifications.models import Notice
from notifications.selectors import count_unread, notices_of, worded
from notifications.services.notices import mark_all_read, mark_subject_read, tell
from teams.actors import Actor
from tests.approvals.paper import away, submit, workflow_of
from tests.approvals.test_api import submit_for


def told(cast, name: str) -> list[tuple[str, str]]:
    """Return type and covered name of somebody's notices, oldest first."""
    rows = notices_of(cast.actor(name)).order_by("pk")
    return [(row.type, row.for_member.user.name if row.for_member else "") for row in rows]


def approve(cast, request: Request, by: str):
    return decide(request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor(by))


def test_those_who_may_decide_are_asked_and_nobody_else(acme, tell_all):
    submit(acme, "ben")
    tell_all(acme.acme)
    assert told(acme, "cleo") == told(acme, "ana") == [("approvals.submitted", "")]
    assert told(acme, "ben") == told(acme, "jun") == []
    assert sorted(message.to[0] for message in mail.outbox) == ["ana@acme.test", "cleo@acme.test"]


def test_authors_are_told_what_was_decided_and_why(acme, tell_all):
    request = submit(acme, "ben")
    decide(
        request=request,
        verdict="request_changes",
        revision_id=request.revision_id,
        note="Say nine, not ten.",
        by=acme.actor("cleo"),
    )
    tell_all(acme.acme)
    assert told(acme, "ben") == [("approvals.decided", "")]
    (message,) = [message for message in mail.outbox if message.to == ["ben@acme.test"]]
    assert message.subject == "Changes asked for: Paper"
    assert "Say nine, not ten." in message.body
    assert f"/w/acme/approvals/{request.pk}/" in message.body


def test_each_step_asks_its_own_people_when_it_opens(acme, tell_all):
    steps = [StepInput("Facts", members=[acme.jun]), StepInput("Brand", members=[acme.cleo])]
    request = submit(acme, "ben", workflow=workflow_of(acme, *steps))
    tell_all(acme.acme)
    assert (told(acme, "jun"), told(acme, "cleo")) == ([("approvals.submitted", "")], [])
    approve(acme, request, "jun")
    tell_all(acme.acme)
    assert told(acme, "cleo") == [("approvals.submitted", "")]
    assert told(acme, "ben") == []


def test_whoever_covers_is_told_for_whom_and_gets_the_mail(acme, tell_all):
    away(acme, "cleo", "jun")
    workflow = workflow_of(acme, StepInput("Brand", members=[acme.cleo]))
    submit(acme, "ben", workflow=workflow)
    tell_all(acme.acme)
    assert told(acme, "cleo") == [("approvals.submitted", "")]
    assert told(acme, "jun") == [("approvals.submitted", "Cleo Marchetti")]
    (message,) = mail.outbox
    assert message.to == ["jun@acme.test"]
    assert "Cleo Marchetti" in message.subject
    assert "For Cleo Marchetti" in message.body


@pytest.mark.parametrize("submitter", ["ben", "jun"])
def test_a_cover_is_not_asked_about_own_work(acme, tell_all, submitter):
    away(acme, "cleo", "ben")
    workflow = workflow_of(acme, StepInput("Brand", members=[acme.cleo]))
    submit(acme, submitter, authors=["ben"], workflow=workflow)
    tell_all(acme.acme)
    assert told(acme, "ben") == []
    assert mail.outbox == []


def test_told_twice_is_told_once(acme, tell_all):
    submit(acme, "ben")
    tell_all(acme.acme)
    Delivery.objects.update(state="pending")
    tell_all(acme.acme)
    assert told(acme, "cleo") == [("approvals.submitted", "")]
    assert len(mail.outbox) == 2


def test_nobody_is_told_of_own_doing(acme):
    request = submit(acme, "ben")
    entry = Entry.objects.get(verb="approvals.request.submitted")
    assert tell([acme.ben], type="approvals.submitted", entry=entry) == []
    facts = {"request": str(request.pk), "title": "Paper"}
    assert len(tell([acme.jun], type="approvals.submitted", entry=entry, facts=facts)) == 1


def test_who_has_left_is_not_told(acme):
    from teams.services.members import end_membership

    submit(acme, "ben")
    end_membership(member=acme.jun, by=acme.actor("ana"))
    acme.jun.refresh_from_db()
    entry = Entry.objects.get(verb="approvals.request.submitted")
    assert tell([acme.jun], type="approvals.submitted", entry=entry) == []


def test_reading_counts_down_and_is_everybodys_own(acme, tell_all):
    request = submit(acme, "ben")
    submit(acme, "ben")
    tell_all(acme.acme)
    assert (count_unread(acme.actor("cleo")), count_unread(acme.actor("ana"))) == (2, 2)
    mark_subject_read(subject=request.ref, by=acme.actor("cleo"))
    assert count_unread(acme.actor("cleo")) == 1
    mark_all_read(by=acme.actor("cleo"))
    assert (count_unread(acme.actor("cleo")), count_unread(acme.actor("ana"))) == (0, 2)


def test_notices_of_others_are_invisible(acme, tell_all):
    submit(acme, "ben")
    tell_all(acme.acme)
    assert notices_of(acme.actor("ben")).count() == 0
    assert Notice.objects.count() == 2


def test_names_come_in_one_query_however_many_notices(acme, tell_all, django_assert_num_queries):
    for _number in range(3):
        submit(acme, "ben")
    tell_all(acme.acme)
    rows = list(notices_of(acme.actor("cleo")))
    with django_assert_num_queries(1):
        assert len(worded(rows, "acme")) == 3
    with django_assert_num_queries(1):
        assert worded(rows[:1], "acme")[0].actor_name == "Ben Tan"


def test_a_comment_tells_the_named_then_the_thread_and_the_writers_once(cast, tell_all):
    post = submit_for(cast, "ben")
    from teams.tenancy import workspace_scope

    with workspace_scope(cast.acme.pk):
        ref = Ref("calendar_app.post", post.pk)
        first = add_comment(subject=ref, body="@Ben @Jun one cup each?", by=cast.actor("cleo"))
        add_comment(subject=ref, body="One each.", parent=first, by=cast.actor("farah"))
    tell_all(cast.acme)
    with workspace_scope(cast.acme.pk):
        assert told(cast, "ben") == [("comments.mentioned", ""), ("comments.commented", "")]
        assert told(cast, "jun") == [("comments.mentioned", "")]
        assert [row for row in told(cast, "cleo") if "comments" in row[0]] == [("comments.commented", "")]
        assert told(cast, "farah") == []


@pytest.mark.parametrize(
    ("verb", "kind", "mails"),
    [
        ("publishing.delivery.published", "publishing.published", 0),
        ("publishing.delivery.failed", "publishing.failed", 1),
        ("publishing.delivery.needs_attention", "publishing.needs_attention", 1),
    ],
)
def test_writers_are_told_what_became_of_their_post(cast, tell_all, verb, kind, mails):
    from networks.models import Channel
    from teams.tenancy import workspace_scope

    post = submit_for(cast, "ben")
    tell_all(cast.acme)
    mail.outbox.clear()
    with workspace_scope(cast.acme.pk):
        channel = Channel.objects.get(kind="newsroom")
        record(
            verb,
            by=Actor.system(cast.acme.pk),
            subject=Ref("calendar_app.post", post.pk),
            channel=str(channel.pk),
        )
    tell_all(cast.acme)
    with workspace_scope(cast.acme.pk):
        (notice,) = worded(list(notices_of(cast.actor("ben"))), "acme")
        assert notice.notice.type == kind
        assert notice.title.endswith("on Newsroom: First pour")
    assert len(mail.outbox) == mails
