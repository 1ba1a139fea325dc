"""Who is told of comments and of what became of posts: what needs a look into several apps at once."""

from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from calendar_app.models import Post
from calendar_app.selectors import POST, writers_of
from comments.models import Comment
from networks.models import Channel
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import member_ids, tell
from teams.models import Membership
from teams.subjects import subjects

MENTIONED, COMMENTED = "comments.mentioned", "comments.commented"
PUBLISHED, FAILED, ATTENTION = "publishing.published", "publishing.failed", "publishing.needs_attention"
EXPIRED, GIVEN = "calendar_app.expired", "calendar_app.given"
OUTCOMES = {
    "publishing.delivery.published": PUBLISHED,
    "publishing.delivery.failed": FAILED,
    "publishing.delivery.rejected": FAILED,
    "publishing.delivery.expired": FAILED,
    "publishing.delivery.needs_attention": ATTENTION,
}
SPOKEN = ["comments.comment.added", "comments.comment.edited"]


def tell_of_comment(entry: Entry) -> None:
    """Tell those named by @, then those in the thread and the writers of the post, each person once."""
    comment = (
        Comment.objects.select_related("member__user", "guest").filter(pk=entry.facts["comment"]).first()
    )
    if comment is None:
        return
    post = _post_of(entry)
    facts = {"words": comment.body[:500], "title": _title(entry, post), "who": comment.author_name}
    named = set(member_ids(entry.facts.get("mentions", [])))
    tell(_members(named), type=MENTIONED, entry=entry, facts=facts)
    if entry.verb == "comments.comment.added":
        thread = comment.parent_id or comment.pk
        earlier = Comment.objects.filter(Q(parent=thread) | Q(pk=thread), created_at__lt=comment.created_at)
        talking = set(earlier.exclude(member=None).values_list("member_id", flat=True))
        others = talking | (writers_of(post) if post else frozenset())
        tell(_members(others - named), type=COMMENTED, entry=entry, facts=facts)


def tell_of_delivery(entry: Entry) -> None:
    """Tell the writers of a post what became of it on a channel."""
    post = _post_of(entry)
    if post is None:
        return
    channel = Channel.objects.filter(pk=entry.facts.get("channel")).first()
    facts = {"title": _title(entry, post), "channel": channel.name if channel else ""}
    tell(_members(writers_of(post)), type=OUTCOMES[entry.verb], entry=entry, facts=facts)


def tell_of_expiry(entry: Entry) -> None:
    """Tell the writers of a post that its time passed before it was approved: it was not sent."""
    post = _post_of(entry)
    if post is not None:
        tell(_members(writers_of(post)), type=EXPIRED, entry=entry, facts={"title": _title(entry, post)})


def tell_of_assignment(entry: Entry) -> None:
    """Tell somebody that a post is now his to write, and who gave it."""
    post = _post_of(entry)
    member = Membership.objects.filter(pk=entry.facts["member"]).select_related("user").first()
    if post is not None and member is not None and post.author_id == member.pk:
        who = post.given_by.user.name if post.given_by else ""
        tell([member], type=GIVEN, entry=entry, facts={"title": _title(entry, post), "who": who})


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    register_notice_types(
        NoticeType(MENTIONED, gettext_lazy("named in a comment"), _mentioned, _words, icon="at"),
        NoticeType(COMMENTED, gettext_lazy("comment on own work"), _commented, _words, icon="message-2"),
        NoticeType(PUBLISHED, gettext_lazy("own post published"), _published, _none, mail=False),
        NoticeType(FAILED, gettext_lazy("own post not published"), _failed, _what_now),
        NoticeType(ATTENTION, gettext_lazy("own post needs attention"), _attention, _what_to_say),
    )
    register_notice_types(
        NoticeType(EXPIRED, gettext_lazy("own post lost its time"), _lost, _what_time, icon="clock-x"),
        NoticeType(GIVEN, gettext_lazy("post given to oneself"), _given, _what_to_write, icon="pencil"),
    )
    subscribe("home.assignments", ["calendar_app.post.assigned"], tell_of_assignment)
    subscribe("home.expiry", ["calendar_app.post.expired"], tell_of_expiry)
    subscribe("home.comments", SPOKEN, tell_of_comment)
    subscribe("home.deliveries", list(OUTCOMES), tell_of_delivery)


def _members(idents: set[UUID] | frozenset[UUID]) -> list[Membership]:
    return list(Membership.objects.filter(pk__in=idents).select_related("user"))


def _post_of(entry: Entry) -> Post | None:
    if entry.subject_type != POST:
        return None
    return Post.objects.filter(pk=entry.subject_id).first()


def _title(entry: Entry, post: Post | None) -> str:
    kind = subjects.find(entry.subject_type)
    return kind.label(post) if kind and post else ""


def _mentioned(notice: Notice) -> str:
    return str(_("%(who)s named you: %(title)s") % notice.facts)


def _commented(notice: Notice) -> str:
    return str(_("%(who)s commented: %(title)s") % notice.facts)


def _published(notice: Notice) -> str:
    return str(_("Published on %(channel)s: %(title)s") % notice.facts)


def _failed(notice: Notice) -> str:
    return str(_("Not published on %(channel)s: %(title)s") % notice.facts)


def _attention(notice: Notice) -> str:
    return str(_("Say whether it is live on %(channel)s: %(title)s") % notice.facts)


def _lost(notice: Notice) -> str:
    return str(_("Not sent, its time passed unapproved: %(title)s") % notice.facts)


def _given(notice: Notice) -> str:
    return str(_("%(who)s gave you a post: %(title)s") % notice.facts)


def _what_to_write(notice: Notice) -> str:
    return _("It is on your list of work until you submit it.")


def _what_time(notice: Notice) -> str:
    return _("Nothing is lost. Give it a new time; its review goes on where it stands.")


def _words(notice: Notice) -> str:
    return str(notice.facts["words"])


def _none(notice: Notice) -> str:
    return ""


def _what_now(notice: Notice) -> str:
    return _("Nothing is lost. Open the post to see why, and send it again from there.")


def _what_to_say(notice: Notice) -> str:
    return _(
        "The network gave no clear answer. Look there, then tell Collab, so that nothing goes out twice."
    )
