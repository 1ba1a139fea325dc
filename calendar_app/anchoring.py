"""What comments on a post can be anchored to, and how a suggestion becomes a revision."""

from dataclasses import replace
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from approvals.changing import changing_for
from approvals.states import Changing
from calendar_app.content import Content
from calendar_app.models import Post, RevisionVariant
from calendar_app.permissions import EDIT, hidden_channel_ids
from calendar_app.previews import body_of_previews, previews_of
from calendar_app.selectors import content_of, get_post
from calendar_app.services.posts import save_post
from comments.registry import Body, Replacement
from core.errors import WrongState
from core.refs import Ref
from teams.actors import Actor


def body_of_post(by: Actor, ref: Ref, revision_id: UUID | None) -> Body:
    """Return the texts of a revision by channel, and its pictures, without the channels hidden from the actor."""
    rows = RevisionVariant.objects.filter(revision__post=ref.id)
    if revision_id is None:
        rows = rows.filter(revision=F("revision__post__current_revision"))
    else:
        rows = rows.filter(revision=revision_id)
    rows = rows.exclude(channel__in=hidden_channel_ids(by)).select_related("channel")
    return body_of_previews(previews_of(list(rows.order_by("position", "pk"))))


def number_of_post(ref: Ref) -> int | None:
    """Return the number of the revision that stands."""
    return Post.objects.filter(pk=ref.id).values_list("version", flat=True).first()


def against_suggesting(by: Actor, ref: Ref) -> str:
    """Return why the actor suggests no other words: the step that asks him is for decisions only; "" where he may."""
    if changing_for(by, ref) == Changing.NOTHING:
        return _("You judge this now, and its workflow lets you only decide and comment.")
    return ""


def replace_words(by: Actor, ref: Ref, asked: Replacement, expected: int) -> int:
    """Put other words into a post by the service that edits it; return the number of the revision that is cut.

    Words that several channels inherit are changed for all of them. Raises: NotFound; NotAllowed; Stale where
    another revision stands than `expected`; WrongState where the words are gone or the post is approved; Locked.
    """
    post = get_post(by, ref.id, EDIT)
    changed = _with_words(content_of(post), asked)
    saved = save_post(post=post, content=changed, expected_number=expected, reason="suggestion", by=by)
    return saved.version


def _with_words(content: Content, asked: Replacement) -> Content:
    variants = {variant.channel: variant for variant in content.variants}
    variant = variants.get(asked.part)
    text = content.text_for(variant) if variant else ""
    if variant is None or text[asked.start : asked.end] != asked.old:
        raise WrongState(_("The words have changed since. Nothing was replaced."), code="words_changed")
    said = text[: asked.start] + asked.new + text[asked.end :]
    if variant.text is None:
        return replace(content, text=said)
    own = tuple(replace(each, text=said) if each is variant else each for each in content.variants)
    return replace(content, variants=own)
