"""The mail with the link: one for many posts, a secret of its own, and nothing internal."""

from datetime import timedelta

import pytest
from django.core import mail

from approvals.services.workflows import StepInput
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.posts import archive_post, save_post
from calendar_app.services.reviews import submit_post
from comments.models import Comment
from comments.services import add_comment
from core import jobs
from core.clock import as_of, now
from guests.models import GuestLink
from guests.permissions import actor_of_link
from guests.selectors import link_by_id, post_ids_of
from guests.services.links import revoke_link, tell_news
from guests.services.mails import mail_due_links, mail_link
from teams.models import AccessKey
from teams.states import KeyKind
from teams.tenancy import workspace_scope
from tests.guests.linking import ask_dev, link_to, opened, page, path_in_mail, submitted
from tests.notifications.conftest import tell_all

__all__ = ["tell_all"]


@pytest.fixture
def no_broker(monkeypatch) -> None:
    monkeypatch.setattr(jobs, "send", lambda *_args, **_kwargs: False)


def links_of(cast) -> list[GuestLink]:
    with workspace_scope(cast.acme.pk):
        return list(GuestLink.objects.order_by("pk"))


def to_dev() -> list[mail.EmailMessage]:
    return [message for message in mail.outbox if message.to == ["dev@client.test"]]


def test_the_dispatcher_sends_what_is_due(cast, no_broker):
    link = link_to(cast, submitted(cast), note="Please by Friday.", pin="2468")
    assert mail_due_links() == 1
    message = mail.outbox[-1]
    assert message.to == ["dev@client.test"]
    assert "Please by Friday." in message.body
    assert "You will be asked for the PIN that Ben Tan told you." in message.body
    assert "2468" not in message.body
    assert mail_due_links() == 0
    assert links_of(cast)[0].mailed_at is not None
    assert link.pk


def test_a_guest_whom_a_step_asks_is_mailed_without_anybody_making_a_link(cast, no_broker, tell_all):
    """R7.5: several posts within two minutes are one mail, and the link lets the guest decide."""
    ask_dev(cast)
    posts = [submitted(cast, text) for text in ("First of them", "Second of them")]
    tell_all(cast.acme)
    assert mail_due_links() == 0
    with workspace_scope(cast.acme.pk):
        GuestLink.objects.update(next_mail_at=now())
    assert mail_due_links() == 1
    message = to_dev()[-1]
    assert "asks for your approval" in message.subject
    assert "First of them" in message.body
    assert "Second of them" in message.body
    (link,) = links_of(cast)
    assert (link.scope, link.created_by_id) == ("asked", cast.ben.pk)
    browser = opened(path_in_mail(mail.outbox.index(message)))
    assert browser.get(page(link, posts[0])).status_code == 200


def test_a_guest_is_not_mailed_before_his_step_nor_again_for_the_same(cast, no_broker, tell_all):
    ask_dev(cast, StepInput(name="Inside", members=[cast.cleo]), StepInput(name="Client", guests=[cast.dev]))
    submitted(cast, "Two steps")
    tell_all(cast.acme)
    assert links_of(cast) == []


def test_a_link_that_shows_the_post_already_is_mailed_again_and_no_other_made(cast, no_broker, tell_all):
    ask_dev(cast)
    with workspace_scope(cast.acme.pk):
        from guests.services.links import make_link
        from tests.guests.linking import DEV

        make_link(**DEV, scope="asked", by=cast.actor("ben"))
    assert mail_due_links() == 1
    submitted(cast)
    tell_all(cast.acme)
    (link,) = links_of(cast)
    assert link.next_mail_at is not None


def test_a_mail_that_failed_is_tried_again_and_its_secret_is_dead(cast, monkeypatch):
    link = link_to(cast, submitted(cast))
    with monkeypatch.context() as patch:
        patch.setattr("core.mail.send", _refusing)
        assert not mail_link(workspace_id=cast.acme.pk, link_id=link.pk)
    assert AccessKey.objects.get(kind=KeyKind.GUEST).revoked_at is not None
    assert links_of(cast)[0].next_mail_at > now()
    with as_of(now() + timedelta(minutes=2)):
        assert mail_link(workspace_id=cast.acme.pk, link_id=link.pk)
    assert AccessKey.objects.filter(kind=KeyKind.GUEST, revoked_at=None).count() == 1


def _refusing(**_mail) -> None:
    raise OSError("the transport refuses")


def test_a_link_that_ended_is_not_mailed(cast):
    from guests.services.links import revoke_link

    link = link_to(cast, submitted(cast))
    with workspace_scope(cast.acme.pk):
        revoke_link(link=link, by=cast.actor("ben"))
        GuestLink.objects.update(next_mail_at=now())
    assert not mail_link(workspace_id=cast.acme.pk, link_id=link.pk)
    assert to_dev() == []


def test_nothing_internal_is_in_the_mail(cast, mailed):
    ask_dev(cast)
    post = submitted(cast)
    with workspace_scope(cast.acme.pk):
        from calendar_app.selectors import ref_of

        add_comment(subject=ref_of(post), body="Insiders only", is_internal=True, by=cast.actor("ben"))
    mailed(link_to(cast, post))
    assert "Insiders" not in mail.outbox[-1].body + mail.outbox[-1].subject


def test_the_mail_speaks_the_workspaces_language(cast, mailed):
    cast.acme.language = "ms"
    cast.acme.save()
    mailed(link_to(cast, submitted(cast)))
    assert "No account is needed" not in mail.outbox[-1].body


@pytest.fixture
def talk(cast, mailed):
    """A post on which Dev has opened a thread by his link; he was mailed before."""
    post = submitted(cast, "Kopi Raya is back")
    link = link_to(cast, post)
    browser = opened(mailed(link))
    browser.post(f"{page(link, post)}comments/", {"body": "Which street?"})
    with workspace_scope(cast.acme.pk):
        thread = Comment.objects.get()
    mail.outbox = []
    return post, link, browser, thread


def answer(cast, post, thread=None, body="Jalan Alor.", **fields) -> Comment:
    with workspace_scope(cast.acme.pk):
        return add_comment(subject=ref_of(post), body=body, parent=thread, by=cast.actor("cleo"), **fields)


def again(cast, post, text="Kopi Raya has come") -> None:
    """The author takes it back, changes it and puts it up again."""
    with workspace_scope(cast.acme.pk):
        row = Post.objects.get(pk=post.pk)
        save_post(post=row, expected_number=row.version, text=text, by=cast.actor("ben"))
        submit_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))


def mailed_now(cast, link) -> bool:
    with workspace_scope(cast.acme.pk):
        GuestLink.objects.filter(pk=link.pk).exclude(next_mail_at=None).update(next_mail_at=now())
    return bool(mail_due_links())


def test_answers_and_changes_within_the_window_are_one_mail(cast, no_broker, tell_all, talk):
    """Titles only, by a link of his own; after it nothing is due."""
    post, link, _browser, thread = talk
    answer(cast, post, thread)
    answer(cast, post, thread, "Number nine.")
    again(cast, post)
    tell_all(cast.acme)
    assert mail_due_links() == 0, "it waits for more"
    assert mailed_now(cast, link)
    (message,) = to_dev()
    assert message.subject == "Acme Kopi has news for you"
    assert "Your comment was answered on:\n- Kopi Raya has come" in message.body
    assert "Jalan Alor" not in message.body
    assert opened(path_in_mail()).get(page(link, post)).status_code == 200
    tell_all(cast.acme)
    assert not mailed_now(cast, link)


def internal(cast, post, thread, link) -> None:
    root = answer(cast, post, None, "Our margin", is_internal=True)
    answer(cast, post, root, "Forty percent")


def open_elsewhere(cast, post, thread, link) -> None:
    answer(cast, post, None, "Another thread")


def own_words(cast, post, thread, link) -> None:
    with workspace_scope(cast.acme.pk):
        found = link_by_id(link.pk)
        guest = actor_of_link(found, post_ids_of(found))
        add_comment(subject=ref_of(post), body="Me again", parent=thread, by=guest)


def then_revoked(cast, post, thread, link) -> None:
    answer(cast, post, thread)
    with workspace_scope(cast.acme.pk):
        revoke_link(link=link, by=cast.actor("ben"))


def then_switched_off(cast, post, thread, link) -> None:
    with workspace_scope(cast.acme.pk):
        tell_news(link=link, wants=False)
    answer(cast, post, thread)


def then_put_away(cast, post, thread, link) -> None:
    answer(cast, post, thread)
    with workspace_scope(cast.acme.pk):
        archive_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))


@pytest.mark.parametrize(
    "happens", [internal, open_elsewhere, own_words, then_revoked, then_switched_off, then_put_away]
)
def test_what_is_no_news_for_the_guest_sends_no_mail(cast, no_broker, tell_all, talk, happens):
    post, link, _browser, thread = talk
    happens(cast, post, thread, link)
    tell_all(cast.acme)
    mailed_now(cast, link)
    assert to_dev() == []


def test_a_mail_that_waits_is_dropped_when_its_reason_is_gone(cast, no_broker, tell_all, talk):
    """What it says is looked up when it goes out, so it never tells of what was taken from him meanwhile."""
    post, link, browser, thread = talk
    answer(cast, post, thread)
    tell_all(cast.acme)
    with workspace_scope(cast.acme.pk):
        archive_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))
    mailed_now(cast, link)
    assert to_dev() == []
    assert browser.get(page(link, post)).status_code == 404


def test_the_guest_switches_news_off_and_on_himself(cast, no_broker, tell_all, talk):
    post, link, browser, thread = talk
    answer(cast, post, thread)
    tell_all(cast.acme)
    assert "No such mails" in browser.get(f"/g/{link.pk}/").content.decode()
    browser.post(f"/g/{link.pk}/mails/", {"news": "no"})
    assert "Send me such mails" in browser.get(f"/g/{link.pk}/").content.decode()
    assert not mailed_now(cast, link), "the one that waited is not sent"
    browser.post(f"/g/{link.pk}/mails/", {"news": "yes"})
    answer(cast, post, thread, "Still here?")
    tell_all(cast.acme)
    assert mailed_now(cast, link)
    assert len(to_dev()) == 1
